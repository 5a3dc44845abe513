// Package wmts serves the map as pictures by WMTS 1.0.0 (OGC 07-057r7), in key-value and in path form, for clients too
// old for vector tiles. A picture is drawn from the vector tile that the caller may see. Single events have a facade of
// their own, because the journal keeps who looks at them.
package wmts

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/paulmach/orb"

	"vigie/api/door"
	"vigie/api/filter"
	"vigie/api/ogc"
	ogctiles "vigie/api/ogc/tiles"
	"vigie/geoengine"
	"vigie/geoengine/cube"
	draw "vigie/tiles"
)

const (
	version          = "1.0.0"
	capabilitiesFile = "WMTSCapabilities.xml"
	mediaPNG         = "image/png"
	mediaXML         = "application/xml"
	tileTimeout      = 20 * time.Second
)

// Config is what the part needs. Every field must be set.
type Config struct {
	API     ogc.Config
	Draw    ogctiles.Draw
	Cube    *cube.Cube
	Scales  *draw.Scales
	Filters *filter.Parser
	Cache   *draw.Cache // of pictures
	Often   door.Limit  // of tiles
}

type service struct{ config Config }

// facade is one WMTS: an address with its layers.
type facade struct {
	id     string // begins the identifiers of its operations
	title  string // French, for people
	path   string // below ogc.Base
	layers []string
	single bool // shows single events
}

func facades() []facade {
	return []facade{
		{"wmts", "Vigie", "/wmts", []string{"hexagons", "areas"}, false},
		{"wmts-events", "Vigie, événements", "/wmts/events", []string{"events"}, true},
	}
}

// Part returns the facades.
func Part(config Config) ogc.Part {
	s := &service{config}
	part := ogc.Part{Landing: []ogc.Link{{
		Href: "/wmts?SERVICE=WMTS&REQUEST=GetCapabilities", Rel: "service", Type: mediaXML, Title: "WMTS 1.0.0",
	}}}
	for _, of := range facades() {
		part.Operations = append(part.Operations, s.operations(of)...)
	}
	return part
}

func (s *service) operations(of facade) []ogc.Operation {
	operation := func(id, path, summary string, params []*huma.Param) door.Operation {
		return door.Operation{
			ID: of.id + id, Method: http.MethodGet, Path: ogc.Base + of.path + path, Tag: "Tiles", Roles: s.config.API.Roles, Standard: true, Quiet: true,
			Summary: summary, Audit: door.AuditAggregate, Limit: s.config.API.Limit, Timeout: tileTimeout,
			Params: append(filter.Params(), params...),
		}
	}
	param := func(name, in string) *huma.Param {
		return &huma.Param{Name: name, In: in, Required: in == "path", Schema: &huma.Schema{Type: huma.TypeString}}
	}
	tile := func(op door.Operation) door.Operation {
		op.Limit = s.config.Often
		if of.single {
			op.Audit, op.Act = door.AuditRead, door.ActConsultation
		}
		return op
	}
	var keys, path []*huma.Param
	for _, name := range parameters() {
		keys = append(keys, param(name, "query"))
	}
	for _, name := range []string{"style", "tileMatrixSet", "tileMatrix", "tileRow", "file"} {
		path = append(path, param(name, "path"))
	}
	kvp := tile(operation("", "", "WMTS 1.0.0 in key-value form: GetCapabilities and GetTile", keys))
	kvp.FoldQuery = true
	list := []ogc.Operation{
		{Operation: kvp, Handler: door.Raw(s.kvp(of), mediaXML, mediaPNG)},
		{
			Operation: operation("-capabilities", "/"+version+"/"+capabilitiesFile, "The capabilities of WMTS 1.0.0", nil),
			Handler:   door.Raw(s.capabilities(of), mediaXML),
		},
	}
	for _, layer := range of.layers {
		list = append(list, ogc.Operation{
			Operation: tile(operation("-"+layer+"-tile", "/"+version+"/"+layer+"/{style}/{tileMatrixSet}/{tileMatrix}/{tileRow}/{file}",
				"A picture of "+layer, path)),
			Handler: door.Raw(s.tile(layer), mediaPNG),
		})
	}
	return list
}

// answering turns exceptions into the answers that WMTS clients read.
func answering(run func(http.ResponseWriter, *http.Request, door.Pass) error) func(http.ResponseWriter, *http.Request, door.Pass) error {
	return func(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
		err := run(w, r, pass)
		var wrong *exception
		if !errors.As(err, &wrong) {
			return err
		}
		w.Header().Set("Content-Type", mediaXML)
		w.WriteHeader(http.StatusBadRequest)
		_, err = w.Write(wrong.report())
		return err
	}
}

func (s *service) kvp(of facade) func(http.ResponseWriter, *http.Request, door.Pass) error {
	return answering(func(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
		values := pass.Values()
		if service := values.Get("service"); !strings.EqualFold(service, "WMTS") {
			return &exception{invalidValue, "service", fmt.Sprintf("service %.20q: must be WMTS", service)}
		}
		switch request := values.Get("request"); request {
		case "":
			return &exception{missingValue, "request", "the parameter request is missing"}
		case "GetCapabilities":
			return s.describe(w, r, pass, of)
		case "GetTile":
			asked, err := ParseKVP(values, of.layers)
			if err != nil {
				return err
			}
			return s.answer(w, r, pass, asked)
		default:
			return &exception{unsupported, "request", fmt.Sprintf("request %.40q: must be GetCapabilities or GetTile", request)}
		}
	})
}

func (s *service) capabilities(of facade) func(http.ResponseWriter, *http.Request, door.Pass) error {
	return answering(func(w http.ResponseWriter, r *http.Request, pass door.Pass) error { return s.describe(w, r, pass, of) })
}

func (s *service) tile(layer string) func(http.ResponseWriter, *http.Request, door.Pass) error {
	return answering(func(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
		asked, err := parsePath(r, layer)
		if err != nil {
			return err
		}
		return s.answer(w, r, pass, asked)
	})
}

// filtered reads the filter parameters, which WMTS leaves to vendors.
func (s *service) filtered(pass door.Pass) (geoengine.Query, error) {
	q, err := s.config.Filters.Parse(pass.Values())
	if err != nil {
		return q, &exception{invalidValue, "filter", err.Error()}
	}
	return q, nil
}

func (s *service) describe(w http.ResponseWriter, r *http.Request, pass door.Pass, of facade) error {
	if _, err := s.filtered(pass); err != nil {
		return err
	}
	bounds := orb.Bound{Min: orb.Point{-180, -85.0511}, Max: orb.Point{180, 85.0511}}
	extent, err := s.config.Cube.Extent(pass.Query(geoengine.Query{}))
	if err != nil {
		return err
	}
	if extent.Positioned > 0 {
		bounds = extent.Box
	}
	filters := pass.Values()
	for _, name := range parameters() {
		filters.Del(name)
	}
	root, err := s.config.API.Root(r)
	if err != nil {
		return err
	}
	body, err := describe(of, root, filters, bounds)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", mediaXML)
	_, err = w.Write(body)
	return err
}

// answer draws a picture, or takes it from the cache.
func (s *service) answer(w http.ResponseWriter, r *http.Request, pass door.Pass, asked Request) error {
	q, err := s.filtered(pass)
	if err != nil {
		return err
	}
	body, err := s.config.Draw(r.Context(), pass, asked.Layer, asked.Tile, q)
	if err != nil {
		return err
	}
	var scale draw.Scale
	if asked.Layer == "hexagons" {
		if scale, err = s.config.Scales.Of(pass.Query(geoengine.Query{}), draw.ResolutionForZoom(asked.Tile.Z)); err != nil {
			return err
		}
	}
	limited := pass.Query(q)
	key := fmt.Sprintf("picture %s %t %s %s %v %s", asked.Layer, asked.Night, asked.Tile, body.ETag, scale, limited.Key())
	picture, err := s.config.Cache.Get(r.Context(), key, func(context.Context) (*draw.Body, error) {
		plain, err := draw.NewPainter(asked.Night, scale).PNG(body.Plain)
		if err != nil {
			return nil, err
		}
		return draw.NewBody(plain, body.Truncated), nil
	})
	if err != nil {
		return err
	}
	r.Header.Del("Accept-Encoding") // a picture does not get smaller
	return picture.Serve(w, r, mediaPNG)
}
