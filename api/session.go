package api

import (
	"context"
	"net/http"

	"vigie/api/door"
	"vigie/api/identity"
)

// person is who is logged in.
type person struct {
	Name   string      `json:"name" doc:"Account name."`
	Grants []grantBody `json:"grants" nullable:"false"`
}

// grantBody is one role held for a set of areas.
type grantBody struct {
	Role  identity.Role `json:"role" enum:"commander,analyst,operator,authority,auditor,admin"`
	Areas []string      `json:"areas" nullable:"false" doc:"Area paths; * is everywhere."`
}

type personOutput struct {
	SetCookie string `header:"Set-Cookie"`
	Body      person
}

type logInInput struct {
	Body struct {
		Name     string `json:"name" minLength:"1" maxLength:"64"`
		Password string `json:"password" minLength:"1" maxLength:"1024" format:"password"`
	}
}

func (s *Server) logIn(ctx context.Context, pass door.Pass, in *logInInput) (*personOutput, error) {
	token, caller, err := s.sessions.Login(ctx, in.Body.Name, in.Body.Password, pass.Address())
	if err != nil {
		return nil, err
	}
	pass.LoggedIn(caller.Name)
	return &personOutput{SetCookie: s.cookie(token, int(identity.LongestLife.Seconds())), Body: describe(caller)}, nil
}

func (s *Server) session(_ context.Context, pass door.Pass, _ *struct{}) (*struct{ Body person }, error) {
	return &struct{ Body person }{describe(pass.Caller())}, nil
}

type logOutOutput struct {
	SetCookie string `header:"Set-Cookie"`
}

func (s *Server) logOut(ctx context.Context, pass door.Pass, _ *struct{}) (*logOutOutput, error) {
	if err := s.sessions.Logout(ctx, pass.Token()); err != nil {
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
	p := person{Name: c.Name, Grants: make([]grantBody, len(c.Grants))}
	for i, g := range c.Grants {
		p.Grants[i] = grantBody(g)
	}
	return p
}
