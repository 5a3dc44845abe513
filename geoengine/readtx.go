package geoengine

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// readTx is the transaction that Store.Read has begun and will end.
type readTx struct{ conn *pgxpool.Conn }

var errReadEnds = errors.New("the transaction of a read is begun and ended by Store.Read")

// Begin refuses.
func (t readTx) Begin(context.Context) (pgx.Tx, error) { return nil, errReadEnds }

// Commit refuses.
func (t readTx) Commit(context.Context) error { return errReadEnds }

// Rollback refuses.
func (t readTx) Rollback(context.Context) error { return errReadEnds }

// CopyFrom refuses: a read does not write.
func (t readTx) CopyFrom(context.Context, pgx.Identifier, []string, pgx.CopyFromSource) (int64, error) {
	return 0, errReadEnds
}

// LargeObjects are of no use in a read.
func (t readTx) LargeObjects() pgx.LargeObjects { return pgx.LargeObjects{} }

// SendBatch sends several statements in one round trip.
func (t readTx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	return t.conn.SendBatch(ctx, b)
}

// Prepare prepares a statement on the connection.
func (t readTx) Prepare(ctx context.Context, name, sql string) (*pgconn.StatementDescription, error) {
	return t.conn.Conn().Prepare(ctx, name, sql)
}

// Exec runs a statement.
func (t readTx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return t.conn.Exec(ctx, sql, args...)
}

// Query runs a statement and returns its rows.
func (t readTx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return t.conn.Query(ctx, sql, args...)
}

// QueryRow runs a statement and returns its first row.
func (t readTx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return t.conn.QueryRow(ctx, sql, args...)
}

// Conn is the connection.
func (t readTx) Conn() *pgx.Conn { return t.conn.Conn() }
