package api_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"vigie/api"
	"vigie/api/identity"
	"vigie/geoengine"
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
