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
	"vigie/geoengine"
)

// maxFeature bounds one feature in bytes; Nunavut in full detail has some 30 MB.
const maxFeature = 64 << 20

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
		for raw, err := range features(r, file.Name) {
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
func (t *tree) record(raw rawFeature, file string) (data.Record, error) {
	reject := func(reason, format string, args ...any) (data.Record, error) {
		return data.Record{}, data.Rejectf(raw.at, clip(raw.text), reason, raw.label()+format, args...)
	}
	var f feature
	decoder := json.NewDecoder(bytes.NewReader(raw.text))
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
	epsg, err := raw.epsg()
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
	return data.Record{At: raw.at, Raw: raw.text, Area: area, EPSG: epsg}, nil
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

// epsg reads the crs member that GeoJSON had until 2016 and that GDAL still writes; 0 is longitude, latitude.
func (f rawFeature) epsg() (int, error) {
	if len(f.crs) == 0 {
		return 0, nil
	}
	var crs struct {
		Properties struct {
			Name string `json:"name"`
		} `json:"properties"`
	}
	if err := json.Unmarshal(f.crs, &crs); err != nil {
		return 0, fmt.Errorf("read %s: crs: %w: %w", f.at.File, err, geoengine.ErrInvalid)
	}
	name := crs.Properties.Name
	code, err := strconv.Atoi(name[strings.LastIndexByte(name, ':')+1:])
	switch {
	case name == "" || strings.HasSuffix(name, ":CRS84") || err == nil && code == 4326:
		return 0, nil
	case err != nil || !strings.Contains(name, "EPSG") || code <= 0 || code > 1<<20:
		return 0, fmt.Errorf("read %s: crs %.80q is not an EPSG code: %w", f.at.File, name, geoengine.ErrInvalid)
	}
	return code, nil
}
