package jobs_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigie/geoengine"
	"vigie/geoengine/jobs"
)

// everyKind is a process with an input of every kind.
func everyKind() *jobs.Process {
	p := jobs.Process{
		ID: "kinds", Title: "Kinds", Roles: []string{"analyst"}, Run: nothing,
		Inputs: []jobs.Input{
			{ID: "must", Schema: jobs.Schema{Type: "string", Enum: []string{"a", "b"}}},
			{ID: "many", Optional: true, Max: 3, Schema: jobs.Number("integer", 0, 10)},
			{ID: "object", Optional: true, Schema: jobs.Schema{Type: "object", Properties: []jobs.Property{
				{Name: "value", Required: true, Schema: jobs.Schema{Type: "number"}}, {Name: "when", Schema: jobs.Schema{Type: "string", Format: "date-time"}},
			}}},
			{ID: "free", Optional: true, Schema: jobs.Schema{Type: "object"}},
			{ID: "either", Optional: true, Schema: jobs.Schema{OneOf: []jobs.Schema{{Type: "boolean"}, {Type: "array", MaxItems: 2, Items: &jobs.Schema{Type: "boolean"}}}}},
			{ID: "bytes", Optional: true, Schema: jobs.Schema{Type: "string", ContentEncoding: "base64", ContentMediaType: "image/png"}},
		},
		Outputs: []jobs.Output{{ID: "one", Media: []string{"text/csv", "application/json"}}, {ID: "two"}},
	}
	return &p
}

func TestParseRequest(t *testing.T) {
	t.Parallel()
	all := map[string]string{"one": "text/csv", "two": "application/json"}
	tests := []struct {
		body   string
		inputs string // as JSON
		wanted map[string]string
		err    string
	}{
		{`{"inputs":{"must":"a"}}`, `{"must":"a"}`, all, ""},
		{`{"inputs":{"must":{"value":"b","mediaType":"text/plain"}},"outputs":{"two":{}}}`, `{"must":"b"}`, map[string]string{"two": "application/json"}, ""},
		{`{"inputs":{"must":"a","many":[1,{"value":2}]},"outputs":{"one":{"format":{"mediaType":"application/json"}}}}`, `{"must":"a","many":[1,2]}`, map[string]string{"one": "application/json"}, ""},
		{`{"inputs":{"must":"a","object":{"value":1}}}`, `{"must":"a","object":{"value":1}}`, all, ""},
		{`{"inputs":{"must":"a","object":{"value":{"value":1,"when":"2024-05-01T00:00:00Z"}}}}`, `{"must":"a","object":{"value":1,"when":"2024-05-01T00:00:00Z"}}`, all, ""},
		{`{"inputs":{"must":"a","free":{"value":"x"},"either":[true]}}`, `{"must":"a","free":{"value":"x"},"either":[true]}`, all, ""},
		{`{"inputs":{"must":"a","free":{"href":"x"}}}`, `{"must":"a","free":{"href":"x"}}`, all, ""},
		{`{"inputs":{"must":"a","bytes":{"value":"AA","encoding":"base64"}}}`, `{"must":"a","bytes":"AA"}`, all, ""},
		{`{}`, "", nil, "input must: is missing"},
		{`{"inputs":{"must":"c"}}`, "", nil, "input must: must be one of a, b"},
		{`{"inputs":{"must":{"href":"file:///etc/passwd"}}}`, "", nil, "values by reference"},
		{`{"inputs":{"must":"a","many":[1,2,3,4]}}`, "", nil, "more than 3 values"},
		{`{"inputs":{"must":"a","many":[1.5]}}`, "", nil, "must be a whole number"},
		{`{"inputs":{"must":"a","many":1e999}}`, "", nil, "beyond what a number can hold"},
		{`{"inputs":{"must":"a","object":{"value":1,"other":2}}}`, "", nil, `there is no member "other"`},
		{`{"inputs":{"must":"a","object":{"when":"2024-05-01T00:00:00Z"}}}`, "", nil, "the member value is missing"},
		{`{"inputs":{"must":"a","object":{"value":1,"when":"May"}}}`, "", nil, "when: must be an RFC 3339 instant"},
		{`{"inputs":{"must":"a","either":[true,1]}}`, "", nil, "[1]: must be true or false"},
		{`{"inputs":{"must":"a","either":[true,true,true]}}`, "", nil, "more than 2 items"},
		{`{"inputs":{"must":"a","bytes":{"value":"AA","mediaType":"text/html"}}}`, "", nil, "must be image/png"},
		{`{"inputs":{"must":"\u0000"}}`, "", nil, "not UTF-8 text"},
		{`{"inputs":{"must":"a"},"outputs":{"one":{"format":{"mediaType":"image/png"}}}}`, "", nil, "must be one of text/csv, application/json"},
		{`{"inputs":{"must":"a"},"response":"x"}`, "", nil, "must be raw or document"},
		{`{"inputs":` + strings.Repeat(`{"a":`, 40) + `1` + strings.Repeat(`}`, 40) + `}`, "", nil, "nested deeper than 32"},
		{`[`, "", nil, "must be a JSON object"},
		{``, "", nil, "must be a JSON object"},
	}
	for _, test := range tests {
		asked, err := everyKind().ParseRequest([]byte(test.body))
		if test.err != "" {
			if err == nil || !errors.Is(err, geoengine.ErrInvalid) || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%.100s: %v, want %s", test.body, err, test.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", test.body, err)
			continue
		}
		got, want := map[string]any{}, map[string]any{}
		raw, _ := json.Marshal(asked.Inputs)
		_ = json.Unmarshal(raw, &got)
		_ = json.Unmarshal([]byte(test.inputs), &want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.body, diff)
		}
		if diff := cmp.Diff(test.wanted, asked.Wanted); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.body, diff)
		}
	}
}

func TestSchemaJSON(t *testing.T) {
	t.Parallel()
	schema := jobs.Schema{Type: "object", Description: "d", Properties: []jobs.Property{
		{Name: "b", Required: true, Schema: jobs.Number("number", -1, 1)}, {Name: "a", Schema: jobs.Schema{Type: "string"}},
	}}
	got, err := json.Marshal(schema)
	const want = `{"type":"object","description":"d","properties":{"b":{"type":"number","minimum":-1,"maximum":1},"a":{"type":"string"}},"additionalProperties":false,"required":["b"]}`
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v\nwant %s", got, err, want)
	}
	if got, err := json.Marshal(jobs.Schema{Properties: schema.Properties[1:]}); err != nil || string(got) != `{"properties":{"a":{"type":"string"}},"additionalProperties":false}` {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestParseID(t *testing.T) {
	t.Parallel()
	const good = "0b9cfa52-6f9e-4d0c-9b5e-3f0f3a1c2d4e"
	if id, err := jobs.ParseID(good); err != nil || id.String() != good {
		t.Errorf("%s, %v", id, err)
	}
	for _, wrong := range []string{"", "1", strings.ToUpper(good), strings.ReplaceAll(good, "-", ""), good + "0", "../" + good, "0b9cfa526-f9e-4d0c-9b5e-3f0f3a1c2d4e"} {
		if _, err := jobs.ParseID(wrong); !errors.Is(err, geoengine.ErrMissing) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

// FuzzParseRequest: what is accepted is checked: it is JSON of the declared kind, for declared inputs and outputs only.
func FuzzParseRequest(f *testing.F) {
	for _, body := range []string{
		`{"inputs":{"must":"a","many":[1,{"value":2}],"object":{"value":1},"either":[true],"bytes":"AA"},"outputs":{"one":{"transmissionMode":"reference"}},"response":"document"}`,
		`{"inputs":{"must":{"value":"b","mediaType":"x"}}}`, `{"inputs":{"must":{"href":"x"}}}`, `{"inputs":null}`, `[]`, `{"inputs":{"must":"\ud800"}}`,
	} {
		f.Add([]byte(body))
	}
	p := everyKind()
	f.Fuzz(func(t *testing.T, body []byte) {
		asked, err := p.ParseRequest(body)
		if err != nil {
			if !errors.Is(err, geoengine.ErrInvalid) {
				t.Fatalf("%q: %v", body, err)
			}
			return
		}
		if len(asked.Wanted) == 0 || asked.Inputs["must"] == nil || asked.Response != jobs.Raw && asked.Response != jobs.Document {
			t.Fatalf("%q: %+v", body, asked)
		}
		for id, raw := range asked.Inputs {
			i := 0
			for i < len(p.Inputs) && p.Inputs[i].ID != id {
				i++
			}
			schema := p.Inputs[i].Schema
			if p.Inputs[i].Max > 1 {
				schema = jobs.Schema{Type: "array", MaxItems: p.Inputs[i].Max, Items: &p.Inputs[i].Schema}
			}
			if err := schema.Check(raw); err != nil {
				t.Fatalf("%q: input %s was accepted as %s: %v", body, id, raw, err)
			}
		}
		// What is kept of a request says the same again.
		again, err := json.Marshal(map[string]any{"inputs": asked.Inputs, "response": asked.Response})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.ParseRequest(again); err != nil {
			t.Fatalf("%q became %q: %v", body, again, err)
		}
	})
}
