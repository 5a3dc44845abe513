package geoengine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Session is one log-in. Token is the SHA-256 of the cookie: the cookie itself is never stored.
type Session struct {
	Token                  []byte
	ID                     string // names it in lists
	Account                Account
	Created, Used, Expires time.Time
	Address, Agent         string // where the log-in came from, and with what program
}

const (
	insertSession = `
		insert into session (token, id, account, created, used, expires, address, agent)
		values ($1, $2, $3, $4, $5, $6, $7, $8)`
	sessionColumns = `
		s.token, s.id, s.created, s.used, s.expires, s.address, s.agent,
		a.name, a.disabled, a.issuer, a.subject, a.created, ` + accountGrants
	selectSession = `
		select ` + sessionColumns + `
		from session s join account a on a.name = s.account
		where s.token = $1 and s.expires > $2 and not a.disabled`
	selectSessions = `
		select ` + sessionColumns + `
		from session s join account a on a.name = s.account
		where ($1::text is null or s.account = $1) and ($2::text is null or s.id = $2) and s.expires > $3
		order by s.created desc, s.id
		limit $4`
	updateSessionUsed     = `update session set used = greatest(used, $2), expires = greatest(expires, $3) where token = $1`
	deleteSession         = `delete from session where token = $1`
	deleteSessionID       = `delete from session where id = $1`
	deleteExpiredSessions = `delete from session where expires <= $1`
)

// maxSessionList is the most sessions that Sessions returns.
const maxSessionList = 1000

// CreateSession stores a log-in of the account named in session.Account.
func (s *Store) CreateSession(ctx context.Context, session Session) error {
	_, err := s.Pool.Exec(ctx, insertSession, session.Token, session.ID, session.Account.Name, session.Created, session.Used,
		session.Expires, session.Address, session.Agent)
	if err != nil {
		return fmt.Errorf("create session: %w", err)
	}
	return nil
}

func scanSession(row pgx.CollectableRow) (found Session, err error) {
	a := &found.Account
	err = row.Scan(&found.Token, &found.ID, &found.Created, &found.Used, &found.Expires, &found.Address, &found.Agent,
		&a.Name, &a.Disabled, &a.Issuer, &a.Subject, &a.Created, &a.Grants)
	return found, err
}

// Session returns the log-in with that token hash; ErrMissing if there is none, it expired by now, or its account
// is disabled. The password is not read.
func (s *Store) Session(ctx context.Context, token []byte, now time.Time) (Session, error) {
	rows, err := s.Pool.Query(ctx, selectSession, token, now)
	if err != nil {
		return Session{}, fmt.Errorf("read session: %w", err)
	}
	found, err := pgx.CollectExactlyOneRow(rows, scanSession)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrMissing
	}
	if err != nil {
		return Session{}, fmt.Errorf("read session: %w", err)
	}
	return found, nil
}

// Sessions lists the log-ins that live on after now, newest first, at most a thousand: of one account, or of all where
// account is "". Passwords are not read.
func (s *Store) Sessions(ctx context.Context, account string, now time.Time) ([]Session, error) {
	var only *string
	if account != "" {
		only = &account
	}
	return s.sessions(ctx, only, nil, now)
}

// SessionByID returns the log-in of that public id; ErrMissing if there is none or it expired by now.
func (s *Store) SessionByID(ctx context.Context, id string, now time.Time) (Session, error) {
	found, err := s.sessions(ctx, nil, &id, now)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("session: %w", ErrMissing)
	}
	if err != nil {
		return Session{}, err
	}
	return found[0], nil
}

func (s *Store) sessions(ctx context.Context, account, id *string, now time.Time) ([]Session, error) {
	rows, err := s.Pool.Query(ctx, selectSessions, account, id, now, maxSessionList)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	found, err := pgx.CollectRows(rows, scanSession)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return found, nil
}

// UseSession notes that a session was used, and moves its expiry later, never earlier.
func (s *Store) UseSession(ctx context.Context, token []byte, used, expires time.Time) error {
	if _, err := s.Pool.Exec(ctx, updateSessionUsed, token, used, expires); err != nil {
		return fmt.Errorf("extend session: %w", err)
	}
	return nil
}

// DeleteSession ends a log-in and tells the other servers; an unknown token is not an error.
func (s *Store) DeleteSession(ctx context.Context, token []byte) error {
	return s.endSessions(ctx, deleteSession, token)
}

// DeleteSessionByID ends the log-in of that public id and tells the other servers; an unknown one is not an error.
func (s *Store) DeleteSessionByID(ctx context.Context, id string) error {
	return s.endSessions(ctx, deleteSessionID, id)
}

// DeleteAccountSessions ends every log-in of an account and tells the servers.
func (s *Store) DeleteAccountSessions(ctx context.Context, account string) error {
	return s.endSessions(ctx, deleteAccountSessions, account)
}

func (s *Store) endSessions(ctx context.Context, deletion string, what any) error {
	err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, deletion, what); err != nil {
			return err
		}
		return notify(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// DeleteExpiredSessions removes the sessions that expired by now.
func (s *Store) DeleteExpiredSessions(ctx context.Context, now time.Time) error {
	if _, err := s.Pool.Exec(ctx, deleteExpiredSessions, now); err != nil {
		return fmt.Errorf("delete expired sessions: %w", err)
	}
	return nil
}
