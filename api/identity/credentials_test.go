package identity_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigie/api/identity"
)

const (
	secretText = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" // 32 zero bytes
	someKey    = "vigie_abcdefghjk_" + secretText
	someToken  = "vigie_token_" + secretText
)

func basic(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }

func TestParseAuthorization(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, header string
		want         identity.Secret
		malformed    bool
	}{
		{"key", "Bearer " + someKey, identity.Secret{Text: someKey}, false},
		{"access token", "Bearer " + someToken, identity.Secret{Text: someToken}, false},
		{"scheme in capitals", "BEARER  " + someKey + " ", identity.Secret{Text: someKey}, false},
		{"basic", basic("qgis:" + someKey), identity.Secret{Client: "qgis", Text: someKey}, false},
		{"nothing", "", identity.Secret{}, true},
		{"no secret", "Bearer", identity.Secret{}, true},
		{"two secrets", "Bearer " + someKey + " " + someKey, identity.Secret{}, true},
		{"other scheme", "Digest username=alice", identity.Secret{}, true},
		{"JWT", "Bearer eyJhbGciOiJub25lIn0.e30.", identity.Secret{}, true},
		{"cookie as key", "Bearer " + secretText, identity.Secret{}, true},
		{"short", "Bearer " + someKey[:len(someKey)-1], identity.Secret{}, true},
		{"long", "Bearer " + someKey + "A", identity.Secret{}, true},
		{"spare bits", "Bearer " + someKey[:len(someKey)-1] + "B", identity.Secret{}, true},
		{"capital id", "Bearer vigie_ABCDEFGHJK_" + secretText, identity.Secret{}, true},
		{"short id", "Bearer vigie_abc_" + secretText, identity.Secret{}, true},
		{"not base64", "Basic ????", identity.Secret{}, true},
		{"no colon", basic("qgis"), identity.Secret{}, true},
		{"no client", basic(":" + someKey), identity.Secret{}, true},
		{"odd client", basic("'; drop table client; --:" + someKey), identity.Secret{}, true},
		{"password of a person", basic("alice:" + password), identity.Secret{}, true},
		{"huge", "Bearer " + strings.Repeat("A", 1<<20), identity.Secret{}, true},
		{"control characters", "Bearer " + someKey + "\x00", identity.Secret{}, true},
	} {
		got, err := identity.ParseAuthorization(c.header)
		if errors.Is(err, identity.ErrMalformed) != c.malformed || err != nil && !c.malformed {
			t.Errorf("%s: %v", c.name, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
		if err != nil && (strings.Contains(err.Error(), secretText) || strings.Contains(err.Error(), password)) {
			t.Errorf("%s: the error repeats the secret", c.name)
		}
	}
}

func TestReadCredentials(t *testing.T) {
	t.Parallel()
	certificate := &x509.Certificate{Raw: []byte("DER")}
	for _, c := range []struct {
		name   string
		change func(*http.Request)
		want   identity.Credentials
		err    error
	}{
		{"nothing", func(*http.Request) {}, identity.Credentials{}, nil},
		{"cookie", func(r *http.Request) { r.Header.Set("Cookie", "vigie=a; other=b") }, identity.Credentials{Session: "a"}, nil},
		{"the same cookie twice", func(r *http.Request) { r.Header.Set("Cookie", "vigie=a; vigie=a") }, identity.Credentials{Session: "a"}, nil},
		{"two cookies", func(r *http.Request) { r.Header.Set("Cookie", "vigie=a; vigie=b") }, identity.Credentials{}, identity.ErrDisagree},
		{"key", func(r *http.Request) { r.Header.Set("X-Api-Key", someKey) }, identity.Credentials{Secrets: []identity.Secret{{Text: someKey}}}, nil},
		{"empty key", func(r *http.Request) { r.Header.Set("X-Api-Key", "") }, identity.Credentials{}, identity.ErrMalformed},
		{"two keys", func(r *http.Request) { r.Header["X-Api-Key"] = []string{someKey, someKey} }, identity.Credentials{}, identity.ErrMalformed},
		{"two authorizations", func(r *http.Request) {
			r.Header["Authorization"] = []string{"Bearer " + someKey, basic("a:" + someKey)}
		}, identity.Credentials{}, identity.ErrMalformed},
		{"unverified certificate", func(r *http.Request) {
			r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{certificate}}
		}, identity.Credentials{}, nil},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		c.change(r)
		got, err := identity.ReadCredentials(r, "vigie")
		if !errors.Is(err, c.err) {
			t.Errorf("%s: %v, want %v", c.name, err, c.err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.TLS = &tls.ConnectionState{
		PeerCertificates: []*x509.Certificate{certificate}, VerifiedChains: [][]*x509.Certificate{{certificate}},
	}
	if got, err := identity.ReadCredentials(r, "vigie"); err != nil || len(got.Certificate) != 32 || got.None() {
		t.Errorf("verified certificate: %v %v", got, err)
	}
}

// FuzzParseAuthorization checks that a header is refused as malformed or holds a secret of the right form, which reads
// the same again.
func FuzzParseAuthorization(f *testing.F) {
	for _, seed := range []string{
		"", "Bearer " + someKey, "Bearer " + someToken, basic("qgis:" + someKey), "basic Og==", "Bearer vigie__" + secretText, "\tBearer\t",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		secret, err := identity.ParseAuthorization(header)
		if err != nil {
			if !errors.Is(err, identity.ErrMalformed) || secret != (identity.Secret{}) {
				t.Fatalf("%q: %v, %v", header, secret, err)
			}
			return
		}
		if !strings.HasPrefix(secret.Text, "vigie_") || len(secret.Text) > 60 || secret.Client != "" && identity.CheckName(secret.Client) != nil {
			t.Fatalf("%q: %+v", header, secret)
		}
		if again, err := identity.ParseAuthorization("Bearer " + secret.Text); err != nil || again.Text != secret.Text {
			t.Fatalf("%q: %+v, %v", header, again, err)
		}
	})
}
