package demo

import (
	"container/heap"
	"math"

	"github.com/paulmach/orb"

	"vigie/geoengine"
)

// Station is a fire station of the territory: one of Units, seen as what answers calls.
type Station struct {
	Ref      string // of the unit
	Name     string
	Position orb.Point
	Commune  int // index in Communes

	place xy
}

// ID is how calls name the station: source/ref of its unit.
func (s *Station) ID() string { return NameUnits + "/" + s.Ref }

// assign lists the fire stations and says which communes each answers for: those that it reaches first by road from the
// middle of its own town, at the speed limits. Stations of one commune share what falls to it, by straight distance.
func (t *Territory) assign() {
	from := map[int]bool{}
	for _, unit := range t.Units() {
		if unit.Kind == "fire.station" {
			commune := t.CommuneAt(unit.Position)
			t.Stations = append(t.Stations, Station{unit.Ref, unit.Name, unit.Position, commune, plane(unit.Position)})
			from[commune] = true
		}
	}
	t.answers = t.soonest(from)
	t.stationsIn = map[int][]int{}
	for i := range t.Stations {
		t.stationsIn[t.Stations[i].Commune] = append(t.stationsIn[t.Stations[i].Commune], i)
	}
}

// StationAt returns the index of the station that answers a call at a position; -1 outside the territory.
// It is the same over each cell of the ground.
func (t *Territory) StationAt(p orb.Point) int { return t.stationAt(plane(p)) }

func (t *Territory) stationAt(p xy) int {
	cell := t.ground.cellAt(p)
	if cell < 0 {
		return -1
	}
	centre, best := t.ground.cells[cell].centre(), -1
	for _, i := range t.stationsIn[t.answers[t.ground.numbers[t.ground.owner[cell]]]] {
		if best < 0 || t.Stations[i].place.to(centre) < t.Stations[best].place.to(centre) {
			best = i
		}
	}
	return best
}

// StationShares returns which part of the calls of a kind each station answers, in the order of Stations: the truth,
// which sums to 1. The calls of a kind have one rhythm, so that a station's calls per hour are Rate times its share.
func (t *Territory) StationShares(kind Kind) []float64 {
	shares, sum := make([]float64, len(t.Stations)), 0.0
	for _, m := range t.Masses(kind) {
		shares[t.StationAt(m.Position)] += m.PerYear
		sum += m.PerYear
	}
	for i := range shares {
		shares[i] /= sum
	}
	return shares
}

// soonest returns for each commune that of some communes from whose town its own is reached first.
func (t *Territory) soonest(from map[int]bool) []int {
	origin, at := make([]int, len(t.Nodes)), make([]float64, len(t.Nodes))
	for n := range at {
		origin[n], at[n] = -1, math.Inf(1)
	}
	q := &arrivals{}
	for commune := range len(t.Communes) { // in order, so that ties fall the same way each time
		if from[commune] {
			origin[commune], at[commune] = commune, 0
			heap.Push(q, arrival{commune, 0})
		}
	}
	roads := make([][]int, len(t.Nodes))
	for i := range t.Roads {
		roads[t.Roads[i].From] = append(roads[t.Roads[i].From], i)
		roads[t.Roads[i].To] = append(roads[t.Roads[i].To], i)
	}
	for q.Len() > 0 {
		here, _ := heap.Pop(q).(arrival)
		if here.seconds > at[here.node] {
			continue
		}
		for _, i := range roads[here.node] {
			road := &t.Roads[i]
			next, seconds := road.From+road.To-here.node, here.seconds+road.LengthM/(float64(road.SpeedLimit)/3.6)
			if seconds < at[next] {
				at[next], origin[next] = seconds, origin[here.node]
				heap.Push(q, arrival{next, seconds})
			}
		}
	}
	answers := origin[:len(t.Communes)]
	for i, found := range answers {
		if found < 0 { // no road leads there
			answers[i] = t.nearestOf(i, from)
		}
	}
	return answers
}

// nearestOf is the nearest of some communes, by straight distance.
func (t *Territory) nearestOf(commune int, from map[int]bool) int {
	best := -1
	for i := range t.Communes {
		if from[i] && (best < 0 || t.Communes[i].centre.to(t.Communes[commune].centre) < t.Communes[best].centre.to(t.Communes[commune].centre)) {
			best = i
		}
	}
	return best
}

type arrival struct {
	node    int
	seconds float64
}

// arrivals is a queue of nodes, the soonest first.
type arrivals []arrival

// Len implements heap.Interface.
func (a arrivals) Len() int { return len(a) }

// Less implements heap.Interface.
func (a arrivals) Less(i, j int) bool {
	return a[i].seconds < a[j].seconds || a[i].seconds == a[j].seconds && a[i].node < a[j].node
}

// Swap implements heap.Interface.
func (a arrivals) Swap(i, j int) { a[i], a[j] = a[j], a[i] }

// Push implements heap.Interface.
func (a *arrivals) Push(x any) {
	if one, ok := x.(arrival); ok {
		*a = append(*a, one)
	}
}

// Pop implements heap.Interface.
func (a *arrivals) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

// answered names the station that answered a call.
func (t *Territory) answered(o *Occurrence) geoengine.Attribute {
	a := geoengine.Attribute{Key: "station"}
	if i := t.stationAt(o.place); i >= 0 {
		a.Value = t.Stations[i].ID()
	}
	return a
}
