package api

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"vigie/api/door"
	"vigie/api/identity"
)

// maxTokenBody is the longest form of a token request in bytes.
const maxTokenBody = 8 << 10

func (s *Server) tokenRoutes() {
	s.door.Add(door.Operation{
		ID: "access-token", Method: http.MethodPost, Path: "/oauth/token", Tag: "Session", Public: true,
		Summary: "An access token for a client's key or certificate (OAuth 2.0 client credentials)",
		Description: "RFC 6749 section 4.4: a form with grant_type=client_credentials, scope (tags of operations, by default all " +
			"that the client holds), and the client by HTTP Basic or by client_id and client_secret (its key), or by its " +
			"certificate and client_id (RFC 8705). Errors as in section 5.2.",
		Audit: door.AuditSecurity, Act: door.ActAccess, Limit: rarely(), MaxBody: maxTokenBody,
	}, door.Raw(s.accessToken, "application/json"))
}

// tokenBody is the answer of RFC 6749 section 5.1.
type tokenBody struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"` // seconds
	Scope       string `json:"scope"`
}

// tokenError is an error of RFC 6749 section 5.2.
type tokenError struct {
	status      int
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

func badToken(code, description string) *tokenError {
	return &tokenError{http.StatusBadRequest, code, description}
}

// accessToken gives a client an access token.
func (s *Server) accessToken(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
	h.Set("Content-Type", "application/json")
	form, wrong := tokenForm(r)
	if wrong != nil {
		return wrong.write(w)
	}
	scopes, wrong := s.tokenScopes(form)
	if wrong != nil {
		return wrong.write(w)
	}
	client, credentials, wrong := clientOf(w, r, form)
	if wrong != nil {
		return wrong.write(w)
	}
	token, err := s.clients.Issue(r.Context(), client, credentials, scopes, pass.Address())
	switch {
	case errors.Is(err, identity.ErrKey):
		return unknownClient(w, r).write(w)
	case errors.Is(err, identity.ErrScope):
		return badToken("invalid_scope", "the client does not hold one of these scopes").write(w)
	case err != nil:
		return err
	}
	pass.ClientLoggedIn(token.Client)
	if token.Scopes == nil {
		token.Scopes = s.scopes()
	}
	return json.NewEncoder(w).Encode(tokenBody{ //nolint:gosec // G117: the client asked for it
		AccessToken: token.Text, TokenType: "Bearer", Scope: strings.Join(token.Scopes, " "),
		ExpiresIn: int(token.Expires.Sub(s.config.Clock()) / time.Second),
	})
}

func (e *tokenError) write(w http.ResponseWriter) error {
	w.WriteHeader(e.status)
	return json.NewEncoder(w).Encode(e)
}

// unknownClient is the answer to a wrong client or key; who came with Authorization is told how to come.
func unknownClient(w http.ResponseWriter, r *http.Request) *tokenError {
	if r.Header.Get("Authorization") != "" {
		w.Header().Set("Www-Authenticate", `Basic realm="vigie"`)
	}
	e := badToken("invalid_client", "the client or its key is unknown, expired or revoked")
	e.status = http.StatusUnauthorized
	return e
}

// tokenForm reads the form: parameters are neither repeated nor in the address.
func tokenForm(r *http.Request) (url.Values, *tokenError) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return nil, badToken("invalid_request", "the body must be application/x-www-form-urlencoded")
	}
	if err := r.ParseForm(); err != nil {
		return nil, badToken("invalid_request", "the body is no form, or too long")
	}
	for _, given := range r.PostForm {
		if len(given) > 1 {
			return nil, badToken("invalid_request", "a parameter is repeated")
		}
	}
	switch r.PostForm.Get("grant_type") {
	case "":
		return nil, badToken("invalid_request", "grant_type is missing")
	case "client_credentials":
		return r.PostForm, nil
	}
	return nil, badToken("unsupported_grant_type", "grant_type must be client_credentials")
}

// tokenScopes are the scopes asked for; nil is all that the client holds.
func (s *Server) tokenScopes(form url.Values) ([]string, *tokenError) {
	scopes := strings.Fields(form.Get("scope"))
	if len(scopes) == 0 {
		return nil, nil
	}
	known := s.scopes()
	for _, tag := range scopes {
		if !slices.Contains(known, tag) {
			return nil, badToken("invalid_scope", "scope must be among: "+strings.Join(known, " "))
		}
	}
	slices.Sort(scopes)
	return slices.Compact(scopes), nil
}

// scopes are the tags of the operations that need a caller.
func (s *Server) scopes() []string {
	var tags []string
	for _, op := range s.door.Operations() {
		if !op.Public {
			tags = append(tags, op.Tag)
		}
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}

// clientOf reads the client's credentials, from one place only: Basic, the form, or the connection's certificate. In
// Basic, id and key are encoded as in a form (RFC 6749 section 2.3.1), which leaves ours as they are.
func clientOf(w http.ResponseWriter, r *http.Request, form url.Values) (client string, c identity.Credentials, wrong *tokenError) {
	c, err := identity.ReadCredentials(r, "")
	if err != nil {
		return "", c, unknownClient(w, r)
	}
	client = form.Get("client_id")
	secret := form.Get("client_secret")
	switch {
	case len(c.Secrets) > 0 && (secret != "" || r.Header.Get(identity.APIKeyHeader) != "" || c.Secrets[0].Client == ""):
		return "", c, badToken("invalid_request", "the client must come by Basic or in the form, one of them")
	case len(c.Secrets) > 0 && client != "" && client != c.Secrets[0].Client:
		return "", c, badToken("invalid_request", "client_id is not the client of Authorization")
	case secret != "":
		if client == "" {
			return "", c, badToken("invalid_request", "client_id is missing")
		}
		c.Secrets = []identity.Secret{{Client: client, Text: secret}}
	}
	return client, c, nil
}
