package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
)

// countTables returns our tables with their exact numbers of rows.
func countTables(ctx context.Context, store *geoengine.Store) ([]tableReport, error) {
	rows, err := store.Pool.Query(ctx, selectTables)
	if err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	tables, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t tableReport, err error) {
		return t, row.Scan(&t.Name, &t.Bytes)
	})
	if err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	for i, t := range tables {
		count := "select count(*) from public." + pgx.Identifier{t.Name}.Sanitize()
		if err := store.Pool.QueryRow(ctx, count).Scan(&tables[i].Rows); err != nil {
			return nil, fmt.Errorf("count the rows of %s: %w", t.Name, err)
		}
	}
	return tables, nil
}
