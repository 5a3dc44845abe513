// Package tiles serves OGC API – Tiles, part 1 (OGC 20-057): the vector tiles of each collection and of the whole, in
// the tile matrix set WebMercatorQuad. The tiles are those of the map; only addresses and descriptions are made here.
package tiles

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"vigie/api/door"
	"vigie/api/filter"
	"vigie/api/ogc"
	"vigie/geoengine"
	"vigie/geoengine/cube"
	draw "vigie/tiles"
)

// Draw returns a vector tile of one layer of package tiles as the caller may see it. q is what was asked, without
// rights.
type Draw func(ctx context.Context, pass door.Pass, layer string, t draw.Tile, q geoengine.Query) (*draw.Body, error)

// Config is what the part needs. Every field must be set.
type Config struct {
	API         ogc.Config
	Draw        Draw
	Cube        *cube.Cube
	Filters     *filter.Parser
	Cache       *draw.Cache // of tiles made of several layers
	Attribution string
	Often       door.Limit // of tiles
}

type service struct{ config Config }

// Conformance are the classes that the part conforms to.
func Conformance() []string {
	const tiles, matrixSets = "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/", "http://www.opengis.net/spec/tms/2.0/conf/"
	return []string{
		tiles + "core", tiles + "tileset", tiles + "tilesets-list", tiles + "dataset-tilesets", tiles + "geodata-tilesets",
		tiles + "collections-selection", tiles + "datetime", tiles + "mvt", tiles + "oas30",
		matrixSets + "tilematrixset", matrixSets + "json-tilematrixset",
	}
}

// Part returns OGC API – Tiles.
func Part(config Config) ogc.Part {
	s := &service{config}
	part := ogc.Part{
		Conformance: Conformance(),
		Landing: []ogc.Link{
			{Href: "/tiles", Rel: tileSetsRel, Type: mediaJSON, Title: "Tuiles vectorielles"},
			{Href: "/tileMatrixSets", Rel: matrixSetRel, Type: mediaJSON, Title: "Grilles de tuiles"},
		},
		Collections: []ogc.Collection{s.hexagons()},
		Collection: func(collection string) []ogc.Link {
			for _, of := range sets() {
				if of.id == collection && collection != "" {
					return []ogc.Link{{Href: of.path(), Rel: tileSetsRel, Type: mediaJSON, Title: tilesOf(of).FR}}
				}
			}
			return nil
		},
	}
	part.Operations = s.matrixSetOperations()
	for _, of := range sets() {
		part.Operations = append(part.Operations, s.operations(of)...)
	}
	return part
}

// question is what is asked of a tile set.
type question struct {
	query  geoengine.Query // without rights
	layers []string
}

// question reads the parameters that every resource of a tile set takes.
func (s *service) question(of set, pass door.Pass) (question, error) {
	values := pass.Values()
	asked := question{layers: of.layers}
	if of.filtered {
		var err error
		if asked.query, err = s.config.Filters.Parse(values); err != nil {
			return asked, err
		}
	}
	period, err := Period(values.Get("datetime"))
	if err != nil {
		return asked, err
	}
	asked.query = period.Narrow(asked.query)
	if text := values.Get("collections"); text != "" {
		asked.layers = nil
		for name := range strings.SplitSeq(text, ",") {
			if !slices.Contains(of.layers, name) {
				return asked, fmt.Errorf("collections: %.40q: must be among %s: %w", name, strings.Join(of.layers, ", "), geoengine.ErrInvalid)
			}
			if !slices.Contains(asked.layers, name) {
				asked.layers = append(asked.layers, name)
			}
		}
	}
	return asked, nil
}

// checkSet refuses a tile matrix set that there is not.
func checkSet(r *http.Request) error {
	if id := r.PathValue("tileMatrixSetId"); id != MatrixSet {
		return fmt.Errorf("tile matrix set %.40q: %w", id, geoengine.ErrMissing)
	}
	return nil
}

// tileOf reads the address of a tile: ErrInvalid if it is not one, ErrMissing for one outside the limits.
func tileOf(r *http.Request, first, last int) (t draw.Tile, err error) {
	if err := checkSet(r); err != nil {
		return t, err
	}
	for _, part := range []struct {
		name string
		into *int
	}{{"tileMatrix", &t.Z}, {"tileRow", &t.Y}, {"tileCol", &t.X}} {
		if *part.into, err = Number(part.name, r.PathValue(part.name)); err != nil {
			return t, err
		}
	}
	if t.Z < first || t.Z > last || t.Y >= 1<<t.Z || t.X >= 1<<t.Z {
		return t, fmt.Errorf("tile %s is outside the tile set, which has zooms %d to %d: %w", t, first, last, geoengine.ErrMissing)
	}
	return t, nil
}

// tile answers one tile: 204 where there is nothing.
func (s *service) tile(of set) func(http.ResponseWriter, *http.Request, door.Pass) error {
	first, last := of.zooms()
	return func(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
		t, err := tileOf(r, first, last)
		if err != nil {
			return err
		}
		if f := pass.Values().Get("f"); f != "" && f != "mvt" {
			return fmt.Errorf("f %.20q: must be mvt: %w", f, geoengine.ErrInvalid)
		}
		asked, err := s.question(of, pass)
		if err != nil {
			return err
		}
		body, err := s.draw(r.Context(), pass, t, asked)
		if err != nil {
			return err
		}
		if len(body.Plain) == 0 {
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
		return body.Serve(w, r, mediaMVT)
	}
}

// draw puts the layers of a tile one after the other, which is how vector tiles are joined.
func (s *service) draw(ctx context.Context, pass door.Pass, t draw.Tile, asked question) (*draw.Body, error) {
	var bodies []*draw.Body
	key := fmt.Sprintf("joined %s", t)
	for _, layer := range described(asked.layers) {
		if t.Z < layer.MinZoom {
			continue
		}
		body, err := s.config.Draw(ctx, pass, layer.ID, t, asked.query)
		if err != nil {
			return nil, err
		}
		bodies = append(bodies, body)
		key += " " + layer.ID + body.ETag
	}
	if len(bodies) == 1 {
		return bodies[0], nil
	}
	limited := pass.Query(asked.query)
	return s.config.Cache.Get(ctx, key+" "+limited.Key(), func(context.Context) (*draw.Body, error) {
		var plain []byte
		truncated := false
		for _, body := range bodies {
			plain, truncated = append(plain, body.Plain...), truncated || body.Truncated
		}
		return draw.NewBody(plain, truncated), nil
	})
}

// tileJSON describes a tile set to clients that know TileJSON 3 only.
func (s *service) tileJSON(of set) func(*ogc.Request) (ogc.Page, error) {
	return func(r *ogc.Request) (ogc.Page, error) {
		asked, query, bounds, err := s.description(of, r)
		if err != nil {
			return ogc.Page{}, err
		}
		first, last := of.zooms()
		about := draw.TileJSON{
			TileJSON: "3.0.0", Name: of.title.In(r.Lang), Scheme: "xyz", MinZoom: first, MaxZoom: last, Attribution: s.config.Attribution,
			Tiles:  []string{r.URL(of.path()) + "/" + MatrixSet + "/{z}/{y}/{x}" + query},
			Bounds: [4]float64{bounds.Min.Lon(), bounds.Min.Lat(), bounds.Max.Lon(), bounds.Max.Lat()},
		}
		for _, layer := range described(asked.layers) {
			about.VectorLayers = append(about.VectorLayers, layer.Vector...)
		}
		return ogc.Page{Body: about}, nil
	}
}

// hexagons is the collection that only tiles and the grid serve.
func (s *service) hexagons() ogc.Collection {
	of := sets()[1]
	return ogc.Collection{
		ID: of.id, Title: of.title, Description: of.about, ItemType: "zone", // old clients take what says nothing for features
		Extent: func(_ context.Context, pass door.Pass) (ogc.Extent, error) {
			found, err := s.config.Cube.Extent(pass.Query(geoengine.Query{}))
			if err != nil {
				return ogc.Extent{}, err
			}
			extent := ogc.Extent{Period: found.Events > 0}
			if found.Positioned > 0 {
				extent.Box = &found.Box
			}
			if extent.Period {
				extent.From, extent.To = found.From.UTC().Format(time.RFC3339), found.To.UTC().Format(time.RFC3339)
			}
			return extent, nil
		},
	}
}

func describeLayer(vector draw.VectorLayer, box boundingBox) layerInfo {
	info := layerInfo{
		ID: vector.ID, Title: vector.Description, DataType: "vector", BoundingBox: box,
		Dimension: map[string]int{"point": 0, "line": 1, "polygon": 2}[vector.Geometry],
		MinMatrix: fmt.Sprint(vector.MinZoom), MaxMatrix: fmt.Sprint(vector.MaxZoom),
		Schema: schema{Type: "object", Properties: map[string]property{}},
	}
	for _, name := range slices.Sorted(maps.Keys(vector.Fields)) {
		kind, title, _ := strings.Cut(vector.Fields[name], ": ")
		info.Schema.Properties[name] = property{Type: strings.ToLower(kind), Title: title}
	}
	return info
}

// tileTimeout is as for the tiles of the map.
const tileTimeout = 20 * time.Second
