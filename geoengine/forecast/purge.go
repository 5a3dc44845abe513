package forecast

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	allowPurge = `set local vigie.retention = 'forecasts'`
	purgeRuns  = `
		with gone as (select id from forecast_run where ends < $1 order by ends limit $2),
		vals as (delete from forecast_value where run in (select id from gone)),
		scores as (delete from forecast_score where run in (select id from gone)),
		decisions as (delete from forecast_decision where run in (select id from gone)),
		runs as (delete from forecast_run where id in (select id from gone) returning 1)
		select count(*) from runs`
	purgeAtOnce = 20
)

// Purge erases runs whose period ended before a time, with all that belongs to them, and returns how many those were. It
// works in steps: killed at any point it has done a part, and does the rest next time.
func (s *Store) Purge(ctx context.Context, before time.Time) (runs int, err error) {
	for {
		var n int
		err := pgx.BeginFunc(ctx, s.db.Pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, allowPurge); err != nil {
				return err
			}
			return tx.QueryRow(ctx, purgeRuns, before, purgeAtOnce).Scan(&n)
		})
		if err != nil {
			return runs, fmt.Errorf("purge forecasts: %w", err)
		}
		runs += n
		if n < purgeAtOnce {
			return runs, nil
		}
	}
}
