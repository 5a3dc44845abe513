package cube_test

import (
	"testing"
	"time"

	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/hex"
)

// TestOpen asks every answer of the cube for events of categories that the caller may not read.
func TestOpen(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	at := time.Date(2019, 5, 1, 12, 0, 0, 0, time.UTC)
	var rows []row
	for i, category := range []int{1, 2, 3, 4} {
		rows = append(rows, row{
			ref: string(rune('a' + i)), source: 1, category: category, starts: at, weight: 1, lon: 1.3, lat: 43.6, positioned: true,
			area: "fr.76.31", attributes: map[string]any{"light": "day"},
		})
	}
	rows[2].attributes["secret"] = "yes"
	if err := commit(t.Context(), store, nil, rows); err != nil {
		t.Fatal(err)
	}
	c := loaded(t, store)
	cell := hex.Cell(1.3, 43.6, 7)
	bins := cube.Bins{From: at.Add(-time.Hour), To: at.Add(time.Hour), N: 1}
	for name, tt := range map[string]struct {
		query geoengine.Query
		want  uint32
	}{
		"everything":           {geoengine.Query{}, 4},
		"nothing":              {geoengine.Query{Open: []string{}}, 0},
		"a family":             {geoengine.Query{Open: []string{"road.accident"}}, 2},
		"none of the asked":    {geoengine.Query{Open: []string{"road.accident"}, Categories: []string{"vehicle.theft"}}, 0},
		"some of the asked":    {geoengine.Query{Open: []string{"road"}, Categories: []string{"road.accident.pedestrian", "vehicle"}}, 1},
		"no such family":       {geoengine.Query{Open: []string{"weather"}}, 0},
		"not a prefix of word": {geoengine.Query{Open: []string{"road.acc"}}, 0},
		"hidden attribute":     {geoengine.Query{Open: []string{"road"}, Attributes: map[string][]string{"secret": {"yes"}}}, 0},
		"unknown attribute":    {geoengine.Query{Open: []string{"road"}, Attributes: map[string][]string{"nothing": {"yes"}}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := map[string]uint32{}
			total, err := c.Total(tt.query)
			got["total"] = total.Count
			check(t, err)
			cells, err := c.Cells(tt.query, 7)
			got["cells"] = sum(cells)
			check(t, err)
			cells, err = c.CellsIn(tt.query, []uint64{cell}, 7)
			got["cells in"] = sum(cells)
			check(t, err)
			binned, err := c.CellBins(tt.query, []uint64{cell}, 7, bins)
			got["cell bins"] = 0
			for _, b := range binned {
				got["cell bins"] += b.Count
			}
			check(t, err)
			histogram, err := c.Histogram(tt.query, bins)
			got["histogram"] = histogram[0]
			check(t, err)
			grid, err := c.HourGrid(tt.query)
			got["hour grid"] = 0
			for _, n := range grid {
				got["hour grid"] += n
			}
			check(t, err)
			profile, err := c.Profile(tt.query, cell)
			got["profile"] = profile.Total.Count
			check(t, err)
			extent, err := c.Extent(tt.query)
			got["extent"] = uint32(extent.Events)
			check(t, err)
			areas, err := c.Areas(tt.query)
			got["areas"] = areas["fr.76.31"].Count
			check(t, err)
			facets, err := c.Facets(tt.query)
			check(t, err)
			got["severity facet"] = 0
			for _, v := range facets["severity"] {
				got["severity facet"] += v.Count
			}
			for what, n := range got {
				if n != tt.want {
					t.Errorf("%s: got %d events, want %d", what, n, tt.want)
				}
			}
			for _, v := range facets["category"] {
				if tt.query.Open != nil && !geoengine.Within(v.Value, tt.query.Open) {
					t.Errorf("the category facet shows %s", v.Value)
				}
			}
			if _, shown := facets["secret"]; shown && tt.query.Open != nil {
				t.Error("an attribute of categories that are not open is shown")
			}
		})
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func sum(counts []cube.Count) (n uint32) {
	for _, c := range counts {
		n += c.Count
	}
	return n
}
