// Package features serves OGC API – Features, parts 1 (core), 2 (reference systems) and 3 (filters), over the collections
// of package feature: events, areas and units, each under the caller's rights. Read part.go, query.go, then items.go.
package features

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"vigie/api/door"
	"vigie/api/ogc"
	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/feature"
)

// Tag is the scope that a machine's key must hold.
const Tag = "Features"

// Config is what the part needs beside what every part shares.
type Config struct {
	ogc.Config
	Store *geoengine.Store
	Cube  *cube.Cube
}

// Timeouts of one statement, and of a whole answer.
const (
	statementTimeout = 10 * time.Second
	answerTimeout    = 25 * time.Second
)

// part serves the collections.
type part struct {
	config Config
	reader *feature.Reader
	keys   *keyCache
}

// Part returns the part.
func Part(config Config) ogc.Part {
	p := &part{config: config, reader: feature.NewReader(config.Store, statementTimeout), keys: newKeyCache(config.Clock)}
	whole := ogc.Part{
		Conformance: classes(), Landing: []ogc.Link{licenceLink()}, Collection: links, Describe: p.describe,
	}
	for _, c := range feature.Collections() {
		whole.Collections = append(whole.Collections, ogc.Collection{
			ID: c.ID, Title: ogc.Text{FR: c.FR, EN: c.EN}, Description: description(c.ID), ItemType: "feature", CRS: systems(),
			Extent: func(ctx context.Context, pass door.Pass) (ogc.Extent, error) { return p.extent(ctx, pass, c.ID) },
		})
		whole.Operations = append(whole.Operations, p.operations(c)...)
	}
	whole.Operations = append(whole.Operations, ogc.Operation{
		Operation: p.operation("ogc-licences", "/licences", "Sources, publishers and licences of the data", ogc.FormatParam(ogc.Documents())),
		Handler:   ogc.Handler(config.Config, ogc.Documents(), p.licences),
	})
	return whole
}

// operation declares a reading of what is no secret.
func (p *part) operation(id, path, summary string, params ...*huma.Param) door.Operation {
	return door.Operation{
		ID: id, Method: http.MethodGet, Path: ogc.Base + path, Tag: Tag, Roles: p.config.Roles, Summary: summary,
		Audit: door.AuditAggregate, Limit: p.config.Limit, Standard: true, Quiet: true, Timeout: answerTimeout, Params: params,
	}
}

func (p *part) operations(c feature.Collection) []ogc.Operation {
	at := "/collections/" + c.ID
	items := p.operation("ogc-items-"+c.ID, at+"/items", "The features of the collection "+c.ID+", page by page", itemParams(c)...)
	items.Description = "Keyset paging: follow the link next. numberMatched is told where it is cheap."
	one := p.operation("ogc-item-"+c.ID, at+"/items/{id}", "One feature of the collection "+c.ID, itemParam(), ogc.FormatParam(documents()), crsParam("crs", "Reference system of the answer."))
	if c.ID == feature.Events { // areas and units are reference data
		items.Audit, items.Act, items.Quiet = door.AuditRead, door.ActConsultation, false
		one.Audit, one.Act, one.Quiet = door.AuditRead, door.ActConsultation, false
	}
	schema := func(id, path, summary string, queryable bool) ogc.Operation {
		return ogc.Operation{
			Operation: p.operation(id, at+path, summary, ogc.FormatParam(schemaFormats())),
			Handler: ogc.Handler(p.config.Config, schemaFormats(), func(r *ogc.Request) (ogc.Page, error) {
				return p.schema(r, c, queryable)
			}),
		}
	}
	return []ogc.Operation{
		{Operation: items, Handler: p.handler(itemFormats(), func(r *ogc.Request, w http.ResponseWriter) error { return p.items(r, w, c) })},
		{Operation: one, Handler: p.handler(documents(), func(r *ogc.Request, w http.ResponseWriter) error { return p.item(r, w, c) })},
		schema("ogc-queryables-"+c.ID, "/queryables", "The properties by which features of "+c.ID+" can be filtered", true),
		schema("ogc-schema-"+c.ID, "/schema", "The properties of the features of "+c.ID, false),
	}
}

// handler negotiates, and lets serve write.
func (p *part) handler(formats []ogc.Format, serve func(*ogc.Request, http.ResponseWriter) error) door.Handler {
	var media []string
	for _, f := range formats {
		media = append(media, f.Media)
	}
	return door.Raw(func(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
		request, err := p.config.Open(r, pass, formats)
		if err != nil {
			return err
		}
		request.Head(w)
		return serve(request, w)
	}, media...)
}

// The forms of features.
var (
	geoJSON    = ogc.Format{Name: "geojson", Media: "application/geo+json"}
	csvFile    = ogc.Format{Name: "csv", Media: "text/csv"}
	geoParquet = ogc.Format{Name: "parquet", Media: "application/vnd.apache.parquet"}
)

func documents() []ogc.Format { return []ogc.Format{geoJSON, ogc.JSON(), ogc.HTML()} }

func itemFormats() []ogc.Format { return append(documents(), csvFile, geoParquet) }

func schemaFormats() []ogc.Format {
	return []ogc.Format{{Name: "json", Media: "application/schema+json"}, ogc.JSON(), ogc.HTML()}
}

// classes are the conformance classes that hold.
func classes() []string {
	const (
		one   = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/"
		two   = "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/"
		three = "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/"
		cql   = "http://www.opengis.net/spec/cql2/1.0/conf/"
	)
	return []string{
		one + "core", one + "geojson", one + "html", one + "oas30", two + "crs",
		three + "queryables", three + "queryables-query-parameters", three + "filter", three + "features-filter",
		cql + "basic-cql2", cql + "cql2-text", cql + "cql2-json", cql + "advanced-comparison-operators",
		cql + "case-insensitive-comparison", cql + "basic-spatial-functions", cql + "temporal-functions",
	}
}

// links are what the part adds to a collection.
func links(collection string) []ogc.Link {
	c, ok := feature.Find(collection)
	if !ok {
		return nil
	}
	at := "/collections/" + c.ID
	all := []ogc.Link{}
	for _, f := range itemFormats() {
		link := ogc.Link{Href: at + "/items?f=" + f.Name, Rel: "items", Type: f.Media, Title: c.FR + " (" + f.Name + ")"}
		if f == geoJSON { // the standard form: clients append to this address
			link.Href = at + "/items"
		}
		if f != ogc.JSON() {
			all = append(all, link)
		}
	}
	const rel = "http://www.opengis.net/def/rel/ogc/1.0/"
	return append(all,
		ogc.Link{Href: at + "/queryables", Rel: rel + "queryables", Type: "application/schema+json", Title: "Queryables"},
		ogc.Link{Href: at + "/schema", Rel: rel + "schema", Type: "application/schema+json", Title: "Schema"},
		licenceLink())
}

func licenceLink() ogc.Link {
	return ogc.Link{Href: "/licences", Rel: "license", Type: "text/html", Title: "Sources, licences"}
}

func systems() []string {
	var uris []string
	for _, c := range feature.Systems() {
		uris = append(uris, c.URI)
	}
	return uris
}

func description(collection string) ogc.Text {
	switch collection {
	case feature.Events:
		return ogc.Text{
			FR: "Ce qui s’est passé, où et quand : accidents, vols, appels… Seulement les catégories dont vous pouvez lire le détail.",
			EN: "What happened, where and when: accidents, thefts, calls… Only the categories whose details you may read.",
		}
	case feature.Areas:
		return ogc.Text{FR: "Pays, régions, départements et communes de votre territoire.", EN: "Countries, regions, départements and communes of your territory."}
	default:
		return ogc.Text{FR: "Brigades, postes, casernes, radars et panneaux.", EN: "Brigades, stations, speed cameras and signs."}
	}
}

const areasBoxSQL = `
	select st_xmin(b), st_ymin(b), st_xmax(b), st_ymax(b)
	from (select st_extent(coalesce(geom, outline)) b from area where $1::text[] is null or path = any($1)) found
	where b is not null`

const unitsBoxSQL = `
	select min(st_x(geom)), min(st_y(geom)), max(st_x(geom)), max(st_y(geom)) from unit
	having count(geom) > 0`

// extent is where and when the features lie that the caller may see.
func (p *part) extent(ctx context.Context, pass door.Pass, collection string) (ogc.Extent, error) {
	if collection == feature.Events {
		found, err := p.config.Cube.Extent(pass.Query(geoengine.Query{}))
		if err != nil {
			return ogc.Extent{}, err
		}
		extent := ogc.Extent{Period: found.Events > 0}
		if extent.Period {
			extent.From, extent.To = found.From.UTC().Format(time.RFC3339), found.To.UTC().Format(time.RFC3339)
		}
		if found.Positioned > 0 {
			extent.Box = &found.Box
		}
		return extent, nil
	}
	var box orb.Bound
	var found bool
	err := p.config.Store.Read(ctx, pass.Rights(), func(tx pgx.Tx) error {
		sql, args := unitsBoxSQL, []any(nil)
		if collection == feature.Areas {
			sql, args = areasBoxSQL, []any{pass.Scope()}
		}
		rows, err := tx.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		_, err = pgx.ForEachRow(rows, []any{&box.Min[0], &box.Min[1], &box.Max[0], &box.Max[1]}, func() error {
			found = true
			return nil
		})
		return err
	})
	if err != nil || !found {
		return ogc.Extent{}, err
	}
	return ogc.Extent{Box: &box}, nil
}

// sourcesSQL lists the sources of what the caller may see: of events as the cube tells, of units and areas.
const sourcesSQL = `
	select s.title, s.publisher, s.licence, s.url from source s
	where s.name = any($1::text[])
	   or exists (select from unit u where u.source = s.id)
	   or exists (select from area a where a.source = s.id and ($2::text[] is null or a.path = any($2) or a.path like any($3::text[])))
	order by s.title`

// source is where data comes from.
type source struct {
	Title     string `json:"title"`
	Publisher string `json:"publisher"`
	Licence   string `json:"licence"`
	URL       string `json:"url"`
}

// licences is the page of the sources.
func (p *part) licences(r *ogc.Request) (ogc.Page, error) {
	known := p.known(r.Context(), r.Pass, feature.Events)
	sources := []source{}
	err := p.config.Store.Read(r.Context(), r.Pass.Rights(), func(tx pgx.Tx) error {
		rows, err := tx.Query(r.Context(), sourcesSQL, append([]string{}, known.sources...), r.Pass.Scope(), feature.Patterns(r.Pass.Scope()))
		if err != nil {
			return err
		}
		sources, err = pgx.CollectRows(rows, pgx.RowToStructByPos[source])
		return err
	})
	if err != nil {
		return ogc.Page{}, err
	}
	page := ogc.Page{Title: ogc.Text{FR: "Sources et licences", EN: "Sources and licences"}}
	table := ogc.Table{Caption: page.Title, Head: []ogc.Text{ogc.Plain("Source"), {FR: "Éditeur", EN: "Publisher"}, {FR: "Licence", EN: "Licence"}}}
	for _, s := range sources {
		cells := ogc.Words(s.Title, s.Publisher, s.Licence)
		cells[0].Href = webAddress(s.URL)
		table.Rows = append(table.Rows, cells)
	}
	page.Tables = []ogc.Table{table}
	page.Body = struct {
		Links   []ogc.Link `json:"links"`
		Sources []source   `json:"sources"`
	}{r.Self(), sources}
	return page, nil
}
