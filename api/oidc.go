package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"vigie/api/door"
	"vigie/api/identity"
	"vigie/geoengine"
)

// The paths of the log-in through an OpenID provider.
const (
	oidcStart    = "/api/oidc/start"
	oidcCallback = "/api/oidc/callback"
)

// useOIDC prepares the log-in through the OpenID provider, if one is configured.
func (s *Server) useOIDC() error {
	if s.config.OIDC == nil {
		return nil
	}
	if s.config.PublicURL == "" {
		return fmt.Errorf("OpenID provider: the public address must be set, to which it sends people back: %w", geoengine.ErrInvalid)
	}
	config := *s.config.OIDC
	config.Redirect = strings.TrimSuffix(s.config.PublicURL, "/") + oidcCallback
	roles := s.config.Roles
	if roles == nil {
		roles = identity.NewRoles()
	}
	provider, err := identity.NewOIDC(config, s.config.Store, s.sessions, roles, s.config.Random, s.config.Clock)
	s.oidc, s.external = provider, &externalLogIn{Title: config.Title, URL: oidcStart}
	return err
}

// oidcRoutes adds the two steps of the log-in through an OpenID provider, if there is one.
func (s *Server) oidcRoutes() {
	if s.oidc == nil {
		return
	}
	s.door.Add(door.Operation{
		ID: "oidc-start", Method: http.MethodGet, Path: oidcStart, Tag: "Session", Public: true,
		Summary: "Log in through the OpenID provider: redirects to it", Audit: door.AuditNone, Limit: rarely(),
		Params: []*huma.Param{{
			Name: "next", In: "query", Description: "Path of this site to which the log-in leads.",
			Schema: &huma.Schema{Type: huma.TypeString},
		}},
	}, door.Raw(s.oidcStart))
	s.door.Add(door.Operation{
		ID: "oidc-callback", Method: http.MethodGet, Path: oidcCallback, Tag: "Session", Public: true, AnyQuery: true,
		Summary: "Where the OpenID provider sends the browser back to; sets the session cookie",
		Audit:   door.AuditSecurity, Act: door.ActAccess, Limit: rarely(),
	}, door.Raw(s.oidcCallback))
}

// oidcStart sends the browser to the provider, with a cookie that brings the log-in's secrets back. The cookie is Lax,
// not Strict: it must come along when the provider's page leads here.
func (s *Server) oidcStart(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
	address, cookie, err := s.oidc.Begin(r.Context(), safeNext(pass.Values().Get("next")))
	if err != nil {
		return s.oidcFailed(w, r, err)
	}
	http.SetCookie(w, s.oidcCookie(cookie, int(identity.AttemptLife.Seconds())))
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

func (s *Server) oidcCallback(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
	w.Header().Set("Cache-Control", "no-store")
	cookie := ""
	if c, err := r.Cookie(s.oidcCookie("", 0).Name); err == nil {
		cookie = c.Value
	}
	http.SetCookie(w, s.oidcCookie("", -1)) // one answer, good or bad, ends the attempt
	token, caller, next, err := s.oidc.Finish(r.Context(), cookie, r.URL.Query(), pass.Address(), r.UserAgent())
	if err != nil {
		return s.oidcFailed(w, r, err)
	}
	pass.LoggedIn(caller.Name)
	w.Header().Add("Set-Cookie", s.cookie(token, int(identity.LongestLife.Seconds())))
	http.Redirect(w, r, s.landing(next), http.StatusSeeOther) //nolint:gosec // G710: landing leads to paths of this site only
	return nil
}

// landing is where the browser goes after the log-in. The session cookie is Strict, and this chain of redirects began
// at the provider: only the map, which needs no cookie to load, may be next; it leads on to other pages.
func (s *Server) landing(next string) string {
	next = safeNext(next)
	if next == "/" || strings.HasPrefix(next, "/?") || strings.HasPrefix(next, "/#") {
		return next
	}
	return "/?next=" + url.QueryEscape(next)
}

// oidcFailed tells the person on the log-in page, and the log why.
func (s *Server) oidcFailed(w http.ResponseWriter, r *http.Request, err error) error {
	reason := "failed"
	switch {
	case errors.Is(err, identity.ErrRefused):
		reason = "refused"
	case errors.Is(err, geoengine.ErrDenied):
		reason = "disabled"
	}
	s.config.Log.Warn("log-in through the OpenID provider", "outcome", reason, "error", err)
	http.Redirect(w, r, "/?login="+reason, http.StatusSeeOther)
	return nil
}

func (s *Server) oidcCookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // G124: over plain http, on one machine, a Secure cookie would not come back
		Name: identity.CookieName(s.secure) + "-oidc", Value: value, Path: "/", HttpOnly: true, Secure: s.secure,
		SameSite: http.SameSiteLaxMode, MaxAge: maxAge,
	}
}
