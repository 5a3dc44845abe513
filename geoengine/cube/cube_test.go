package cube_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/geotest"
	"vigie/geoengine/hex"
)

// row is an event of the tests, as the store has it.
type row struct {
	ref        string
	source     int
	category   int
	severity   int
	starts     time.Time
	length     time.Duration
	offset     int
	weight     float32
	lon, lat   float64
	positioned bool
	area       string
	attributes map[string]any
}

var (
	categories = []string{"road.accident", "road.accident.pedestrian", "vehicle.theft", "rescue.call", "rescue"}
	sources    = []string{"alpha", "beta", "invented"}
	areas      = []string{"", "fr", "fr.76.31", "fr.76.31.31555", "fr.76.310", "fr.76.32.1", "demo.1", "fr.7"}
	lights     = []string{"day", "night", "dusk \"é\"", "a,b"}
)

const (
	putReferences = `insert into category select i, s from unnest($1::text[]) with ordinality u (s, i)`
	putSources    = `insert into source select i, s, s, 'us', 'none', '', s = 'invented' from unnest($1::text[]) with ordinality u (s, i)`
	putEvent      = `insert into event (zone, source, ref, category, severity, starts, ends, reported, utc_offset, geom, precision_m,
		weight, cell, area, attributes, fingerprint, xid)
		values (0, $1, $2, $3, $4, $5, $6, $6, $7, null, 0, $8, $9, $10, $11, 0, pg_current_xact_id()::text::bigint)`
	retract = `insert into event_retracted (zone, source, category, severity, starts, ends, utc_offset, weight, cell, area, attributes,
		xid, old_xid, retracted)
		select zone, source, category, severity, starts, ends, utc_offset, weight, cell, area, attributes,
		pg_current_xact_id()::text::bigint, xid, now() from event where ref = any($1)`
	remove = `delete from event where ref = any($1)`
)

// store makes a fresh store with the reference tables filled.
func newStore(t testing.TB) *geoengine.Store {
	t.Helper()
	store := newEmptyStore(t)
	exec(t, store, putReferences, categories)
	exec(t, store, putSources, sources)
	return store
}

func newEmptyStore(t testing.TB) *geoengine.Store {
	t.Helper()
	return geotest.New(t)
}

func exec(t testing.TB, store *geoengine.Store, sql string, args ...any) {
	t.Helper()
	if _, err := store.Pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func queue(b *pgx.Batch, r row) {
	cell := uint64(0)
	if r.positioned {
		cell = hex.Cell(r.lon, r.lat, geoengine.CellResolution)
	}
	attributes, err := json.Marshal(r.attributes)
	if err != nil {
		panic(err)
	}
	b.Queue(putEvent, r.source, r.ref, r.category, r.severity, r.starts, r.starts.Add(r.length), r.offset, r.weight,
		int64(cell), r.area, attributes)
}

// commit removes and puts rows in one transaction and tells the followers.
func commit(ctx context.Context, store *geoengine.Store, gone []string, put []row) error {
	return pgx.BeginFunc(ctx, store.Pool, func(tx pgx.Tx) error {
		var b pgx.Batch
		if len(gone) > 0 {
			b.Queue(retract, gone)
			b.Queue(remove, gone)
		}
		for _, r := range put {
			queue(&b, r)
		}
		b.Queue("notify vigie_events")
		return tx.SendBatch(ctx, &b).Close()
	})
}

// randomRow draws an event: few places, many close together, some without position, hour or area.
func randomRow(random *rand.Rand, ref string) row {
	r := row{
		ref: ref, source: 1 + random.IntN(len(sources)), category: 1 + random.IntN(len(categories)),
		severity: random.IntN(6), weight: []float32{0, 0.005, 0.125, 1, 2.5}[random.IntN(5)],
		starts: time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(random.IntN(400*24*60)) * time.Minute),
		offset: []int{0, 3600, 7200, -10800, 19800}[random.IntN(5)],
		length: []time.Duration{0, time.Hour, 30 * time.Minute, 24 * time.Hour, 72 * time.Hour}[random.IntN(5)],
		area:   areas[random.IntN(len(areas))], positioned: random.IntN(8) > 0,
		lon: 1.3 + random.NormFloat64()*0.05, lat: 43.6 + random.NormFloat64()*0.05,
		attributes: map[string]any{},
	}
	if random.IntN(20) == 0 {
		r.starts = time.Date(1900+random.IntN(200), 3, 1, 0, 0, 0, random.IntN(1e6)*1000, time.UTC)
	}
	if r.length == 24*time.Hour { // a day is local
		r.starts = r.starts.Truncate(24 * time.Hour).Add(-time.Duration(r.offset) * time.Second)
	}
	if random.IntN(30) == 0 {
		r.lon, r.lat = random.Float64()*360-180, random.Float64()*180-90
	}
	if random.IntN(3) > 0 {
		r.attributes["light"] = lights[random.IntN(len(lights))]
	}
	if random.IntN(3) > 0 {
		r.attributes["vehicle"] = [][]string{{"car"}, {"bike", "car"}, {"bike"}, {}, {"bus", "car", "truck"}}[random.IntN(5)]
	}
	if random.IntN(3) > 0 {
		r.attributes["speed"] = fmt.Sprint(random.IntN(200)) // more values than bitmaps are made for
	}
	return r
}

func randomRows(random *rand.Rand, prefix string, n int) []row {
	list := make([]row, n)
	for i := range list {
		list[i] = randomRow(random, fmt.Sprint(prefix, i))
	}
	return list
}

func loaded(t testing.TB, store *geoengine.Store) *cube.Cube {
	t.Helper()
	c := cube.New(store, slog.New(slog.DiscardHandler))
	if err := c.Load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return c
}

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }
