package geoengine

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"

	"vigie/progress"
)

// The indexes of event that are built at the end of a first load: building them sorted costs a fifth of growing them
// row by row. event_xid stays, because the cube follows it meanwhile.
const (
	patience     = `set local lock_timeout = '2s'`
	lockEvents   = `lock table event in access exclusive mode`
	anyEvent     = `select exists (select from event)`
	dropIdentity = `alter table event drop constraint if exists event_pkey`
	dropCell     = `drop index if exists event_cell`

	missingIndexes = `
		select not exists (select from pg_constraint where conrelid = 'event'::regclass and contype = 'p'),
			to_regclass('event_cell') is null`
	buildMemory   = `set local maintenance_work_mem = '256MB'`
	buildIdentity = `create unique index if not exists event_identity on event (source, ref, zone)`
	adoptIdentity = `alter table event add constraint event_pkey primary key using index event_identity`
	buildCell     = `create index if not exists event_cell on event (zone, cell, starts)`
)

// BeginBulk takes away the indexes that a first load would only grow slowly, if the table of events is empty and nobody
// holds it; it tells whether it did. FinishBulk builds them: until then questions by ref and by cell read the whole
// table, and uniqueness rests on the ingest itself.
func (s *Store) BeginBulk(ctx context.Context) (bool, error) {
	begun := false
	err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		for _, sql := range []string{patience, lockEvents} {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}
		var filled bool
		if err := tx.QueryRow(ctx, anyEvent).Scan(&filled); err != nil || filled {
			return err
		}
		for _, sql := range []string{dropIdentity, dropCell} {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}
		begun = true
		return nil
	})
	var server *pgconn.PgError
	if errors.As(err, &server) && server.Code == "55P03" { // somebody reads for long: load with the indexes in place
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("begin the first load: %w", err)
	}
	return begun, nil
}

// FinishBulk builds what BeginBulk took away, and does nothing if nothing is missing. Call it after the load, and before
// any other work on the events, in case a load was killed.
func (s *Store) FinishBulk(ctx context.Context, tell progress.Func) error {
	var identity, cell bool
	if err := s.Pool.QueryRow(ctx, missingIndexes).Scan(&identity, &cell); err != nil {
		return fmt.Errorf("look for the indexes of events: %w", err)
	}
	if !identity && !cell {
		return nil
	}
	u := progress.Update{Task: "index the events", Unit: "indexes", Total: 2}
	tell.Report(u)
	group, within := errgroup.WithContext(ctx)
	if identity {
		group.Go(func() error { return s.build(within, buildIdentity) })
	}
	if cell {
		group.Go(func() error { return s.build(within, buildCell) })
	}
	err := group.Wait()
	if err == nil && identity {
		_, err = s.Pool.Exec(ctx, adoptIdentity)
	}
	if err != nil {
		return fmt.Errorf("index the events: %w", err)
	}
	u.Done, u.Finished = 2, true
	tell.Report(u)
	return nil
}

func (s *Store) build(ctx context.Context, sql string) error {
	return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, buildMemory); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sql)
		return err
	})
}
