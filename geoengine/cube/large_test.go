package cube

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigie/geoengine"
	"vigie/geoengine/hex"
)

// largeCube is one segment of so many events that two goroutines share every answer, put together without a store.
func largeCube() (*Cube, *rows) {
	const n = parallelWords*64*5/4 + 77
	random := rand.New(rand.NewPCG(6, 6))
	places := make([]uint64, 9000)
	for i := range places {
		places[i] = hex.Cell(2+random.Float64(), 46+random.Float64(), geoengine.CellResolution)
	}
	d := newDictionaries()
	for i, name := range []string{"a", "b", "c"} {
		d.addCategory(int16(i), name)
	}
	d.addSource(1, sourceInfo{name: "s"})
	for _, path := range []string{"fr.1", "fr.2", "be"} {
		d.area([]byte(path))
	}
	r := newRows(n)
	for i := range n {
		r.starts = append(r.starts, uint64(i/3*1e6)^signBit)
		place := random.IntN(len(places))
		r.cells = append(r.cells, places[place])
		r.category = append(r.category, uint16(random.IntN(3)))
		r.severity = append(r.severity, uint8(random.IntN(6)))
		r.hour = append(r.hour, uint8(random.IntN(176)))
		r.source = append(r.source, 0)
		r.area = append(r.area, uint32(place%3))
		r.weight = append(r.weight, float32(random.IntN(4)))
	}
	c := New(&geoengine.Store{}, nil)
	c.install(d, r, state{})
	return c, r
}

func TestLargeSegment(t *testing.T) {
	t.Parallel()
	c, r := largeCube()
	b := Bins{From: time.Unix(1000, 0), To: time.Unix(200_000, 0), N: 50}
	tests := []struct {
		name  string
		query geoengine.Query
		match func(i int) bool
	}{
		{"everything", geoengine.Query{}, func(int) bool { return true }},
		{"a category by day and night", geoengine.Query{Categories: []string{"b"}, Severities: []geoengine.Severity{1, 2}},
			func(i int) bool { return r.category[i] == 1 && (r.severity[i] == 1 || r.severity[i] == 2) }},
		{"a scope", geoengine.Query{Scope: []string{"fr"}}, func(i int) bool { return r.area[i] < 2 }},
		{"a scope and a period", geoengine.Query{Scope: []string{"fr.2", "be"}, From: time.Unix(5000, 0), To: time.Unix(170_000, 0)},
			func(i int) bool { at := r.starts[i] ^ signBit; return r.area[i] > 0 && at >= 5000e6 && at < 170_000e6 }},
		{"a period", geoengine.Query{To: time.Unix(150_000, 0)}, func(i int) bool { return r.starts[i]^signBit < 150_000e6 }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			checkLarge(t, c, r, b, test.query, test.match)
		})
	}
	if events, bytes := c.Size(); events != r.len() || bytes < events {
		t.Errorf("%d events in %d bytes", events, bytes)
	}
}

// largeAnswers are the right answers.
type largeAnswers struct {
	total     Count
	grid      [176]uint32
	histogram []uint32
	cells     map[uint64]Count
	facet     map[string]uint32
	areas     map[string]Count
}

func answerLarge(r *rows, b Bins, match func(i int) bool) largeAnswers {
	a := largeAnswers{histogram: make([]uint32, b.N), cells: map[uint64]Count{}, facet: map[string]uint32{}, areas: map[string]Count{}}
	add := func(n Count, i int) Count {
		return Count{Cell: n.Cell, Count: n.Count + 1, Weight: n.Weight + float64(r.weight[i])}
	}
	for i := range r.len() {
		if !match(i) {
			continue
		}
		a.total = add(a.total, i)
		a.grid[r.hour[i]]++
		cell := hex.Parent(r.cells[i], 9)
		a.cells[cell] = add(Count{Cell: cell, Count: a.cells[cell].Count, Weight: a.cells[cell].Weight}, i)
		path := []string{"fr.1", "fr.2", "be"}[r.area[i]]
		a.areas[path] = add(a.areas[path], i)
		a.facet[geoengine.Severity(r.severity[i]).String()]++
		if at := int64(r.starts[i] ^ signBit); at >= b.edge(0) && at < b.edge(b.N) {
			bin := 0
			for b.edge(bin+1) <= at {
				bin++
			}
			a.histogram[bin]++
		}
	}
	return a
}

func checkLarge(t *testing.T, c *Cube, r *rows, b Bins, q geoengine.Query, match func(i int) bool) {
	t.Helper()
	want := answerLarge(r, b, match)
	same := func(what string, expected, got any, err error) {
		t.Helper()
		if diff := cmp.Diff(expected, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", what, err, diff)
		}
	}
	gotTotal, err := c.Total(q)
	same("total", want.total, gotTotal, err)
	gotGrid, err := c.HourGrid(q)
	same("hour grid", want.grid, gotGrid, err)
	gotHistogram, err := c.Histogram(q, b)
	same("histogram", want.histogram, gotHistogram, err)
	gotAreas, err := c.Areas(q)
	same("areas", want.areas, gotAreas, err)
	list, err := c.Cells(q, 9)
	gotCells := map[uint64]Count{}
	for _, n := range list {
		gotCells[n.Cell] = n
	}
	same("cells", want.cells, gotCells, err)
	if q.Severities == nil {
		facets, err := c.Facets(q)
		got := map[string]uint32{}
		for _, v := range facets["severity"] {
			got[v.Value] = v.Count
		}
		same("facet", want.facet, got, err)
	}
}
