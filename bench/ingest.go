package bench

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/ewkb"

	"vigie/data"
	"vigie/geoengine"
	"vigie/progress"
)

// Ingest measures the whole way from Event values to the durable, indexed event table, in rows per second, beside the
// naive way: COPY into the same columns with a GiST index on the point and the same B-trees in place. Both commit every
// 50,000 rows, with the server's own settings of durability. Each has a database of its own beside the store's, which is
// dropped afterwards.
func Ingest(ctx context.Context, store *geoengine.Store, options Options) ([]Result, error) {
	events, p := options.Events, options.Progress
	var ours, peer float64
	err := inDatabase(ctx, store, func(own *geoengine.Store) (err error) {
		ours, err = ingestOurs(ctx, own, events, options.Seed, p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("bench ingest: %w", err)
	}
	err = inDatabase(ctx, store, func(own *geoengine.Store) (err error) {
		peer, err = ingestNaive(ctx, own, events, options.Seed, p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("bench ingest: %w", err)
	}
	name := fmt.Sprintf("first ingest of %d events, durable and indexed", events)
	return []Result{Higher(name, "rows/s", ours, peer, "COPY with GiST + B-tree in place", 5)}, nil
}

// inDatabase runs in a fresh, migrated database of the same cluster.
func inDatabase(ctx context.Context, store *geoengine.Store, do func(*geoengine.Store) error) (err error) {
	name := "vigie_bench_" + strconv.FormatInt(time.Now().UnixNano(), 36)
	quoted := pgx.Identifier{name}.Sanitize()
	if _, err := store.Pool.Exec(ctx, "create database "+quoted); err != nil {
		return err
	}
	defer func() {
		_, dropErr := store.Pool.Exec(context.WithoutCancel(ctx), "drop database if exists "+quoted+" with (force)")
		if err == nil {
			err = dropErr
		}
	}()
	config := store.Pool.Config()
	config.ConnConfig.Database = name
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	own := &geoengine.Store{Pool: pool}
	defer own.Close()
	if err := own.Migrate(ctx); err != nil {
		return err
	}
	return do(own)
}

// benchEvents are accidents of a year in a square of 200 km, around 40 towns, in the order of time.
func benchEvents(n int, seed uint64) iter.Seq[geoengine.Event] {
	return func(yield func(geoengine.Event) bool) {
		random := rand.New(rand.NewPCG(seed, 2))
		categories := make([]string, 12)
		for i := range categories {
			categories[i] = "bench.kind" + strconv.Itoa(i)
		}
		lights := []string{"day", "dusk", "night_lit", "night_unlit"}
		start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
		step := 366 * 24 * time.Hour / time.Duration(n)
		towns := make([]orb.Point, 40)
		for i := range towns {
			towns[i] = orb.Point{1 + 2.5*random.Float64(), 43 + 1.8*random.Float64()}
		}
		for i := range n {
			town := towns[random.IntN(len(towns))]
			at := start.Add(time.Duration(i) * step).Truncate(time.Minute)
			e := geoengine.Event{
				Ref: strconv.Itoa(202400000000 + i), Category: categories[random.IntN(len(categories))],
				Severity: geoengine.Severity(random.IntN(6)), Start: at, End: at.Add(time.Minute), Reported: at.Add(time.Minute),
				Position: orb.Point{town[0] + 0.1*random.NormFloat64(), town[1] + 0.07*random.NormFloat64()}, HasPosition: true,
				PrecisionM: 20,
				Attributes: geoengine.Attributes{{Key: "light", Value: lights[random.IntN(4)]}, {Key: "road", Value: "d" + strconv.Itoa(random.IntN(900))}},
			}
			e.Weight = e.Severity.Weight()
			if !yield(e) {
				return
			}
		}
	}
}

// ingestOurs imports through the product's own loop.
func ingestOurs(ctx context.Context, store *geoengine.Store, n int, seed uint64, p progress.Func) (float64, error) {
	events := make([]geoengine.Event, 0, n)
	for e := range benchEvents(n, seed) {
		events = append(events, e)
	}
	source := data.Source{
		Name: "bench", Title: "Benchmark", Synthetic: true, Holds: data.HoldsEvents,
		Read: func(context.Context, data.Input) iter.Seq2[data.Record, error] {
			return func(yield func(data.Record, error) bool) {
				for i := range events {
					if !yield(data.Record{At: data.Position{File: "bench", Line: int64(i + 1)}, Event: &events[i]}, nil) {
						return
					}
				}
			}
		},
	}
	began := time.Now()
	report, err := data.Import(ctx, store, source, data.Input{}, data.ImportOptions{Progress: p})
	if err != nil {
		return 0, err
	}
	if report.New != int64(n) {
		return 0, fmt.Errorf("%d of %d events are new", report.New, n)
	}
	return float64(n) / time.Since(began).Seconds(), nil
}

const naiveTable = `
	create table naive (like event);
	alter table naive add primary key (source, ref, zone);
	create index naive_starts on naive (starts);
	create index naive_geom on naive using gist (geom)`

// ingestNaive copies rows in the order of arrival into a table with its indexes in place. The columns that Vigie computes
// are constants here, and the points are encoded beforehand.
func ingestNaive(ctx context.Context, store *geoengine.Store, n int, seed uint64, p progress.Func) (float64, error) {
	if _, err := store.Pool.Exec(ctx, naiveTable); err != nil {
		return 0, err
	}
	rows := make([][]any, 0, n)
	for e := range benchEvents(n, seed) {
		point, err := ewkb.Marshal(e.Position, 4326)
		if err != nil {
			return 0, err
		}
		rows = append(rows, []any{
			int32(1), int32(1), e.Ref, int16(1), int16(e.Severity), e.Start, e.End, e.Reported, int32(0), point,
			float32(e.PrecisionM), float32(e.Weight), int64(1), "", e.Attributes.AppendJSON(nil), int64(1), int64(1),
		})
	}
	columns := []string{
		"zone", "source", "ref", "category", "severity", "starts", "ends", "reported", "utc_offset", "geom", "precision_m",
		"weight", "cell", "area", "attributes", "fingerprint", "xid",
	}
	began := time.Now()
	for from := 0; from < n; from += naiveBatch {
		batch := rows[from:min(from+naiveBatch, n)]
		if _, err := store.Pool.CopyFrom(ctx, pgx.Identifier{"naive"}, columns, pgx.CopyFromRows(batch)); err != nil {
			return 0, err
		}
		p.Report(progress.Update{Task: "naive ingest", Unit: "rows", Done: int64(from + len(batch)), Total: int64(n), Finished: from+len(batch) == n})
	}
	return float64(n) / time.Since(began).Seconds(), nil
}

const naiveBatch = 50_000
