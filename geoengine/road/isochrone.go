package road

import (
	"cmp"
	"maps"
	"slices"

	"github.com/paulmach/orb"
)

// Reached is a junction with the time in seconds until it is reached.
type Reached struct {
	Node    Node
	Seconds float64
}

// Isochrone is what can be reached from a place within some time.
type Isochrone struct {
	Seconds float64   // the time allowed
	Nodes   []Reached // by growing time
	Metres  float64   // of road that can be driven to, each section once
	// Outline is for drawing: the land within about two cells of a raster of reached roads (a cell is a 300th of the whole and
	// at least 20 m), small holes filled.
	Outline orb.MultiPolygon
}

// Isochrone is what can be reached from a place within some seconds, turn restrictions kept. It is empty for a spot that is not on this graph.
func (g *Graph) Isochrone(from Spot, limit float64) Isochrone {
	iso := Isochrone{Seconds: limit}
	if !g.on(from) || !(limit >= 0) {
		return iso
	}
	last := uint32(min(limit*1000, horizon-1))
	w, done := g.searching()
	defer done()
	f := flooded{g: g, last: last, nodes: map[Node]uint32{}, sections: map[int32][]span{}}
	for _, d := range g.directions(from) {
		f.drive(d.edge, d.alongM, 0)
	}
	for _, s := range g.starts(from) {
		w.reach(s.state, s.time, -1)
	}
	for {
		state, time, ok := w.pop()
		if !ok || time > last {
			break
		}
		e := g.turns.edge(state)
		f.drive(e, 0, time)
		g.settle(w, state, time)
	}
	iso.Nodes = f.reached()
	iso.Metres = f.metres()
	iso.Outline = f.outline()
	return iso
}

// span is a part of a section, along its line.
type span struct{ fromM, toM float64 }

// flooded is what a search has reached in time.
type flooded struct {
	g        *Graph
	last     uint32 // milliseconds
	nodes    map[Node]uint32
	sections map[int32][]span
}

// drive marks what is driven of an edge from a length along it, where one is at a time, until the last.
func (f *flooded) drive(e Edge, alongM float64, time uint32) {
	g := f.g
	length := g.Metres(e)
	alongM = min(max(alongM, 0), length)
	rest := g.millis[e] - g.partial(e, alongM)
	toM := length
	if end := add(time, rest); end <= f.last {
		if known, ok := f.nodes[g.to[e]]; !ok || end < known {
			f.nodes[g.to[e]] = end
		}
	} else {
		toM = alongM + (length-alongM)*float64(f.last-time)/float64(rest)
	}
	a, b := g.flip(e, alongM), g.flip(e, toM)
	c := g.piece[e] >> 1
	f.sections[c] = append(f.sections[c], span{min(a, b), max(a, b)})
}

// reached lists the junctions by growing time.
func (f *flooded) reached() []Reached {
	list := make([]Reached, 0, len(f.nodes))
	for n, millis := range f.nodes {
		list = append(list, Reached{n, float64(millis) / 1000})
	}
	slices.SortFunc(list, func(a, b Reached) int {
		return cmp.Or(cmp.Compare(a.Seconds, b.Seconds), cmp.Compare(a.Node, b.Node))
	})
	return list
}

// metres is the length of all spans, what is driven twice counted once; it leaves the spans in order and apart.
func (f *flooded) metres() float64 {
	total := 0.0
	for c, spans := range f.sections {
		slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.fromM, b.fromM) })
		apart := spans[:1]
		for _, s := range spans[1:] {
			if end := &apart[len(apart)-1]; s.fromM <= end.toM {
				end.toM = max(end.toM, s.toM)
			} else {
				apart = append(apart, s)
			}
		}
		f.sections[c] = apart
		for _, s := range apart {
			total += s.toM - s.fromM
		}
	}
	return total
}

// lines are the pieces of road reached.
func (f *flooded) lines() []orb.LineString {
	var list []orb.LineString
	for _, c := range slices.Sorted(maps.Keys(f.sections)) {
		for _, s := range f.sections[c] {
			list = append(list, cut(f.g.sections[c].Line, s.fromM, s.toM))
		}
	}
	return list
}

// outline is the land around the roads reached.
func (f *flooded) outline() orb.MultiPolygon { return surround(f.lines()) }
