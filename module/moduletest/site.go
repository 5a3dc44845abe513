// Package moduletest serves what modules add over HTTP to tests, and asks as people and machines with their roles and areas.
package moduletest

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"vigie/api"
	"vigie/api/identity"
	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/module"
)

// Password is that of every account which Enrol makes.
const Password = "correct horse battery"

// Site is a running server. It is closed when the test ends.
type Site struct {
	*httptest.Server
	Store *geoengine.Store
	api   *api.Server
}

// Migrate makes the tables of a module.
func Migrate(t testing.TB, store *geoengine.Store, m module.Module) {
	t.Helper()
	schema, ok := m.Schema()
	if !ok {
		t.Fatalf("moduletest: %s has no tables", m.Name)
	}
	if err := store.MigrateModule(t.Context(), schema); err != nil {
		t.Fatal(err)
	}
}

// Enrol makes accounts: the name, role and area of each.
func Enrol(t testing.TB, store *geoengine.Store, accounts [][3]string) {
	t.Helper()
	registry := identity.NewAccounts(store, rand.Reader, time.Now)
	for _, a := range accounts {
		if err := registry.CreateAccount(t.Context(), a[0], a[1], []string{a[2]}, Password); err != nil {
			t.Fatal(err)
		}
	}
}

// Host is what a module gets of a server on a store. Its errors are written beside the test's.
func Host(t testing.TB, store *geoengine.Store) module.Host {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	return module.Host{Store: store, Cube: cube.New(store, log), Log: log, Clock: time.Now, Random: rand.Reader}
}

// Serve starts a server of extensions, without the work beside it. Its own clock is the real one, whatever the host's is,
// so that sessions last as long as the test.
func Serve(t testing.TB, host module.Host, extensions ...api.Extension) *Site {
	t.Helper()
	server, err := api.New(api.Config{
		Store: host.Store, Cube: host.Cube, Log: host.Log, Clock: time.Now, Random: host.Random, Build: "test", Extensions: extensions,
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &Site{httptest.NewServer(server.Handler()), host.Store, server}
	t.Cleanup(s.Close)
	return s
}

// Work does the work beside the server until the test ends, or stop is called; stop waits for its end.
func (s *Site) Work(t testing.TB) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.api.Work(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}
