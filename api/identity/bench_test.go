package identity_test

import (
	"crypto/rand"
	"testing"

	"vigie/api/identity"
	"vigie/geoengine"
	"vigie/geoengine/geotest"
)

// BenchmarkIdentify measures what the door spends on finding out who asks, while the caller is remembered.
func BenchmarkIdentify(b *testing.B) {
	c := newClock()
	store := geotest.New(b)
	accounts := identity.NewAccounts(store, rand.Reader, c.Now)
	if err := accounts.CreateAccount(b.Context(), "alice", "commander", []string{"fr.76"}, password); err != nil {
		b.Fatal(err)
	}
	if err := accounts.CreateClient(b.Context(), "qgis", "", []geoengine.AccountGrant{{Role: "analyst", Areas: []string{"*"}}}, nil); err != nil {
		b.Fatal(err)
	}
	key, _, err := accounts.AddKey(b.Context(), "qgis", c.Now().AddDate(0, 1, 0))
	if err != nil {
		b.Fatal(err)
	}
	sessions := identity.NewSessions(store, rand.Reader, c.Now)
	callers := identity.NewAuthenticator(sessions, identity.NewClients(store, rand.Reader, c.Now))
	cookie, _, err := sessions.Login(b.Context(), "alice", password, home(), "test")
	if err != nil {
		b.Fatal(err)
	}
	for name, given := range map[string]identity.Credentials{"session": {Session: cookie}, "key": keyOf(key)} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := callers.Identify(b.Context(), given, home()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
