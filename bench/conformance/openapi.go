package conformance

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// CheckOpenAPI tells what is wrong with an OpenAPI 3.0 document, by the rules of its specification that programs fall
// over: versions, responses, parameters of paths, references, unique ids, and words of 3.1 that 3.0 does not know.
func CheckOpenAPI(doc map[string]any) error {
	var wrong []error
	fail := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if version, _ := doc["openapi"].(string); !strings.HasPrefix(version, "3.0.") {
		fail("openapi %q, want 3.0", version)
	}
	info, _ := doc["info"].(map[string]any)
	if info["title"] == nil || info["version"] == nil {
		fail("info lacks title or version")
	}
	paths, _ := doc["paths"].(map[string]any)
	if len(paths) == 0 {
		fail("no paths")
	}
	ids := map[string]bool{}
	for path, item := range paths {
		for method, operation := range object(item) {
			if !slices.Contains([]string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}, method) {
				continue
			}
			for _, err := range checkOperation(path, object(operation), ids) {
				fail("%s %s: %w", method, path, err)
			}
		}
	}
	wrong = append(wrong, checkSchemas("#", doc, doc)...)
	return errors.Join(wrong...)
}

func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

var inPath = regexp.MustCompile(`\{([^}]+)\}`)

func checkOperation(path string, operation map[string]any, ids map[string]bool) (wrong []error) {
	if !strings.HasPrefix(path, "/") {
		wrong = append(wrong, errors.New("the path does not begin with /"))
	}
	id, _ := operation["operationId"].(string)
	if id == "" || ids[id] {
		wrong = append(wrong, fmt.Errorf("operationId %q is empty or repeated", id))
	}
	ids[id] = true
	responses := object(operation["responses"])
	if len(responses) == 0 {
		wrong = append(wrong, errors.New("no responses"))
	}
	for status, response := range responses {
		if object(response)["description"] == nil && object(response)["$ref"] == nil {
			wrong = append(wrong, fmt.Errorf("response %s has no description", status))
		}
	}
	declared, named := map[string]bool{}, map[string]bool{}
	list, _ := operation["parameters"].([]any)
	for _, entry := range list {
		p := object(entry)
		name, _ := p["name"].(string)
		in, _ := p["in"].(string)
		if name == "" || named[in+" "+name] || p["schema"] == nil || !slices.Contains([]string{"query", "path", "header", "cookie"}, in) {
			wrong = append(wrong, fmt.Errorf("parameter %q: no name, repeated, no schema, or in %q", name, in))
		}
		named[in+" "+name] = true
		if in == "path" {
			declared[name] = true
			if p["required"] != true {
				wrong = append(wrong, fmt.Errorf("parameter %q of the path is not required", name))
			}
		}
	}
	for _, match := range inPath.FindAllStringSubmatch(path, -1) {
		if !declared[match[1]] {
			wrong = append(wrong, fmt.Errorf("parameter %q of the path is not declared", match[1]))
		}
	}
	return wrong
}

// checkSchemas walks the document: references must lead somewhere, and schemas must be of 3.0.
func checkSchemas(at string, part any, doc map[string]any) (wrong []error) {
	switch part := part.(type) {
	case []any:
		for i, entry := range part {
			wrong = append(wrong, checkSchemas(fmt.Sprintf("%s/%d", at, i), entry, doc)...)
		}
	case map[string]any:
		if ref, ok := part["$ref"].(string); ok && !leads(doc, ref) {
			wrong = append(wrong, fmt.Errorf("%s: %s leads nowhere", at, ref))
		}
		if _, list := part["type"].([]any); list {
			wrong = append(wrong, fmt.Errorf("%s: a list of types is of 3.1", at))
		}
		for _, word := range []string{"exclusiveMinimum", "exclusiveMaximum"} {
			if _, number := part[word].(float64); number {
				wrong = append(wrong, fmt.Errorf("%s: a number as %s is of 3.1", at, word))
			}
		}
		if part["type"] == "array" && part["items"] == nil {
			wrong = append(wrong, fmt.Errorf("%s: an array without items", at))
		}
		for name, entry := range part {
			wrong = append(wrong, checkSchemas(at+"/"+name, entry, doc)...)
		}
	}
	return wrong
}

func leads(doc map[string]any, ref string) bool {
	path, local := strings.CutPrefix(ref, "#/")
	if !local {
		return false
	}
	var at any = doc
	for name := range strings.SplitSeq(path, "/") {
		at = object(at)[strings.NewReplacer("~1", "/", "~0", "~").Replace(name)]
	}
	return at != nil
}

// Parameter finds a parameter of the GET of a path in an OpenAPI document.
func Parameter(doc map[string]any, path, name string) map[string]any {
	get := object(object(object(doc["paths"])[path])["get"])
	list, _ := get["parameters"].([]any)
	for _, entry := range list {
		if p := object(entry); p["name"] == name {
			return p
		}
	}
	return nil
}
