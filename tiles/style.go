package tiles

import "encoding/json"

// palette is the base map by day or by night, in CSS colours.
type palette struct{ land, sea, line, border, text, halo string }

// Style returns the MapLibre style of our own base map, which needs nothing but this server: areas and their names.
// base is the address of the server without a final slash. Text is drawn by the client with a font of the page, so
// there are no glyphs to fetch.
func Style(base string, night bool) ([]byte, error) {
	return json.Marshal(BaseStyle(base+"/tiles/areas.json", night))
}

// BaseStyle is the style that Style returns, to add sources and layers to; areas is the address of the TileJSON of the
// areas. Its members "sources" and "layers" are a map[string]any and a []any.
func BaseStyle(areas string, night bool) map[string]any {
	colours := palette{"#f6f5f1", "#dfe8ee", "#cfccc4", "#8f8b82", "#3b3a36", "#ffffff"}
	if night {
		colours = palette{"#1d2126", "#12161a", "#39414a", "#6d7884", "#d6dbe1", "#12161a"}
	}
	return map[string]any{
		"version": 8,
		"name":    "Vigie",
		"sources": map[string]any{"areas": map[string]any{"type": "vector", "url": areas}},
		"layers": []any{
			map[string]any{"id": "sea", "type": "background", "paint": map[string]any{"background-color": colours.sea}},
			areaLayer("land", "fill", "", 0, map[string]any{"fill-color": colours.land, "fill-antialias": false}),
			areaLayer("commune", "line", "commune", 9, map[string]any{"line-color": colours.line, "line-width": 0.5}),
			areaLayer("departement", "line", "departement", 5, map[string]any{"line-color": colours.border, "line-width": 0.8}),
			areaLayer("region", "line", "region", 0, map[string]any{"line-color": colours.border, "line-width": 1.2}),
			labelLayer("region", 4, 7, 15, colours), labelLayer("departement", 7, 9, 14, colours), labelLayer("commune", 10, 22, 12, colours),
		},
	}
}

func areaLayer(id, kind, level string, minZoom int, paint map[string]any) map[string]any {
	layer := map[string]any{"id": id, "type": kind, "source": "areas", "source-layer": "areas", "minzoom": minZoom, "paint": paint}
	if level != "" {
		layer["filter"] = []any{"==", []any{"get", "level"}, level}
	}
	return layer
}

func labelLayer(level string, minZoom, maxZoom, size int, colours palette) map[string]any {
	return map[string]any{
		"id": level + "-name", "type": "symbol", "source": "areas", "source-layer": "area_labels", "minzoom": minZoom, "maxzoom": maxZoom,
		"filter": []any{"==", []any{"get", "level"}, level},
		"layout": map[string]any{"text-field": []any{"get", "name"}, "text-size": size, "text-font": []string{"Atkinson Hyperlegible Next Variable"}},
		"paint":  map[string]any{"text-color": colours.text, "text-halo-color": colours.halo, "text-halo-width": 1.2},
	}
}
