package ogc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"vigie/api/door"
)

// openAPIMedia is the content type of the API document.
const openAPIMedia = "application/vnd.oai.openapi+json;version=3.0"

// apiFormats are the forms of the API document: the second is for clients that only ask for JSON.
func apiFormats() []Format {
	return []Format{{"openapi", openAPIMedia}, formatJSON, formatHTML}
}

// document is the API document of the OGC operations.
type document struct {
	config   Config
	describe []func(pass door.Pass, doc map[string]any)

	once  sync.Once
	plain []byte // without servers, the same for all
	err   error
}

// of returns the document for one request: with the address by which it came and what parts tell this caller.
func (d *document) of(r *Request) (map[string]any, error) {
	d.once.Do(func() { d.plain, d.err = d.build() })
	if d.err != nil {
		return nil, d.err
	}
	var doc map[string]any
	if err := json.Unmarshal(d.plain, &doc); err != nil {
		return nil, fmt.Errorf("api document: %w", err)
	}
	doc["servers"] = []any{map[string]any{"url": r.Root}}
	doc["info"] = map[string]any{
		"title": d.config.Title.In(r.Lang), "description": d.config.Description.In(r.Lang), "version": d.config.Build,
	}
	for _, describe := range d.describe {
		describe(r.Pass, doc)
	}
	return doc, nil
}

// build takes the OGC operations out of the whole document, in OpenAPI 3.0, with paths relative to Base.
func (d *document) build() ([]byte, error) {
	whole, err := d.config.Document().Downgrade()
	if err != nil {
		return nil, fmt.Errorf("api document: %w", err)
	}
	var doc map[string]any
	if err := json.Unmarshal(whole, &doc); err != nil {
		return nil, fmt.Errorf("api document: %w", err)
	}
	all, _ := doc["paths"].(map[string]any)
	paths := map[string]any{}
	for path, item := range all {
		if rest, ok := strings.CutPrefix(path, Base); ok && (rest == "" || rest[0] == '/') {
			if rest == "" {
				rest = "/"
			}
			paths[rest] = item
		}
	}
	doc["paths"] = paths
	doc["openapi"] = "3.0.3"
	delete(doc, "jsonSchemaDialect")
	prune(doc)
	complete(paths)
	return json.Marshal(doc)
}

// prune takes away the schemas that nothing in the paths refers to.
func prune(doc map[string]any) {
	components, _ := doc["components"].(map[string]any)
	schemas, _ := components["schemas"].(map[string]any)
	used := map[string]bool{}
	var mark func(part any)
	mark = func(part any) {
		text, err := json.Marshal(part)
		if err != nil {
			return
		}
		for name, schema := range schemas {
			if !used[name] && bytes.Contains(text, []byte(`"#/components/schemas/`+name+`"`)) {
				used[name] = true
				mark(schema)
			}
		}
	}
	mark(doc["paths"])
	for name := range schemas {
		if !used[name] {
			delete(schemas, name)
		}
	}
}

// complete gives every answer a schema: old clients want one for each content type.
func complete(paths map[string]any) {
	eachOperation(paths, func(_ string, operation map[string]any) {
		responses, _ := operation["responses"].(map[string]any)
		for _, response := range responses {
			response, _ := response.(map[string]any)
			content, _ := response["content"].(map[string]any)
			for media, body := range content {
				if described, ok := body.(map[string]any); !ok || described["schema"] == nil {
					kind := "string"
					if strings.Contains(media, "json") {
						kind = "object"
					}
					content[media] = map[string]any{"schema": map[string]any{"type": kind}}
				}
			}
		}
	})
}

// eachOperation visits the operations of a document's paths in order.
func eachOperation(paths map[string]any, visit func(name string, operation map[string]any)) {
	var order []string
	for path := range paths {
		order = append(order, path)
	}
	slices.Sort(order)
	for _, path := range order {
		item, _ := paths[path].(map[string]any)
		for _, method := range []string{"get", "post", "put", "patch", "delete"} {
			if operation, ok := item[method].(map[string]any); ok {
				visit(strings.ToUpper(method)+" "+path, operation)
			}
		}
	}
}

// describe serves the API document, or for people the list of its operations.
func (a *API) describe(r *Request) (Page, error) {
	doc, err := a.document.of(r)
	if err != nil {
		return Page{}, err
	}
	page := Page{Body: doc, Title: Text{"Opérations de l’API", "Operations of the API"}}
	table := Table{Caption: page.Title, Head: []Text{{"Opération", "Operation"}, {"Ce qu’elle fait", "What it does"}}}
	paths, _ := doc["paths"].(map[string]any)
	eachOperation(paths, func(name string, operation map[string]any) {
		summary, _ := operation["summary"].(string)
		table.Rows = append(table.Rows, []Cell{{Text: name, Code: true}, {Text: summary}})
	})
	page.Tables = []Table{table}
	return page, nil
}
