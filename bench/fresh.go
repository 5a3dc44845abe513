package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"

	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/hex"
)

const (
	freshSource   = `insert into source values (9999, 'probe', 'Probe', 'Vigie', 'none', '', true)`
	freshCategory = `insert into category values (9999, 'probe')`
	freshEvent    = `insert into event (zone, source, ref, category, severity, starts, ends, reported, utc_offset, geom, precision_m,
		weight, cell, area, attributes, fingerprint, xid)
		values (0, 9999, $1, 9999, 1, now(), now(), now(), 3600, st_setsrid(st_makepoint($2, $3), 4326), 5, 0, $4, '', '{}', 0,
		pg_current_xact_id()::text::bigint)`
	freshNotify = `notify vigie_events`
)

const (
	freshPause   = 7 * time.Millisecond // between probes
	freshLimit   = 5.0                  // milliseconds
	freshPatient = time.Minute
)

// freshAt is where the probes lie.
var freshAt = orb.Point{2.25, 46.9}

// Fresh measures how long after its commit returned an event is counted in a tile (zoom 10, by cell of resolution 8),
// while another connection ingests in bulk through the product's own loop: the median and the 99th percentile.
func Fresh(ctx context.Context, store *geoengine.Store, opt Options) ([]Result, error) {
	for _, sql := range []string{freshSource, freshCategory} {
		if _, err := store.Pool.Exec(ctx, sql); err != nil {
			return nil, fmt.Errorf("bench fresh: %w", err)
		}
	}
	c := cube.New(store, logger(opt.Log))
	if err := c.Load(ctx, opt.Progress); err != nil {
		return nil, fmt.Errorf("bench fresh: %w", err)
	}
	following, stop := context.WithCancel(ctx)
	p := freshProbe{store: store, cube: c, changed: make(chan struct{}, 1)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = c.Follow(following, p.wake) // ends with the context's error
	}()
	defer func() {
		stop()
		<-ended
	}()
	if _, err := p.once(ctx); err != nil { // the connections are made, the table is no longer empty
		return nil, fmt.Errorf("bench fresh: %w", err)
	}
	var results []Result
	for _, bulk := range []bool{false, true} {
		times, err := p.series(ctx, opt, bulk)
		if err != nil {
			return nil, fmt.Errorf("bench fresh: %w", err)
		}
		when := ", nothing else written"
		if bulk {
			when = ", while ingesting in bulk"
		}
		results = append(results, Below("commit → visible, median"+when, "ms", percentile(times, 50), freshLimit),
			Below("commit → visible, 99th percentile"+when, "ms", percentile(times, 99), freshLimit))
	}
	return results, nil
}

func percentile(values []float64, percent int) float64 {
	slices.Sort(values)
	return values[(len(values)-1)*percent/100]
}

// freshProbe commits single events and waits for each.
type freshProbe struct {
	store   *geoengine.Store
	cube    *cube.Cube
	changed chan struct{}
	made    int
}

func (p *freshProbe) wake(uint64) {
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// series probes until the bulk ingest is over, or a fixed number of times without one.
func (p *freshProbe) series(ctx context.Context, opt Options, bulk bool) (times []float64, err error) {
	const alone = 200
	over := make(chan error, 1)
	if bulk {
		go func() {
			_, err := ingestOurs(ctx, p.store, opt.Events, opt.Seed, opt.Progress)
			over <- err
		}()
	}
	for len(times) < alone || bulk {
		select {
		case err := <-over:
			if err != nil {
				return nil, err
			}
			bulk = false
		case <-time.After(freshPause):
		}
		took, err := p.once(ctx)
		if err != nil {
			return nil, err
		}
		times = append(times, float64(took.Microseconds())/1000)
	}
	return times, nil
}

// once commits one event and returns how long after that it was counted.
func (p *freshProbe) once(ctx context.Context) (time.Duration, error) {
	tile := hex.Cover(maptile.At(freshAt, cubeTileZoom).Bound(), cubeTileResolution)
	q := geoengine.Query{Categories: []string{"probe"}}
	p.made++
	cell := hex.Cell(freshAt[0], freshAt[1], geoengine.CellResolution)
	err := pgx.BeginFunc(ctx, p.store.Pool, func(tx pgx.Tx) error {
		var b pgx.Batch
		b.Queue(freshEvent, strconv.Itoa(p.made), freshAt[0], freshAt[1], int64(cell))
		b.Queue(freshNotify)
		return tx.SendBatch(ctx, &b).Close()
	})
	if err != nil {
		return 0, err
	}
	committed := time.Now()
	for {
		counts, err := p.cube.CellsIn(q, tile, cubeTileResolution)
		if err != nil {
			return 0, err
		}
		if len(counts) == 1 && int(counts[0].Count) == p.made {
			return time.Since(committed), nil
		}
		select {
		case <-p.changed:
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(freshPatient):
			return 0, errors.New("a committed event did not become visible")
		}
	}
}
