package ogc

import (
	"net/http"
	"net/url"
	"strings"
)

// LogInPage sends people who are not logged in, and ask for a page of the API, to the log-in page of the map, which
// brings them back: to a path of this server, never elsewhere. Machines get the 401 of the door.
func LogInPage(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != Base && !strings.HasPrefix(r.URL.Path, Base+"/") || !wantsPage(r) {
			next.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(&redirecting{ResponseWriter: w, target: "/?next=" + url.QueryEscape(r.URL.RequestURI())}, r)
	})
}

// wantsPage tells whether a browser asks for a page: one that names HTML, or f=html.
func wantsPage(r *http.Request) bool {
	if r.Method != http.MethodGet {
		return false
	}
	if f := r.URL.Query().Get("f"); f != "" {
		return f == formatHTML.Name
	}
	return strings.Contains(r.Header.Get("Accept"), formatHTML.Media)
}

// redirecting turns a 401 into a redirect.
type redirecting struct {
	http.ResponseWriter
	target string
	turned bool
}

// WriteHeader sends the status, or the redirect in place of 401.
func (w *redirecting) WriteHeader(status int) {
	if status != http.StatusUnauthorized || w.turned {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.turned = true
	h := w.Header()
	for _, name := range []string{"Content-Type", "Content-Length", "WWW-Authenticate"} {
		h.Del(name)
	}
	h.Set("Location", w.target)
	w.ResponseWriter.WriteHeader(http.StatusSeeOther)
}

// Write drops the body of a refusal.
func (w *redirecting) Write(b []byte) (int, error) {
	if w.turned {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController flush and set deadlines.
func (w *redirecting) Unwrap() http.ResponseWriter { return w.ResponseWriter }
