package feature

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/geoengine/cql2"
	"vigie/geoengine/hex"
)

func FuzzID(f *testing.F) {
	for _, seed := range []string{"", "a", "fr.76.31.31555 12", "../..", "é\u202e", "_", "~", "%00", strings.Repeat("x", 200)} {
		f.Add("test", seed)
	}
	f.Fuzz(func(t *testing.T, source, ref string) {
		id := formatID([]string{source, ref})
		if strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_~") != "" {
			t.Fatalf("%q is not safe in an address", id)
		}
		parts, err := parseID(id, 2)
		valid := source != "" && ref != "" && validText(source) && validText(ref) && len(id) <= 1200
		if valid != (err == nil) || err == nil && (parts[0] != source || parts[1] != ref) {
			t.Fatalf("%q %q → %q → %q, %v", source, ref, id, parts, err)
		}
	})
}

func FuzzParseID(f *testing.F) {
	f.Add("test~a_20b")
	f.Add("test~_2")
	f.Fuzz(func(t *testing.T, id string) {
		parts, err := parseID(id, 2)
		if err != nil && !errors.Is(err, geoengine.ErrMissing) {
			t.Fatal(err)
		}
		if err == nil && len(parts) != 2 {
			t.Fatal(parts)
		}
	})
}

func FuzzCursor(f *testing.F) {
	f.Add(cursor{int32(1), "a"}.String())
	f.Add("nonsense")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCursor(text, []string{"int", "text"})
		if err != nil {
			if !errors.Is(err, geoengine.ErrInvalid) {
				t.Fatal(err)
			}
			return
		}
		again, err := parseCursor(c.String(), []string{"int", "text"})
		if err != nil || !cmp.Equal(c, again) {
			t.Fatalf("%v → %v, %v", c, again, err)
		}
	})
}

func TestNewBox(t *testing.T) {
	t.Parallel()
	lambert := Systems()[3]
	for name, c := range map[string]struct {
		numbers []float64
		crs     CRS
		parts   int // 0 is an error
	}{
		"plain":           {[]float64{1, 2, 3, 4}, CRS84(), 1},
		"antimeridian":    {[]float64{170, -10, -170, 10}, CRS84(), 2},
		"latitude first":  {[]float64{-10, 170, 10, -170}, Systems()[1], 2},
		"heights":         {[]float64{1, 2, 0, 3, 4, 9}, CRS84(), 1},
		"metres":          {[]float64{0, 0, 1, 1}, lambert, 1},
		"backwards":       {[]float64{1, 0, 0, 1}, lambert, 0},
		"upside down":     {[]float64{0, 1, 1, 0}, CRS84(), 0},
		"longitude first": {[]float64{170, -10, -170, 10}, Systems()[1], 0},
		"none":            {nil, CRS84(), 0},
		"not a number":    {[]float64{math.NaN(), 0, 1, 1}, CRS84(), 0},
	} {
		box, err := NewBox(c.numbers, c.crs)
		if c.parts == 0 {
			if !errors.Is(err, geoengine.ErrInvalid) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || len(box.parts()) != c.parts {
			t.Errorf("%s: %v %v", name, box.parts(), err)
		}
	}
}

// TestCellsAround checks that no position of a box is left out, and that ranges stay apart.
func TestCellsAround(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	boxes := [][]orb.Bound{
		{{Min: orb.Point{1.4, 43.5}, Max: orb.Point{1.5, 43.7}}},
		{{Min: orb.Point{1.44, 43.6}, Max: orb.Point{1.44, 43.6}}},
		{{Min: orb.Point{177, -20}, Max: orb.Point{180, -10}}, {Min: orb.Point{-180, -20}, Max: orb.Point{-177, -10}}},
		{{Min: orb.Point{0, 43}, Max: orb.Point{2, 44}}, {Min: orb.Point{1, 43}, Max: orb.Point{3, 45}}}, // overlapping
		{{Min: orb.Point{-60, 80}, Max: orb.Point{-50, 84}}},
	}
	for _, set := range boxes {
		ranges := CellsAround(set...)
		if ranges == nil || len(ranges) > 3*enoughCells {
			t.Errorf("%v: %d ranges", set, len(ranges))
			continue
		}
		for i := range ranges[1:] {
			if ranges[i+1].First <= ranges[i].Last {
				t.Errorf("%v: ranges overlap", set)
			}
		}
		for range 2000 {
			box := set[random.IntN(len(set))]
			p := orb.Point{
				box.Min[0] + random.Float64()*(box.Max[0]-box.Min[0]), box.Min[1] + random.Float64()*(box.Max[1]-box.Min[1]),
			}
			cell, held := hex.Cell(p[0], p[1], geoengine.CellResolution), false
			for _, r := range ranges {
				held = held || cell >= r.First && cell <= r.Last
			}
			if !held {
				t.Fatalf("%v is in %v and in no range", p, set)
			}
		}
	}
	if CellsAround(orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}) != nil {
		t.Error("the world is a few cells")
	}
}

func TestPropertyParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind cql2.Kind
		text string
		want any // nil is an error
	}{
		{cql2.Number, "1.5", 1.5}, {cql2.Number, "NaN", nil}, {cql2.Number, "Inf", nil}, {cql2.Number, "", nil},
		{cql2.Integer, "-3", int64(-3)}, {cql2.Integer, "3.0", nil}, {cql2.Boolean, "true", true}, {cql2.Boolean, "1", nil},
		{cql2.Instant, "2024-03-01T00:00:00Z", time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)}, {cql2.Instant, "2024-03-01", nil},
		{cql2.String, "x", "x"}, {cql2.String, "", ""}, {cql2.String, "\x00", nil}, {cql2.String, "\xff", nil},
	} {
		p := Property{Name: "p", Kind: c.kind}
		got, err := p.Parse(c.text)
		if (c.want == nil) != errors.Is(err, geoengine.ErrInvalid) || c.want != nil && !cmp.Equal(got, c.want) {
			t.Errorf("%s %q: %v, %v", c.kind, c.text, got, err)
		}
	}
}

func sampleRows() ([]Property, []Row) {
	columns := []Property{{Name: "a", Kind: cql2.String}, {Name: "n", Kind: cql2.Number}, {Name: "t", Kind: cql2.Instant}, AttributeProperty("k")}
	at := time.Date(2024, 3, 1, 12, 0, 0, 500_000_000, time.UTC)
	return columns, []Row{
		{ID: "1", Geometry: []byte(`{"type":"Point","coordinates":[1,2]}`), Point: &[2]float64{1, 2.5}, Values: []any{"=HYPERLINK(1)", 0.1, at}, Attributes: []geoengine.Attribute{{Key: "k", Value: "+33 \"1\"\n,"}}},
		{ID: "2", Values: []any{"<é\u2028>\\\"", nil, nil}},
		{ID: "3", Geometry: []byte(`{"type":"Point","coordinates":[1,2]}`), Values: []any{"", math.Inf(1), at}, Attributes: []geoengine.Attribute{{Key: "other", Value: "x"}}},
	}
}

func TestGeoJSON(t *testing.T) {
	t.Parallel()
	columns, rows := sampleRows()
	var out bytes.Buffer
	w := NewGeoJSONWriter(&out, columns, nil)
	for i := range rows {
		if err := w.Write(&rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.End("numberReturned", 3), w.Close()); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%v: %s", err, &out)
	}
	var properties []any
	for _, f := range got["features"].([]any) {
		properties = append(properties, f.(map[string]any)["properties"])
	}
	want := []any{
		map[string]any{"a": "=HYPERLINK(1)", "n": 0.1, "t": "2024-03-01T12:00:00.5Z", "attr.k": "+33 \"1\"\n,"},
		map[string]any{"a": "<é\u2028>\\\"", "n": nil, "t": nil},
		map[string]any{"a": "", "n": nil, "t": "2024-03-01T12:00:00.5Z", "attr.other": "x"},
	}
	if diff := cmp.Diff(want, properties); diff != "" {
		t.Error(diff)
	}
	if got["numberReturned"] != 3.0 || got["type"] != "FeatureCollection" {
		t.Errorf("%s", &out)
	}
}

func TestCSV(t *testing.T) {
	t.Parallel()
	columns, rows := sampleRows()
	events, _ := Find(Events)
	var out bytes.Buffer
	w := newCSVWriter(&out, &events, Systems()[1], columns)
	for i := range rows {
		if err := w.Write(&rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"id", "lon", "lat", "a", "n", "t", "attr.k"},
		{"1", "2.5", "1", "'=HYPERLINK(1)", "0.1", "2024-03-01T12:00:00.5Z", "'+33 \"1\"\n,"},
		{"2", "", "", "<é\u2028>\\\"", "", "", ""},
		{"3", "", "", "", "+Inf", "2024-03-01T12:00:00.5Z", ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseCRS(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]CRS{
		"": CRS84(), "http://www.opengis.net/def/crs/EPSG/0/4326": Systems()[1], "[EPSG:2154]": Systems()[3], "EPSG:4326": Systems()[1],
		"[OGC:CRS84]": CRS84(),
	} {
		if got, err := ParseCRS(text); err != nil || got != want {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
	for _, text := range []string{"EPSG:27700", "4326", "http://www.opengis.net/def/crs/EPSG/0/", " "} {
		if _, err := ParseCRS(text); !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
