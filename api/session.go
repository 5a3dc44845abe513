package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"vigie/api/door"
	"vigie/api/identity"
	"vigie/geoengine"
)

// person is who is logged in: a person, or a machine.
type person struct {
	Name    string      `json:"name" doc:"Account name, or id of the client."`
	Machine bool        `json:"machine" doc:"A client, not a person."`
	Grants  []grantBody `json:"grants" nullable:"false"`
	Expires *time.Time  `json:"expires" doc:"When the log-in, the key or the access token ends, if it is not used; null for a certificate."`
}

// grantBody is one role held for a set of areas.
type grantBody struct {
	Role  identity.Role `json:"role" doc:"commander, analyst, operator, authority, auditor, admin, or a role that a module adds."`
	Areas []string      `json:"areas" nullable:"false" doc:"Area paths; * is everywhere."`
}

type personOutput struct {
	SetCookie string `header:"Set-Cookie"`
	Body      person
}

type logInInput struct {
	Agent string `header:"User-Agent" hidden:"true"`
	Body  struct {
		Name     string `json:"name" minLength:"1" maxLength:"64"`
		Password string `json:"password" minLength:"1" maxLength:"1024" format:"password"`
	}
}

func (s *Server) logIn(ctx context.Context, pass door.Pass, in *logInInput) (*personOutput, error) {
	if s.config.NoPassword {
		return nil, fmt.Errorf("log-in by password: %w", geoengine.ErrDenied)
	}
	token, caller, err := s.sessions.Login(ctx, in.Body.Name, in.Body.Password, pass.Address(), in.Agent)
	if err != nil {
		return nil, err
	}
	pass.LoggedIn(caller.Name)
	return &personOutput{SetCookie: s.cookie(token, int(identity.LongestLife.Seconds())), Body: describe(caller)}, nil
}

// waysBody says how people may log in.
type waysBody struct {
	Local bool           `json:"local" doc:"With name and password, by POST /api/session."`
	OIDC  *externalLogIn `json:"oidc" doc:"Through an OpenID provider; null if there is none."`
}

// externalLogIn is the log-in through an OpenID provider.
type externalLogIn struct {
	Title string `json:"title" doc:"Name of the provider, for people."`
	URL   string `json:"url" doc:"Where the log-in begins."`
}

func (s *Server) logInWays(context.Context, door.Pass, *struct{}) (*struct{ Body waysBody }, error) {
	return &struct{ Body waysBody }{waysBody{Local: !s.config.NoPassword, OIDC: s.external}}, nil
}

func (s *Server) session(_ context.Context, pass door.Pass, _ *struct{}) (*struct{ Body person }, error) {
	return &struct{ Body person }{describe(pass.Caller())}, nil
}

type logOutOutput struct {
	SetCookie string `header:"Set-Cookie"`
}

// logOut ends the session, or the access token; a key or a certificate has no end of its own here.
func (s *Server) logOut(ctx context.Context, pass door.Pass, _ *struct{}) (*logOutOutput, error) {
	if pass.Caller().Machine {
		for _, secret := range pass.Credentials().Secrets {
			if err := s.clients.EndToken(ctx, secret.Text); err != nil {
				return nil, err
			}
		}
		return &logOutOutput{}, nil
	}
	if err := s.sessions.Logout(ctx, pass.Credentials().Session); err != nil {
		return nil, err
	}
	return &logOutOutput{SetCookie: s.cookie("", -1)}, nil
}

// cookie is the session cookie. It is Secure wherever people come by https.
func (s *Server) cookie(token string, maxAge int) string {
	cookie := http.Cookie{ //nolint:gosec // G124: over plain http, on one machine, a Secure cookie would not come back
		Name: identity.CookieName(s.secure), Value: token, Path: "/", HttpOnly: true, Secure: s.secure,
		SameSite: http.SameSiteStrictMode, MaxAge: maxAge,
	}
	return cookie.String()
}

func describe(c identity.Caller) person {
	p := person{Name: c.Name, Machine: c.Machine, Grants: make([]grantBody, len(c.Grants))}
	for i, g := range c.Grants {
		p.Grants[i] = grantBody(g)
	}
	if !c.Expires.IsZero() {
		p.Expires = &c.Expires
	}
	return p
}
