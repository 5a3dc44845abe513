package geoengine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Everywhere in Account.Areas means every territory, also what lies in none.
const Everywhere = "*"

// SessionsChannel is notified when sessions were ended by another process, so that servers forget them.
const SessionsChannel = "vigie_sessions"

// Account is a person who may log in. The password is kept as an argon2id PHC string only.
type Account struct {
	Name     string
	Password string // argon2id PHC string, never the password
	Role     string
	Areas    []string // area paths; Everywhere alone is no limit
	Disabled bool
	Created  time.Time
}

// Scope is the account's territory in the form of Query.Scope: nil is everything, an empty slice is nothing.
func (a *Account) Scope() []string {
	scope := make([]string, 0, len(a.Areas))
	for _, path := range a.Areas {
		if path == Everywhere {
			return nil
		}
		scope = append(scope, path)
	}
	return scope
}

// Session is one log-in. Token is the SHA-256 of the cookie: the cookie itself is never stored.
type Session struct {
	Token            []byte
	Account          Account
	Created, Expires time.Time
}

const (
	insertAccount = `
		insert into account (name, password, role, areas, created) values ($1, $2, $3, $4, $5)`
	selectAccounts = `
		select name, password, role, areas, disabled, created from account
		where $1::text is null or name = $1
		order by name`
	updateAccountDisabled = `update account set disabled = $2 where name = $1`
	updateAccountPassword = `update account set password = $2 where name = $1`
	deleteAccountSessions = `delete from session where account = $1`
	notifySessions        = `select pg_notify($1, '')`
	insertSession         = `insert into session (token, account, created, expires) values ($1, $2, $3, $4)`
	selectSession         = `
		select s.token, s.created, s.expires, a.name, a.role, a.areas, a.created
		from session s join account a on a.name = s.account
		where s.token = $1 and s.expires > $2 and not a.disabled`
	updateSessionExpires  = `update session set expires = $2 where token = $1 and expires < $2`
	deleteSession         = `delete from session where token = $1`
	deleteExpiredSessions = `delete from session where expires <= $1`
)

// CreateAccount stores a new account; ErrInvalid if the name is taken.
func (s *Store) CreateAccount(ctx context.Context, a Account) error {
	_, err := s.Pool.Exec(ctx, insertAccount, a.Name, a.Password, a.Role, a.Areas, a.Created)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "23505" {
		return fmt.Errorf("account %q exists already: %w", a.Name, ErrInvalid)
	}
	if err != nil {
		return fmt.Errorf("create account %q: %w", a.Name, err)
	}
	return nil
}

// Account returns the account of that name; ErrMissing if there is none.
func (s *Store) Account(ctx context.Context, name string) (Account, error) {
	found, err := s.accounts(ctx, &name)
	if err != nil {
		return Account{}, err
	}
	if len(found) == 0 {
		return Account{}, fmt.Errorf("account %q: %w", name, ErrMissing)
	}
	return found[0], nil
}

// Accounts lists every account by name, disabled ones included.
func (s *Store) Accounts(ctx context.Context) ([]Account, error) { return s.accounts(ctx, nil) }

func (s *Store) accounts(ctx context.Context, name *string) ([]Account, error) {
	rows, err := s.Pool.Query(ctx, selectAccounts, name)
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a Account, err error) {
		err = row.Scan(&a.Name, &a.Password, &a.Role, &a.Areas, &a.Disabled, &a.Created)
		return a, err
	})
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	return found, nil
}

// DisableAccount stops (or lets again) an account log in and ends its sessions; ErrMissing if there is none.
func (s *Store) DisableAccount(ctx context.Context, name string, disabled bool) error {
	return s.changeAccount(ctx, name, updateAccountDisabled, disabled)
}

// SetAccountPassword replaces the PHC string and ends the account's sessions; ErrMissing if there is none.
func (s *Store) SetAccountPassword(ctx context.Context, name, phc string) error {
	return s.changeAccount(ctx, name, updateAccountPassword, phc)
}

// changeAccount runs one update of an account, ends its sessions and tells the servers, all or nothing.
func (s *Store) changeAccount(ctx context.Context, name, update string, value any) error {
	err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, update, name, value)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrMissing
		}
		if _, err := tx.Exec(ctx, deleteAccountSessions, name); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, notifySessions, SessionsChannel)
		return err
	})
	if err != nil {
		return fmt.Errorf("change account %q: %w", name, err)
	}
	return nil
}

// CreateSession stores a log-in of the account named in session.Account.
func (s *Store) CreateSession(ctx context.Context, session Session) error {
	_, err := s.Pool.Exec(ctx, insertSession, session.Token, session.Account.Name, session.Created, session.Expires)
	if err != nil {
		return fmt.Errorf("create session: %w", err)
	}
	return nil
}

// Session returns the log-in with that token hash; ErrMissing if there is none, it expired by now, or its account
// is disabled. The password is not read.
func (s *Store) Session(ctx context.Context, token []byte, now time.Time) (Session, error) {
	var found Session
	err := s.Pool.QueryRow(ctx, selectSession, token, now).Scan(&found.Token, &found.Created, &found.Expires,
		&found.Account.Name, &found.Account.Role, &found.Account.Areas, &found.Account.Created)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrMissing
	}
	if err != nil {
		return Session{}, fmt.Errorf("read session: %w", err)
	}
	return found, nil
}

// ExtendSession moves a session's expiry later, never earlier.
func (s *Store) ExtendSession(ctx context.Context, token []byte, expires time.Time) error {
	if _, err := s.Pool.Exec(ctx, updateSessionExpires, token, expires); err != nil {
		return fmt.Errorf("extend session: %w", err)
	}
	return nil
}

// DeleteSession ends a log-in and tells the other servers; an unknown token is not an error.
func (s *Store) DeleteSession(ctx context.Context, token []byte) error {
	err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, deleteSession, token); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, notifySessions, SessionsChannel)
		return err
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
