package door

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"vigie/api/identity"
	"vigie/api/problem"
	"vigie/geoengine"
)

// guard is the door in front of one operation.
type guard struct {
	door    *Door
	op      Operation
	next    http.Handler
	limiter *limiter
	params  map[string]bool // query parameters there are → whether one may be repeated
	measure *measure
}

// ServeHTTP lets a request through, or refuses it with a problem; either way it is measured and logged.
func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := g.door.config.Clock()
	rec := newRecorder(w)
	pass := Pass{requestID: g.door.ids.next(), address: ClientAddress(r, g.door.config.Proxies), note: &note{}, standard: g.op.Standard}
	rec.leave = func(status int) *problem.Problem { return g.leave(r, pass, status) }
	defer func() {
		reason := recover()
		if reason != nil {
			g.recovered(rec, r, pass, reason)
		}
		g.finish(rec, r, pass, g.door.config.Clock().Sub(began))
		if reason == http.ErrAbortHandler { //nolint:errorlint // the value is compared, as net/http does
			panic(reason)
		}
	}()
	leave, err := g.enter()
	if err == nil {
		defer leave()
		err = g.admit(rec, r, &pass)
	}
	if err != nil {
		g.door.answer(r.Context(), pass, err).Write(rec, pass.requestID)
		return
	}
	// Deadlines are those of the connection; where there are none (tests), none are needed.
	control := http.NewResponseController(w)
	if g.op.Stream {
		leave()
		_ = control.SetReadDeadline(time.Time{}) // at the server's own, the request would be cancelled
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		rec.stop = cancel
		g.run(rec, r.WithContext(ctx), pass)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), g.op.timeout())
	defer cancel()
	_ = control.SetWriteDeadline(time.Now().Add(g.op.timeout() + slowClient))
	g.run(rec, r.WithContext(ctx), pass)
}

// enter counts the request among those in flight, or refuses it. Health and the map's files always get in.
func (g *guard) enter() (leave func(), err error) {
	if g.op.Public && g.op.Audit == AuditNone {
		return func() {}, nil
	}
	select {
	case g.door.inFlight <- struct{}{}:
		return sync.OnceFunc(func() { <-g.door.inFlight }), nil
	default:
		return nil, fmt.Errorf("requests in flight: %w", geoengine.ErrBusy)
	}
}

// slowClient is how long a client may take to read an answer.
const slowClient = 30 * time.Second

func (g *guard) run(w http.ResponseWriter, r *http.Request, pass Pass) {
	r.Body = http.MaxBytesReader(w, r.Body, g.op.MaxBody)
	g.next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), passKey{}, pass)))
}

// admit checks identity, rate, role, parameters, reason and the journal, in this order.
func (g *guard) admit(w http.ResponseWriter, r *http.Request, pass *Pass) error {
	if !g.op.Public {
		if err := g.identify(r, pass); err != nil {
			return err
		}
		w.Header().Set("Vary", credentialHeaders)
		w.Header().Set("Cache-Control", "private, no-store")
	}
	if wait := g.limiter.wait(g.bucket(pass)); wait > 0 {
		return &identity.ThrottledError{Wait: wait, Of: "requests"}
	}
	pass.note.kept = g.op.Audit >= AuditRead
	if !g.op.Public {
		if !pass.caller.Holds(g.op.Roles) || !inScope(pass.caller, g.op.Tag) {
			return fmt.Errorf("operation %s: %w", g.op.ID, geoengine.ErrDenied)
		}
		pass.rights, pass.policy = pass.caller.Rights(g.op.Roles, g.door.config.Policy)
		pass.admitted = true
	}
	if err := g.parse(r, pass); err != nil {
		return err
	}
	if err := g.reason(r, pass); err != nil {
		return err
	}
	return g.begin(r, *pass)
}

// bucket is whom the rate limit counts.
func (g *guard) bucket(pass *Pass) string {
	if g.op.Public {
		return pass.address.String()
	}
	if pass.caller.Machine {
		return "client " + pass.caller.Name
	}
	return pass.caller.Name
}

// parse reads the query; a parameter that the operation does not have, or one repeated that may not be, is an error.
func (g *guard) parse(r *http.Request, pass *Pass) error {
	if !isText(r.URL.Path) {
		return fmt.Errorf("path: %w", geoengine.ErrMissing)
	}
	if g.op.AnyQuery {
		return nil
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return problem.Fields{{Location: "query", Message: "is not a well-formed query string"}}
	}
	if g.op.FoldQuery {
		values = g.folded(values)
	}
	var wrong problem.Fields
	for name, given := range values {
		repeatable, known := g.params[name]
		if !known && strings.HasPrefix(name, AttributePrefix) {
			repeatable, known = g.params[AttributePrefix+"KEY"]
		}
		switch {
		case !known:
			wrong.Add("query."+shorten(name), "there is no such parameter")
		case len(given) > 1 && !repeatable:
			wrong.Add("query."+shorten(name), "must not be repeated")
		case slices.ContainsFunc(given, func(value string) bool { return !isText(value) }):
			wrong.Add("query."+shorten(name), "must be text in UTF-8, without NUL")
		}
	}
	slices.SortFunc(wrong, func(a, b problem.Field) int { return strings.Compare(a.Location, b.Location) })
	pass.values = values
	return wrong.Err()
}

// folded returns the values under the names that the operation declares, whatever the case in which they were given.
func (g *guard) folded(values url.Values) url.Values {
	folded := url.Values{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		declared := name
		if !strings.HasPrefix(name, AttributePrefix) {
			declared = strings.ToLower(name)
		}
		folded[declared] = append(folded[declared], values[name]...)
	}
	return folded
}

// isText tells whether a database could hold the text.
func isText(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

// AttributePrefix begins the query parameters that filter by attribute; an operation that has them declares the
// parameter AttributePrefix + "KEY".
const AttributePrefix = "attr."

func shorten(name string) string {
	const longest = 60
	if len(name) > longest {
		return strings.ToValidUTF8(name[:longest], "") + "…"
	}
	return name
}

// parameters are the query parameters in the API document, each with whether it may be repeated.
func parameters(doc *huma.Operation) map[string]bool {
	found := map[string]bool{}
	for _, p := range doc.Parameters {
		if p.In == "query" {
			found[p.Name] = p.Schema != nil && p.Schema.Type == huma.TypeArray
		}
	}
	return found
}

// recovered answers a panic as an unknown error.
func (g *guard) recovered(rec *recorder, r *http.Request, pass Pass, reason any) {
	rec.broken = rec.status != 0
	if reason == http.ErrAbortHandler { //nolint:errorlint // the value is compared, as net/http does
		rec.broken = true
		return
	}
	g.door.config.Log.LogAttrs(r.Context(), slog.LevelError, "panic", slog.String("request", pass.requestID),
		slog.String("operation", g.op.ID), slog.Any("reason", reason), slog.String("stack", string(debug.Stack())))
	if rec.status == 0 {
		problem.New(http.StatusInternalServerError, problem.CodeInternal, "").Write(rec, pass.requestID)
	}
}

// finish measures and logs the request, without its query, and closes its line in the journal.
func (g *guard) finish(rec *recorder, r *http.Request, pass Pass, took time.Duration) {
	if rec.status == 0 && !rec.broken {
		rec.WriteHeader(http.StatusOK)
	}
	g.measure.observe(rec.status, took)
	g.end(r, pass, rec)
	level := slog.LevelInfo
	if g.op.Quiet && rec.status < http.StatusInternalServerError {
		level = slog.LevelDebug
	}
	g.door.config.Log.LogAttrs(r.Context(), level, "request", slog.String("request", pass.requestID),
		slog.String("operation", g.op.ID), slog.Int("status", rec.status), slog.Duration("took", took),
		slog.Int64("bytes", rec.bytes))
}
