package cube

import (
	"math"
	"sort"

	"github.com/paulmach/orb"

	"vigie/geoengine/hex"
)

// edgeDegrees is the length in degrees of latitude of the mean edge of a hexagon of resolution 0; each finer
// resolution divides it by √7. The centres of all descendants lie within reach of their ancestor's centre.
const (
	edgeDegrees = 1281.256 / 111.195
	reach       = 2.2 // edges, generous: the grid's distortion and the overlap of descendants are below 1.7
)

// inBox returns the ranges of cells, as indexes in level res, whose centre is in the box. It goes down the hierarchy
// and looks closer only where a cell is neither wholly inside nor wholly outside.
func (s *segment) inBox(box orb.Bound, res int) []span {
	w := boxWalk{box: box, res: res, level: s.level(res)}
	last := uint32(len(w.level.cells))
	if last > 0 && w.level.cells[0] == 0 {
		w.walk(1, last, 0)
	} else {
		w.walk(0, last, 0)
	}
	return w.found
}

type boxWalk struct {
	box   orb.Bound
	res   int
	level *level
	found []span
}

// walk looks at the cells [first, last) of the level, by their ancestors of resolution res.
func (w *boxWalk) walk(first, last uint32, res int) {
	for first < last {
		ancestor, end := w.level.cells[first], first+1
		if res < w.res {
			ancestor = hex.Parent(ancestor, res)
			_, max := hex.Range(ancestor, w.res)
			rest := w.level.cells[first:last]
			end = first + uint32(sort.Search(len(rest), func(i int) bool { return rest[i] > max }))
		}
		center := hex.Center(ancestor)
		switch {
		case res == w.res:
			if inBox(w.box, center) {
				w.add(span{first, end})
			}
		default:
			switch inside, outside := compareBox(w.box, center, edgeDegrees/math.Pow(math.Sqrt(7), float64(res))*reach); {
			case inside:
				w.add(span{first, end})
			case !outside:
				w.walk(first, end, res+1)
			}
		}
		first = end
	}
}

func (w *boxWalk) add(s span) {
	if n := len(w.found); n > 0 && w.found[n-1].last == s.first {
		w.found[n-1].last = s.last
		return
	}
	w.found = append(w.found, s)
}

// inBox tells whether p is in the box, borders included. A box whose west is east of its east spans the antimeridian.
func inBox(box orb.Bound, p orb.Point) bool {
	if p[1] < box.Min[1] || p[1] > box.Max[1] {
		return false
	}
	if box.Min[0] <= box.Max[0] {
		return p[0] >= box.Min[0] && p[0] <= box.Max[0]
	}
	return p[0] >= box.Min[0] || p[0] <= box.Max[0]
}

// compareBox tells whether everything within radius (degrees of latitude) of center is surely inside, or surely
// outside the box. Near the poles and the antimeridian it is sure of nothing.
func compareBox(box orb.Bound, center orb.Point, radius float64) (inside, outside bool) {
	if center[1]+radius < box.Min[1] || center[1]-radius > box.Max[1] {
		return false, true
	}
	highest := math.Abs(center[1]) + radius
	if highest >= 89 {
		return false, false
	}
	// asin(sin r / cos φ) is the exact reach in longitude; r / cos(|φ| + r) is above it.
	lon := radius / math.Cos(highest*math.Pi/180)
	if math.Abs(center[0])+lon >= 180 || box.Min[0] > box.Max[0] {
		return false, false
	}
	if center[0]+lon < box.Min[0] || center[0]-lon > box.Max[0] {
		return false, true
	}
	return center[0]-lon >= box.Min[0] && center[0]+lon <= box.Max[0] &&
		center[1]-radius >= box.Min[1] && center[1]+radius <= box.Max[1], false
}

func cellsInBox(cells []uint64, box *orb.Bound) []uint64 {
	if box == nil {
		return cells
	}
	var kept []uint64
	for _, cell := range cells {
		if inBox(*box, hex.Center(cell)) {
			kept = append(kept, cell)
		}
	}
	return kept
}

func checkCell(cell uint64) error {
	if !hex.Valid(cell) {
		return invalidCell(cell)
	}
	return checkResolution(hex.Resolution(cell))
}
