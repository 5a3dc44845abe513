package areas

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"vigie/data"
	"vigie/data/sources/france"
	"vigie/data/sources/geojson"
)

// feature is what is read of a GeoJSON feature.
type feature struct {
	Type       string         `json:"type"`
	ID         any            `json:"id"`
	Properties map[string]any `json:"properties"`
	Geometry   *struct {
		Type        string          `json:"type"`
		Coordinates json.RawMessage `json:"coordinates"`
	} `json:"geometry"`
}

// readFile yields the areas of one file.
func readFile(ctx context.Context, file data.File, tree *tree) iter.Seq2[data.Record, error] {
	return func(yield func(data.Record, error) bool) {
		r, err := file.Open()
		if err != nil {
			yield(data.Record{}, fmt.Errorf("read areas: %w", err))
			return
		}
		defer func() { _ = r.Close() }() // only read from
		for raw, err := range geojson.Features(r, file.Name) {
			if err == nil {
				err = ctx.Err()
			}
			var record data.Record
			if err == nil {
				record, err = tree.record(raw, file.Name)
			}
			if !yield(record, err) || fatal(err) {
				return
			}
		}
	}
}

// record makes an area of a feature's text.
func (t *tree) record(raw geojson.Feature, file string) (data.Record, error) {
	reject := func(reason, format string, args ...any) (data.Record, error) {
		return data.Record{}, data.Rejectf(raw.At, clip(raw.Text), reason, raw.Label()+format, args...)
	}
	var f feature
	decoder := json.NewDecoder(bytes.NewReader(raw.Text))
	decoder.UseNumber()
	if err := decoder.Decode(&f); err != nil {
		return reject("bad_json", "%v", err)
	}
	if f.Type != "Feature" {
		return reject("bad_json", "type is %.40q, not Feature", f.Type)
	}
	area, reason, err := t.place(properties(f.Properties, f.ID), file)
	if err != nil {
		return reject(reason, "%v", err)
	}
	if f.Geometry == nil {
		return reject("bad_geometry", "%s %s has no geometry", area.Level, area.Code)
	}
	epsg, err := raw.EPSG()
	if err != nil {
		return data.Record{}, err
	}
	area.Geometry, err = parseGeometry(f.Geometry.Type, f.Geometry.Coordinates, epsg == 0)
	if err != nil {
		return reject("bad_geometry", "%s %s: %v", area.Level, area.Code, err)
	}
	if epsg == 0 && t.root == "" && (area.Path == "fr" || strings.HasPrefix(area.Path, "fr.")) {
		for _, polygon := range area.Geometry {
			if corner := polygon[0][0]; !france.Holds(corner) {
				return reject("bad_geometry", "%s %s: %v, %v is far from any French territory (longitude comes first)", area.Level, area.Code, corner.Lon(), corner.Lat())
			}
		}
	}
	t.add(area)
	return data.Record{At: raw.At, Raw: raw.Text, Area: area, EPSG: epsg}, nil
}

func clip(raw []byte) []byte { return raw[:min(len(raw), data.MaxRaw)] }

// properties returns the properties as texts under lower-case names, and the feature's id as "id" where no property is.
func properties(values map[string]any, id any) map[string]string {
	texts := make(map[string]string, len(values)+1)
	for key, value := range values {
		if s := text(value); s != "" {
			texts[strings.ToLower(strings.TrimSpace(key))] = s
		}
	}
	if s := text(id); s != "" && texts["id"] == "" {
		texts["id"] = s
	}
	return texts
}

func text(value any) string {
	switch v := value.(type) {
	case string:
		return strings.TrimSpace(v)
	case json.Number:
		return strings.TrimSuffix(v.String(), ".0")
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}
