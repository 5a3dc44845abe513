package cql2

import (
	"fmt"
	"slices"
	"strings"
)

// geometry is a literal: a box (west, south[, low], east, north[, high]) or coordinates nested as in GeoJSON.
type geometry struct {
	kind          string // GeoJSON type, or "BBox"
	positions     []position
	nested        []geometry // rings, parts or members
	srid          int        // EPSG code of the coordinates, 0 for 4326 in longitude, latitude order
	latitudeFirst bool       // the axes are latitude, longitude
}

// position is x, y and perhaps z.
type position []float64

const boxKind = "BBox"

// shape says how a kind nests: 0 one position, 1 a line of at least min positions, 2 and 3 lists of these.
type shape struct {
	kind, parts string // GeoJSON type, and that of its parts; "" are positions
	least       int    // positions of a line, or parts
	closed      bool   // a ring
}

// ring is the kind of a polygon's parts, which GeoJSON does not name.
const ring = "ring"

func shapes() []shape {
	return []shape{
		{"Point", "", 1, false}, {"LineString", "", 2, false}, {ring, "", 4, true}, {"Polygon", ring, 1, false},
		{"MultiPoint", "Point", 1, false}, {"MultiLineString", "LineString", 1, false},
		{"MultiPolygon", "Polygon", 1, false}, {"GeometryCollection", "*", 1, false},
	}
}

// shapeOf finds a kind by its name in any case.
func shapeOf(kind string) (shape, bool) {
	all := shapes()
	i := slices.IndexFunc(all, func(s shape) bool { return strings.EqualFold(s.kind, kind) })
	if i < 0 {
		return shape{}, false
	}
	return all[i], true
}

// isGeometry tells whether a word of the text encoding begins a geometry.
func isGeometry(word string) bool {
	_, known := shapeOf(word)
	return known && word != ring
}

// check refuses a geometry that PostGIS could not read.
func (g geometry) check() error {
	if g.kind == boxKind {
		return g.checkBox()
	}
	s, _ := shapeOf(g.kind)
	if s.parts != "" {
		if len(g.nested) < s.least {
			return fmt.Errorf("%s has no parts", g.kind)
		}
		return nil
	}
	switch {
	case s.kind == "Point" && len(g.positions) != 1:
		return fmt.Errorf("a Point has one position")
	case len(g.positions) < s.least:
		return fmt.Errorf("%s needs %d positions and has %d", name(s), s.least, len(g.positions))
	case s.closed && !slices.Equal(g.positions[0], g.positions[len(g.positions)-1]):
		return fmt.Errorf("the ring is not closed: its last position must be its first")
	}
	for _, at := range g.positions {
		if len(at) < 2 || len(at) > 3 || len(at) != len(g.positions[0]) {
			return fmt.Errorf("a position has 2 or 3 numbers, as many in each")
		}
	}
	return nil
}

func name(s shape) string {
	if s.kind == ring {
		return "a ring of a Polygon"
	}
	return s.kind
}

func (g geometry) checkBox() error {
	edges := g.positions[0]
	switch {
	case len(edges) != 4 && len(edges) != 6:
		return fmt.Errorf("a box has 4 or 6 numbers and not %d", len(edges))
	case edges[1] > edges[len(edges)/2+1]:
		return fmt.Errorf("the box has its south north of its north")
	}
	return nil
}

// edges are the horizontal edges of a box: west, south, east, north.
func (g geometry) edges() (west, south, east, north float64) {
	edges := g.positions[0]
	half := len(edges) / 2
	return edges[0], edges[1], edges[half], edges[half+1]
}

// each calls visit for every position.
func (g geometry) each(visit func(position)) {
	if g.kind == boxKind {
		west, south, east, north := g.edges()
		if west > east { // across the antimeridian
			west, east = -180, 180
		}
		visit(position{west, south})
		visit(position{east, north})
		return
	}
	for _, at := range g.positions {
		visit(at)
	}
	for _, part := range g.nested {
		part.each(visit)
	}
}

// holdsCollection tells whether the geometry is a collection, which PostGIS relates to others in few ways.
func (g geometry) holdsCollection() bool { return g.kind == "GeometryCollection" }

// geoJSON is the geometry as GeoJSON; a box as the polygon of its edges, two across the antimeridian.
func (g geometry) geoJSON() map[string]any {
	switch g.kind {
	case boxKind:
		west, south, east, north := g.edges()
		rectangle := func(west, east float64) []any {
			return []any{[]any{
				[]float64{west, south}, []float64{east, south}, []float64{east, north}, []float64{west, north}, []float64{west, south},
			}}
		}
		if west > east {
			return map[string]any{"type": "MultiPolygon", "coordinates": []any{rectangle(west, 180), rectangle(-180, east)}}
		}
		return map[string]any{"type": "Polygon", "coordinates": rectangle(west, east)}
	case "GeometryCollection":
		members := make([]any, len(g.nested))
		for i, member := range g.nested {
			members[i] = member.geoJSON()
		}
		return map[string]any{"type": g.kind, "geometries": members}
	default:
		return map[string]any{"type": g.kind, "coordinates": g.coordinates()}
	}
}

func (g geometry) coordinates() any {
	s, _ := shapeOf(g.kind)
	switch {
	case s.parts != "":
		parts := make([]any, len(g.nested))
		for i, part := range g.nested {
			parts[i] = part.coordinates()
		}
		return parts
	case s.kind == "Point":
		return g.positions[0]
	default:
		return g.positions
	}
}
