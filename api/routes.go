package api

import (
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"vigie/api/door"
	"vigie/api/filter"
	"vigie/api/identity"
)

// often is how often one caller may ask for tiles and files.
func often() door.Limit { return door.Limit{PerSecond: 400, Burst: 2000} }

// normally is how often one caller may ask for answers.
func normally() door.Limit { return door.Limit{PerSecond: 50, Burst: 200} }

// rarely is how often one caller may log in or open streams; guessing is slowed down by identity.Throttle.
func rarely() door.Limit { return door.Limit{PerSecond: 5, Burst: 30} }

// readers are the roles that see the territory's facts.
func readers() []identity.Role {
	return []identity.Role{identity.Commander, identity.Analyst, identity.Operator, identity.Authority, identity.Admin}
}

// routes adds every operation of the server.
func (s *Server) routes() {
	s.publicRoutes()
	s.sessionRoutes()
	s.oidcRoutes()
	s.sessionsRoutes()
	s.tokenRoutes()
	s.countRoutes()
	s.placeRoutes()
	s.tileRoutes()
	s.journalRoutes()
	s.ogcRoutes()
	s.extend()
	s.door.Add(door.Operation{
		ID: "stream", Method: http.MethodGet, Path: "/api/stream", Tag: "Facts", Roles: door.Everyone(),
		Summary:     "Changes as server-sent events",
		Description: "Events: version {version}; import {run, source, records, state, report}; load {task, done, total}.",
		Audit:       door.AuditAggregate, Limit: rarely(), Stream: true, Quiet: true,
	}, door.Raw(s.stream, "text/event-stream"))
	s.door.Add(door.Operation{
		ID: "openapi", Method: http.MethodGet, Path: "/openapi.json", Tag: "Server", Roles: door.Everyone(),
		Summary: "This API as an OpenAPI 3.1 document", Audit: door.AuditNone, Limit: normally(),
	}, door.Raw(s.openAPI, "application/openapi+json"))
	s.door.Add(door.Operation{
		ID: "metrics", Method: http.MethodGet, Path: "/metrics", Tag: "Metrics", Roles: []identity.Role{identity.Admin}, Quiet: true,
		Summary: "Measures for Prometheus", Description: "They count every event, of protected categories too.",
		Audit: door.AuditAggregate, Limit: normally(),
	}, door.Raw(s.serveMetrics(), "text/plain"))
}

// publicRoutes are all that answers without a log-in.
func (s *Server) publicRoutes() {
	s.door.Add(door.Operation{
		ID: "healthz", Method: http.MethodGet, Path: "/healthz", Tag: "Server", Public: true, Quiet: true,
		Summary: "The process is alive", Audit: door.AuditNone, Limit: often(),
	}, door.Raw(s.healthz, "text/plain"))
	s.door.Add(door.Operation{
		ID: "readyz", Method: http.MethodGet, Path: "/readyz", Tag: "Server", Public: true, Quiet: true,
		Summary: "The server can answer: 200, or 503 with what is missing", Audit: door.AuditNone, Limit: often(),
	}, door.Raw(s.readyz, "application/json"))
	s.door.Add(door.Operation{
		ID: "log-in", Method: http.MethodPost, Path: "/api/session", Tag: "Session", Public: true,
		Summary: "Log in with name and password; sets the session cookie", Audit: door.AuditSecurity, Act: door.ActAccess, Limit: rarely(),
		MaxBody: 4 << 10,
	}, door.JSON(s.logIn))
	s.door.Add(door.Operation{
		ID: "log-in-ways", Method: http.MethodGet, Path: "/api/login", Tag: "Session", Public: true, Quiet: true,
		Summary: "How people may log in", Audit: door.AuditNone, Limit: normally(),
	}, door.JSON(s.logInWays))
	s.door.Add(door.Operation{
		ID: "front-end", Method: http.MethodGet, Path: "/{path...}", Public: true, Quiet: true, Hidden: true, AnyQuery: true,
		Summary: "The map's files, which hold no data", Audit: door.AuditNone, Limit: often(),
	}, door.Raw(s.static))
}

func (s *Server) sessionRoutes() {
	s.door.Add(door.Operation{
		ID: "session", Method: http.MethodGet, Path: "/api/session", Tag: "Session", Roles: door.Everyone(),
		Summary: "Who is logged in", Audit: door.AuditNone, Limit: normally(), Quiet: true,
	}, door.JSON(s.session))
	s.door.Add(door.Operation{
		ID: "log-out", Method: http.MethodDelete, Path: "/api/session", Tag: "Session", Roles: door.Everyone(),
		Summary: "Log out", Audit: door.AuditSecurity, Act: door.ActAccess, Limit: normally(),
	}, door.JSON(s.logOut))
}

func (s *Server) countRoutes() {
	count := func(id, path, summary string, params []*huma.Param) door.Operation {
		return door.Operation{
			ID: id, Method: http.MethodGet, Path: path, Tag: "Facts", Roles: readers(), Summary: summary,
			Audit: door.AuditAggregate, Limit: normally(), Params: params,
		}
	}
	s.door.Add(count("meta", "/api/meta", "What there is to see: period, bounds, categories, sources, freshness", nil),
		door.JSON(s.meta))
	s.door.Add(count("summary", "/api/summary", "Totals, histogram, hours of the week and facets of a filter", filter.Params()),
		door.JSON(s.summary))
	s.door.Add(count("cells", "/api/cells", "The cells with most events: the table twin of the map", filter.Params()),
		door.JSON(s.cells))
	s.door.Add(count("cell", "/api/cells/{h3}", "The profile of one cell", filter.Params()), door.JSON(s.cell))
	s.door.Add(count("area-counts", "/api/area-counts", "The areas of a level with most events", filter.Params()),
		door.JSON(s.areaCounts))
	events := count("events", "/api/events", "Single events, newest first, page by page", filter.Params())
	events.Audit, events.Act = door.AuditRead, door.ActConsultation
	s.door.Add(events, door.JSON(s.events))
}

func (s *Server) placeRoutes() {
	s.door.Add(door.Operation{
		ID: "areas", Method: http.MethodGet, Path: "/api/areas", Tag: "Places", Roles: readers(), Quiet: true,
		Summary: "Search areas by name or code, or list the children of one", Audit: door.AuditAggregate, Limit: normally(),
	}, door.JSON(s.areas))
	s.door.Add(door.Operation{
		ID: "area", Method: http.MethodGet, Path: "/api/areas/{path}", Tag: "Places", Roles: readers(),
		Summary: "One area", Audit: door.AuditAggregate, Limit: normally(),
	}, door.JSON(s.area))
}

func (s *Server) tileRoutes() {
	bins := []*huma.Param{
		{Name: "bins", In: "query", Description: "Time bins of the compact form, 1 to 400.", Schema: &huma.Schema{Type: huma.TypeInteger}},
		{Name: "bin_from", In: "query", Description: "Where the first bin begins: RFC 3339 or a day.", Schema: &huma.Schema{Type: huma.TypeString}},
		{Name: "bin_to", In: "query", Description: "Where the last bin ends.", Schema: &huma.Schema{Type: huma.TypeString}},
	}
	tile := func(layer, summary, description string, params ...*huma.Param) door.Operation {
		return door.Operation{
			ID: layer + "-tile", Method: http.MethodGet, Path: "/tiles/" + layer + "/{z}/{x}/{file}", Tag: "Tiles",
			Summary: summary, Description: description, Roles: readers(), Audit: door.AuditAggregate, Limit: often(),
			Quiet: true, Timeout: 20 * time.Second, Params: slices.Concat(tilePath(), params),
		}
	}
	const mvt, compact = "application/vnd.mapbox-vector-tile", "application/vnd.vigie.hexagons"
	s.door.Add(tile("hexagons", "Counts by hexagon", "file is {y}.mvt, or {y}.bin for the compact form VHX1 with time bins.",
		slices.Concat(filter.Params(), bins)...), door.Raw(s.hexagonTile, mvt, compact))
	events := tile("events", "Single events, from zoom 13", "file is {y}.mvt.", filter.Params()...)
	events.Audit, events.Act = door.AuditRead, door.ActConsultation
	s.door.Add(events, door.Raw(s.eventTile, mvt))
	s.door.Add(tile("areas", "The areas, our own base map", "file is {y}.mvt."), door.Raw(s.areaTile, mvt))
	s.door.Add(tile("units", "The units of the services", "file is {y}.mvt."), door.Raw(s.unitTile, mvt))
	s.door.Add(tile("roads", "The road network, from zoom 5", "file is {y}.mvt."), door.Raw(s.roadTile, mvt))
	s.door.Add(door.Operation{
		ID: "tilejson", Method: http.MethodGet, Path: "/tiles/{file}", Tag: "Tiles", Roles: readers(), Quiet: true,
		Summary: "TileJSON 3 of a layer", Description: "file is {layer}.json.", Audit: door.AuditAggregate, Limit: normally(),
		Params: append(filter.Params(),
			&huma.Param{Name: "file", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}}),
	}, door.Raw(s.tileJSON, "application/json"))
	s.door.Add(door.Operation{
		ID: "style", Method: http.MethodGet, Path: "/api/style.json", Tag: "Tiles", Roles: readers(), Quiet: true,
		Summary: "MapLibre style of our own base map", Audit: door.AuditAggregate, Limit: normally(),
		Params: []*huma.Param{{Name: "theme", In: "query", Description: "day or night.", Schema: &huma.Schema{Type: huma.TypeString}}},
	}, door.Raw(s.style, "application/json"))
}

// tilePath describes the path of a tile.
func tilePath() []*huma.Param {
	number := func(name, doc string) *huma.Param {
		return &huma.Param{Name: name, In: "path", Required: true, Description: doc, Schema: &huma.Schema{Type: huma.TypeInteger}}
	}
	return []*huma.Param{
		number("z", "Zoom, 0 to 22."), number("x", "Column from the west."),
		{Name: "file", In: "path", Required: true, Description: "Row from the north, with the form's suffix.", Schema: &huma.Schema{Type: huma.TypeString}},
	}
}
