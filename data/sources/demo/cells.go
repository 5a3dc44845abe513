package demo

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/paulmach/orb"
)

func (l *lattice) ownerAt(a axial) int32 {
	if i, in := l.index[a]; in {
		return l.owner[i]
	}
	return -1
}

// cellAt returns the cell that holds the place, or -1.
func (l *lattice) cellAt(p xy) int {
	r := math.Round(p.y / (1.5 * edgeM))
	guess := axial{int(math.Round(p.x/(edgeM*math.Sqrt(3)) - r/2)), int(r)}
	near := guess.neighbours()
	for _, a := range append([]axial{guess}, near[:]...) {
		if i, in := l.index[a]; in && holds(&l.rings[i], p) {
			return int(i)
		}
	}
	return -1
}

// holds tells whether p is in the ring, by counting crossings.
func holds(ring *[6]xy, p xy) bool {
	in := false
	for k, a := range ring {
		b := ring[(k+1)%6]
		if (a.y > p.y) != (b.y > p.y) && p.x < a.x+(p.y-a.y)/(b.y-a.y)*(b.x-a.x) {
			in = !in
		}
	}
	return in
}

// within draws a place in a cell, evenly.
func (l *lattice) within(cell int, r *rand.Rand) xy {
	ring, centre := &l.rings[cell], l.cells[cell].centre()
	at := r.Float64() * l.areas[cell]
	for k, a := range ring {
		b := ring[(k+1)%6]
		at -= ((a.x-centre.x)*(b.y-centre.y) - (b.x-centre.x)*(a.y-centre.y)) / 2
		if at <= 0 || k == 5 {
			u, v := r.Float64(), r.Float64()
			if u+v > 1 {
				u, v = 1-u, 1-v
			}
			return centre.plus(xy{a.x - centre.x, a.y - centre.y}.times(u)).plus(xy{b.x - centre.x, b.y - centre.y}.times(v))
		}
	}
	return centre
}

// polygon traces the border of a commune, by seed; -1 is the whole territory.
func (l *lattice) polygon(commune int32) orb.Polygon {
	next := map[corner]corner{}
	var starts []corner
	trace := func(a axial) {
		corners, beyond := a.corners(), a.neighbours()
		for k, c := range corners {
			if other := l.ownerAt(beyond[k]); other < 0 || (commune >= 0 && other != commune) {
				next[c] = corners[(k+1)%6]
				starts = append(starts, c)
			}
		}
	}
	if commune < 0 {
		for _, a := range l.cells {
			trace(a)
		}
	} else {
		for _, cell := range l.members[commune] {
			trace(l.cells[cell])
		}
	}
	var rings orb.Polygon
	for _, start := range starts {
		var ring orb.Ring
		for c, on := next[start]; on; c, on = next[c] {
			delete(next, start)
			ring = append(ring, l.places[c].point())
			start = c
		}
		if len(ring) > 0 {
			rings = append(rings, append(ring, ring[0]))
		}
	}
	slices.SortStableFunc(rings, func(a, b orb.Ring) int { return len(b) - len(a) }) // the outer ring is the longest
	return rings
}
