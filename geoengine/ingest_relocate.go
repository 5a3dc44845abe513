package geoengine

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"vigie/progress"
)

const (
	countPlaced  = `select (select count(*) from event where cell <> 0) + (select count(*) from unit where cell <> 0)`
	placedEvents = `
		select source, ref, zone, area, st_x(geom), st_y(geom) from event
		where (source, ref, zone) > ($1, $2, $3) and geom is not null order by source, ref, zone limit $4`
	placedUnits = `
		select source, ref, zone, area, st_x(geom), st_y(geom) from unit
		where (source, ref, zone) > ($1, $2, $3) and geom is not null order by source, ref, zone limit $4`
	retractMoved = `
		insert into event_retracted (zone, source, category, severity, starts, ends, utc_offset, weight, cell, area,
			attributes, xid, old_xid, retracted)
		select e.zone, e.source, e.category, e.severity, e.starts, e.ends, e.utc_offset, e.weight, e.cell, e.area,
			e.attributes, $1, e.xid, clock_timestamp()
		from event e join unnest($2::int[], $3::text[], $4::int[]) as m(source, ref, zone) using (source, ref, zone)`
	moveEvents = `
		update event e set area = m.area, xid = $1
		from unnest($2::int[], $3::text[], $4::int[], $5::text[]) as m(source, ref, zone, area)
		where e.source = m.source and e.ref = m.ref and e.zone = m.zone`
	moveUnits = `
		update unit u set area = m.area
		from unnest($1::int[], $2::text[], $3::int[], $4::text[]) as m(source, ref, zone, area)
		where u.source = m.source and u.ref = m.ref and u.zone = m.zone`
)

// relocateChunk is how many rows are read, and at most rewritten, in one transaction.
const relocateChunk = 50_000

// Relocate gives every event and unit the area that holds it now, after areas have changed. It writes only rows whose
// area differs, with retractions, a chunk in a transaction; cut off, it can be repeated from the beginning.
// Imports of events must not run meanwhile: LockSource with areas keeps them away.
func (s *Store) Relocate(ctx context.Context, tell progress.Func) error {
	locator, err := s.LoadLocator(ctx)
	if err != nil {
		return err
	}
	u := progress.Update{Task: "give events their areas", Unit: "rows"}
	if err := s.Pool.QueryRow(ctx, countPlaced).Scan(&u.Total); err != nil {
		return fmt.Errorf("relocate: %w", err)
	}
	for _, table := range []struct {
		read  string
		write func(context.Context, pgx.Tx, *moved) error
	}{{placedEvents, moveEventRows}, {placedUnits, moveUnitRows}} {
		last := placed{source: -1}
		for more := true; more; {
			err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
				var m moved
				var n int64
				if n, last, err = m.find(ctx, tx, table.read, last, locator); err != nil {
					return err
				}
				u.Done, more = u.Done+n, n == relocateChunk
				if len(m.refs) == 0 {
					return nil
				}
				return table.write(ctx, tx, &m)
			})
			if err != nil {
				return fmt.Errorf("relocate: %w", err)
			}
			tell.Report(u)
		}
	}
	u.Finished = true
	tell.Report(u)
	return nil
}

// placed identifies a row with a position.
type placed struct {
	source int32
	ref    string
	zone   int32
}

// moved are the rows whose area is another one now.
type moved struct {
	sources, zones []int32
	refs, areas    []string
}

// find reads a chunk of rows and keeps those that moved.
func (m *moved) find(ctx context.Context, tx pgx.Tx, sql string, after placed, l *Locator) (n int64, last placed, err error) {
	rows, err := tx.Query(ctx, sql, after.source, after.ref, after.zone, relocateChunk)
	if err != nil {
		return 0, after, err
	}
	last = after
	var area string
	var p orb.Point
	_, err = pgx.ForEachRow(rows, []any{&last.source, &last.ref, &last.zone, &area, &p[0], &p[1]}, func() error {
		n++
		if now := l.Locate(p); now != area {
			m.sources, m.zones = append(m.sources, last.source), append(m.zones, last.zone)
			m.refs, m.areas = append(m.refs, last.ref), append(m.areas, now)
		}
		return nil
	})
	return n, last, err
}

func moveEventRows(ctx context.Context, tx pgx.Tx, m *moved) error {
	var xid int64
	if err := tx.QueryRow(ctx, currentXID).Scan(&xid); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, retractMoved, xid, m.sources, m.refs, m.zones); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, moveEvents, xid, m.sources, m.refs, m.zones, m.areas); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, notifyEvents)
	return err
}

func moveUnitRows(ctx context.Context, tx pgx.Tx, m *moved) error {
	_, err := tx.Exec(ctx, moveUnits, m.sources, m.refs, m.zones, m.areas)
	return err
}
