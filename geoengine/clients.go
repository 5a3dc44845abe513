package geoengine

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Client is a machine that may ask: with keys, with access tokens that it gets for a key, or with a certificate.
type Client struct {
	ID          string
	Title       string
	Grants      []AccountGrant // by role, each role once
	Scopes      []string       // tags of the operations that it may call; nil is all
	Certificate []byte         // SHA-256 of the bound certificate in DER; nil for none
	Disabled    bool
	Created     time.Time
	Keys        []ClientKey // newest first; only Clients reads them
}

// Scope is the territory of all grants together, as in Query.Scope: nil is everything, an empty slice is nothing.
func (c *Client) Scope() []string { return grantsScope(c.Grants) }

const (
	insertClient = `
		insert into client (id, title, scopes, certificate, created)
		select $1::text, $2::text, $3::text[], $4::bytea, $5::timestamptz where not exists (select from account where name = $1)`
	// clientColumns are what scanClient reads of the client c.
	clientColumns = `
		c.id, c.title, c.scopes, c.certificate, c.disabled, c.created,
		coalesce((select jsonb_agg(jsonb_build_object('role', g.role, 'areas', g.areas) order by g.role)
			from client_grant g where g.client = c.id), '[]')`
	selectClients           = `select ` + clientColumns + ` from client c where $1::text is null or c.id = $1 order by c.id`
	selectCertificate       = `select ` + clientColumns + ` from client c where c.certificate = $1`
	lockClient              = `select id from client where id = $1 for update`
	deleteClientGrants      = `delete from client_grant where client = $1`
	insertClientGrant       = `insert into client_grant (client, role, areas) values ($1, $2, $3)`
	updateClientDisabled    = `update client set disabled = $2 where id = $1`
	updateClientScopes      = `update client set scopes = $2 where id = $1`
	updateClientCertificate = `update client set certificate = $2 where id = $1`
	deleteClientTokens      = `delete from client_token where client = $1`
)

// clientFields are where to scan clientColumns.
func clientFields(c *Client) []any {
	return []any{&c.ID, &c.Title, &c.Scopes, &c.Certificate, &c.Disabled, &c.Created, &c.Grants}
}

// CreateClient stores a new machine without keys; ErrInvalid if a client or an account has that name.
func (s *Store) CreateClient(ctx context.Context, c Client) error {
	err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, insertClient, c.ID, c.Title, c.Scopes, c.Certificate, c.Created)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return fmt.Errorf("an account has that name: %w", ErrInvalid)
		}
		return replaceGrants(ctx, tx, deleteClientGrants, insertClientGrant, c.ID, c.Grants)
	})
	if taken(err) {
		return fmt.Errorf("client %q or its certificate exists already: %w", c.ID, ErrInvalid)
	}
	if err != nil {
		return fmt.Errorf("create client %q: %w", c.ID, err)
	}
	return nil
}

// Client returns the machine of that id, without its keys; ErrMissing if there is none.
func (s *Store) Client(ctx context.Context, id string) (Client, error) {
	return s.oneClient(ctx, selectClients, id)
}

// ClientByCertificate returns the machine to which the certificate with that SHA-256 is bound, disabled or not;
// ErrMissing if there is none.
func (s *Store) ClientByCertificate(ctx context.Context, fingerprint []byte) (Client, error) {
	return s.oneClient(ctx, selectCertificate, fingerprint)
}

func (s *Store) oneClient(ctx context.Context, query string, by any) (Client, error) {
	found, err := readClients(ctx, s.Pool, query, by)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("client: %w", ErrMissing)
	}
	if err != nil {
		return Client{}, err
	}
	return found[0], nil
}

// Clients lists every machine by id with its keys, disabled, expired and revoked ones included.
func (s *Store) Clients(ctx context.Context) ([]Client, error) {
	found, err := readClients(ctx, s.Pool, selectClients, (*string)(nil))
	if err != nil {
		return nil, err
	}
	keys, err := s.clientKeys(ctx)
	if err != nil {
		return nil, err
	}
	for i := range found {
		found[i].Keys = keys[found[i].ID]
	}
	return found, nil
}

func readClients(ctx context.Context, from querier, query string, by any) ([]Client, error) {
	rows, err := from.Query(ctx, query, by)
	if err != nil {
		return nil, fmt.Errorf("read clients: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c Client, err error) {
		err = row.Scan(clientFields(&c)...)
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("read clients: %w", err)
	}
	return found, nil
}

// SetClientGrants replaces a client's grants by what change makes of them, and tells the servers, which obey at once;
// ErrMissing if there is no such client.
func (s *Store) SetClientGrants(ctx context.Context, id string, change func([]AccountGrant) ([]AccountGrant, error)) error {
	err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		if err := lock(ctx, tx, lockClient, id); err != nil {
			return err
		}
		found, err := readClients(ctx, tx, selectClients, id)
		if err != nil {
			return err
		}
		grants, err := change(found[0].Grants)
		if err != nil {
			return err
		}
		if err := replaceGrants(ctx, tx, deleteClientGrants, insertClientGrant, id, grants); err != nil {
			return err
		}
		return notify(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("grants of client %q: %w", id, err)
	}
	return nil
}

// DisableClient stops (or lets again) a machine ask, and ends its access tokens; ErrMissing if there is none.
func (s *Store) DisableClient(ctx context.Context, id string, disabled bool) error {
	return s.changeClient(ctx, id, updateClientDisabled, disabled)
}

// SetClientScopes replaces the tags of the operations that a machine may call (nil is all), and ends its access
// tokens; ErrMissing if there is none.
func (s *Store) SetClientScopes(ctx context.Context, id string, scopes []string) error {
	return s.changeClient(ctx, id, updateClientScopes, scopes)
}

// SetClientCertificate binds the certificate with that SHA-256 to a machine, or none where it is nil, and ends its
// access tokens; ErrMissing if there is no such machine, ErrInvalid if the certificate is another's.
func (s *Store) SetClientCertificate(ctx context.Context, id string, fingerprint []byte) error {
	err := s.changeClient(ctx, id, updateClientCertificate, fingerprint)
	if taken(err) {
		return fmt.Errorf("client %q: the certificate is another client's: %w", id, ErrInvalid)
	}
	return err
}

func (s *Store) changeClient(ctx context.Context, id, update string, value any) error {
	if err := s.change(ctx, update, []any{id, value}, deleteClientTokens, id); err != nil {
		return fmt.Errorf("change client %q: %w", id, err)
	}
	return nil
}
