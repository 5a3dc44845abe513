package api_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"vigie/api"
	"vigie/api/identity"
	"vigie/geoengine"
	"vigie/geoengine/hex"
)

// featurePage is a GeoJSON answer.
type featurePage struct {
	Type           string        `json:"type"`
	Features       []featureBody `json:"features"`
	Links          []linkBody    `json:"links"`
	NumberMatched  *int          `json:"numberMatched"`
	NumberReturned int           `json:"numberReturned"`
	TimeStamp      time.Time     `json:"timeStamp"`
}

type featureBody struct {
	ID       string `json:"id"`
	Geometry *struct {
		Type        string          `json:"type"`
		Coordinates json.RawMessage `json:"coordinates"`
	} `json:"geometry"`
	Properties map[string]any `json:"properties"`
	Links      []linkBody     `json:"links"`
}

type linkBody struct{ Href, Rel, Type string }

func (p *featurePage) link(rel string) string {
	for _, l := range p.Links {
		if l.Rel == rel {
			return l.Href
		}
	}
	return ""
}

// atlas is a site with more than the towns: events on both sides of the antimeridian and at the origin of Lambert-93,
// one without a position, an attribute that only thefts have, units, and the analyst account.
func atlas(t *testing.T) *site {
	t.Helper()
	s := newSite(t, func(c *api.Config) {
		accounts := identity.NewAccounts(c.Store, rand.Reader, time.Now)
		if err := accounts.CreateAccount(t.Context(), "analyst", "analyst", []string{"*"}, password); err != nil {
			t.Fatal(err)
		}
		seedAtlas(t, c.Store)
	})
	return s
}

func seedAtlas(t *testing.T, store *geoengine.Store) {
	t.Helper()
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := store.Pool.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	for i, e := range []struct {
		ref        string
		lon, lat   float64
		category   int
		attributes string
	}{
		{"east of the line", 179.9, -16.5, 1, `{"light": "day"}`},
		{"west of the line", -179.9, -16.4, 1, `{"light": ["day", "rain"]}`},
		{"origin", 3, 46.5, 1, `{"note": "=1+1"}`},
		{"../..;'\"é\u202e", 3.5, 46.5, 1, `{}`},
		{"stolen", 3, 47, 2, `{"secret_lock": "forced"}`},
	} {
		cell := hex.Cell(e.lon, e.lat, geoengine.CellResolution)
		exec(`insert into zone values ($1, $2) on conflict do nothing`, 100+i, int64(hex.Parent(cell, geoengine.ZoneResolution)))
		exec(`insert into event (zone, source, ref, category, severity, starts, ends, reported, utc_offset, geom, precision_m, weight,
				cell, area, attributes, fingerprint, xid)
			select z.zone, 1, $1, $2, 5, '2025-06-01 12:00Z', '2025-06-03 12:00Z', '2025-06-03 12:00Z', 7200,
			       st_setsrid(st_makepoint($3, $4), 4326), 10, 0.005, $5, '', $6, $7, pg_current_xact_id()::text::bigint
			from zone z where z.cell = $8`, e.ref, e.category, e.lon, e.lat, int64(cell), e.attributes, i,
			int64(hex.Parent(cell, geoengine.ZoneResolution)))
		exec(`insert into unit (zone, source, ref, kind, name, geom, precision_m, cell, area, attributes, since, fingerprint)
			select z.zone, 1, $1, 'gendarmerie.brigade', 'Brigade ' || $1, st_setsrid(st_makepoint($2, $3), 4326), 0, $4, 'fr.76.31.31555', '{}', null, 0
			from zone z where z.cell = $5`, e.ref, e.lon, e.lat, int64(cell), int64(hex.Parent(cell, geoengine.ZoneResolution)))
	}
	exec(`insert into event (zone, source, ref, category, severity, starts, ends, reported, utc_offset, geom, precision_m, weight,
			cell, area, attributes, fingerprint, xid)
		values (0, 1, 'nowhere', 1, 0, '2025-07-01Z', '2025-07-01Z', '2025-07-01Z', 0, null, 0, 0, 0, '', '{}', 0, pg_current_xact_id()::text::bigint)`)
}

// items asks for features and fails the test unless there are some to decode.
func (s *site) items(t *testing.T, person *http.Client, collection string, query url.Values) featurePage {
	t.Helper()
	a := s.get(t, person, "/ogc/collections/"+collection+"/items?"+query.Encode())
	if a.status != http.StatusOK {
		t.Fatalf("%s %v: %d %s", collection, query, a.status, a.body)
	}
	var page featurePage
	a.into(t, &page)
	if page.Type != "FeatureCollection" || page.NumberReturned != len(page.Features) {
		t.Errorf("%v: %s with %d of %d features", query, page.Type, len(page.Features), page.NumberReturned)
	}
	return page
}

func TestFeaturePaging(t *testing.T) {
	t.Parallel()
	s := atlas(t)
	alice := s.person(t, "alice")
	seen := map[string]bool{}
	pages, target := 0, "/ogc/collections/events/items?limit=50&source=test"
	for target != "" {
		var page featurePage
		s.get(t, alice, target).into(t, &page)
		pages++
		for _, f := range page.Features {
			if seen[f.ID] {
				t.Fatalf("page %d repeats %s", pages, f.ID)
			}
			seen[f.ID] = true
			if pages < 7 {
				continue
			}
			if a := s.get(t, alice, "/ogc/collections/events/items/"+f.ID); a.status != http.StatusOK {
				t.Errorf("%q: %d", f.ID, a.status)
			}
		}
		if page.NumberMatched == nil || *page.NumberMatched != allEvents+6 {
			t.Errorf("page %d: matched %v", pages, page.NumberMatched)
		}
		target = strings.TrimPrefix(page.link("next"), s.URL)
	}
	if len(seen) != allEvents+6 || pages != 7 {
		t.Errorf("%d features on %d pages", len(seen), pages)
	}
	if !seen["test~.._2F.._3B_27_22_C3_A9_E2_80_AE"] {
		t.Error("an id is not safe for addresses")
	}
}

// TestFeatureFilters compares answers with what the database counts.
func TestFeatureFilters(t *testing.T) {
	t.Parallel()
	s := atlas(t)
	alice := s.person(t, "alice")
	const epsg = "http://www.opengis.net/def/crs/EPSG/0/"
	mercator := func(lon, lat float64) string {
		const r = 20037508.342789244
		return fmt.Sprintf("%f,%f", lon*r/180, math.Log(math.Tan((90+lat)*math.Pi/360))*r/math.Pi)
	}
	near := func(lon, lat float64) string {
		return fmt.Sprintf("abs(st_x(geom) - %v) < 0.01 and abs(st_y(geom) - %v) < 0.01", lon, lat)
	}
	for name, c := range map[string]struct {
		query string // name=value pairs joined by spaces
		where string // of the events meant
	}{
		"all":                   {"", "true"},
		"category":              {"category=road.accident", "category = 1"},
		"severity":              {"severity=fatal", "severity = 5"},
		"attribute":             {"attr.light=night", "attributes ->> 'light' = 'night'"},
		"one of several values": {"attr.light=rain", "attributes -> 'light' ? 'rain'"},
		"unknown attribute":     {"attr.nothing=x", "false"},
		"area":                  {"area=fr.76.31.31555", "area = 'fr.76.31.31555'"},
		"number":                {"weight=0.125", "weight = 0.125"},
		"rounded number":        {"weight=0.005", "weight = 0.005::real"},
		"boolean":               {"synthetic=false", "false"},
		"instant property":      {"end=2024-03-01T02:00:00Z", "ends = '2024-03-01 02:00Z'"},
		"box":                   {"bbox=1,43,2,44", near(1.44, 43.6)},
		"box with heights":      {"bbox=1,43,-10,2,44,9000", near(1.44, 43.6)},
		"far box":               {"bbox=100,0,101,1", "false"},
		"whole world":           {"bbox=-180,-90,180,90", "geom is not null"},
		"point box":             {"bbox=1.44,43.6,1.44,43.6", near(1.44, 43.6)},
		"antimeridian":          {"bbox=177,-20,-177,-10", "ref like '%of the line'"},
		"poles":                 {"bbox=-180,85,180,90", "false"},
		"box, latitude first":   {"bbox=43,1,44,2 bbox-crs=" + epsg + "4326", near(1.44, 43.6)},
		"box in Mercator":       {"bbox=" + mercator(1.4, 43.5) + "," + mercator(1.5, 43.7) + " bbox-crs=" + epsg + "3857", near(1.44, 43.6)},
		"box in Lambert-93":     {"bbox=699999,6599999,700001,6600001 bbox-crs=" + epsg + "2154", near(3, 46.5)},
		"instant":               {"datetime=2024-03-01T05:00:00Z", "starts = '2024-03-01 05:00Z'"},
		"closed interval":       {"datetime=2024-03-01T05:00:00Z/2024-03-01T07:00:00Z", "starts between '2024-03-01 05:00Z' and '2024-03-01 07:00Z'"},
		"since":                 {"datetime=2024-03-05T00:00:00Z/..", "starts >= '2024-03-05Z'"},
		"until":                 {"datetime=../2024-03-05T00:00:00Z", "starts <= '2024-03-05Z'"},
		"until, no dots":        {"datetime=/2024-03-05T00:00:00Z", "starts <= '2024-03-05Z'"},
		"other zone":            {"datetime=2024-03-01T06:00:00%2B01:00", "starts = '2024-03-01 05:00Z'"},
		"day":                   {"datetime=2024-03-02", "starts >= '2024-03-02Z' and starts < '2024-03-03Z'"},
		"cql2 comparison":       {"filter=severity%20IN%20('fatal','serious')%20AND%20weight%3E0.1", "severity in (4, 5) and weight > 0.1"},
		"cql2 like":             {"filter=area%20LIKE%20'fr.76%25'", "area like 'fr.76%'"},
		"cql2 casei":            {"filter=CASEI(area_name)%20%3D%20CASEI('TOULOUSE')", "area = 'fr.76.31.31555'"},
		"cql2 between":          {"filter=utc_offset%20BETWEEN%207000%20AND%207300", "utc_offset = 7200"},
		"cql2 null":             {"filter=cell%20IS%20NULL", "geom is null"},
		"cql2 attribute":        {"filter=attr.light%3D'night'%20OR%20attr.note%20IS%20NOT%20NULL", "attributes ->> 'light' = 'night' or attributes ? 'note'"},
		"cql2 spatial":          {"filter=S_INTERSECTS(geometry,POLYGON((1%2043,2%2043,2%2044,1%2044,1%2043)))", near(1.44, 43.6)},
		"cql2 not spatial":      {"filter=NOT%20S_INTERSECTS(geometry,BBOX(1,43,2,44))", "not (" + near(1.44, 43.6) + ")"},
		"cql2 temporal":         {"filter=T_AFTER(start,TIMESTAMP('2024-03-05T00:00:00Z'))", "starts > '2024-03-05Z'"},
		"cql2 interval":         {"filter=T_INTERSECTS(period,INTERVAL('2025-06-02','2025-06-02'))", "starts < '2025-06-03Z' and ends >= '2025-06-02Z'"},
		"cql2 json":             {`filter-lang=cql2-json filter={"op":"=","args":[{"property":"severity"},"fatal"]}`, "severity = 5"},
		"cql2 in Lambert-93":    {"filter-crs=" + epsg + "2154 filter=S_INTERSECTS(geometry,BBOX(699999,6599999,700001,6600001))", near(3, 46.5)},
		"cql2 latitude first":   {"filter-crs=" + epsg + "4326 filter=S_INTERSECTS(geometry,BBOX(43,1,44,2))", near(1.44, 43.6)},
		"all at once": {"bbox=1,43,2,44 severity=fatal datetime=2024-03-02/.. attr.light=day filter=category%3D'vehicle.theft'",
			near(1.44, 43.6) + " and severity = 5 and starts >= '2024-03-02Z' and attributes ->> 'light' = 'day' and category = 2"},
	} {
		t.Run(name, func(t *testing.T) {
			query := url.Values{"limit": {"1000"}}
			for pair := range strings.FieldsSeq(c.query) {
				key, value, _ := strings.Cut(pair, "=")
				plain, err := url.PathUnescape(value)
				if err != nil {
					t.Fatal(err)
				}
				query.Set(key, plain)
			}
			page := s.items(t, alice, "events", query)
			var want int
			if err := s.store.Pool.QueryRow(t.Context(), "select count(*) from event where "+c.where).Scan(&want); err != nil {
				t.Fatal(err)
			}
			if len(page.Features) != want || page.NumberMatched == nil || *page.NumberMatched != want {
				t.Errorf("%d features, %v matched, want %d", len(page.Features), page.NumberMatched, want)
			}
			query.Set("limit", "1")
			if page = s.items(t, alice, "events", query); page.NumberMatched != nil && *page.NumberMatched != want {
				t.Errorf("on a small page %d matched, want %d", *page.NumberMatched, want)
			}
			if (page.link("next") != "") != (want > 1) {
				t.Errorf("%d features, next %q", want, page.link("next"))
			}
		})
	}
}

func TestFeatureSystems(t *testing.T) {
	t.Parallel()
	s := atlas(t)
	alice := s.person(t, "alice")
	// The origin of Lambert-93 is 3° E, 46.5° N, at 700 km, 6600 km by definition (IGN, NTG 71).
	for uri, want := range map[string]orb.Point{
		"":      {3, 46.5},
		"4326":  {46.5, 3},
		"3857":  {3 * 20037508.342789244 / 180, math.Log(math.Tan((90+46.5)*math.Pi/360)) * 20037508.342789244 / math.Pi},
		"2154":  {700000, 6600000},
		"CRS84": {3, 46.5},
	} {
		query, system := "?", "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
		if uri != "" && uri != "CRS84" {
			system = "http://www.opengis.net/def/crs/EPSG/0/" + uri
		}
		if uri != "" {
			query = "?crs=" + url.QueryEscape(system)
		}
		a := s.get(t, alice, "/ogc/collections/events/items/test~origin"+query)
		var f featureBody
		a.into(t, &f)
		var got orb.Point
		if err := json.Unmarshal(f.Geometry.Coordinates, &got); err != nil {
			t.Fatal(err)
		}
		if math.Abs(got[0]-want[0]) > 0.001 || math.Abs(got[1]-want[1]) > 0.001 || a.header.Get("Content-Crs") != "<"+system+">" {
			t.Errorf("%s: %v in %s, want %v", uri, got, a.header.Get("Content-Crs"), want)
		}
	}
}

// TestFeatureRights looks for what a caller must not learn.
func TestFeatureRights(t *testing.T) {
	t.Parallel()
	s := atlas(t)
	toulouse, analyst, nowhere := s.person(t, "toulouse"), s.person(t, "analyst"), s.person(t, "nowhere")
	page := s.items(t, toulouse, "events", url.Values{"limit": {"10000"}})
	if len(page.Features) != 200 {
		t.Errorf("toulouse sees %d events", len(page.Features))
	}
	for _, f := range page.Features {
		if !strings.HasPrefix(fmt.Sprint(f.Properties["area"]), "fr.76") {
			t.Fatalf("toulouse sees %v", f.Properties)
		}
	}
	if n := len(s.items(t, toulouse, "areas", nil).Features); n != 3 {
		t.Errorf("toulouse sees %d areas", n)
	}
	for _, collection := range []string{"events", "areas", "units"} {
		if page := s.items(t, nowhere, collection, nil); len(page.Features) != 0 || page.NumberMatched == nil || *page.NumberMatched != 0 {
			t.Errorf("nowhere sees %d %s", len(page.Features), collection)
		}
	}
	exec := `insert into source values (9, 'elsewhere', 'Other events', 'them', 'none', 'https://example.org', true)`
	if _, err := s.store.Pool.Exec(t.Context(), exec); err != nil {
		t.Fatal(err)
	}
	if a := s.get(t, toulouse, "/ogc/licences"); bytes.Contains(a.body, []byte("Other events")) || !bytes.Contains(a.body, []byte("Test events")) {
		t.Errorf("licences: %s", a.body)
	}
	// What is out of reach and what does not exist look the same.
	hidden := s.get(t, toulouse, "/ogc/collections/events/items/test~fr.11.75.75056_201")
	absent := s.get(t, toulouse, "/ogc/collections/events/items/test~fr.11.75.75056_20999")
	if hidden.status != http.StatusNotFound || !bytes.Equal(cutID(hidden.body), cutID(absent.body)) {
		t.Errorf("%d %s\n%d %s", hidden.status, hidden.body, absent.status, absent.body)
	}
	// Thefts are protected for analysts: no rows, no counts, no names of their attributes, no difference in errors.
	page = s.items(t, analyst, "events", url.Values{"limit": {"1"}})
	if page.NumberMatched == nil || *page.NumberMatched != 158 {
		t.Errorf("matched %v", page.NumberMatched)
	}
	if n := len(s.items(t, analyst, "events", url.Values{"category": {"vehicle.theft"}}).Features); n != 0 {
		t.Errorf("analyst sees %d thefts", n)
	}
	for _, path := range []string{
		"/queryables", "/schema", "/items?f=csv&limit=1000", "/items?f=html&limit=1000", "/items?f=parquet&limit=1000", "/items?limit=1000",
	} {
		if a := s.get(t, analyst, "/ogc/collections/events"+path); a.status != http.StatusOK || bytes.Contains(a.body, []byte("secret_lock")) {
			t.Errorf("%s tells of protected attributes: %d", path, a.status)
		}
	}
	if a := s.get(t, analyst, "/ogc/api"); bytes.Contains(a.body, []byte("secret_lock")) || !bytes.Contains(a.body, []byte(`"attr.light"`)) {
		t.Error("the API document tells of protected attributes, or of none")
	}
	if a := s.get(t, s.person(t, "alice"), "/ogc/collections/events/queryables"); !bytes.Contains(a.body, []byte("attr.secret_lock")) {
		t.Error("a commander does not see the attribute")
	}
	closed := s.get(t, analyst, "/ogc/collections/events/items?filter="+url.QueryEscape("attr.secret_lock = 'forced'"))
	unknown := s.get(t, analyst, "/ogc/collections/events/items?filter="+url.QueryEscape("attr.secret_lick = 'forced'"))
	same := bytes.ReplaceAll(cutID(unknown.body), []byte("secret_lick"), []byte("secret_lock"))
	if closed.status != http.StatusBadRequest || !bytes.Equal(cutID(closed.body), same) {
		t.Errorf("%d %s\n%d %s", closed.status, closed.body, unknown.status, unknown.body)
	}
}

func TestFeatureFiles(t *testing.T) {
	t.Parallel()
	s := atlas(t)
	alice := s.person(t, "alice")
	a := s.get(t, alice, "/ogc/collections/events/items?f=csv&limit=1000")
	records, err := csv.NewReader(bytes.NewReader(a.body)).ReadAll()
	if err != nil || len(records) != allEvents+7 {
		t.Fatalf("%v: %d records", err, len(records))
	}
	var acts []string
	if err := s.store.Pool.QueryRow(t.Context(), `select array_agg(act order by seq) from journal where operation = 'ogc-items-events'`).Scan(&acts); err != nil || !slices.Equal(acts, []string{"communication"}) {
		t.Errorf("the journal says %v, %v", acts, err)
	}
	column := func(name string) int { return slices.Index(records[0], name) }
	for _, r := range records[1:] {
		switch r[0] {
		case "test~origin":
			if got := []string{r[column("lon")], r[column("lat")], r[column("attr.note")], r[column("severity")]}; !cmp.Equal(got, []string{"3", "46.5", "'=1+1", "fatal"}) {
				t.Error(got)
			}
		case "test~nowhere":
			if r[column("lon")] != "" || r[column("lat")] != "" {
				t.Error("an event without a position has one")
			}
		case "test~west_20of_20the_20line":
			if r[column("attr.light")] != "day; rain" {
				t.Error(r[column("attr.light")])
			}
		}
	}
	a = s.get(t, alice, "/ogc/collections/areas/items?f=csv&crs="+url.QueryEscape("http://www.opengis.net/def/crs/EPSG/0/4326"))
	if !bytes.Contains(a.body, []byte(`"MULTIPOLYGON(((48 2,`)) {
		t.Errorf("%s", a.body)
	}
	for collection, want := range map[string]int{"events": allEvents + 6, "areas": 7, "units": 5} {
		a := s.get(t, alice, "/ogc/collections/"+collection+"/items?f=parquet&limit=1000")
		checkParquet(t, collection, a.body, want)
	}
	if a := s.get(t, alice, "/ogc/collections/events/items?f=parquet&crs="+url.QueryEscape("http://www.opengis.net/def/crs/EPSG/0/2154")); a.status != http.StatusBadRequest {
		t.Errorf("GeoParquet in Lambert-93: %d", a.status)
	}
}

// checkParquet reads a GeoParquet file back by the library's own reader and by what the GeoParquet specification says.
func checkParquet(t *testing.T, collection string, body []byte, want int) {
	t.Helper()
	file, err := parquet.OpenFile(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatalf("%s: %v", collection, err)
	}
	text, ok := file.Lookup("geo")
	var geo struct {
		Version       string `json:"version"`
		PrimaryColumn string `json:"primary_column"`
		Columns       map[string]struct {
			Encoding string   `json:"encoding"`
			Types    []string `json:"geometry_types"`
			BBox     []float64
			Covering struct {
				BBox map[string][]string `json:"bbox"`
			} `json:"covering"`
		} `json:"columns"`
	}
	if err := json.Unmarshal([]byte(text), &geo); err != nil || !ok {
		t.Fatalf("%s: %v %q", collection, err, text)
	}
	column := geo.Columns[geo.PrimaryColumn]
	if geo.Version != "1.1.0" || column.Encoding != "WKB" || len(column.Types) != 1 || !slices.Equal(column.Covering.BBox["ymax"], []string{"bbox", "ymax"}) {
		t.Errorf("%s: %s", collection, text)
	}
	if int(file.NumRows()) != want {
		t.Errorf("%s: %d rows, want %d", collection, file.NumRows(), want)
	}
	reader := parquet.NewGenericReader[map[string]any](bytes.NewReader(body), file.Schema())
	defer reader.Close()
	rows := make([]map[string]any, want)
	for i := range rows {
		rows[i] = map[string]any{}
	}
	if n, _ := reader.Read(rows); n != want {
		t.Fatalf("%s: %d rows read", collection, n)
	}
	for _, row := range rows {
		binary, _ := row["geometry"].([]byte)
		if text, isText := row["geometry"].(string); isText {
			binary = []byte(text)
		}
		if len(binary) == 0 {
			continue
		}
		shape, err := wkb.Unmarshal(binary)
		if err != nil || shape.GeoJSONType() != column.Types[0] {
			t.Fatalf("%s: %v %v", collection, err, shape)
		}
		box, _ := row["bbox"].(map[string]any)
		if box["xmin"] != shape.Bound().Min[0] || box["ymax"] != shape.Bound().Max[1] {
			t.Errorf("%s: %v covers %v", collection, box, shape.Bound())
		}
	}
}

func TestFeatureNegotiation(t *testing.T) {
	t.Parallel()
	s := atlas(t)
	alice := s.person(t, "alice")
	for _, c := range []struct {
		path, accept string
		status       int
		media        string
	}{
		{"/ogc/collections/events/items", "", 200, "application/geo+json"},
		{"/ogc/collections/events/items", "*/*", 200, "application/geo+json"},
		{"/ogc/collections/events/items", "application/json", 200, "application/json"},
		{"/ogc/collections/events/items", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 200, "text/html; charset=utf-8"},
		{"/ogc/collections/events/items", "text/csv, application/geo+json;q=0.5", 200, "text/csv; charset=utf-8; header=present"},
		{"/ogc/collections/events/items", "image/png", 406, "application/problem+json"},
		{"/ogc/collections/events/items", "application/geo+json;q=0, */*", 200, "application/json"},
		{"/ogc/collections/events/items?f=csv", "text/html", 200, "text/csv; charset=utf-8; header=present"},
		{"/ogc/collections/events/items?f=shp", "", 400, "application/problem+json"},
		{"/ogc", "text/html", 200, "text/html; charset=utf-8"},
		{"/ogc/api", "application/json", 200, "application/json"},
		{"/ogc/api", "", 200, "application/vnd.oai.openapi+json;version=3.0"},
		{"/ogc/api", "application/vnd.oai.openapi+json;version=3.0", 200, "application/vnd.oai.openapi+json;version=3.0"},
		{"/ogc/api?f=html", "", 200, "text/html; charset=utf-8"},
		{"/ogc/collections/events/queryables", "application/schema+json", 200, "application/schema+json"},
		{"/ogc/collections/dUmmYColLection", "", 404, "application/problem+json"},
		{"/ogc/collections/dUmmYColLection/items", "", 404, "application/problem+json"},
	} {
		var header []string
		if c.accept != "" {
			header = []string{"Accept", c.accept}
		}
		a := s.get(t, alice, c.path, header...)
		if a.status != c.status || a.header.Get("Content-Type") != c.media {
			t.Errorf("%s %q: %d %s, want %d %s", c.path, c.accept, a.status, a.header.Get("Content-Type"), c.status, c.media)
		}
		if a.status == http.StatusOK && strings.HasPrefix(c.media, "text/html") && (bytes.Contains(a.body, []byte("<script")) || bytes.Contains(a.body, []byte(" style="))) {
			t.Errorf("%s has script or style of its own", c.path)
		}
	}
	french, english := s.get(t, alice, "/ogc?f=html"), s.get(t, alice, "/ogc?f=html", "Accept-Language", "en-GB,en;q=0.9,fr;q=0.1")
	if !bytes.Contains(french.body, []byte(`<html lang="fr">`)) || !bytes.Contains(english.body, []byte("Conformance classes")) {
		t.Error("pages are in the wrong language")
	}
	if a := s.do(t, alice, http.MethodHead, "/ogc/collections/events/items", ""); a.status != http.StatusOK || len(a.body) != 0 {
		t.Errorf("HEAD: %d, %d bytes", a.status, len(a.body))
	}
	if a := s.do(t, alice, http.MethodPost, "/ogc/collections/events/items", ""); a.status != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", a.status)
	}
}

func TestFeatureTags(t *testing.T) {
	t.Parallel()
	s := atlas(t)
	alice, toulouse := s.person(t, "alice"), s.person(t, "toulouse")
	const path = "/ogc/collections/events/items?limit=3"
	first := s.get(t, alice, path)
	tag := first.header.Get("ETag")
	if tag == "" || !strings.Contains(first.header.Get("Cache-Control"), "private") {
		t.Fatal(first.header)
	}
	if a := s.get(t, alice, path, "If-None-Match", tag); a.status != http.StatusNotModified || len(a.body) != 0 {
		t.Errorf("%d", a.status)
	}
	if a := s.get(t, toulouse, path, "If-None-Match", tag); a.status != http.StatusOK {
		t.Error("another caller's tag holds")
	}
	if a := s.get(t, alice, path+"&f=csv", "If-None-Match", tag); a.status != http.StatusOK {
		t.Error("the tag of another form holds")
	}
	one := s.get(t, alice, "/ogc/collections/events/items/test~origin")
	if a := s.get(t, alice, "/ogc/collections/events/items/test~origin", "If-None-Match", one.header.Get("ETag")); a.status != http.StatusNotModified {
		t.Errorf("feature: %d", a.status)
	}
	// The data changes: the tag must.
	_, err := s.store.Pool.Exec(t.Context(), `update event set weight = 1, xid = pg_current_xact_id()::text::bigint where ref = 'origin'`)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for s.get(t, alice, path, "If-None-Match", tag).status == http.StatusNotModified {
		if ctx.Err() != nil {
			t.Fatal("the tag outlives a change")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestFeatureLogIn(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for target, want := range map[string]string{
		"/ogc":                                  "/?next=%2Fogc",
		"/ogc/collections/events/items?limit=3": "/?next=%2Fogc%2Fcollections%2Fevents%2Fitems%3Flimit%3D3",
		"/ogc/collections/nothing/../..//evil.eu": "",
	} {
		a := s.get(t, browser, target, "Accept", "text/html,*/*;q=0.8")
		got := a.header.Get("Location")
		if want != "" && (a.status != http.StatusSeeOther || got != want || len(a.body) != 0) {
			t.Errorf("%s: %d %s", target, a.status, got)
		}
		if got != "" && !strings.HasPrefix(got, "/?next=%2Fogc") && !strings.HasPrefix(got, "/evil.eu") && a.status == http.StatusSeeOther {
			t.Errorf("%s leads to %s", target, got)
		}
	}
	a := s.get(t, browser, "/ogc/collections", "Accept", "application/json")
	if a.status != http.StatusUnauthorized || a.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("a machine: %d %s", a.status, a.header.Get("Content-Type"))
	}
	if a := s.get(t, browser, "/ogc/collections?f=html"); a.status != http.StatusSeeOther {
		t.Errorf("f=html: %d", a.status)
	}
}

// TestFeatureNonsense sends what must be a clear 400 for little work.
func TestFeatureNonsense(t *testing.T) {
	t.Parallel()
	s := atlas(t)
	alice := s.person(t, "alice")
	huge := make([]string, 5000)
	for i := range huge {
		huge[i] = strconv.Itoa(i)
	}
	for name, query := range map[string]url.Values{
		"limit 0":             {"limit": {"0"}},
		"limit negative":      {"limit": {"-5"}},
		"limit word":          {"limit": {"unlimited"}},
		"limit fraction":      {"limit": {"1.5"}},
		"limit repeated":      {"limit": {"1", "2"}},
		"unknown parameter":   {"unknownQueryParameter": {"1"}},
		"bbox of three":       {"bbox": {"1,2,3"}},
		"bbox of seven":       {"bbox": {"1,2,3,4,5,6,7"}},
		"bbox of words":       {"bbox": {"a,b,c,d"}},
		"bbox infinite":       {"bbox": {"-Inf,-90,Inf,90"}},
		"bbox NaN":            {"bbox": {"NaN,0,1,1"}},
		"bbox upside down":    {"bbox": {"0,10,1,5"}},
		"bbox off the globe":  {"bbox": {"-181,0,0,1"}},
		"bbox heights":        {"bbox": {"0,0,9,1,1,3"}},
		"bbox empty":          {"bbox": {""}},
		"bbox-crs unknown":    {"bbox": {"0,0,1,1"}, "bbox-crs": {"http://www.opengis.net/def/crs/EPSG/0/27700"}},
		"crs unknown":         {"crs": {"http://www.opengis.net/def/crs/0/unsupported"}},
		"crs empty":           {"crs": {""}},
		"crs injection":       {"crs": {"4326); drop table event; --"}},
		"Lambert off Earth":   {"bbox": {"-1e9,0,1,1"}, "bbox-crs": {"http://www.opengis.net/def/crs/EPSG/0/2154"}},
		"datetime word":       {"datetime": {"yesterday"}},
		"datetime open":       {"datetime": {"../.."}},
		"datetime backwards":  {"datetime": {"2024-03-02T00:00:00Z/2024-03-01T00:00:00Z"}},
		"datetime of three":   {"datetime": {"2024-03-02/2024-03-03/2024-03-04"}},
		"cursor":              {"cursor": {"nonsense"}},
		"cursor of numbers":   {"cursor": {"WzEsMl0"}},                // [1,2]
		"cursor too long":     {"cursor": {"WzEsImEiLCJiIl0"}},        // [1,"a","b"]
		"cursor overflow":     {"cursor": {"Wzk5OTk5OTk5OTksImEiXQ"}}, // [9999999999,"a"]
		"cursor with NUL":     {"cursor": {"WzEsIlx1MDAwMCJd"}},       // [1,"\u0000"]
		"severity unknown":    {"severity": {"terrible"}},
		"boolean":             {"synthetic": {"perhaps"}},
		"number":              {"weight": {"heavy"}},
		"whole number":        {"utc_offset": {"1.5"}},
		"instant":             {"start": {"today"}},
		"NUL in text":         {"area": {"a\x00"}},
		"properties unknown":  {"properties": {"source,password"}},
		"filter empty":        {"filter": {""}},
		"filter broken":       {"filter": {"severity ="}},
		"filter no condition": {"filter": {"severity"}},
		"filter from nowhere": {"filter": {"password = 'x'"}},
		"filter column name":  {"filter": {"e.attributes = 'x'"}},
		"filter injection":    {"filter": {"severity = 'x'; drop table event; --'"}},
		"filter deep":         {"filter": {strings.Repeat("(", 500) + "severity='fatal'" + strings.Repeat(")", 500)}},
		"filter huge list":    {"filter": {"utc_offset IN (" + strings.Join(huge[:1100], ",") + ")"}},
		"filter kinds":        {"filter": {"severity > 5"}},
		"filter function":     {"filter": {"pg_sleep(10) = 1"}},
		"filter-lang":         {"filter-lang": {"ecql"}, "filter": {"severity='fatal'"}},
		"filter-crs":          {"filter-crs": {"EPSG:nothing"}, "filter": {"severity='fatal'"}},
		"json broken":         {"filter-lang": {"cql2-json"}, "filter": {"{"}},
		"json no condition":   {"filter-lang": {"cql2-json"}, "filter": {"[]"}},
	} {
		began := time.Now()
		a := s.get(t, alice, "/ogc/collections/events/items?"+query.Encode())
		var p struct {
			Code, Detail string
			Errors       []struct{ Location, Message string }
		}
		a.into(t, &p)
		if a.status != http.StatusBadRequest || p.Code != "invalid" || p.Detail == "" || len(a.body) > 2000 {
			t.Errorf("%s: %d %.300s", name, a.status, a.body)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s took %s", name, took)
		}
	}
	if page := s.items(t, alice, "events", url.Values{"limit": {"1000000000"}}); len(page.Features) != allEvents+6 {
		t.Errorf("limit=10^9: %d", len(page.Features))
	}
	for _, id := range []string{"test", "test~", "~", "test~%00", "test~_zz", "test~a~b", "...", "test~_", strings.Repeat("a", 3000)} {
		if a := s.get(t, alice, "/ogc/collections/events/items/"+url.PathEscape(id)); a.status != http.StatusNotFound {
			t.Errorf("id %.20q: %d", id, a.status)
		}
	}
}
