package identity

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"vigie/geoengine"
)

// Authenticator finds out who is behind a request: a person by the session, a machine by key, access token or
// certificate.
type Authenticator struct {
	sessions *Sessions
	clients  *Clients
}

// NewAuthenticator returns the one recognition of people and machines.
func NewAuthenticator(sessions *Sessions, clients *Clients) *Authenticator {
	return &Authenticator{sessions: sessions, clients: clients}
}

// Identify returns who asks from that address. Every credential must be good, and all must be of one caller:
// geoengine.ErrMissing for none and for a session that has ended, ErrKey for a bad key, token or client, ErrDisagree
// for several callers, a ThrottledError after too many bad keys from that address.
func (a *Authenticator) Identify(ctx context.Context, c Credentials, from netip.Addr) (Caller, error) {
	return a.identify(ctx, c, from, a.sessions.Resolve)
}

// Check is Identify for a stream that stays open by itself: it does not move a session's expiry on.
func (a *Authenticator) Check(ctx context.Context, c Credentials, from netip.Addr) (Caller, error) {
	return a.identify(ctx, c, from, a.sessions.Check)
}

func (a *Authenticator) identify(ctx context.Context, c Credentials, from netip.Addr,
	resolve func(context.Context, string) (Caller, error)) (Caller, error) {
	var found Caller
	meet := func(next Caller) error {
		if found.Name != "" && (found.Name != next.Name || found.Machine != next.Machine) {
			return ErrDisagree
		}
		if found.Name == "" {
			found = next
			return nil
		}
		found.Scopes = both(found.Scopes, next.Scopes)
		return nil
	}
	if c.Session != "" {
		person, err := resolve(ctx, c.Session)
		if err != nil {
			return Caller{}, err
		}
		found = person
	}
	for _, secret := range c.Secrets {
		m, err := a.clients.bySecret(ctx, secret, c.Certificate, from)
		if err == nil {
			err = meet(m.caller())
		}
		if err != nil {
			return Caller{}, err
		}
	}
	if c.Certificate != nil {
		m, err := a.clients.byCertificate(ctx, c.Certificate)
		if err == nil && m.client.ID != "" {
			err = meet(m.caller())
		}
		if err != nil {
			return Caller{}, err
		}
	}
	if found.Name == "" {
		return Caller{}, fmt.Errorf("credentials: %w", geoengine.ErrMissing)
	}
	return found, nil
}

// both are the scopes that both lists hold; nil is all.
func both(a, b []string) []string {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return slices.DeleteFunc(slices.Clone(b), func(tag string) bool { return !slices.Contains(a, tag) })
}

// Caller returns a person or a machine with the rights that the database gives them now, for work that goes on without
// a request; geoengine.ErrMissing if they are gone, geoengine.ErrDenied if they are disabled.
func (a *Authenticator) Caller(ctx context.Context, name string, isMachine bool) (Caller, error) {
	var (
		found    Caller
		disabled bool
	)
	if isMachine {
		client, err := a.clients.store.Client(ctx, name)
		if err != nil {
			return Caller{}, err
		}
		found, disabled = machine{client: client, scopes: client.Scopes}.caller(), client.Disabled
	} else {
		account, err := a.sessions.store.Account(ctx, name)
		if err != nil {
			return Caller{}, err
		}
		found, disabled = Caller{Name: account.Name, Grants: grantsOf(account.Grants)}, account.Disabled
	}
	if disabled {
		return Caller{}, fmt.Errorf("%q is disabled: %w", name, geoengine.ErrDenied)
	}
	return found, nil
}

// Ended tells whether an error of Check says that the caller is one no more.
func Ended(err error) bool {
	return errors.Is(err, geoengine.ErrMissing) || errors.Is(err, ErrKey) || errors.Is(err, ErrDisagree)
}

// Forget makes every session and every machine be read again: they changed elsewhere.
func (a *Authenticator) Forget() {
	a.sessions.Forget()
	a.clients.Forget()
}
