package conformance

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"testing"
	"testing/fstest"
	"time"

	"vigie/api"
	"vigie/api/identity"
	"vigie/data"
	"vigie/data/sources/demo"
	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/geotest"
	"vigie/module"
	"vigie/modules"
)

// demonstration is how much of the demonstration's data the tests use.
const demonstration = 0.02

// site is a server on the loopback with the demonstration's data, and a machine client that may read everything.
type site struct {
	URL, ID, Key string
	store        *geoengine.Store
}

// newSite starts a server that lives as long as the test.
func newSite(t *testing.T) *site {
	t.Helper()
	store := geotest.New(t)
	for _, source := range demo.Sources() {
		input := data.Input{Options: data.Options{Seed: 1, Scale: demonstration}}
		if _, err := data.Import(t.Context(), store, source, input, data.ImportOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := store.Pool.Exec(t.Context(), "analyze"); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	s := &site{ID: "qgis", store: store}
	accounts := identity.NewAccounts(store, rand.Reader, time.Now)
	grants := []geoengine.AccountGrant{{Role: "commander", Areas: []string{geoengine.Everywhere}}}
	if err := accounts.CreateClient(t.Context(), s.ID, "a GIS", grants, nil); err != nil {
		t.Fatal(err)
	}
	var err error
	if s.Key, _, err = accounts.AddKey(t.Context(), s.ID, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	// Time runs fast, so that rate limits do not stand before what is tested.
	start := time.Now()
	clock := func() time.Time { return start.Add(10 * time.Since(start)) }
	events := cube.New(store, log)
	server, err := api.New(api.Config{
		Store: store, Cube: events, Log: log, Random: rand.Reader, Build: "test", Clock: clock,
		Extensions: extensions(t, module.Host{Store: store, Cube: events, Log: log, Clock: clock, Random: rand.Reader}),
		Frontend:   fstest.MapFS{"index.html": {Data: []byte("<!doctype html>")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.serve(t, server)
	return s
}

// extensions are those of the modules, whose tables it makes.
func extensions(t *testing.T, host module.Host) []api.Extension {
	t.Helper()
	var list []api.Extension
	for _, m := range modules.All() {
		if schema, has := m.Schema(); has {
			if err := host.Store.MigrateModule(t.Context(), schema); err != nil {
				t.Fatal(err)
			}
		}
		extension, err := m.Start(host)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, extension)
	}
	return list
}

func (s *site) serve(t *testing.T, server *api.Server) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.URL = "http://" + listener.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/readyz", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("the server does not get ready: ", err)
		}
	}
}

// client asks with the key.
func (s *site) client() *Client {
	return &Client{HTTP: &http.Client{Transport: keyed{s.Key}, Timeout: time.Minute}, Root: s.URL + "/ogc"}
}

// keyed adds the key to every request.
type keyed struct{ key string }

func (k keyed) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-API-Key", k.key)
	return http.DefaultTransport.RoundTrip(r)
}

// report prints the figures of a suite and fails for what does not hold.
func report(t *testing.T, results []Result) {
	t.Helper()
	passed, skipped, failed := 0, 0, 0
	for _, r := range results {
		switch {
		case r.Err == nil:
			passed++
		case errors.Is(r.Err, ErrSkip):
			skipped++
			t.Logf("skipped %s [%s]: %v", r.Test, r.Case, r.Err)
		default:
			failed++
			t.Errorf("%s [%s]: %v", r.Test, r.Case, r.Err)
		}
	}
	t.Logf("%d assertions: %d hold, %d fail, %d do not apply", len(results), passed, failed, skipped)
	if passed < len(results)*3/4 {
		t.Error("too few assertions apply for this to be a test")
	}
}
