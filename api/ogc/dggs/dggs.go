// Package dggs serves OGC API – DGGS, part 1 (OGC 21-038r1): where there are events on the H3 grid, and how many, for
// programs that join data by cell. Read grid.go for what H3 is in the words of the standard, zones.go for the lists of
// zones, data.go for the numbers.
package dggs

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"vigie/api/door"
	"vigie/api/filter"
	"vigie/api/ogc"
	"vigie/geoengine"
	"vigie/geoengine/disclosure"
	draw "vigie/tiles"
)

// Counts counts by cell of a resolution, 0 to 11, what the policy allows: sorted by cell, cells without anything left
// out. q holds the caller's rights. The note tells of protected counts.
type Counts func(ctx context.Context, policy disclosure.Policy, q geoengine.Query, resolution int) ([]disclosure.Cell, disclosure.Note, error)

// Config is what the part needs. Every field must be set.
type Config struct {
	API     ogc.Config
	Counts  Counts
	Version func() string // of the data, protected counts included
	Filters *filter.Parser
	Cache   *draw.Cache
}

type service struct{ config Config }

const (
	mediaJSON    = "application/json"
	mediaGeoJSON = "application/geo+json"
	mediaBinary  = "application/x-binary"
	timeout      = 20 * time.Second
)

// Relations of links, as CURIEs as the standard writes them.
const (
	relList       = "[ogc-rel:dggrs-list]"
	relGrid       = "[ogc-rel:dggrs]"
	relDefinition = "[ogc-rel:dggrs-definition]"
	relZones      = "[ogc-rel:dggrs-zone-query]"
	relZone       = "[ogc-rel:dggrs-zone-info]"
	relData       = "[ogc-rel:dggrs-zone-data]"
)

// Conformance are the classes that the part conforms to.
func Conformance() []string {
	const classes = "https://www.opengis.net/spec/ogcapi-dggs-1/1.0/conf/"
	return []string{
		classes + "core", classes + "root-dggs", classes + "collection-dggs", classes + "zone-query", classes + "data-retrieval",
		classes + "data-custom-depths", classes + "data-json", classes + "data-geojson", classes + "zone-geojson", classes + "zone-uint64",
	}
}

// host is what a grid hangs on: the whole, or a collection. All have the same numbers: those of the events.
type host string

// hosts lists them; "" is the whole.
func hosts() []host { return []host{"", "hexagons", "events"} }

// path is the path of the host's grids, below ogc.Base.
func (h host) path() string {
	if h == "" {
		return "/dggs"
	}
	return "/collections/" + string(h) + "/dggs"
}

func (h host) grid() string { return h.path() + "/" + GridID }

// trail is the way to the host's grids.
func (h host) trail() []ogc.Link {
	if h == "" {
		return nil
	}
	return ogc.CollectionTrail(ogc.Link{Href: "/collections/" + string(h), Title: string(h)})
}

// Part returns OGC API – DGGS.
func Part(config Config) ogc.Part {
	s := &service{config}
	link := func(h host) ogc.Link {
		return ogc.Link{Href: h.path(), Rel: relList, Type: mediaJSON, Title: "Grilles DGGS : H3"}
	}
	part := ogc.Part{
		Conformance: Conformance(),
		Landing:     []ogc.Link{link("")},
		Collection: func(collection string) []ogc.Link {
			if collection == "hexagons" || collection == "events" {
				return []ogc.Link{link(host(collection))}
			}
			return nil
		},
	}
	for _, h := range hosts() {
		part.Operations = append(part.Operations, s.operations(h)...)
	}
	return part
}

func listForms() []ogc.Format {
	return []ogc.Format{ogc.JSON(), {Name: "geojson", Media: mediaGeoJSON}, {Name: "uint64", Media: mediaBinary}}
}

func dataForms() []ogc.Format {
	return []ogc.Format{ogc.JSON(), {Name: "geojson", Media: mediaGeoJSON}}
}

// operations are those of one host.
func (s *service) operations(h host) []ogc.Operation {
	name := "ogc-dggs"
	if h != "" {
		name = "ogc-" + string(h) + "-dggs"
	}
	operation := func(id, path, summary string, formats []ogc.Format, params ...*huma.Param) door.Operation {
		return door.Operation{
			ID: name + id, Method: http.MethodGet, Path: ogc.Base + path, Tag: "DGGS", Roles: s.config.API.Roles, Standard: true, Quiet: true,
			Summary: summary, Audit: door.AuditAggregate, Limit: s.config.API.Limit, Timeout: timeout,
			Params: append(params, ogc.FormatParam(formats)),
		}
	}
	page := func(op door.Operation, build func(*ogc.Request) (ogc.Page, error)) ogc.Operation {
		return ogc.Operation{Operation: op, Handler: ogc.Handler(s.config.API, ogc.Documents(), build)}
	}
	zone := &huma.Param{
		Name: "zoneId", In: "path", Required: true, Description: "H3 cell, 15 hexadecimal digits.", Schema: &huma.Schema{Type: huma.TypeString},
	}
	list := []ogc.Operation{
		page(operation("", h.path(), "The discrete global grids", ogc.Documents()), h.list),
		page(operation("-h3", h.grid(), "The grid H3", ogc.Documents()), h.about),
		page(operation("-zone", h.grid()+"/zones/{zoneId}", "One cell: its geometry and neighbours in the hierarchy", ogc.Documents(), zone), h.zone),
		{
			Operation: operation("-zones", h.grid()+"/zones", "The cells where there are events", listForms(), listParams()...),
			Handler:   door.Raw(s.zones(h), mediaJSON, mediaGeoJSON, mediaBinary),
		},
	}
	if h == "" {
		return append(list, page(operation("-definition", h.grid()+"/definition", "The definition of H3 as a DGGRS", ogc.Documents()), definitionPage))
	}
	return append(list, ogc.Operation{
		Operation: operation("-data", h.grid()+"/zones/{zoneId}/data", "Counts and weights of a cell and those below it", dataForms(),
			append(dataParams(), zone)...),
		Handler: door.Raw(s.data(h), mediaJSON, mediaGeoJSON),
	})
}

// filterParams are the filter parameters without the box, which the standard defines anew.
func filterParams() (list []*huma.Param) {
	for _, param := range filter.Params() {
		if param.Name != "bbox" {
			list = append(list, param)
		}
	}
	return list
}

func textParam(name, about string) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: about, Schema: &huma.Schema{Type: huma.TypeString}}
}

func geometryParam() *huma.Param {
	return &huma.Param{Name: "geometry", In: "query", Description: "Geometry of GeoJSON features.", Schema: &huma.Schema{
		Type: huma.TypeString, Enum: []any{geometryRegion, geometryCentroid, geometryNone},
	}}
}

func listParams() []*huma.Param {
	return append(filterParams(),
		textParam("zone-level", "H3 resolution, 0 to 11; 5 if absent, or two finer than parent-zone."),
		textParam("parent-zone", "Only descendants of this cell, or itself."),
		textParam("compact-zones", "true or false: the list is the same, as cells never cover their parent."),
		textParam("limit", "Zones of an answer, at most 50000; 1000 if absent."),
		textParam("after", "Only zones with ids above this one: the next page."),
		textParam("bbox", "Box of four or six numbers, longitude and latitude in degrees; west may be beyond east."),
		textParam("bbox-crs", "Only CRS84."),
		&huma.Param{
			Name: "subset", In: "query", Description: `Lon(2:3), Lat(48:49), time("2024-01-01":"2024-02-01").`,
			Schema: &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString}},
		},
		textParam("subset-crs", "Only CRS84."),
		textParam("datetime", "Instant or interval, RFC 3339."),
		geometryParam())
}

func dataParams() []*huma.Param {
	return append(filterParams(),
		textParam("zone-depth", "Levels below the cell: 2, 0-2 or 0,2; at most 5, and no finer than level 11; 2 if absent."),
		textParam("datetime", "Instant or interval, RFC 3339."),
		geometryParam())
}
