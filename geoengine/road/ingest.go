package road

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
)

// Record is one thing of a network on its way to the store: exactly one field is set.
type Record struct {
	Section *Section
	Turn    *Restriction
	Site    *Site
}

// Ingest writes the network of one source beside the active one, and puts it in its place at the end. Prepare the batches
// in reading order, and write one after the other, each within a transaction of its own.
type Ingest struct {
	base       *geoengine.Ingest
	store      *geoengine.Store
	generation int64 // that is written; 0 in a dry ingest
	before     int64 // the active network; 0 is none
}

const (
	lockNetwork   = `select pg_advisory_xact_lock(7186507)` // orders those who number networks
	activeNetwork = `select generation from road_network where source = $1 and state = 'active'`
	networkOfRun  = `select generation from road_network where run = $1 and source = $2 and state <> 'old'`
	insertNetwork = `
		insert into road_network (generation, source, run, state, began, imported)
		select coalesce(max(generation), 0) + 1, $1, $2, 'loading', clock_timestamp(), clock_timestamp() from road_network
		returning generation`
	staleNetworks = `
		select generation from road_network
		where source = $1 and (state = 'old' or state = 'loading' and run <> $2)`
)

// BeginIngest begins the network that the import run makes of the source, and removes what other runs of the source left
// half done. found tells whether the run had begun one before, which is gone on with.
func BeginIngest(ctx context.Context, base *geoengine.Ingest, run int64) (g *Ingest, found bool, err error) {
	g = &Ingest{base: base, store: base.Store()}
	err = optional(g.store.Pool.QueryRow(ctx, activeNetwork, base.Source()), &g.before)
	if err == nil && !base.Dry() {
		found, err = g.open(ctx, run)
	}
	if err != nil {
		return nil, false, fmt.Errorf("begin the road network: %w", err)
	}
	return g, found, nil
}

func (g *Ingest) open(ctx context.Context, run int64) (found bool, err error) {
	rows, err := g.store.Pool.Query(ctx, staleNetworks, g.base.Source(), run)
	if err != nil {
		return false, err
	}
	stale, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return false, err
	}
	for _, generation := range stale {
		if err := g.remove(ctx, generation); err != nil {
			return false, err
		}
	}
	if err := optional(g.store.Pool.QueryRow(ctx, networkOfRun, run, g.base.Source()), &g.generation); err != nil {
		return false, err
	}
	if g.generation != 0 {
		return true, nil
	}
	return false, pgx.BeginFunc(ctx, g.store.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockNetwork); err != nil {
			return err
		}
		return tx.QueryRow(ctx, insertNetwork, g.base.Source(), run).Scan(&g.generation)
	})
}

// optional scans a row that need not be there.
func optional(row pgx.Row, into ...any) error {
	err := row.Scan(into...)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	return err
}

const (
	// Rows of a transaction that was not heard of are there too: what counts is what is stored.
	setNetwork = `
		update road_network set sections = sections + $2, restrictions = restrictions + $3, sites = sites + $4,
			metres = metres + $5, known = known + $6, hash = $7
		where generation = $1`
	networkHash   = `select hash from road_network where generation = $1 for update`
	removeNetwork = `delete from road_network where generation = $1`
)

// removeRows take the rows of a network away, those of the big table first.
var removeRows = [...]string{ //nolint:gochecknoglobals // a constant table
	`delete from road_section where generation = $1`,
	`delete from road_overview where generation = $1`,
	`delete from road_restriction where generation = $1`,
	`delete from road_site where generation = $1`,
}

func (g *Ingest) remove(ctx context.Context, generation int64) error {
	return pgx.BeginFunc(ctx, g.store.Pool, func(tx pgx.Tx) error {
		for _, sql := range removeRows {
			if _, err := tx.Exec(ctx, sql, generation); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, removeNetwork, generation)
		return err
	})
}

// Discard removes what was written: the import cannot be gone on with.
func (g *Ingest) Discard(ctx context.Context) error {
	if g.generation == 0 {
		return nil
	}
	var state string
	err := optional(g.store.Pool.QueryRow(ctx, `select state from road_network where generation = $1`, g.generation), &state)
	if err == nil && state == "loading" {
		err = g.remove(ctx, g.generation)
	}
	if err != nil {
		return fmt.Errorf("discard the road network: %w", err)
	}
	return nil
}

const (
	selectNetwork = `
		select state, sections + restrictions + sites, known, removed, hash from road_network where generation = $1 for update`
	confirmNetwork = `update road_network set imported = clock_timestamp() where generation = $1`
	retireNetwork  = `update road_network set state = 'old' where generation = $1`
	analyseRoads   = `analyze road_section, road_overview, road_restriction, road_site`
	activate       = `update road_network set state = 'active', imported = clock_timestamp(), removed = $2 where generation = $1`
	notifyRoads    = `select pg_notify($1, $2::bigint::text)`
)

// network is what the store knows of one.
type network struct {
	state      string
	rows, hash int64
	known      int64 // rows whose ref the one before had too
	removed    int64 // rows of the one before that it has no more
}

func readNetwork(ctx context.Context, tx pgx.Tx, generation int64) (n network, err error) {
	err = tx.QueryRow(ctx, selectNetwork, generation).Scan(&n.state, &n.rows, &n.known, &n.removed, &n.hash)
	return n, err
}

// Activate puts the written network in the place of the one before and removes that. If both say the same, the one
// before stays, and nobody is told. removed is the number of things that the new one has no more. It may be repeated.
func (g *Ingest) Activate(ctx context.Context) (removed int64, err error) {
	gone := g.before
	err = pgx.BeginFunc(ctx, g.store.Pool, func(tx pgx.Tx) error {
		written, err := readNetwork(ctx, tx, g.generation)
		if err != nil || written.state == "active" { // done before, but not heard of
			gone, removed = 0, written.removed
			return err
		}
		if g.before != 0 {
			before, err := readNetwork(ctx, tx, g.before)
			if err != nil {
				return err
			}
			removed = before.rows - written.known
			if before.rows == written.rows && before.hash == written.hash {
				gone = g.generation
				_, err = tx.Exec(ctx, confirmNetwork, g.before)
				return err
			}
			if _, err := tx.Exec(ctx, retireNetwork, g.before); err != nil {
				return err
			}
		}
		return g.replace(ctx, tx, removed)
	})
	if err == nil && gone != 0 {
		err = g.remove(ctx, gone)
	}
	if err == nil && gone != g.generation { // so that the first questions are planned well
		_, err = g.store.Pool.Exec(ctx, analyseRoads)
	}
	if err != nil {
		return 0, fmt.Errorf("put the new road network in place: %w", err)
	}
	return removed, nil
}

func (g *Ingest) replace(ctx context.Context, tx pgx.Tx, removed int64) error {
	if err := drawOverviews(ctx, tx, g.generation); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, activate, g.generation, removed); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, notifyRoads, Channel, g.generation)
	return err
}
