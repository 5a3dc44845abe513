package geoengine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Everywhere in AccountGrant.Areas means every territory, also what lies in none.
const Everywhere = "*"

// SessionsChannel is notified when sessions, accounts or clients were changed by another process, so that servers
// forget what they remember of them.
const SessionsChannel = "vigie_sessions"

// Account is a person who may log in: with a password, of which an argon2id PHC string is kept, or through the OpenID
// provider that vouches for them (Issuer and Subject set, Password empty).
type Account struct {
	Name            string
	Password        string         // argon2id PHC string, never the password
	Grants          []AccountGrant // by role, each role once
	Disabled        bool
	Issuer, Subject string
	Created         time.Time
}

// Scope is the territory of all grants together, as in Query.Scope: nil is everything, an empty slice is nothing.
func (a *Account) Scope() []string { return grantsScope(a.Grants) }

const (
	insertAccount = `
		insert into account (name, password, issuer, subject, created)
		select $1::text, $2::text, $3::text, $4::text, $5::timestamptz where not exists (select from client where id = $1::text)`
	insertExternalAccount = `
		insert into account (name, password, issuer, subject, created)
		select $1::text, '', $2::text, $3::text, now() where not exists (select from client where id = $1)
		on conflict (issuer, subject) where issuer <> '' do nothing`
	selectAccounts = `
		select a.name, a.password, a.disabled, a.issuer, a.subject, a.created, ` + accountGrants + `
		from account a
		where $1::text is null or a.name = $1
		order by a.name`
	// accountGrants are the grants of the account a, as JSON.
	accountGrants = `
		coalesce((select jsonb_agg(jsonb_build_object('role', g.role, 'areas', g.areas) order by g.role)
			from account_grant g where g.account = a.name), '[]')`
	lockAccount           = `select name from account where name = $1 for update`
	lockExternalAccount   = `select name from account where issuer = $1 and subject = $2 for update`
	deleteAccountGrants   = `delete from account_grant where account = $1`
	insertAccountGrant    = `insert into account_grant (account, role, areas) values ($1, $2, $3)`
	updateAccountDisabled = `update account set disabled = $2 where name = $1`
	updateAccountPassword = `update account set password = $2 where name = $1`
	deleteAccountSessions = `delete from session where account = $1`
	notifySessions        = `select pg_notify($1, '')`
)

// CreateAccount stores a new account; ErrInvalid if an account or a client has that name.
func (s *Store) CreateAccount(ctx context.Context, a Account) error {
	err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, insertAccount, a.Name, a.Password, a.Issuer, a.Subject, a.Created)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return fmt.Errorf("a client has that name: %w", ErrInvalid)
		}
		return replaceGrants(ctx, tx, deleteAccountGrants, insertAccountGrant, a.Name, a.Grants)
	})
	if taken(err) {
		return fmt.Errorf("account %q exists already: %w", a.Name, ErrInvalid)
	}
	if err != nil {
		return fmt.Errorf("create account %q: %w", a.Name, err)
	}
	return nil
}

// taken tells whether a unique name is taken.
func taken(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505"
}

// ExternalAccount returns the account of the person whom an OpenID provider calls subject, with these grants in place
// of those it had; it makes one of that name for a new person, and later keeps the name that it has. ErrDenied if it is
// disabled, ErrInvalid if issuer or subject is empty or another account or client has the name.
func (s *Store) ExternalAccount(ctx context.Context, issuer, subject, name string, grants []AccountGrant) (Account, error) {
	if issuer == "" || subject == "" || name == "" {
		return Account{}, fmt.Errorf("external account: issuer, subject and name must be set: %w", ErrInvalid)
	}
	var known string
	err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, insertExternalAccount, name, issuer, subject); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, lockExternalAccount, issuer, subject).Scan(&known)
		if errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("a client has that name: %w", ErrInvalid)
		}
		if err != nil {
			return err
		}
		return setAccountGrants(ctx, tx, known, func([]AccountGrant) ([]AccountGrant, error) { return grants, nil })
	})
	if taken(err) {
		return Account{}, fmt.Errorf("account %q is another person's: %w", name, ErrInvalid)
	}
	if err != nil {
		return Account{}, fmt.Errorf("account %q of %s: %w", name, issuer, err)
	}
	account, err := s.Account(ctx, known)
	if err == nil && account.Disabled {
		err = fmt.Errorf("account %q is disabled: %w", known, ErrDenied)
	}
	return account, err
}

// Account returns the account of that name; ErrMissing if there is none.
func (s *Store) Account(ctx context.Context, name string) (Account, error) {
	found, err := readAccounts(ctx, s.Pool, &name)
	if err != nil {
		return Account{}, err
	}
	if len(found) == 0 {
		return Account{}, fmt.Errorf("account %q: %w", name, ErrMissing)
	}
	return found[0], nil
}

// Accounts lists every account by name, disabled ones included.
func (s *Store) Accounts(ctx context.Context) ([]Account, error) {
	return readAccounts(ctx, s.Pool, nil)
}

func readAccounts(ctx context.Context, from querier, name *string) ([]Account, error) {
	rows, err := from.Query(ctx, selectAccounts, name)
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a Account, err error) {
		err = row.Scan(&a.Name, &a.Password, &a.Disabled, &a.Issuer, &a.Subject, &a.Created, &a.Grants)
		return a, err
	})
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	return found, nil
}

// lock keeps others from changing the named row until the transaction ends; ErrMissing if there is none.
func lock(ctx context.Context, tx pgx.Tx, query, name string) error {
	var found string
	err := tx.QueryRow(ctx, query, name).Scan(&found)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrMissing
	}
	return err
}

func notify(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, notifySessions, SessionsChannel)
	return err
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
	err := s.change(ctx, update, []any{name, value}, deleteAccountSessions, name)
	if err != nil {
		return fmt.Errorf("change account %q: %w", name, err)
	}
	return nil
}

// change runs one update, which must find a row (ErrMissing), then a clean-up of what it ends, and tells the servers,
// all or nothing.
func (s *Store) change(ctx context.Context, update string, args []any, cleanUp, name string) error {
	return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, update, args...)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrMissing
		}
		if _, err := tx.Exec(ctx, cleanUp, name); err != nil {
			return err
		}
		return notify(ctx, tx)
	})
}
