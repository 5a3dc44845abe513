package api_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"vigie/api"
	"vigie/api/identity"
	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/geotest"
	"vigie/geoengine/hex"
)

const password = "correct horse battery"

// The towns of the tests and the areas that hold them.
type town struct {
	area     string
	lon, lat float64
	events   int
}

func towns() []town {
	return []town{
		{"fr.76.31.31555", 1.44, 43.60, 200}, // Toulouse
		{"fr.11.75.75056", 2.35, 48.85, 100}, // Paris
		{"", -30, 40, 7},                     // at sea
	}
}

// allEvents is the number of events of towns.
const allEvents = 307

// logBuffer is a log that several goroutines write.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// site is a running server with its data.
type site struct {
	*httptest.Server
	api   *api.Server
	store *geoengine.Store
	log   *logBuffer
	stop  context.CancelFunc
}

// newSite serves the towns to alice (everywhere), toulouse, paris and nowhere, each a commander, and to an auditor.
func newSite(t *testing.T, change func(*api.Config)) *site {
	t.Helper()
	s := buildSite(t, change)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.api.Work(ctx) }()
	s.stop = stop
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	for deadline := time.Now().Add(30 * time.Second); s.get(t, nil, "/readyz").status != http.StatusOK; {
		if time.Now().After(deadline) {
			t.Fatal("not ready:", s.log)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return s
}

// buildSite is newSite before its events are loaded.
func buildSite(t *testing.T, change func(*api.Config)) *site {
	t.Helper()
	s := &site{store: geotest.New(t), log: &logBuffer{}, stop: func() {}}
	seed(t, s.store)
	accounts := identity.NewAccounts(s.store, rand.Reader, time.Now)
	for _, a := range []struct{ name, role, areas string }{
		{"alice", "commander", "*"}, {"toulouse", "commander", "fr.76"}, {"paris", "commander", "fr.11.75.75056"},
		{"nowhere", "commander", "fr.99"}, {"auditor", "auditor", "*"}, {"admin", "admin", "*"},
	} {
		if err := accounts.CreateAccount(t.Context(), a.name, a.role, []string{a.areas}, password); err != nil {
			t.Fatal(err)
		}
	}
	log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	config := api.Config{
		Store: s.store, Cube: cube.New(s.store, log), Log: log, Clock: time.Now, Random: rand.Reader, Build: "test",
		Heartbeat: 50 * time.Millisecond,
		Frontend: fstest.MapFS{
			"index.html": {Data: []byte("<!doctype html>")}, "assets/app-123.js": {Data: []byte("plain")},
			"assets/app-123.js.br": {Data: []byte("brotli")}, "assets/app-123.js.gz": {Data: []byte("gzip")},
			".keep": {}, "assets/.hidden": {Data: []byte("hidden")},
		},
	}
	if change != nil {
		change(&config)
	}
	var err error
	if s.api, err = api.New(config); err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewServer(s.api.Handler())
	t.Cleanup(s.Close)
	return s
}

// seed writes the towns' areas and events: one event an hour, alternating categories and severities.
func seed(t *testing.T, store *geoengine.Store) {
	t.Helper()
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := store.Pool.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec(`insert into source values (1, 'test', 'Test events', 'us', 'none', 'https://example.org', true)`)
	exec(`insert into category values (1, 'road.accident'), (2, 'vehicle.theft')`)
	exec(`insert into area (id, path, parent, level, code, name, source, fingerprint, geom) values
		(1, 'fr', '', 'country', 'fr', 'France', 1, 0, null),
		(2, 'fr.76', 'fr', 'region', '76', 'Occitanie', 1, 0, st_multi(st_makeenvelope(0, 42, 4, 45, 4326))),
		(3, 'fr.76.31', 'fr.76', 'departement', '31', 'Haute-Garonne', 1, 0, st_multi(st_makeenvelope(0.5, 42.5, 2, 44, 4326))),
		(4, 'fr.76.31.31555', 'fr.76.31', 'commune', '31555', 'Toulouse', 1, 0, st_multi(st_makeenvelope(1, 43, 2, 44, 4326))),
		(5, 'fr.11', 'fr', 'region', '11', 'Île-de-France', 1, 0, st_multi(st_makeenvelope(2, 48, 3, 49, 4326))),
		(6, 'fr.11.75', 'fr.11', 'departement', '75', 'Paris', 1, 0, null),
		(7, 'fr.11.75.75056', 'fr.11.75', 'commune', '75056', 'Paris', 1, 0, st_multi(st_makeenvelope(2, 48, 3, 49, 4326)))`)
	exec(`insert into area_part select id, (st_dump(geom)).geom from area where geom is not null`)
	for i, town := range towns() {
		cell := hex.Cell(town.lon, town.lat, geoengine.CellResolution)
		exec(`insert into zone values ($1, $2)`, i+1, int64(hex.Parent(cell, geoengine.ZoneResolution)))
		exec(`insert into event (zone, source, ref, category, severity, starts, ends, reported, utc_offset, geom, precision_m, weight,
				cell, area, attributes, fingerprint, xid)
			select $1, 1, $2 || ' ' || n, 1 + n % 2, n % 6, t, t + interval '1 hour', t + interval '1 hour', 3600,
			       st_setsrid(st_makepoint($3, $4), 4326), 10, 0.125, $5, $6,
			       jsonb_build_object('light', case n % 3 when 0 then 'night' else 'day' end), n, pg_current_xact_id()::text::bigint
			from (select n, timestamptz '2024-03-01 00:00Z' + n * interval '1 hour' t from generate_series(1, $7::int) n) n`,
			i+1, town.area, town.lon, town.lat, int64(cell), town.area, town.events)
	}
}

// answer is what a request got.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// into decodes the body and fails the test if it is not JSON of that form.
func (a answer) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		t.Fatalf("%v: %d %.300s", err, a.status, a.body)
	}
}

// do sends a request; person may be nil for nobody.
func (s *site) do(t *testing.T, person *http.Client, method, target, body string, header ...string) answer {
	t.Helper()
	if person == nil {
		person = &http.Client{}
	}
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := person.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, got}
}

func (s *site) get(t *testing.T, person *http.Client, target string, header ...string) answer {
	t.Helper()
	return s.do(t, person, http.MethodGet, target, "", header...)
}

// person logs in and returns a browser with the session.
func (s *site) person(t *testing.T, name string) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	if a := s.logIn(t, client, name, password); a.status != http.StatusOK {
		t.Fatalf("log-in of %s: %d %s", name, a.status, a.body)
	}
	return client
}

func (s *site) logIn(t *testing.T, client *http.Client, name, password string) answer {
	t.Helper()
	body, err := json.Marshal(map[string]string{"name": name, "password": password})
	if err != nil {
		t.Fatal(err)
	}
	return s.do(t, client, http.MethodPost, "/api/session", string(body), "Content-Type", "application/json")
}

func TestSession(t *testing.T) {
	t.Parallel()
	s := buildSite(t, nil)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	if a := s.get(t, client, "/api/session"); a.status != http.StatusUnauthorized {
		t.Errorf("nobody: %d", a.status)
	}
	wrong, unknown := s.logIn(t, client, "alice", "wrong password"), s.logIn(t, client, "mallory", "wrong password")
	for name, a := range map[string]answer{"wrong": wrong, "unknown": unknown} {
		if a.status != http.StatusUnauthorized || len(a.header.Values("Set-Cookie")) > 0 || !bytes.Contains(a.body, []byte(`"bad_credentials"`)) {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	in := s.logIn(t, client, "alice", password)
	if got := strings.TrimSpace(string(in.body)); in.status != http.StatusOK || !strings.HasPrefix(got, `{"name":"alice","machine":false,"grants":[{"role":"commander","areas":["*"]}],"expires":"20`) {
		t.Errorf("log-in: %d %s", in.status, got)
	}
	cookie := in.header.Get("Set-Cookie")
	for _, want := range []string{"vigie=", "Path=/", "HttpOnly", "SameSite=Strict", "Max-Age="} {
		if !strings.Contains(cookie, want) {
			t.Errorf("cookie %q lacks %s", cookie, want)
		}
	}
	if strings.Contains(cookie, "Secure") {
		t.Errorf("cookie %q would not come back over http", cookie)
	}
	if a := s.get(t, client, "/api/session"); a.status != http.StatusOK || a.header.Get("Cache-Control") != "private, no-store" {
		t.Errorf("session: %d %v", a.status, a.header)
	}
	out := s.do(t, client, http.MethodDelete, "/api/session", "")
	if out.status != http.StatusNoContent || !strings.Contains(out.header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("log-out: %d %v", out.status, out.header)
	}
	jar.SetCookies(mustURL(t, s.URL), []*http.Cookie{{Name: "vigie", Value: strings.TrimPrefix(strings.Split(cookie, ";")[0], "vigie=")}})
	if a := s.get(t, client, "/api/session"); a.status != http.StatusUnauthorized {
		t.Errorf("the old cookie still works after the log-out: %d", a.status)
	}
	if log := s.log.String(); strings.Contains(log, password) || strings.Contains(log, "wrong password") {
		t.Error("the log holds a password")
	}
	var known, told bool
	const lines = `select bool_or(account = 'alice' and operation = 'log-in' and outcome = '200'), bool_or(j::text like '%' || $1 || '%') from journal j`
	if err := s.store.Pool.QueryRow(t.Context(), lines, password).Scan(&known, &told); err != nil || !known || told {
		t.Errorf("the journal knows who logged in: %v; it holds the password: %v; %v", known, told, err)
	}
}

func TestSecureCookie(t *testing.T) {
	t.Parallel()
	s := buildSite(t, func(c *api.Config) { c.PublicURL = "https://vigie.example" })
	a := s.logIn(t, nil, "alice", password)
	if cookie := a.header.Get("Set-Cookie"); !strings.HasPrefix(cookie, "__Host-vigie=") || !strings.Contains(cookie, "Secure") {
		t.Errorf("cookie %q", cookie)
	}
	if a.header.Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS")
	}
}

func TestLogInIsSlowedDown(t *testing.T) {
	t.Parallel()
	s := buildSite(t, nil)
	var last answer
	for range 7 {
		last = s.logIn(t, nil, "alice", "wrong password")
	}
	if last.status != http.StatusTooManyRequests || last.header.Get("Retry-After") == "" {
		t.Errorf("%d %v %s", last.status, last.header, last.body)
	}
}

func TestOtherSitesCannotPost(t *testing.T) {
	t.Parallel()
	s := buildSite(t, nil)
	client := s.person(t, "alice")
	for name, header := range map[string][]string{
		"fetch metadata": {"Sec-Fetch-Site", "cross-site"}, "origin": {"Origin", "https://evil.example"},
	} {
		a := s.do(t, client, http.MethodDelete, "/api/session", "", header...)
		if a.status != http.StatusForbidden {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	if a := s.get(t, client, "/api/session"); a.status != http.StatusOK {
		t.Errorf("the session ended all the same: %d", a.status)
	}
}

func TestOnlyTheseArePublic(t *testing.T) {
	t.Parallel()
	s := buildSite(t, nil)
	public := map[string]bool{"healthz": true, "readyz": true, "log-in": true, "front-end": true, "log-in-ways": true, "access-token": true, "ogc-style": true}
	for _, op := range s.api.Operations() {
		if op.Public != public[op.ID] {
			t.Errorf("%s: public is %v", op.ID, op.Public)
		}
		if op.Public {
			continue
		}
		target := strings.NewReplacer("{z}", "5", "{x}", "16", "{file}", "11.mvt", "{h3}", "871fb4671ffffff", "{path}", "fr.76").Replace(op.Path)
		if a := s.do(t, nil, op.Method, target, ""); a.status != http.StatusUnauthorized || len(a.body) > 300 {
			t.Errorf("%s without a log-in: %d %.200s", op.ID, a.status, a.body)
		}
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	s := buildSite(t, nil) // nothing is loaded
	if a := s.get(t, nil, "/healthz"); a.status != http.StatusOK {
		t.Errorf("healthz: %d", a.status)
	}
	a := s.get(t, nil, "/readyz")
	if a.status != http.StatusServiceUnavailable || !bytes.Contains(a.body, []byte(`"database":"ok","events":"loading"`)) {
		t.Errorf("readyz: %d %s", a.status, a.body)
	}
	client := s.person(t, "alice")
	for _, target := range []string{"/api/meta", "/api/summary", "/api/cells", "/tiles/hexagons/5/16/11.mvt"} {
		if a := s.get(t, client, target); a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
			t.Errorf("%s before the events are loaded: %d %s", target, a.status, a.body)
		}
	}
	if a = s.get(t, client, "/metrics"); a.status != http.StatusForbidden {
		t.Errorf("a commander reads the metrics: %d", a.status)
	}
	a = s.get(t, s.person(t, "admin"), "/metrics")
	for _, want := range []string{`vigie_requests_total{operation="meta",status="5xx"} 1`, "vigie_ready 0", "vigie_request_seconds_bucket", "vigie_database_connections"} {
		if !bytes.Contains(a.body, []byte(want)) {
			t.Errorf("metrics lack %s", want)
		}
	}
	if bytes.Contains(a.body, []byte("alice")) {
		t.Error("metrics tell who")
	}
}

func TestReadinessWithoutDatabase(t *testing.T) {
	t.Parallel()
	s := buildSite(t, nil)
	s.store.Close()
	a := s.get(t, nil, "/readyz")
	if a.status != http.StatusServiceUnavailable || !bytes.Contains(a.body, []byte("unreachable")) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := s.logIn(t, nil, "alice", password); a.status != http.StatusInternalServerError || bytes.Contains(a.body, []byte("closed pool")) {
		t.Errorf("log-in: %d %s", a.status, a.body)
	}
}

func TestStatic(t *testing.T) {
	t.Parallel()
	s := buildSite(t, nil)
	for _, c := range []struct{ name, target, accept, body, encoding, cache string }{
		{"page", "/", "", "<!doctype html>", "", "no-cache"},
		{"page with state", "/?v=1&z=5", "", "<!doctype html>", "", "no-cache"},
		{"plain", "/assets/app-123.js", "identity", "plain", "", "public, max-age=31536000, immutable"},
		{"brotli", "/assets/app-123.js", "gzip, deflate, br, zstd", "brotli", "br", "public, max-age=31536000, immutable"},
		{"gzip", "/assets/app-123.js", "gzip;q=0.5, br;q=0", "gzip", "gzip", "public, max-age=31536000, immutable"},
	} {
		a := s.get(t, nil, c.target, "Accept-Encoding", c.accept)
		if a.status != http.StatusOK || string(a.body) != c.body || a.header.Get("Content-Encoding") != c.encoding || a.header.Get("Cache-Control") != c.cache {
			t.Errorf("%s: %d %q %v", c.name, a.status, a.body, a.header)
		}
	}
	for _, target := range []string{
		"/nothing", "/assets", "/assets/", "/.keep", "/assets/.hidden", "/assets/app-123.js.br", "/api/nothing", "/tiles",
		"/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc%2fpasswd", "/assets/..%5c..%5cindex.html", "/%00", "/index.html%00.js",
	} {
		if a := s.get(t, nil, target); a.status != http.StatusNotFound {
			t.Errorf("%s: %d %.100s", target, a.status, a.body)
		}
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	s := buildSite(t, func(c *api.Config) { c.StyleURL = "https://data.geopf.fr/styles/plan.json" })
	for _, target := range []string{"/", "/nothing", "/api/meta", "/healthz"} {
		h := s.get(t, nil, target).header
		policy := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "connect-src 'self' https://data.geopf.fr;", "base-uri 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: policy %q lacks %s", target, policy, want)
			}
		}
		if strings.Contains(policy, "unsafe") || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" ||
			h.Get("Cross-Origin-Opener-Policy") != "same-origin" || h.Get("Cross-Origin-Resource-Policy") != "same-origin" {
			t.Errorf("%s: %v", target, h)
		}
	}
	_, err := api.New(api.Config{Store: s.store, Cube: &cube.Cube{}, Log: slog.Default(), Clock: time.Now, Random: rand.Reader, StyleURL: "javascript:alert(1)"})
	if err == nil {
		t.Error("a style from javascript: is accepted")
	}
}

func TestRunStops(t *testing.T) {
	t.Parallel()
	s := buildSite(t, nil)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.api.Run(ctx, listener) }()
	s.URL = "http://" + listener.Addr().String()
	client := s.person(t, "alice")
	stream := s.stream(t, client)
	stream.next(t)
	stop()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("does not stop while a stream is open")
	}
	stream.end(t)
}

func TestSlowHeadersAreBounded(t *testing.T) {
	t.Parallel()
	s := buildSite(t, nil)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.api.Run(ctx, listener) }()
	defer func() { stop(); <-done }()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("http://%s/healthz", listener.Addr()), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Padding", strings.Repeat("x", 1<<20))
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("%d", response.StatusCode)
	}
}
