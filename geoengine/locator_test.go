package geoengine_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/geoengine/geotest"
	"vigie/geoengine/hex"
)

// ingestAreas writes areas as an import does and returns their outcomes.
func ingestAreas(t *testing.T, store *geoengine.Store, areas ...geoengine.Area) []geoengine.Outcome {
	t.Helper()
	g, err := store.BeginIngest(t.Context(), geoengine.SourceInfo{Name: "areas"}, hex.Cell, false)
	if err != nil {
		t.Fatal(err)
	}
	b, err := g.PrepareAreas(t.Context(), areas, nil)
	if err != nil {
		t.Fatal(err)
	}
	write := func(tx pgx.Tx) error { return b.Write(t.Context(), tx) }
	if err := pgx.BeginFunc(t.Context(), store.Pool, write); err != nil {
		t.Fatal(err)
	}
	return b.Settled()
}

func square(x, y, side float64) orb.Ring {
	return orb.Ring{{x, y}, {x + side, y}, {x + side, y + side}, {x, y + side}, {x, y}}
}

func area(path, level string, rings ...orb.Ring) geoengine.Area {
	a := geoengine.Area{Path: path, Level: level, Code: path, Name: path}
	if len(rings) > 0 {
		a.Geometry = orb.MultiPolygon{rings}
	}
	return a
}

// star is a ragged ring with many vertices around a centre.
func star(random *rand.Rand, center orb.Point, radius float64, n int) orb.Ring {
	ring := make(orb.Ring, 0, n+1)
	for i := range n {
		angle, r := 2*math.Pi*float64(i)/float64(n), radius*(0.5+0.5*random.Float64())
		ring = append(ring, orb.Point{center[0] + r*math.Cos(angle), center[1] + r*math.Sin(angle)})
	}
	return append(ring, ring[0])
}

const locateInSQL = `
	select coalesce((select a.path from area_part p join area a on a.id = p.area
		where st_intersects(p.geom, st_setsrid(st_makepoint(x, y), 4326))
		order by array_length(string_to_array(a.path, '.'), 1) desc, a.path collate "C" limit 1), '')
	from unnest($1::float8[], $2::float8[]) with ordinality as t(x, y, n) order by n`

// TestLocatorEqualsPostGIS holds it on random points, vertices, and points on edges and beside them.
func TestLocatorEqualsPostGIS(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	random := rand.New(rand.NewPCG(3, 4))
	areas := []geoengine.Area{area("fr", "country", square(0, 40, 10), square(4, 44, 1))}
	for i := range 60 {
		center := orb.Point{10 * random.Float64(), 40 + 10*random.Float64()}
		path := fmt.Sprintf("fr.%d", i%7)
		if i >= 7 {
			path = fmt.Sprintf("fr.%d.%d", i%7, i)
		}
		areas = append(areas, area(path, "x", star(random, center, 1.5, 3+random.IntN(400))))
	}
	areas = append(areas, area("fr.0.a", "x", square(2, 42, 1)), area("fr.0.b", "x", square(3, 42, 1)))
	ingestAreas(t, store, areas...)
	points := []orb.Point{{3, 42.5}, {3, 42}, {2.5, 42}, {0, 40}, {10, 50}, {4.5, 44.5}, {4, 44.5}, {-1, 45}, {180, 90}, {-180, -90}}
	for range 4000 {
		points = append(points, orb.Point{-1 + 12*random.Float64(), 39 + 12*random.Float64()})
	}
	for _, a := range areas {
		ring := a.Geometry[0][0]
		for i := 1; i < len(ring); i += 1 + random.IntN(9) {
			middle := orb.Point{(ring[i][0] + ring[i-1][0]) / 2, (ring[i][1] + ring[i-1][1]) / 2}
			points = append(points, ring[i], middle, orb.Point{ring[i][0] + 0.1, ring[i][1]}, orb.Point{ring[i][0] - 0.1, ring[i][1]})
		}
	}
	locator, err := store.LoadLocator(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := locateBySQL(t, store, points)
	found := 0
	for i, p := range points {
		got := locator.Locate(p)
		if got != want[i] {
			t.Errorf("%v: got %q, want %q", p, got, want[i])
		}
		if got != "" {
			found++
		}
	}
	if found < len(points)/4 {
		t.Errorf("only %d of %d points are in an area", found, len(points))
	}
}

func locateBySQL(t *testing.T, store *geoengine.Store, points []orb.Point) []string {
	t.Helper()
	xs, ys := make([]float64, len(points)), make([]float64, len(points))
	for i, p := range points {
		xs[i], ys[i] = p[0], p[1]
	}
	rows, err := store.Pool.Query(t.Context(), locateInSQL, xs, ys)
	if err != nil {
		t.Fatal(err)
	}
	paths, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func TestIngestAreas(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	bow := orb.Ring{{0, 0}, {2, 2}, {2, 0}, {0, 2}, {0, 0}}
	line := orb.Ring{{0, 0}, {1, 1}, {0, 0}, {0, 0}}
	open := orb.Ring{{5, 5}, {6, 5}, {6, 6}, {5, 6}}
	got := ingestAreas(t, store, area("fr.76.31", "departement", square(1, 43, 1)), area("fr.bow", "x", bow), area("fr.line", "x", line),
		area("fr.open", "x", open), area("fr.76.31", "departement", square(1, 43, 1)), area("fr.76.31", "departement", square(2, 43, 1)))
	n, u, c, x := geoengine.New, geoengine.Unchanged, geoengine.Contradicted, geoengine.Unusable
	if d := cmp.Diff([]geoengine.Outcome{n, n, x, n, u, c}, got); d != "" {
		t.Error(d)
	}
	want := []string{"fr country  FR f", "fr.76 region fr 76 f", "fr.76.31 departement fr.76 fr.76.31 t", "fr.bow x fr fr.bow t", "fr.open x fr fr.open t"}
	const list = `select concat_ws(' ', path, level, parent, name, geom is not null and st_isvalid(geom)) from area order by path`
	if d := cmp.Diff(want, texts(t, store, list)); d != "" {
		t.Error(d)
	}
	// A parent by name fills the gap, and never overwrites.
	got = ingestAreas(t, store, area("fr.76", "region"), area("fr.76.31", "departement"), area("fr.open", "x", square(7, 7, 1)), area("fr.bow", "x", bow))
	if d := cmp.Diff([]geoengine.Outcome{n, u, geoengine.Changed, u}, got); d != "" {
		t.Error(d)
	}
	const pieces = `select a.path || ' ' || st_area(st_union(p.geom)) from area_part p join area a on a.id = p.area group by a.path order by 1`
	if d := cmp.Diff([]string{"fr.76.31 1", "fr.bow 2", "fr.open 1"}, texts(t, store, pieces)); d != "" {
		t.Error(d)
	}
}

func texts(t *testing.T, store *geoengine.Store, sql string) []string {
	t.Helper()
	rows, err := store.Pool.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestProject(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	// RGF93 / Lambert-93: the origin of the projection, and Toulouse as IGN gives it.
	points := []orb.Point{{700000, 6600000}, {574357.83, 6279642.97}, {math.Inf(1), 0}, {math.NaN(), 0}}
	if err := store.Project(t.Context(), 2154, points); err != nil {
		t.Fatal(err)
	}
	for i, want := range []orb.Point{{3, 46.5}, {1.444209, 43.604652}} {
		if math.Abs(points[i][0]-want[0]) > 2e-3 || math.Abs(points[i][1]-want[1]) > 2e-3 {
			t.Errorf("point %d: got %v, want %v", i, points[i], want)
		}
	}
	for _, p := range points[2:] {
		if geoengine.CheckPosition(p) == nil {
			t.Errorf("a point outside the domain became %v", p)
		}
	}
	if err := store.Project(t.Context(), 999999, points); err == nil {
		t.Error("an unknown system was accepted")
	}
}

func BenchmarkLocate(b *testing.B) {
	store := geotest.New(b)
	random := rand.New(rand.NewPCG(3, 4))
	var areas []geoengine.Area
	for i := range 2000 {
		areas = append(areas, area(fmt.Sprintf("fr.a.b.%d", i), "commune", star(random, orb.Point{10 * random.Float64(), 40 + 10*random.Float64()}, 0.2, 100)))
	}
	g, err := store.BeginIngest(b.Context(), geoengine.SourceInfo{Name: "areas"}, hex.Cell, false)
	if err != nil {
		b.Fatal(err)
	}
	batch, err := g.PrepareAreas(b.Context(), areas, nil)
	if err != nil {
		b.Fatal(err)
	}
	if err := pgx.BeginFunc(b.Context(), store.Pool, func(tx pgx.Tx) error { return batch.Write(b.Context(), tx) }); err != nil {
		b.Fatal(err)
	}
	locator, err := store.LoadLocator(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		locator.Locate(orb.Point{10 * random.Float64(), 40 + 10*random.Float64()})
	}
}
