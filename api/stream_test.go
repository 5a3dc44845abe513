package api_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"vigie/api/identity"
)

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// events is an open event stream.
type events struct {
	lines chan string // event name and data, then closed
	log   *logBuffer
}

func (s *site) stream(t *testing.T, person *http.Client) *events {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/api/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := person.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("stream: %d %v", response.StatusCode, response.Header)
	}
	e := &events{lines: make(chan string, 1000), log: s.log}
	go func() {
		defer response.Body.Close()
		defer close(e.lines)
		name := ""
		for scanner := bufio.NewScanner(response.Body); scanner.Scan(); {
			line := scanner.Text()
			if event, ok := strings.CutPrefix(line, "event: "); ok {
				name = event
			}
			if data, ok := strings.CutPrefix(line, "data: "); ok {
				e.lines <- name + " " + data
			}
		}
	}()
	return e
}

// next waits for an event.
func (e *events) next(t *testing.T) string {
	t.Helper()
	select {
	case line, open := <-e.lines:
		if !open {
			t.Fatal("the stream ended")
		}
		return line
	case <-time.After(20 * time.Second):
		t.Fatal("no event", e.log)
	}
	return ""
}

// until waits for an event that begins so.
func (e *events) until(t *testing.T, prefix string) string {
	t.Helper()
	for {
		if line := e.next(t); strings.HasPrefix(line, prefix) {
			return line
		}
	}
}

// end waits for the end of the stream.
func (e *events) end(t *testing.T) {
	t.Helper()
	for after := time.After(20 * time.Second); ; {
		select {
		case _, open := <-e.lines:
			if !open {
				return
			}
		case <-after:
			t.Fatal("the stream does not end")
		}
	}
}

func TestStream(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	all, some := s.stream(t, s.person(t, "alice")), s.stream(t, s.person(t, "toulouse"))
	for _, e := range []*events{all, some} {
		e.until(t, `version {"version":`)
	}
	if _, err := s.store.Pool.Exec(t.Context(), `
		with run as (
			insert into import_run (source, input, digest, started, updated, state, records, report)
			values ('test', 'file', 'd', now(), now(), 'running', 4711, '{"read": 4711}') returning id)
		select pg_notify('vigie_imports', id::text) from run`); err != nil {
		t.Fatal(err)
	}
	if got := all.until(t, "import "); !strings.Contains(got, `"records":4711`) || !strings.Contains(got, `"read": 4711`) && !strings.Contains(got, `"read":4711`) {
		t.Errorf("alice: %s", got)
	}
	if got := some.until(t, "import "); strings.Contains(got, "4711") || !strings.Contains(got, `"state":"running"`) {
		t.Errorf("toulouse learns how much there is elsewhere: %s", got)
	}
	before := all.latestVersion(t, s)
	if _, err := s.store.Pool.Exec(t.Context(), `
		with more as (
			insert into event select zone, source, 'later', category, severity, starts, ends, reported, utc_offset, geom, precision_m,
				weight, cell, area, attributes, fingerprint, pg_current_xact_id()::text::bigint
			from event where ref = 'fr.76.31.31555 1' returning 1)
		select pg_notify('vigie_events', '') from more`); err != nil {
		t.Fatal(err)
	}
	if got := all.until(t, "version "); got == before {
		t.Errorf("an event was added, and the version stays %s", got)
	}
	var summary struct{ Total int }
	s.get(t, s.person(t, "alice"), "/api/summary").into(t, &summary)
	if summary.Total != allEvents+1 {
		t.Errorf("total %d after one more", summary.Total)
	}
}

// latestVersion is the version event that a new stream would begin with.
func (e *events) latestVersion(t *testing.T, s *site) string {
	t.Helper()
	return s.stream(t, s.person(t, "alice")).until(t, "version ")
}

func TestStreamEndsWithTheSession(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	client := s.person(t, "toulouse")
	stream := s.stream(t, client)
	stream.next(t)
	if err := identity.NewAccounts(s.store, rand.Reader, time.Now).DisableAccount(t.Context(), "toulouse"); err != nil {
		t.Fatal(err)
	}
	stream.end(t)
	if a := s.get(t, client, "/api/meta"); a.status != http.StatusUnauthorized {
		t.Errorf("a disabled account still reads: %d", a.status)
	}
}

func TestStreamOutlivesTheReadTimeout(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	strict := httptest.NewUnstartedServer(s.api.Handler())
	strict.Config.ReadTimeout = 200 * time.Millisecond
	strict.Start()
	t.Cleanup(strict.Close)
	s.URL = strict.URL
	stream := s.stream(t, s.person(t, "alice"))
	stream.until(t, "version ")
	time.Sleep(3 * strict.Config.ReadTimeout)
	if _, err := s.store.Pool.Exec(t.Context(), `
		with run as (
			insert into import_run (source, input, digest, started, updated, state)
			values ('test', 'file', 'd', now(), now(), 'done') returning id)
		select pg_notify('vigie_imports', id::text) from run`); err != nil {
		t.Fatal(err)
	}
	stream.until(t, "import ")
}

// TestLostConnections kills every connection to the database: requests and streams go on.
func TestLostConnections(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	alice := s.person(t, "alice")
	stream := s.stream(t, alice)
	stream.until(t, "version ")
	// The killer's own connection is the last to go; what it gets back does not matter.
	_, _ = s.store.Pool.Exec(t.Context(), `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`)
	for deadline := time.Now().Add(30 * time.Second); ; {
		a := s.get(t, alice, "/api/events?limit=1")
		if a.status == http.StatusOK {
			break
		}
		if a.status != http.StatusServiceUnavailable || time.Now().After(deadline) {
			t.Fatalf("%d %s", a.status, a.body)
		}
		time.Sleep(20 * time.Millisecond)
	}
	told := make(chan struct{})
	var telling sync.WaitGroup
	defer telling.Wait()
	telling.Go(func() { // until the listener is back
		for {
			select {
			case <-told:
				return
			case <-time.After(100 * time.Millisecond):
			}
			_, _ = s.store.Pool.Exec(context.Background(), `
				with run as (
					insert into import_run (source, input, digest, started, updated, state)
					values ('test', 'file', 'd', now(), now(), 'done') returning id)
				select pg_notify('vigie_imports', id::text) from run`)
		}
	})
	defer close(told)
	stream.until(t, "import ")
}

func TestStreamsAreBounded(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	client := s.person(t, "alice")
	for range 20 {
		s.stream(t, client).next(t)
	}
	if a := s.get(t, client, "/api/stream"); a.status != http.StatusServiceUnavailable {
		t.Errorf("the 21st stream of one account: %d", a.status)
	}
}
