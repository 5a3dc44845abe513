package hotspot

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"vigie/predict/judge"
)

// past are the events on a grid as flat columns, ordered by the day on which they became known: what an origin may know
// is a prefix.
type past struct {
	grid    *Grid
	cell    []int32
	day     []judge.Day
	known   []judge.Day
	spot    []int32     // of the mesh, finer than cells, on which kernels are taken
	byDay   []int32     // the same events by the day on which they happened
	outside int         // events in no place
	near    []tieList   // of each kernel: spots to cells
	around  neighbours  // of cells
	ring    neighbours  // cells about ringRadius sides away
	days    [][]float64 // of each memory: weight by age in days
	first   judge.Day
}

// neighbours of places in compressed rows, without the place itself.
type neighbours struct{ start, list []int32 }

// tieList are the ties from spots to cells in compressed rows, with weights.
type tieList struct {
	start, cell []int32
	weight      []float64
}

// newPast puts events on a grid; those outside are counted. No origin will be later than latest.
func newPast(events []Event, grid *Grid, latest judge.Day) (*past, error) {
	p := &past{grid: grid}
	type located struct {
		cell, spot, day, known int32
	}
	rows := make([]located, 0, len(events))
	mesh := newMesh(grid, events)
	for i, e := range events {
		if !finite(e.Point[0]) || !finite(e.Point[1]) || math.Abs(e.Point[1]) > 90 {
			return nil, fmt.Errorf("%w: event %d at %v: not a longitude and a latitude in degrees", ErrInvalid, i, e.Point)
		}
		cell := grid.Locate(e.Point)
		if cell < 0 {
			p.outside++
			continue
		}
		rows = append(rows, located{cell, mesh.spots[i], e.Day, e.known()})
	}
	slices.SortFunc(rows, func(a, b located) int {
		return cmp.Or(cmp.Compare(a.known, b.known), cmp.Compare(a.day, b.day), cmp.Compare(a.cell, b.cell), cmp.Compare(a.spot, b.spot))
	})
	n := len(rows)
	p.cell, p.day, p.known, p.spot, p.byDay = make([]int32, n), make([]int32, n), make([]int32, n), make([]int32, n), make([]int32, n)
	for i, r := range rows {
		p.cell[i], p.day[i], p.known[i], p.spot[i], p.byDay[i] = r.cell, r.day, r.known, r.spot, int32(i)
	}
	slices.SortStableFunc(p.byDay, func(a, b int32) int { return cmp.Compare(p.day[a], p.day[b]) })
	p.around, p.ring = grid.around(0, grid.reach), grid.around((ringRadius-.6)*grid.side, (ringRadius+.6)*grid.side)
	for _, width := range kernelWidths {
		p.near = append(p.near, grid.ties(mesh.at, width*grid.side))
	}
	if n > 0 {
		p.first = p.day[p.byDay[0]]
		oldest := int(latest) - int(p.first)
		if oldest > longestPast {
			return nil, fmt.Errorf("%w: the first event is %d days before the last day: is its date right?", ErrInvalid, oldest)
		}
		for _, life := range memories {
			w := make([]float64, max(oldest, 0)+2)
			for age := range w {
				w[age] = decay(float64(age), life)
			}
			p.days = append(p.days, w)
		}
	}
	return p, nil
}

// longestPast is two hundred years in days.
const longestPast = 73050

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

// decay is the weight of an event so many days old with a half-life; without a half-life (infinite) nothing is forgotten.
func decay(age, life float64) float64 { return math.Exp2(-age / life) }

// knownAt is how many events are known on the morning of a day.
func (p *past) knownAt(origin judge.Day) int {
	n, _ := slices.BinarySearch(p.known, origin)
	return n
}

// between are the events that happened from a day on, for so many days.
func (p *past) between(from judge.Day, days int) []int32 {
	at := func(day judge.Day) int {
		k, _ := slices.BinarySearchFunc(p.byDay, day, func(i int32, d judge.Day) int { return cmp.Compare(p.day[i], d) })
		return k
	}
	return p.byDay[at(from):at(from+judge.Day(days))]
}

// happened counts by place what happened from a day on, for so many days. It adds up to the second result.
func (p *past) happened(from judge.Day, days int) ([]float64, float64) {
	out, events := make([]float64, len(p.grid.IDs)), p.between(from, days)
	for _, i := range events {
		out[p.cell[i]]++
	}
	return out, float64(len(events))
}

// mesh joins positions that are nearer than a small part of a place, such as those that the police snap to one address.
type mesh struct {
	spots []int32      // of each event
	at    [][2]float64 // metres on the grid's plane, of each spot
}

// spotsPerSide is how many squares of the mesh a place has along a side.
const spotsPerSide = 8

func newMesh(grid *Grid, events []Event) *mesh {
	step := grid.side / spotsPerSide
	type keyed struct {
		x, y  int32
		event int32
	}
	keys := make([]keyed, len(events))
	at := make([][2]float64, len(events))
	for i, e := range events {
		p := grid.plane.On(e.Point)
		at[i] = p
		keys[i] = keyed{int32(math.Floor(p[0] / step)), int32(math.Floor(p[1] / step)), int32(i)}
	}
	slices.SortFunc(keys, func(a, b keyed) int {
		return cmp.Or(cmp.Compare(a.y, b.y), cmp.Compare(a.x, b.x), cmp.Compare(a.event, b.event))
	})
	m := &mesh{spots: make([]int32, len(events))}
	for i := 0; i < len(keys); {
		j, x, y := i, 0., 0.
		for ; j < len(keys) && keys[j].x == keys[i].x && keys[j].y == keys[i].y; j++ {
			m.spots[keys[j].event] = int32(len(m.at))
			x, y = x+at[keys[j].event][0], y+at[keys[j].event][1]
		}
		m.at = append(m.at, [2]float64{x / float64(j-i), y / float64(j-i)})
		i = j
	}
	return m
}

// bins are the middles of places by squares of a plane, to find those near a position.
type bins struct {
	size       float64
	x0, y0     float64
	cols, rows int
	start      []int32
	list       []int32
}

func (g *Grid) bins(size float64) *bins {
	b := &bins{x0: math.Inf(1), y0: math.Inf(1)}
	x1, y1 := math.Inf(-1), math.Inf(-1)
	for _, p := range g.at {
		b.x0, b.y0, x1, y1 = min(b.x0, p[0]), min(b.y0, p[1]), max(x1, p[0]), max(y1, p[1])
	}
	// A grid spread over a continent must not make more bins than places.
	b.size = max(size, math.Sqrt((x1-b.x0)*(y1-b.y0)/float64(4*len(g.at)+64)), (x1-b.x0)/1e5, (y1-b.y0)/1e5)
	b.cols, b.rows = int((x1-b.x0)/b.size)+1, int((y1-b.y0)/b.size)+1
	b.start = make([]int32, b.cols*b.rows+1)
	of := func(p [2]float64) int { return int((p[1]-b.y0)/b.size)*b.cols + int((p[0]-b.x0)/b.size) }
	for _, p := range g.at {
		b.start[of(p)+1]++
	}
	for i := range b.cols * b.rows {
		b.start[i+1] += b.start[i]
	}
	b.list = make([]int32, len(g.at))
	next := slices.Clone(b.start)
	for i, p := range g.at {
		k := of(p)
		b.list[next[k]] = int32(i)
		next[k]++
	}
	return b
}

// within calls each with the places whose middle is within a distance of a position, and the squared distance.
func (g *Grid) within(b *bins, at [2]float64, distance float64, each func(place int32, squared float64)) {
	c0, c1 := max(int(math.Floor((at[0]-distance-b.x0)/b.size)), 0), min(int(math.Floor((at[0]+distance-b.x0)/b.size)), b.cols-1)
	r0, r1 := max(int(math.Floor((at[1]-distance-b.y0)/b.size)), 0), min(int(math.Floor((at[1]+distance-b.y0)/b.size)), b.rows-1)
	for r := r0; r <= r1; r++ {
		for c := c0; c <= c1; c++ {
			for _, i := range b.list[b.start[r*b.cols+c]:b.start[r*b.cols+c+1]] {
				dx, dy := g.at[i][0]-at[0], g.at[i][1]-at[1]
				if d := dx*dx + dy*dy; d <= distance*distance {
					each(i, d)
				}
			}
		}
	}
}

// ringRadius is how many sides away a ring is. Its average has the variance of a Gaussian √(ringRadius²/2) sides wide.
const ringRadius = 3

// around are the places of which the middle is further than one distance and not further than another.
func (g *Grid) around(from, to float64) neighbours {
	n := neighbours{start: make([]int32, 1, len(g.at)+1)}
	b := g.bins(to)
	for i, p := range g.at {
		g.within(b, p, to, func(j int32, d float64) {
			if int(j) != i && d > from*from {
				n.list = append(n.list, j)
			}
		})
		n.start = append(n.start, int32(len(n.list)))
	}
	return n
}

// ties gives each spot the places within three widths of a Gaussian kernel.
func (g *Grid) ties(at [][2]float64, width float64) tieList {
	t := tieList{start: make([]int32, 1, len(at)+1)}
	b := g.bins(1.5 * width)
	for _, p := range at {
		g.within(b, p, 3*width, func(j int32, d float64) {
			t.cell, t.weight = append(t.cell, j), append(t.weight, math.Exp(-d/(2*width*width)))
		})
		t.start = append(t.start, int32(len(t.cell)))
	}
	return t
}
