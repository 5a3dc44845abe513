package feature_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
	"vigie/geoengine/cql2"
	"vigie/geoengine/feature"
	"vigie/geoengine/geotest"
	"vigie/geoengine/hex"
)

// fill writes n events on a grid over Toulouse, every tenth of them a theft, with their zone, source and categories.
func fill(t testing.TB, store *geoengine.Store, n int) {
	t.Helper()
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := store.Pool.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec(`insert into source values (1, 'test', 'Test', 'us', 'none', '', true)`)
	exec(`insert into category values (1, 'road.accident'), (2, 'vehicle.theft')`)
	zones := map[uint64]int{}
	rows := make([][]any, 0, n)
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		lon, lat := 1+float64(i%1000)/1000, 43+float64(i/1000%1000)/1000
		cell := hex.Cell(lon, lat, geoengine.CellResolution)
		zone := hex.Parent(cell, geoengine.ZoneResolution)
		if zones[zone] == 0 {
			zones[zone] = len(zones) + 1
			exec(`insert into zone values ($1, $2)`, zones[zone], int64(zone))
		}
		category, area := 1, "fr.76.31.31555"
		if i%10 == 0 {
			category = 2
		}
		if i%2 == 0 {
			area = "fr.76.31.31001"
		}
		at := start.Add(time.Duration(i) * time.Minute)
		rows = append(rows, []any{
			zones[zone], 1, fmt.Sprintf("%08d", i), category, i % 6, at, at.Add(time.Hour), at, 3600, fmt.Sprintf("SRID=4326;POINT(%v %v)", lon, lat),
			0, 0.125, int64(cell), area, `{"light":"day"}`, i, 1,
		})
	}
	columns := []string{"zone", "source", "ref", "category", "severity", "starts", "ends", "reported", "utc_offset", "geom", "precision_m", "weight", "cell", "area", "attributes", "fingerprint", "xid"}
	exec(`create table raw (zone int, source int, ref text, category int, severity int, starts timestamptz, ends timestamptz, reported timestamptz,
		utc_offset int, geom text, precision_m int, weight float8, cell bigint, area text, attributes text, fingerprint bigint, xid bigint)`)
	if _, err := store.Pool.CopyFrom(t.Context(), pgx.Identifier{"raw"}, columns, pgx.CopyFromRows(rows)); err != nil {
		t.Fatal(err)
	}
	exec(`insert into event select zone, source, ref, category::smallint, severity::smallint, starts, ends, reported, utc_offset, geom::geometry, precision_m::real,
		weight::real, cell, area, attributes::jsonb, fingerprint, xid from raw`)
	exec(`drop table raw`)
	exec(`vacuum analyze event`)
}

// cases are questions of which each must be answered from an index.
func cases(t testing.TB) map[string]feature.Query {
	t.Helper()
	box, err := feature.NewBox([]float64{1.4, 43.01, 1.45, 43.05}, feature.CRS84())
	if err != nil {
		t.Fatal(err)
	}
	filter, err := cql2.Parse("S_INTERSECTS(geometry, BBOX(1.4, 43.01, 1.45, 43.05)) AND severity = 'fatal'")
	if err != nil {
		t.Fatal(err)
	}
	base := feature.Query{Collection: feature.Events, CRS: feature.CRS84(), Form: feature.FormGeoJSON, Limit: 1000}
	with := func(change func(*feature.Query)) feature.Query {
		q := base
		change(&q)
		return q
	}
	return map[string]feature.Query{
		"first page": base,
		"box":        with(func(q *feature.Query) { q.Box = &box }),
		"cql2 box":   with(func(q *feature.Query) { q.Filter = &filter }),
		"attribute":  with(func(q *feature.Query) { q.Equal = []feature.Equal{{Name: "severity", Value: "fatal"}} }),
		"one":        with(func(q *feature.Query) { q.ID, q.Limit = "test~00000077", 1 }),
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	const n = 20_000
	store := geotest.New(t)
	fill(t, store, n)
	reader := feature.NewReader(store, 10*time.Second)
	analyst := geoengine.Rights{Scope: []string{"fr.76.31.31555"}, Open: []string{"road.accident"}}
	for name, c := range map[string]struct {
		rights geoengine.Rights
		want   int
	}{
		"all":     {geoengine.AllRights(), n},
		"analyst": {analyst, n / 2}, // odd numbers, none of which is a theft
		"nobody":  {geoengine.NoRights(), 0},
	} {
		got, seen := 0, map[string]bool{}
		err := reader.Each(t.Context(), c.rights, feature.Query{Collection: feature.Events, CRS: feature.CRS84()}, func(row *feature.Row) error {
			got++
			seen[row.ID] = true
			return nil
		})
		if err != nil || got != c.want || len(seen) != c.want {
			t.Errorf("%s: %d events, %d different, want %d: %v", name, got, len(seen), c.want, err)
		}
	}
	if err := reader.One(t.Context(), analyst, feature.Query{Collection: feature.Events, ID: "test~00000010"}, nil); !errors.Is(err, geoengine.ErrMissing) {
		t.Errorf("a theft: %v", err)
	}
	q := cases(t)["box"]
	for _, rights := range []geoengine.Rights{geoengine.AllRights(), analyst} {
		counted, err := reader.Count(t.Context(), rights, q)
		page, readErr := reader.Read(t.Context(), rights, q, func(*feature.Row) error { return nil })
		if err := errors.Join(err, readErr); err != nil || counted != page.Returned || page.Next != "" {
			t.Errorf("%d counted, %d read: %v", counted, page.Returned, err)
		}
	}
	failing := errors.New("the client went away")
	if _, err := reader.Read(t.Context(), analyst, q, func(*feature.Row) error { return failing }); !errors.Is(err, failing) {
		t.Errorf("%v", err)
	}
	if keys, err := reader.AttributeKeys(t.Context(), analyst, feature.Events); err != nil || len(keys) != 1 || keys[0] != "light" {
		t.Errorf("%v %v", keys, err)
	}
	if keys, err := reader.AttributeKeys(t.Context(), geoengine.NoRights(), feature.Events); err != nil || len(keys) != 0 {
		t.Errorf("%v %v", keys, err)
	}
}

// TestPlans checks that under row security a page is read by an index, from where the page before ended.
func TestPlans(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	fill(t, store, 50_000)
	analyst := geoengine.Rights{Scope: []string{"fr.76.31.31555"}, Open: []string{"road.accident"}}
	first := cases(t)["first page"]
	page, err := feature.NewReader(store, time.Minute).Read(t.Context(), analyst, first, func(*feature.Row) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	next := first
	next.Cursor = page.Next
	recent := first
	recent.From = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		query feature.Query
		want  string
	}{
		"first page":  {first, "Index Scan using event_pkey"},
		"next page":   {next, "Index Cond: (ROW(source, ref) > ROW("},
		"box":         {cases(t)["box"], "Index Scan using event_cell"},
		"cql2 box":    {cases(t)["cql2 box"], "Index Scan using event_cell"},
		"attribute":   {cases(t)["attribute"], "Index Scan using event_pkey"},
		"long period": {recent, "Index Scan using event_pkey"},
	} {
		err := store.Read(t.Context(), analyst, func(tx pgx.Tx) error {
			lines, err := feature.Explain(t.Context(), tx, analyst, c.query)
			plan := strings.Join(lines, "\n")
			if err == nil && (!strings.Contains(plan, c.want) || strings.Contains(plan, "Seq Scan on event")) {
				t.Errorf("%s: no %q in\n%s", name, c.want, plan)
			}
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTimeout checks that a statement cannot take longer than the reader allows.
func TestTimeout(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	fill(t, store, 20_000)
	slow, err := cql2.Parse("CASEI(cell) LIKE '%z%' AND CASEI(area_name) LIKE '%z%' AND CASEI(ref) LIKE '%z%z%z%z%'")
	if err != nil {
		t.Fatal(err)
	}
	q := cases(t)["first page"]
	q.Filter = &slow
	_, err = feature.NewReader(store, time.Millisecond).Read(t.Context(), geoengine.AllRights(), q, func(*feature.Row) error { return nil })
	if err == nil {
		t.Error("20,000 rows were looked at within a millisecond")
	}
	if _, err := feature.NewReader(store, time.Minute).Read(t.Context(), geoengine.AllRights(), q, func(*feature.Row) error { return nil }); err != nil {
		t.Errorf("the same with patience: %v", err)
	}
}

// BenchmarkRead reads pages of 1000 features as GeoJSON, for somebody who may read everything and for an analyst.
func BenchmarkRead(b *testing.B) {
	store := geotest.New(b)
	fill(b, store, 200_000)
	reader := feature.NewReader(store, time.Minute)
	for who, rights := range map[string]geoengine.Rights{
		"all": geoengine.AllRights(), "analyst": {Scope: []string{"fr.76.31.31555"}, Open: []string{"road.accident"}},
	} {
		for name, q := range cases(b) {
			b.Run(name+"/"+who, func(b *testing.B) {
				features := 0
				for b.Loop() {
					columns, err := feature.Columns(q, nil)
					if err != nil {
						b.Fatal(err)
					}
					w := feature.NewGeoJSONWriter(io.Discard, columns, nil)
					page, err := reader.Read(b.Context(), rights, q, w.Write)
					if err := errors.Join(err, w.Close()); err != nil {
						b.Fatal(err)
					}
					features += page.Returned
				}
				b.ReportMetric(float64(features)/b.Elapsed().Seconds(), "features/s")
			})
		}
	}
}
