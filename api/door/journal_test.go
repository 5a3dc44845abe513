package door_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigie/api/door"
	"vigie/api/identity"
	"vigie/api/problem"
	"vigie/geoengine"
)

// answering writes data, and tells the journal what the test wants.
func answering(tell func(door.Pass)) door.Handler {
	return door.Raw(func(w http.ResponseWriter, _ *http.Request, pass door.Pass) error {
		tell(pass)
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Set-Cookie", "secret")
		_, err := io.WriteString(w, "data")
		return err
	})
}

func quiet(door.Pass) {}

func TestDoorJournalsByClass(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var paths []string
	for class := door.AuditNone; class <= door.AuditSensitive; class++ {
		op := operation()
		op.ID, op.Path, op.Audit = class.String(), "/"+class.String(), class
		if class >= door.AuditRead {
			op.Act = door.ActConsultation
			paths = append(paths, op.Path)
		}
		h.Add(op, answering(quiet))
		h.ask("GET", op.Path, "", false)
	}
	change := operation()
	change.ID, change.Method, change.Path, change.Audit, change.Act = "change", "POST", "/change", door.AuditRead, door.ActErasure
	h.Add(change, answering(quiet))
	h.ask("POST", "/change", "", false)
	want := []string{
		"alice read read 200", "alice security security begun", "alice security security 200",
		"alice sensitive sensitive begun", "alice sensitive sensitive 200", "alice change read begun", "alice change read 200",
	}
	if diff := cmp.Diff(want, h.journal.lines); diff != "" {
		t.Error(diff)
	}
	h.journal.fails = true
	for _, path := range paths {
		w := h.ask("GET", path, "", false)
		if w.Code != 503 || strings.Contains(w.Body.String(), "data") || w.Header().Get("ETag")+w.Header().Get("Set-Cookie") != "" ||
			!strings.Contains(w.Body.String(), `"journal"`) {
			t.Errorf("%s: answered without a journal: %d %v %s", path, w.Code, w.Header(), w.Body)
		}
	}
	if w := h.ask("GET", "/aggregate", "", false); w.Code != 200 {
		t.Errorf("counts need no journal: %d", w.Code)
	}
}

// TestNothingLeavesWithoutItsLine answers in every way there is, while the journal works and while it does not. The line
// must be there when the first byte arrives.
func TestNothingLeavesWithoutItsLine(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	server := httptest.NewServer(h.Handler())
	t.Cleanup(server.Close)
	for name, c := range map[string]struct {
		handler door.Handler
		stream  bool
		method  string
		status  int
		lines   []string
	}{
		"write":   {handler: answering(quiet), status: 200, lines: []string{"200"}},
		"head":    {handler: answering(quiet), method: http.MethodHead, status: 200, lines: []string{"200"}},
		"nothing": {handler: door.Raw(nothing), status: 200, lines: []string{"200"}},
		"304": {handler: door.Raw(func(w http.ResponseWriter, _ *http.Request, _ door.Pass) error {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}), status: 304, lines: []string{"304"}},
		"json": {handler: door.JSON(func(context.Context, door.Pass, *struct{}) (*struct{ Body string }, error) {
			return &struct{ Body string }{strings.Repeat("data ", 1000)}, nil // compressed
		}), status: 200, lines: []string{"200"}},
		"missing": {handler: door.JSON(func(context.Context, door.Pass, *struct{}) (*struct{}, error) {
			return nil, geoengine.ErrMissing
		}), status: 404, lines: []string{"404"}},
		"flush": {handler: door.Raw(func(w http.ResponseWriter, _ *http.Request, _ door.Pass) error {
			if err := http.NewResponseController(w).Flush(); err != nil {
				return err
			}
			_, err := io.WriteString(w, "data")
			return err
		}), stream: true, status: 200, lines: []string{"200"}},
		"informational": {handler: door.Raw(func(w http.ResponseWriter, _ *http.Request, _ door.Pass) error {
			w.WriteHeader(http.StatusEarlyHints)
			_, err := io.WriteString(w, "data")
			return err
		}), status: 200, lines: []string{"200"}},
		"broken off": {handler: door.Raw(func(w http.ResponseWriter, _ *http.Request, _ door.Pass) error {
			_, _ = io.WriteString(w, "data")
			return errors.New("the rest is lost")
		}), status: 200, lines: []string{"200", "broken"}},
		"panic in the middle": {handler: door.Raw(func(w http.ResponseWriter, _ *http.Request, _ door.Pass) error {
			_, _ = io.WriteString(w, "data")
			panic("the rest is lost")
		}), status: 200, lines: []string{"200", "broken"}},
		"hijack": {handler: door.Raw(func(w http.ResponseWriter, _ *http.Request, _ door.Pass) error {
			if _, _, err := http.NewResponseController(w).Hijack(); !errors.Is(err, http.ErrNotSupported) {
				t.Errorf("the connection was given away: %v", err)
			}
			return nil
		}), status: 200, lines: []string{"200"}},
	} {
		op := operation()
		op.ID, op.Path, op.Audit, op.Act, op.Stream = name, "/"+strings.ReplaceAll(name, " ", "-"), door.AuditRead, door.ActConsultation, c.stream
		h.Add(op, c.handler)
		method := op.Method
		if c.method != "" {
			method = c.method
		}
		ask := func() (*http.Response, string) {
			r, err := http.NewRequestWithContext(t.Context(), method, server.URL+op.Path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Accept-Encoding", "gzip")
			r.AddCookie(&http.Cookie{Name: "vigie", Value: h.cookie})
			answer, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			body, _ := io.ReadAll(answer.Body)
			return answer, string(body)
		}
		h.journal.set(false)
		if answer, _ := ask(); answer.StatusCode != c.status {
			t.Errorf("%s: %d, want %d", name, answer.StatusCode, c.status)
		}
		var want []string
		for _, outcome := range c.lines {
			want = append(want, fmt.Sprintf("alice %s read %s", name, outcome))
		}
		if diff := cmp.Diff(want, h.journal.taken(len(want))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		h.journal.set(true)
		if answer, body := ask(); answer.StatusCode != http.StatusServiceUnavailable || strings.Contains(body, "data") ||
			method != http.MethodHead && !strings.Contains(body, problem.CodeJournal) {
			t.Errorf("%s without a journal: %d %q", name, answer.StatusCode, body)
		}
	}
}

// set makes the journal fail or work.
func (j *journal) set(fails bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.fails = fails
}

// taken waits for so many lines (the outcome comes after the answer), and takes them.
func (j *journal) taken(n int) []string {
	for range 200 {
		j.mu.Lock()
		if len(j.lines) >= n {
			defer j.mu.Unlock()
			lines := j.lines
			j.lines = nil
			return lines
		}
		j.mu.Unlock()
		time.Sleep(5 * time.Millisecond)
	}
	return nil
}

// TestStrangersDoNotFillTheJournal refuses those who are nobody or ask too often without a line; whoever is known and is
// refused has one.
func TestStrangersDoNotFillTheJournal(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	read := operation()
	read.Audit, read.Act, read.Limit = door.AuditRead, door.ActConsultation, door.Limit{PerSecond: 0.001, Burst: 2}
	h.Add(read, answering(quiet))
	for range 5 {
		h.ask("GET", "/thing", "", true)
	}
	h.ask("GET", "/thing?wrong=1", "", false)
	for range 5 {
		h.ask("GET", "/thing", "", false)
	}
	other := operation()
	other.ID, other.Path, other.Roles, other.Audit, other.Act = "other", "/other", []identity.Role{identity.Auditor}, door.AuditSecurity, door.ActAccess
	h.Add(other, answering(quiet))
	h.ask("GET", "/other", "", false)
	want := []string{"alice thing read 422", "alice thing read 200", "alice other security 403"}
	if diff := cmp.Diff(want, h.journal.lines); diff != "" {
		t.Error(diff)
	}
}

func TestEntriesNameDataReasonAndRecipient(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	op := operation()
	op.Path, op.Audit, op.Act, op.Reason = "/thing/{id}", door.AuditRead, door.ActCommunication, true
	tell := quiet
	h.Add(op, answering(func(pass door.Pass) { tell(pass) }))
	for _, c := range []struct {
		reason []string
		tell   func(door.Pass)
		status int
		code   string
		want   string
	}{
		{nil, quiet, 428, problem.CodeReason, "|/thing/7|alice"},
		{[]string{" "}, quiet, 428, problem.CodeReason, "|/thing/7|alice"},
		{[]string{"no"}, quiet, 422, problem.CodeInvalid, "|/thing/7|alice"},
		{[]string{"case 12", "case 13"}, quiet, 422, problem.CodeInvalid, "|/thing/7|alice"},
		{[]string{"case 12"}, quiet, 200, "", "case 12|/thing/7|alice"},
		{[]string{"enqu\xeate"}, quiet, 200, "", "enquête|/thing/7|alice"},
		{[]string{"UTF-8''enqu%C3%AAte%20n%C2%B0%204"}, func(pass door.Pass) {
			pass.Concerns("baac/2019-1")
			pass.Concerns("fr.76")
			pass.Communicated("parquet de Toulouse")
		}, 200, "", "enquête n° 4|baac/2019-1 fr.76|parquet de Toulouse"},
	} {
		h.journal.entries, tell = nil, c.tell
		r := httptest.NewRequest(http.MethodGet, "/thing/7?", nil)
		r.AddCookie(&http.Cookie{Name: "vigie", Value: h.cookie})
		r.Header[door.ReasonHeader] = c.reason
		w := httptest.NewRecorder()
		h.Handler().ServeHTTP(w, r)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.code) {
			t.Errorf("%q: %d %s, want %d %s", c.reason, w.Code, w.Body, c.status, c.code)
		}
		if len(h.journal.entries) != 1 {
			t.Errorf("%q: %d entries", c.reason, len(h.journal.entries))
			continue
		}
		e := h.journal.entries[0]
		if got := e.Reason + "|" + e.Reference + "|" + e.Recipient; got != c.want || e.RequestID == "" || e.Address == "" {
			t.Errorf("%q: %s, want %s", c.reason, got, c.want)
		}
	}
}

func FuzzParseReason(f *testing.F) {
	for _, seed := range []string{"case 12", "UTF-8''enqu%C3%AAte", "UTF-8''%00%0a", "\xe9\xe9\xe9", "a\u202eb c", "  x  ", strings.Repeat("é", 501)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		reason, err := door.ParseReason([]string{value})
		if err != nil {
			if !errors.Is(err, geoengine.ErrInvalid) {
				t.Errorf("%q: %v", value, err)
			}
			return
		}
		if n := len([]rune(reason)); n < 3 || n > 500 || strings.ContainsAny(reason, "\x00\n\r\x7f\u202e") {
			t.Errorf("%q was read as %q", value, reason)
		}
	})
}
