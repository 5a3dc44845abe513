package demo

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/paulmach/orb"
)

// RoadClass is the rank of a road.
type RoadClass uint8

// The classes, from the highest.
const (
	Motorway RoadClass = iota
	National
	Departmental
	Communal
)

// String returns the slug, as the accident tables have it in road_class.
func (c RoadClass) String() string {
	return [...]string{"motorway", "national", "departmental", "communal"}[c]
}

// Node is a place where roads meet. The first nodes are the centres of the communes, in their order.
type Node struct {
	Position orb.Point
	at       xy
}

// Road is an edge of the network, open in both directions.
type Road struct {
	Name       string // A 901, N 902, D 12, Rue du Lavoir
	Class      RoadClass
	From, To   int            // nodes
	Line       orb.LineString // from From to To, longitude, latitude
	LengthM    float64
	SpeedLimit int // km/h
	Traffic    int // vehicles a day, both directions together
	BuiltUp    bool

	line []xy
	hot  float64 // how much more accidents it has than its traffic explains
}

// build makes the network.
func (t *Territory) build(r *rand.Rand) {
	for i := range t.Communes {
		t.addNode(t.Communes[i].centre)
	}
	t.connect(r)
	t.nationals()
	t.numberDepartmentals()
	t.motorway(r)
	t.streets(r)
	for i := range t.Roads {
		t.finish(&t.Roads[i], r)
	}
}

func (t *Territory) addNode(p xy) int {
	t.Nodes = append(t.Nodes, Node{Position: p.point(), at: p})
	return len(t.Nodes) - 1
}

func (t *Territory) addRoad(class RoadClass, name string, from, to int, line []xy) {
	t.Roads = append(t.Roads, Road{Name: name, Class: class, From: from, To: to, line: line, LengthM: length(line)})
}

func length(line []xy) float64 {
	sum := 0.0
	for i := 1; i < len(line); i++ {
		sum += line[i-1].to(line[i])
	}
	return sum
}

// pair is two communes that touch, and the cells where they do.
type pair struct {
	a, b         int
	cellA, cellB int32
	apart        float64
}

// neighbours lists the pairs of communes with a common border, in order.
func (t *Territory) neighbours() []pair {
	type key struct{ a, b int }
	found := map[key]pair{}
	g := t.ground
	for i, cell := range g.cells {
		for _, beyond := range cell.neighbours() {
			j, in := g.index[beyond]
			if !in || g.owner[i] == g.owner[j] {
				continue
			}
			p := pair{a: int(g.numbers[g.owner[i]]), b: int(g.numbers[g.owner[j]]), cellA: int32(i), cellB: j}
			if p.a > p.b {
				continue
			}
			ca, cb := t.Communes[p.a].centre, t.Communes[p.b].centre
			p.apart = ca.to(cell.centre()) + cb.to(beyond.centre())
			if before, has := found[key{p.a, p.b}]; !has || p.apart < before.apart {
				found[key{p.a, p.b}] = p
			}
		}
	}
	pairs := make([]pair, 0, len(found))
	for _, p := range found {
		p.apart = t.Communes[p.a].centre.to(t.Communes[p.b].centre)
		pairs = append(pairs, p)
	}
	slices.SortFunc(pairs, func(p, q pair) int {
		return cmp.Or(cmp.Compare(p.apart, q.apart), cmp.Compare(p.a, q.a), cmp.Compare(p.b, q.b))
	})
	return pairs
}

// connect joins touching communes: by a departmental road where no third town lies between them (Gabriel's rule) or
// where nothing else joins them, by a communal one at times, else not at all.
func (t *Territory) connect(r *rand.Rand) {
	group := make([]int, len(t.Communes)) // union–find
	for i := range group {
		group[i] = i
	}
	var find func(int) int
	find = func(i int) int {
		if group[i] != i {
			group[i] = find(group[i])
		}
		return group[i]
	}
	for _, p := range t.neighbours() {
		class := Communal
		if find(p.a) != find(p.b) || t.gabriel(p) {
			class = Departmental
		} else if r.IntN(3) == 0 {
			continue
		}
		group[find(p.a)] = find(p.b)
		t.addRoad(class, "", p.a, p.b, t.winding(p, r))
	}
}

func (t *Territory) gabriel(p pair) bool {
	a, b := t.Communes[p.a].centre, t.Communes[p.b].centre
	middle := a.mix(b, 0.5)
	for i := range t.Communes {
		if i != p.a && i != p.b && t.Communes[i].centre.to(middle) < p.apart/2 {
			return false
		}
	}
	return true
}

// winding draws a line between two towns by moving midpoints, less and less until it stays on the ground; where even
// the straight line leaves it (a bay), the line follows the cells.
func (t *Territory) winding(p pair, r *rand.Rand) []xy {
	a, b := t.Communes[p.a].centre, t.Communes[p.b].centre
	for _, amplitude := range [...]float64{0.12, 0.06, 0.02, 0} {
		line := []xy{a, b}
		for range 4 {
			finer := line[:1:1]
			for i := 1; i < len(line); i++ {
				from, to := line[i-1], line[i]
				sway := amplitude * (2*r.Float64() - 1)
				middle := from.mix(to, 0.5).plus(xy{-(to.y - from.y) * sway, (to.x - from.x) * sway})
				finer = append(finer, middle, to)
			}
			line = finer
		}
		if t.onGround(line) {
			return line
		}
	}
	var line []xy
	for cell := p.cellA; cell >= 0; cell = t.ground.before[cell] {
		line = append(line, t.ground.cells[cell].centre())
	}
	slices.Reverse(line)
	for cell := p.cellB; cell >= 0; cell = t.ground.before[cell] {
		line = append(line, t.ground.cells[cell].centre())
	}
	return line
}

// onGround tells whether the line stays in the territory, looking every 100 m.
func (t *Territory) onGround(line []xy) bool {
	for i := 1; i < len(line); i++ {
		steps := int(line[i-1].to(line[i])/100) + 1
		for s := range steps + 1 {
			if t.ground.cellAt(line[i-1].mix(line[i], float64(s)/float64(steps))) < 0 {
				return false
			}
		}
	}
	return true
}

// nationals makes the shortest ways from the largest town to the next seven, and between some of these, national.
func (t *Territory) nationals() {
	largest := make([]int, 9)
	for i := range t.Communes {
		if rank := t.Communes[i].rank; rank <= 8 {
			largest[rank] = i
		}
	}
	number := 902
	for _, ends := range [...][2]int{{1, 2}, {1, 3}, {1, 4}, {1, 5}, {1, 6}, {2, 7}, {3, 8}, {4, 5}, {6, 2}} {
		fresh := false
		for _, road := range t.shortest(largest[ends[0]], largest[ends[1]]) {
			if t.Roads[road].Class != National {
				t.Roads[road].Class, t.Roads[road].Name = National, fmt.Sprintf("N %d", number)
				fresh = true
			}
		}
		if fresh {
			number++
		}
	}
}

// shortest returns the roads of the shortest way between two nodes; national roads count a quarter less.
func (t *Territory) shortest(from, to int) []int {
	at := t.incident()
	cost, via := make([]float64, len(t.Nodes)), make([]int, len(t.Nodes))
	done := make([]bool, len(t.Nodes))
	for i := range cost {
		cost[i], via[i] = math.Inf(1), -1
	}
	cost[from] = 0
	for !done[to] {
		here := -1
		for i := range cost { // few nodes: no heap needed
			if !done[i] && (here < 0 || cost[i] < cost[here]) {
				here = i
			}
		}
		done[here] = true
		for _, road := range at[here] {
			r := &t.Roads[road]
			length := r.LengthM
			if r.Class == National {
				length *= 0.75
			}
			if other := r.From + r.To - here; cost[here]+length < cost[other] {
				cost[other], via[other] = cost[here]+length, road
			}
		}
	}
	var way []int
	for node := to; node != from; node = t.Roads[via[node]].From + t.Roads[via[node]].To - node {
		way = append(way, via[node])
	}
	return way
}

// incident lists the roads at each node.
func (t *Territory) incident() [][]int {
	at := make([][]int, len(t.Nodes))
	for i := range t.Roads {
		at[t.Roads[i].From] = append(at[t.Roads[i].From], i)
		at[t.Roads[i].To] = append(at[t.Roads[i].To], i)
	}
	return at
}
