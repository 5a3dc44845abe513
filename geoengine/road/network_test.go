package road_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"vigie/geoengine/road"
)

// grid is a town of w × h junctions, 100 m apart, its streets driven both ways.
func grid(w, h int) []road.Section {
	var list []road.Section
	at := func(x, y int) orb.Point { return orb.Point{2 + float64(x)*0.00137, 48 + float64(y)*0.0009} }
	street := func(x0, y0, x1, y1 int) {
		list = append(list, road.Section{
			Source: "test", Ref: fmt.Sprint(len(list)), From: int64(y0*w + x0), To: int64(y1*w + x1),
			Line: orb.LineString{at(x0, y0), at(x1, y1)}, Class: road.Residential, Forward: true, Backward: true, SpeedForward: 50, SpeedBackward: 50,
		})
	}
	for y := range h {
		for x := range w {
			if x+1 < w {
				street(x, y, x+1, y)
			}
			if y+1 < h {
				street(x, y, x, y+1)
			}
		}
	}
	return list
}

// tangle is a random network with everything that is odd: one-way streets, loops, parallel sections, sections without
// length, parts that hang together with nothing, dead ends, and restrictions of all kinds.
func tangle(random *rand.Rand, nodes, sections, restrictions int) ([]road.Section, []road.Restriction) {
	points := make([]orb.Point, nodes)
	for i := range points {
		points[i] = orb.Point{2 + random.Float64()*0.02, 48 + random.Float64()*0.02}
		if i > 0 && random.IntN(12) == 0 {
			points[i] = points[i-1]
		}
	}
	var list []road.Section
	touching := map[int64][]string{}
	for i := range sections {
		a := random.IntN(nodes)
		b := min(max(a+random.IntN(9)-4, 0), nodes-1)
		line := orb.LineString{points[a]}
		for range random.IntN(3) {
			line = append(line, orb.Point{points[a][0] + random.Float64()*0.002, points[a][1] + random.Float64()*0.002})
		}
		s := road.Section{Source: "test", Ref: fmt.Sprint(i), From: int64(a), To: int64(b), Line: append(line, points[b]), Class: road.Class(random.IntN(10))}
		s.Forward = random.IntN(5) > 0
		s.Backward = random.IntN(3) > 0
		s.SpeedForward = uint8(random.IntN(3) * 30)
		list = append(list, s)
		touching[s.From] = append(touching[s.From], s.Ref)
		touching[s.To] = append(touching[s.To], s.Ref)
	}
	var turns []road.Restriction
	for i := range restrictions {
		n := int64(random.IntN(nodes))
		pick := func(n int64) (string, int64) {
			if len(touching[n]) == 0 {
				return "nothing", n
			}
			ref := touching[n][random.IntN(len(touching[n]))]
			var k int
			fmt.Sscan(ref, &k)
			if list[k].From == n {
				return ref, list[k].To
			}
			return ref, list[k].From
		}
		r := road.Restriction{Source: "test", Ref: fmt.Sprint(i), Junction: n, Only: random.IntN(4) == 0}
		r.From, _ = pick(n)
		for range random.IntN(3) {
			var via string
			via, n = pick(n)
			r.Via = append(r.Via, via)
		}
		r.To, _ = pick(n)
		turns = append(turns, r)
	}
	return list, turns
}

func build(t testing.TB, sections []road.Section, turns []road.Restriction) *road.Graph {
	t.Helper()
	g, err := road.New(sections, turns, nil)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// somewhere is a random place on the network.
func somewhere(random *rand.Rand, g *road.Graph) road.Spot {
	e := road.Edge(random.IntN(g.Edges()))
	return g.SpotAt(e, g.Metres(e)*random.Float64())
}
