package roads

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigie/data"
	"vigie/geoengine"
	"vigie/geoengine/road"
)

func input(text string) data.Input {
	return data.Input{Files: []data.File{{Name: "f", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }}}}
}

// read returns what a file holds, in words.
func read(t testing.TB, text string) (found []string, err error) {
	t.Helper()
	for r, err := range Read(t.Context(), input(text)) {
		var reject *data.Reject
		if errors.As(err, &reject) {
			found = append(found, "reject "+reject.Reason)
			continue
		}
		if err != nil {
			return found, err
		}
		s := r.Section
		way := map[[2]bool]string{{true, true}: "<>", {true, false}: ">", {false, true}: "<"}[[2]bool{s.Forward, s.Backward}]
		found = append(found, fmt.Sprintf("%s %v%s%v %v %d", s.Ref, s.Line[0], way, s.Line[len(s.Line)-1], s.Class, len(s.Line)))
		if (s.From == s.To) != (number(s.Line[0], r.EPSG) == number(s.Line[len(s.Line)-1], r.EPSG)) {
			t.Errorf("%s: junctions %d and %d", s.Ref, s.From, s.To)
		}
	}
	return found, nil
}

func line(properties, coordinates string) string {
	return fmt.Sprintf(`{"type":"Feature","properties":{%s},"geometry":{"type":"LineString","coordinates":[%s]}}`, properties, coordinates)
}

func TestLines(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"a crossing": {line(`"id":1,"highway":"primary"`, "[1,45],[2,45],[3,45]") + "\n" + line(`"id":"b"`, "[2,44],[2.00000004,45],[2,46]"),
			[]string{"1/1 [1 45]<>[2 45] primary 2", "1/2 [2 45]<>[3 45] primary 2", "b/1 [2 44]<>[2.00000004 45] unclassified 2", "b/2 [2.00000004 45]<>[2 46] unclassified 2"}},
		"without id":      {"\n" + line(``, "[1,45],[2,45]"), []string{"#2/1 [1 45]<>[2 45] unclassified 2"}},
		"with height":     {line(`"id":1`, "[1,45,200],[2,45,201]"), []string{"1/1 [1 45]<>[2 45] unclassified 2"}},
		"several lines":   {`{"type":"Feature","id":4,"properties":null,"geometry":{"type":"MultiLineString","coordinates":[[[1,45],[2,45]],[[3,45],[4,45]]]}}`, []string{"4/1 [1 45]<>[2 45] unclassified 2", "4/2 [3 45]<>[4 45] unclassified 2"}},
		"a ring":          {line(`"id":1,"junction":"roundabout"`, "[1,45],[2,45],[2,46],[1,45]"), []string{"1/1 [1 45]>[2 45] unclassified 2", "1/2 [2 45]>[1 45] unclassified 3"}},
		"a collection":    {`{"type":"FeatureCollection","features":[` + line(`"id":1`, "[1,45],[2,45]") + `]}`, []string{"1/1 [1 45]<>[2 45] unclassified 2"}},
		"in Lambert 93":   {`{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::2154"}},"features":[` + line(`"id":1`, "[650000.12,6860000],[650010.5,6860000]") + `]}`, []string{"1/1 [650000.12 6.86e+06]<>[650010.5 6.86e+06] unclassified 2"}},
		"metres":          {line(`"id":1`, "[650000.12,6860000],[650010.5,6860000]"), []string{"reject bad_geometry"}},
		"a point":         {strings.Replace(line(``, "1,45"), "LineString", "Point", 1), []string{"reject bad_geometry"}},
		"one position":    {line(``, "[1,45],[1,45]"), []string{"reject bad_geometry"}},
		"no geometry":     {`{"type":"Feature","properties":{},"geometry":null}`, []string{"reject bad_geometry"}},
		"no numbers":      {line(``, `["a",45],[2,45]`), []string{"reject bad_geometry"}},
		"a broken line":   {line(``, "[1,45],[2,45]") + "\n{\"type\":\"Feature\",", []string{"#1/1 [1 45]<>[2 45] unclassified 2", "reject bad_json"}},
		"an unknown word": {line(`"highway":"boulevard of dreams"`, "[1,45],[2,45]"), []string{"reject unknown_value"}},
		"a footway":       {line(`"fclass":"footway"`, "[1,45],[2,45]"), []string{"reject not_a_road"}},
		"no cars":         {line(`"access":"no"`, "[1,45],[2,45]"), []string{"reject not_a_road"}},
	} {
		got, err := read(t, c.text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for name, text := range map[string]string{"no JSON": "<osm>", "a cut collection": `{"type":"FeatureCollection","features":[` + line(``, "[1,45],[2,45]"), "empty": ""} {
		if _, err := read(t, text); !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	both := func(s road.Section) road.Section { s.Forward, s.Backward = true, true; return s }
	for _, c := range []struct {
		properties map[string]any
		want       road.Section
	}{
		{nil, both(road.Section{Class: road.Unclassified})},
		{map[string]any{"highway": "motorway", "ref": "A 6"}, road.Section{Class: road.Motorway, Number: "A 6", Forward: true}},
		{map[string]any{"fclass": "primary_link", "oneway": "F"}, road.Section{Class: road.Primary, Link: true, Forward: true}},
		{map[string]any{"fclass": "primary", "oneway": "T", "maxspeed": "50"}, road.Section{Class: road.Primary, Backward: true, SpeedForward: 50, SpeedBackward: 50}},
		{map[string]any{"road_function": "A Road"}, both(road.Section{Class: road.Primary})},
		{map[string]any{"road_function": "A Road", "primary_route": true}, both(road.Section{Class: road.Trunk})},
		{map[string]any{"road_function": "Restricted Local Access Road", "name1": "High St"}, both(road.Section{Class: road.Service, Access: road.Destination, Name: "High St"})},
		{map[string]any{"NATURE": "Route à 1 chaussée", "IMPORTANCE": "3", "CPX_NUMERO": "D606", "SENS": "Sens direct", "URBAIN": "Vrai"}, road.Section{Class: road.Secondary, Number: "D606", Forward: true, BuiltUp: road.Yes}},
		{map[string]any{"nature": "Rond-point", "importance": "4"}, road.Section{Class: road.Tertiary, Roundabout: true, Forward: true}},
		{map[string]any{"nature": "Bretelle", "position_par_rapport_au_sol": "1", "acces_vehicule_leger": "Restreint aux ayants droit"}, both(road.Section{Class: road.Secondary, Link: true, Bridge: true, Access: road.Destination})}, //nolint:misspell // IGN's name
		{map[string]any{"highway": "tertiary", "speed_limit": "30 mph", "lit": "no", "lanes": "2", "tunnel": "yes"}, both(road.Section{Class: road.Tertiary, SpeedForward: 48, SpeedBackward: 48, Lit: road.No, Lanes: 2, Tunnel: true})},
	} {
		got, err := wordsOf(c.properties).section()
		if err != nil {
			t.Errorf("%v: %v", c.properties, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.properties, diff)
		}
	}
	for _, bad := range []map[string]any{{"oneway": "sometimes"}, {"access": "perhaps"}, {"class": "rue"}} {
		if _, err := wordsOf(bad).section(); err == nil {
			t.Errorf("%v is read", bad)
		}
	}
}

// FuzzRead reads files: no panic, sections that are lines, an error that blames the file.
func FuzzRead(f *testing.F) {
	f.Add(line(`"id":1,"highway":"primary","maxspeed":50,"oneway":true`, "[1,45],[2,45],[3,45]") + "\n" + line(`"id":"b"`, "[2,44],[2,45],[2,46]"))
	f.Add(`{"type":"FeatureCollection","crs":{"properties":{"name":"urn:ogc:def:crs:EPSG::2154"}},"features":[` + line(``, "[1,45],[2,45],[1,45]") + `]}`)
	f.Fuzz(func(t *testing.T, text string) {
		for r, err := range Read(t.Context(), input(text)) {
			var reject *data.Reject
			if errors.As(err, &reject) {
				continue
			}
			if err != nil {
				if !errors.Is(err, geoengine.ErrInvalid) {
					t.Errorf("the file is not blamed: %v", err)
				}
				return
			}
			if s := r.Section; len(s.Line) < 2 || s.Ref == "" || !s.Forward && !s.Backward {
				t.Errorf("%+v", s)
			}
		}
	})
}
