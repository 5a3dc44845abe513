package tiles

import (
	"net/url"
	"slices"

	"github.com/paulmach/orb"

	"vigie/api/door"
	"vigie/api/ogc"
	"vigie/geoengine"
	draw "vigie/tiles"
)

const (
	mediaJSON    = "application/json"
	mediaMVT     = "application/vnd.mapbox-vector-tile"
	tileSetsRel  = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"
	matrixSetRel = "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes"
)

// set is one tile set: the tiles of a collection, or of the whole.
type set struct {
	id       string // of the collection; "" is the whole
	title    ogc.Text
	about    ogc.Text
	layers   []string // of package tiles, whose vector tiles follow each other in a tile
	filtered bool     // by the filter parameters
	single   bool     // shows single events, which the journal keeps
}

// sets lists what is served.
func sets() []set {
	return []set{
		{
			title: ogc.Plain("Vigie"), layers: []string{"hexagons", "areas", "units"}, filtered: true,
			about: ogc.Text{FR: "Comptages par hexagone, territoires et unités.", EN: "Counts by hexagon, areas and units."},
		},
		{
			id: "hexagons", title: ogc.Text{FR: "Événements par hexagone", EN: "Events by hexagon"}, layers: []string{"hexagons"}, filtered: true,
			about: ogc.Text{FR: "Nombre d'événements par cellule H3.", EN: "Number of events by H3 cell."},
		},
		{
			id: "events", title: ogc.Text{FR: "Événements", EN: "Events"}, layers: []string{"events"}, filtered: true, single: true,
			about: ogc.Text{FR: "Les événements un par un, à partir du zoom 13.", EN: "Single events, from zoom 13."},
		},
		{
			id: "areas", title: ogc.Text{FR: "Territoires", EN: "Areas"}, layers: []string{"areas"},
			about: ogc.Text{FR: "Contours des territoires et un point pour leur nom.", EN: "Outlines of areas, and a point for their names."},
		},
		{
			id: "units", title: ogc.Text{FR: "Unités et équipements", EN: "Units and equipment"}, layers: []string{"units"},
			about: ogc.Text{FR: "Brigades, commissariats, casernes, radars, panneaux.", EN: "Brigades, police and fire stations, speed cameras, signs."},
		},
	}
}

// path is the path of the set's list of tile sets, below ogc.Base.
func (s set) path() string {
	if s.id == "" {
		return "/tiles"
	}
	return "/collections/" + s.id + "/tiles"
}

// trail is the way to the pages of the set.
func (s set) trail() []ogc.Link {
	tiles := ogc.Link{Href: s.path(), Title: "Tuiles"}
	if s.id == "" {
		return []ogc.Link{tiles}
	}
	return ogc.CollectionTrail(ogc.Link{Href: "/collections/" + s.id, Title: s.title.FR}, tiles)
}

// described returns the descriptions of the layers named.
func described(names []string) (list []draw.Layer) {
	for _, layer := range draw.Layers() {
		if slices.Contains(names, layer.ID) {
			list = append(list, layer)
		}
	}
	return list
}

// zooms are the first and the last zoom of the set.
func (s set) zooms() (first, last int) {
	first, last = draw.MaxZoom, 0
	for _, layer := range described(s.layers) {
		first, last = min(first, layer.MinZoom), max(last, layer.MaxZoom)
	}
	return first, last
}

// item is a tile set in a list.
type item struct {
	Title        string     `json:"title"`
	DataType     string     `json:"dataType"`
	CRS          string     `json:"crs"`
	MatrixSetURI string     `json:"tileMatrixSetURI"`
	Links        []ogc.Link `json:"links"`
}

// metadata describes a tile set (OGC 17-083r4, TileSet metadata).
type metadata struct {
	Title           string      `json:"title"`
	Description     string      `json:"description"`
	DataType        string      `json:"dataType"`
	CRS             string      `json:"crs"`
	MatrixSetURI    string      `json:"tileMatrixSetURI"`
	MatrixSetLimits []limits    `json:"tileMatrixSetLimits"`
	BoundingBox     boundingBox `json:"boundingBox"`
	Layers          []layerInfo `json:"layers"`
	Attribution     string      `json:"attribution"`
	Links           []ogc.Link  `json:"links"`
}

type boundingBox struct {
	LowerLeft  [2]float64 `json:"lowerLeft"`
	UpperRight [2]float64 `json:"upperRight"`
	CRS        string     `json:"crs"`
}

type layerInfo struct {
	ID          string      `json:"id"`
	Title       string      `json:"title"`
	DataType    string      `json:"dataType"`
	Dimension   int         `json:"geometryDimension"` // 0 points, 1 lines, 2 polygons
	MinMatrix   string      `json:"minTileMatrix"`
	MaxMatrix   string      `json:"maxTileMatrix"`
	BoundingBox boundingBox `json:"boundingBox"`
	Schema      schema      `json:"propertiesSchema"`
}

type schema struct {
	Type       string              `json:"type"`
	Properties map[string]property `json:"properties"`
}

type property struct {
	Type  string `json:"type"`
	Title string `json:"title"`
}

const crs84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"

func boxOf(b orb.Bound) boundingBox {
	return boundingBox{LowerLeft: b.Min, UpperRight: b.Max, CRS: crs84}
}

// bounds is the box of the events that the caller sees, or the world where there are none; places lie beyond it, so
// that only a set of events is bounded by it.
func (s *service) bounds(of set, pass door.Pass) (orb.Bound, error) {
	world := orb.Bound{Min: orb.Point{-180, -85.0511}, Max: orb.Point{180, 85.0511}}
	if !of.filtered || of.id == "" {
		return world, nil
	}
	extent, err := s.config.Cube.Extent(pass.Query(geoengine.Query{}))
	if err != nil || extent.Positioned == 0 {
		return world, err
	}
	return extent.Box, nil
}

// list is the page of the tile sets of a collection, of which there is one.
func (s *service) list(of set) func(*ogc.Request) (ogc.Page, error) {
	return func(r *ogc.Request) (ogc.Page, error) {
		if _, err := s.question(of, r.Pass); err != nil {
			return ogc.Page{}, err
		}
		title, self := of.title.In(r.Lang), r.URL(of.path()+"/"+MatrixSet)+carried(r.Pass)
		table := ogc.Table{Caption: of.title, Head: []ogc.Text{{FR: "Grille", EN: "Tile matrix set"}, {FR: "Contenu", EN: "Content"}}}
		table.Rows = [][]ogc.Cell{{{Text: MatrixSet, Href: self, Code: true}, {Text: of.about.In(r.Lang)}}}
		return ogc.Page{
			Title: tilesOf(of), Intro: of.about, Trail: trailAbove(of), Tables: []ogc.Table{table},
			Body: map[string]any{
				"links": r.Self(),
				"tilesets": []item{{
					Title: title, DataType: "vector", CRS: CRS, MatrixSetURI: MatrixSetURI, Links: []ogc.Link{
						{Href: self, Rel: "self", Type: mediaJSON, Title: title}, schemeLink(r, tilingSchemeRel),
					},
				}},
			},
		}, nil
	}
}

func tilesOf(of set) ogc.Text {
	return ogc.Text{FR: "Tuiles : " + of.title.FR, EN: "Tiles: " + of.title.In("en")}
}

// trailAbove is the way to the list of tile sets itself.
func trailAbove(of set) []ogc.Link {
	trail := of.trail()
	return trail[:len(trail)-1]
}

func schemeLink(r *ogc.Request, rel string) ogc.Link {
	return ogc.Link{Href: r.URL("/tileMatrixSets/" + MatrixSet), Rel: rel, Type: mediaJSON, Title: matrixSetTitle}
}

// description reads a request for the description of a tile set: what is asked of its tiles, the query that the links to
// them carry on, and the box that holds them.
func (s *service) description(of set, r *ogc.Request) (asked question, query string, bounds orb.Bound, err error) {
	if err := checkSet(r.Request); err != nil {
		return asked, "", bounds, err
	}
	if asked, err = s.question(of, r.Pass); err != nil {
		return asked, "", bounds, err
	}
	bounds, err = s.bounds(of, r.Pass)
	return asked, carried(r.Pass), bounds, err
}

// carried is the query of what a description links to: a filter given to a tile set holds for its tiles.
func carried(pass door.Pass) string {
	values := url.Values{}
	for name, given := range pass.Values() {
		if name != "f" {
			values[name] = given
		}
	}
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}

// describe is the page of a tile set.
func (s *service) describe(of set) func(*ogc.Request) (ogc.Page, error) {
	return func(r *ogc.Request) (ogc.Page, error) {
		asked, query, bounds, err := s.description(of, r)
		if err != nil {
			return ogc.Page{}, err
		}
		self, title := r.URL(of.path()+"/"+MatrixSet), of.title.In(r.Lang)
		first, last := of.zooms()
		about := metadata{
			Title: title, Description: of.about.In(r.Lang), DataType: "vector", CRS: CRS, MatrixSetURI: MatrixSetURI,
			MatrixSetLimits: limitsOf(first, last), BoundingBox: boxOf(bounds), Attribution: s.config.Attribution,
			Links: append(r.Self(),
				schemeLink(r, tilingSchemeRel),
				ogc.Link{Href: self + "/{tileMatrix}/{tileRow}/{tileCol}" + query, Rel: "item", Type: mediaMVT, Title: title, Templated: true},
				ogc.Link{Href: self + "/tilejson" + query, Rel: "describedby", Type: mediaJSON, Title: "TileJSON 3"}),
		}
		page := ogc.Page{Title: tilesOf(of), Intro: of.about, Trail: of.trail(), Links: about.Links[len(about.Links)-3:]}
		table := ogc.Table{Caption: ogc.Text{FR: "Couches", EN: "Layers"}, Head: []ogc.Text{ogc.Plain("id"), {FR: "Contenu", EN: "Content"}, ogc.Plain("Zooms")}}
		for _, layer := range described(asked.layers) {
			for _, vector := range layer.Vector {
				info := describeLayer(vector, about.BoundingBox)
				about.Layers = append(about.Layers, info)
				table.Rows = append(table.Rows, []ogc.Cell{{Text: info.ID, Code: true}, {Text: info.Title}, {Text: info.MinMatrix + "–" + info.MaxMatrix}})
			}
		}
		page.Body, page.Tables = about, []ogc.Table{table}
		return page, nil
	}
}
