package identity

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"vigie/geoengine"
)

// LongestKey is how long a key may live at most.
const LongestKey = 3 * 366 * 24 * time.Hour

// Scopes lists the tags of the operations of the house, by which a machine's reach is limited; those
// with the tag Server, which describe the server, are open to every machine.
func Scopes() []string {
	return []string{"DGGS", "Facts", "Features", "Journal", "Metrics", "Places", "Processes", "Session", "Tiles"}
}

// CreateClient adds a machine, without keys. scopes are tags of operations; nil is all. ErrInvalid names what is wrong:
// id, title, grants, scopes, or an id that is taken.
func (a *Accounts) CreateClient(ctx context.Context, id, title string, grants []geoengine.AccountGrant, scopes []string) error {
	if err := CheckName(id); err != nil {
		return err
	}
	if strings.Contains(id, "@") { // OAuth 2.0 would encode it in Basic, older programs would not
		return fmt.Errorf("client %.70q: must not hold @: %w", id, geoengine.ErrInvalid)
	}
	if len(title) > 200 || !utf8.ValidString(title) {
		return fmt.Errorf("title: must be text of at most 200 bytes: %w", geoengine.ErrInvalid)
	}
	if err := a.CheckGrants(grants); err != nil {
		return err
	}
	if err := checkScopes(scopes); err != nil {
		return err
	}
	return a.store.CreateClient(ctx, geoengine.Client{ID: id, Title: title, Grants: grants, Scopes: scopes, Created: a.clock()})
}

// checkScopes checks the form only: modules have tags of their own.
func checkScopes(scopes []string) error {
	if scopes != nil && len(scopes) == 0 || len(scopes) > 100 {
		return fmt.Errorf("scopes: must be 1 to 100 tags of operations, or none for all: %w", geoengine.ErrInvalid)
	}
	for _, tag := range scopes {
		letters := strings.Trim(tag, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
		if tag == "" || len(tag) > 40 || letters != "" {
			return fmt.Errorf("scope %.40q: must be the tag of operations, one of %s or of a module: %w", tag,
				strings.Join(Scopes(), ", "), geoengine.ErrInvalid)
		}
	}
	return nil
}

// ListClients returns every machine by id with its keys, without hashes.
func (a *Accounts) ListClients(ctx context.Context) ([]geoengine.Client, error) {
	clients, err := a.store.Clients(ctx)
	for i := range clients {
		for k := range clients[i].Keys {
			clients[i].Keys[k].Hash = nil
		}
	}
	return clients, err
}

// AddKey makes a key of a client, which lives until expires, and returns it: it is not stored and cannot be shown
// again. ErrMissing if there is no such client, ErrInvalid for a time that is past or beyond LongestKey.
func (a *Accounts) AddKey(ctx context.Context, client string, expires time.Time) (key string, stored geoengine.ClientKey, err error) {
	now := a.clock()
	if !expires.After(now) || expires.After(now.Add(LongestKey)) {
		return "", stored, fmt.Errorf("expiry %s: must be in the future, within three years: %w", expires.Format(time.DateOnly), geoengine.ErrInvalid)
	}
	id, err := newKeyID(a.random)
	if err != nil {
		return "", stored, err
	}
	secret, err := randomText(a.random, tokenBytes)
	if err != nil {
		return "", stored, err
	}
	key = keyPrefix + id + "_" + secret
	hash := hashOf(key)
	stored = geoengine.ClientKey{ID: id, Client: client, Hash: hash[:], Created: now, Expires: expires}
	if err := a.store.AddClientKey(ctx, stored); err != nil {
		return "", stored, err
	}
	stored.Hash = nil
	return key, stored, nil
}

func newKeyID(random io.Reader) (string, error) {
	raw := make([]byte, keyIDLength)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", fmt.Errorf("random bytes: %w", err)
	}
	for i, x := range raw {
		raw[i] = keyLetters[x&31]
	}
	return string(raw), nil
}

// RevokeKey makes a key void at once, with the access tokens that it got; ErrMissing if there is none of that id.
func (a *Accounts) RevokeKey(ctx context.Context, id string) error {
	if err := CheckKeyID(id); err != nil {
		return err
	}
	return a.store.RevokeClientKey(ctx, id, a.clock())
}

// GrantClient adds to what a client may do, as GrantAccount.
func (a *Accounts) GrantClient(ctx context.Context, id string, grants []geoengine.AccountGrant) error {
	if err := a.CheckGrants(grants); err != nil {
		return err
	}
	return a.store.SetClientGrants(ctx, id, adding(grants))
}

// RevokeClient takes roles from a client, as RevokeAccount.
func (a *Accounts) RevokeClient(ctx context.Context, id string, grants []geoengine.AccountGrant) error {
	return a.store.SetClientGrants(ctx, id, removing(grants))
}

// SetScopes replaces the tags of the operations that a client may call (nil is all), and ends its access tokens.
func (a *Accounts) SetScopes(ctx context.Context, id string, scopes []string) error {
	if err := checkScopes(scopes); err != nil {
		return err
	}
	if scopes != nil {
		scopes = slices.Compact(slices.Sorted(slices.Values(scopes)))
	}
	return a.store.SetClientScopes(ctx, id, scopes)
}

// BindCertificate binds a certificate, by the SHA-256 of its DER form, to a client, or none where it is nil: then the
// certificate alone stands for the client, and the client's keys and access tokens are good over it only.
func (a *Accounts) BindCertificate(ctx context.Context, id string, fingerprint []byte) error {
	return a.store.SetClientCertificate(ctx, id, fingerprint)
}

// DisableClient stops a machine at once and ends its access tokens; ErrMissing if there is none.
func (a *Accounts) DisableClient(ctx context.Context, id string) error {
	return a.store.DisableClient(ctx, id, true)
}

// EnableClient lets a disabled machine ask again; ErrMissing if there is none.
func (a *Accounts) EnableClient(ctx context.Context, id string) error {
	return a.store.DisableClient(ctx, id, false)
}

// EndTokens ends every access token of a client; its keys stay good.
func (a *Accounts) EndTokens(ctx context.Context, id string) error {
	if _, err := a.store.Client(ctx, id); err != nil {
		return err
	}
	return a.store.DeleteClientTokens(ctx, id)
}
