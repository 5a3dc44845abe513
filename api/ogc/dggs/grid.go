package dggs

import (
	"fmt"
	"strconv"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"vigie/api/ogc"
	"vigie/geoengine"
	"vigie/geoengine/hex"
)

// GridID names the grid in addresses.
const GridID = "H3"

const (
	maxLevel     = geoengine.CellResolution
	maxDepth     = 5
	defaultDepth = 2
)

// crs84 is the coordinate reference system in which cells are drawn.
const crs84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"

func gridTitle() ogc.Text {
	return ogc.Text{FR: "H3, grille hexagonale hiérarchique", EN: "H3, hierarchical hexagonal grid"}
}

func gridAbout() ogc.Text {
	return ogc.Text{
		FR: "Hexagones (et douze pentagones) de 16 résolutions, dont 0 à 11 sont servies. Les sept enfants d'une cellule " +
			"ne couvrent pas exactement leur parent : les listes ne sont jamais compactées.",
		EN: "Hexagons (and twelve pentagons) of 16 resolutions, of which 0 to 11 are served. The seven children of a cell do not " +
			"cover their parent exactly: lists are never compacted.",
	}
}

// note is said in every list and in all data: what one must know to add numbers up.
const note = "H3 zones belong to their parent by index. Their hexagons do not tile it: about 7 % of the positions of a zone lie " +
	"outside its parent's hexagon. Lists are therefore not compacted, and sums agree by index, not by geometry."

// zoneTemplate is a templated link, as the standard writes them.
type zoneTemplate struct {
	Rel      string `json:"rel"`
	Type     string `json:"type"`
	Title    string `json:"title"`
	Template string `json:"uriTemplate"`
}

// list is the page of the grids, of which there is one.
func (h host) list(r *ogc.Request) (ogc.Page, error) {
	self := ogc.Link{Href: r.URL(h.grid()), Rel: "self", Type: mediaJSON, Title: GridID}
	definition := ogc.Link{Href: r.URL("/dggs/" + GridID + "/definition"), Rel: relDefinition, Type: mediaJSON, Title: "H3"}
	return ogc.Page{
		Title: ogc.Text{FR: "Grilles DGGS", EN: "Discrete global grids"}, Trail: h.trail(), Intro: gridAbout(),
		Links: []ogc.Link{{Href: h.grid(), Title: gridTitle().In(r.Lang)}},
		Body: map[string]any{
			"links": r.Self(),
			"dggs":  []any{map[string]any{"id": GridID, "title": gridTitle().In(r.Lang), "links": []ogc.Link{self, definition}}},
		},
	}, nil
}

// about is the page of the grid.
func (h host) about(r *ogc.Request) (ogc.Page, error) {
	templates := []zoneTemplate{{relZone, mediaJSON, "Zone", r.URL(h.grid()) + "/zones/{zoneId}"}}
	if h != "" {
		templates = append(templates,
			zoneTemplate{relData, mediaJSON, "DGGS-JSON", r.URL(h.grid()) + "/zones/{zoneId}/data?f=json"},
			zoneTemplate{relData, mediaGeoJSON, "GeoJSON", r.URL(h.grid()) + "/zones/{zoneId}/data?f=geojson"})
	}
	links := []ogc.Link{
		{Href: r.URL("/dggs/" + GridID + "/definition"), Rel: relDefinition, Type: mediaJSON, Title: "Définition"},
		{Href: r.URL(h.grid() + "/zones"), Rel: relZones, Type: mediaJSON, Title: "Zones"},
	}
	return ogc.Page{
		Title: gridTitle(), Intro: gridAbout(), Links: links, Trail: append(h.trail(), ogc.Link{Href: h.path(), Title: "DGGS"}),
		Body: map[string]any{
			"id": GridID, "title": gridTitle().In(r.Lang), "description": gridAbout().In(r.Lang), "crs": crs84,
			"defaultDepth": defaultDepth, "maxRefinementLevel": maxLevel, "maxRelativeDepth": maxDepth,
			"links": append(r.Self(), links...), "linkTemplates": templates,
		},
	}, nil
}

// definitionURI names the grid in data: H3 is not registered with the OGC, so that this server's definition names it.
func definitionURI(r *ogc.Request) string { return r.URL("/dggs/" + GridID + "/definition") }

// definitionPage is the definition of H3 in the form of annex B of the standard. The figures are those of
// https://h3geo.org/docs/core-library/overview.
func definitionPage(r *ogc.Request) (ogc.Page, error) {
	return ogc.Page{
		Title: gridTitle(), Intro: gridAbout(), Trail: []ogc.Link{{Href: "/dggs", Title: "DGGS"}, {Href: "/dggs/" + GridID, Title: GridID}},
		Body: map[string]any{
			"title": GridID, "description": gridAbout().EN, "uri": definitionURI(r),
			"links": append(r.Self(), ogc.Link{Href: "https://h3geo.org/docs/core-library/overview", Rel: "related", Title: "H3"}),
			"dggh": map[string]any{
				"definition": map[string]any{
					"spatialDimensions": 2, "temporalDimensions": 0, "crs": crs84, "basePolyhedron": "icosahedron",
					"refinementRatio": 7, "refinementStrategy": []string{"centredChildCell"},
					"constraints": map[string]bool{
						"cellAxisAligned": false, "cellConformal": false, "cellEquiAngular": false, "cellEquiDistant": false, "cellEqualSized": false,
					},
					"zoneTypes": []string{"hexagon", "pentagon"},
				},
				"parameters": map[string]any{
					"ellipsoid": "[EPSG:7048]", // the authalic sphere; H3 takes geodetic latitudes as spherical ones
					"orientation": map[string]any{
						"description": "The icosahedron of R. Buckminster Fuller's Dymaxion map, whose twelve vertices lie in the sea: " +
							"the first face is centred on the latitude and longitude given here, and each face is projected by the gnomonic projection. Cells are turned by asin(sqrt(3/28)) from one resolution to the next.",
						"latitude": 46.04189431883772, "longitude": 71.52790329909925,
					},
				},
			},
			"zirs": map[string]any{
				"textZIRS":   map[string]string{"description": "The 64-bit index in 15 lower-case hexadecimal digits.", "type": "h3Hex"},
				"uint64ZIRS": map[string]string{"description": "The H3 index, mode 1: from the highest bit 0, mode (4 bits), 0 (3), resolution (4), base cell (7), then 15 digits of 3 bits, 0 to 6, 7 where not used.", "type": "h3"},
			},
			"subZoneOrder": map[string]string{
				"description": "Ascending by index: digit by digit, the centre child first, then i, j … as H3 numbers its directions; " +
					"a pentagon has no child 1. A zone has 7^n sub-zones at depth n, a pentagon fewer.",
				"type": "h3Index",
			},
		},
	}, nil
}

// parseZone reads the identifier of a zone that is served.
func parseZone(name, text string) (uint64, error) {
	cell, err := hex.Parse(text)
	if err != nil || len(text) != 15 {
		return 0, fmt.Errorf("%s %.20q: must be an H3 cell in 15 hexadecimal digits: %w", name, text, geoengine.ErrInvalid)
	}
	if level := hex.Resolution(cell); level > maxLevel {
		return 0, fmt.Errorf("%s %s: is of level %d; 0 to %d are served: %w", name, text, level, maxLevel, geoengine.ErrInvalid)
	}
	return cell, nil
}

// zone is the page of one zone.
func (h host) zone(r *ogc.Request) (ogc.Page, error) {
	cell, err := parseZone("zone", r.PathValue("zoneId"))
	if err != nil {
		return ogc.Page{}, err
	}
	id, level := hex.String(cell), hex.Resolution(cell)
	at := func(path string) string { return r.URL(h.grid() + "/zones" + path) }
	links := append(r.Self(), ogc.Link{Href: r.URL(h.grid()), Rel: relGrid, Type: mediaJSON, Title: GridID})
	if h != "" {
		links = append(links,
			ogc.Link{Href: at("/" + id + "/data?f=json"), Rel: relData, Type: mediaJSON, Title: "DGGS-JSON"},
			ogc.Link{Href: at("/" + id + "/data?f=geojson"), Rel: relData, Type: mediaGeoJSON, Title: "GeoJSON"})
	}
	body := map[string]any{
		"id": id, "level": level, "uint64": strconv.FormatUint(cell, 10), "areaMetersSquare": hex.AreaM2(cell), "crs": crs84,
		"centroid": hex.Center(cell), "shapeType": shapeName(cell), "note": note,
	}
	outline := geojson.NewGeometry(outlineOf(cell))
	body["geometry"] = outline
	if level > 0 {
		parent := hex.String(hex.Parent(cell, level-1))
		links = append(links, ogc.Link{Href: at("/" + parent), Rel: "[ogc-rel:dggrs-zone-parent]", Type: mediaJSON, Title: parent})
	}
	if level < maxLevel {
		for _, child := range subZones(cell, 1) {
			links = append(links, ogc.Link{Href: at("/" + hex.String(child)), Rel: "[ogc-rel:dggrs-zone-child]", Type: mediaJSON, Title: hex.String(child)})
		}
	}
	body["links"] = links
	page := ogc.Page{Body: body, Title: ogc.Plain("H3 " + id), Trail: append(h.trail(), ogc.Link{Href: h.grid(), Title: GridID})}
	page.Intro = ogc.Text{
		FR: fmt.Sprintf("Cellule de niveau %d, %.0f m².", level, hex.AreaM2(cell)), EN: fmt.Sprintf("Cell of level %d, %.0f m².", level, hex.AreaM2(cell)),
	}
	for _, link := range links[len(r.Self()):] {
		page.Links = append(page.Links, ogc.Link{Href: link.Href, Title: link.Title})
	}
	return page, nil
}

func shapeName(cell uint64) string {
	if len(subZones(cell, 1)) < 7 {
		return "pentagon"
	}
	return "hexagon"
}

// outlineOf returns the polygon of a zone: longitude, latitude in degrees, counter-clockwise, closed. Over the
// antimeridian it goes on beyond ±180, so that it stays one polygon.
func outlineOf(cell uint64) orb.Polygon {
	center := hex.Center(cell)
	ring := orb.Ring(hex.Boundary(nil, cell))
	for i := range ring {
		switch d := ring[i].Lon() - center.Lon(); {
		case d > 180:
			ring[i][0] -= 360
		case d < -180:
			ring[i][0] += 360
		}
	}
	return orb.Polygon{append(ring, ring[0])}
}

// subZones returns the descendants of a zone, depth levels finer, ascending by index. The depth must not lead beyond
// the finest level.
func subZones(cell uint64, depth int) []uint64 {
	level := hex.Resolution(cell) + depth
	first, _ := hex.Range(cell, level)
	size := 1
	for range depth {
		size *= 7
	}
	list := make([]uint64, 0, size)
	for i := range size {
		index, digits := first, i
		for digit := range depth {
			index += uint64(digits%7) << (3 * (hex.MaxResolution - level + digit))
			digits /= 7
		}
		if hex.Valid(index) {
			list = append(list, index)
		}
	}
	return list
}
