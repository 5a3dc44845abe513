package hex

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/uber/h3-go/v4"

	"vigie/geoengine"
)

// someCells returns random cells of every resolution, and every pentagon with its neighbours.
func someCells(t *testing.T) []uint64 {
	t.Helper()
	r := rand.New(rand.NewPCG(2, 2))
	var cells []uint64
	for res := range MaxResolution + 1 {
		for range 300 {
			p := anywhere(r)
			cells = append(cells, reference(p[0], p[1], res))
		}
		pentagons, err := h3.Pentagons(res)
		if err != nil {
			t.Fatal(err)
		}
		for _, pentagon := range pentagons {
			disk, err := pentagon.GridDisk(2)
			if err != nil {
				t.Fatal(err)
			}
			for _, cell := range disk {
				cells = append(cells, uint64(cell))
			}
		}
	}
	return cells
}

func TestBitsEqualC(t *testing.T) {
	t.Parallel()
	for _, cell := range someCells(t) {
		c, res := h3.Cell(cell), Resolution(cell)
		if !Valid(cell) || res != c.Resolution() || String(cell) != c.String() {
			t.Fatalf("%x: valid %v, resolution %d, %s", cell, Valid(cell), res, String(cell))
		}
		if back, err := Parse(strings.ToUpper(c.String())); err != nil || back != cell {
			t.Fatalf("%x: parsed as %x, %v", cell, back, err)
		}
		id := FeatureID(cell)
		if id >= 1<<52 || FromFeatureID(id, res) != cell {
			t.Fatalf("%x: id %x back to %x", cell, id, FromFeatureID(id, res))
		}
		for coarser := range res + 1 {
			want, err := c.Parent(coarser)
			if err != nil || Parent(cell, coarser) != uint64(want) {
				t.Fatalf("%x: parent at %d is %x, want %x, %v", cell, coarser, Parent(cell, coarser), uint64(want), err)
			}
			if first, last := Range(uint64(want), res); cell < first || cell > last {
				t.Fatalf("%x is outside the range %x to %x of its parent", cell, first, last)
			}
		}
	}
}

func TestRangeIsTight(t *testing.T) {
	t.Parallel()
	for _, cell := range someCells(t) {
		res := Resolution(cell)
		if res > MaxResolution-2 {
			continue
		}
		descendants, err := h3.Cell(cell).Children(res + 2)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(descendants)
		first, last := Range(cell, res+2)
		if uint64(descendants[0]) != first || uint64(descendants[len(descendants)-1]) != last {
			t.Fatalf("%x: range %x to %x, descendants %x to %x", cell, first, last, uint64(descendants[0]), uint64(descendants[len(descendants)-1]))
		}
		if first, last := Range(cell, res-1); first != cell || last != cell {
			t.Fatalf("%x: coarser range %x to %x", cell, first, last)
		}
	}
}

func TestValidEqualsC(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 3))
	for _, cell := range someCells(t) {
		for range 20 {
			changed := cell ^ 1<<r.IntN(64)
			if got, want := Valid(changed), h3.Cell(changed).IsValid(); got != want {
				t.Fatalf("%x: got %v, want %v", changed, got, want)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "8b1fb46622d8fff", "8B1FB46622D8FFF", "0x8b1fb46622d8f", "821c07fffffffff", "fffffffffffffff", "+b1fb46622d8fff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		cell, err := Parse(s)
		if err != nil {
			if !errors.Is(err, geoengine.ErrInvalid) || cell != 0 {
				t.Fatalf("%q: %x, %v", s, cell, err)
			}
			return
		}
		if !h3.Cell(cell).IsValid() || String(cell) != strings.ToLower(s) {
			t.Fatalf("%q: %x", s, cell)
		}
	})
}

func TestCoverHoldsWhatTouches(t *testing.T) {
	t.Parallel()
	boxes := map[string]orb.Bound{
		"a town":              {Min: orb.Point{2.2, 48.8}, Max: orb.Point{2.5, 48.95}},
		"a point":             {Min: orb.Point{1.4, 43.6}, Max: orb.Point{1.4, 43.6}},
		"the antimeridian":    {Min: orb.Point{179, -18}, Max: orb.Point{180, -16}},
		"its other side":      {Min: orb.Point{-180, -18}, Max: orb.Point{-179, -16}},
		"the north pole":      {Min: orb.Point{-180, 85}, Max: orb.Point{180, 90}},
		"a strip to the pole": {Min: orb.Point{10, -90}, Max: orb.Point{14, -80}},
		"a pentagon":          {Min: orb.Point{9, 64}, Max: orb.Point{12, 65.5}},
		"half the globe":      {Min: orb.Point{-90, -60}, Max: orb.Point{90, 60}},
	}
	for name, box := range boxes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(8, 8))
			for res := range 10 {
				if (box.Right()-box.Left())*(box.Top()-box.Bottom()) > 50 && res > 4 {
					break
				}
				cells, holders := Cover(box, res), Holders(box, res)
				if !slices.IsSorted(cells) || len(slices.Compact(slices.Clone(cells))) != len(cells) || len(cells) > 5*len(holders) {
					t.Fatalf("resolution %d: %d cells, %d holders", res, len(cells), len(holders))
				}
				for range 2000 {
					p := orb.Point{box.Left() + r.Float64()*(box.Right()-box.Left()), box.Bottom() + r.Float64()*(box.Top()-box.Bottom())}
					if cell := reference(p[0], p[1], res); !holds(cells, cell) {
						t.Fatalf("resolution %d: %v in %x is not covered", res, p, cell)
					}
					if cell := Parent(reference(p[0], p[1], 15), res); !holds(holders, cell) {
						t.Fatalf("resolution %d: %v with parent %x is not held", res, p, cell)
					}
				}
			}
		})
	}
}

func holds(cells []uint64, cell uint64) bool {
	_, found := slices.BinarySearch(cells, cell)
	return found
}

func TestCoverOfTheGlobe(t *testing.T) {
	t.Parallel()
	globe := orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}
	for res := range 4 {
		if got, want := len(Cover(globe, res)), h3.NumCells(res); got != want {
			t.Errorf("resolution %d: %d cells, want %d", res, got, want)
		}
	}
	if got := Cover(orb.Bound{Min: orb.Point{1, 1}, Max: orb.Point{0, 0}}, 3); got != nil {
		t.Errorf("an empty box: %x", got)
	}
}

// TestCoverIsNotWasteful keeps the margin around small boxes low.
func TestCoverIsNotWasteful(t *testing.T) {
	t.Parallel()
	box := orb.Bound{Min: orb.Point{2, 48}, Max: orb.Point{2.35, 48.23}} // a tile of zoom 10
	if got := len(Cover(box, 8)); got > 1300 {                           // 900 cells, and 130 along the sides
		t.Errorf("%d cells", got)
	}
}

func TestShapes(t *testing.T) {
	t.Parallel()
	cell := reference(2.35, 48.85, 9)
	ring := Boundary([]orb.Point{{9, 9}}, cell)
	if len(ring) != 7 || ring[0] != (orb.Point{9, 9}) {
		t.Fatalf("got %v", ring)
	}
	if closed := orb.Ring(append(ring[1:], ring[1])); closed.Orientation() != orb.CCW {
		t.Error("the boundary is not counter-clockwise")
	}
	if center := Center(cell); reference(center[0], center[1], 9) != cell {
		t.Errorf("centre %v", center)
	}
	if area := AreaM2(cell); area < 60_000 || area > 140_000 {
		t.Errorf("area %v", area)
	}
	if diff := cmp.Diff([]orb.Point(nil), Boundary(nil, 5)); diff != "" || Center(5) != (orb.Point{}) || AreaM2(5) != 0 {
		t.Error("what is no cell has a shape")
	}
}
