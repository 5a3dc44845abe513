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
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"vigie/geoengine"
)

// How long a log-in lives: until it was idle for IdleLife, and never longer than LongestLife.
const (
	IdleLife    = 12 * time.Hour
	LongestLife = 7 * 24 * time.Hour
)

const (
	rememberFor  = 5 * time.Second  // a session read from the database is trusted this long
	extendAfter  = 10 * time.Minute // the sliding expiry is written at most this often
	maxSessions  = 10_000           // sessions remembered
	tokenBytes   = 32
	tokenLetters = 43 // of a token in base64
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

	reading singleflight.Group
	mu      sync.Mutex
	known   map[[sha256.Size]byte]remembered
	epoch   uint64 // grows whenever sessions are forgotten
}

type remembered struct {
	session geoengine.Session
	until   time.Time
}

// NewSessions returns the log-in of the store's accounts; random gives the tokens (crypto/rand.Reader).
func NewSessions(store *geoengine.Store, random io.Reader, clock func() time.Time) *Sessions {
	return &Sessions{
		store: store, hasher: NewHasher(random), throttle: NewThrottle(clock), random: random, clock: clock,
		known: map[[sha256.Size]byte]remembered{},
	}
}

// Login checks a password and opens a session; token goes into the cookie. ErrCredentials when name or password is
// wrong (in the same time), a ThrottledError after too many failures, ErrBusy when too many log in at once.
func (s *Sessions) Login(ctx context.Context, name, password string, from netip.Addr) (token string, caller Caller, err error) {
	name = strings.ToLower(strings.TrimSpace(name)) // tablets like to begin with a capital
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
	return s.open(ctx, account)
}

// verify returns the account if the password is its own, in the same time whether the account exists or not.
func (s *Sessions) verify(ctx context.Context, name, password string) (geoengine.Account, error) {
	var account geoengine.Account
	if checkName(name) == nil {
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
func (s *Sessions) open(ctx context.Context, account geoengine.Account) (token string, caller Caller, err error) {
	raw := make([]byte, tokenBytes)
	if _, err := io.ReadFull(s.random, raw); err != nil {
		return "", Caller{}, fmt.Errorf("log-in: %w", err)
	}
	token = base64.RawURLEncoding.EncodeToString(raw)
	key := sha256.Sum256([]byte(token))
	now := s.clock()
	session := geoengine.Session{Token: key[:], Account: account, Created: now, Expires: now.Add(IdleLife)}
	if err := s.store.DeleteExpiredSessions(ctx, now); err != nil {
		return "", Caller{}, err
	}
	if err := s.store.CreateSession(ctx, session); err != nil {
		return "", Caller{}, err
	}
	return token, callerOf(session), nil
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
	key := sha256.Sum256([]byte(token))
	now := s.clock()
	s.mu.Lock()
	found, ok := s.known[key]
	epoch := s.epoch
	s.mu.Unlock()
	if !ok || !now.Before(found.until) {
		session, err := s.read(ctx, key, now, epoch)
		if err != nil {
			return Caller{}, err
		}
		found = remembered{session, now.Add(rememberFor)}
		s.remember(key, found, epoch)
	}
	if !now.Before(found.session.Expires) {
		return Caller{}, fmt.Errorf("session: %w", geoengine.ErrMissing)
	}
	if slide {
		if err := s.slide(ctx, key, &found, now, epoch); err != nil {
			return Caller{}, err
		}
	}
	return callerOf(found.session), nil
}

// read reads a session once for all who ask at the same time, but never hands on what was read before a Forget.
func (s *Sessions) read(ctx context.Context, key [sha256.Size]byte, now time.Time, epoch uint64) (geoengine.Session, error) {
	found := s.reading.DoChan(fmt.Sprint(epoch, key), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return s.store.Session(ctx, key[:], now)
	})
	select {
	case result := <-found:
		if result.Err != nil {
			return geoengine.Session{}, result.Err
		}
		return result.Val.(geoengine.Session), nil
	case <-ctx.Done():
		return geoengine.Session{}, fmt.Errorf("session: %w", ctx.Err())
	}
}

// slide moves the expiry to IdleLife from now, at most LongestLife after the log-in, if that is worth a write.
func (s *Sessions) slide(ctx context.Context, key [sha256.Size]byte, found *remembered, now time.Time, epoch uint64) error {
	later := now.Add(IdleLife)
	if last := found.session.Created.Add(LongestLife); later.After(last) {
		later = last
	}
	if later.Sub(found.session.Expires) < extendAfter {
		return nil
	}
	if err := s.store.ExtendSession(ctx, key[:], later); err != nil {
		return err
	}
	found.session.Expires = later
	s.remember(key, *found, epoch)
	return nil
}

// remember keeps a session for a moment, unless sessions were forgotten since it was read.
func (s *Sessions) remember(key [sha256.Size]byte, found remembered, epoch uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.epoch != epoch {
		return
	}
	if len(s.known) >= maxSessions {
		clear(s.known)
	}
	s.known[key] = found
}

// Logout ends the session of a token; an unknown token is not an error.
func (s *Sessions) Logout(ctx context.Context, token string) error {
	key := sha256.Sum256([]byte(token))
	err := s.store.DeleteSession(ctx, key[:])
	s.Forget()
	return err
}

// Forget drops every remembered session, so that each is read again: sessions or accounts changed elsewhere.
func (s *Sessions) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epoch++
	clear(s.known)
}

func callerOf(session geoengine.Session) Caller {
	return Caller{
		Name: session.Account.Name, Expires: session.Expires,
		Grants: []Grant{{Role: Role(session.Account.Role), Areas: session.Account.Areas}},
	}
}

// CookieName is the name of the session cookie. Over TLS the __Host- prefix ties it to this host and path.
func CookieName(secure bool) string {
	if secure {
		return "__Host-vigie"
	}
	return "vigie"
}
