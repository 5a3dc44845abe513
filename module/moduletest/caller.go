package moduletest

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"

	"vigie/api/identity"
	"vigie/geoengine"
)

// Caller is who asks: a person's browser, or a machine's key. The zero Caller is nobody.
type Caller struct {
	client *http.Client
	key    string
}

// Answer is what a request got.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Into decodes the body, and fails the test if it is not JSON of that form.
func (a Answer) Into(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(a.Body, v); err != nil {
		t.Fatalf("%v: %d %.300s", err, a.Status, a.Body)
	}
}

// Person logs in to an account that Enrol has made.
func (s *Site) Person(t testing.TB, name string) Caller {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	who := Caller{client: &http.Client{Jar: jar}}
	if a := s.Do(t, who, http.MethodPost, "/api/session", fmt.Sprintf(`{"name":%q,"password":%q}`, name, Password)); a.Status != http.StatusOK {
		t.Fatalf("log-in of %s: %d %s", name, a.Status, a.Body)
	}
	return who
}

// Machine makes a client with a key of a year.
func (s *Site) Machine(t testing.TB, name string, grants ...geoengine.AccountGrant) Caller {
	t.Helper()
	registry := identity.NewAccounts(s.Store, rand.Reader, time.Now)
	if err := registry.CreateClient(t.Context(), name, name, grants, nil); err != nil {
		t.Fatal(err)
	}
	key, _, err := registry.AddKey(t.Context(), name, time.Now().AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	return Caller{key: key}
}

// Do sends a request with headers, each a name and its value; a body is JSON.
func (s *Site) Do(t testing.TB, who Caller, method, target, body string, header ...string) Answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if who.key != "" {
		r.Header.Set("Authorization", "Bearer "+who.key)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	client := who.client
	if client == nil {
		client = http.DefaultClient
	}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return Answer{response.StatusCode, response.Header, got}
}

// Get asks and decodes the answer into v; it fails the test if there is none.
func (s *Site) Get(t testing.TB, who Caller, target string, v any) {
	t.Helper()
	a := s.Do(t, who, http.MethodGet, target, "")
	if a.Status != http.StatusOK {
		t.Fatalf("%s: %d %s", target, a.Status, a.Body)
	}
	a.Into(t, v)
}
