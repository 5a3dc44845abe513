package dggs

import (
	"errors"
	"math"
	"net/url"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/uber/h3-go/v4"

	"vigie/geoengine"
	"vigie/geoengine/hex"
)

// TestSubZones holds the sub-zones against the children that the H3 library lists, pentagons included.
func TestSubZones(t *testing.T) {
	t.Parallel()
	for name, cell := range map[string]uint64{
		"a hexagon": hex.Cell(1.44, 43.6, 5), "of level 0": hex.Cell(1.44, 43.6, 0), "a pentagon": 0x8009fffffffffff, "of level 9": hex.Cell(179.99, -60, 9),
	} {
		for depth := range 4 {
			level := hex.Resolution(cell) + depth
			if level > maxLevel {
				continue
			}
			children, err := h3.Cell(cell).Children(level)
			if err != nil {
				t.Fatal(err)
			}
			want := make([]uint64, len(children))
			for i, child := range children {
				want[i] = uint64(child)
			}
			slices.Sort(want)
			if diff := cmp.Diff(want, subZones(cell, depth)); diff != "" {
				t.Errorf("%s, depth %d: %s", name, depth, diff)
			}
		}
	}
}

// TestRegionTouches compares with a dense sample of the hexagon: whenever a point of it lies in the box, it touches.
func TestRegionTouches(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		query string
		cell  uint64
		want  bool
	}{
		"box within the cell":      {"bbox=1.44,43.60,1.441,43.601", hex.Cell(1.44, 43.6, 3), true},
		"cell within the box":      {"bbox=0,40,3,45", hex.Cell(1.44, 43.6, 7), true},
		"beside":                   {"bbox=3,43,4,44", hex.Cell(1.44, 43.6, 5), false},
		"over the antimeridian":    {"bbox=179,-61,-179,-59", hex.Cell(179.99, -60, 4), true},
		"east of the antimeridian": {"bbox=-180,-61,-179.5,-59", hex.Cell(179.999, -60, 4), true},
		"other side of the globe":  {"bbox=-1,-61,1,-59", hex.Cell(179.99, -60, 4), false},
		"the pole":                 {"bbox=-180,80,180,90", hex.Cell(0, 89.9, 3), true},
		"a line":                   {"subset=Lat(43.6)", hex.Cell(1.44, 43.6, 5), true},
	} {
		values, err := url.ParseQuery(c.query)
		if err != nil {
			t.Fatal(err)
		}
		r, err := parseRegion(values)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := r.touches(c.cell); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// TestAround checks on cells all over the globe that the box into which the cube is asked holds what is asked for.
func TestAround(t *testing.T) {
	t.Parallel()
	inside := func(box *orb.Bound, cell uint64) bool { return box == nil || box.Contains(hex.Center(cell)) }
	for lon := -179.0; lon < 180; lon += 17 {
		for lat := -89.0; lat < 90; lat += 11 {
			for level := 0; level <= maxLevel; level += 2 {
				box := orb.Bound{Min: orb.Point{lon, lat}, Max: orb.Point{min(lon+.3, 180), min(lat+.3, 90)}}
				cell := hex.Cell(lon, lat, level)
				around := region{boxes: []orb.Bound{box}}.around(level)
				if !inside(around, cell) {
					t.Errorf("level %d at %v: centre %v is not in %v", level, box.Min, hex.Center(cell), around)
				}
				if level+2 <= maxLevel {
					of := aroundZone(cell)
					for _, below := range subZones(cell, 2) {
						if !inside(of, below) {
							t.Errorf("a descendant of %s lies outside %v", hex.String(cell), of)
						}
					}
				}
			}
		}
	}
}

// TestMeets checks that children meet their parent, and that some remote descendants do not.
func TestMeets(t *testing.T) {
	t.Parallel()
	cell := hex.Cell(1.44, 43.6, 5)
	whole := outlineOf(cell)
	for _, child := range subZones(cell, 1) {
		if !meets(whole, child) {
			t.Errorf("child %s does not meet its parent", hex.String(child))
		}
	}
	outside := 0
	for _, below := range subZones(cell, 4) {
		if !meets(whole, below) {
			outside++
		}
	}
	if share := float64(outside) / math.Pow(7, 4); share < 0.02 || share > 0.09 {
		t.Errorf("%.3f of the descendants lie outside", share)
	}
	if meets(whole, hex.Cell(2.35, 48.85, 6)) {
		t.Error("Paris meets Toulouse")
	}
}

func TestParseDepths(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]int{"": nil, "0": {0}, "5": {5}, "0-2": {0, 1, 2}, "3-3": {3}, "2,0": {0, 2}, "1,1": {1}} {
		got, err := ParseDepths(text)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%q: %v %s", text, err, diff)
		}
	}
	for _, text := range []string{"6", "-1", "2-1", "0-6", "a", "1,", ",", "0-1-2", "+1", "01", "1,2,3,4,5,0,1"} {
		if got, err := ParseDepths(text); !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
}

func FuzzParseDepths(f *testing.F) {
	for _, text := range []string{"0-5", "1,2", "3"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		depths, err := ParseDepths(text)
		if err != nil {
			if !errors.Is(err, geoengine.ErrInvalid) {
				t.Fatal(err)
			}
			return
		}
		if len(depths) > maxDepth+1 || !slices.IsSorted(depths) || (len(depths) > 0 && (depths[0] < 0 || depths[len(depths)-1] > maxDepth)) {
			t.Errorf("%q: %v", text, depths)
		}
	})
}

// FuzzParseRegion looks for boxes that lie outside the globe, and for answers that are no errors of the request.
func FuzzParseRegion(f *testing.F) {
	for _, query := range []string{
		"bbox=1,2,3,4", "bbox=170,-10,0,-170,10,9", "subset=Lon(1:2),Lat(*:44)", `subset=time("2024-01-01T00:00:00Z":*)`, "datetime=../2024-01-01&subset=Lat(4)",
		"bbox=NaN,Inf,1e400,0", "subset=Lon(", `subset=time(":")`,
	} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Skip()
		}
		r, err := parseRegion(values)
		if err != nil {
			if !errors.Is(err, geoengine.ErrInvalid) {
				t.Fatalf("%s: %v", query, err)
			}
			return
		}
		for _, box := range r.boxes {
			if geoengine.CheckPosition(box.Min) != nil || geoengine.CheckPosition(box.Max) != nil || box.Min[0] > box.Max[0] || box.Min[1] > box.Max[1] {
				t.Errorf("%s: %v", query, box)
			}
		}
		r.touches(hex.Cell(1.44, 43.6, 5))
	})
}
