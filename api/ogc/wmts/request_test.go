package wmts

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	draw "vigie/tiles"
)

// keys is a good request in key-value form, changed.
func keys(change ...string) url.Values {
	values := url.Values{
		"version": {"1.0.0"}, "layer": {"hexagons"}, "style": {"day"}, "format": {"image/png"},
		"tilematrixset": {"WebMercatorQuad"}, "tilematrix": {"9"}, "tilerow": {"186"}, "tilecol": {"258"},
	}
	for i := 0; i < len(change); i += 2 {
		if values.Del(change[i]); change[i+1] != "" {
			values.Set(change[i], change[i+1])
		}
	}
	return values
}

func TestParseKVP(t *testing.T) {
	t.Parallel()
	layers := []string{"hexagons", "areas"}
	tile := draw.Tile{Z: 9, X: 258, Y: 186}
	for name, c := range map[string]struct {
		change []string
		want   Request
		code   string
		at     string
	}{
		"day":             {nil, Request{Layer: "hexagons", Tile: tile}, "", ""},
		"night":           {[]string{"style", "night", "layer", "areas"}, Request{Layer: "areas", Night: true, Tile: tile}, "", ""},
		"style not named": {[]string{"style", ""}, Request{Layer: "hexagons", Tile: tile}, "", ""},
		"style default":   {[]string{"style", "default"}, Request{Layer: "hexagons", Tile: tile}, "", ""},
		"no layer":        {[]string{"layer", ""}, Request{}, missingValue, "layer"},
		"no version":      {[]string{"version", ""}, Request{}, missingValue, "version"},
		"other version":   {[]string{"version", "1.1.0"}, Request{}, invalidValue, "version"},
		"other layer":     {[]string{"layer", "units"}, Request{}, invalidValue, "layer"},
		"other style":     {[]string{"style", "dusk"}, Request{}, invalidValue, "style"},
		"other format":    {[]string{"format", "image/jpeg"}, Request{}, invalidValue, "format"},
		"other set":       {[]string{"tilematrixset", "EPSG:3857"}, Request{}, invalidValue, "tilematrixset"},
		"no number":       {[]string{"tilerow", "1e2"}, Request{}, invalidValue, "tilerow"},
		"negative":        {[]string{"tilecol", "-1"}, Request{}, invalidValue, "tilecol"},
		"too deep":        {[]string{"tilematrix", "17"}, Request{}, invalidValue, "tilematrix"},
		"far too deep":    {[]string{"tilematrix", "2147483647"}, Request{}, invalidValue, "tilematrix"},
		"row outside":     {[]string{"tilerow", "512"}, Request{}, outOfRange, "tilerow"},
		"column outside":  {[]string{"tilecol", "512"}, Request{}, outOfRange, "tilecol"},
	} {
		got, err := ParseKVP(keys(c.change...), layers)
		if c.code == "" {
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Errorf("%s: %v %s", name, err, diff)
			}
			continue
		}
		var wrong *exception
		if !errors.As(err, &wrong) || wrong.code != c.code || wrong.locator != c.at {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzParseKVP looks for requests that pass and are none, and for errors that are not told as WMTS tells them.
func FuzzParseKVP(f *testing.F) {
	f.Add(keys().Encode())
	f.Add(keys("tilematrix", "0", "tilerow", "0", "tilecol", "0", "layer", "areas").Encode())
	f.Add("layer=%00&tilematrix=99999999999999999999")
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Skip()
		}
		asked, err := ParseKVP(values, []string{"hexagons", "areas"})
		if err == nil {
			if first, last := zooms(asked.Layer); asked.Tile.Check() != nil || asked.Tile.Z < first || asked.Tile.Z > last {
				t.Errorf("%s: %+v", query, asked)
			}
			return
		}
		var wrong *exception
		if !errors.As(err, &wrong) {
			t.Fatalf("%s: %v", query, err)
		}
		if report := string(wrong.report()); strings.Contains(report, "<script") || len(report) > 2000 {
			t.Errorf("%s: %s", query, report)
		}
	})
}
