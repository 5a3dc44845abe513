package api_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"vigie/api/door"
)

// probe is one request, the same to every world.
type probe struct {
	op, method, target, body string
	who                      string
	header                   http.Header
}

func (p probe) String() string {
	text := fmt.Sprintf("%s as %s: %s %s", p.op, p.who, p.method, p.target)
	if p.body != "" {
		text += " " + p.body
	}
	for name, values := range p.header {
		text += fmt.Sprintf(" [%s: %s]", name, strings.Join(values, ", "))
	}
	return text
}

// forge makes probes of every operation, out of pools of values by parameter.
type forge struct {
	operations []door.Operation
	params     map[string][]parameter // by operation
	pools      map[string][]string    // by "operation/parameter" or "parameter"
	bodies     map[string]func(r *rand.Rand) (media, body string)
	tags       []string // ETags of answers to the privileged caller
}

var pathParameter = regexp.MustCompile(`\{(\w+)(\.\.\.)?\}`)

// newForge reads the operations and their parameters from the server. Every parameter must have a pool, and every
// operation that takes a body a maker of bodies: a new operation fails the test until it has joined.
func newForge(t *testing.T, w *world) *forge {
	t.Helper()
	f := &forge{operations: w.api.Operations(), params: map[string][]parameter{}, pools: probePools(), bodies: probeBodies()}
	for _, op := range f.operations {
		for _, name := range pathParameter.FindAllStringSubmatch(op.Path, -1) {
			f.params[op.ID] = append(f.params[op.ID], parameter{name[1], "path"})
		}
		doc := documentOf(w.api.OpenAPI(), op)
		if doc == nil && !op.Hidden {
			t.Errorf("%s is not in the API document", op.ID)
		}
		if doc != nil {
			for _, p := range doc.Parameters {
				if p.In == "query" || p.In == "header" {
					f.params[op.ID] = append(f.params[op.ID], parameter{p.Name, p.In})
				}
			}
		}
		for _, p := range f.params[op.ID] {
			if len(f.pool(op.ID, p.name)) == 0 {
				t.Errorf("operation %s (%s %s): the parameter %s has no values to probe it with: add them to probePools", op.ID, op.Method, op.Path, p.name)
			}
		}
		if op.MaxBody > 0 && f.bodies[op.ID] == nil {
			t.Errorf("operation %s (%s %s) takes a body and has none to probe it with: add it to probeBodies", op.ID, op.Method, op.Path)
		}
	}
	return f
}

// documentOf is the operation in the API document; nil if it is hidden.
func documentOf(doc *huma.OpenAPI, op door.Operation) *huma.Operation {
	item := doc.Paths[strings.ReplaceAll(op.Path, "...}", "}")]
	if item == nil {
		return nil
	}
	return map[string]*huma.Operation{
		http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put, http.MethodDelete: item.Delete,
		http.MethodPatch: item.Patch, http.MethodHead: item.Head,
	}[op.Method]
}

func (f *forge) pool(op, name string) []string {
	if values := f.pools[op+"/"+name]; values != nil {
		return values
	}
	return f.pools[name]
}

func pick(r *rand.Rand, values []string) string { return values[r.IntN(len(values))] }

// value is a value for a parameter: most often one of its pool, now and then nonsense.
func (f *forge) value(r *rand.Rand, op, name string) string {
	if r.IntN(25) == 0 {
		return pick(r, nasty())
	}
	return pick(r, f.pool(op, name))
}

// make returns a probe of an operation.
func (f *forge) make(r *rand.Rand, op *door.Operation, who string) probe {
	p := probe{op: op.ID, method: op.Method, who: who, header: http.Header{}}
	fitting := tileOf(r, op.ID)
	p.target = pathParameter.ReplaceAllStringFunc(op.Path, func(part string) string {
		m := pathParameter.FindStringSubmatch(part)
		value, fits := fitting[m[1]]
		if !fits || r.IntN(20) == 0 {
			value = f.value(r, op.ID, m[1])
		}
		if m[2] != "" {
			return (&url.URL{Path: value}).EscapedPath()
		}
		return url.PathEscape(value)
	})
	p.target = strings.ReplaceAll(p.target, "{$}", "")
	query := url.Values{}
	if params := f.params[op.ID]; len(params) > 0 {
		for range r.IntN(4) {
			one := params[r.IntN(len(params))]
			value, fits := fitting[one.name]
			if !fits || r.IntN(20) == 0 {
				value = f.value(r, op.ID, one.name)
			}
			switch one.in {
			case "header":
				p.header.Set(one.name, strings.Map(printable, value))
			case "query":
				name := strings.Replace(one.name, "KEY", pick(r, f.pools["KEY"]), 1)
				query.Set(name, value)
			}
		}
	}
	if strings.Contains(op.ID, "wmts") && len(query) > 0 && r.IntN(3) > 0 {
		layer := pick(r, f.pools["layer"])
		if strings.Contains(op.ID, "events") && r.IntN(4) > 0 {
			layer = "events"
		}
		for name, value := range map[string]string{"service": "WMTS", "request": "GetTile", "version": "1.0.0", "layer": layer, "style": "day", "format": "image/png",
			"tilematrixset": "WebMercatorQuad", "tilematrix": fitting["tilematrix"], "tilerow": fitting["tilerow"], "tilecol": fitting["tilecol"]} {
			query.Set(name, value)
		}
	}
	if r.IntN(100) == 0 {
		query.Set(pick(r, []string{"SECRETKEY", "scope", "open", "vigie.scope", "account", "attr.SECRETKEY"}), "*")
	}
	if len(query) > 0 {
		p.target += "?" + query.Encode()
	}
	if make := f.bodies[op.ID]; make != nil {
		var media string
		media, p.body = make(r)
		p.header.Set("Content-Type", media)
	}
	f.headers(r, op, &p)
	return p
}

func printable(r rune) rune {
	if r < ' ' || r > '~' {
		return -1
	}
	return r
}

// headers adds what changes the form of an answer, or asks for one that is known already.
func (f *forge) headers(r *rand.Rand, op *door.Operation, p *probe) {
	if p.method == http.MethodGet && !op.Stream && r.IntN(30) == 0 {
		p.method = http.MethodHead
	}
	if op.Reason || r.IntN(50) == 0 {
		p.header.Set("Vigie-Reason", "probe")
	}
	if r.IntN(8) == 0 && len(f.tags) > 0 {
		p.header.Set("If-None-Match", pick(r, f.tags))
	}
	if r.IntN(6) == 0 {
		p.header.Set("Accept", pick(r, []string{"text/html", "application/geo+json", "text/csv", "application/json", "image/png", "*/*;q=0.1", "application/vnd.mapbox-vector-tile"}))
	}
	if r.IntN(6) == 0 && !strings.HasPrefix(op.Path, "/ogc/jobs") { // whose ids are translated
		p.header.Set("Accept-Encoding", pick(r, []string{"gzip", "br", "zstd", "identity", "gzip, br;q=0.5"}))
	}
	if r.IntN(30) == 0 {
		p.header.Set("Accept-Language", pick(r, []string{"fr", "en"}))
	}
	if op.ID == "log-out" { // with a cookie that is nobody's, lest the rest of the probes be nobody's too
		p.who = "nobody"
		p.header.Set("Cookie", "vigie="+pick(r, []string{"", "SECRET", strings.Repeat("A", 43)}))
	}
}

// weight is how many of its share an operation is probed: those that answer from the data more, those that take long
// less.
func weight(op *door.Operation) float64 {
	oneOf := func(ids ...string) bool { return slices.Contains(ids, op.ID) }
	switch {
	case oneOf("log-in", "access-token", "openapi", "journal-verification", "checkpoints-make", "checkpoints-risk", "checkpoints-zones"):
		return 0.02 // slow ones
	case op.Stream:
		return 0.1
	case op.Audit == door.AuditNone || op.Limit.Burst <= 30 || oneOf("ogc-api", "revoke-session", "dismiss"), strings.HasPrefix(op.ID, "wmts-"):
		return 0.2
	case oneOf("checkpoints-sites", "checkpoints-change", "checkpoints-order-pdf"):
		return 0.1
	case oneOf("events", "sessions", "execute-export"):
		return 0.5
	default:
		return 1
	}
}
