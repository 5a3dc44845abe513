package hotspot

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

// keep takes the places that lie in the territory, with the area of their part within.
func (g *Grid) keep(ids []uint64, areas []float64, territory orb.MultiPolygon, outline func(uint64) []orb.Point, middle func(uint64) orb.Point) {
	var within *border
	if len(territory) > 0 {
		within = newBorder(g.plane, territory)
	}
	var whole []float64
	for i, id := range ids {
		share := 1.
		if within != nil {
			share = within.share(outline(id))
		}
		if share < 1e-3 {
			continue
		}
		g.IDs = append(g.IDs, id)
		g.Areas = append(g.Areas, areas[i]*share)
		g.Middles = append(g.Middles, middle(id))
		whole = append(whole, areas[i])
	}
	g.at = make([]orb.Point, len(g.Middles))
	for i, p := range g.Middles {
		g.at[i] = g.plane.On(p)
	}
	if len(whole) > 0 {
		slices.Sort(whole)
		g.side = math.Sqrt(whole[len(whole)/2])
	}
}

// border is the territory on a plane, with its edges in bins of rows, so that few are asked for each place.
type border struct {
	polygons   orb.MultiPolygon
	low, step  float64
	rows       [][]edge
	boundHolds orb.Bound
}

type edge struct{ a, b orb.Point }

func newBorder(plane Plane, territory orb.MultiPolygon) *border {
	b := &border{polygons: make(orb.MultiPolygon, len(territory))}
	for i, polygon := range territory {
		b.polygons[i] = make(orb.Polygon, len(polygon))
		for j, ring := range polygon {
			b.polygons[i][j] = make(orb.Ring, len(ring))
			for k, p := range ring {
				b.polygons[i][j][k] = plane.On(p)
			}
		}
	}
	b.boundHolds = b.polygons.Bound()
	const rows = 512
	b.low, b.step = b.boundHolds.Bottom(), max(b.boundHolds.Top()-b.boundHolds.Bottom(), 1)/rows
	b.rows = make([][]edge, rows+1)
	b.edges(func(e edge) {
		for r := b.row(min(e.a[1], e.b[1])); r <= b.row(max(e.a[1], e.b[1])); r++ {
			b.rows[r] = append(b.rows[r], e)
		}
	})
	return b
}

func (b *border) row(y float64) int { return min(max(int((y-b.low)/b.step), 0), len(b.rows)-1) }

func (b *border) edges(each func(edge)) {
	for _, polygon := range b.polygons {
		for _, ring := range polygon {
			for i := range ring {
				each(edge{ring[i], ring[(i+1)%len(ring)]})
			}
		}
	}
}

// share is the part of a convex place that lies within.
func (b *border) share(place []orb.Point) float64 {
	box := orb.MultiPoint(place).Bound()
	if !box.Intersects(b.boundHolds) {
		return 0
	}
	touched := false
	for r := b.row(box.Bottom()); r <= b.row(box.Top()) && !touched; r++ {
		for _, e := range b.rows[r] {
			if (orb.Bound{Min: orb.Point{min(e.a[0], e.b[0]), min(e.a[1], e.b[1])}, Max: orb.Point{max(e.a[0], e.b[0]), max(e.a[1], e.b[1])}}).Intersects(box) {
				touched = true
				break
			}
		}
	}
	if !touched {
		if b.holds(place[0]) {
			return 1
		}
		return 0
	}
	area := 0.
	for _, polygon := range b.polygons {
		for i, ring := range polygon {
			part := math.Abs(planar.Area(cut(ring, place)))
			if i > 0 {
				part = -part
			}
			area += part
		}
	}
	return min(max(area/math.Abs(planar.Area(orb.Ring(append(slices.Clone(place), place[0])))), 0), 1)
}

// holds tells by the crossings of a ray eastward.
func (b *border) holds(p orb.Point) bool {
	inside := false
	for _, e := range b.rows[b.row(p[1])] {
		if (e.a[1] > p[1]) != (e.b[1] > p[1]) && p[0] < e.a[0]+(p[1]-e.a[1])/(e.b[1]-e.a[1])*(e.b[0]-e.a[0]) {
			inside = !inside
		}
	}
	return inside
}

// cut is the part of a ring within a convex place that runs counter-clockwise (Sutherland & Hodgman 1974). Parts that
// touch are joined by lines of no width, which no area minds.
func cut(ring orb.Ring, place []orb.Point) orb.Ring {
	out := slices.Clone(ring)
	if n := len(out); n > 1 && out[0] == out[n-1] {
		out = out[:n-1]
	}
	for i, a := range place {
		b := place[(i+1)%len(place)]
		side := func(p orb.Point) float64 { return (b[0]-a[0])*(p[1]-a[1]) - (b[1]-a[1])*(p[0]-a[0]) }
		in := out
		out = make(orb.Ring, 0, len(in)+4)
		for j, p := range in {
			q := in[(j+1)%len(in)]
			sp, sq := side(p), side(q)
			if sp >= 0 {
				out = append(out, p)
			}
			if (sp > 0 && sq < 0) || (sp < 0 && sq > 0) {
				t := sp / (sp - sq)
				out = append(out, orb.Point{p[0] + t*(q[0]-p[0]), p[1] + t*(q[1]-p[1])})
			}
		}
		if len(out) == 0 {
			return nil
		}
	}
	return append(out, out[0])
}
