package identity

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"
	"unicode"

	"vigie/geoengine"
)

// How long a log-in lives: until it was idle for IdleLife, and never longer than LongestLife.
const (
	IdleLife    = 12 * time.Hour
	LongestLife = 7 * 24 * time.Hour
)

const (
	noteAfter    = 10 * time.Minute // that a session or a key is used is written at most this often
	tokenBytes   = 32
	tokenLetters = 43 // of a token in base64
	idBytes      = 12
	longestAgent = 200 // bytes kept of a browser's name
)

// ErrCredentials says that the name or the password is wrong, and never which.
var ErrCredentials = errors.New("unknown name or wrong password")

// Sessions logs people in and recognises them by their cookie's token.
type Sessions struct {
	store    *geoengine.Store
	hasher   *Hasher
	throttle *Throttle
	random   io.Reader
	clock    func() time.Time
	known    *memory[geoengine.Session]
}

// NewSessions returns the log-in of the store's accounts; random gives the tokens (crypto/rand.Reader).
func NewSessions(store *geoengine.Store, random io.Reader, clock func() time.Time) *Sessions {
	return &Sessions{
		store: store, hasher: NewHasher(random), throttle: NewThrottle(clock), random: random, clock: clock,
		known: newMemory[geoengine.Session](),
	}
}

// Hasher is what computes the hashes of passwords.
func (s *Sessions) Hasher() *Hasher { return s.hasher }

// Login checks a password and opens a session; token goes into the cookie, and agent, the name of the browser, into
// the list of sessions. ErrCredentials when name or password is wrong (in the same time), a ThrottledError after too
// many failures, ErrBusy when too many log in at once.
func (s *Sessions) Login(ctx context.Context, name, password string, from netip.Addr, agent string) (token string, caller Caller, err error) {
	name = tidyName(name)
	if err := s.throttle.Attempt(name, from); err != nil {
		return "", Caller{}, err
	}
	account, err := s.verify(ctx, name, password)
	switch {
	case errors.Is(err, ErrCredentials):
		return "", Caller{}, err
	case err != nil:
		s.throttle.Undo(name, from)
		return "", Caller{}, err
	}
	s.throttle.Succeeded(name, from)
	return s.open(ctx, account, from, agent)
}

// OpenFor opens a session for an account whose holder was recognised elsewhere, by an OpenID provider. ErrMissing if
// there is no such account, ErrDenied if it is disabled.
func (s *Sessions) OpenFor(ctx context.Context, name string, from netip.Addr, agent string) (token string, caller Caller, err error) {
	account, err := s.store.Account(ctx, name)
	if err != nil {
		return "", Caller{}, err
	}
	if account.Disabled {
		return "", Caller{}, fmt.Errorf("account %q is disabled: %w", name, geoengine.ErrDenied)
	}
	return s.open(ctx, account, from, agent)
}

// verify returns the account if the password is its own, in the same time whether the account exists or not.
func (s *Sessions) verify(ctx context.Context, name, password string) (geoengine.Account, error) {
	var account geoengine.Account
	if CheckName(name) == nil {
		var err error
		if account, err = s.store.Account(ctx, name); err != nil && !errors.Is(err, geoengine.ErrMissing) {
			return geoengine.Account{}, err
		}
	}
	matches, err := s.hasher.Verify(ctx, account.Password, password)
	if err != nil {
		return geoengine.Account{}, err
	}
	if !matches || account.Disabled {
		return geoengine.Account{}, ErrCredentials
	}
	return account, nil
}

// open stores a new session under the hash of a random token.
func (s *Sessions) open(ctx context.Context, account geoengine.Account, from netip.Addr, agent string) (token string, caller Caller, err error) {
	token, err = randomText(s.random, tokenBytes)
	if err != nil {
		return "", Caller{}, err
	}
	id, err := randomText(s.random, idBytes)
	if err != nil {
		return "", Caller{}, err
	}
	now := s.clock()
	hash := hashOf(token)
	session := geoengine.Session{
		Token: hash[:], ID: id, Account: account, Created: now, Used: now, Expires: now.Add(IdleLife),
		Address: from.String(), Agent: tidyAgent(agent),
	}
	if err := s.store.DeleteExpiredSessions(ctx, now); err != nil {
		return "", Caller{}, err
	}
	if err := s.store.CreateSession(ctx, session); err != nil {
		return "", Caller{}, err
	}
	return token, callerOf(session), nil
}

// randomText returns n random bytes in base64, as it may stand in cookies, headers and addresses.
func randomText(random io.Reader, n int) (string, error) {
	raw := make([]byte, n)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", fmt.Errorf("random bytes: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

func hashOf(secret string) digest { return sha256.Sum256([]byte(secret)) }

// tidyAgent is what is kept of a browser's name: printable, and not long.
func tidyAgent(agent string) string {
	agent = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(agent[:min(len(agent), longestAgent)], ""))
	return strings.TrimSpace(agent)
}

// Resolve returns the person behind a token, and moves the session's expiry on; ErrMissing if there is no such
// session or it has ended.
func (s *Sessions) Resolve(ctx context.Context, token string) (Caller, error) {
	return s.resolve(ctx, token, true)
}

// Check is Resolve for a stream that stays open by itself: it does not move the expiry on.
func (s *Sessions) Check(ctx context.Context, token string) (Caller, error) {
	return s.resolve(ctx, token, false)
}

func (s *Sessions) resolve(ctx context.Context, token string, slide bool) (Caller, error) {
	if len(token) != tokenLetters {
		return Caller{}, fmt.Errorf("session: %w", geoengine.ErrMissing)
	}
	key := hashOf(token)
	now := s.clock()
	found, err := s.known.get(ctx, key, now, func(ctx context.Context) (geoengine.Session, error) {
		return s.store.Session(ctx, key[:], now)
	})
	if err != nil {
		return Caller{}, err
	}
	if !now.Before(found.value.Expires) {
		return Caller{}, fmt.Errorf("session: %w", geoengine.ErrMissing)
	}
	if slide && now.Sub(found.value.Used) >= noteAfter {
		if err := s.slide(ctx, key, &found, now); err != nil {
			return Caller{}, err
		}
	}
	return callerOf(found.value), nil
}

// slide notes the use, and moves the expiry to IdleLife from now, at most LongestLife after the log-in.
func (s *Sessions) slide(ctx context.Context, key digest, found *entry[geoengine.Session], now time.Time) error {
	later := now.Add(IdleLife)
	if last := found.value.Created.Add(LongestLife); later.After(last) {
		later = last
	}
	if err := s.store.UseSession(ctx, key[:], now, later); err != nil {
		return err
	}
	found.value.Used, found.value.Expires = now, later
	s.known.put(key, *found)
	return nil
}

// Logout ends the session of a token; an unknown token is not an error.
func (s *Sessions) Logout(ctx context.Context, token string) error {
	key := hashOf(token)
	err := s.store.DeleteSession(ctx, key[:])
	s.Forget()
	return err
}

// List returns the log-ins that live on, newest first, at most a thousand: of one account, or of all where account
// is "".
func (s *Sessions) List(ctx context.Context, account string) ([]geoengine.Session, error) {
	return s.store.Sessions(ctx, account, s.clock())
}

// Find returns the log-in of that public id; ErrMissing if there is none.
func (s *Sessions) Find(ctx context.Context, id string) (geoengine.Session, error) {
	return s.store.SessionByID(ctx, id, s.clock())
}

// Revoke ends the log-in of that public id, here at once and on other servers as soon as they hear of it.
func (s *Sessions) Revoke(ctx context.Context, id string) error {
	err := s.store.DeleteSessionByID(ctx, id)
	s.Forget()
	return err
}

// IsToken tells whether the session is the one of that token.
func IsToken(session geoengine.Session, token string) bool {
	hash := hashOf(token)
	return token != "" && string(session.Token) == string(hash[:])
}

// Forget makes every session be read again: sessions or accounts changed elsewhere.
func (s *Sessions) Forget() { s.known.forget() }

func callerOf(session geoengine.Session) Caller {
	return Caller{Name: session.Account.Name, Expires: session.Expires, Grants: grantsOf(session.Account.Grants)}
}

func grantsOf(stored []geoengine.AccountGrant) []Grant {
	grants := make([]Grant, len(stored))
	for i, g := range stored {
		grants[i] = Grant{Role: Role(g.Role), Areas: g.Areas}
	}
	return grants
}

// CookieName is the name of the session cookie. Over TLS the __Host- prefix ties it to this host and path.
func CookieName(secure bool) string {
	if secure {
		return "__Host-vigie"
	}
	return "vigie"
}
