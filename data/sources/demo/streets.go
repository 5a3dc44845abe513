package demo

import (
	"math"
	"math/rand/v2"

	"github.com/paulmach/orb"
)

// builtUp is how much of a commune's town stands at a distance from its centre, 1 in the middle.
func (c *Commune) builtUp(p xy) float64 {
	spread := c.spread()
	return math.Exp(-math.Pow(c.centre.to(p)/spread, 2) / 2)
}

// spread is the radius in metres of the town; it grows with the population.
func (c *Commune) spread() float64 {
	return 330 * math.Pow(math.Max(float64(c.Population), 300)/500, 0.3)
}

// streets gives every town of more than 1,500 inhabitants a tree of streets, the more the larger it is.
func (t *Territory) streets(r *rand.Rand) {
	for i := range t.Communes {
		c := &t.Communes[i]
		if c.Population < 1500 {
			continue
		}
		nodes := []int{i}
		for range int(math.Sqrt(float64(c.Population)) / 4) {
			angle, away := r.Float64()*2*math.Pi, c.spread()*math.Sqrt(-2*math.Log(1-r.Float64()))
			p := c.centre.plus(xy{math.Cos(angle), math.Sin(angle)}.times(away))
			nearest := nodes[0]
			for _, n := range nodes {
				if t.Nodes[n].at.to(p) < t.Nodes[nearest].at.to(p) {
					nearest = n
				}
			}
			line := []xy{t.Nodes[nearest].at, p}
			if length(line) < 60 || !t.onGround(line) {
				continue
			}
			node := t.addNode(p)
			t.addRoad(Communal, "Rue "+pick(r, nameStreets[:]), nearest, node, line)
			nodes = append(nodes, node)
		}
	}
}

// finish gives a road what follows from its class and place: limit, traffic, danger.
func (t *Territory) finish(road *Road, r *rand.Rand) {
	road.Line = make(orb.LineString, len(road.line))
	built := 0.0
	for i, p := range road.line {
		road.Line[i] = p.point()
		if c := t.communeAt(p); c >= 0 && t.Communes[c].builtUp(p) > 0.3 {
			built += 1 / float64(len(road.line))
		}
	}
	people := 0.0 // of the communes at the ends
	for _, node := range [2]int{road.From, road.To} {
		if c := t.communeAt(t.Nodes[node].at); c >= 0 {
			people += float64(t.Communes[c].Population)
		}
	}
	road.BuiltUp = built > 0.5 && road.Class != Motorway
	spread := 0.7 + 0.6*r.Float64()
	road.hot = math.Exp(0.5 * r.NormFloat64())
	if r.Float64() < 0.03 {
		road.hot *= 5 // a black spot
	}
	switch road.Class {
	case Motorway:
		road.SpeedLimit, road.Traffic = 130, int(30000*spread)
	case National:
		road.SpeedLimit, road.Traffic = 80, int((5000+60*math.Sqrt(people))*spread)
	case Departmental:
		road.SpeedLimit, road.Traffic = 80, int((200+30*math.Sqrt(people))*spread)
	case Communal:
		road.SpeedLimit, road.Traffic = 70, int((50+12*math.Sqrt(people))*spread)
	}
	if road.BuiltUp {
		road.SpeedLimit = 50
	}
}
