package door

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus"

	"vigie/api/identity"
	"vigie/api/problem"
	"vigie/geoengine/disclosure"
)

// Config is what a door needs.
type Config struct {
	Title, Version string // of the API document
	Callers        *identity.Authenticator
	Roles          identity.RoleSet                      // that operations may name; nil is those of the house
	Policy         func(identity.Role) disclosure.Policy // what each role may know of each category
	Cookie         string                                // name of the session cookie
	Journal        Journal
	Log            *slog.Logger
	Clock          func() time.Time
	Proxies        []netip.Prefix // whose X-Forwarded-For is believed
	Metrics        prometheus.Registerer
	InFlight       int // requests at the same time, streams apart; more are answered 503
}

// Door is the set of operations of a server. Add everything, then serve Handler.
type Door struct {
	config   Config
	mux      *http.ServeMux
	huma     huma.API
	captured *capture
	added    []Operation
	inFlight chan struct{}
	measures *measures
	ids      *requestIDs
}

// New returns a door without operations.
func New(config Config) *Door {
	d := &Door{
		config: config, mux: http.NewServeMux(), inFlight: make(chan struct{}, config.InFlight),
		measures: newMeasures(config.Metrics), ids: newRequestIDs(config.Clock()),
	}
	if d.config.Roles == nil {
		d.config.Roles = identity.NewRoles()
	}
	doc := huma.DefaultConfig(config.Title, config.Version)
	doc.OpenAPIPath, doc.DocsPath, doc.SchemasPath = "", "", "" // they would not go through the door
	doc.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaNamer())
	doc.CreateHooks = nil // no $schema in bodies
	doc.Transformers = []huma.Transformer{translate}
	doc.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: config.Cookie, Description: "Set by POST /api/session."},
		"key":     {Type: "apiKey", In: "header", Name: identity.APIKeyHeader, Description: "A key of a client."},
		"bearer":  {Type: "http", Scheme: "bearer", Description: "A key of a client, or an access token."},
		"basic":   {Type: "http", Scheme: "basic", Description: "A client's id and key."},
		"client": {Type: "oauth2", Flows: &huma.OAuthFlows{ClientCredentials: &huma.OAuthFlow{ //nolint:gosec // G101: an address, not a secret
			TokenURL: "/oauth/token", Scopes: map[string]string{},
		}}},
	}
	d.captured = &capture{Handler: d.mux}
	d.huma = huma.NewAPI(doc, d.captured)
	return d
}

// capture is the adapter through which huma registers on the door, which alone decides what the mux serves.
type capture struct {
	http.Handler
	doc *huma.Operation // as completed by huma
	run http.HandlerFunc
}

// Handle keeps the operation for Add.
func (c *capture) Handle(op *huma.Operation, handler func(huma.Context)) {
	c.doc = op
	c.run = func(w http.ResponseWriter, r *http.Request) { handler(humago.NewContext(op, r, w)) }
}

// Handler runs an operation behind the door. There are two: JSON and Raw.
type Handler interface {
	// register enters the operation into the API document; it returns what it became there and what runs behind
	// the door.
	register(d *Door, doc *huma.Operation) (*huma.Operation, http.Handler)
}

// Add adds one operation. It panics for an operation that does not declare who may, what is journalled and how often.
func (d *Door) Add(op Operation, h Handler) {
	if slices.Equal(op.Roles, Everyone()) {
		op.Roles = d.config.Roles
	}
	op.check(d.config.Roles)
	if slices.ContainsFunc(d.added, func(other Operation) bool { return other.ID == op.ID }) {
		panic("operation " + op.ID + " is added twice")
	}
	doc, next := h.register(d, op.document())
	d.describeErrors(doc)
	d.added = append(d.added, op)
	d.mux.Handle(op.Method+" "+op.Path, &guard{
		door: d, op: op, next: next, limiter: newLimiter(op.Limit, d.config.Clock), params: parameters(doc),
		measure: d.measures.of(op.ID),
	})
}

// Operations lists what was added, in order.
func (d *Door) Operations() []Operation { return slices.Clone(d.added) }

// OpenAPI is the API document of what was added.
func (d *Door) OpenAPI() *huma.OpenAPI { return d.huma.OpenAPI() }

// document is the operation in the API document's words.
func (op *Operation) document() *huma.Operation {
	doc := &huma.Operation{
		OperationID: op.ID, Method: op.Method, Path: strings.ReplaceAll(op.Path, "...}", "}"), Summary: op.Summary,
		Description: op.Description, Hidden: op.Hidden, MaxBodyBytes: max(op.MaxBody, 1), Parameters: op.params(),
		Extensions: map[string]any{"x-vigie-audit": op.Audit.String()},
	}
	if op.Tag != "" {
		doc.Tags = []string{op.Tag}
	}
	if !op.Public {
		doc.Security = []map[string][]string{{"session": {}}, {"key": {}}, {"bearer": {}}, {"basic": {}}, {"client": {}}}
		doc.Extensions["x-vigie-roles"] = op.Roles
	}
	return doc
}

// describeErrors says in the API document that errors are problems.
func (d *Door) describeErrors(doc *huma.Operation) {
	schemas := d.huma.OpenAPI().Components.Schemas
	doc.Responses["default"] = &huma.Response{
		Description: "What went wrong, and where.",
		Content: map[string]*huma.MediaType{"application/problem+json": {
			Schema: schemas.Schema(reflect.TypeFor[problem.Problem](), true, "Problem"),
		}},
	}
	delete(schemas.Map(), "ErrorModel")
	delete(schemas.Map(), "ErrorDetail")
}

// Handler serves every operation; what no operation serves is answered 404 or 405 as a problem.
func (d *Door) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.URL.RequestURI()) > maxURL {
			problem.New(http.StatusRequestURITooLong, problem.CodeTooLarge, "the address is too long").Write(w, d.ids.next())
			return
		}
		if _, pattern := d.mux.Handler(r); pattern == "" {
			d.refuse(w, r)
			return
		}
		d.mux.ServeHTTP(w, r)
	})
}

// maxURL is the longest path and query in bytes.
const maxURL = 8 << 10

// refuse answers a request that no operation serves.
func (d *Door) refuse(w http.ResponseWriter, r *http.Request) {
	probe := &statusProbe{header: http.Header{}}
	d.mux.ServeHTTP(probe, r)
	p := problem.New(http.StatusNotFound, problem.CodeMissing, "there is no such thing, or you may not see it")
	if probe.status == http.StatusMethodNotAllowed {
		p = problem.New(http.StatusMethodNotAllowed, problem.CodeMethod, "this method is not allowed here").
			With("Allow", probe.header.Get("Allow"))
	}
	d.measures.of("none").observe(p.Status, 0)
	p.Write(w, d.ids.next())
}

// statusProbe hears what the mux would answer.
type statusProbe struct {
	header http.Header
	status int
}

// Header collects the headers, of which Allow is wanted.
func (p *statusProbe) Header() http.Header { return p.header }

// Write drops the body.
func (p *statusProbe) Write(b []byte) (int, error) { return len(b), nil }

// WriteHeader keeps the status.
func (p *statusProbe) WriteHeader(status int) { p.status = status }

// passKey is the context key of the Pass on its way through huma.
type passKey struct{}

func passOf(ctx context.Context) Pass {
	pass, _ := ctx.Value(passKey{}).(Pass)
	return pass
}
