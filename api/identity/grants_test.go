package identity_test

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigie/api/identity"
	"vigie/geoengine"
)

func TestGrants(t *testing.T) {
	t.Parallel()
	c := newClock()
	store, accounts := people(t, c)
	sessions := identity.NewSessions(store, rand.Reader, c.Now)
	token, _, err := sessions.Login(t.Context(), "alice", password, home(), "test")
	if err != nil {
		t.Fatal(err)
	}
	grant := func(role string, areas ...string) []geoengine.AccountGrant {
		return []geoengine.AccountGrant{{Role: role, Areas: areas}}
	}
	steps := []struct {
		name string
		do   func() error
		want string // of alice, or part of the error
	}{
		{"another role", func() error { return accounts.GrantAccount(t.Context(), "alice", grant("analyst", "fr.11")) }, "analyst:fr.11 commander:demo,fr.76"},
		{"more areas", func() error { return accounts.GrantAccount(t.Context(), "alice", grant("analyst", "fr.76", "fr.11")) }, "analyst:fr.11,fr.76 commander:demo,fr.76"},
		{"everywhere", func() error { return accounts.GrantAccount(t.Context(), "alice", grant("commander", "*")) }, "analyst:fr.11,fr.76 commander:*"},
		{"an area less", func() error { return accounts.RevokeAccount(t.Context(), "alice", grant("analyst", "fr.11")) }, "analyst:fr.76 commander:*"},
		{"an area not held", func() error { return accounts.RevokeAccount(t.Context(), "alice", grant("commander", "fr.76")) }, "fr.76"},
		{"a role less", func() error { return accounts.RevokeAccount(t.Context(), "alice", grant("commander")) }, "analyst:fr.76"},
		{"unknown role", func() error { return accounts.GrantAccount(t.Context(), "alice", grant("king", "*")) }, "king"},
		{"the last area", func() error { return accounts.RevokeAccount(t.Context(), "alice", grant("analyst", "fr.76")) }, ""},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			if !strings.Contains(err.Error(), step.want) || strings.Contains(step.want, ":") {
				t.Errorf("%s: %v", step.name, err)
			}
			continue
		}
		sessions.Forget() // as the notification makes the server do
		caller, err := sessions.Resolve(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, g := range caller.Grants {
			got = append(got, string(g.Role)+":"+strings.Join(g.Areas, ","))
		}
		if strings.Join(got, " ") != step.want {
			t.Errorf("%s: %v, want %s", step.name, got, step.want)
		}
	}
}

func TestRolesThatModulesAdd(t *testing.T) {
	t.Parallel()
	c := newClock()
	store, plain := people(t, c)
	accounts := identity.NewAccounts(store, rand.Reader, c.Now, "dispatcher")
	if err := plain.CreateAccount(t.Context(), "bob", "dispatcher", []string{"*"}, password); !errors.Is(err, geoengine.ErrInvalid) {
		t.Errorf("without the module: %v", err)
	}
	if err := accounts.CreateAccount(t.Context(), "bob", "dispatcher", []string{"*"}, password); err != nil {
		t.Errorf("with the module: %v", err)
	}
	if roles := identity.NewRoles("dispatcher", "admin"); len(roles) != len(identity.Roles())+1 {
		t.Errorf("%v", roles)
	}
}

func TestExternalAccounts(t *testing.T) {
	t.Parallel()
	c := newClock()
	store, accounts := people(t, c)
	sessions := identity.NewSessions(store, rand.Reader, c.Now)
	const issuer = "https://id.example"
	grants := []geoengine.AccountGrant{{Role: "analyst", Areas: []string{"fr.76"}}, {Role: "analyst", Areas: []string{"demo"}}}
	made, err := store.ExternalAccount(t.Context(), issuer, "1234", "carol", grants)
	want := []geoengine.AccountGrant{{Role: "analyst", Areas: []string{"demo", "fr.76"}}}
	if diff := cmp.Diff(want, made.Grants); err != nil || diff != "" || made.Password != "" || made.Name != "carol" {
		t.Fatal(err, diff, made)
	}
	token, caller, err := sessions.OpenFor(t.Context(), "carol", home(), "Browser\x00 "+strings.Repeat("x", 300))
	if err != nil || caller.Name != "carol" {
		t.Fatal(err)
	}
	if list, err := sessions.List(t.Context(), "carol"); err != nil || len(list) != 1 || len(list[0].Agent) > 200 || strings.Contains(list[0].Agent, "\x00") {
		t.Errorf("%+v %v", list, err)
	}
	again, err := store.ExternalAccount(t.Context(), issuer, "1234", "caroline", nil)
	if err != nil || again.Name != "carol" || len(again.Grants) != 0 {
		t.Errorf("a second log-in does not replace the grants, or the name: %+v %v", again, err)
	}
	sessions.Forget()
	if caller, err := sessions.Resolve(t.Context(), token); err != nil || len(caller.Grants) != 0 {
		t.Errorf("%+v %v", caller, err)
	}
	for name, err := range map[string]error{
		"name of a local account": third(store.ExternalAccount(t.Context(), issuer, "5", "alice", grants)),
		"name of another subject": third(store.ExternalAccount(t.Context(), issuer, "5", "carol", grants)),
		"another issuer":          third(store.ExternalAccount(t.Context(), "https://evil.example", "1234", "carol", grants)),
		"no subject":              third(store.ExternalAccount(t.Context(), issuer, "", "dave", grants)),
		"password":                accounts.SetPassword(t.Context(), "carol", password),
		"grant":                   accounts.GrantAccount(t.Context(), "carol", want),
	} {
		if !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := sessions.Login(t.Context(), "carol", "", home(), "test"); !errors.Is(err, identity.ErrCredentials) {
		t.Errorf("an empty password opens an account that has none: %v", err)
	}
	if err := accounts.DisableAccount(t.Context(), "carol"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.ExternalAccount(t.Context(), issuer, "1234", "carol", grants); !errors.Is(err, geoengine.ErrDenied) {
		t.Errorf("disabled: %v", err)
	}
	if _, _, err := sessions.OpenFor(t.Context(), "carol", home(), "test"); !errors.Is(err, geoengine.ErrDenied) {
		t.Errorf("a session for a disabled account: %v", err)
	}
	if _, _, err := sessions.OpenFor(t.Context(), "nobody", home(), "test"); !errors.Is(err, geoengine.ErrMissing) {
		t.Errorf("a session for nobody: %v", err)
	}
}

func third(_ geoengine.Account, err error) error { return err }

func TestSessionList(t *testing.T) {
	t.Parallel()
	c := newClock()
	store, accounts := people(t, c)
	sessions := identity.NewSessions(store, rand.Reader, c.Now)
	var tokens []string
	for range 3 {
		token, _, err := sessions.Login(t.Context(), "alice", password, home(), "test")
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, token)
		c.advance(time.Hour)
	}
	if _, err := sessions.Resolve(t.Context(), tokens[0]); err != nil {
		t.Fatal(err)
	}
	list, err := sessions.List(t.Context(), "alice")
	if err != nil || len(list) != 3 || !identity.IsToken(list[0], tokens[2]) || identity.IsToken(list[0], tokens[0]) {
		t.Fatal(err, list)
	}
	if first := list[2]; !first.Used.Equal(c.Now()) || !first.Created.Equal(c.Now().Add(-3*time.Hour)) || first.Address != "192.0.2.1" || len(first.ID) != 16 {
		t.Errorf("%+v", first)
	}
	if err := sessions.Revoke(t.Context(), list[1].ID); err != nil {
		t.Fatal(err)
	}
	if _, err := sessions.Resolve(t.Context(), tokens[1]); !errors.Is(err, geoengine.ErrMissing) {
		t.Errorf("a revoked session lives on: %v", err)
	}
	if err := accounts.EndSession(t.Context(), "bob", list[0].ID); !errors.Is(err, geoengine.ErrMissing) {
		t.Errorf("a session of another account: %v", err)
	}
	if err := accounts.EndSessions(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	if list, err := sessions.List(t.Context(), ""); err != nil || len(list) != 0 {
		t.Errorf("%v %v", list, err)
	}
}
