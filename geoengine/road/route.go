package road

import (
	"slices"

	"github.com/paulmach/orb"
)

// Route is a shortest path.
type Route struct {
	Edges   []Edge // first the one of the start
	Seconds float64
	Metres  float64
	Line    orb.LineString
}

// Route is the quickest way from one place to another, in whole milliseconds; turn restrictions are kept, and one turns
// round only where nothing else is possible. A place is left and reached in either direction of its road, if that may be
// driven. False if there is no way, or if a spot is not on this graph.
func (g *Graph) Route(from, to Spot) (Route, bool) {
	if !g.on(from) || !g.on(to) {
		return Route{}, false
	}
	w, done := g.searching()
	defer done()
	for n, d := range g.directions(from) {
		for _, s := range g.leave(nil, d) {
			w.reach(s.state, s.time, int32(-1-n))
		}
	}
	goals := g.goals(to)
	best, last := g.along(from, to), int32(-1)
	direct := best
	for {
		state, time, ok := w.pop()
		if !ok || time >= best {
			break
		}
		for _, goal := range goals {
			if t := add(time, goal.time); goal.state == state && t < best {
				best, last = t, state
			}
		}
		g.settle(w, state, time)
	}
	if best >= horizon {
		return Route{}, false
	}
	r := Route{Seconds: float64(best) / 1000}
	if best == direct {
		g.straight(&r, from, to, best)
		return r, true
	}
	state := last
	for ; state >= 0; state = w.parent[state] {
		r.Edges = append(r.Edges, g.turns.edge(state))
	}
	first := g.directions(from)[-1-state]
	r.Edges = append(r.Edges, first.edge)
	slices.Reverse(r.Edges)
	g.draw(&r, first.alongM, to)
	return r, true
}

// straight is the way along one edge that takes some milliseconds.
func (g *Graph) straight(r *Route, from, to Spot, millis uint32) {
	for _, a := range g.directions(from) {
		for _, b := range g.directions(to) {
			if a.edge == b.edge && b.alongM >= a.alongM && g.partial(b.edge, b.alongM)-g.partial(a.edge, a.alongM) == millis {
				r.Edges = []Edge{a.edge}
				r.Metres = b.alongM - a.alongM
				r.Line = cut(g.Line(a.edge), a.alongM, b.alongM)
				return
			}
		}
	}
}

// draw adds length and line of a way over two edges or more.
func (g *Graph) draw(r *Route, alongM float64, to Spot) {
	end := g.directions(to)[0]
	last := len(r.Edges) - 1
	if r.Edges[last] != end.edge {
		end = g.directions(to)[1]
	}
	for i, e := range r.Edges {
		fromM, toM := 0.0, g.Metres(e)
		if i == 0 {
			fromM = alongM
		}
		if i == last {
			toM = end.alongM
		}
		r.Metres += toM - fromM
		r.Line = join(r.Line, cut(g.Line(e), fromM, toM))
	}
}
