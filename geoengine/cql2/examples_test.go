package cql2_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigie/geoengine/cql2"
	"vigie/geoengine/geotest"
)

// examples are the examples of the standard, in one encoding.
func examples(t *testing.T, folder, suffix string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(filepath.Dir(geotest.Shared(t, "README.md")), "../schemas/cql2-examples", folder, "*"+suffix))
	if err != nil || len(files) < 50 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	found := map[string]string{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found[strings.TrimSuffix(filepath.Base(file), suffix)] = string(content)
	}
	return found
}

func decoded(t *testing.T, encoded []byte) any {
	t.Helper()
	var value any
	if err := json.Unmarshal(encoded, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestExamplesOfTheStandard(t *testing.T) {
	t.Parallel()
	inText, inJSON := examples(t, "text", ".txt"), examples(t, "json", ".json")
	for name, encoded := range inJSON {
		e, err := cql2.ParseJSON([]byte(encoded))
		if err != nil {
			t.Errorf("%s.json: %v", name, err)
			continue
		}
		if diff := cmp.Diff(decoded(t, []byte(encoded)), decoded(t, e.JSON())); diff != "" {
			t.Errorf("%s.json comes back as another: %s", name, diff)
		}
		checkTextComesBack(t, name+".json", e)
	}
	pairs := 0
	for name, written := range inText {
		e, err := cql2.Parse(written)
		if err != nil {
			t.Errorf("%s.txt: %v", name, err)
			continue
		}
		checkTextComesBack(t, name+".txt", e)
		if encoded, both := inJSON[name]; both {
			pairs++
			if diff := cmp.Diff(normal(decoded(t, []byte(encoded))), normal(decoded(t, e.JSON()))); diff != "" {
				t.Errorf("%s: the text and the JSON differ: %s", name, diff)
			}
		}
	}
	if pairs < 40 {
		t.Errorf("%d examples in both encodings", pairs)
	}
}

// normal puts the accents of texts into one form: one pair of examples differs in it.
func normal(v any) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, "e\u0301", "é")
	case []any:
		for i := range v {
			v[i] = normal(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = normal(v[key])
		}
	}
	return v
}

func checkTextComesBack(t *testing.T, name string, e cql2.Expr) {
	t.Helper()
	again, err := cql2.Parse(e.Text())
	if err != nil {
		t.Errorf("%s: %s: %v", name, e.Text(), err)
		return
	}
	if diff := cmp.Diff(decoded(t, e.JSON()), decoded(t, again.JSON())); diff != "" {
		t.Errorf("%s: %s comes back as another: %s", name, e.Text(), diff)
	}
}
