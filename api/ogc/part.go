package ogc

import (
	"context"

	"github.com/paulmach/orb"

	"vigie/api/door"
)

// Base is the path under which the OGC API is served.
const Base = "/ogc"

// Link points to another resource, as every OGC API writes it. Within a Part and within Page.Links an Href that begins
// with / is relative to Base ("/tiles"); it is made absolute when it is written.
type Link struct {
	Href      string `json:"href"`
	Rel       string `json:"rel"`
	Type      string `json:"type,omitempty"`
	Title     string `json:"title,omitempty"`
	Templated bool   `json:"templated,omitempty"`
}

// Operation is one operation of a part. Its path begins with Base.
type Operation struct {
	door.Operation
	Handler door.Handler
}

// Part is one standard: what it adds to the conformance declaration, to the landing page and to each collection, and
// the operations that serve it. Nil fields add nothing.
type Part struct {
	Conformance []string                                 // URIs of conformance classes
	Landing     []Link                                   // on the landing page
	Collections []Collection                             // that the part brings
	Collection  func(collection string) []Link           // on the page of a collection, by its id
	Operations  []Operation                              // of the part
	Describe    func(pass door.Pass, doc map[string]any) // completes the API document (OpenAPI 3.0) for a caller
}

// Collection is a set of things that the API serves in one or several ways.
type Collection struct {
	ID          string
	Title       Text
	Description Text
	ItemType    string   // "feature", or "" for what has no items
	CRS         []string // URIs in which items are served, the first is the standard one; nil for what has no items
	// Extent says where and when the things of this collection lie that the caller may see; nil says nothing.
	Extent func(ctx context.Context, pass door.Pass) (Extent, error)
}

// Extent is where and when the things of a collection lie.
type Extent struct {
	Box      *orb.Bound // WGS 84, longitude, latitude in degrees; nil is unknown
	From, To string     // RFC 3339 instants; "" is open
	Period   bool       // whether From and To mean something
}
