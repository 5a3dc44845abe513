package api

import (
	"net/url"
	"strings"
	"testing"
)

func TestSafeNext(t *testing.T) {
	t.Parallel()
	for next, want := range map[string]string{
		"/": "/", "/?v=1&z=5#x": "/?v=1&z=5#x", "/journal": "/journal", "": "/", "journal": "/", "https://evil.example": "/",
		"//evil.example": "/", "/\\evil.example": "/", "\\\\evil.example": "/", "/\t/evil.example": "/", "///evil.example": "/",
		"javascript:alert(1)": "/", "/\r\nSet-Cookie: a=b": "/", "http:/evil": "/", "/%zz": "/", " //evil.example": "/", "mailto:a@b": "/",
	} {
		if got := safeNext(next); got != want {
			t.Errorf("%q: %q, want %q", next, got, want)
		}
	}
}

// FuzzSafeNext checks that a log-in never leads to another site.
func FuzzSafeNext(f *testing.F) {
	for _, seed := range []string{"/", "//evil.example", "/\\evil.example", "/a?b#c", "http://evil.example", "/%2f%2fevil.example"} {
		f.Add(seed)
	}
	own := &url.URL{Scheme: "https", Host: "vigie.example", Path: "/api/oidc/callback"}
	f.Fuzz(func(t *testing.T, next string) {
		got := safeNext(next)
		to, err := own.Parse(got)
		if err != nil || to.Host != own.Host || to.Scheme != own.Scheme || to.User != nil || strings.ContainsAny(got, "\r\n\t\\") || strings.HasPrefix(got, "//") {
			t.Errorf("%q leads to %v (%v)", next, to, err)
		}
	})
}
