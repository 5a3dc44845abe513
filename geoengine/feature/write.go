package feature

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"vigie/geoengine"
	"vigie/geoengine/cql2"
)

// Writer writes features in one format. Close completes what was written; it does not close the file below.
type Writer interface {
	Write(row *Row) error
	Close() error
}

// Format is a format of files.
type Format string

// The formats.
const (
	GeoJSON    Format = "geojson"
	CSV        Format = "csv"
	GeoParquet Format = "parquet"
)

// Form is the form of geometries that a format's writer takes.
func (f Format) Form(c *Collection) Form {
	switch {
	case f == GeoJSON:
		return FormGeoJSON
	case f == CSV && c.Geometry == "Point":
		return FormNone
	case f == CSV:
		return FormWKT
	default:
		return FormWKB
	}
}

// Columns are the properties of the rows that a query gives, with the attributes named by keys at their end: the
// columns of formats that have some.
func Columns(q Query, keys []string) ([]Property, error) {
	c, ok := Find(q.Collection)
	if !ok {
		return nil, fmt.Errorf("collection %.60q: %w", q.Collection, geoengine.ErrMissing)
	}
	s := &statement{collection: &c, query: &q}
	if err := s.selectColumns(); err != nil {
		return nil, err
	}
	columns := s.columns
	if q.Properties != nil {
		keys = nil
		for _, name := range q.Properties {
			if len(name) > len(AttributePrefix) && name[:len(AttributePrefix)] == AttributePrefix {
				keys = append(keys, name[len(AttributePrefix):])
			}
		}
	}
	if !s.attributes {
		return columns, nil
	}
	for _, key := range keys {
		columns = append(columns, AttributeProperty(key))
	}
	return columns, nil
}

// AttributeProperty is the property that shows an attribute.
func AttributeProperty(key string) Property {
	return Property{Name: AttributePrefix + key, Kind: cql2.String, FR: key, EN: key, Attribute: key}
}

// NewWriter returns a writer of a query's features. columns are those of Columns; GeoJSON also shows attributes beyond
// them.
func NewWriter(format Format, w io.Writer, q Query, columns []Property) (Writer, error) {
	c, ok := Find(q.Collection)
	if !ok {
		return nil, fmt.Errorf("collection %.60q: %w", q.Collection, geoengine.ErrMissing)
	}
	switch format {
	case GeoJSON:
		return NewGeoJSONWriter(w, columns, nil), nil
	case CSV:
		return newCSVWriter(w, &c, q.CRS, columns), nil
	case GeoParquet:
		if q.CRS.SRID != CRS84().SRID {
			return nil, fmt.Errorf("crs: GeoParquet is written in CRS84 only: %w", geoengine.ErrInvalid)
		}
		return newParquetWriter(w, &c, columns), nil
	default:
		return nil, fmt.Errorf("format %.20q: must be geojson, csv or parquet: %w", string(format), geoengine.ErrInvalid)
	}
}

// GeoJSONWriter writes a GeoJSON feature collection (RFC 7946; other coordinate systems as OGC API Features part 2 has it).
type GeoJSONWriter struct {
	w       io.Writer
	names   [][]byte // of the declared properties, quoted, with their colon
	links   func(id string) any
	buffer  []byte
	written int
	closing []byte
}

// NewGeoJSONWriter returns a writer of these declared properties; links, which may be nil, gives the links of a feature.
func NewGeoJSONWriter(w io.Writer, columns []Property, links func(id string) any) *GeoJSONWriter {
	g := &GeoJSONWriter{w: w, links: links, buffer: []byte(`{"type":"FeatureCollection","features":[`)}
	for _, p := range columns {
		if p.Attribute == "" {
			g.names = append(g.names, append(appendJSON(nil, p.Name), ':'))
		}
	}
	return g
}

// Close completes the collection with the members given to End.
func (g *GeoJSONWriter) Close() error {
	g.buffer = append(g.buffer, ']')
	g.buffer = append(append(g.buffer, g.closing...), '}', '\n')
	return g.flush()
}

// End sets a member of the collection that is written after the features.
func (g *GeoJSONWriter) End(name string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	g.closing = append(append(append(append(g.closing, ','), appendJSON(nil, name)...), ':'), text...)
	return nil
}

// Write adds a feature.
func (g *GeoJSONWriter) Write(row *Row) error {
	if g.written++; g.written > 1 {
		g.buffer = append(g.buffer, ',')
	}
	g.buffer = append(g.buffer, '\n')
	var err error
	if g.buffer, err = g.Append(g.buffer, row); err != nil {
		return err
	}
	const enough = 64 << 10
	if len(g.buffer) > enough {
		return g.flush()
	}
	return nil
}

// Append appends one feature as JSON.
func (g *GeoJSONWriter) Append(b []byte, row *Row) ([]byte, error) {
	b = append(b, `{"type":"Feature","id":`...)
	b = appendJSON(b, row.ID)
	b = append(b, `,"geometry":`...)
	if row.Geometry == nil {
		b = append(b, "null"...)
	} else {
		b = append(b, row.Geometry...)
	}
	b = append(b, `,"properties":{`...)
	for i, value := range row.Values {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendValue(append(b, g.names[i]...), value)
	}
	for i, a := range row.Attributes {
		if i > 0 || len(row.Values) > 0 {
			b = append(b, ',')
		}
		b = append(appendJSON(b, AttributePrefix+a.Key), ':')
		b = appendJSON(b, a.Value)
	}
	b = append(b, '}')
	if g.links != nil {
		text, err := json.Marshal(g.links(row.ID))
		if err != nil {
			return nil, fmt.Errorf("write links: %w", err)
		}
		b = append(append(b, `,"links":`...), text...)
	}
	return append(b, '}'), nil
}

func (g *GeoJSONWriter) flush() error {
	_, err := g.w.Write(g.buffer)
	g.buffer = g.buffer[:0]
	return err
}

func appendValue(b []byte, value any) []byte {
	switch v := value.(type) {
	case string:
		return appendJSON(b, v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return append(b, "null"...)
		}
		return strconv.AppendFloat(b, v, 'g', -1, 64)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case bool:
		return strconv.AppendBool(b, v)
	case time.Time:
		b = append(b, '"')
		b = v.AppendFormat(b, time.RFC3339Nano)
		return append(b, '"')
	default:
		return append(b, "null"...)
	}
}

// appendJSON appends a quoted text.
func appendJSON(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			text, err := json.Marshal(s)
			if err != nil {
				return append(b, `""`...) // a string always marshals
			}
			return append(b, text...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
