package door

import (
	"errors"
	"net/http"
	"slices"

	"vigie/api/identity"
	"vigie/api/problem"
	"vigie/geoengine"
)

// identify finds out who asks.
func (g *guard) identify(r *http.Request, pass *Pass) error {
	cookie, err := r.Cookie(g.door.config.Cookie)
	if err != nil {
		return unauthenticated()
	}
	caller, err := g.door.config.Sessions.Resolve(r.Context(), cookie.Value)
	if errors.Is(err, geoengine.ErrMissing) {
		return unauthenticated()
	}
	pass.caller, pass.token = caller, cookie.Value
	return err
}

func unauthenticated() error {
	return problem.New(http.StatusUnauthorized, problem.CodeUnauthenticated, "log in first").With("Cache-Control", "no-store")
}

// inScope tells whether a machine's key is for operations of this tag; a person's session is for all.
func inScope(caller identity.Caller, tag string) bool {
	return caller.Scopes == nil || slices.Contains(caller.Scopes, tag)
}
