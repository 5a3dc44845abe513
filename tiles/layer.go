// Package tiles draws what the store and the cube hold as map tiles: Mapbox vector tiles for every client, and a compact
// binary for our own map.
//
// Read layer.go for what is drawn, hexagons.go and compact.go for how hexagons are, cache.go for how answers are kept.
package tiles

import (
	"github.com/paulmach/orb"
)

// Layer is anything drawn.
type Layer struct {
	ID      string // in addresses: /tiles/{id}/{z}/{x}/{y}.mvt
	Title   string // French, for people
	MinZoom int    // first zoom served
	MaxZoom int    // last zoom worth asking for; clients overzoom
	Vector  []VectorLayer
}

// VectorLayer is a layer within a vector tile: its name, its geometry and the meaning of its fields.
type VectorLayer struct {
	ID          string            `json:"id"`
	Description string            `json:"description"`
	MinZoom     int               `json:"minzoom"`
	MaxZoom     int               `json:"maxzoom"`
	Geometry    string            `json:"geometry_type"` // point, line or polygon
	Fields      map[string]string `json:"fields"`
}

// Layers is the visible list of what is drawn.
func Layers() []Layer {
	areaFields := map[string]string{
		"path": "String: chemin du territoire", "level": "String: country, region, departement, commune, …",
		"code": "String: code officiel", "name": "String: nom",
	}
	return []Layer{
		{"hexagons", "Événements par hexagone H3", 0, 16, []VectorLayer{{
			"hexagons", "Nombre d'événements par cellule H3", 0, 16, "polygon", map[string]string{
				"h3": "String: cellule H3", "count": "Number: événements", "weight": "Number: somme des poids de gravité (1 = un tué)",
			},
		}}},
		{"events", "Événements", EventsMinZoom, MaxZoom, []VectorLayer{{
			"events", "Événements un par un", EventsMinZoom, MaxZoom, "point", map[string]string{
				"source": "String: source", "ref": "String: référence dans la source", "category": "String: catégorie",
				"severity": "Number: 0 inconnue, 1 matériel, 2 blessé, 3 léger, 4 grave, 5 mortel", "weight": "Number: poids de gravité",
				"start": "String: heure locale du lieu", "synthetic": "Boolean: donnée fictive",
			},
		}}},
		{"areas", "Territoires", 0, 14, []VectorLayer{
			{"areas", "Contours", 0, 14, "polygon", areaFields},
			{"area_labels", "Un point par territoire, pour son nom", 0, 14, "point", areaFields},
		}},
		{"units", "Unités et équipements", UnitsMinZoom, 14, []VectorLayer{{
			"units", "Brigades, commissariats, casernes, radars, panneaux", UnitsMinZoom, 14, "point", map[string]string{
				"source": "String: source", "ref": "String: référence", "kind": "String: nature", "name": "String: nom", "area": "String: territoire",
			},
		}}},
		{"roads", "Réseau routier", RoadsMinZoom, RoadsMaxZoom, []VectorLayer{{
			"roads", "Routes, les plus grandes seules aux petites échelles", RoadsMinZoom, RoadsMaxZoom, "line", map[string]string{
				"class": "String: motorway, trunk, primary, secondary, tertiary, unclassified, residential, living_street, service, track",
				"name":  "String: nom", "number": "String: numéro (D 606)", "link": "Boolean: bretelle", "tunnel": "Boolean: souterrain",
			},
		}}},
	}
}

// TileJSON describes a layer to clients (TileJSON 3.0.0). Bounds are west, south, east, north in degrees.
type TileJSON struct {
	TileJSON     string        `json:"tilejson"`
	Name         string        `json:"name"`
	Tiles        []string      `json:"tiles"`
	MinZoom      int           `json:"minzoom"`
	MaxZoom      int           `json:"maxzoom"`
	Bounds       [4]float64    `json:"bounds"`
	Attribution  string        `json:"attribution"`
	Scheme       string        `json:"scheme"`
	VectorLayers []VectorLayer `json:"vector_layers"`
}

// Describe returns the layer's TileJSON. base is the address of the server without a final slash; query is appended to
// the tile address as it is, with its question mark, or "".
func (l Layer) Describe(base, query string, bounds orb.Bound, attribution string) TileJSON {
	return TileJSON{
		TileJSON: "3.0.0", Name: l.Title, Scheme: "xyz",
		Tiles:   []string{base + "/tiles/" + l.ID + "/{z}/{x}/{y}.mvt" + query},
		MinZoom: l.MinZoom, MaxZoom: l.MaxZoom,
		Bounds:      [4]float64{bounds.Min.Lon(), bounds.Min.Lat(), bounds.Max.Lon(), bounds.Max.Lat()},
		Attribution: attribution, VectorLayers: l.Vector,
	}
}
