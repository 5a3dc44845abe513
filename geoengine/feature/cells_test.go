package feature

import (
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/geoengine/hex"
)

// TestCellsAroundLoseNothing checks that the cells asked of the database hold every point of the box, whatever the
// detour by coarser cells.
func TestCellsAroundLoseNothing(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	covered := 0
	for range 500 {
		size := []float64{1e-4, 1e-3, 0.01, 0.1, 1, 5}[r.IntN(6)]
		corner := orb.Point{r.Float64()*350 - 175, r.Float64()*178 - 89}
		box := orb.Bound{Min: corner, Max: orb.Point{corner[0] + size, min(corner[1]+size*r.Float64(), 90)}}
		ranges := CellsAround(box)
		if ranges == nil {
			continue
		}
		covered++
		if len(ranges) > 400 {
			t.Errorf("%v: %d ranges", box, len(ranges))
		}
		for range 50 {
			p := orb.Point{box.Min[0] + r.Float64()*(box.Max[0]-box.Min[0]), box.Min[1] + r.Float64()*(box.Max[1]-box.Min[1])}
			cell := hex.Cell(p[0], p[1], geoengine.CellResolution)
			held := false
			for _, c := range ranges {
				held = held || c.First <= cell && cell <= c.Last
			}
			if !held {
				t.Fatalf("%v: %v is lost", box, p)
			}
		}
	}
	if covered < 450 {
		t.Errorf("only %d boxes are covered", covered)
	}
}
