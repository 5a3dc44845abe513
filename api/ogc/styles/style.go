package styles

import (
	"fmt"

	"vigie/api/door"
	"vigie/api/ogc"
	ogctiles "vigie/api/ogc/tiles"
	"vigie/geoengine"
	draw "vigie/tiles"
)

// style is one style that is served.
type style struct {
	id       string
	title    ogc.Text
	about    ogc.Text
	night    bool
	hexagons bool // over the base map
}

// all lists the styles; the first is the default.
func all() []style {
	counts := ogc.Text{FR: "Comptages par hexagone sur notre fond de carte.", EN: "Counts by hexagon on our own base map."}
	base := ogc.Text{FR: "Les territoires et leurs noms.", EN: "The areas and their names."}
	return []style{
		{"hexagons-day", ogc.Text{FR: "Hexagones, jour", EN: "Hexagons, day"}, counts, false, true},
		{"hexagons-night", ogc.Text{FR: "Hexagones, nuit", EN: "Hexagons, night"}, counts, true, true},
		{"base-day", ogc.Text{FR: "Fond de carte, jour", EN: "Base map, day"}, base, false, false},
		{"base-night", ogc.Text{FR: "Fond de carte, nuit", EN: "Base map, night"}, base, true, false},
	}
}

// maxZoom is the last zoom at which the colours of hexagons change with their size.
const maxZoom = 16

// document is the style as MapLibre reads it. query, with its question mark or "", filters the hexagons.
func (s *service) document(r *ogc.Request, of style, query string) (map[string]any, error) {
	document := draw.BaseStyle(tileJSON(r, "areas"), of.night)
	document["name"] = of.title.In(r.Lang)
	if !of.hexagons {
		return document, nil
	}
	ramp := draw.NewRamp(of.night)
	colours, err := s.colours(ramp, r.Pass)
	if err != nil {
		return nil, err
	}
	document["sources"].(map[string]any)["hexagons"] = map[string]any{
		"type": "vector", "url": tileJSON(r, "hexagons") + query,
	}
	layer := func(id, kind string, paint map[string]any) map[string]any {
		return map[string]any{"id": id, "type": kind, "source": "hexagons", "source-layer": "hexagons", "paint": paint}
	}
	outlines := layer("hexagon-outlines", "line", map[string]any{
		"line-color": draw.CSS(ramp.Outline), "line-width": 0.6, "line-opacity": 0.82,
	})
	hidden := layer("hexagons-hidden", "line", map[string]any{
		"line-color": draw.CSS(ramp.Hatch), "line-width": 1.5, "line-dasharray": []float64{2, 2},
	})
	hidden["filter"] = []any{"has", "hidden"}
	layers := document["layers"].([]any)
	over := len(layers)
	for i, given := range layers { // under the names
		if given.(map[string]any)["type"] == "symbol" {
			over = i
			break
		}
	}
	drawn := []any{layer("hexagons", "fill", map[string]any{"fill-color": colours, "fill-opacity": 0.82, "fill-antialias": false}), outlines, hidden}
	document["layers"] = append(append(append([]any{}, layers[:over]...), drawn...), layers[over:]...)
	return document, nil
}

// tileJSON is the address of what describes the tiles of a collection.
func tileJSON(r *ogc.Request, collection string) string {
	return r.URL("/collections/" + collection + "/tiles/" + ogctiles.MatrixSet + "/tilejson")
}

// colours is the expression that colours hexagons by class of count; the classes change with the size of hexagons.
// Hexagons of which nothing is told are grey.
func (s *service) colours(ramp draw.Ramp, pass door.Pass) ([]any, error) {
	expression := []any{"step", []any{"zoom"}}
	resolution := -1
	for z := 0; z <= maxZoom; z++ {
		if draw.ResolutionForZoom(z) == resolution {
			continue
		}
		resolution = draw.ResolutionForZoom(z)
		scale, err := s.config.Scales.Of(pass.Query(geoengine.Query{}), resolution)
		if err != nil {
			return nil, fmt.Errorf("style: %w", err)
		}
		classes := []any{"step", []any{"get", "count"}, draw.CSS(ramp.Classes[0])}
		for i := 1; i < draw.Classes; i++ {
			classes = append(classes, scale[i], draw.CSS(ramp.Classes[i]))
		}
		if z > 0 {
			expression = append(expression, z)
		}
		expression = append(expression, []any{"case", []any{"has", "count"}, classes, draw.CSS(ramp.Ground)})
	}
	return expression, nil
}
