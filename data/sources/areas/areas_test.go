package areas

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigie/data"
	"vigie/geoengine"
)

func memory(name, content string) data.File {
	return data.File{Name: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }}
}

// read renders every area and reject as one line.
func read(o data.Options, files ...data.File) ([]string, error) {
	var got []string
	for r, err := range Read(context.Background(), data.Input{Files: files, Options: o}) {
		var reject *data.Reject
		switch {
		case errors.As(err, &reject):
			got = append(got, fmt.Sprintf("%d !%s", reject.At.Line, reject.Reason))
		case err != nil:
			return got, err
		default:
			a := r.Area
			got = append(got, fmt.Sprintf("%d %s %s %s %s %s", r.At.Line, a.Path, a.Level, a.Code, a.Name, shape(a, r.EPSG)))
		}
	}
	return got, nil
}

func shape(a *geoengine.Area, epsg int) string {
	var b strings.Builder
	for _, polygon := range a.Geometry {
		fmt.Fprintf(&b, "%d", len(polygon))
	}
	if epsg != 0 {
		fmt.Fprintf(&b, " EPSG %d", epsg)
	}
	return b.String()
}

const square = `{"type":"Polygon","coordinates":[[[1,45],[2,45],[2,46],[1,45]]]}`

func one(properties string) string {
	return `{"type":"Feature","properties":{` + properties + `},"geometry":` + square + `}`
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, file, properties string
		options                data.Options
		want                   string
	}{
		{"commune", "c", `"code":"31555","nom":"Toulouse"`, data.Options{}, "fr.76.31.31555 commune 31555 Toulouse"},
		{"commune of IGN", "c", `"INSEE_COM":"2A004","NOM":"Ajaccio","INSEE_DEP":"2A","INSEE_REG":"94"`, data.Options{}, "fr.94.2a.2a004 commune 2A004 Ajaccio"},
		{"commune of Etalab", "c", `"code":"01001","nom":"L'Abergement","departement":"01","region":"84"`, data.Options{}, "fr.84.01.01001 commune 01001 L'Abergement"},
		{"old names", "c", `"insee":"97411","NOM_COM":"Saint-Denis","code_dept":"974"`, data.Options{}, "fr.04.974.97411 commune 97411 Saint-Denis"},
		{"a number", "c", `"insee_com":1004,"nom_com":"Ambérieu"`, data.Options{}, "fr.84.01.01004 commune 01004 Ambérieu"},
		{"collectivity", "c", `"code":"98818","nom":"Nouméa"`, data.Options{}, "fr.988.98818 commune 98818 Nouméa"},
		{"arrondissement", "c", `"code":"75112","nom":"Paris 12e"`, data.Options{}, "fr.11.75.75056.75112 arrondissement 75112 Paris 12e"},
		{"département by name", "x", `"code":"11","nom":"Aude"`, data.Options{}, "fr.76.11 departement 11 Aude"},
		{"région by name", "x", `"code":"11","nom":"Ile de France"`, data.Options{}, "fr.11 region 11 Ile de France"},
		{"region by file", "regions.geojson", `"code":"93","nom":"PACA"`, data.Options{}, "fr.93 region 93 PACA"},
		{"level option", "x", `"code":"93","nom":"PACA"`, data.Options{Level: "region"}, "fr.93 region 93 PACA"},
		{"département overseas", "x", `"code":"974","nom":"La Réunion"`, data.Options{}, "fr.04.974 departement 974 La Réunion"},
		{"département by property", "x", `"code_dept":"2b","nom_dept":"HAUTE-CORSE","code_reg":"94"`, data.Options{}, "fr.94.2b departement 2B HAUTE-CORSE"},
		{"foreign", "x", `"id":"7","name":"Menino Deus"`, data.Options{Root: "br.poa", Level: "district"}, "br.poa.7 district 7 Menino Deus"},
		{"foreign by name", "x", `"name":"São João"`, data.Options{Root: "br.poa", Level: "district"}, "br.poa.sao_joao district São João São João"},
		{"foreign, other words", "x", `"Ward_Name":"Leith Walk","Ward_Code":"S13","area":1.5`, data.Options{Root: "gb.edi", Level: "ward"}, "gb.edi.s13 ward S13 Leith Walk"},
		{"foreign, nome", "x", `"NOME":"Bom Fim"`, data.Options{Root: "br.poa", Level: "district"}, "br.poa.bom_fim district Bom Fim Bom Fim"},
		{"parent property", "x", `"code":"A","name":"Leith","parent":"gb.sct.edi","level":"ward"`, data.Options{}, "gb.sct.edi.a ward A Leith"},
		{"path property", "x", `"path":"demo.99","name":"Région"`, data.Options{}, "demo.99 region 99 Région"},
		{"ambiguous", "x", `"code":"93","nom":"?"`, data.Options{}, "!missing_level"},
		{"no code", "x", `"nom":"Toulouse"`, data.Options{}, "!missing_ref"},
		{"no name", "x", `"code":"31555"`, data.Options{}, "!missing_name"},
		{"no such département", "x", `"code":"20001","nom":"x"`, data.Options{}, "!unknown_value"},
		{"no such région", "x", `"code":"99","nom":"x"`, data.Options{Level: "region"}, "!unknown_value"},
		{"SQL", "x", `"code":"'; drop table area; --","nom":"x"`, data.Options{Level: "commune"}, "!bad_code"},
		{"foreign level needed", "x", `"id":"7","name":"x"`, data.Options{Root: "br"}, "!missing_level"},
		{"level unknown in France", "x", `"code":"7","nom":"x"`, data.Options{Level: "district"}, "!missing_level"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := read(c.options, memory(c.file, one(c.properties)))
			if err != nil {
				t.Fatal(err)
			}
			want := "1 " + c.want
			if !strings.HasPrefix(c.want, "!") {
				want += " 1"
			}
			if d := cmp.Diff(want, got[0]); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestGeometry(t *testing.T) {
	t.Parallel()
	feature := func(geometry string) string {
		return `{"type":"Feature","properties":{"code":"31001","nom":"A"},"geometry":` + geometry + `}`
	}
	polygon := func(coordinates string) string {
		return feature(`{"type":"Polygon","coordinates":` + coordinates + `}`)
	}
	cases := []struct{ name, in, want string }{
		{"hole", polygon(`[[[0,45],[9,45],[9,49],[0,45]],[[5,46],[6,46],[6,47],[5,46]]]`), "fr.76.31.31001 commune 31001 A 2"},
		{"multi", feature(`{"coordinates":[[[[0,45],[1,45],[1,46],[0,45]]],[[[55.2,-21],[55.3,-21],[55.3,-20.9],[55.2,-21]]]],"type":"MultiPolygon"}`), "fr.76.31.31001 commune 31001 A 11"},
		{"altitude", polygon(`[ [ [1e0,45,5], [2,45,5], [2,46,5], [1,45,5] ] ]`), "fr.76.31.31001 commune 31001 A 1"},
		{"swapped", polygon(`[[[45,1],[45,2],[46,2],[45,1]]]`), "!bad_geometry"},
		{"not closed", polygon(`[[[0,0],[1,0],[1,1],[0,1]]]`), "!bad_geometry"},
		{"too few", polygon(`[[[0,0],[1,0],[0,0]]]`), "!bad_geometry"},
		{"empty", polygon(`[]`), "!bad_geometry"},
		{"empty multi", feature(`{"type":"MultiPolygon","coordinates":[]}`), "!bad_geometry"},
		{"NaN", polygon(`[[[0,0],[NaN,0],[1,1],[0,0]]]`), "!bad_json"},
		{"text", polygon(`[[[0,0],["1",0],[1,1],[0,0]]]`), "!bad_geometry"},
		{"huge number", polygon(`[[[0,0],[1e999,0],[1,1],[0,0]]]`), "!bad_geometry"},
		{"metres", polygon(`[[[652000,6862000],[652001,6862000],[652001,6862001],[652000,6862000]]]`), "!bad_geometry"},
		{"one number", polygon(`[[[0],[1],[1],[0]]]`), "!bad_geometry"},
		{"wrong depth", polygon(`[[[[0,0],[1,0],[1,1],[0,0]]]]`), "!bad_geometry"},
		{"point", feature(`{"type":"Point","coordinates":[0,0]}`), "!bad_geometry"},
		{"null", feature(`null`), "!bad_geometry"},
		{"no coordinates", feature(`{"type":"Polygon"}`), "!bad_geometry"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for form, in := range map[string]string{"1": c.in, "2": "{\"type\":\"FeatureCollection\",\"features\":[\n" + c.in + "]}"} {
				got, err := read(data.Options{}, memory("f", in))
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(form+" "+c.want, got[0]); d != "" {
					t.Error(d)
				}
			}
		})
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	a, b := one(`"code":"31001","nom":"A"`), one(`"code":"31002","nom":"B"`)
	first, second := "fr.76.31.31001 commune 31001 A 1", "fr.76.31.31002 commune 31002 B 1"
	parents := []string{"0 fr country FR France ", "0 fr.76 region 76 Occitanie ", "0 fr.76.31 departement 31 Haute-Garonne "}
	cases := []struct {
		name, in string
		want     []string
	}{
		{"lines", "\ufeff" + a + "\r\n\n" + b, []string{"1 " + first, "3 " + second}},
		{"sequence", "\x1e" + a + "\n\x1e" + b + "\n", []string{"1 " + first, "2 " + second}},
		{"a bad line", a + "\n{\"type\":\"Feature\",\n" + b + "\n[1]\n\xff\n", []string{"1 " + first, "2 !bad_json", "3 " + second, "4 !bad_json", "5 !bad_encoding"}},
		{"collection", "\ufeff{\n\"name\":\"]}\",\"type\":\"FeatureCollection\",\"n\":-1,\"bbox\":[0,1],\"features\": [\n" + a + ",\n\n" + b + "],\"z\":null}\n", []string{"3 " + first, "5 " + second}},
		{"type last", `{"features":[` + a + `],"type":"FeatureCollection"}`, []string{"1 " + first}},
		{"bad members", `{"type":"FeatureCollection","features":[null,3,"x\"]",{"a":},` + a + `]}`, []string{"1 !bad_json", "1 !bad_json", "1 !bad_json", "1 !bad_json", "1 " + first}},
		{"crs", `{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::2154"}},"features":[` + a + `]}`, []string{"1 " + first + " EPSG 2154"}},
		{"crs of degrees", `{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:OGC:1.3:CRS84"}},"features":[` + a + `]}`, []string{"1 " + first}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := read(data.Options{}, memory("f", c.in))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(append(c.want, parents...), got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	a := one(`"code":"31001","nom":"A"`)
	cases := []struct {
		name, in string
		options  data.Options
		want     string
	}{
		{"not JSON", "code;nom\n1;2\n", data.Options{}, "not with a GeoJSON object"},
		{"empty", "", data.Options{}, "not with a GeoJSON object"},
		{"TopoJSON", `{"type":"Topology","objects":{}}`, data.Options{}, `"Topology"`},
		{"truncated", `{"type":"FeatureCollection","features":[` + a + `,` + a[:30], data.Options{}, "ends in the middle of the collection, after 2 features"},
		{"no features", `{"type":"FeatureCollection"}`, data.Options{}, "no features"},
		{"garbage between members", `{"type":"FeatureCollection" ! "features":[]}`, data.Options{}, `'!'`},
		{"crs", `{"type":"FeatureCollection","crs":{"properties":{"name":"Mars 2000"}},"features":[` + a + `]}`, data.Options{}, "Mars 2000"},
		{"root", a, data.Options{Root: "BR.'; drop"}, "root"},
		{"level", a, data.Options{Level: "a.b"}, "level"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := read(c.options, memory("f.json", c.in))
			if !errors.Is(err, geoengine.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want ErrInvalid with %q", err, c.want)
			}
		})
	}
}

// TestOneInputOfSeveralFiles holds that a parent that comes after its children is not created twice.
func TestOneInputOfSeveralFiles(t *testing.T) {
	t.Parallel()
	got, err := read(data.Options{}, memory("communes", one(`"code":"31001","nom":"A"`)), memory("regions", one(`"code":"76","nom":"Occitanie"`)))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"1 fr.76.31.31001 commune 31001 A 1", "1 fr.76 region 76 Occitanie 1", "0 fr country FR France ", "0 fr.76.31 departement 31 Haute-Garonne "}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestTables(t *testing.T) {
	t.Parallel()
	if len(regions) != 18 || len(departements) != 101 {
		t.Errorf("%d régions and %d départements, want 18 and 101", len(regions), len(departements))
	}
	perRegion := map[string]int{}
	for _, d := range departements {
		perRegion[d.region]++
	}
	want := map[string]int{"01": 1, "02": 1, "03": 1, "04": 1, "06": 1, "11": 8, "24": 6, "27": 8, "28": 5, "32": 5,
		"44": 10, "52": 5, "53": 4, "75": 12, "76": 13, "84": 12, "93": 6, "94": 2}
	if d := cmp.Diff(want, perRegion); d != "" {
		t.Error(d)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	got, err := Addresses("http://localhost", 2021)
	want := []string{"http://localhost/2021/geojson/regions-100m.geojson.gz", "http://localhost/2021/geojson/departements-100m.geojson.gz", "http://localhost/2021/geojson/communes-100m.geojson.gz"}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Error(err, d)
	}
	if _, err := Addresses("", 1999); !errors.Is(err, geoengine.ErrMissing) {
		t.Errorf("1999: got %v, want ErrMissing", err)
	}
}

// FuzzAreas holds that no input breaks the reader, that what it lets through may be stored, and that reading is
// repeatable.
func FuzzAreas(f *testing.F) {
	a := one(`"code":"31001","nom":"A"`)
	for _, seed := range []string{a, a + "\n" + a, `{"type":"FeatureCollection","features":[` + a + `]}`, `{"features":[{"geometry":{"coordinates":[[[]]]}}]}`,
		`{"type":"FeatureCollection","crs":{"properties":{"name":"EPSG:2154"}},"features":[`, "\x1e{", `{"a":"\`} {
		f.Add([]byte(seed), "", "")
		f.Add([]byte(seed), "br.poa", "district")
	}
	f.Fuzz(func(t *testing.T, in []byte, root, level string) {
		o := data.Options{Root: root, Level: level}
		for r, err := range Read(context.Background(), data.Input{Files: []data.File{memory("f", string(in))}, Options: o}) {
			if err != nil {
				continue
			}
			if !geoengine.ValidSlug(r.Area.Path) || r.Area.Name == "" {
				t.Fatalf("bad area %+v", r.Area)
			}
			for _, polygon := range r.Area.Geometry {
				for _, ring := range polygon {
					if len(ring) < 4 || !ring.Closed() {
						t.Fatalf("bad ring %v", ring)
					}
				}
			}
		}
		first, err1 := read(o, memory("f", string(in)))
		second, err2 := read(o, memory("f", string(in)))
		if !slices.Equal(first, second) || (err1 == nil) != (err2 == nil) {
			t.Fatal("not repeatable")
		}
	})
}

func opened(path string, open func(io.Reader) (io.ReadCloser, error)) data.File {
	return data.File{Name: path, Open: func() (io.ReadCloser, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		return open(f)
	}}
}
