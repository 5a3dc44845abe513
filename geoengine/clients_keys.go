package geoengine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// ClientKey is a secret of a machine. Hash is the SHA-256 of the whole key: the key itself is never stored.
type ClientKey struct {
	ID               string
	Client           string
	Hash             []byte
	Created, Expires time.Time
	Revoked          time.Time // zero: not
	Used             time.Time // to about ten minutes; zero: never
}

// ClientToken is an access token that a machine got for a key or a certificate. Hash is its SHA-256.
type ClientToken struct {
	Hash             []byte
	Client           string
	Key              string   // id of the key by which it was got; "" for the certificate
	Scopes           []string // tags of operations; nil is all
	Created, Expires time.Time
}

const (
	insertClientKey = `
		insert into client_key (id, client, hash, created, expires)
		select $1::text, id, $3::bytea, $4::timestamptz, $5::timestamptz from client where id = $2`
	selectClientKeys = `
		select id, client, hash, created, expires, revoked, used from client_key
		order by client, created desc, id`
	selectClientKey = `
		select k.id, k.client, k.hash, k.created, k.expires, k.revoked, k.used, ` + clientColumns + `
		from client_key k join client c on c.id = k.client
		where k.id = $1`
	updateClientKeyUsed    = `update client_key set used = $2 where id = $1`
	updateClientKeyRevoked = `update client_key set revoked = coalesce(revoked, $2) where id = $1`
	deleteClientKeyTokens  = `delete from client_token where key = $1`
	//nolint:gosec // G101: SQL, not a secret
	insertAccessToken = `
		insert into client_token (hash, client, key, scopes, created, expires) values ($1, $2, $3, $4, $5, $6)`
	selectClientToken = `
		select t.hash, t.client, t.key, t.scopes, t.created, t.expires, ` + clientColumns + `
		from client_token t join client c on c.id = t.client
		where t.hash = $1`
	deleteClientToken         = `delete from client_token where hash = $1`
	deleteExpiredClientTokens = `delete from client_token where expires <= $1`
)

// keyFields are where to scan a key.
func keyFields(k *ClientKey, revoked, used **time.Time) []any {
	return []any{&k.ID, &k.Client, &k.Hash, &k.Created, &k.Expires, revoked, used}
}

func (k *ClientKey) note(revoked, used *time.Time) {
	if revoked != nil {
		k.Revoked = *revoked
	}
	if used != nil {
		k.Used = *used
	}
}

// AddClientKey stores a key of the client k.Client; ErrMissing if there is none.
func (s *Store) AddClientKey(ctx context.Context, k ClientKey) error {
	tag, err := s.Pool.Exec(ctx, insertClientKey, k.ID, k.Client, k.Hash, k.Created, k.Expires)
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrMissing
	}
	if err != nil {
		return fmt.Errorf("key of client %q: %w", k.Client, err)
	}
	return nil
}

func (s *Store) clientKeys(ctx context.Context) (map[string][]ClientKey, error) {
	rows, err := s.Pool.Query(ctx, selectClientKeys)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	keys, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (k ClientKey, err error) {
		var revoked, used *time.Time
		err = row.Scan(keyFields(&k, &revoked, &used)...)
		k.note(revoked, used)
		return k, err
	})
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	byClient := map[string][]ClientKey{}
	for _, k := range keys {
		byClient[k.Client] = append(byClient[k.Client], k)
	}
	return byClient, nil
}

// ClientKey returns the key of that id with its client, expired, revoked or disabled though they may be; ErrMissing if
// there is none.
func (s *Store) ClientKey(ctx context.Context, id string) (k ClientKey, c Client, err error) {
	var revoked, used *time.Time
	err = s.Pool.QueryRow(ctx, selectClientKey, id).Scan(append(keyFields(&k, &revoked, &used), clientFields(&c)...)...)
	k.note(revoked, used)
	return k, c, keyError(err)
}

// ClientToken returns the access token of that SHA-256 with its client, expired or disabled though they may be;
// ErrMissing if there is none.
func (s *Store) ClientToken(ctx context.Context, hash []byte) (t ClientToken, c Client, err error) {
	fields := []any{&t.Hash, &t.Client, &t.Key, &t.Scopes, &t.Created, &t.Expires}
	err = s.Pool.QueryRow(ctx, selectClientToken, hash).Scan(append(fields, clientFields(&c)...)...)
	return t, c, keyError(err)
}

func keyError(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrMissing
	}
	if err != nil {
		return fmt.Errorf("read key: %w", err)
	}
	return nil
}

// UseClientKey notes that a key was used.
func (s *Store) UseClientKey(ctx context.Context, id string, used time.Time) error {
	if _, err := s.Pool.Exec(ctx, updateClientKeyUsed, id, used); err != nil {
		return fmt.Errorf("use key: %w", err)
	}
	return nil
}

// RevokeClientKey makes a key void with the access tokens that it got, and tells the servers; ErrMissing if there is
// none of that id. A key revoked before keeps its time.
func (s *Store) RevokeClientKey(ctx context.Context, id string, now time.Time) error {
	if err := s.change(ctx, updateClientKeyRevoked, []any{id, now}, deleteClientKeyTokens, id); err != nil {
		return fmt.Errorf("revoke key %q: %w", id, err)
	}
	return nil
}

// CreateClientToken stores an access token, and removes those that expired before it was made.
func (s *Store) CreateClientToken(ctx context.Context, t ClientToken) error {
	err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, deleteExpiredClientTokens, t.Created); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, insertAccessToken, t.Hash, t.Client, t.Key, t.Scopes, t.Created, t.Expires)
		return err
	})
	if err != nil {
		return fmt.Errorf("access token of client %q: %w", t.Client, err)
	}
	return nil
}

// DeleteClientToken ends one access token and tells the servers; an unknown one is not an error.
func (s *Store) DeleteClientToken(ctx context.Context, hash []byte) error {
	return s.endSessions(ctx, deleteClientToken, hash)
}

// DeleteClientTokens ends every access token of a client and tells the servers.
func (s *Store) DeleteClientTokens(ctx context.Context, client string) error {
	return s.endSessions(ctx, deleteClientTokens, client)
}
