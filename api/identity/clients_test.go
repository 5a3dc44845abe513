package identity_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vigie/api/identity"
	"vigie/geoengine"
)

// machines is a store with alice and the client qgis of two roles, which has a key.
type machines struct {
	*clock
	store    *geoengine.Store
	accounts *identity.Accounts
	clients  *identity.Clients
	sessions *identity.Sessions
	callers  *identity.Authenticator
	key, id  string
}

func newMachines(t *testing.T, scopes ...string) *machines {
	t.Helper()
	m := &machines{clock: newClock()}
	m.store, m.accounts = people(t, m.clock)
	grants := []geoengine.AccountGrant{{Role: "analyst", Areas: []string{"fr.76"}}, {Role: "operator", Areas: []string{"*"}}}
	if err := m.accounts.CreateClient(t.Context(), "qgis", "QGIS of the desk", grants, scopes); err != nil {
		t.Fatal(err)
	}
	m.key, m.id = m.addKey(t, "qgis", 90*24*time.Hour)
	m.serve(m.store)
	return m
}

func (m *machines) serve(store *geoengine.Store) {
	m.clients = identity.NewClients(store, rand.Reader, m.Now)
	m.sessions = identity.NewSessions(store, rand.Reader, m.Now)
	m.callers = identity.NewAuthenticator(m.sessions, m.clients)
}

func (m *machines) addKey(t *testing.T, client string, life time.Duration) (key, id string) {
	t.Helper()
	key, stored, err := m.accounts.AddKey(t.Context(), client, m.Now().Add(life))
	if err != nil {
		t.Fatal(err)
	}
	return key, stored.ID
}

func keyOf(text string) identity.Credentials {
	return identity.Credentials{Secrets: []identity.Secret{{Text: text}}}
}

func (m *machines) identify(t *testing.T, c identity.Credentials) (identity.Caller, error) {
	t.Helper()
	return m.callers.Identify(t.Context(), c, home())
}

func TestKeyIdentifies(t *testing.T) {
	t.Parallel()
	m := newMachines(t, "Tiles", "Features")
	caller, err := m.identify(t, keyOf(m.key))
	want := identity.Caller{
		Name: "qgis", Machine: true, Scopes: []string{"Tiles", "Features"}, Expires: m.Now().Add(90 * 24 * time.Hour),
		Grants: []identity.Grant{{Role: identity.Analyst, Areas: []string{"fr.76"}}, {Role: identity.Operator, Areas: []string{"*"}}},
	}
	caller.Expires = caller.Expires.UTC()
	if diff := cmp.Diff(want, caller); err != nil || diff != "" {
		t.Fatal(err, diff)
	}
	list, err := m.accounts.ListClients(t.Context())
	if err != nil || len(list) != 1 || len(list[0].Keys) != 1 || !list[0].Keys[0].Used.Equal(m.Now()) || list[0].Keys[0].Hash != nil {
		t.Errorf("the use of the key is not noted, or its hash is shown: %v %+v", err, list)
	}
	var stored string
	const all = `select string_agg(k::text, ' ') from client_key k`
	if err := m.store.Pool.QueryRow(t.Context(), all).Scan(&stored); err != nil || strings.Contains(stored, m.key[17:]) {
		t.Errorf("the key itself is stored: %v", err)
	}
}

// TestKeysEnd checks that each way of ending a key ends it at once on a server that hears of it, and its access tokens.
func TestKeysEnd(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(m *machines) error{
		"expiry":   func(m *machines) error { m.advance(3 * time.Second); return nil },
		"revoked":  func(m *machines) error { return m.accounts.RevokeKey(context.Background(), m.id) },
		"disabled": func(m *machines) error { return m.accounts.DisableClient(context.Background(), "qgis") },
		"bound to a certificate": func(m *machines) error {
			return m.accounts.BindCertificate(context.Background(), "qgis", make([]byte, 32))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachines(t)
			m.advance(90*24*time.Hour - 2*time.Second)
			token, err := m.clients.Issue(t.Context(), "", keyOf(m.key), nil, home())
			if err != nil {
				t.Fatal(err)
			}
			for what, secret := range map[string]string{"key": m.key, "token": token.Text} {
				if _, err := m.identify(t, keyOf(secret)); err != nil {
					t.Fatalf("%s before: %v", what, err)
				}
			}
			if err := end(m); err != nil {
				t.Fatal(err)
			}
			if name != "expiry" { // which counts also while the key is remembered
				m.callers.Forget() // as the notification makes the server do
			}
			for what, secret := range map[string]string{"key": m.key, "token": token.Text} {
				if _, err := m.identify(t, keyOf(secret)); !errors.Is(err, identity.ErrKey) {
					t.Errorf("%s after: %v", what, err)
				}
			}
		})
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	m := newMachines(t, "Features", "Tiles")
	issue := func(client string, c identity.Credentials, scopes ...string) (identity.Token, error) {
		return m.clients.Issue(t.Context(), client, c, scopes, home())
	}
	token, err := issue("", keyOf(m.key), "Tiles")
	if err != nil || !token.Expires.Equal(m.Now().Add(identity.TokenLife)) || token.Client != "qgis" {
		t.Fatal(err, token)
	}
	caller, err := m.identify(t, keyOf(token.Text))
	if err != nil || !caller.Machine || !slices.Equal(caller.Scopes, []string{"Tiles"}) {
		t.Errorf("%+v %v", caller, err)
	}
	for name, try := range map[string]func() (identity.Token, error){
		"more scopes than held": func() (identity.Token, error) { return issue("", keyOf(m.key), "Tiles", "Journal") },
		"a token for a token":   func() (identity.Token, error) { return issue("", keyOf(token.Text)) },
		"nothing":               func() (identity.Token, error) { return issue("qgis", identity.Credentials{}) },
		"another client":        func() (identity.Token, error) { return issue("", named("arcgis", m.key)) },
		"not a key":             func() (identity.Token, error) { return issue("", named("qgis", "secret")) },
		"a certificate of nobody's": func() (identity.Token, error) {
			return issue("qgis", identity.Credentials{Certificate: make([]byte, 32)})
		},
	} {
		got, err := try()
		want := identity.ErrKey
		if name == "more scopes than held" {
			want = identity.ErrScope
		}
		if !errors.Is(err, want) || got.Text != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := m.clients.EndToken(t.Context(), token.Text); err != nil {
		t.Fatal(err)
	}
	if _, err := m.identify(t, keyOf(token.Text)); !errors.Is(err, identity.ErrKey) {
		t.Errorf("an ended token: %v", err)
	}
	short, _ := m.addKey(t, "qgis", time.Minute)
	if token, err = issue("", keyOf(short)); err != nil || !token.Expires.Equal(m.Now().Add(time.Minute)) {
		t.Errorf("outlives its key: %v %v", token.Expires, err)
	}
	m.advance(time.Hour)
	if _, err := m.identify(t, keyOf(token.Text)); !errors.Is(err, identity.ErrKey) {
		t.Errorf("an expired token: %v", err)
	}
}

func named(client, key string) identity.Credentials {
	return identity.Credentials{Secrets: []identity.Secret{{Client: client, Text: key}}}
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	m := newMachines(t)
	mine, others := sha256.Sum256([]byte("mine")), sha256.Sum256([]byte("another"))
	with := func(c identity.Credentials, fingerprint [32]byte) identity.Credentials {
		c.Certificate = fingerprint[:]
		return c
	}
	if _, err := m.identify(t, with(keyOf(m.key), others)); err != nil {
		t.Errorf("a certificate that is bound to nobody gets in the way of a key: %v", err)
	}
	if _, err := m.identify(t, with(identity.Credentials{}, mine)); !errors.Is(err, geoengine.ErrMissing) {
		t.Errorf("a certificate that is bound to nobody: %v", err)
	}
	if err := m.accounts.BindCertificate(t.Context(), "qgis", mine[:]); err != nil {
		t.Fatal(err)
	}
	m.callers.Forget()
	for name, c := range map[string]struct {
		given identity.Credentials
		want  error
	}{
		"certificate alone":    {with(identity.Credentials{}, mine), nil},
		"key with certificate": {with(keyOf(m.key), mine), nil},
		"key alone":            {keyOf(m.key), identity.ErrKey},
		"key with another":     {with(keyOf(m.key), others), identity.ErrKey},
	} {
		caller, err := m.identify(t, c.given)
		if !errors.Is(err, c.want) || c.want == nil && caller.Name != "qgis" {
			t.Errorf("%s: %+v %v", name, caller, err)
		}
	}
	token, err := m.clients.Issue(t.Context(), "qgis", with(identity.Credentials{}, mine), nil, home())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.identify(t, keyOf(token.Text)); !errors.Is(err, identity.ErrKey) {
		t.Errorf("the access token of a certificate is good without it: %v", err)
	}
	if err := m.accounts.CreateClient(t.Context(), "arcgis", "", []geoengine.AccountGrant{{Role: "analyst", Areas: []string{"*"}}}, nil); err != nil {
		t.Fatal(err)
	}
	if err := m.accounts.BindCertificate(t.Context(), "arcgis", mine[:]); !errors.Is(err, geoengine.ErrInvalid) {
		t.Errorf("one certificate for two clients: %v", err)
	}
}

func TestCredentialsMustAgree(t *testing.T) {
	t.Parallel()
	m := newMachines(t, "Tiles")
	other := []geoengine.AccountGrant{{Role: "analyst", Areas: []string{"*"}}}
	if err := m.accounts.CreateClient(t.Context(), "arcgis", "", other, nil); err != nil {
		t.Fatal(err)
	}
	second, _ := m.addKey(t, "qgis", time.Hour)
	others, _ := m.addKey(t, "arcgis", time.Hour)
	cookie, _, err := m.sessions.Login(t.Context(), "alice", password, home(), "test")
	if err != nil {
		t.Fatal(err)
	}
	token, err := m.clients.Issue(t.Context(), "", keyOf(second), []string{"Tiles"}, home())
	if err != nil {
		t.Fatal(err)
	}
	both := func(a, b string) identity.Credentials {
		return identity.Credentials{Secrets: []identity.Secret{{Text: a}, {Text: b}}}
	}
	for name, c := range map[string]struct {
		given identity.Credentials
		want  error
	}{
		"two keys of one client":    {both(m.key, second), nil},
		"a key and its token":       {both(m.key, token.Text), nil},
		"keys of two clients":       {both(m.key, others), identity.ErrDisagree},
		"person and machine":        {identity.Credentials{Session: cookie, Secrets: []identity.Secret{{Text: m.key}}}, identity.ErrDisagree},
		"good key and bad key":      {both(m.key, someKey), identity.ErrKey},
		"good key and bad cookie":   {identity.Credentials{Session: cookie[1:] + "A", Secrets: []identity.Secret{{Text: m.key}}}, geoengine.ErrMissing},
		"key under another's name":  {named("arcgis", m.key), identity.ErrKey},
		"key under a person's name": {named("alice", m.key), identity.ErrKey},
		"nothing":                   {identity.Credentials{}, geoengine.ErrMissing},
	} {
		if caller, err := m.identify(t, c.given); !errors.Is(err, c.want) || err != nil && caller.Name != "" {
			t.Errorf("%s: %+v %v, want %v", name, caller, err, c.want)
		}
	}
}

// TestWrongKeysAreSlowedDown checks that wrong keys of one address are, and that its good ones go on.
func TestWrongKeysAreSlowedDown(t *testing.T) {
	t.Parallel()
	m := newMachines(t)
	if _, err := m.identify(t, keyOf(m.key)); err != nil {
		t.Fatal(err)
	}
	fresh, _ := m.addKey(t, "qgis", time.Hour)
	for i := range 30 {
		if _, err := m.identify(t, keyOf(someKey)); !errors.Is(err, identity.ErrKey) {
			t.Fatalf("wrong key %d: %v", i, err)
		}
	}
	var throttled *identity.ThrottledError
	for name, secret := range map[string]string{"wrong": someKey, "token": someToken, "never seen": fresh} {
		if _, err := m.identify(t, keyOf(secret)); !errors.As(err, &throttled) || throttled.Wait > time.Minute {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := m.clients.Issue(t.Context(), "", named("qgis", "secret"), nil, home()); !errors.As(err, &throttled) {
		t.Errorf("access token: %v", err)
	}
	m.callers.Forget()
	if _, err := m.identify(t, keyOf(m.key)); err != nil {
		t.Errorf("a key that was good before is held up by its neighbours: %v", err)
	}
	m.advance(time.Minute)
	if _, err := m.identify(t, keyOf(fresh)); err != nil {
		t.Errorf("after the wait: %v", err)
	}
}

// tracer counts the statements of a pool.
type tracer struct {
	mu         sync.Mutex
	statements []string
}

func (tr *tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.statements = append(tr.statements, data.SQL)
	return ctx
}

func (*tracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (tr *tracer) take() []string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	taken := tr.statements
	tr.statements = nil
	return taken
}

// traced is the same database with its statements counted.
func traced(t *testing.T, store *geoengine.Store) (*geoengine.Store, *tracer) {
	t.Helper()
	tr := &tracer{}
	config := store.Pool.Config().Copy()
	config.ConnConfig.Tracer = tr
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return &geoengine.Store{Pool: pool}, tr
}

// TestRefusalsCostTheSame checks by counting work that nobody can tell an unknown key from a wrong, expired, revoked or
// disabled one, nor an unknown name from a wrong password or a disabled account.
func TestRefusalsCostTheSame(t *testing.T) {
	t.Parallel()
	m := newMachines(t)
	store, work := traced(t, m.store)
	expired, _ := m.addKey(t, "qgis", time.Minute)
	revoked, revokedID := m.addKey(t, "qgis", time.Hour)
	off := []geoengine.AccountGrant{{Role: "analyst", Areas: []string{"*"}}}
	errs := []error{
		m.accounts.RevokeKey(t.Context(), revokedID), m.accounts.CreateClient(t.Context(), "off", "", off, nil),
		m.accounts.CreateAccount(t.Context(), "gone", "analyst", []string{"*"}, password), m.accounts.DisableAccount(t.Context(), "gone"),
	}
	disabled, _ := m.addKey(t, "off", time.Hour)
	if err := errors.Join(append(errs, m.accounts.DisableClient(t.Context(), "off"))...); err != nil {
		t.Fatal(err)
	}
	m.advance(2 * time.Minute)
	m.serve(store)
	wrong := m.key[:len(m.key)-2] + "AA"
	var first []string
	for _, secret := range []string{someKey, wrong, expired, revoked, disabled} {
		_, err := m.identify(t, keyOf(secret))
		statements := work.take()
		if first == nil {
			first = statements
		}
		if diff := cmp.Diff(first, statements); diff != "" || len(statements) != 1 || !errors.Is(err, identity.ErrKey) || err.Error() != identity.ErrKey.Error() {
			t.Errorf("%s: %v %s", secret[:20], err, diff)
		}
	}
	hasher := m.sessions.Hasher()
	spent := int64(0)
	first = nil
	for _, try := range [][2]string{{"alice", "wrong password"}, {"nobody", password}, {"gone", password}} {
		before := hasher.Work()
		_, _, err := m.sessions.Login(t.Context(), try[0], try[1], home(), "test")
		statements, cost := work.take(), hasher.Work()-before
		if first == nil {
			first, spent = statements, cost
		}
		if diff := cmp.Diff(first, statements); diff != "" || cost != spent || cost == 0 || !errors.Is(err, identity.ErrCredentials) {
			t.Errorf("%s: %v, work %d and %d, %s", try[0], err, cost, spent, diff)
		}
	}
}

func TestClientsRefuse(t *testing.T) {
	t.Parallel()
	m := newMachines(t)
	good := []geoengine.AccountGrant{{Role: "analyst", Areas: []string{"*"}}}
	long := strings.Repeat("x", 300)
	for name, err := range map[string]error{
		"taken":              m.accounts.CreateClient(t.Context(), "qgis", "", good, nil),
		"an account's name":  m.accounts.CreateClient(t.Context(), "alice", "", good, nil),
		"a client's name":    m.accounts.CreateAccount(t.Context(), "qgis", "analyst", []string{"*"}, password),
		"odd id":             m.accounts.CreateClient(t.Context(), "a b", "", good, nil),
		"at sign":            m.accounts.CreateClient(t.Context(), "a@b", "", good, nil),
		"title":              m.accounts.CreateClient(t.Context(), "a", long, good, nil),
		"no grants":          m.accounts.CreateClient(t.Context(), "a", "", nil, nil),
		"role":               m.accounts.CreateClient(t.Context(), "a", "", []geoengine.AccountGrant{{Role: "king", Areas: []string{"*"}}}, nil),
		"no areas":           m.accounts.CreateClient(t.Context(), "a", "", []geoengine.AccountGrant{{Role: "analyst"}}, nil),
		"no scopes":          m.accounts.CreateClient(t.Context(), "a", "", good, []string{}),
		"odd scope":          m.accounts.CreateClient(t.Context(), "a", "", good, []string{"Tiles Features"}),
		"key of the past":    second(m.accounts.AddKey(t.Context(), "qgis", m.Now())),
		"key without an end": second(m.accounts.AddKey(t.Context(), "qgis", m.Now().AddDate(10, 0, 0))),
		"key id":             m.accounts.RevokeKey(t.Context(), "' or true --"),
	} {
		if !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, err := range map[string]error{
		"key of nobody":    second(m.accounts.AddKey(t.Context(), "nobody", m.Now().Add(time.Hour))),
		"revoke nothing":   m.accounts.RevokeKey(t.Context(), "abcdefghjk"),
		"disable nobody":   m.accounts.DisableClient(t.Context(), "nobody"),
		"grant to nobody":  m.accounts.GrantClient(t.Context(), "nobody", good),
		"tokens of nobody": m.accounts.EndTokens(t.Context(), "nobody"),
		"role not held":    m.accounts.RevokeClient(t.Context(), "qgis", []geoengine.AccountGrant{{Role: "admin"}}),
	} {
		if !errors.Is(err, geoengine.ErrMissing) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[A, B any](_ A, _ B, err error) error { return err }

// TestCallerNow checks the rights of those for whom work goes on without a request.
func TestCallerNow(t *testing.T) {
	t.Parallel()
	m := newMachines(t, "Tiles")
	person, err := m.callers.Caller(t.Context(), "alice", false)
	if err != nil || person.Machine || len(person.Grants) != 1 || person.Scopes != nil {
		t.Errorf("%+v %v", person, err)
	}
	machine, err := m.callers.Caller(t.Context(), "qgis", true)
	if err != nil || !machine.Machine || len(machine.Grants) != 2 || !slices.Equal(machine.Scopes, []string{"Tiles"}) {
		t.Errorf("%+v %v", machine, err)
	}
	if err := errors.Join(m.accounts.DisableAccount(t.Context(), "alice"), m.accounts.DisableClient(t.Context(), "qgis")); err != nil {
		t.Fatal(err)
	}
	for name, isMachine := range map[string]bool{"alice": false, "qgis": true} {
		if _, err := m.callers.Caller(t.Context(), name, isMachine); !errors.Is(err, geoengine.ErrDenied) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := m.callers.Caller(t.Context(), name, !isMachine); !errors.Is(err, geoengine.ErrMissing) {
			t.Errorf("%s as the other kind: %v", name, err)
		}
	}
}

func TestKeysAreUnlike(t *testing.T) {
	t.Parallel()
	m := newMachines(t)
	seen := map[string]bool{}
	for range 20 {
		key, id := m.addKey(t, "qgis", time.Hour)
		if seen[key] || seen[id] || !strings.HasPrefix(key, "vigie_"+id+"_") || len(key) != 60 || bytes.ContainsAny([]byte(key), "+/= ") {
			t.Errorf("%s %s", id, key)
		}
		seen[key], seen[id] = true, true
	}
}
