package api

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"vigie/geoengine"
)

// headers returns the middleware that sets the headers by which browsers protect the map and its users.
func (s *Server) headers() (func(http.Handler) http.Handler, error) {
	outside := ""
	if s.config.StyleURL != "" {
		u, err := url.Parse(s.config.StyleURL)
		if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
			return nil, fmt.Errorf("style address %q: must be an http or https URL: %w", s.config.StyleURL, geoengine.ErrInvalid)
		}
		outside = " " + u.Scheme + "://" + u.Host
	}
	policy := strings.Join([]string{
		"default-src 'none'", "script-src 'self'", "style-src 'self'", "font-src 'self'",
		"img-src 'self' data: blob:" + outside, "connect-src 'self'" + outside, "worker-src 'self' blob:",
		"manifest-src 'self'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
	}, "; ")
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Set("Content-Security-Policy", policy)
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("X-Frame-Options", "DENY")
			h.Set("Referrer-Policy", "no-referrer")
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
			h.Set("Cross-Origin-Resource-Policy", "same-origin")
			h.Set("Permissions-Policy", "camera=(), microphone=(), payment=(), usb=(), geolocation=(self)")
			if s.secure {
				h.Set("Strict-Transport-Security", "max-age=31536000")
			}
			next.ServeHTTP(w, r)
		})
	}, nil
}
