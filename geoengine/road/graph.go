package road

import "github.com/paulmach/orb"

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

// SnapOptions say what to snap to. Zero fields do not restrict, but WithinM is 100 m if zero.
type SnapOptions struct {
	WithinM   float64  // farthest edge
	SigmaM    float64  // standard error of the position; 15 m if zero
	Heading   *float64 // degrees clockwise from north, if the direction of travel is known
	Name      string   // of the road, as the source of the position has it; an agreeing edge gains
	MaxClass  Class    // least rank accepted; zero accepts all
	Driveable bool     // only edges from which one can go on: not in small disconnected parts
}

// PlacedSite is a site with its place on the network, the nearest edge that can be driven on.
type PlacedSite struct {
	Site
	Spot Spot
}

// Lixel is a piece of road of about equal length: the unit of risk on the network. It lies on one section or on several
// that follow one another without a junction of more than two roads, and counts both directions together.
type Lixel struct {
	Metres   float64
	Centre   Spot // half-way along it
	Line     orb.LineString
	Class    Class
	BuiltUp  Known
	Junction bool   // one of its ends is a junction of three roads or more
	Name     string // number of the road, or its name
}

// Route is a shortest path.
type Route struct {
	Edges   []Edge // first the one of the start
	Seconds float64
	Metres  float64
	Line    orb.LineString
}

// Lixels are the lixels of a graph, numbered from 0.
type Lixels struct {
	List []Lixel
}

// Graph is a road network in memory. It does not change, and many may use it at once.
type Graph struct{}
