package door_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/prometheus/client_golang/prometheus"

	"vigie/api/door"
	"vigie/api/identity"
	"vigie/api/problem"
	"vigie/geoengine"
	"vigie/geoengine/disclosure"
	"vigie/geoengine/geotest"
	audit "vigie/geoengine/journal"
)

// journal keeps the lines of a test.
type journal struct {
	mu      sync.Mutex
	lines   []string
	entries []audit.Entry
	fails   bool
}

func (j *journal) keep(_ context.Context, e audit.Entry) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fails {
		return errors.New("the journal's disk is full")
	}
	j.entries = append(j.entries, e)
	j.lines = append(j.lines, fmt.Sprintf("%s %s %s %s", e.Account, e.Operation, e.Class, e.Outcome))
	return nil
}

// house is a door with its log, its journal and the cookie of a commander of fr.76.
type house struct {
	*door.Door
	journal *journal
	log     *strings.Builder
	cookie  string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	store := geotest.New(t)
	if err := identity.NewAccounts(store, rand.Reader, time.Now).CreateAccount(t.Context(), "alice", "commander",
		[]string{"fr.76"}, "correct horse battery"); err != nil {
		t.Fatal(err)
	}
	sessions := identity.NewSessions(store, rand.Reader, time.Now)
	token, _, err := sessions.Login(t.Context(), "alice", "correct horse battery", netip.MustParseAddr("192.0.2.1"), "test")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{journal: &journal{}, log: &strings.Builder{}, cookie: token}
	h.Door = door.New(door.Config{
		Title: "test", Version: "1", Callers: identity.NewAuthenticator(sessions, identity.NewClients(store, rand.Reader, time.Now)), Cookie: "vigie", Journal: h.journal.keep,
		Policy: func(role identity.Role) disclosure.Policy { return disclosure.Standard().Policy(string(role)) },
		Log:    slog.New(slog.NewTextHandler(h.log, nil)), Clock: time.Now, Metrics: prometheus.NewRegistry(), InFlight: 2,
	})
	return h
}

// operation is a good one, to be spoilt by tests.
func operation() door.Operation {
	return door.Operation{
		ID: "thing", Method: http.MethodGet, Path: "/thing", Summary: "A thing", Tag: "Things", Roles: door.Everyone(),
		Audit: door.AuditAggregate, Limit: door.Limit{PerSecond: 1000, Burst: 1000},
	}
}

func nothing(http.ResponseWriter, *http.Request, door.Pass) error { return nil }

// ask sends a request, with the cookie unless anonymous.
func (h *house) ask(method, target, body string, anonymous bool) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if !anonymous {
		r.AddCookie(&http.Cookie{Name: "vigie", Value: h.cookie})
	}
	w := httptest.NewRecorder()
	h.Handler().ServeHTTP(w, r)
	return w
}

func TestOperationsMustDeclareTheirRights(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.Add(operation(), door.Raw(nothing))
	for name, spoil := range map[string]func(*door.Operation){
		"no id":             func(op *door.Operation) { op.ID = "" },
		"same id":           func(op *door.Operation) { op.ID = "thing" },
		"no path":           func(op *door.Operation) { op.Path = "" },
		"no summary":        func(op *door.Operation) { op.Summary = "" },
		"no roles":          func(op *door.Operation) { op.Roles = nil },
		"unknown role":      func(op *door.Operation) { op.Roles = []identity.Role{"king"} },
		"roles and public":  func(op *door.Operation) { op.Public = true },
		"public with data":  func(op *door.Operation) { op.Public, op.Roles = true, nil },
		"no audit class":    func(op *door.Operation) { op.Audit = 0 },
		"wrong audit class": func(op *door.Operation) { op.Audit = 99 },
		"any query":         func(op *door.Operation) { op.AnyQuery = true },
		"no tag":            func(op *door.Operation) { op.Tag = "" },
		"read without act":  func(op *door.Operation) { op.Audit = door.AuditRead },
		"act without audit": func(op *door.Operation) { op.Act = door.ActErasure },
		"unknown act":       func(op *door.Operation) { op.Audit, op.Act = door.AuditRead, "theft" },
		"vain reason":       func(op *door.Operation) { op.Reason = true },
		"no limit":          func(op *door.Operation) { op.Limit = door.Limit{} },
	} {
		t.Run(name, func(t *testing.T) {
			op := operation()
			op.ID, op.Path = name, "/other"
			spoil(&op)
			defer func() {
				if recover() == nil {
					t.Error("it was added")
				}
			}()
			h.Add(op, door.Raw(nothing))
		})
	}
	if n := len(h.Operations()); n != 1 {
		t.Errorf("%d operations, want 1", n)
	}
}

func TestDoorAdmits(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.Add(operation(), door.JSON(func(_ context.Context, pass door.Pass, _ *struct {
		N int `query:"n" maximum:"9"`
	}) (*struct{ Body geoengine.Query }, error) {
		return &struct{ Body geoengine.Query }{pass.Query(geoengine.Query{Scope: []string{"everything"}})}, nil
	}))
	auditors := operation()
	auditors.ID, auditors.Path, auditors.Roles = "journal", "/journal", []identity.Role{identity.Auditor}
	h.Add(auditors, door.Raw(nothing))
	slow := operation()
	slow.ID, slow.Path, slow.Limit = "slow", "/slow", door.Limit{PerSecond: 0.001, Burst: 2}
	h.Add(slow, door.Raw(nothing))
	stuck := operation()
	stuck.ID, stuck.Path, stuck.Timeout = "stuck", "/stuck", 20*time.Millisecond
	h.Add(stuck, door.Raw(func(_ http.ResponseWriter, r *http.Request, _ door.Pass) error {
		<-r.Context().Done()
		return fmt.Errorf("stuck: %w", r.Context().Err())
	}))
	for _, c := range []struct {
		name, method, target string
		anonymous            bool
		status               int
		code                 string
	}{
		{"in", "GET", "/thing?n=3", false, 200, ""},
		{"head", "HEAD", "/thing", false, 200, ""},
		{"nobody", "GET", "/thing", true, 401, problem.CodeUnauthenticated},
		{"wrong role", "GET", "/journal", false, 403, problem.CodeDenied},
		{"unknown parameter", "GET", "/thing?m=3", false, 422, problem.CodeInvalid},
		{"repeated parameter", "GET", "/thing?n=3&n=4", false, 422, problem.CodeInvalid},
		{"bad parameter", "GET", "/thing?n=x", false, 422, problem.CodeInvalid},
		{"too large parameter", "GET", "/thing?n=10", false, 422, problem.CodeInvalid},
		{"broken query", "GET", "/thing?n=%zz", false, 422, problem.CodeInvalid},
		{"too long", "GET", "/thing?n=" + strings.Repeat("1", 9000), false, 414, problem.CodeTooLarge},
		{"no such", "GET", "/nothing", false, 404, problem.CodeMissing},
		{"wrong method", "POST", "/thing", false, 405, problem.CodeMethod},
		{"first", "GET", "/slow", false, 200, ""},
		{"second", "GET", "/slow", false, 200, ""},
		{"third", "GET", "/slow", false, 429, problem.CodeThrottled},
		{"stuck", "GET", "/stuck", false, 503, problem.CodeTimeout},
	} {
		w := h.ask(c.method, c.target, "", c.anonymous)
		if w.Code != c.status {
			t.Errorf("%s: %d, want %d", c.name, w.Code, c.status)
		}
		if c.code == "" {
			continue
		}
		var p problem.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Code != c.code || p.Status != c.status || p.RequestID == "" {
			t.Errorf("%s: %v %+v", c.name, err, p)
		}
		if ct := w.Header().Get("Content-Type"); ct != "application/problem+json" {
			t.Errorf("%s: content type %s", c.name, ct)
		}
		if c.status == 429 && w.Header().Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
	w := h.ask("GET", "/thing", "", false)
	if !strings.Contains(w.Body.String(), `"Scope":["fr.76"]`) {
		t.Errorf("the caller's territory is not the query's scope: %s", w.Body)
	}
}

func TestZeroPassSeesNothing(t *testing.T) {
	t.Parallel()
	var pass door.Pass
	if scope := pass.Query(geoengine.Query{}).Scope; scope == nil || len(scope) > 0 {
		t.Errorf("scope %v, want empty and not nil", scope)
	}
}

func TestDoorMapsErrors(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var fail error
	raw, typed := operation(), operation()
	raw.ID, raw.Path = "raw", "/raw"
	h.Add(raw, door.Raw(func(http.ResponseWriter, *http.Request, door.Pass) error { return fail }))
	typed.ID, typed.Path = "typed", "/typed"
	h.Add(typed, door.JSON(func(context.Context, door.Pass, *struct{}) (*struct{}, error) { return nil, fail }))
	for _, c := range []struct {
		err    error
		status int
		code   string
		detail string
	}{
		{fmt.Errorf("bbox: too wide: %w", geoengine.ErrInvalid), 422, problem.CodeInvalid, "bbox: too wide"},
		{problem.Fields{{Location: "query.x", Message: "is odd"}}, 422, problem.CodeInvalid, "query.x: is odd"},
		{fmt.Errorf("table secret: %w", geoengine.ErrDenied), 403, problem.CodeDenied, "you may not do this"},
		{fmt.Errorf("area fr.secret: %w", geoengine.ErrMissing), 404, problem.CodeMissing, "there is no such thing, or you may not see it"},
		{fmt.Errorf("cube: %w", geoengine.ErrBusy), 503, problem.CodeBusy, "the server is busy or still loading: try again"},
		{context.DeadlineExceeded, 503, problem.CodeTimeout, "the answer took too long: ask for less"},
		{fmt.Errorf("read: %w", &pgconn.PgError{Code: "57P01", Message: "secret"}), 503, problem.CodeBusy, "the database is away: try again"},
		{fmt.Errorf("read: %w", &pgconn.PgError{Code: "42P01", Message: "secret"}), 500, problem.CodeInternal, ""},
		{errors.New("password=hunter2 in /etc/secret"), 500, problem.CodeInternal, ""},
	} {
		for _, target := range []string{"/raw", "/typed"} {
			fail = c.err
			h.log.Reset()
			w := h.ask("GET", target, "", false)
			var p problem.Problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
				t.Fatal(err)
			}
			if w.Code != c.status || p.Code != c.code || p.Detail != c.detail || p.RequestID == "" {
				t.Errorf("%s %v: %d %+v", target, c.err, w.Code, p)
			}
			logged := strings.Contains(h.log.String(), "unexpected error") && strings.Contains(h.log.String(), p.RequestID)
			if logged != (c.status == 500 || p.Detail == "the database is away: try again") {
				t.Errorf("%s %v: log %q", target, c.err, h.log)
			}
		}
	}
}

func TestDoorRecovers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, kind := range []door.Handler{
		door.Raw(func(http.ResponseWriter, *http.Request, door.Pass) error { panic("secret") }),
		door.JSON(func(context.Context, door.Pass, *struct{}) (*struct{}, error) { panic("secret") }),
	} {
		op := operation()
		op.ID = fmt.Sprintf("%T", kind)
		op.Path = "/" + fmt.Sprint(len(h.Operations()))
		h.Add(op, kind)
		w := h.ask("GET", op.Path, "", false)
		if w.Code != 500 || strings.Contains(w.Body.String(), "secret") || !strings.Contains(h.log.String(), "secret") {
			t.Errorf("%s: %d %s", op.ID, w.Code, w.Body)
		}
	}
}

func TestDoorBoundsRequestsInFlight(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	entered, leave := make(chan struct{}), make(chan struct{})
	h.Add(operation(), door.Raw(func(http.ResponseWriter, *http.Request, door.Pass) error {
		entered <- struct{}{}
		<-leave
		return nil
	}))
	var wait sync.WaitGroup
	for range 2 {
		wait.Go(func() { h.ask("GET", "/thing", "", false) })
		<-entered
	}
	if w := h.ask("GET", "/thing", "", false); w.Code != 503 {
		t.Errorf("%d, want 503", w.Code)
	}
	close(leave)
	wait.Wait()
}

func TestDoorKeepsSecretsOutOfErrors(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	op := operation()
	op.Method, op.Roles, op.Public, op.Audit, op.Act, op.MaxBody = http.MethodPost, nil, true, door.AuditSecurity, door.ActAccess, 100
	h.Add(op, door.JSON(func(_ context.Context, _ door.Pass, _ *struct {
		Body struct {
			Password string `json:"password" maxLength:"10"`
		}
	}) (*struct{}, error) {
		return nil, nil
	}))
	for body, status := range map[string]int{
		`{"password":"hunter2 is too long"}`:                     422,
		`{"password":"hunter2","extra":1}`:                       422,
		`{"password":"hunter2"`:                                  400,
		`{"password":"hunter2` + strings.Repeat("x", 200) + `"}`: 413,
		``: 400,
	} {
		w := h.ask("POST", "/thing", body, true)
		if w.Code != status || strings.Contains(w.Body.String(), "hunter2") || strings.Contains(h.log.String(), "hunter2") {
			t.Errorf("%.40s: %d %s", body, w.Code, w.Body)
		}
	}
}

func TestClientAddress(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for _, c := range []struct{ peer, forwarded, want string }{
		{"192.0.2.9:1", "", "192.0.2.9"},
		{"192.0.2.9:1", "198.51.100.1", "192.0.2.9"}, // not our proxy: not believed
		{"10.0.0.1:1", "198.51.100.1", "198.51.100.1"},
		{"10.0.0.1:1", "1.2.3.4, 198.51.100.1, 10.0.0.7", "198.51.100.1"},
		{"10.0.0.1:1", "evil", "10.0.0.1"},
		{"[::ffff:10.0.0.1]:1", "2001:db8::1", "2001:db8::1"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.peer
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := door.ClientAddress(r, proxies).String(); got != c.want {
			t.Errorf("%s %q: %s, want %s", c.peer, c.forwarded, got, c.want)
		}
	}
}

func TestDoorCompressesJSON(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.Add(operation(), door.JSON(func(context.Context, door.Pass, *struct{}) (*struct{ Body []string }, error) {
		return &struct{ Body []string }{make([]string, 1000)}, nil
	}))
	r := httptest.NewRequest(http.MethodGet, "/thing", nil)
	r.AddCookie(&http.Cookie{Name: "vigie", Value: h.cookie})
	r.Header.Set("Accept-Encoding", "gzip")
	w := httptest.NewRecorder()
	h.Handler().ServeHTTP(w, r)
	if w.Header().Get("Content-Encoding") != "gzip" || w.Body.Len() > 500 {
		t.Errorf("%v, %d bytes", w.Header(), w.Body.Len())
	}
	vary := strings.Join(w.Header().Values("Vary"), ",")
	if !strings.Contains(vary, "Cookie") || !strings.Contains(vary, "Accept-Encoding") {
		t.Errorf("Vary: %s", vary)
	}
}
