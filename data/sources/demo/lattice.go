package demo

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"slices"
)

// edgeM is the edge of the lattice's hexagons in metres: 0.25 km² each, some 25,000 in all.
const edgeM = 310

// axial is a hexagon's place in the lattice: q to the east, r to the north-east.
type axial struct{ q, r int }

func (a axial) centre() xy {
	return xy{edgeM * math.Sqrt(3) * (float64(a.q) + float64(a.r)/2), edgeM * 1.5 * float64(a.r)}
}

// neighbours lie across the edges that begin at corner 0, 1, …
func (a axial) neighbours() [6]axial {
	return [6]axial{{a.q - 1, a.r + 1}, {a.q - 1, a.r}, {a.q, a.r - 1}, {a.q + 1, a.r - 1}, {a.q + 1, a.r}, {a.q, a.r + 1}}
}

// corner names a corner as the top or the bottom one of a hexagon: three hexagons share it under one name.
type corner struct {
	q, r   int
	bottom bool
}

// corners go counter-clockwise from the top.
func (a axial) corners() [6]corner {
	return [6]corner{{a.q, a.r, false}, {a.q - 1, a.r + 1, true}, {a.q, a.r - 1, false}, {a.q, a.r, true}, {a.q + 1, a.r - 1, false}, {a.q, a.r + 1, true}}
}

func (c corner) place() xy {
	p := axial{c.q, c.r}.centre()
	if c.bottom {
		return xy{p.x, p.y - edgeM}
	}
	return xy{p.x, p.y + edgeM}
}

// lattice is the ground of the territory: hexagons whose corners are moved a little, each owned by a commune.
// Borders run along edges, so communes meet exactly.
type lattice struct {
	cells   []axial
	index   map[axial]int32
	owner   []int32   // commune of each cell, by seed
	before  []int32   // the cell from which the growth came; -1 at a seed
	seeds   []int32   // the first cell of each commune
	members [][]int32 // cells of each commune
	places  map[corner]xy
	rings   [][6]xy   // corners of each cell, counter-clockwise
	areas   []float64 // of each cell in m²
	outside []bool    // cells at the border of the territory
	numbers []int32   // index in Territory.Communes of each commune of the ground
}

// newLattice draws the outline (a wavy ellipse, cut in the west by a coast) and fills it.
func newLattice(r *rand.Rand) *lattice {
	inside := outline(r)
	l := &lattice{index: map[axial]int32{}}
	const reach = 70000 * 2 / (3 * edgeM)
	first := axial{0, 0}
	queue := []axial{first}
	l.index[first] = 0
	for len(queue) > 0 { // what is connected to the centre
		a := queue[0]
		queue = queue[1:]
		l.cells = append(l.cells, a)
		for _, n := range a.neighbours() {
			if _, seen := l.index[n]; !seen && max(n.q, -n.q, n.r, -n.r) <= 2*reach && inside(n.centre()) {
				l.index[n] = 0
				queue = append(queue, n)
			}
		}
	}
	slices.SortFunc(l.cells, func(a, b axial) int {
		if a.r != b.r {
			return a.r - b.r
		}
		return a.q - b.q
	})
	for i, a := range l.cells {
		l.index[a] = int32(i)
	}
	l.outside = make([]bool, len(l.cells))
	for i, a := range l.cells {
		for _, n := range a.neighbours() {
			if _, in := l.index[n]; !in {
				l.outside[i] = true
			}
		}
	}
	return l
}

// outline returns the test of being inside.
func outline(r *rand.Rand) func(xy) bool {
	const waves = 14
	var phase, coast [waves]float64
	for i := range waves {
		phase[i], coast[i] = r.Float64()*2*math.Pi, r.Float64()*2*math.Pi
	}
	return func(p xy) bool {
		angle, radius, shore := math.Atan2(p.y, p.x), 42500.0, -37000.0
		for i := range waves {
			k := float64(i + 2)
			radius += 42500 * 0.15 / k * math.Cos(k*angle+phase[i])
			shore += 3800 / math.Sqrt(k) * math.Sin(p.y*k/19000+coast[i])
		}
		return math.Hypot(p.x/1.2, p.y) < radius && p.x > shore
	}
}

// step is a cell to be taken by a commune at a cost.
type step struct {
	cost              float64
	cell, from, owner int32
}

type frontier []step

func (f frontier) Len() int { return len(f) }
func (f frontier) Less(i, j int) bool {
	return f[i].cost < f[j].cost || (f[i].cost == f[j].cost && f[i].cell < f[j].cell)
}
func (f frontier) Swap(i, j int) { f[i], f[j] = f[j], f[i] }

// Push implements heap.Interface.
func (f *frontier) Push(x any) { *f = append(*f, x.(step)) }

// Pop implements heap.Interface.
func (f *frontier) Pop() any {
	last := (*f)[len(*f)-1]
	*f = (*f)[:len(*f)-1]
	return last
}

// grow divides the cells among n communes: each takes what is nearest to its seed over uneven ground, so every commune
// is in one piece and borders are irregular.
func (l *lattice) grow(n int, r *rand.Rand) {
	l.seed(n, r)
	effort := make([]float64, len(l.cells))
	for i := range effort {
		effort[i] = 1 + 1.6*r.Float64()
	}
	l.owner, l.before = make([]int32, len(l.cells)), make([]int32, len(l.cells))
	for i := range l.owner {
		l.owner[i] = -1
	}
	l.members = make([][]int32, n)
	f := &frontier{}
	for i, cell := range l.seeds {
		heap.Push(f, step{cost: 3 * r.Float64(), cell: cell, from: -1, owner: int32(i)})
	}
	for f.Len() > 0 {
		s := heap.Pop(f).(step)
		if l.owner[s.cell] >= 0 {
			continue
		}
		l.owner[s.cell], l.before[s.cell] = s.owner, s.from
		l.members[s.owner] = append(l.members[s.owner], s.cell)
		for _, next := range l.cells[s.cell].neighbours() {
			if i, in := l.index[next]; in && l.owner[i] < 0 {
				heap.Push(f, step{s.cost + effort[i], i, s.cell, s.owner})
			}
		}
	}
}

// seed chooses n cells that are far from each other and not at the border.
func (l *lattice) seed(n int, r *rand.Rand) {
	order := r.Perm(len(l.cells))
	for apart := 4200.0; len(l.seeds) < n; apart *= 0.96 {
		for _, i := range order {
			if len(l.seeds) == n {
				break
			}
			here := l.cells[i].centre()
			near := slices.ContainsFunc(l.seeds, func(s int32) bool { return l.cells[s].centre().to(here) < apart })
			if !near && !l.outside[i] {
				l.seeds = append(l.seeds, int32(i))
			}
		}
	}
}

// shape moves the corners: at random, and border corners towards their neighbours on the border, so that borders do
// not zigzag; then measures the cells.
func (l *lattice) shape(r *rand.Rand) {
	l.places = make(map[corner]xy, 2*len(l.cells))
	along := map[corner][]corner{}
	for i, a := range l.cells {
		corners, beyond := a.corners(), a.neighbours()
		for k, c := range corners {
			if _, done := l.places[c]; !done {
				p := c.place()
				l.places[c] = xy{p.x + edgeM*0.3*(r.Float64()-0.5), p.y + edgeM*0.3*(r.Float64()-0.5)}
			}
			if next := corners[(k+1)%6]; l.ownerAt(beyond[k]) < l.owner[i] { // each border edge once
				along[c] = append(along[c], next)
				along[next] = append(along[next], c)
			}
		}
	}
	moved := make(map[corner]xy, len(along))
	for c, on := range along {
		if len(on) == 2 {
			moved[c] = l.places[c].mix(l.places[on[0]].mix(l.places[on[1]], 0.5), 0.5)
		}
	}
	for c, p := range moved {
		l.places[c] = p
	}
	for c, p := range l.places { // as it is published: corners are exact in degrees
		l.places[c] = plane(p.point())
	}
	l.rings, l.areas = make([][6]xy, len(l.cells)), make([]float64, len(l.cells))
	for i, a := range l.cells {
		for k, c := range a.corners() {
			l.rings[i][k] = l.places[c]
		}
		ring := &l.rings[i]
		for k, p := range ring {
			q := ring[(k+1)%6]
			l.areas[i] += (p.x*q.y - q.x*p.y) / 2
		}
	}
}
