// Package ogc serves the OGC API standards under Base: what they share (landing page, conformance, collections, links,
// content negotiation). Each standard is a Part in a package of its own.
package ogc

import (
	"vigie/api/door"
)

// Base is the path under which the OGC API is served.
const Base = "/ogc"

// Link points to another resource, as every OGC API writes it. Within a Part, Href is relative to Base ("/tiles").
type Link struct {
	Href      string `json:"href"`
	Rel       string `json:"rel"`
	Type      string `json:"type,omitempty"`
	Title     string `json:"title,omitempty"`
	Templated bool   `json:"templated,omitempty"`
}

// Operation is one operation of a part. Its path begins with Base and its Tag is that of the part.
type Operation struct {
	door.Operation
	Handler door.Handler
}

// Part is one standard: what it adds to the conformance declaration, to the landing page and to each collection, and
// the operations that serve it. Nil fields add nothing.
type Part struct {
	Conformance []string                       // URIs of conformance classes
	Landing     []Link                         // on the landing page
	Collection  func(collection string) []Link // on the page of a collection, by its id
	Operations  []Operation
}
