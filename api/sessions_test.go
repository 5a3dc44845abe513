package api_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
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
