package geoengine

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// SourceInfo is what the store keeps about a source.
type SourceInfo struct {
	Name, Title, Publisher, Licence, URL string
	Synthetic                            bool
}

// Outcome is what became of one record.
type Outcome uint8

// The outcomes. Repeated identities within one ingest are Unchanged if they say the same, else Contradicted: the first
// is kept, so that ingesting the same input again changes nothing.
const (
	Unchanged Outcome = iota
	New
	Changed
	Contradicted // its identity was given before in this ingest with other content; not stored
	Unusable     // its geometry is beyond repair; not stored
)

// Ingest is one pass over the records of one source. Prepare the batches in reading order; then write each within a
// transaction of its own, in any order, also two at once. Only one Ingest of a source may be open: see LockSource.
type Ingest struct {
	store      *Store
	dry        bool
	cell       CellFunc
	source     int32
	categories map[string]int16
	zones      map[uint64]int32
	locator    *Locator
	seen       seenSet
	fresh      atomic.Bool // the source had no row when this began: what was not seen is new
}

// CellFunc gives the H3 cell of a longitude, latitude at a resolution: hex.Cell, whose package stands above this one.
type CellFunc func(lon, lat float64, res int) uint64

// BeginIngest registers the source and loads what every batch needs. A dry ingest writes nothing at all.
func (s *Store) BeginIngest(ctx context.Context, info SourceInfo, cell CellFunc, dry bool) (*Ingest, error) {
	g := &Ingest{store: s, dry: dry, cell: cell, categories: map[string]int16{}, zones: map[uint64]int32{}}
	err := g.begin(ctx, info)
	if err != nil {
		return nil, fmt.Errorf("ingest %s: %w", info.Name, err)
	}
	return g, nil
}

const (
	// The lock orders those who number reference rows; it ends with the transaction.
	lockNumbers  = `select pg_advisory_xact_lock(7186502)`
	findSource   = `select id from source where name = $1`
	insertSource = `
		insert into source (id, name, title, publisher, licence, url, synthetic)
		select coalesce(max(id), 0) + 1, $1, $2, $3, $4, $5, $6 from source
		on conflict (name) do update set title = excluded.title, publisher = excluded.publisher,
			licence = excluded.licence, url = excluded.url, synthetic = excluded.synthetic
		returning id`
	selectCategories = `select slug, id from category`
	insertCategories = `
		insert into category (id, slug)
		select coalesce((select max(id) from category), 0) + row_number() over (order by n), slug
		from unnest($1::text[]) with ordinality as t(slug, n)
		where not exists (select from category c where c.slug = t.slug)`
	selectZones = `select cell, zone from zone where zone <> 0`
	insertZones = `
		insert into zone (zone, cell)
		select (select max(zone) from zone) + row_number() over (order by n), cell
		from unnest($1::bigint[]) with ordinality as t(cell, n)
		where not exists (select from zone z where z.cell = t.cell)`
	hasEvents = `select exists (select from event where source = $1)`
)

func (g *Ingest) begin(ctx context.Context, info SourceInfo) error {
	if !ValidSlug(info.Name) {
		return fmt.Errorf("source %.40q: must be a slug: %w", info.Name, ErrInvalid)
	}
	err := g.numbering(ctx, func(tx pgx.Tx) error {
		if g.dry {
			err := tx.QueryRow(ctx, findSource, info.Name).Scan(&g.source)
			if errors.Is(err, pgx.ErrNoRows) {
				g.source, err = -1, nil // matches no row
			}
			return err
		}
		return tx.QueryRow(ctx, insertSource, info.Name, info.Title, info.Publisher, info.Licence, info.URL,
			info.Synthetic).Scan(&g.source)
	})
	if err != nil {
		return fmt.Errorf("register: %w", err)
	}
	if err := g.load(ctx); err != nil {
		return err
	}
	var has bool
	if err := g.store.Pool.QueryRow(ctx, hasEvents, g.source).Scan(&has); err != nil {
		return err
	}
	g.fresh.Store(!has)
	g.locator, err = g.store.LoadLocator(ctx)
	return err
}

// numbering runs in a transaction in which nobody else numbers rows; a dry ingest takes no lock.
func (g *Ingest) numbering(ctx context.Context, do func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, g.store.Pool, func(tx pgx.Tx) error {
		if !g.dry {
			if _, err := tx.Exec(ctx, lockNumbers); err != nil {
				return err
			}
		}
		return do(tx)
	})
}

// again is numbering, repeated for a while when the database goes away: a batch can be prepared only once.
func (g *Ingest) again(ctx context.Context, do func(pgx.Tx) error) error {
	for pause := lockPause; ; pause *= 2 {
		err := g.numbering(ctx, do)
		if !Lost(err) || pause > 128*lockPause {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

func (g *Ingest) load(ctx context.Context) error {
	rows, err := g.store.Pool.Query(ctx, selectCategories)
	if err != nil {
		return err
	}
	var slug string
	var id int16
	if _, err := pgx.ForEachRow(rows, []any{&slug, &id}, func() error { g.categories[slug] = id; return nil }); err != nil {
		return err
	}
	if rows, err = g.store.Pool.Query(ctx, selectZones); err != nil {
		return err
	}
	var cell int64
	var zone int32
	_, err = pgx.ForEachRow(rows, []any{&cell, &zone}, func() error { g.zones[uint64(cell)] = zone; return nil })
	return err
}

// number gives numbers to categories and zones that have none yet; committed at once, since a number without
// rows does no harm.
func (g *Ingest) number(ctx context.Context, categories []string, zones []uint64) error {
	if len(categories) == 0 && len(zones) == 0 {
		return nil
	}
	if g.dry {
		for _, c := range categories {
			g.categories[c] = -1
		}
		for _, z := range zones {
			g.zones[z] = -1
		}
		return nil
	}
	cells := make([]int64, len(zones))
	for i, z := range zones {
		cells[i] = int64(z)
	}
	err := g.again(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, insertCategories, categories); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, insertZones, cells)
		return err
	})
	if err != nil {
		return fmt.Errorf("number the categories and zones: %w", err)
	}
	return g.load(ctx)
}

// Stale says that others may have written the source since BeginIngest (the lock was lost for a while).
func (g *Ingest) Stale() { g.fresh.Store(false) }

// The advisory locks of imports: one for each source, and one that keeps the areas still while others read them.
const (
	trySource = `select pg_try_advisory_lock(7186503, hashtext($1))`
	tryAreas  = `select case when $1 then pg_try_advisory_lock(7186504, 0) else pg_try_advisory_lock_shared(7186504, 0) end`
	releasing = `select pg_advisory_unlock_all()`
)

// SourceLock keeps every other import of a source away, and the areas as they are.
type SourceLock struct{ conn *pgx.Conn }

// LockSource waits until no other import of the source is under way, at most for the patience; then ErrBusy. A lock for
// writing areas waits for every import, and keeps every import away.
func (s *Store) LockSource(ctx context.Context, source string, areas bool, patience time.Duration) (*SourceLock, error) {
	conn, err := pgx.ConnectConfig(ctx, s.Pool.Config().ConnConfig.Copy())
	if err != nil {
		return nil, fmt.Errorf("lock source %s: %w", source, err)
	}
	lock := &SourceLock{conn}
	for waited := time.Duration(0); ; waited += lockPause {
		var held, still bool
		if err = conn.QueryRow(ctx, trySource, source).Scan(&held); err == nil && held {
			err = conn.QueryRow(ctx, tryAreas, areas).Scan(&still)
		}
		if err == nil && held && still {
			return lock, nil
		}
		if err == nil && waited >= patience {
			err = fmt.Errorf("another import is under way: %w", ErrBusy)
		}
		if err == nil {
			_, err = conn.Exec(ctx, releasing)
		}
		if err != nil {
			lock.Release()
			return nil, fmt.Errorf("lock source %s: %w", source, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(lockPause):
		}
	}
}

const lockPause = 100 * time.Millisecond

// Held tells whether the lock is still held: a lost connection gives it up.
func (l *SourceLock) Held(ctx context.Context) bool { return l.conn.Ping(ctx) == nil }

// Release gives the lock up.
func (l *SourceLock) Release() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, _ = l.conn.Exec(ctx, releasing) // so that it is free when this returns; of a lost connection the server frees it
	_ = l.conn.Close(ctx)
}
