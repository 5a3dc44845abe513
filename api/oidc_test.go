package api_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"vigie/api"
	"vigie/api/identity"
	"vigie/geoengine"
)

// provider is a real OpenID provider (zitadel/oidc) on loopback, with one user and the groups that the test gives.
type provider struct {
	*httptest.Server
	*storage.Storage

	mu     sync.Mutex
	groups []string
	down   bool
}

const (
	oidcUser     = "test-user@127.0.0.1"
	oidcPassword = "verysecure"
)

func newProvider(t *testing.T, callback string) *provider {
	t.Helper()
	p := &provider{}
	var handler http.Handler
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		down := p.down
		p.mu.Unlock()
		if down {
			http.Error(w, "maintenance", http.StatusBadGateway)
			return
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	p.Storage = storage.NewStorageWithClients(storage.NewUserStore(p.URL), map[string]*storage.Client{
		"vigie": storage.WebClient("vigie", "secret", callback),
	})
	handler = exampleop.SetupServer(p.URL, p, nil, true)
	return p
}

// SetUserinfoFromToken adds the groups to what the userinfo endpoint says.
func (p *provider) SetUserinfoFromToken(ctx context.Context, info *oidc.UserInfo, id, subject, origin string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	info.AppendClaims("realm", map[string]any{"groups": p.groups})
	return p.Storage.SetUserinfoFromToken(ctx, info, id, subject, origin)
}

func (p *provider) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

// oidcSite is a site whose people log in through a provider, and a browser that visits both.
type oidcSite struct {
	*site
	provider *provider
	visitor  *http.Client
}

func newOIDCSite(t *testing.T) *oidcSite {
	t.Helper()
	o := &oidcSite{}
	front := httptest.NewUnstartedServer(nil)
	t.Cleanup(front.Close)
	address := "http://" + front.Listener.Addr().String()
	o.provider = newProvider(t, address+"/api/oidc/callback")
	o.site = buildSite(t, func(c *api.Config) {
		c.PublicURL = address
		c.OIDC = &identity.OIDCConfig{
			Issuer: o.provider.URL, ClientID: "vigie", ClientSecret: "secret", Title: "Proconnect", GroupsClaim: "realm.groups",
			Grants: map[string][]identity.Grant{
				"commandants-31": {{Role: identity.Commander, Areas: []string{"fr.76.31"}}},
				"auditeurs":      {{Role: identity.Auditor, Areas: []string{"*"}}},
			},
		}
	})
	front.Config.Handler = o.api.Handler()
	front.Start()
	o.Server = front
	o.forget(t)
	return o
}

// forget gives the visitor a new browser.
func (o *oidcSite) forget(t *testing.T) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	o.visitor = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// visit gets an address and returns the status, where it leads and the page.
func (o *oidcSite) visit(t *testing.T, address string) (status int, leads, page string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return o.send(t, request)
}

func (o *oidcSite) send(t *testing.T, request *http.Request) (status int, leads, page string) {
	t.Helper()
	answer, err := o.visitor.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	leads = answer.Header.Get("Location")
	if u, err := request.URL.Parse(leads); err == nil && leads != "" {
		leads = u.String()
	}
	return answer.StatusCode, leads, string(body)
}

// atProvider begins a log-in, logs in at the provider, and returns the address of our callback with its answer.
func (o *oidcSite) atProvider(t *testing.T, next string) (callback string) {
	t.Helper()
	status, leads, _ := o.visit(t, o.URL+"/api/oidc/start?next="+url.QueryEscape(next))
	if status != http.StatusSeeOther || !strings.HasPrefix(leads, o.provider.URL) {
		t.Fatalf("start: %d %s", status, leads)
	}
	asked, err := url.Parse(leads)
	if err != nil {
		t.Fatal(err)
	}
	if q := asked.Query(); q.Get("code_challenge_method") != "S256" || q.Get("state") == "" || q.Get("nonce") == "" || q.Get("response_type") != "code" {
		t.Errorf("asked for %v", q)
	}
	_, form, _ := o.visit(t, leads)
	at, err := url.Parse(form)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, o.provider.URL+"/login/username", strings.NewReader(url.Values{
		"username": {oidcUser}, "password": {oidcPassword}, "id": {at.Query().Get("authRequestID")},
	}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	_, back, page := o.send(t, request)
	_, callback, _ = o.visit(t, back)
	if !strings.HasPrefix(callback, o.URL+"/api/oidc/callback?") {
		t.Fatalf("the provider leads to %s: %s", callback, page)
	}
	return callback
}

// person is who the visitor is for our server; "" is nobody.
func (o *oidcSite) who(t *testing.T) string {
	t.Helper()
	status, _, page := o.visit(t, o.URL+"/api/session")
	if status != http.StatusOK {
		return ""
	}
	var who struct {
		Name   string
		Grants []struct {
			Role  string
			Areas []string
		}
	}
	if err := json.Unmarshal([]byte(page), &who); err != nil {
		t.Fatal(err)
	}
	found := who.Name
	for _, g := range who.Grants {
		found += " " + g.Role + "@" + strings.Join(g.Areas, ",")
	}
	return found
}

func TestOIDC(t *testing.T) {
	t.Parallel()
	o := newOIDCSite(t)
	if _, _, page := o.visit(t, o.URL+"/api/login"); !strings.Contains(page, `"title":"Proconnect"`) {
		t.Errorf("ways to log in: %s", page)
	}
	for _, c := range []struct {
		name, next, leads, person string
		groups                    []string
	}{
		{"commander", "/?z=9", "/?z=9", oidcUser + " commander@fr.76.31", []string{"commandants-31", "others"}},
		{"both, again", "/ogc/collections", "/?next=%2Fogc%2Fcollections", oidcUser + " commander@fr.76.31 auditor@*", []string{"auditeurs", "commandants-31"}},
		{"open redirect", "//evil.example/", "/", oidcUser + " auditor@*", []string{"auditeurs"}},
		{"no grant", "/", "/?login=refused", "", []string{"others"}},
		{"no group", "/", "/?login=refused", "", nil},
	} {
		o.forget(t)
		o.provider.set(func() { o.provider.groups = c.groups })
		status, leads, _ := o.visit(t, o.atProvider(t, c.next))
		if status != http.StatusSeeOther || leads != o.URL+c.leads {
			t.Errorf("%s: %d leads to %s, want %s", c.name, status, leads, c.leads)
		}
		got, want := strings.Fields(o.who(t)), strings.Fields(c.person)
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
	accounts, err := o.store.Accounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(accounts, func(a geoengine.Account) bool { return a.Name == oidcUser && a.Password == "" }) {
		t.Errorf("%v", accounts)
	}
	if r := o.logIn(t, nil, oidcUser, "x"); r.status != http.StatusUnauthorized {
		t.Errorf("a person without a password logs in with one: %d", r.status)
	}
}

func TestOIDCRefuses(t *testing.T) {
	t.Parallel()
	o := newOIDCSite(t)
	o.provider.set(func() { o.provider.groups = []string{"auditeurs"} })
	changed := func(callback string, change func(url.Values)) string {
		u, err := url.Parse(callback)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		change(q)
		u.RawQuery = q.Encode()
		return u.String()
	}
	spoilt := func(key, value string) func(string) string {
		return func(callback string) string { return changed(callback, func(q url.Values) { q.Set(key, value) }) }
	}
	for name, c := range map[string]struct {
		leads string
		spoil func(callback string) string
	}{
		"another state":    {"failed", spoilt("state", strings.Repeat("x", 43))},
		"no state":         {"failed", spoilt("state", "")},
		"another provider": {"failed", spoilt("iss", "https://evil.example")},
		"a made-up code":   {"failed", spoilt("code", "abc")},
		"no code":          {"failed", spoilt("code", "")},
		"provider says no": {"refused", spoilt("error", "access_denied")},
		"another browser":  {"failed", func(callback string) string { o.forget(t); return callback }},
		"used twice":       {"failed", func(callback string) string { o.visit(t, callback); return callback }},
		"another verifier": {"failed", func(callback string) string { o.tamper(t, "v"); return callback }},
		"another nonce":    {"failed", func(callback string) string { o.tamper(t, "n"); return callback }},
		"provider is down": {"failed", func(callback string) string { o.provider.set(func() { o.provider.down = true }); return callback }},
	} {
		o.forget(t)
		callback := c.spoil(o.atProvider(t, "/"))
		if _, leads, _ := o.visit(t, callback); leads != o.URL+"/?login="+c.leads {
			t.Errorf("%s: leads to %s, want %s", name, leads, c.leads)
		}
		o.provider.set(func() { o.provider.down = false })
		if who := o.who(t); who != "" && name != "used twice" {
			t.Errorf("%s: logged in as %s", name, who)
		}
	}
	o.forget(t)
	if _, leads, _ := o.visit(t, o.atProvider(t, "/")); leads != o.URL+"/" {
		t.Fatalf("leads to %s", leads)
	}
	if err := o.store.DisableAccount(t.Context(), oidcUser, true); err != nil {
		t.Fatal(err)
	}
	o.forget(t)
	if _, leads, _ := o.visit(t, o.atProvider(t, "/")); leads != o.URL+"/?login=disabled" || o.who(t) != "" {
		t.Errorf("a disabled account: %s", leads)
	}
	if log := o.log.String(); strings.Contains(log, "code=") || strings.Contains(log, "secret") {
		t.Error("the log holds a secret")
	}
}

// tamper changes one value in the cookie of the log-in under way.
func (o *oidcSite) tamper(t *testing.T, key string) {
	t.Helper()
	at, err := url.Parse(o.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range o.visitor.Jar.Cookies(at) {
		if !strings.HasSuffix(c.Name, "-oidc") {
			continue
		}
		raw, err := base64.RawURLEncoding.DecodeString(c.Value)
		if err != nil {
			t.Fatal(err)
		}
		held := map[string]any{}
		if err := json.Unmarshal(raw, &held); err != nil {
			t.Fatal(err)
		}
		held[key] = strings.Repeat("y", 43)
		if raw, err = json.Marshal(held); err != nil {
			t.Fatal(err)
		}
		o.visitor.Jar.SetCookies(at, []*http.Cookie{{Name: c.Name, Value: base64.RawURLEncoding.EncodeToString(raw), Path: "/"}})
		return
	}
	t.Fatal("there is no cookie of the log-in")
}

func TestOIDCConfiguration(t *testing.T) {
	t.Parallel()
	good := identity.OIDCConfig{
		Issuer: "https://id.example", ClientID: "vigie", Grants: map[string][]identity.Grant{"g": {{Role: identity.Analyst, Areas: []string{"*"}}}},
	}
	for name, spoil := range map[string]func(*identity.OIDCConfig){
		"plain http": func(c *identity.OIDCConfig) { c.Issuer = "http://id.example" },
		"no issuer":  func(c *identity.OIDCConfig) { c.Issuer = "" },
		"no client":  func(c *identity.OIDCConfig) { c.ClientID = "" },
		"no grants":  func(c *identity.OIDCConfig) { c.Grants = nil },
		"unknown role": func(c *identity.OIDCConfig) {
			c.Grants = map[string][]identity.Grant{"g": {{Role: "king", Areas: []string{"*"}}}}
		},
		"bad area": func(c *identity.OIDCConfig) {
			c.Grants = map[string][]identity.Grant{"g": {{Role: identity.Analyst, Areas: []string{"a b"}}}}
		},
	} {
		config := good
		spoil(&config)
		if _, err := identity.NewOIDC(config, nil, nil, identity.NewRoles(), nil, nil); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := identity.NewOIDC(good, nil, nil, identity.NewRoles(), nil, nil); err != nil {
		t.Error(err)
	}
}
