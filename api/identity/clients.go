package identity

import (
	"context"
	"crypto/subtle"
	"errors"
	"io"
	"net/netip"
	"time"

	"vigie/geoengine"
)

// Clients recognises machines by their keys, access tokens and certificates.
type Clients struct {
	store    *geoengine.Store
	throttle *Throttle
	random   io.Reader
	clock    func() time.Time
	secrets  *memory[machine]
	bound    *memory[machine] // by the SHA-256 of certificates; the zero machine for one that is bound to nobody
}

// machine is what a secret or a certificate stands for.
type machine struct {
	client  geoengine.Client
	key     string   // id of the key; "" for the certificate
	scopes  []string // nil is all
	expires time.Time
}

// NewClients returns the recognition of the store's machines; random gives the access tokens (crypto/rand.Reader).
func NewClients(store *geoengine.Store, random io.Reader, clock func() time.Time) *Clients {
	return &Clients{
		store: store, throttle: NewThrottle(clock), random: random, clock: clock,
		secrets: newMemory[machine](), bound: newMemory[machine](),
	}
}

// Forget makes every machine be read again: clients changed elsewhere.
func (c *Clients) Forget() {
	c.secrets.forget()
	c.bound.forget()
}

// bySecret returns the machine of a key or an access token that came over a connection with that certificate; ErrKey
// if there is none, a ThrottledError after too many wrong ones from that address. A secret that was good before is
// not held up by the wrong ones of a neighbour.
func (c *Clients) bySecret(ctx context.Context, s Secret, certificate []byte, from netip.Addr) (machine, error) {
	now := c.clock()
	hash := hashOf(s.Text)
	if !c.secrets.proven(hash) {
		if err := c.throttle.Blocked(from); err != nil {
			return machine{}, err
		}
	}
	found, err := c.secrets.get(ctx, hash, now, func(ctx context.Context) (machine, error) {
		return c.read(ctx, s.Text, hash, now)
	})
	if err == nil && !found.value.admits(s.Client, certificate, now) {
		err = ErrKey
	}
	if errors.Is(err, ErrKey) {
		c.throttle.Failed(from)
	}
	return found.value, err
}

// admits tells whether the secret is still good, is that client's where one is named, and came with the certificate
// that is bound to the client.
func (m machine) admits(client string, certificate []byte, now time.Time) bool {
	named := client == "" || client == m.client.ID
	bound := m.client.Certificate == nil || subtle.ConstantTimeCompare(m.client.Certificate, certificate) == 1
	return now.Before(m.expires) && named && bound
}

// read looks a secret up, with the same steps whether it is unknown, wrong, expired, revoked or of a disabled client.
func (c *Clients) read(ctx context.Context, text string, hash digest, now time.Time) (machine, error) {
	id, err := splitSecret(text)
	if err != nil {
		return machine{}, err
	}
	var (
		found   machine
		stored  []byte
		revoked bool
		used    time.Time
	)
	if id == "" {
		var token geoengine.ClientToken
		token, found.client, err = c.store.ClientToken(ctx, hash[:])
		stored, found.key, found.scopes, found.expires, used = token.Hash, token.Key, token.Scopes, token.Expires, now
	} else {
		var key geoengine.ClientKey
		key, found.client, err = c.store.ClientKey(ctx, id)
		stored, found.key, found.scopes, found.expires = key.Hash, key.ID, found.client.Scopes, key.Expires
		revoked, used = !key.Revoked.IsZero(), key.Used
	}
	if err != nil && !errors.Is(err, geoengine.ErrMissing) {
		return machine{}, err
	}
	same := subtle.ConstantTimeCompare(stored, hash[:]) == 1 // an unknown one has no bytes, and is not the same
	if !same || revoked || found.client.Disabled || !now.Before(found.expires) {
		return machine{}, ErrKey
	}
	if now.Sub(used) >= noteAfter {
		if err := c.store.UseClientKey(ctx, id, now); err != nil {
			return machine{}, err
		}
	}
	return found, nil
}

// byCertificate returns the machine to which a certificate is bound; the zero machine if it is bound to nobody.
func (c *Clients) byCertificate(ctx context.Context, fingerprint []byte) (machine, error) {
	now := c.clock()
	found, err := c.bound.get(ctx, digest(fingerprint), now, func(ctx context.Context) (machine, error) {
		client, err := c.store.ClientByCertificate(ctx, fingerprint)
		if errors.Is(err, geoengine.ErrMissing) {
			return machine{}, nil
		}
		return machine{client: client, scopes: client.Scopes}, err
	})
	if err == nil && found.value.client.Disabled {
		err = ErrKey
	}
	return found.value, err
}

func (m machine) caller() Caller {
	return Caller{
		Name: m.client.ID, Machine: true, Grants: grantsOf(m.client.Grants), Scopes: both(m.client.Scopes, m.scopes), Expires: m.expires,
	}
}
