package demo

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

// TestPartition holds that the communes divide the territory: every edge of a commune's border is, the other way round,
// one of exactly one other commune or of the outline; so nothing is left out or covered twice.
func TestPartition(t *testing.T) {
	t.Parallel()
	for _, seed := range []uint64{1, 2, 3} {
		d := standard()
		if seed != 1 {
			d = New(Config{Seed: seed, Scale: 0.01})
		}
		type edge struct{ a, b orb.Point }
		edges := map[edge]int{}
		outer := map[edge]bool{}
		area := 0.0
		for i := range d.Communes {
			for _, ring := range d.Communes[i].Boundary {
				for k := 1; k < len(ring); k++ {
					edges[edge{ring[k-1], ring[k]}]++
				}
			}
			checkRings(t, d.Communes[i].Name, d.Communes[i].Boundary)
			area += planar.Area(d.Communes[i].Boundary)
		}
		if len(d.Outline) != 1 {
			t.Fatalf("seed %d: the outline has %d rings", seed, len(d.Outline))
		}
		for k := 1; k < len(d.Outline[0]); k++ {
			outer[edge{d.Outline[0][k-1], d.Outline[0][k]}] = true
		}
		for e, n := range edges {
			if n != 1 || (edges[edge{e.b, e.a}] == 1) == outer[e] {
				t.Fatalf("seed %d: edge %v stands %d times, shared %v, outer %v", seed, e, n, edges[edge{e.b, e.a}] == 1, outer[e])
			}
			delete(outer, e)
		}
		if len(outer) > 0 {
			t.Errorf("seed %d: %d edges of the outline belong to no commune", seed, len(outer))
		}
		if whole := planar.Area(d.Outline); math.Abs(area-whole) > 1e-9 {
			t.Errorf("seed %d: the communes cover %v, the outline %v square degrees", seed, area, whole)
		}
	}
}

// checkRings holds that rings are closed, the outer one counter-clockwise, and that no two edges of one cross.
func checkRings(t *testing.T, name string, polygon orb.Polygon) {
	t.Helper()
	for i, ring := range polygon {
		if !ring.Closed() || len(ring) < 4 || (ring.Orientation() == orb.CCW) != (i == 0) {
			t.Fatalf("%s: ring %d of %d points turns %v", name, i, len(ring), ring.Orientation())
		}
		for a := 1; a < len(ring); a++ {
			for b := a + 2; b < len(ring); b++ {
				if (a != 1 || b != len(ring)-1) && cross(ring[a-1], ring[a], ring[b-1], ring[b]) {
					t.Fatalf("%s crosses itself at %v", name, ring[a])
				}
			}
		}
	}
}

func cross(a, b, c, d orb.Point) bool {
	side := func(p, q, r orb.Point) bool { return (q[0]-p[0])*(r[1]-p[1])-(q[1]-p[1])*(r[0]-p[0]) > 0 }
	return side(a, b, c) != side(a, b, d) && side(c, d, a) != side(c, d, b)
}

// TestCommuneAt compares the lookup by cells with point in polygon.
func TestCommuneAt(t *testing.T) {
	t.Parallel()
	d := standard()
	bound := d.Outline.Bound()
	r := rand.New(rand.NewPCG(1, 2))
	hits := 0
	for range 3000 {
		p := orb.Point{bound.Left() + r.Float64()*(bound.Right()-bound.Left()), bound.Bottom() + r.Float64()*(bound.Top()-bound.Bottom())}
		want := -1
		for i := range d.Communes {
			if d.Communes[i].Boundary.Bound().Contains(p) && planar.PolygonContains(d.Communes[i].Boundary, p) {
				want = i
			}
		}
		if got := d.CommuneAt(p); got != want {
			t.Errorf("%v is in %d, want %d", p, got, want)
		}
		if (want >= 0) != planar.PolygonContains(d.Outline, p) {
			t.Errorf("%v: communes and outline disagree", p)
		}
		if want >= 0 {
			hits++
		}
	}
	if hits < 1000 {
		t.Errorf("only %d of 3000 places are inside", hits)
	}
}

// TestWithin holds that cells are proper hexagons, so that places in them are drawn evenly.
func TestWithin(t *testing.T) {
	t.Parallel()
	g := standard().ground
	r := rand.New(rand.NewPCG(3, 4))
	for cell := range g.cells {
		ring, centre := g.rings[cell], g.cells[cell].centre()
		for k, a := range ring {
			b := ring[(k+1)%6]
			if (a.x-centre.x)*(b.y-centre.y)-(b.x-centre.x)*(a.y-centre.y) <= 0 {
				t.Fatalf("cell %d is not star-shaped around its centre", cell)
			}
		}
		if at := g.cellAt(g.within(cell, r)); at != cell {
			t.Fatalf("a place in cell %d is in %d", cell, at)
		}
	}
}
