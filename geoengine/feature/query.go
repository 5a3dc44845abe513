package feature

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/geoengine/cql2"
)

// Limits of a page.
const (
	StandardLimit = 100
	MaxLimit      = 10_000
)

// Query asks for a page of features. Zero fields do not restrict; fields combine by AND.
type Query struct {
	Collection string
	ID         string // one feature only
	Box        *Box
	From, To   time.Time // the collection's Time lies in [From, To], both included
	Before     time.Time // the same, excluded; a whole day ends before the next
	Equal      []Equal
	Filter     *cql2.Expr // with its geometries in their system (cql2.Expr.InCRS)
	Attributes []string   // keys of attributes that Filter may name
	CRS        CRS        // of the answer
	Limit      int        // 1 to MaxLimit
	Cursor     string     // Next of the page before, "" for the first
	Form       Form       // of the geometries
	Properties []string   // names of the wanted properties; nil is all, empty is none
}

// Equal asks that a property has a value, as it is written in an address; of an attribute that has several values, one
// of them.
type Equal struct{ Name, Value string }

// Form is how geometries are returned.
type Form uint8

// The forms. GeoJSON coordinates have 7 decimals in degrees, 3 in metres; None leaves geometries out.
const (
	FormWKB Form = iota
	FormGeoJSON
	FormWKT
	FormNone
)

// statement gathers an SQL statement with its parameters.
type statement struct {
	collection *Collection
	query      *Query
	columns    []Property
	attributes bool // are selected
	where      []string
	cells      []geoengine.CellRange // nil does not restrict
	args       []any
}

// bind adds a parameter.
func (s *statement) bind(value any) string {
	s.args = append(s.args, value)
	return "$" + strconv.Itoa(len(s.args))
}

// must adds a condition.
func (s *statement) must(sql string) { s.where = append(s.where, "("+sql+")") }

// within adds the condition that a dotted path lies within one of the paths; nil does not restrict.
func (s *statement) within(expression string, paths []string) {
	if paths == nil {
		return
	}
	s.must(expression + " = any(" + s.bind(paths) + "::text[]) or " + expression + " like any(" + s.bind(Patterns(paths)) + "::text[])")
}

// prepare turns a query into a statement; outline is the query's box in WGS 84 where that is no box (see Reader.outline).
func (q *Query) prepare(c *Collection, rights geoengine.Rights, outline *outline) (*statement, error) {
	s := &statement{collection: c, query: q}
	if err := s.selectColumns(); err != nil {
		return nil, err
	}
	l := &c.layout
	s.within(l.scope, rights.Scope)
	if l.category != "" {
		s.within(l.category, rights.Open)
	}
	if q.ID != "" {
		parts, err := parseID(q.ID, len(l.identity))
		if err != nil {
			return nil, err
		}
		for i, part := range parts {
			s.must(l.identity[i] + " = " + s.bind(part) + "::text")
		}
	}
	s.period()
	s.box(outline)
	for _, e := range q.Equal {
		if err := s.equal(e); err != nil {
			return nil, err
		}
	}
	if err := s.filter(); err != nil {
		return nil, err
	}
	if q.Cursor != "" {
		at, err := parseCursor(q.Cursor, l.casts)
		if err != nil {
			return nil, err
		}
		placeholders := make([]string, len(at))
		for i, key := range at {
			placeholders[i] = s.bind(key) + "::" + l.casts[i]
		}
		s.must("(" + strings.Join(l.keys, ", ") + ") > (" + strings.Join(placeholders, ", ") + ")")
	}
	return s, nil
}

// selectColumns finds out which properties are wanted.
func (s *statement) selectColumns() error {
	c, wanted := s.collection, s.query.Properties
	if wanted == nil {
		s.columns, s.attributes = c.Listed(), c.Attributes
		return nil
	}
	for _, name := range wanted {
		if strings.HasPrefix(name, AttributePrefix) && c.Attributes {
			s.attributes = true
			continue
		}
		p, ok := c.property(name)
		if !ok || p.Kind == cql2.Interval {
			return fmt.Errorf("properties: there is no property %.60q: %w", name, geoengine.ErrInvalid)
		}
		s.columns = append(s.columns, p)
	}
	return nil
}

// period adds the conditions of the parameter datetime.
func (s *statement) period() {
	q, start := s.query, s.collection.layout.start
	if start == "" {
		return
	}
	if !q.From.IsZero() {
		s.must(start + " >= " + s.bind(q.From))
	}
	if !q.To.IsZero() {
		s.must(start + " <= " + s.bind(q.To))
	}
	if !q.Before.IsZero() {
		s.must(start + " < " + s.bind(q.Before))
	}
}

// outline is a box of a projected system in WGS 84.
type outline struct {
	shape []byte // EWKB
	bound orb.Bound
}

// box adds the conditions of the bounding box.
func (s *statement) box(o *outline) {
	box, l := s.query.Box, &s.collection.layout
	if box == nil {
		return
	}
	if o != nil {
		shape := "st_geomfromewkb(" + s.bind(o.shape) + "::bytea)"
		s.must("st_intersects(" + l.geometry + ", " + shape + ")")
		s.around(o.bound)
		return
	}
	var either []string
	parts := box.parts()
	for _, part := range parts {
		edges := [4]string{s.bind(part.Min[0]), s.bind(part.Min[1]), s.bind(part.Max[0]), s.bind(part.Max[1])}
		if s.collection.Geometry == "Point" { // plain numbers, which is what the envelope would compare
			either = append(either, fmt.Sprintf("st_x(%[1]s) between %[2]s::float8 and %[4]s::float8 and st_y(%[1]s) between %[3]s::float8 and %[5]s::float8",
				l.geometry, edges[0], edges[1], edges[2], edges[3]))
			continue
		}
		envelope := fmt.Sprintf("st_makeenvelope(%s, %s, %s, %s, 4326)", edges[0], edges[1], edges[2], edges[3])
		either = append(either, fmt.Sprintf("(e.geom && %[1]s or e.outline && %[1]s) and st_intersects(%[2]s, %[1]s)", envelope, l.geometry))
	}
	s.must(strings.Join(either, " or "))
	s.around(parts...)
}

// around narrows the statement to the cells around the boxes, where the collection has cells.
func (s *statement) around(boxes ...orb.Bound) {
	if !s.collection.layout.large {
		return
	}
	for _, box := range boxes {
		if box.Min[0] < -180 || box.Max[0] > 180 || box.Min[1] < -90 || box.Max[1] > 90 {
			return
		}
	}
	found := CellsAround(boxes...)
	if s.cells == nil || found != nil && len(found) < len(s.cells) {
		s.cells = found
	}
}

// filter adds the CQL2 condition.
func (s *statement) filter() error {
	if s.query.Filter == nil {
		return nil
	}
	declared := []cql2.Property{{Name: GeometryName, Kind: cql2.Geometry, SQL: s.collection.layout.geometry}}
	for _, p := range s.collection.Properties {
		declared = append(declared, cql2.Property{Name: p.Name, Kind: p.Kind, SQL: p.sql, End: p.end})
	}
	if s.collection.Attributes {
		for _, key := range s.query.Attributes {
			if name := AttributePrefix + key; s.names(name) {
				declared = append(declared, cql2.Property{Name: name, Kind: cql2.String, SQL: attributeSQL("e.attributes", s.bind(key))})
			}
		}
	}
	condition, err := s.query.Filter.SQL(declared, s.bind)
	if err != nil {
		return fmt.Errorf("filter: %w", err)
	}
	s.must(condition)
	if box, ok := s.query.Filter.Box(GeometryName); ok {
		s.around(box)
	}
	return nil
}

// names tells whether the filter names a property.
func (s *statement) names(name string) bool {
	for _, used := range s.query.Filter.Properties() {
		if used == name {
			return true
		}
	}
	return false
}

// manyValues joins the values of an attribute that has several.
const manyValues = "; "

// attributeSQL is the text of one attribute; key is a placeholder.
func attributeSQL(attributes, key string) string {
	value := attributes + " -> " + key + "::text"
	return "case jsonb_typeof(" + value + ") when 'array' then (select string_agg(v, '" + manyValues + "' order by n) from jsonb_array_elements_text(" +
		value + ") with ordinality t(v, n)) else " + attributes + " ->> " + key + "::text end"
}

// equal adds the condition of one plain parameter.
func (s *statement) equal(e Equal) error {
	if key, ok := strings.CutPrefix(e.Name, AttributePrefix); ok && s.collection.Attributes {
		if !validText(key) || !validText(e.Value) {
			return fmt.Errorf("%.60s: is no text: %w", e.Name, geoengine.ErrInvalid)
		}
		s.must("coalesce(e.attributes -> " + s.bind(key) + "::text ? " + s.bind(e.Value) + "::text, false)")
		return nil
	}
	p, ok := s.collection.property(e.Name)
	if !ok || p.Kind == cql2.Interval {
		return fmt.Errorf("%.60s: there is no such property: %w", e.Name, geoengine.ErrInvalid)
	}
	value, err := p.Parse(e.Value)
	if err != nil {
		return err
	}
	s.must(p.sql + " = " + s.bind(value))
	return nil
}

// Parse reads a value of the property as it is written in an address; ErrInvalid names the property and its type.
func (p *Property) Parse(text string) (any, error) {
	wrong := func(what string) error { return fmt.Errorf("%s: must be %s: %w", p.Name, what, geoengine.ErrInvalid) }
	switch p.Kind {
	case cql2.Number:
		if v, err := strconv.ParseFloat(text, 64); err == nil && v-v == 0 {
			return v, nil
		}
		return nil, wrong("a number")
	case cql2.Integer:
		if v, err := strconv.ParseInt(text, 10, 64); err == nil {
			return v, nil
		}
		return nil, wrong("a whole number")
	case cql2.Boolean:
		if text == "true" || text == "false" {
			return text == "true", nil
		}
		return nil, wrong("true or false")
	case cql2.Instant:
		if v, err := time.Parse(time.RFC3339Nano, text); err == nil && v.Year() >= 1 && v.Year() <= 9999 {
			return v, nil
		}
		return nil, wrong("an instant as in RFC 3339")
	default:
		if !validText(text) {
			return nil, wrong("text")
		}
		return text, nil
	}
}
