package geoengine

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Read runs do in a read-only transaction that sees what the rights allow.
func (s *Store) Read(ctx context.Context, rights Rights, do func(tx pgx.Tx) error) error {
	err := pgx.BeginTxFunc(ctx, s.Pool, pgx.TxOptions{AccessMode: pgx.ReadOnly}, do)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	return nil
}
