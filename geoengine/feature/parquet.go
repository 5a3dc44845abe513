package feature

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/paulmach/orb/encoding/wkb"

	"vigie/geoengine/cql2"
)

// rowsPerGroup bounds what a GeoParquet writer keeps in memory.
const rowsPerGroup = 10_000

// parquetWriter writes GeoParquet 1.1 (geoparquet.org): geometries as WKB in CRS84, their boxes as a covering column.
type parquetWriter struct {
	parquet *parquet.GenericWriter[any]
	columns []Property
	places  map[string]int // column by path
	types   string         // of the geometries
	row     parquet.Row
	rows    int
	box     [4]float64
}

var boxSides = [4]string{"xmin", "ymin", "xmax", "ymax"}

func newParquetWriter(w io.Writer, c *Collection, columns []Property) *parquetWriter {
	group := parquet.Group{
		"id":         parquet.String(),
		GeometryName: parquet.Optional(parquet.Leaf(parquet.ByteArrayType)),
	}
	box := parquet.Group{}
	for _, side := range boxSides {
		box[side] = parquet.Leaf(parquet.DoubleType)
	}
	group["bbox"] = parquet.Optional(box)
	for _, p := range columns {
		group[p.Name] = parquet.Optional(leaf(p.Kind))
	}
	schema := parquet.NewSchema(c.ID, group)
	out := &parquetWriter{
		parquet: parquet.NewGenericWriter[any](w, schema, parquet.Compression(&parquet.Zstd), parquet.CreatedBy("vigie", "1", "")),
		columns: columns, places: map[string]int{}, types: c.Geometry,
		box: [4]float64{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)},
	}
	for i, path := range schema.Columns() {
		out.places[strings.Join(path, "\x00")] = i
	}
	out.row = make(parquet.Row, len(out.places))
	return out
}

func leaf(kind cql2.Kind) parquet.Node {
	switch kind {
	case cql2.Number:
		return parquet.Leaf(parquet.DoubleType)
	case cql2.Integer:
		return parquet.Leaf(parquet.Int64Type)
	case cql2.Boolean:
		return parquet.Leaf(parquet.BooleanType)
	case cql2.Instant:
		return parquet.Timestamp(parquet.Microsecond)
	default:
		return parquet.String()
	}
}

// set puts a value into the row; defined is 0 for a null.
func (w *parquetWriter) set(path string, value parquet.Value, defined int) {
	place := w.places[path]
	w.row[place] = value.Level(0, defined, place)
}

// Write adds a row.
func (w *parquetWriter) Write(row *Row) error {
	w.set("id", parquet.ByteArrayValue([]byte(row.ID)), 0)
	if err := w.geometry(row.Geometry); err != nil {
		return err
	}
	for i, p := range w.columns {
		var value any
		if i < len(row.Values) {
			value = row.Values[i]
		} else {
			for _, a := range row.Attributes {
				if a.Key == p.Attribute {
					value = a.Value
				}
			}
		}
		if value == nil {
			w.set(p.Name, parquet.NullValue(), 0)
		} else {
			w.set(p.Name, parquetValue(value), 1)
		}
	}
	if _, err := w.parquet.WriteRows([]parquet.Row{w.row}); err != nil {
		return fmt.Errorf("write parquet: %w", err)
	}
	if w.rows++; w.rows%rowsPerGroup == 0 {
		if err := w.parquet.Flush(); err != nil {
			return fmt.Errorf("write parquet: %w", err)
		}
	}
	return nil
}

func (w *parquetWriter) geometry(binary []byte) error {
	if binary == nil {
		w.set(GeometryName, parquet.NullValue(), 0)
		for _, side := range boxSides {
			w.set("bbox\x00"+side, parquet.NullValue(), 0)
		}
		return nil
	}
	shape, err := wkb.Unmarshal(binary)
	if err != nil {
		return fmt.Errorf("write parquet: geometry: %w", err)
	}
	bound := shape.Bound()
	sides := [4]float64{bound.Min[0], bound.Min[1], bound.Max[0], bound.Max[1]}
	w.set(GeometryName, parquet.ByteArrayValue(binary), 1)
	for i, side := range boxSides {
		w.set("bbox\x00"+side, parquet.DoubleValue(sides[i]), 1)
		if i < 2 {
			w.box[i] = math.Min(w.box[i], sides[i])
		} else {
			w.box[i] = math.Max(w.box[i], sides[i])
		}
	}
	return nil
}

func parquetValue(value any) parquet.Value {
	switch v := value.(type) {
	case float64:
		return parquet.DoubleValue(v)
	case int64:
		return parquet.Int64Value(v)
	case bool:
		return parquet.BooleanValue(v)
	case time.Time:
		return parquet.Int64Value(v.UnixMicro())
	default:
		return parquet.ByteArrayValue([]byte(fmt.Sprint(v)))
	}
}

// Close writes the metadata and the end of the file.
func (w *parquetWriter) Close() error {
	covering := map[string][]string{}
	for _, side := range boxSides {
		covering[side] = []string{"bbox", side}
	}
	column := map[string]any{
		"encoding": "WKB", "geometry_types": []string{w.types}, "edges": "planar",
		"covering": map[string]any{"bbox": covering},
	}
	if w.box[0] <= w.box[2] {
		column["bbox"] = w.box
	}
	geo, err := json.Marshal(map[string]any{
		"version": "1.1.0", "primary_column": GeometryName, "columns": map[string]any{GeometryName: column},
	})
	if err != nil {
		return fmt.Errorf("write parquet: %w", err)
	}
	w.parquet.SetKeyValueMetadata("geo", string(geo))
	if err := w.parquet.Close(); err != nil {
		return fmt.Errorf("write parquet: %w", err)
	}
	return nil
}
