// Package styles serves OGC API – Styles (OGC 20-009, draft): MapLibre styles of the base map and of the hexagons, by
// day and by night, which a client loads as they are.
package styles

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"

	"vigie/api/door"
	"vigie/api/filter"
	"vigie/api/ogc"
	"vigie/geoengine"
	draw "vigie/tiles"
)

// MediaStyle is the media type of a MapLibre style.
const MediaStyle = "application/vnd.mapbox.style+json"

const (
	mediaJSON = "application/json"
	stylesRel = "http://www.opengis.net/def/rel/ogc/1.0/styles"
)

// Config is what the part needs. Every field must be set.
type Config struct {
	API         ogc.Config
	Scales      *draw.Scales
	Filters     *filter.Parser
	Attribution string
}

type service struct{ config Config }

// Part returns OGC API – Styles.
func Part(config Config) ogc.Part {
	s := &service{config}
	const classes = "http://www.opengis.net/spec/ogcapi-styles-1/0.0/conf/"
	link := ogc.Link{Href: "/styles", Rel: stylesRel, Type: mediaJSON, Title: stylesTitle().FR}
	part := ogc.Part{
		Conformance: []string{classes + "core", classes + "json", classes + "html", classes + "mapbox-styles"},
		Landing:     []ogc.Link{link},
		Collection: func(collection string) []ogc.Link {
			if collection == "hexagons" || collection == "areas" {
				return []ogc.Link{link}
			}
			return nil
		},
	}
	id := &huma.Param{Name: "styleId", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}}
	operation := func(id, path, summary string, formats []ogc.Format, build func(*ogc.Request) (ogc.Page, error), params ...*huma.Param) ogc.Operation {
		return ogc.Operation{Operation: door.Operation{
			ID: id, Method: http.MethodGet, Path: ogc.Base + "/styles" + path, Tag: "Tiles", Roles: config.API.Roles, Standard: true,
			Quiet: true, Summary: summary, Audit: door.AuditAggregate, Limit: config.API.Limit,
			Params: append(params, ogc.FormatParam(formats)),
		}, Handler: ogc.Handler(config.API, formats, build)}
	}
	mapLibre := []ogc.Format{{Name: "mapbox", Media: MediaStyle}, ogc.JSON()}
	part.Operations = []ogc.Operation{
		operation("ogc-styles", "", "The styles", ogc.Documents(), list),
		operation("ogc-styles-style", "/{styleId}", "A MapLibre style; a filter given to it holds for its hexagons", mapLibre, s.style,
			append(filter.Params(), id)...),
		operation("ogc-styles-metadata", "/{styleId}/metadata", "What a style shows", ogc.Documents(), s.metadata, id),
	}
	return part
}

func stylesTitle() ogc.Text { return ogc.Text{FR: "Styles de carte", EN: "Map styles"} }

// find returns the style that the path names.
func find(r *ogc.Request) (style, error) {
	id := r.PathValue("styleId")
	for _, of := range all() {
		if of.id == id {
			return of, nil
		}
	}
	return style{}, fmt.Errorf("style %.40q: %w", id, geoengine.ErrMissing)
}

// links lead to the style's document and description.
func links(r *ogc.Request, of style) []ogc.Link {
	self, title := r.URL("/styles/"+of.id), of.title.In(r.Lang)
	return []ogc.Link{
		{Href: self, Rel: "stylesheet", Type: MediaStyle, Title: title},
		{Href: self + "/metadata", Rel: "describedby", Type: mediaJSON, Title: title},
	}
}

func list(r *ogc.Request) (ogc.Page, error) {
	body := []any{}
	table := ogc.Table{Caption: stylesTitle(), Head: []ogc.Text{ogc.Plain("id"), {FR: "Titre", EN: "Title"}, {FR: "Contenu", EN: "Content"}}}
	for _, of := range all() {
		body = append(body, map[string]any{"id": of.id, "title": of.title.In(r.Lang), "links": links(r, of)})
		table.Rows = append(table.Rows, []ogc.Cell{
			{Text: of.id, Href: "/styles/" + of.id + "/metadata", Code: true}, {Text: of.title.In(r.Lang)}, {Text: of.about.In(r.Lang)},
		})
	}
	return ogc.Page{
		Title: stylesTitle(), Intro: ogc.Text{FR: "À charger tels quels dans MapLibre.", EN: "To be loaded by MapLibre as they are."},
		Tables: []ogc.Table{table}, Body: map[string]any{"styles": body, "default": all()[0].id, "links": r.Self()},
	}, nil
}

func (s *service) style(r *ogc.Request) (ogc.Page, error) {
	of, err := find(r)
	if err != nil {
		return ogc.Page{}, err
	}
	if _, err := s.config.Filters.Parse(r.Pass.Values()); err != nil {
		return ogc.Page{}, err
	}
	filters, query := url.Values{}, ""
	for name, values := range r.Pass.Values() {
		if name != "f" {
			filters[name] = values
		}
	}
	if len(filters) > 0 {
		query = "?" + filters.Encode()
	}
	document, err := s.document(r, of, query)
	return ogc.Page{Body: document}, err
}

func (s *service) metadata(r *ogc.Request) (ogc.Page, error) {
	of, err := find(r)
	if err != nil {
		return ogc.Page{}, err
	}
	layers := []any{layer(r, "areas")}
	if of.hexagons {
		layers = append(layers, layer(r, "hexagons"))
	}
	sheet := links(r, of)[0]
	return ogc.Page{
		Title: of.title, Intro: of.about, Links: []ogc.Link{sheet}, Trail: []ogc.Link{{Href: "/styles", Title: stylesTitle().In(r.Lang)}},
		Body: map[string]any{
			"id": of.id, "title": of.title.In(r.Lang), "description": of.about.In(r.Lang), "scope": "style", "version": "1.0.0",
			"pointOfContact": s.config.Attribution, "accessConstraints": "restricted", "layers": layers,
			"stylesheets": []any{map[string]any{
				"title": "MapLibre", "version": "8", "specification": "https://maplibre.org/maplibre-style-spec/", "native": true, "link": sheet,
			}},
			"links": append(r.Self(), sheet),
		},
	}, nil
}

// layer describes a layer of a style, with where its data are.
func layer(r *ogc.Request, collection string) map[string]any {
	return map[string]any{"id": collection, "type": "polygon", "sampleData": ogc.Link{
		Href: r.URL("/collections/" + collection + "/tiles"), Rel: "data", Type: mediaJSON,
	}}
}
