package cube_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/hex"
)

func TestProfileEqualsSQL(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	if err := commit(t.Context(), store, nil, randomRows(random(4), "e", 1500)); err != nil {
		t.Fatal(err)
	}
	c := follow(t, store, nil)
	if err := commit(t.Context(), store, []string{"e3", "e4", "e77"}, randomRows(random(5), "more", 300)); err != nil {
		t.Fatal(err)
	}
	settled(t, store, c)
	for seed := range uint64(25) {
		r := random(seed)
		q := randomQuery(r)
		q.Box = nil
		cell := hex.Cell(1.3, 43.6, r.IntN(9))
		want := cube.Profile{Total: cube.Count{Cell: cell}}
		for _, m := range matching(t, store, q, geoengine.CellResolution) {
			if m.Cell == 0 || hex.Parent(uint64(m.Cell), hex.Resolution(cell)) != cell {
				continue
			}
			addToProfile(&want, m)
		}
		got, err := c.Profile(q, cell)
		got.Months, want.Months = [12]uint32{}, [12]uint32{} // local time: see TestProfileMonths
		equal(t, fmt.Sprint("profile at ", hex.Resolution(cell)), q, want, got, err)
	}
}

func addToProfile(p *cube.Profile, m match) {
	if p.Total.Count == 0 || m.Starts.Before(p.First) {
		p.First = m.Starts.UTC()
	}
	if p.Total.Count == 0 || m.Starts.After(p.Last) {
		p.Last = m.Starts.UTC()
	}
	p.Total.Count++
	p.Total.Weight += m.Weight
	p.HourGrid[m.Hour]++
	switch {
	case m.Hour < 168:
		p.Hours[m.Hour%24]++
		p.Weekdays[m.Hour/24]++
	case m.Hour < 175:
		p.Weekdays[m.Hour-168]++
	}
}

// TestProfileMonths has events whose month differs between UTC and the place.
func TestProfileMonths(t *testing.T) {
	t.Parallel()
	at := func(month time.Month, day, hour, minute int) time.Time {
		return time.Date(2021, month, day, hour, minute, 0, 0, time.UTC)
	}
	tests := []struct {
		name   string
		starts time.Time
		length time.Duration
		offset int
		want   time.Month
	}{
		{"Paris, the last evening of January in UTC", at(1, 31, 23, 30), 0, 3600, time.February},
		{"Porto Alegre, the first night of June in UTC", at(6, 1, 2, 0), time.Hour, -10800, time.May},
		{"half an hour's zone", at(3, 31, 18, 45), 0, 19800, time.April},
		{"a day known without its hour", at(7, 31, 22, 0), 24 * time.Hour, 7200, time.August},
		{"a day west of UTC", at(8, 1, 3, 0), 24 * time.Hour, -10800, time.August},
		{"a week is told in UTC", at(9, 30, 23, 0), 7 * 24 * time.Hour, 7200, time.September},
		{"the farthest zone east", at(4, 30, 10, 30), 0, 14 * 3600, time.May},
		{"the farthest zone west", at(5, 1, 11, 30), 0, -12 * 3600, time.April},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			store := newStore(t)
			r := row{ref: fmt.Sprint(i), source: 1, category: 1, starts: test.starts, length: test.length, offset: test.offset,
				lon: 1, lat: 43, positioned: true}
			if err := commit(t.Context(), store, nil, []row{r}); err != nil {
				t.Fatal(err)
			}
			got, err := loaded(t, store).Profile(geoengine.Query{}, hex.Cell(1, 43, 5))
			var want [12]uint32
			want[test.want-1] = 1
			if err != nil || got.Months != want {
				t.Errorf("months %v, %v; want %v", got.Months, err, want)
			}
		})
	}
}

// TestShortPeriods are looked up event by event, not in the order by cell.
func TestShortPeriods(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	if err := commit(t.Context(), store, nil, randomRows(random(8), "e", 3000)); err != nil {
		t.Fatal(err)
	}
	c := loaded(t, store)
	for seed := range uint64(20) {
		r := random(seed)
		q := randomQuery(r)
		q.From = time.Date(2019, 1, 1+r.IntN(380), 0, 0, 0, 0, time.UTC)
		q.To = q.From.Add(time.Duration(1+r.IntN(9*24)) * time.Hour)
		q.Box, q.Areas, q.Scope = nil, nil, nil
		checkCells(t, store, c, q, r.IntN(geoengine.CellResolution+1), r)
	}
}

func TestInvalidQuestions(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	rows := randomRows(random(1), "e", 50)
	for i := range 5000 { // free text
		r := row{ref: fmt.Sprint("text", i), source: 1, category: 1, starts: rows[0].starts}
		r.attributes = map[string]any{"story": fmt.Sprint("once upon a time ", i), "light": "day"}
		rows = append(rows, r)
	}
	if err := commit(t.Context(), store, nil, rows); err != nil {
		t.Fatal(err)
	}
	c := loaded(t, store)
	year := cube.Bins{From: time.Unix(0, 0), To: time.Unix(1e9, 0), N: 10}
	attribute := func(key string) geoengine.Query {
		return geoengine.Query{Attributes: map[string][]string{key: {"x"}}}
	}
	r3 := hex.Cell(1, 43, 3)
	tests := []struct {
		name, says string
		ask        func() error
	}{
		{"unknown attribute", `attribute "ligth"`, func() error { _, err := c.Total(attribute("ligth")); return err }},
		{"free text", `attribute "story": is not filterable`, func() error { _, err := c.Facets(attribute("story")); return err }},
		{"no bins", "bins 0", func() error {
			_, err := c.Histogram(geoengine.Query{}, cube.Bins{From: year.From, To: year.To})
			return err
		}},
		{"bins that end before they start", "the end must be after", func() error {
			_, err := c.Histogram(geoengine.Query{}, cube.Bins{From: year.To, To: year.From, N: 1})
			return err
		}},
		{"resolution 12", "resolution 12", func() error { _, err := c.Cells(geoengine.Query{}, 12); return err }},
		{"cell of another resolution", "not of resolution 4", func() error { _, err := c.CellsIn(geoengine.Query{}, []uint64{r3}, 4); return err }},
		{"repeated cell", "without repeats", func() error {
			_, err := c.CellBins(geoengine.Query{}, []uint64{r3, r3}, 3, year)
			return err
		}},
		{"no cell", "not an H3 cell", func() error { _, err := c.Profile(geoengine.Query{}, 7); return err }},
		{"a period that ends before it starts", "before from", func() error {
			_, err := c.Areas(geoengine.Query{From: year.To, To: year.From})
			return err
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := test.ask(); !errors.Is(err, geoengine.ErrInvalid) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want ErrInvalid that says %q", err, test.says)
			}
		})
	}
	facets, err := c.Facets(geoengine.Query{})
	if err != nil || len(facets["story"]) > 0 || len(facets["light"]) == 0 {
		t.Errorf("facets %v, %v", facets, err)
	}
}

func TestExtentBox(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	rows := randomRows(random(2), "e", 400)
	var all orb.MultiPoint
	for i := range rows {
		rows[i].lon, rows[i].lat = 1+float64(i%20)/100, 43+float64(i/20)/100
		if rows[i].positioned {
			all = append(all, orb.Point{rows[i].lon, rows[i].lat})
		}
	}
	if err := commit(t.Context(), store, nil, rows); err != nil {
		t.Fatal(err)
	}
	c := loaded(t, store)
	e, err := c.Extent(geoengine.Query{})
	if err != nil {
		t.Fatal(err)
	}
	if wide := all.Bound().Pad(0.01); !wide.Contains(e.Box.Min) || !wide.Contains(e.Box.Max) || !e.Box.Pad(1e-3).Contains(all.Bound().Min) {
		t.Errorf("box %v of events in %v", e.Box, all.Bound())
	}
	none, err := c.Extent(geoengine.Query{Scope: []string{}})
	if diff := cmp.Diff(cube.Extent{Box: none.Box}, none); diff != "" || err != nil || !none.Box.IsEmpty() {
		t.Errorf("extent of nothing: %v, box %v\n%s", err, none.Box, diff)
	}
}

// TestAddingUp: what is in the cells of one resolution is in those of any other.
func TestAddingUp(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	if err := commit(t.Context(), store, nil, randomRows(random(3), "e", 2000)); err != nil {
		t.Fatal(err)
	}
	c := loaded(t, store)
	fine, err := c.Cells(geoengine.Query{}, geoengine.CellResolution)
	if err != nil {
		t.Fatal(err)
	}
	for res := range geoengine.CellResolution {
		var want []cube.Count
		for _, n := range fine {
			parent := hex.Parent(n.Cell, res)
			if i := len(want) - 1; i >= 0 && want[i].Cell == parent {
				want[i].Count += n.Count
				want[i].Weight += n.Weight
			} else {
				want = append(want, cube.Count{Cell: parent, Count: n.Count, Weight: n.Weight})
			}
		}
		got, err := c.Cells(geoengine.Query{}, res)
		equal(t, fmt.Sprint("cells at ", res), geoengine.Query{}, want, got, err)
	}
	if !slices.IsSortedFunc(fine, func(a, b cube.Count) int { return cmpCell(a.Cell, b.Cell) }) {
		t.Error("not sorted")
	}
}
