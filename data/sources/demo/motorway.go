package demo

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// numberDepartmentals gives departmental roads numbers that go straight on through towns, and communal ones too.
func (t *Territory) numberDepartmentals() {
	at := t.incident()
	numbers := map[RoadClass]int{}
	for i := range t.Roads {
		class := t.Roads[i].Class
		if t.Roads[i].Name != "" {
			continue
		}
		numbers[class]++
		name := fmt.Sprintf("%s %d", map[RoadClass]string{Departmental: "D", Communal: "C"}[class], numbers[class])
		t.Roads[i].Name = name
		for _, node := range [2]int{t.Roads[i].To, t.Roads[i].From} {
			for road := i; road >= 0; {
				ahead := t.straightOn(at[node], road, node)
				if ahead >= 0 {
					t.Roads[ahead].Name = name
					node = t.Roads[ahead].From + t.Roads[ahead].To - node
				}
				road = ahead
			}
		}
	}
}

// straightOn returns the road without a name, of the same class, that leaves the node most nearly in the direction in
// which another comes; -1 if none does within 50 degrees.
func (t *Territory) straightOn(choices []int, road, node int) int {
	heading := func(i int) float64 { // away from the node
		other := t.Nodes[t.Roads[i].From+t.Roads[i].To-node].at
		return math.Atan2(other.y-t.Nodes[node].at.y, other.x-t.Nodes[node].at.x)
	}
	best, least := -1, 50*math.Pi/180
	for _, i := range choices {
		if t.Roads[i].Name != "" || t.Roads[i].Class != t.Roads[road].Class {
			continue
		}
		bend := math.Abs(math.Remainder(heading(i)-heading(road)-math.Pi, 2*math.Pi))
		if bend < least {
			best, least = i, bend
		}
	}
	return best
}

// Distances of the motorway in metres.
const (
	bypassM      = 3200  // from the middle of a town that it passes
	interchangeM = 11000 // between interchanges, roughly
)

// motorway lays the A 901 from border to border past the second town and the largest. It meets other roads at
// interchanges only.
func (t *Territory) motorway(r *rand.Rand) {
	var first, second xy
	for i := range t.Communes {
		switch t.Communes[i].rank {
		case 1:
			first = t.Communes[i].centre
		case 2:
			second = t.Communes[i].centre
		}
	}
	line := t.inside(curve([]xy{
		second.plus(turned(first, second, 0.3*(2*r.Float64()-1)).times(2)),
		aside(second, first), aside(first, second), first.plus(turned(second, first, 0.4*(2*r.Float64()-1)).times(3)),
	}))
	node, from := t.addNode(line[0]), 0
	since := 0.0
	for i := 1; i < len(line); i++ {
		since += line[i-1].to(line[i])
		last := i == len(line)-1
		if since < interchangeM && !last {
			continue
		}
		next := t.addNode(line[i])
		t.addRoad(Motorway, "A 901", node, next, line[from:i+1])
		if !last {
			t.interchange(next)
		}
		node, from, since = next, i, 0
	}
}

// aside is a place beside a town that lies on a way to or from another, always on the same side of the way.
func aside(town, other xy) xy {
	way := turned(town, other, math.Pi/2)
	if way.y < 0 {
		way = way.times(-1)
	}
	return town.plus(way.times(bypassM / math.Hypot(way.x, way.y)))
}

// turned is the way from one place to another, turned by an angle.
func turned(from, to xy, angle float64) xy {
	sin, cos := math.Sincos(angle)
	x, y := to.x-from.x, to.y-from.y
	return xy{x*cos - y*sin, x*sin + y*cos}
}

// curve draws a Catmull–Rom spline through the points, with a point about every kilometre.
func curve(through []xy) []xy {
	var line []xy
	for i := 0; i+1 < len(through); i++ {
		a, b := through[max(i-1, 0)], through[i]
		c, d := through[i+1], through[min(i+2, len(through)-1)]
		steps := int(b.to(c)/1000) + 1
		for s := range steps {
			u := float64(s) / float64(steps)
			at := func(a, b, c, d float64) float64 {
				return 0.5 * (2*b + (c-a)*u + (2*a-5*b+4*c-d)*u*u + (3*b-a-3*c+d)*u*u*u)
			}
			line = append(line, xy{at(a.x, b.x, c.x, d.x), at(a.y, b.y, c.y, d.y)})
		}
	}
	return line
}

// inside returns the longest part of a line that stays in the territory.
func (t *Territory) inside(line []xy) []xy {
	best, start := line[:0], -1
	for i := range line {
		if start >= 0 && !t.onGround(line[start:i+1]) {
			start = -1
		}
		if start < 0 && t.ground.cellAt(line[i]) >= 0 {
			start = i
		}
		if start >= 0 && i+1-start > len(best) {
			best = line[start : i+1]
		}
	}
	return best
}

// interchange joins a node of the motorway to the nearest town that a line on the ground reaches.
func (t *Territory) interchange(node int) {
	best := -1
	for i := range t.Communes {
		line := []xy{t.Nodes[node].at, t.Communes[i].centre}
		if (best < 0 || length(line) < t.Nodes[node].at.to(t.Communes[best].centre)) && t.onGround(line) {
			best = i
		}
	}
	if best >= 0 {
		t.addRoad(Departmental, fmt.Sprintf("D %d", 900+node-len(t.Communes)), node, best, []xy{t.Nodes[node].at, t.Communes[best].centre})
	}
}
