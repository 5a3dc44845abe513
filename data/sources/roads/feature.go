package roads

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"vigie/data"
	"vigie/data/sources/geojson"
	"vigie/geoengine/road"
)

// feature is a line, or several, with what its properties say; section has no place yet.
type feature struct {
	ref     string
	section road.Section
	lines   []orb.LineString
	epsg    int
}

// maxPositions bounds the positions of a line.
const maxPositions = 200_000

// parse reads a feature. A *data.Reject says what is wrong with it, or that it is no road; another error what is wrong
// with the file.
func parse(raw geojson.Feature) (feature, error) {
	reject := func(reason, format string, args ...any) (feature, error) {
		return feature{}, data.Rejectf(raw.At, raw.Text, reason, raw.Label()+format, args...)
	}
	var decoded struct {
		Type       string         `json:"type"`
		ID         any            `json:"id"`
		Properties map[string]any `json:"properties"`
		Geometry   *struct {
			Type        string          `json:"type"`
			Coordinates json.RawMessage `json:"coordinates"`
		} `json:"geometry"`
	}
	decoder := json.NewDecoder(bytes.NewReader(raw.Text))
	decoder.UseNumber()
	if err := decoder.Decode(&decoded); err != nil {
		return reject("bad_json", "%v", err)
	}
	if decoded.Type != "Feature" {
		return reject("bad_json", "type is %.40q, not Feature", decoded.Type)
	}
	var f feature
	var err error
	if f.epsg, err = raw.EPSG(); err != nil {
		return feature{}, err
	}
	if decoded.Geometry == nil {
		return reject("bad_geometry", "has no geometry")
	}
	if f.lines, err = lines(decoded.Geometry.Type, decoded.Geometry.Coordinates, f.epsg == 0); err != nil {
		return reject("bad_geometry", "%v", err)
	}
	w := wordsOf(decoded.Properties)
	if f.section, err = w.section(); err != nil {
		reason := "unknown_value"
		if errors.Is(err, errNotDriven) {
			reason = "not_a_road"
		}
		return reject(reason, "%v", err)
	}
	if f.ref = w.first("id", "gid", "fid", "cleabs", "id_rte500", "toid", "identifier", "osm_id", "objectid"); f.ref == "" {
		f.ref = value(decoded.ID)
	}
	if f.ref == "" { // its place in the file, which is the same in every import of it
		f.ref = "#" + strconv.FormatInt(max(raw.At.Line, int64(raw.Number)), 10)
	}
	if len(f.ref) > 150 {
		return reject("bad_ref", "id %.40q… has %d bytes, more than 150", f.ref, len(f.ref))
	}
	return f, nil
}

// lines reads the coordinates of a line or of several, and checks them.
func lines(kind string, coordinates json.RawMessage, degrees bool) ([]orb.LineString, error) {
	var many [][][]float64
	switch kind {
	case "LineString":
		many = make([][][]float64, 1)
		if err := json.Unmarshal(coordinates, &many[0]); err != nil {
			return nil, fmt.Errorf("coordinates: %w", err)
		}
	case "MultiLineString":
		if err := json.Unmarshal(coordinates, &many); err != nil {
			return nil, fmt.Errorf("coordinates: %w", err)
		}
	default:
		return nil, fmt.Errorf("is a %.40q: must be a LineString or a MultiLineString", kind)
	}
	var found []orb.LineString
	for _, positions := range many {
		line, err := lineOf(positions, degrees)
		if err != nil {
			return nil, err
		}
		if len(line) >= 2 {
			found = append(found, line)
		}
	}
	if len(found) == 0 {
		return nil, errors.New("has no line of at least two positions")
	}
	return found, nil
}

func lineOf(positions [][]float64, degrees bool) (orb.LineString, error) {
	if len(positions) > maxPositions {
		return nil, fmt.Errorf("%d positions, more than %d", len(positions), maxPositions)
	}
	limit := orb.Point{180, 90}
	if !degrees {
		limit = orb.Point{2e7, 2e7}
	}
	line := make(orb.LineString, 0, len(positions))
	for i, p := range positions {
		if len(p) < 2 {
			return nil, fmt.Errorf("position %d has %d numbers", i+1, len(p))
		}
		if !(math.Abs(p[0]) <= limit[0] && math.Abs(p[1]) <= limit[1]) {
			if degrees {
				return nil, fmt.Errorf("longitude %v, latitude %v: not degrees within ±180, ±90 (longitude comes first; metres need a crs member)", p[0], p[1])
			}
			return nil, fmt.Errorf("position %v, %v is beyond ±20,000 km", p[0], p[1])
		}
		if at := (orb.Point{p[0], p[1]}); len(line) == 0 || line[len(line)-1] != at {
			line = append(line, at)
		}
	}
	return line, nil
}

// value returns a property as text: strings, numbers and booleans.
func value(v any) string {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v)
	case json.Number:
		return strings.TrimSuffix(v.String(), ".0")
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}
