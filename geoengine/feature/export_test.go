package feature

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
)

// Explain is how PostgreSQL would run a query of events, under the rights of the transaction.
func Explain(ctx context.Context, tx pgx.Tx, rights geoengine.Rights, q Query) ([]string, error) {
	c := events()
	s, err := q.prepare(&c, rights, nil)
	if err != nil {
		return nil, err
	}
	if err := s.choose(ctx, tx); err != nil {
		return nil, err
	}
	sql := "explain " + s.sql()
	rows, err := tx.Query(ctx, sql, slices.Insert(s.args, 0, any(pgx.QueryExecModeCacheDescribe))...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
