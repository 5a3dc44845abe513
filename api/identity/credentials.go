package identity

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"vigie/geoengine"
)

// APIKeyHeader carries a key, for programs that cannot set Authorization.
const APIKeyHeader = "X-API-Key" //nolint:gosec // G101: the name of a header

// Errors of what a request says about who asks; each is answered 401.
var (
	// ErrKey says that a key, an access token or a client is unknown, expired, revoked or disabled, and never which.
	ErrKey = errors.New("the key or access token is unknown, expired or revoked")
	// ErrMalformed says that credentials cannot be read.
	ErrMalformed = errors.New("malformed credentials")
	// ErrDisagree says that the credentials of one request belong to different callers.
	ErrDisagree = errors.New("the credentials of this request belong to different callers")
)

// Credentials are what a request says about who asks. The zero Credentials say nothing.
type Credentials struct {
	Session     string   // token of the session cookie
	Secrets     []Secret // keys and access tokens
	Certificate []byte   // SHA-256 of the client's verified certificate in DER; nil for none
}

// Secret is a key or an access token.
type Secret struct {
	Client string // that the key must belong to, where the request names it
	Text   string
}

// None tells whether the request says nothing about who asks. A certificate alone may be anybody's.
func (c Credentials) None() bool {
	return c.Session == "" && len(c.Secrets) == 0 && c.Certificate == nil
}

// ReadCredentials reads the session cookie, Authorization (Bearer or Basic), X-API-Key and the certificate of the
// connection. ErrMalformed for what cannot be read, ErrDisagree for two cookies of that name.
func ReadCredentials(r *http.Request, cookie string) (Credentials, error) {
	var c Credentials
	for _, given := range r.CookiesNamed(cookie) {
		if c.Session != "" && given.Value != c.Session {
			return Credentials{}, ErrDisagree
		}
		c.Session = given.Value
	}
	for _, read := range []struct {
		header string
		parse  func(string) (Secret, error)
	}{{"Authorization", ParseAuthorization}, {APIKeyHeader, parseAPIKey}} {
		given := r.Header.Values(read.header)
		if len(given) == 0 {
			continue
		}
		if len(given) > 1 {
			return Credentials{}, fmt.Errorf("header %s is given twice: %w", read.header, ErrMalformed)
		}
		secret, err := read.parse(given[0])
		if err != nil {
			return Credentials{}, err
		}
		c.Secrets = append(c.Secrets, secret)
	}
	if r.TLS != nil && len(r.TLS.VerifiedChains) > 0 && len(r.TLS.PeerCertificates) > 0 {
		sum := sha256.Sum256(r.TLS.PeerCertificates[0].Raw)
		c.Certificate = sum[:]
	}
	return c, nil
}

// ParseAuthorization reads the header of that name: Bearer with a key or an access token (RFC 6750), or Basic with a
// client's id and key (RFC 7617). ErrMalformed says what is wrong, and never repeats the header.
func ParseAuthorization(header string) (Secret, error) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(header), " ")
	rest = strings.TrimSpace(rest)
	switch strings.ToLower(scheme) {
	case "bearer":
		return parseSecret("Authorization", Secret{Text: rest})
	case "basic":
		client, key, err := parseBasic(rest)
		if err != nil {
			return Secret{}, err
		}
		return parseSecret("Authorization", Secret{Client: client, Text: key})
	}
	return Secret{}, fmt.Errorf("header Authorization: must be Bearer KEY, or Basic with a client's id and key: %w", ErrMalformed)
}

func parseAPIKey(header string) (Secret, error) {
	return parseSecret(APIKeyHeader, Secret{Text: strings.TrimSpace(header)})
}

func parseBasic(text string) (user, password string, err error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	user, password, found := strings.Cut(string(raw), ":")
	if err != nil || !found || CheckName(user) != nil {
		return "", "", fmt.Errorf("header Authorization: Basic must hold a client's id, a colon and its key, in base64: %w", ErrMalformed)
	}
	return user, password, nil
}

// Keys are vigie_ID_SECRET, access tokens vigie_token_SECRET: prefixes by which programs find leaked ones.
const (
	keyPrefix   = "vigie_"
	tokenName   = "token"
	keyIDLength = 10
)

// parseSecret checks the form of a key or an access token.
func parseSecret(where string, s Secret) (Secret, error) {
	if _, err := splitSecret(s.Text); err != nil {
		return Secret{}, fmt.Errorf("header %s: %w", where, err)
	}
	return s, nil
}

// splitSecret returns the id in a key; in an access token it is "".
func splitSecret(text string) (id string, err error) {
	body, isOurs := strings.CutPrefix(text, keyPrefix)
	id, rest, _ := strings.Cut(body, "_")
	if !isOurs || len(rest) != tokenLetters || !isBase64(rest) || (id != tokenName && !isKeyID(id)) {
		return "", fmt.Errorf("this is no key and no access token of Vigie: %w", ErrMalformed)
	}
	if id == tokenName {
		id = ""
	}
	return id, nil
}

// keyLetters are the signs of a key's id: none alike.
const keyLetters = "abcdefghijkmnpqrstuvwxyz23456789"

func isKeyID(id string) bool { return len(id) == keyIDLength && strings.Trim(id, keyLetters) == "" }

func isBase64(text string) bool {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return err == nil && len(raw) == tokenBytes
}

// CheckKeyID returns ErrInvalid for what cannot be the id of a key.
func CheckKeyID(id string) error {
	if !isKeyID(id) {
		return fmt.Errorf("key %.40q: must be the id of a key, %d letters and digits: %w", id, keyIDLength, geoengine.ErrInvalid)
	}
	return nil
}
