package cube_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/hex"
)

// selectHour is geoengine.LocalHour in SQL.
const hourOfWeek = `(case
	when ends - starts <= interval '1 hour' then (extract(isodow from l)::int - 1) * 24 + extract(hour from l)::int
	when (l + (ends - starts) - interval '1 microsecond')::date = l::date then 168 + extract(isodow from l)::int - 1
	else 175 end)`

// selectMatching is a query in SQL: everything that it leaves in is what the cube must count.
const selectMatching = `select cell, category.slug, severity, source.name, starts, area, weight::float8, attributes, hour
	from (select *, ` + hourOfWeek + ` as hour from (select *, starts at time zone 'UTC' + utc_offset * interval '1 second' as l from event) e) event
	join category on category.id = event.category join source on source.id = event.source
	where ($1::timestamptz is null or starts >= $1) and ($2::timestamptz is null or starts < $2)
	and ($3::int[] is null or hour = any($3))
	and ($4::text[] is null or exists (select from unnest($4::text[]) c where slug = c or slug like replace(c, '_', '\_') || '.%'))
	and ($5::int[] is null or severity = any($5))
	and ($6::text[] is null or source.name = any($6))
	and ($7::text[] is null or exists (select from unnest($7::text[]) a where area = a or area like a || '.%'))
	and ($8::text[] is null or exists (select from unnest($8::text[]) a where area = a or area like a || '.%'))
	and (select coalesce(bool_and(exists (
			select from unnest($10::text[]) with ordinality v (value, i) join unnest($9::text[]) with ordinality k (key, i) using (i)
			where key = wanted and (attributes->key = to_jsonb(value) or jsonb_typeof(attributes->key) = 'array' and attributes->key ? value))), true)
		from (select distinct unnest($9::text[]) as wanted) w)
	and ($11::text[] is null or exists (select from unnest($11::text[]) c where slug = c or slug like replace(c, '_', '\_') || '.%'))`

type match struct {
	Cell       int64
	Category   string
	Severity   int
	Source     string
	Starts     time.Time
	Area       string
	Weight     float64
	Attributes map[string]any
	Hour       int
}

func orNil[T any](list []T) any {
	if len(list) == 0 {
		return nil
	}
	return list
}

func orNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

// matching asks SQL. The box is applied here, on the cells of resolution boxRes.
func matching(t *testing.T, store *geoengine.Store, q geoengine.Query, boxRes int) []match {
	t.Helper()
	var hours, severities []int
	for h := range 168 {
		if q.Hours.Has(h) {
			hours = append(hours, h)
		}
	}
	for _, s := range q.Severities {
		severities = append(severities, int(s))
	}
	var scope any
	if q.Scope != nil {
		scope = q.Scope
	}
	keys, values := []string{}, []string{}
	for key, list := range q.Attributes {
		for _, v := range list {
			keys, values = append(keys, key), append(values, v)
		}
	}
	list, err := store.Pool.Query(t.Context(), selectMatching, orNull(q.From), orNull(q.To), orNil(hours), orNil(q.Categories),
		orNil(severities), orNil(q.Sources), orNil(q.Areas), scope, keys, values, q.Open)
	if err != nil {
		t.Fatal(err)
	}
	found, err := pgx.CollectRows(list, pgx.RowToStructByPos[match])
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(found, func(m match) bool {
		return q.Box != nil && (m.Cell == 0 || !q.Box.Contains(hex.Center(hex.Parent(uint64(m.Cell), boxRes))))
	})
}

// randomQuery draws a query of a few conditions.
func randomQuery(r *rand.Rand) (q geoengine.Query) {
	pick := func(list []string) []string { return []string{list[r.IntN(len(list))], list[r.IntN(len(list))]} }
	if r.IntN(3) == 0 {
		q.From = time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(400*24*60)) * time.Minute)
	}
	if r.IntN(3) == 0 {
		q.To = time.Date(2020, 2, 1, 0, 0, 0, 0, time.UTC)
		if !q.From.IsZero() {
			q.To = q.From.Add(time.Duration(r.IntN(100*24*60)) * time.Minute)
		}
	}
	if r.IntN(3) == 0 {
		for range 1 + r.IntN(60) {
			q.Hours.Set(r.IntN(168))
		}
	}
	if r.IntN(3) == 0 {
		q.Categories = pick([]string{"road", "road.accident", "vehicle.theft", "rescue", "rescue.call", "nothing"})
	}
	if r.IntN(4) == 0 {
		q.Severities = []geoengine.Severity{geoengine.Severity(r.IntN(6)), geoengine.Severity(r.IntN(6))}
	}
	if r.IntN(4) == 0 {
		q.Sources = pick([]string{"alpha", "beta", "invented", "nobody"})
	}
	if r.IntN(4) == 0 {
		q.Areas = pick([]string{"fr", "fr.76", "fr.76.31", "fr.7", "demo", "nowhere"})
	}
	switch r.IntN(8) {
	case 0, 1:
		q.Scope = pick([]string{"fr", "fr.76.31", "demo.1", "fr.76.31.31555"})
	case 2:
		if r.IntN(3) == 0 {
			q.Scope = []string{}
		}
	}
	switch r.IntN(8) {
	case 0, 1:
		q.Open = pick([]string{"road.accident", "rescue", "vehicle.theft", "road.accident.pedestrian", "nothing"})
	case 2:
		if r.IntN(3) == 0 {
			q.Open = []string{}
		}
	}
	if r.IntN(3) == 0 {
		q.Attributes = map[string][]string{}
		for range 1 + r.IntN(2) {
			switch r.IntN(3) {
			case 0:
				q.Attributes["light"] = pick(lights)
			case 1:
				q.Attributes["vehicle"] = pick([]string{"car", "bike", "bus", "train"})
			case 2:
				q.Attributes["speed"] = []string{"3", "50", "51", "120"}
			}
		}
	}
	switch r.IntN(6) {
	case 0, 1:
		w, s := 1.2+r.Float64()*0.1, 43.5+r.Float64()*0.1
		q.Box = &orb.Bound{Min: orb.Point{w, s}, Max: orb.Point{w + r.Float64()*0.15, s + r.Float64()*0.15}}
	case 2:
		w, s := r.Float64()*300-180, r.Float64()*150-90
		q.Box = &orb.Bound{Min: orb.Point{w, s}, Max: orb.Point{min(180, w+r.Float64()*300), min(90, s+r.Float64()*150)}}
	}
	return q
}

var near = cmp.Options{cmpopts.EquateApprox(1e-6, 1e-6), cmpopts.EquateEmpty()}

// checkAll compares every answer of the cube with SQL.
func checkAll(t *testing.T, store *geoengine.Store, c *cube.Cube, q geoengine.Query, r *rand.Rand) {
	t.Helper()
	found := matching(t, store, q, geoengine.CellResolution)
	checkTotals(t, c, q, found)
	checkTimes(t, c, q, found, r)
	res := r.IntN(geoengine.CellResolution + 1)
	checkCells(t, store, c, q, res, r)
	checkFacets(t, store, c, q)
	unhoured := q
	unhoured.Hours = geoengine.Hours{}
	var grid [176]uint32
	for _, m := range matching(t, store, unhoured, geoengine.CellResolution) {
		grid[m.Hour]++
	}
	got, err := c.HourGrid(q)
	equal(t, "hour grid", q, grid, got, err)
}

func equal(t *testing.T, what string, q geoengine.Query, want, got any, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s of %+v: %v", what, q, err)
	}
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Fatalf("%s of %+v (-SQL +cube):\n%s", what, q, diff)
	}
}

func checkTotals(t *testing.T, c *cube.Cube, q geoengine.Query, found []match) {
	t.Helper()
	var want cube.Count
	byArea := map[string]cube.Count{}
	extent := cube.Extent{}
	for _, m := range found {
		want.Count++
		want.Weight += m.Weight
		a := byArea[m.Area]
		byArea[m.Area] = cube.Count{Count: a.Count + 1, Weight: a.Weight + m.Weight}
		if extent.Events == 0 || m.Starts.Before(extent.From) {
			extent.From = m.Starts.UTC()
		}
		if extent.Events == 0 || m.Starts.After(extent.To) {
			extent.To = m.Starts.UTC()
		}
		extent.Events++
		if m.Cell != 0 {
			extent.Positioned++
		}
		extent.Synthetic = extent.Synthetic || m.Source == "invented"
	}
	got, err := c.Total(q)
	equal(t, "total", q, want, got, err)
	gotAreas, err := c.Areas(q)
	equal(t, "areas", q, byArea, gotAreas, err)
	gotExtent, err := c.Extent(q)
	gotExtent.Box = orb.Bound{}
	equal(t, "extent", q, extent, gotExtent, err)
}

func checkTimes(t *testing.T, c *cube.Cube, q geoengine.Query, found []match, r *rand.Rand) {
	t.Helper()
	from := time.Date(2019, 1, 1+r.IntN(100), 0, 0, 0, 0, time.UTC)
	b := cube.Bins{From: from, To: from.Add(time.Duration(1+r.IntN(1e7)) * time.Second), N: 1 + r.IntN(90)}
	want := make([]uint32, b.N)
	for _, m := range found {
		for i := range b.N {
			if !m.Starts.Before(b.Edge(i)) && m.Starts.Before(b.Edge(i+1)) {
				want[i]++
			}
		}
	}
	got, err := c.Histogram(q, b)
	equal(t, "histogram", q, want, got, err)
}

func checkCells(t *testing.T, store *geoengine.Store, c *cube.Cube, q geoengine.Query, res int, r *rand.Rand) {
	t.Helper()
	want := map[uint64]cube.Count{}
	for _, m := range matching(t, store, q, res) {
		if m.Cell != 0 {
			cell := hex.Parent(uint64(m.Cell), res)
			w := want[cell]
			want[cell] = cube.Count{Cell: cell, Count: w.Count + 1, Weight: w.Weight + m.Weight}
		}
	}
	got, err := c.Cells(q, res)
	byCell := map[uint64]cube.Count{}
	var some []uint64
	for _, n := range got {
		byCell[n.Cell] = n
		if r.IntN(3) > 0 {
			some = append(some, n.Cell)
		}
	}
	equal(t, fmt.Sprint("cells at ", res), q, want, byCell, err)
	if !slices.IsSortedFunc(got, func(a, b cube.Count) int { return cmpCell(a.Cell, b.Cell) }) {
		t.Fatal("cells are not sorted")
	}
	for range 20 {
		some = append(some, hex.Cell(1.3+r.NormFloat64()*0.1, 43.6+r.NormFloat64()*0.1, res))
	}
	slices.Sort(some)
	some = slices.Compact(some)
	for cell := range want {
		if !slices.Contains(some, cell) {
			delete(want, cell)
		}
	}
	in, err := c.CellsIn(q, some, res)
	byCell = map[uint64]cube.Count{}
	for _, n := range in {
		byCell[n.Cell] = n
	}
	equal(t, fmt.Sprint("cells in, at ", res), q, want, byCell, err)
	checkBins(t, c, q, matching(t, store, q, res), some, res)
}

func cmpCell(a, b uint64) int {
	if a < b {
		return -1
	}
	return 1
}

func checkBins(t *testing.T, c *cube.Cube, q geoengine.Query, found []match, cells []uint64, res int) {
	t.Helper()
	b := cube.Bins{From: time.Date(2019, 2, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2019, 11, 3, 1, 0, 0, 0, time.UTC), N: 37}
	want := map[[2]uint64]cube.BinCount{}
	for _, m := range found {
		cell := hex.Parent(uint64(m.Cell), res)
		if m.Cell == 0 || !slices.Contains(cells, cell) {
			continue
		}
		for i := range b.N {
			if !m.Starts.Before(b.Edge(i)) && m.Starts.Before(b.Edge(i+1)) {
				w := want[[2]uint64{cell, uint64(i)}]
				want[[2]uint64{cell, uint64(i)}] = cube.BinCount{Cell: cell, Bin: uint16(i), Count: w.Count + 1, Weight: w.Weight + float32(m.Weight)}
			}
		}
	}
	list, err := c.CellBins(q, cells, res, b)
	got := map[[2]uint64]cube.BinCount{}
	for _, n := range list {
		got[[2]uint64{n.Cell, uint64(n.Bin)}] = n
	}
	equal(t, "cell bins", q, want, got, err)
}

func checkFacets(t *testing.T, store *geoengine.Store, c *cube.Cube, q geoengine.Query) {
	t.Helper()
	got, err := c.Facets(q)
	for _, name := range []string{"category", "severity", "source", "light", "vehicle", "speed"} {
		own := q
		own.Attributes = map[string][]string{}
		for key, values := range q.Attributes {
			if key != name {
				own.Attributes[key] = values
			}
		}
		switch name {
		case "category":
			own.Categories = nil
		case "severity":
			own.Severities = nil
		case "source":
			own.Sources = nil
		}
		want := map[string]uint32{}
		for _, m := range matching(t, store, own, geoengine.CellResolution) {
			switch name {
			case "category":
				want[m.Category]++
			case "severity":
				want[geoengine.Severity(m.Severity).String()]++
			case "source":
				want[m.Source]++
			default:
				for _, v := range values(m.Attributes[name]) {
					want[v]++
				}
			}
		}
		byValue := map[string]uint32{}
		last := uint32(math.MaxUint32)
		for _, v := range got[name] {
			byValue[v.Value] = v.Count
			if v.Count > last {
				t.Fatalf("facet %s is not sorted by count", name)
			}
			last = v.Count
		}
		equal(t, "facet "+name, q, want, byValue, err)
	}
}

func values(attribute any) (list []string) {
	switch a := attribute.(type) {
	case string:
		list = []string{a}
	case []any:
		for _, v := range a {
			list = append(list, v.(string))
		}
	}
	return list
}
