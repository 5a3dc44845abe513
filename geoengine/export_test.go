package geoengine

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
)

// ExplainEvents runs the event list and returns how PostgreSQL read it, in JSON.
func ExplainEvents(ctx context.Context, s *Store, list EventList) (plan string, err error) {
	args, err := list.args()
	if err != nil {
		return "", err
	}
	query := eventsSQL
	if list.Cells != nil {
		query = eventsCellsSQL
		args = append(args, cellArgs(list.Cells)...)
	}
	args = slices.Insert(append(args, list.Limit+1), 0, any(pgx.QueryExecModeCacheDescribe))
	err = s.Read(ctx, list.Rights(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, "explain (analyze, timing off, format json) "+query, args...).Scan(&plan)
	})
	return plan, err
}

// ExplainUnits is ExplainEvents for the units of a tile.
func ExplainUnits(ctx context.Context, s *Store, rights Rights, cells []CellRange) (plan string, err error) {
	args := append(append([]any{6, 32, 22}, cellArgs(cells)...), rights.Scope, below(rights.Scope))
	err = s.Read(ctx, rights, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, "explain (analyze, timing off, format json) "+unitTileSQL, args...).Scan(&plan)
	})
	return plan, err
}
