package identity

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"vigie/geoengine"
)

// TokenLife is how long an access token lives, unless its key expires before.
const TokenLife = time.Hour

// ErrScope says that a client asks for scopes that it does not hold.
var ErrScope = fmt.Errorf("the client does not hold this scope: %w", geoengine.ErrDenied)

// Token is an access token just made, shown this once.
type Token struct {
	Text    string
	Client  string
	Scopes  []string // nil is all
	Expires time.Time
}

// Issue gives a client that shows its key, or its certificate alone, an access token for some of its scopes (nil: for
// all that it holds), as RFC 6749 section 4.4 and RFC 8705 section 2 have it. client is the id that the request names,
// "" where it names none. ErrKey for a bad key or certificate and for an access token in place of a key, ErrScope for
// scopes that the client does not hold, a ThrottledError after too many bad keys.
func (c *Clients) Issue(ctx context.Context, client string, credentials Credentials, scopes []string, from netip.Addr) (Token, error) {
	m, err := c.issuer(ctx, client, credentials, from)
	if err != nil {
		return Token{}, err
	}
	held := m.caller().Scopes
	if held != nil {
		for _, tag := range scopes {
			if !slices.Contains(held, tag) {
				return Token{}, ErrScope
			}
		}
	}
	if scopes == nil {
		scopes = held
	}
	secret, err := randomText(c.random, tokenBytes)
	if err != nil {
		return Token{}, err
	}
	now := c.clock()
	token := Token{Text: keyPrefix + tokenName + "_" + secret, Client: m.client.ID, Scopes: scopes, Expires: now.Add(TokenLife)}
	if !m.expires.IsZero() && m.expires.Before(token.Expires) {
		token.Expires = m.expires
	}
	hash := hashOf(token.Text)
	return token, c.store.CreateClientToken(ctx, geoengine.ClientToken{
		Hash: hash[:], Client: m.client.ID, Key: m.key, Scopes: scopes, Created: now, Expires: token.Expires,
	})
}

// issuer is the machine that asks for an access token.
func (c *Clients) issuer(ctx context.Context, client string, credentials Credentials, from netip.Addr) (machine, error) {
	if len(credentials.Secrets) == 0 && credentials.Certificate != nil {
		m, err := c.byCertificate(ctx, credentials.Certificate)
		if err == nil && (m.client.ID == "" || client != "" && client != m.client.ID) {
			err = ErrKey
		}
		return m, err
	}
	if len(credentials.Secrets) != 1 {
		return machine{}, ErrKey
	}
	if err := c.throttle.Blocked(from); err != nil {
		return machine{}, err
	}
	secret := credentials.Secrets[0]
	if id, err := splitSecret(secret.Text); err != nil || id == "" {
		c.throttle.Failed(from)
		return machine{}, ErrKey
	}
	return c.bySecret(ctx, secret, credentials.Certificate, from)
}

// EndToken ends one access token; what is none is not an error.
func (c *Clients) EndToken(ctx context.Context, text string) error {
	hash := hashOf(text)
	err := c.store.DeleteClientToken(ctx, hash[:])
	c.Forget()
	return err
}
