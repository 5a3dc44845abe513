package forecasting

import (
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"vigie/api"
	"vigie/api/door"
	"vigie/api/identity"
	"vigie/geoengine/jobs"
)

// tag is the tag of the operations, and the scope that a machine's key must hold; to have runs made it must hold
// Processes too.
const tag = "Forecasts"

// base is where the operations are.
const base = "/api/forecasts"

const (
	smallBody = 32 << 10
	patience  = 30 * time.Second // of operations: a run may be made within it
)

// Rates of one caller.
func often() door.Limit    { return door.Limit{PerSecond: 400, Burst: 2000} } // tiles
func normally() door.Limit { return door.Limit{PerSecond: 20, Burst: 100} }
func heavily() door.Limit  { return door.Limit{PerSecond: 1, Burst: 60} }

// read declares an operation that shows forecasts.
func read(id, path, summary string) door.Operation {
	return door.Operation{
		ID: "forecast-" + id, Method: http.MethodGet, Path: base + path, Tag: tag, Roles: readers(), Summary: summary,
		Audit: door.AuditRead, Act: door.ActConsultation, Limit: normally(), Timeout: patience,
	}
}

// operations are those of the module's forecasts; the first desk of the server adds those that all share.
func (d *desk) operations(queue *jobs.Queue) []api.Operation {
	d.queue = queue
	list := []api.Operation{}
	for _, f := range d.forecasters {
		list = append(list, d.ofForecaster(f)...)
	}
	if d.first() {
		list = append(list, d.shared()...)
	}
	return list
}

// ofForecaster are the operations under the name of a forecast. The name stands in the path as it is, so that
// /api/forecasts/runs/{id} is no run of a forecast called runs.
func (d *desk) ofForecaster(f *Forecaster) []api.Operation {
	make := read(f.Name+"-make", "/"+f.Name+"/runs", "Make a run of: "+f.Title.EN)
	make.Method, make.Roles, make.Act, make.Limit, make.MaxBody = http.MethodPost, makers(), door.ActCollection, heavily(), smallBody
	make.Description = "Answers 201 with the run, or 202 with the job that makes it (which has the run's id) after 20 s, at once with Prefer: respond-async."
	return []api.Operation{
		{Operation: make, Handler: handle(d.make(f))},
		{Operation: read(f.Name+"-runs", "/"+f.Name+"/runs", "The runs of: "+f.Title.EN+", the latest first, page by page"), Handler: handle(d.runs(f))},
	}
}

// shared are the operations on all forecasts.
func (d *desk) shared() []api.Operation {
	decide := read("decide", "/runs/{id}/decisions", "Say what was done with a run")
	decide.Method, decide.Roles, decide.Act, decide.Audit, decide.MaxBody = http.MethodPost, []identity.Role{identity.Commander}, door.ActCollection, door.AuditSensitive, smallBody
	decide.Description = "For persons: clients are refused."
	values := read("values", "/runs/{id}/values", "The values of a run, page by page")
	values.Description = "JSON, CSV or GeoJSON by Accept or f. Ranks hang on all areas of the run: they are for who may see those."
	values.Params = valueParams()
	tile := door.Operation{
		ID: "forecast-tile", Method: http.MethodGet, Path: "/tiles/forecasts/{run}/{z}/{x}/{file}", Tag: tag, Roles: readers(), Quiet: true,
		Summary: "A run on the map", Description: "file is {y}.mvt; the layer is forecast. step and at choose the values' period: the longest and first if not given.",
		Audit: door.AuditAggregate, Limit: often(), Timeout: patience, Params: tileParams(),
	}
	return []api.Operation{
		{Operation: read("list", "", "The forecasts that there are, with their last runs"), Handler: handle(d.list)},
		{Operation: read("alerts", "/alerts", "Forecasts whose calibration has left its band"), Handler: handle(d.alerts)},
		{Operation: read("run", "/runs/{id}", "A run: what it was asked, its card, how it did"), Handler: handle(d.get)},
		{Operation: values, Handler: door.Raw(d.values, "application/json", "text/csv", "application/geo+json")},
		{Operation: read("decisions", "/runs/{id}/decisions", "What was done with a run"), Handler: handle(d.decisions)},
		{Operation: decide, Handler: handle(d.decide)},
		{Operation: tile, Handler: door.Raw(d.tile, "application/vnd.mapbox-vector-tile")},
	}
}

func param(name, in, doc string, schema *huma.Schema) *huma.Param {
	return &huma.Param{Name: name, In: in, Required: in == "path", Description: doc, Schema: schema}
}

func text() *huma.Schema { return &huma.Schema{Type: huma.TypeString} }

func number() *huma.Schema { return &huma.Schema{Type: huma.TypeInteger} }

func valueParams() []*huma.Param {
	return []*huma.Param{
		param("id", "path", "Of the run.", text()), param("area", "query", "An area with its descendants.", text()),
		param("kind", "query", "Of operation or control; empty is all together.", text()), param("place", "query", "Id of a place: a cell in hexadecimal, source/ref of a unit, path of an area.", text()),
		param("step", "query", "ISO 8601 duration of the values' periods.", text()), param("from", "query", "RFC 3339: periods that end after it.", text()),
		param("to", "query", "RFC 3339: periods that begin before it.", text()), param("rank", "query", "Ranks up to this one, the first rank first.", number()),
		param("limit", "query", "1 to 10000; 1000 if not given.", number()), param("cursor", "query", "next of the page before.", text()),
		param("f", "query", "json, csv or geojson, in place of the header Accept.", &huma.Schema{Type: huma.TypeString, Enum: []any{"json", "csv", "geojson"}}),
	}
}

func tileParams() []*huma.Param {
	path := []*huma.Param{
		param("run", "path", "Id of the run.", text()), param("z", "path", "Zoom.", number()), param("x", "path", "Column from the west.", number()),
		param("file", "path", "Row from the north, with .mvt.", text()),
	}
	return slices.Concat(path, []*huma.Param{
		param("kind", "query", "Of operation or control; empty is all together.", text()), param("step", "query", "ISO 8601 duration of the values' periods.", text()),
		param("at", "query", "RFC 3339: a time within the values' period.", text()),
	})
}
