package geoengine

import (
	"context"
	"errors"
	"fmt"
	"time"

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
	buildMemory = `set local maintenance_work_mem = '256MB'`
	// One process builds, the others wait and find it done.
	lockIdentity  = `select pg_advisory_xact_lock(7186505)`
	lockCell      = `select pg_advisory_xact_lock(7186506)`
	buildIdentity = `
		do $$ begin
			if not exists (select from pg_constraint where conrelid = 'event'::regclass and contype = 'p') then
				create unique index if not exists event_identity on event (source, ref, zone);
			end if;
		end $$`
	adoptIdentity = `
		do $$ begin
			if not exists (select from pg_constraint where conrelid = 'event'::regclass and contype = 'p') then
				alter table event add constraint event_pkey primary key using index event_identity;
			end if;
		end $$`
	buildCell = `create index if not exists event_cell on event (zone, cell, starts)`
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
	if lockTimeout(err) { // somebody reads for long: load with the indexes in place
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
		group.Go(func() error { return s.build(within, lockIdentity, buildIdentity) })
	}
	if cell {
		group.Go(func() error { return s.build(within, lockCell, buildCell) })
	}
	err := group.Wait()
	if err == nil && identity {
		err = s.build(ctx, lockIdentity, adoptIdentity)
	}
	if err != nil {
		return fmt.Errorf("index the events: %w", err)
	}
	u.Done, u.Finished = 2, true
	tell.Report(u)
	return nil
}

// build runs one statement that needs the table still. It gives way every few seconds to those who write, whose
// transactions may wait for one another.
func (s *Store) build(ctx context.Context, lock, sql string) error {
	for {
		err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
			for _, statement := range []string{buildMemory, lock, patience, sql} {
				if _, err := tx.Exec(ctx, statement); err != nil {
					return err
				}
			}
			return nil
		})
		if !lockTimeout(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// lockTimeout tells whether somebody held the table for longer than the patience.
func lockTimeout(err error) bool {
	var server *pgconn.PgError
	return errors.As(err, &server) && server.Code == "55P03"
}
