package road

import (
	"sync"
	"sync/atomic"

	"github.com/paulmach/orb"
)

// Node is a junction of a Graph, numbered from 0.
type Node int32

// Edge is a directed edge of a Graph, numbered from 0; NoEdge is none.
type Edge int32

// NoEdge is no edge.
const NoEdge Edge = -1

// Spot is a place on the network: metres along a directed edge from its beginning.
type Spot struct {
	Edge      Edge
	AlongM    float64
	Position  orb.Point
	DistanceM float64 // from what was snapped
	// Confidence that the snapped position belongs to this edge rather than another, 0 to 1.
	Confidence float64
}

// PlacedSite is a site with its place on the network, the nearest edge that can be driven on.
type PlacedSite struct {
	Site
	Spot Spot
}

// Graph is a road network in memory: junctions joined by directed edges, one for each direction in which a section may be
// driven. It does not change, and many may use it at once. Nodes, edges and sections are numbered along a curve that
// fills the plane, so that neighbours on the road are neighbours in memory.
type Graph struct {
	sections []Section
	metres   []float64   // length of each section
	both     [][2]Edge   // edges of each section, forward and backward
	position []orb.Point // of each node
	first    []Edge      // edges out of node n are first[n] to first[n+1]-1
	ends     []int32     // ends at node n are ends[firstEnd[n]:firstEnd[n+1]]: section × 2, + 1 for its To end
	firstEnd []int32
	from, to []Node
	piece    []int32 // section × 2 of each edge, + 1 if it is driven backward
	millis   []uint32
	twin     []Edge
	part     []int32 // strongly connected component of each node
	size     []int32 // nodes of each component, the largest first
	turns    turns
	index    boxes
	sites    []PlacedSite
	bound    orb.Bound
	work     sync.Pool // of *search
	walks    sync.Pool // of *walk
	high     atomic.Pointer[hierarchy]
	making   sync.Mutex // of high
}

// Nodes is the number of junctions.
func (g *Graph) Nodes() int { return len(g.position) }

// Edges is the number of directed edges.
func (g *Graph) Edges() int { return len(g.from) }

// Position is where a junction is.
func (g *Graph) Position(n Node) orb.Point { return g.position[n] }

// Ends are the junctions where an edge begins and ends.
func (g *Graph) Ends(e Edge) (from, to Node) { return g.from[e], g.to[e] }

// Out are the edges that begin at a junction, from the first to before the last.
func (g *Graph) Out(n Node) (first, end Edge) { return g.first[n], g.first[n+1] }

// Metres is the length of an edge.
func (g *Graph) Metres(e Edge) float64 { return g.metres[g.piece[e]>>1] }

// Seconds is the time that driving an edge takes on average, in whole milliseconds.
func (g *Graph) Seconds(e Edge) float64 { return float64(g.millis[e]) / 1000 }

// Twin is the edge of the same section in the other direction, NoEdge on a one-way road.
func (g *Graph) Twin(e Edge) Edge { return g.twin[e] }

// Section is the section of an edge. It must not be changed.
func (g *Graph) Section(e Edge) *Section { return &g.sections[g.piece[e]>>1] }

// Reverse reports whether an edge is driven from the To end of its section to the From end.
func (g *Graph) Reverse(e Edge) bool { return g.piece[e]&1 == 1 }

// Line is the line of an edge in the direction of driving. It must not be changed.
func (g *Graph) Line(e Edge) orb.LineString {
	if g.Reverse(e) {
		return reversed(g.Section(e).Line)
	}
	return g.Section(e).Line
}

// At is the position some metres along an edge; its ends beyond them.
func (g *Graph) At(e Edge, alongM float64) orb.Point {
	return at(g.Section(e).Line, g.flip(e, alongM))
}

// SpotAt is the place some metres along an edge, held within its ends, with confidence 1.
func (g *Graph) SpotAt(e Edge, alongM float64) Spot {
	alongM = min(max(alongM, 0), g.Metres(e))
	return Spot{Edge: e, AlongM: alongM, Position: g.At(e, alongM), Confidence: 1}
}

// Opposite is the same place in the other direction of driving; false on a one-way road.
func (g *Graph) Opposite(s Spot) (Spot, bool) {
	if g.twin[s.Edge] == NoEdge {
		return s, false
	}
	s.AlongM, s.Edge = g.Metres(s.Edge)-s.AlongM, g.twin[s.Edge]
	return s, true
}

// Sites are the places beside the road, each with its place on the network; those farther than 200 m from every road
// are left out.
func (g *Graph) Sites() []PlacedSite { return g.sites }

// Bounds is the box of all sections; empty for a graph without any.
func (g *Graph) Bounds() orb.Bound { return g.bound }

// Component is the strongly connected part that a junction belongs to: from each of its junctions one can drive to each
// other and back (turn restrictions aside). 0 is the largest; parts are numbered by falling size.
func (g *Graph) Component(n Node) int32 { return g.part[n] }

// flip turns metres along an edge into metres along its section, and back.
func (g *Graph) flip(e Edge, alongM float64) float64 {
	if g.Reverse(e) {
		return g.Metres(e) - alongM
	}
	return alongM
}

// edgeOf is the edge that stands for a section where the direction does not matter: forward if it may be driven so.
func (g *Graph) edgeOf(section int32) Edge {
	if e := g.both[section][0]; e != NoEdge {
		return e
	}
	return g.both[section][1]
}

// partial is the time in milliseconds that the first metres of an edge take.
func (g *Graph) partial(e Edge, alongM float64) uint32 {
	metres := g.Metres(e)
	if metres <= 0 || !(alongM > 0) {
		return 0
	}
	return uint32(float64(g.millis[e])*min(alongM/metres, 1) + 0.5)
}
