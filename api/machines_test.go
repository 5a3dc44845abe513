package api_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigie/api"
	"vigie/api/identity"
	"vigie/geoengine"
	"vigie/geoengine/cube"
)

// client makes a machine with one role and returns its key.
func (s *site) client(t *testing.T, id, role, area string, scopes ...string) (key string) {
	t.Helper()
	accounts := identity.NewAccounts(s.store, rand.Reader, time.Now)
	grants := []geoengine.AccountGrant{{Role: role, Areas: []string{area}}}
	if err := accounts.CreateClient(t.Context(), id, "", grants, scopes); err != nil {
		t.Fatal(err)
	}
	key, _, err := accounts.AddKey(t.Context(), id, time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func basicOf(id, key string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+key))
}

// personBody is the answer of GET /api/session.
type personBody struct {
	Name    string     `json:"name"`
	Machine bool       `json:"machine"`
	Expires *time.Time `json:"expires"`
	Grants  []struct {
		Role  string   `json:"role"`
		Areas []string `json:"areas"`
	} `json:"grants"`
}

func TestMachinesComeInEveryWay(t *testing.T) {
	t.Parallel()
	s := buildSite(t, nil)
	key := s.client(t, "qgis", "analyst", "fr.76")
	token := s.token(t, "qgis", key, "")
	for name, header := range map[string][]string{
		"bearer key": {"Authorization", "Bearer " + key}, "bearer token": {"Authorization", "Bearer " + token},
		"api key": {"X-API-Key", key}, "basic": {"Authorization", basicOf("qgis", key)},
		"two ways": {"Authorization", basicOf("qgis", key), "X-API-Key", key},
	} {
		a := s.get(t, nil, "/api/session", header...)
		if a.status != http.StatusOK {
			t.Errorf("%s: %d %s", name, a.status, a.body)
			continue
		}
		var p personBody
		a.into(t, &p)
		if p.Name != "qgis" || !p.Machine || p.Expires == nil || len(p.Grants) != 1 || p.Grants[0].Role != "analyst" {
			t.Errorf("%s: %+v", name, p)
		}
		for _, dependsOn := range []string{"Authorization", "Cookie", "X-API-Key"} {
			if !strings.Contains(a.header.Get("Vary"), dependsOn) {
				t.Errorf("%s: Vary %q lacks %s", name, a.header.Get("Vary"), dependsOn)
			}
		}
	}
	alice := s.person(t, "alice")
	for name, header := range map[string][]string{
		"malformed": {"Authorization", "Bearer ../../etc/passwd"}, "unknown key": {"X-API-Key", "vigie_abcdefghjk_" + strings.Repeat("A", 43)},
		"another name": {"Authorization", basicOf("arcgis", key)}, "wrong scheme": {"Authorization", "Negotiate abc"},
		"huge": {"Authorization", "Bearer " + strings.Repeat("a", 8000)}, "password": {"Authorization", basicOf("alice", password)},
		"person and machine": {"Authorization", "Bearer " + key},
	} {
		person := (*http.Client)(nil)
		if name == "person and machine" {
			person = alice
		}
		a := s.get(t, person, "/api/session", header...)
		challenge := a.header.Get("WWW-Authenticate")
		if a.status != http.StatusUnauthorized || !strings.HasPrefix(challenge, "Bearer ") || strings.Contains(string(a.body), key) || len(a.body) > 500 {
			t.Errorf("%s: %d %q %.300s", name, a.status, challenge, a.body)
		}
	}
	if log := s.log.String(); strings.Contains(log, key[17:]) || strings.Contains(log, token[12:]) {
		t.Error("the log holds a key or an access token")
	}
}

// token asks for an access token.
func (s *site) token(t *testing.T, id, key, scope string) string {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {key}}
	if scope != "" {
		form.Set("scope", scope)
	}
	a := s.form(t, form)
	var body struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int    `json:"expires_in"`
		Scope       string `json:"scope"`
	}
	a.into(t, &body)
	if a.status != http.StatusOK || body.TokenType != "Bearer" || body.ExpiresIn < 3500 || body.ExpiresIn > 3600 ||
		a.header.Get("Cache-Control") != "no-store" || scope != "" && body.Scope != scope {
		t.Fatalf("%d %v %s", a.status, a.header, a.body)
	}
	return body.AccessToken
}

func (s *site) form(t *testing.T, form url.Values, header ...string) answer {
	t.Helper()
	header = append([]string{"Content-Type", "application/x-www-form-urlencoded"}, header...)
	return s.do(t, nil, http.MethodPost, "/oauth/token", form.Encode(), header...)
}

func TestScopesOfMachines(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	key := s.client(t, "tiles", "analyst", "*", "Tiles", "Places")
	narrow := s.token(t, "tiles", key, "Tiles")
	const tile, fact, place, document = "/tiles/areas/5/16/11.mvt", "/api/meta", "/api/areas?parent=fr", "/openapi.json"
	for _, c := range []struct {
		name, secret, target string
		status               int
	}{
		{"key", key, tile, 200}, {"key", key, place, 200}, {"key", key, fact, 403}, {"key", key, "/api/session", 403},
		{"key", key, "/api/sessions", 403}, {"key", key, document, 200},
		{"token", narrow, tile, 200}, {"token", narrow, place, 403}, {"token", narrow, fact, 403},
	} {
		if a := s.get(t, nil, c.target, "Authorization", "Bearer "+c.secret); a.status != c.status {
			t.Errorf("%s for %s: %d, want %d: %s", c.name, c.target, a.status, c.status, a.body)
		}
	}
	auditor := s.client(t, "watch", "auditor", "*")
	if a := s.get(t, nil, fact, "X-API-Key", auditor); a.status != http.StatusForbidden {
		t.Errorf("the role of a machine does not count: %d", a.status)
	}
	local := s.client(t, "local", "commander", "fr.76")
	var areas struct{ Areas []struct{ Path string } }
	s.get(t, nil, "/api/areas?parent=fr", "X-API-Key", local).into(t, &areas)
	for _, area := range areas.Areas {
		if !strings.HasPrefix(area.Path, "fr.76") {
			t.Errorf("the territory of a machine does not count: %s", area.Path)
		}
	}
}

func TestTokenErrors(t *testing.T) {
	t.Parallel()
	s := buildSite(t, nil)
	key := s.client(t, "qgis", "analyst", "*", "Tiles")
	good := url.Values{"grant_type": {"client_credentials"}, "client_id": {"qgis"}, "client_secret": {key}}
	with := func(name string, values ...string) url.Values {
		form := url.Values{}
		for k, v := range good {
			form[k] = v
		}
		form[name] = values
		return form
	}
	without := func(names ...string) url.Values {
		form := with("grant_type", "client_credentials")
		for _, name := range names {
			form.Del(name)
		}
		return form
	}
	for _, c := range []struct {
		name   string
		form   url.Values
		header []string
		status int
		code   string
	}{
		{"no grant type", without("grant_type"), nil, 400, "invalid_request"},
		{"other grant type", with("grant_type", "password"), nil, 400, "unsupported_grant_type"},
		{"repeated", with("scope", "Tiles", "Tiles"), nil, 400, "invalid_request"},
		{"no client", without("client_id"), nil, 400, "invalid_request"},
		{"no key", without("client_secret"), nil, 401, "invalid_client"},
		{"wrong key", with("client_secret", "secret"), nil, 401, "invalid_client"},
		{"unknown client", with("client_id", "nobody"), nil, 401, "invalid_client"},
		{"unknown scope", with("scope", "Everything"), nil, 400, "invalid_scope"},
		{"scope not held", with("scope", "Tiles Facts"), nil, 400, "invalid_scope"},
		{"two ways", good, []string{"Authorization", basicOf("qgis", key)}, 400, "invalid_request"},
		{"bearer", without("client_id", "client_secret"), []string{"Authorization", "Bearer " + key}, 400, "invalid_request"},
		{"another client_id", with("client_secret"), []string{"Authorization", basicOf("nobody", key)}, 400, "invalid_request"},
		{"wrong Basic", without("client_id", "client_secret"), []string{"Authorization", basicOf("qgis", "secret")}, 401, "invalid_client"},
		{"JSON", good, []string{"Content-Type", "application/json"}, 400, "invalid_request"},
		{"too long", with("scope", strings.Repeat("x", 9000)), nil, 400, "invalid_request"},
	} {
		a := s.form(t, c.form, c.header...)
		var body struct {
			Error       string `json:"error"`
			Description string `json:"error_description"`
			AccessToken string `json:"access_token"`
		}
		a.into(t, &body)
		if a.status != c.status || body.Error != c.code || body.Description == "" || body.AccessToken != "" || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s", c.name, a.status, a.body)
		}
		if basic := c.name == "wrong Basic"; basic != (a.header.Get("WWW-Authenticate") != "") {
			t.Errorf("%s: challenge %q", c.name, a.header.Get("WWW-Authenticate"))
		}
	}
	a := s.form(t, without("client_id", "client_secret"), "Authorization", basicOf("qgis", key))
	if a.status != http.StatusOK || !strings.Contains(string(a.body), `"scope":"Tiles"`) {
		t.Errorf("by Basic: %d %s", a.status, a.body)
	}
	var token struct {
		Text string `json:"access_token"`
	}
	a.into(t, &token)
	bearer := []string{"Authorization", "Bearer " + token.Text}
	if a := s.get(t, nil, "/openapi.json", bearer...); a.status != http.StatusOK {
		t.Errorf("%d %s", a.status, a.body)
	}
	for name, a := range map[string]answer{
		"token in the address":  s.get(t, nil, "/api/session?access_token="+token.Text),
		"grant in the address":  s.do(t, nil, http.MethodPost, "/oauth/token?grant_type=client_credentials", ""),
		"cookie of a machine":   s.get(t, nil, "/api/session", "Cookie", "vigie="+token.Text),
		"key in the cookie":     s.get(t, nil, "/api/session", "Cookie", "vigie="+key),
		"get of the token page": s.get(t, nil, "/oauth/token"),
	} {
		if a.status < 400 || a.status >= 500 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}

func TestTooManyWrongKeys(t *testing.T) {
	t.Parallel()
	s := buildSite(t, nil)
	wrong := "Bearer vigie_abcdefghjk_" + strings.Repeat("A", 43)
	var last answer
	for range 31 {
		last = s.get(t, nil, "/api/session", "Authorization", wrong)
	}
	if last.status != http.StatusTooManyRequests || last.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", last.status, last.body)
	}
	s.person(t, "alice") // people of the same address are not held up
}

func TestMachinesAndOtherSites(t *testing.T) {
	t.Parallel()
	s := buildSite(t, nil)
	key := s.client(t, "qgis", "analyst", "*")
	token := s.token(t, "qgis", key, "")
	// A page of another site that holds a key, or makes a browser send Basic that it remembers, is refused.
	for name, header := range map[string][]string{
		"bearer": {"Authorization", "Bearer " + token}, "basic": {"Authorization", basicOf("qgis", key)},
	} {
		for _, origin := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}} {
			if a := s.do(t, nil, http.MethodDelete, "/api/session", "", append(origin, header...)...); a.status != http.StatusForbidden {
				t.Errorf("%s with %s: %d", name, origin[0], a.status)
			}
		}
	}
	// A program sends neither Origin nor Sec-Fetch-Site, and gets through.
	if a := s.do(t, nil, http.MethodDelete, "/api/session", "", "Authorization", "Bearer "+token); a.status != http.StatusNoContent {
		t.Errorf("program: %d %s", a.status, a.body)
	}
	if a := s.get(t, nil, "/api/session", "Authorization", "Bearer "+token); a.status != http.StatusUnauthorized {
		t.Errorf("the access token lives on after its log-out: %d", a.status)
	}
	if a := s.get(t, nil, "/api/session", "Authorization", "Bearer "+key); a.status != http.StatusOK {
		t.Errorf("the key went with its token: %d", a.status)
	}
	if a := s.do(t, nil, http.MethodOptions, "/api/session", "", "Origin", "https://evil.example", "Access-Control-Request-Method", "DELETE"); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("another site is let in by CORS")
	}
}

func TestNothingLeadsElsewhere(t *testing.T) {
	t.Parallel()
	s := buildSite(t, nil)
	follow := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	own := mustURL(t, s.URL)
	for _, path := range []string{
		"//evil.example", "//evil.example/%2e%2e", "/\\evil.example", "/%5cevil.example/", "/x/..//evil.example", "/.//evil.example/..",
		"///evil.example//", "/api/../../evil.example", "/http://evil.example", "/?next=//evil.example", "/%2f%2fevil.example/",
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.URL.Opaque = path
		response, err := follow.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		location := response.Header.Get("Location")
		if location == "" {
			continue
		}
		to, err := own.Parse(location)
		if err != nil || to.Host != own.Host {
			t.Errorf("%s leads to %s", path, location)
		}
	}
}

// sessionsOf lists sessions.
func (s *site) sessionsOf(t *testing.T, person *http.Client, query string) (list []sessionBody) {
	t.Helper()
	a := s.get(t, person, "/api/sessions"+query)
	if a.status != http.StatusOK {
		t.Fatalf("%s: %d %s", query, a.status, a.body)
	}
	var body struct{ Sessions []sessionBody }
	a.into(t, &body)
	return body.Sessions
}

type sessionBody struct {
	ID, Account, Address, Agent string
	Current                     bool
	Created, Used, Expires      time.Time
}

func TestSessionsAreListedAndRevoked(t *testing.T) {
	t.Parallel()
	s := buildSite(t, nil)
	accounts := identity.NewAccounts(s.store, rand.Reader, time.Now)
	if err := errors.Join(
		accounts.CreateAccount(t.Context(), "root", "admin", []string{"*"}, password),
		accounts.CreateAccount(t.Context(), "south", "admin", []string{"fr.76"}, password),
	); err != nil {
		t.Fatal(err)
	}
	toulouse, other, paris := s.person(t, "toulouse"), s.person(t, "toulouse"), s.person(t, "paris")
	root, south := s.person(t, "root"), s.person(t, "south")
	own := s.sessionsOf(t, toulouse, "")
	current := slices.IndexFunc(own, func(b sessionBody) bool { return b.Current })
	if len(own) != 2 || current < 0 || own[1-current].Current || own[0].Address != "127.0.0.1" || own[0].Agent == "" || own[0].Account != "toulouse" {
		t.Fatalf("%+v", own)
	}
	names := func(list []sessionBody) (all []string) {
		for _, b := range list {
			all = append(all, b.Account)
		}
		slices.Sort(all)
		return all
	}
	if diff := cmp.Diff([]string{"paris", "root", "south", "toulouse", "toulouse"}, names(s.sessionsOf(t, root, "?account=*"))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"south", "toulouse", "toulouse"}, names(s.sessionsOf(t, south, "?account=*"))); diff != "" {
		t.Error("an administrator of a territory sees sessions beyond it:", diff)
	}
	if list := s.sessionsOf(t, south, "?account=paris"); len(list) != 0 {
		t.Errorf("%+v", list)
	}
	parisID := s.sessionsOf(t, paris, "")[0].ID
	for name, a := range map[string]answer{
		"others' list":     s.get(t, toulouse, "/api/sessions?account=paris"),
		"everybody's list": s.get(t, toulouse, "/api/sessions?account=*"),
	} {
		if a.status != http.StatusForbidden {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	foreign := s.do(t, toulouse, http.MethodDelete, "/api/sessions/"+parisID, "")
	missing := s.do(t, toulouse, http.MethodDelete, "/api/sessions/AAAAAAAAAAAAAAAA", "")
	if foreign.status != http.StatusNotFound || string(cutID(foreign.body)) != string(cutID(missing.body)) {
		t.Errorf("another's session: %d %s, none: %s", foreign.status, foreign.body, missing.body)
	}
	if a := s.do(t, south, http.MethodDelete, "/api/sessions/"+parisID, ""); a.status != http.StatusNotFound {
		t.Errorf("a session beyond the administrator's territory: %d", a.status)
	}
	for name, step := range map[string]struct {
		by, gone *http.Client
		id       string
	}{
		"one's other": {toulouse, other, own[1-current].ID}, "by the administrator": {root, paris, parisID},
	} {
		if a := s.do(t, step.by, http.MethodDelete, "/api/sessions/"+step.id, ""); a.status != http.StatusNoContent || a.header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
		if a := s.get(t, step.gone, "/api/session"); a.status != http.StatusUnauthorized {
			t.Errorf("%s: lives on: %d", name, a.status)
		}
	}
	if a := s.do(t, toulouse, http.MethodDelete, "/api/sessions/"+own[current].ID, ""); !strings.Contains(a.header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("one's own: %d %v", a.status, a.header)
	}
	machine := s.client(t, "watch", "analyst", "*")
	if a := s.get(t, nil, "/api/sessions", "X-API-Key", machine); a.status != http.StatusOK || strings.TrimSpace(string(a.body)) != `{"sessions":[]}` {
		t.Errorf("a machine has no sessions: %d %s", a.status, a.body)
	}
	if a := s.get(t, nil, "/api/sessions?account=toulouse", "X-API-Key", machine); a.status != http.StatusForbidden {
		t.Errorf("a machine that is no administrator: %d", a.status)
	}
}

// TestRevocationReachesOtherServers ends sessions, keys and rights on one server and looks at another, whose clock
// stands still, so that it would remember for ever if it were not told.
func TestRevocationReachesOtherServers(t *testing.T) {
	t.Parallel()
	first := buildSite(t, nil)
	second := first.twin(t)
	accounts := identity.NewAccounts(first.store, rand.Reader, time.Now)
	key := first.client(t, "qgis", "analyst", "*")
	until := func(what string, status int, ask func() answer) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
			a := ask()
			if a.status == status {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: %d, want %d: %s", what, a.status, status, a.body)
			}
		}
	}
	for range 2 { // by the second round the twin listens for sure
		person := first.person(t, "alice")
		person.Jar.SetCookies(mustURL(t, second.URL), person.Jar.Cookies(mustURL(t, first.URL)))
		mine := func() answer { return second.get(t, person, "/api/session") }
		until("session", http.StatusOK, mine)
		for _, b := range first.sessionsOf(t, person, "") {
			if b.Current {
				first.do(t, person, http.MethodDelete, "/api/sessions/"+b.ID, "")
			}
		}
		until("revoked session", http.StatusUnauthorized, mine)
	}
	machine := func(target string) func() answer {
		return func() answer { return second.get(t, nil, target, "X-API-Key", key) }
	}
	until("key", http.StatusOK, machine("/openapi.json"))
	until("role", http.StatusForbidden, machine("/api/journal"))
	if err := accounts.GrantClient(t.Context(), "qgis", []geoengine.AccountGrant{{Role: "auditor", Areas: []string{"*"}}}); err != nil {
		t.Fatal(err)
	}
	until("granted role", http.StatusOK, machine("/api/journal"))
	if err := accounts.SetScopes(t.Context(), "qgis", []string{"Tiles"}); err != nil {
		t.Fatal(err)
	}
	until("scope taken", http.StatusForbidden, machine("/api/journal"))
	if err := accounts.DisableClient(t.Context(), "qgis"); err != nil {
		t.Fatal(err)
	}
	until("disabled", http.StatusUnauthorized, machine("/openapi.json"))
}

// twin is another server on the same store, with a clock that stands still.
func (s *site) twin(t *testing.T) *site {
	t.Helper()
	other := &site{store: s.store, log: &logBuffer{}}
	log := slog.New(slog.NewTextHandler(other.log, nil))
	now := time.Now()
	var err error
	other.api, err = api.New(api.Config{
		Store: s.store, Cube: cube.New(s.store, log), Log: log, Clock: func() time.Time { return now }, Random: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- other.api.Work(ctx) }()
	other.Server = httptest.NewServer(other.api.Handler())
	t.Cleanup(func() {
		stop()
		other.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return other
}

func TestLogInWays(t *testing.T) {
	t.Parallel()
	s := buildSite(t, nil)
	if a := s.get(t, nil, "/api/login"); strings.TrimSpace(string(a.body)) != `{"local":true,"oidc":null}` {
		t.Errorf("%d %s", a.status, a.body)
	}
	closed := buildSite(t, func(c *api.Config) { c.NoPassword = true })
	if a := closed.get(t, nil, "/api/login"); !json.Valid(a.body) || !strings.Contains(string(a.body), `"local":false`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := closed.logIn(t, &http.Client{}, "alice", password); a.status != http.StatusForbidden {
		t.Errorf("log-in by password: %d %s", a.status, a.body)
	}
}

// TestScopesAreListed keeps the list that the command line shows true.
func TestScopesAreListed(t *testing.T) {
	t.Parallel()
	s := buildSite(t, nil)
	tags := map[string]bool{}
	for _, op := range s.api.Operations() {
		if !op.Public && op.Tag != "Server" {
			tags[op.Tag] = true
		}
	}
	for _, tag := range identity.Scopes() {
		delete(tags, tag)
	}
	if len(tags) > 0 {
		t.Errorf("tags that identity.Scopes lacks: %v", tags)
	}
}

// TestEveryAnswerIsProtected checks that no answer, good or bad, may be framed, sniffed or lead scripts astray.
func TestEveryAnswerIsProtected(t *testing.T) {
	t.Parallel()
	s := buildSite(t, nil)
	key := s.client(t, "watch", "admin", "*")
	for _, op := range s.api.Operations() {
		if op.Stream {
			continue
		}
		target := strings.NewReplacer("{$}", "", "{", "", "}", "", "...", "").Replace(op.Path)
		for _, header := range [][]string{nil, {"X-API-Key", key, "Accept", "text/html"}} {
			a := s.do(t, nil, op.Method, target, "", header...)
			policy := a.header.Get("Content-Security-Policy")
			if !strings.Contains(policy, "frame-ancestors 'none'") || !strings.Contains(policy, "base-uri 'none'") || strings.Contains(policy, "unsafe") ||
				a.header.Get("X-Frame-Options") != "DENY" || a.header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s %s: %d %q %q", op.Method, target, a.status, policy, a.header.Get("X-Frame-Options"))
			}
		}
	}
}
