package door

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"vigie/api/identity"
	"vigie/api/problem"
	"vigie/geoengine"
)

// credentialHeaders are the request's headers on which every answer behind the door depends.
const credentialHeaders = "Authorization, Cookie, " + identity.APIKeyHeader

// identify finds out who asks.
func (g *guard) identify(r *http.Request, pass *Pass) error {
	credentials, err := identity.ReadCredentials(r, g.door.config.Cookie)
	if err != nil {
		return Unauthenticated(err)
	}
	caller, err := g.door.config.Callers.Identify(r.Context(), credentials, pass.address)
	if err != nil {
		return Unauthenticated(err)
	}
	pass.caller, pass.proof = caller, credentials
	return nil
}

// Unauthenticated turns an error of package identity about who asks into its 401 with a challenge; other errors stay
// as they are. The challenge is Bearer alone: browsers would answer Basic with a window of their own.
func Unauthenticated(err error) error {
	challenge, detail := `Bearer realm="vigie"`, "log in first"
	switch {
	case errors.Is(err, geoengine.ErrMissing):
	case errors.Is(err, identity.ErrMalformed):
		detail = strings.TrimSuffix(err.Error(), ": "+identity.ErrMalformed.Error())
		challenge += `, error="invalid_token", error_description="malformed"`
	case errors.Is(err, identity.ErrKey):
		detail = identity.ErrKey.Error()
		challenge += `, error="invalid_token"`
	case errors.Is(err, identity.ErrDisagree):
		detail = identity.ErrDisagree.Error()
		challenge += `, error="invalid_request"`
	default:
		return err
	}
	return problem.New(http.StatusUnauthorized, problem.CodeUnauthenticated, detail).
		With("Cache-Control", "no-store").With("Www-Authenticate", challenge)
}

// tagServer is of operations that describe the server and show no data, which every client needs.
const tagServer = "Server"

// inScope tells whether a machine's key is for operations of this tag; a person's session is for all.
func inScope(caller identity.Caller, tag string) bool {
	return caller.Scopes == nil || tag == tagServer || slices.Contains(caller.Scopes, tag)
}
