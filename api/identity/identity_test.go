package identity_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"vigie/api/identity"
	"vigie/geoengine"
	"vigie/geoengine/geotest"
)

// clock is a time that tests move by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

const password = "correct horse battery"

func home() netip.Addr { return netip.MustParseAddr("192.0.2.1") }

// people returns a store with one commander, alice, of two areas.
func people(t *testing.T, c *clock) (*geoengine.Store, *identity.Accounts) {
	t.Helper()
	store := geotest.New(t)
	accounts := identity.NewAccounts(store, rand.Reader, c.Now)
	if err := accounts.CreateAccount(t.Context(), "alice", "commander", []string{"fr.76", "demo"}, password); err != nil {
		t.Fatal(err)
	}
	return store, accounts
}

func TestHash(t *testing.T) {
	t.Parallel()
	h := identity.NewHasher(rand.Reader)
	phc, err := h.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(phc, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("not OWASP's parameters: %s", phc)
	}
	for _, c := range []struct {
		name, phc, password string
		want                bool
	}{
		{"right", phc, password, true},
		{"wrong", phc, "correct horse batter", false},
		{"no account", "", password, false},
		{"damaged", phc[:len(phc)-10], password, false},
		{"other scheme", strings.Replace(phc, "argon2id", "argon2i", 1), password, false},
		{"too long", phc, strings.Repeat("x", 100_000), false},
		// From the reference implementation: echo -n password | argon2 somesalt -id -t 2 -k 65536 -p 1 -l 24.
		{"reference", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password", true},
	} {
		got, err := h.Verify(t.Context(), c.phc, c.password)
		if err != nil || got != c.want {
			t.Errorf("%s: %v, %v; want %v", c.name, got, err, c.want)
		}
	}
}

func TestHashNormalises(t *testing.T) {
	t.Parallel()
	h := identity.NewHasher(rand.Reader)
	phc, err := h.Hash(t.Context(), "l'été à la mer") // composed
	if err != nil {
		t.Fatal(err)
	}
	if same, err := h.Verify(t.Context(), phc, "l'e\u0301te\u0301 a\u0300 la mer"); err != nil || !same {
		t.Errorf("decomposed letters are another password: %v", err)
	}
}

func TestHashBoundsMemory(t *testing.T) {
	t.Parallel()
	h := identity.NewHasher(rand.Reader)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var (
		wait    sync.WaitGroup
		mu      sync.Mutex
		refused int
	)
	for range 200 {
		wait.Go(func() {
			if _, err := h.Verify(ctx, "", "x"); errors.Is(err, geoengine.ErrBusy) {
				mu.Lock()
				refused++
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	if refused == 0 {
		t.Error("200 log-ins at once, and none is told to wait")
	}
}

func TestAccountsRefuse(t *testing.T) {
	t.Parallel()
	_, accounts := people(t, newClock())
	for _, c := range []struct{ name, account, role, areas, password, want string }{
		{"taken", "alice", "admin", "*", password, "exists already"},
		{"empty name", "", "admin", "*", password, "name "},
		{"capital", "Bob", "admin", "*", password, "name "},
		{"injection", "'; drop table account; --", "admin", "*", password, "name "},
		{"role", "bob", "general", "*", password, "commander, analyst"},
		{"no areas", "bob", "admin", "", password, "areas"},
		{"everywhere and somewhere", "bob", "admin", "* fr", password, "alone"},
		{"bad area", "bob", "admin", "fr..76", password, "fr..76"},
		{"short", "bob", "admin", "*", "short", "at least 12"},
		{"long", "bob", "admin", "*", strings.Repeat("x", 257), "at most 256"},
		{"not text", "bob", "admin", "*", "\xff\xfe it is not text", "UTF-8"},
	} {
		err := accounts.CreateAccount(t.Context(), c.account, c.role, strings.Fields(c.areas), c.password)
		if !errors.Is(err, geoengine.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want ErrInvalid with %q", c.name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), c.password) {
			t.Errorf("%s: the error tells the password", c.name)
		}
	}
	for name, err := range map[string]error{
		"disable": accounts.DisableAccount(t.Context(), "nobody"), "password": accounts.SetPassword(t.Context(), "nobody", password),
	} {
		if !errors.Is(err, geoengine.ErrMissing) {
			t.Errorf("%s of an unknown account: %v", name, err)
		}
	}
}

func TestSessionLife(t *testing.T) {
	t.Parallel()
	c := newClock()
	store, accounts := people(t, c)
	sessions := identity.NewSessions(store, rand.Reader, c.Now)
	token, caller, err := sessions.Login(t.Context(), " Alice", password, home(), "test")
	if err != nil {
		t.Fatal(err)
	}
	if caller.Name != "alice" || len(caller.Grants) != 1 || caller.Grants[0].Role != identity.Commander || len(caller.Grants[0].Areas) != 2 {
		t.Errorf("%+v", caller)
	}
	resolve := func() error {
		t.Helper()
		_, err := sessions.Resolve(t.Context(), token)
		return err
	}
	for range 13 { // 6 days and a half, never idle for 12 hours
		c.advance(11*time.Hour + 59*time.Minute)
		if err := resolve(); err != nil {
			t.Fatal(err)
		}
	}
	c.advance(11*time.Hour + 59*time.Minute)
	if err := resolve(); err != nil {
		t.Fatal("ended before 7 days:", err)
	}
	c.advance(time.Hour)
	if err := resolve(); !errors.Is(err, geoengine.ErrMissing) {
		t.Errorf("lives on after 7 days: %v", err)
	}

	token, _, err = sessions.Login(t.Context(), "alice", password, home(), "test")
	if err != nil {
		t.Fatal(err)
	}
	c.advance(12 * time.Hour)
	if err := resolve(); !errors.Is(err, geoengine.ErrMissing) {
		t.Errorf("lives on after 12 idle hours: %v", err)
	}

	token, _, err = sessions.Login(t.Context(), "alice", password, home(), "test")
	if err != nil || resolve() != nil {
		t.Fatal(err)
	}
	if err := accounts.DisableAccount(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	sessions.Forget() // as the notification makes the server do
	if err := resolve(); !errors.Is(err, geoengine.ErrMissing) {
		t.Errorf("lives on in a disabled account: %v", err)
	}
	if _, _, err := sessions.Login(t.Context(), "alice", password, home(), "test"); !errors.Is(err, identity.ErrCredentials) {
		t.Errorf("a disabled account logs in: %v", err)
	}
	if err := accounts.EnableAccount(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	token, _, err = sessions.Login(t.Context(), "alice", password, home(), "test")
	if err != nil {
		t.Fatal(err)
	}
	if err := sessions.Logout(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	if err := resolve(); !errors.Is(err, geoengine.ErrMissing) {
		t.Errorf("lives on after the log-out: %v", err)
	}
}

func TestTokenIsNotStored(t *testing.T) {
	t.Parallel()
	c := newClock()
	store, _ := people(t, c)
	sessions := identity.NewSessions(store, rand.Reader, c.Now)
	token, _, err := sessions.Login(t.Context(), "alice", password, home(), "test")
	if err != nil {
		t.Fatal(err)
	}
	var stored []byte
	if err := store.Pool.QueryRow(t.Context(), "select token from session").Scan(&stored); err != nil {
		t.Fatal(err)
	}
	if len(token) != 43 || len(stored) != 32 || bytes.Contains(stored, []byte(token)) {
		t.Errorf("token of %d letters, %d bytes stored", len(token), len(stored))
	}
	for _, wrong := range []string{"", token[1:], token[1:] + "A", strings.Repeat("x", 1<<20), "' or true --"} {
		if _, err := sessions.Resolve(t.Context(), wrong); !errors.Is(err, geoengine.ErrMissing) {
			t.Errorf("%.50q: %v, want ErrMissing", wrong, err)
		}
	}
}

func TestLoginIsSlowedDown(t *testing.T) {
	t.Parallel()
	c := newClock()
	store, _ := people(t, c)
	sessions := identity.NewSessions(store, rand.Reader, c.Now)
	try := func(password string) error {
		_, _, err := sessions.Login(t.Context(), "alice", password, home(), "test")
		return err
	}
	for i := range 5 {
		if err := try("wrong"); !errors.Is(err, identity.ErrCredentials) {
			t.Fatalf("attempt %d: %v", i, err)
		}
	}
	var throttled *identity.ThrottledError
	if err := try(password); !errors.As(err, &throttled) || throttled.Seconds() != 1 {
		t.Fatalf("after five failures: %v", err)
	}
	c.advance(time.Second)
	if err := try("wrong"); !errors.Is(err, identity.ErrCredentials) {
		t.Fatal(err)
	}
	if err := try(password); !errors.As(err, &throttled) || throttled.Seconds() != 2 {
		t.Fatalf("the wait does not double: %v", err)
	}
	c.advance(2 * time.Second)
	if err := try(password); err != nil {
		t.Fatal(err)
	}
	if err := try("wrong"); !errors.Is(err, identity.ErrCredentials) {
		t.Errorf("a success does not forgive: %v", err)
	}
}

func TestThrottle(t *testing.T) {
	t.Parallel()
	c := newClock()
	throttle := identity.NewThrottle(c.Now)
	address := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}) }
	// One address, many names.
	refused := 0
	for i := range 100 {
		if throttle.Attempt(strings.Repeat("x", i), home()) != nil {
			refused++
		}
	}
	if refused != 70 {
		t.Errorf("one address: %d of 100 names refused, want 70", refused)
	}
	// One name, many addresses: slowed down, and never for long.
	for i := range 200 {
		_ = throttle.Attempt("bob", address(i))
	}
	var throttled *identity.ThrottledError
	if err := throttle.Attempt("bob", address(999)); !errors.As(err, &throttled) || throttled.Wait > 10*time.Second {
		t.Errorf("one name: %v", err)
	}
	// A network of IPv6 is one customer.
	for i := range 30 {
		if err := throttle.Attempt(strings.Repeat("y", i), netip.AddrFrom16([16]byte{0x20, 1, 15: byte(i)})); err != nil {
			t.Fatal(err)
		}
	}
	if throttle.Attempt("z", netip.AddrFrom16([16]byte{0x20, 1, 15: 99})) == nil {
		t.Error("each address of a /64 counts for itself")
	}
	// A log-in that could not be decided is no failure.
	for range 20 {
		if err := throttle.Attempt("carol", address(7000)); err != nil {
			t.Fatal(err)
		}
		throttle.Undo("carol", address(7000))
	}
}

func TestGeneratePassword(t *testing.T) {
	t.Parallel()
	a, errA := identity.GeneratePassword(rand.Reader)
	b, errB := identity.GeneratePassword(rand.Reader)
	if errA != nil || errB != nil || a == b || len(a) != 29 || identity.CheckPassword(a) != nil {
		t.Errorf("%q %v, %q %v", a, errA, b, errB)
	}
}

// FuzzVerify checks that no stored string makes a log-in fail otherwise than by not matching.
func FuzzVerify(f *testing.F) {
	f.Add("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("$argon2id$v=19$m=4294967295,t=4294967295,p=255$AA$AA")
	f.Add("$argon2id$v=19$m=-1,t=0,p=0$$")
	h := identity.NewHasher(rand.Reader)
	f.Fuzz(func(t *testing.T, phc string) {
		if len(phc) > 200 || strings.Contains(phc, "t=1") && len(phc) > 150 {
			return
		}
		if matches, err := h.Verify(t.Context(), phc, "x"); err != nil || matches {
			t.Errorf("%q: %v, %v", phc, matches, err)
		}
	})
}
