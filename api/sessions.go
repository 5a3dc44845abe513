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

// sessionBody is one log-in.
type sessionBody struct {
	ID      string    `json:"id" doc:"Names the log-in; worth nothing as a cookie."`
	Created time.Time `json:"created"`
	Used    time.Time `json:"used" doc:"To about ten minutes."`
	Expires time.Time `json:"expires" doc:"Unless it is used before."`
	Address string    `json:"address" doc:"Where the log-in came from."`
	Agent   string    `json:"agent" doc:"What the browser calls itself."`
	Current bool      `json:"current" doc:"The session of this request."`
	Account string    `json:"account"`
}

type sessionsInput struct {
	Account string `query:"account" maxLength:"64" doc:"Of another account, or * for all: administrators only, and accounts within their territory only."`
}

type sessionsOutput struct {
	Body struct {
		Sessions []sessionBody `json:"sessions" nullable:"false"`
	}
}

// sessionsRoutes adds the list of log-ins and the end of one.
func (s *Server) sessionsRoutes() {
	s.door.Add(door.Operation{
		ID: "sessions", Method: http.MethodGet, Path: "/api/sessions", Tag: "Session", Roles: door.Everyone(),
		Summary: "The log-ins that live on, newest first, at most a thousand", Audit: door.AuditRead, Act: door.ActAccess,
		Limit: normally(),
	}, door.JSON(s.listSessions))
	s.door.Add(door.Operation{
		ID: "revoke-session", Method: http.MethodDelete, Path: "/api/sessions/{id}", Tag: "Session", Roles: door.Everyone(),
		Summary: "End a log-in: one's own, or as an administrator that of an account within one's territory",
		Audit:   door.AuditSecurity, Act: door.ActAccess, Limit: normally(),
	}, door.JSON(s.revokeSession))
}

func (s *Server) listSessions(ctx context.Context, pass door.Pass, in *sessionsInput) (*sessionsOutput, error) {
	caller := pass.Caller()
	own := in.Account == "" || (in.Account == caller.Name && !caller.Machine)
	if !own && !caller.Holds([]identity.Role{identity.Admin}) {
		return nil, fmt.Errorf("sessions of others: %w", geoengine.ErrDenied)
	}
	out := &sessionsOutput{}
	out.Body.Sessions = []sessionBody{}
	if own && caller.Machine {
		return out, nil // a machine logs in with every request
	}
	account := in.Account
	switch account {
	case "":
		account = caller.Name
	case geoengine.Everywhere:
		account = ""
	}
	found, err := s.sessions.List(ctx, account)
	if err != nil {
		return nil, err
	}
	for _, session := range found {
		if mayEnd(caller, session) {
			out.Body.Sessions = append(out.Body.Sessions, sessionBody{
				ID: session.ID, Created: session.Created, Used: session.Used, Expires: session.Expires, Address: session.Address,
				Agent: session.Agent, Account: session.Account.Name,
				Current: identity.IsToken(session, pass.Credentials().Session),
			})
		}
	}
	return out, nil
}

// mayEnd tells whether the session is the caller's, or of an account whose whole territory the caller administers.
func mayEnd(caller identity.Caller, session geoengine.Session) bool {
	if !caller.Machine && session.Account.Name == caller.Name {
		return true
	}
	return caller.Holds([]identity.Role{identity.Admin}) &&
		geoengine.Covers(caller.Reach(identity.Admin), session.Account.Scope())
}

type revokeInput struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Server) revokeSession(ctx context.Context, pass door.Pass, in *revokeInput) (*logOutOutput, error) {
	session, err := s.sessions.Find(ctx, in.ID)
	if err == nil && !mayEnd(pass.Caller(), session) {
		err = fmt.Errorf("session: %w", geoengine.ErrMissing) // as if there were none
	}
	if err != nil {
		return nil, err
	}
	if err := s.sessions.Revoke(ctx, session.ID); err != nil {
		return nil, err
	}
	out := &logOutOutput{}
	if identity.IsToken(session, pass.Credentials().Session) {
		out.SetCookie = s.cookie("", -1)
	}
	return out, nil
}
