package geoengine_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigie/geoengine"
	"vigie/geoengine/geotest"
)

func TestAccountScope(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		areas, want []string
	}{
		{nil, []string{}}, {[]string{}, []string{}}, {[]string{"*"}, nil}, {[]string{"fr.76", "demo"}, []string{"demo", "fr.76"}},
	} {
		account := geoengine.Account{Grants: []geoengine.AccountGrant{{Role: "analyst", Areas: c.areas}}}
		if diff := cmp.Diff(c.want, account.Scope()); diff != "" {
			t.Errorf("%v: %s", c.areas, diff)
		}
	}
}

func TestAccountsAndSessions(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	ctx := t.Context()
	now := time.Now().UTC().Truncate(time.Microsecond)
	alice := geoengine.Account{Name: "alice", Password: "$argon2id$", Grants: []geoengine.AccountGrant{{Role: "admin", Areas: []string{"*"}}}, Created: now}
	if err := store.CreateAccount(ctx, alice); err != nil {
		t.Fatal(err)
	}
	if err := store.CreateAccount(ctx, alice); !errors.Is(err, geoengine.ErrInvalid) {
		t.Errorf("twice: %v", err)
	}
	got, err := store.Account(ctx, "alice")
	if diff := cmp.Diff(alice, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if _, err := store.Account(ctx, "' or true --"); !errors.Is(err, geoengine.ErrMissing) {
		t.Errorf("injection: %v", err)
	}
	token := []byte("0123456789abcdef0123456789abcdef")
	session := geoengine.Session{
		Token: token, ID: "first", Account: alice, Created: now, Used: now, Expires: now.Add(time.Hour), Address: "192.0.2.1", Agent: "test",
	}
	if err := store.CreateSession(ctx, session); err != nil {
		t.Fatal(err)
	}
	if err := store.UseSession(ctx, token, now, now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	read, err := store.Session(ctx, token, now)
	session.Account.Password = "" // is not read
	if diff := cmp.Diff(session, read); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if _, err := store.Session(ctx, token, session.Expires); !errors.Is(err, geoengine.ErrMissing) {
		t.Errorf("expired: %v", err)
	}
	if err := store.DeleteExpiredSessions(ctx, now); err != nil {
		t.Fatal(err)
	}
	if err := store.SetAccountPassword(ctx, "alice", "$argon2id$2"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Session(ctx, token, now); !errors.Is(err, geoengine.ErrMissing) {
		t.Errorf("a session outlives the password: %v", err)
	}
	if err := store.DisableAccount(ctx, "bob", true); !errors.Is(err, geoengine.ErrMissing) {
		t.Errorf("bob: %v", err)
	}
}
