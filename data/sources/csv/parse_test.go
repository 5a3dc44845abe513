package csv_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vigie/data"
	"vigie/data/sources/csv"
	"vigie/geoengine"
)

// small is a mapping that works; tests add to it or change it.
const small = `
name: town
title: Accidents of a town
publisher: The town
licence: CC0 1.0
ref: {columns: [id]}
time:
  zone: Europe/Paris
  start: {columns: [date], formats: [YYYY-MM-DD]}
position: {lon: lon, lat: lat}
category: {constant: road.accident}
`

func TestReadyMappingsAreGood(t *testing.T) {
	t.Parallel()
	if len(csv.Ready()) < 5 {
		t.Errorf("ready mappings: %v", csv.Ready())
	}
	for _, name := range csv.Ready() {
		m, err := csv.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if m.Name != name {
			t.Errorf("mapping %s calls itself %s", name, m.Name)
		}
		if _, err := csv.ReadyText(name); err != nil {
			t.Error(err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, from, to, want string }{
		{"an unknown key", "title:", "titel:", `[3:1] unknown field "titel"`},
		{"an unknown key below", "formats:", "format:", `unknown field "format"`},
		{"an unknown key of an attribute", "category:", "attributes: {light: {colum: a}}\ncategory:", `unknown field "colum"`},
		{"an unknown key in a list", "category:", "attributes: {light: [{colum: a}]}\ncategory:", `unknown field "colum"`},
		{"a key twice", "title:", "name: y\ntitle:", "already defined"},
		{"a list for a text", "name: town", "name: [town]", "[2:7]"},
		{"no YAML", "name: town", "name: [", "mapping x.yaml"},
		{"a bad name", "name: town", "name: My Town", "name: \"My Town\""},
		{"the name of another source", "name: town", "name: baac", "another source"},
		{"no title", "title: Accidents of a town\n", "", "title: is missing"},
		{"no licence", "licence: CC0 1.0\n", "", "licence"},
		{"no ref", "ref: {columns: [id]}\n", "", "ref: give either"},
		{"two refs", "columns: [id]", "columns: [id], hash: true", "ref: give either"},
		{"a zone that is none", "Europe/Paris", "Europe/Lutetia", `time.zone: "Europe/Lutetia"`},
		{"no zone", "  zone: Europe/Paris\n", "", "time.zone: is missing"},
		{"a format without a year", "YYYY-MM-DD", "MM-DD", "has no year"},
		{"no position columns", "{lon: lon, lat: lat}", "{lon: lon}", "position: give either"},
		{"point and lon", "{lon: lon, lat: lat}", "{lon: lon, lat: lat, point: p}", "position: give either"},
		{"a box of the wrong way", "lat: lat}", "lat: lat, within: [[1, 2, 0, 3]]}", "position.within[0]"},
		{"outside", "lat: lat}", "lat: lat, outside: keep}", "position.outside"},
		{"a scale without a rule", "lat: lat}", "lat: lat, scales: [{scale: 0.1}]}", "position.scales[0]"},
		{"a category that is no slug", "road.accident", "Road Accident", "category: gives"},
		{"column and constant", "{constant: road.accident}", "{constant: road.accident, column: a}", "category: give either"},
		{"a severity that is none", "category:", "severity: {column: a, table: {x: deadly}}\ncategory:", "severity: gives \"deadly\""},
		{"a value twice in a table", "category:", "attributes: {k: {column: a, table: {\"01\": x, \"1\": y}}}\ncategory:", "is there twice"},
		{"a code that YAML would change", "category:", "keep: [{column: a, in: [010]}]\ncategory:", `[11:25]: 010 without quotes is another number to YAML: write "010"`},
		{"a bad pattern", "category:", "keep: [{column: a, like: '('}]\ncategory:", "keep[0].like"},
		{"a condition that says nothing", "category:", "keep: [{column: a}]\ncategory:", "keep[0]: says nothing"},
		{"a group by hash", "ref: {columns: [id]}", "ref: {hash: true}\ngroup: {rows: users}", "group: needs ref.columns"},
		{"columns beside a header", "category:", "file: {columns: [a]}\ncategory:", "file.columns"},
		{"a long separator", "category:", "file: {separator: '::'}\ncategory:", "file.separator"},
		{"an encoding", "category:", "file: {encoding: ebcdic}\ncategory:", "file.encoding"},
		{"an attribute that is no slug", "category:", "attributes: {Light: {column: a}}\ncategory:", "attributes: \"Light\""},
		{"a negative weight", "category:", "weight: {sum: {a: -1}}\ncategory:", "weight.sum.a"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			changed := strings.Replace(small, test.from, test.to, 1)
			if changed == small {
				t.Fatal("the test changes nothing")
			}
			_, err := csv.Parse("x.yaml", []byte(changed))
			if !errors.Is(err, geoengine.ErrInvalid) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want ErrInvalid with %q", err, test.want)
			}
		})
	}
}

func TestLoadNamesWhatThereIs(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "nowhere", "nowhere.yaml", "../mappings/velo_edpm", t.TempDir()} {
		if _, err := csv.Load(name); !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%q: got %v", name, err)
		}
	}
	path := filepath.Join(t.TempDir(), "town.yaml")
	if err := os.WriteFile(path, []byte(small), 0o600); err != nil {
		t.Fatal(err)
	}
	source, err := csv.Source().Describe(data.Options{Mapping: path})
	if err != nil || source.Name != "town" || source.Publisher != "The town" || source.Licence != "CC0 1.0" {
		t.Errorf("%+v, %v", source, err)
	}
	digest, err := csv.Source().Digest(data.Options{Mapping: path})
	if err != nil || len(digest) != 64 {
		t.Errorf("digest %q, %v", digest, err)
	}
}
