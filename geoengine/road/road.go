// Package road is the road network: its sections as they are stored in PostGIS, and the directed graph made of them in
// memory. On the graph it snaps positions, finds shortest paths, travel times and isochrones, cuts roads into lixels, and
// walks upstream.
//
// Positions are WGS 84 in longitude, latitude order, in degrees; lengths are metres on the sphere (mean radius 6,371,008.8 m);
// times are seconds.
//
// A Graph is made once by New (or Load, from the store), never changes, and may be used by many at once. Its words:
//
//   - A section is a stretch of road between two junctions, as a source has it. It becomes an Edge for each direction in
//     which it may be driven; the two are twins. A Node is a junction.
//   - A Spot is a place on the network: metres along an edge. Snap makes one of a position, SpotAt of an edge. Where the direction
//     of driving does not matter (Route, Matrix, Isochrone, Around, Lixels.Of), a spot means both sides of its road; where it
//     does (Upstream), it means its own edge.
//   - A Lixel is a piece of road of a few hundred metres, both directions together.
//
// Two kinds of search run on it. By time, for those who drive (Route, Matrix, Isochrone) or are driven towards a place (Upstream,
// by metres): over states (turns.go), which know enough of the way before to keep every turn restriction; one
// turns round only where nothing else is allowed. A mandate (only_…) by way of sections binds those who have driven all of its way.
// By metres, for what spreads along roads whatever the traffic rules (Around, Lixels.Within): over junctions, both ways on
// every road. Turns themselves take no time.
//
// Files, in the order of reading: road.go (the words), graph.go, new.go (from sections to the graph), speed.go (what is driven where
// the source does not say), turns.go, search.go, route.go; matrix.go, hierarchy.go and contract.go (many times at once);
// snap.go and name.go; around.go, upstream.go, isochrone.go and outline.go, lixels.go; ingest.go and load.go (the store).
package road

import (
	"fmt"

	"github.com/paulmach/orb"
)

// Class is the rank of a road, in the words of OpenStreetMap's key highway.
type Class uint8

// The classes, from the highest.
const (
	Motorway Class = iota
	Trunk
	Primary
	Secondary
	Tertiary
	Unclassified
	Residential
	LivingStreet
	Service
	Track
)

// ClassNames are the slugs of the classes, indexed by Class.
var ClassNames = [...]string{
	"motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential", "living_street", "service", "track",
}

// String returns the slug.
func (c Class) String() string {
	if int(c) < len(ClassNames) {
		return ClassNames[c]
	}
	return fmt.Sprintf("class(%d)", uint8(c))
}

// Known is a fact that a source may not tell.
type Known uint8

// What may be known of a fact.
const (
	Unknown Known = iota
	No
	Yes
)

// KnownNames are the slugs of Known, indexed by it.
var KnownNames = [...]string{"unknown", "no", "yes"}

// String returns the slug.
func (k Known) String() string { return KnownNames[k] }

// Access says who may drive on a section.
type Access uint8

// The accesses: anybody, only those who have business there (private roads, destination), and nobody but the services
// (closed roads and bus lanes are not imported).
const (
	Public Access = iota
	Destination
)

// Section is a stretch of road between two junctions, as it is stored. It becomes one directed edge of the graph for
// each direction in which it may be driven.
type Section struct {
	Source, Ref string         // natural identity: "osm", "way/number of the piece"
	From, To    int64          // junctions: numbers that the source's sections and restrictions share
	Line        orb.LineString // from From to To; at least two positions
	Class       Class
	Name        string // Rue du Lavoir; "" if it has none
	Number      string // D 606, A 6; several are joined by ";"
	Forward     bool   // may be driven from From to To
	Backward    bool   // may be driven from To to From
	// Speeds allowed in km/h, in each direction, 0 where the source does not say: Graph then takes those of the class.
	SpeedForward, SpeedBackward uint8
	Access                      Access
	Link                        bool // slip road
	Roundabout                  bool
	Bridge, Tunnel              bool
	Lit                         Known
	BuiltUp                     Known // inside a town's limits
	Lanes                       uint8 // both directions together; 0 if unknown
}

// Restriction forbids turning from one section into another (Only false), or into every other one (Only true).
type Restriction struct {
	Source, Ref string
	From        string   // ref of the section driven before
	Via         []string // refs of the sections in between, none where From meets To at a junction
	To          string   // ref of the section after
	Junction    int64    // where From ends (and To begins, without Via)
	Only        bool
}

// SiteKind says what a place beside the road is.
type SiteKind string

// The kinds of places where a post can stand off the carriageway.
const (
	LayBy       SiteKind = "lay_by"
	CarPark     SiteKind = "car_park"
	RestArea    SiteKind = "rest_area"
	TollPlaza   SiteKind = "toll_plaza"
	Weighbridge SiteKind = "weighbridge"
)

// Site is a place beside the road with room to stop vehicles, as a source knows it. Whether it is safe, people say.
type Site struct {
	Source, Ref string
	Kind        SiteKind
	Name        string
	Position    orb.Point
	AreaM2      float64 // 0 if unknown
	Lit         Known
	Access      Access
}
