package api_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"

	"vigie/geoengine/hex"
)

// probePools are the values that probes are made of, by parameter, or by operation and parameter. What matters is in
// them: territories, cells, boxes and tiles of ours, of others, and across the border.
func probePools() map[string][]string {
	pools := map[string][]string{
		"from":  {"2024-03-01", "2024-03-05T12:00:00Z", "2024-03-11T01:02:03+01:00", "2024-03-20", "1999-12-31", "2050-01-01", ""},
		"to":    {"2024-03-02", "2024-03-06T00:00:00Z", "2024-03-11T01:02:04+01:00", "2024-04-01", "1999-12-31", "2050-01-01"},
		"hours": {"0-167", "8-9", "0", "167", "24-47,100", "5-1"},
		"category": {"road", "road.accident", "road.accident.bicycle", "vehicle.theft", "rescue", "rescue.call", "rescue.call.fire", "burglary", "burglary.home",
			"secretly.kept", "secretly", "road.accident,burglary.home", "vehicle", "unknown.slug"},
		"severity": {"unknown", "damage", "injury", "slight", "serious", "fatal", "slight,fatal"},
		"source":   {"test", "other", "SECRETSOURCE", "test,SECRETSOURCE", "none"},
		"area": {"fr", "fr.76", "fr.76.31", "fr.76.31.31555", "fr.76.82", "fr.76.32.32001", "fr.11", "fr.11.75.75056", "fr.75", "fr.75.40.40001", "fr.75.40.40002",
			"fr.75.33.33063", "fr.7", "fr.99", "fr.76,fr.11", "fr.76.31.31069,fr.75.40.40002"},
		"attr.KEY": {"night", "day", "SECRETLIGHT", "SECRETVALUE", "bus", "ring", "car,bus"},
		"KEY":      {"light", "vehicle", "road", "SECRETKEY", "nokey"},
		"bins":     {"1", "24", "400"},
		"bin_from": {"2024-03-01", "2024-03-05T00:00:00Z"},
		"bin_to":   {"2024-03-15", "2024-03-05T06:00:00Z"},
		"limit":    {"1", "2", "10", "100", "500", "1000000000"},
		"offset":   {"0", "10", "100000"},
		"q":        {"toul", "Paris", "Aire", "a", "bord", "31555", "75056", "40001", "SECRET", "haute garonne", "fr.11", "unit t1", "Unit SECRET"},
		"parent":   {"fr", "fr.76", "fr.76.31", "fr.11", "fr.11.75", "fr.75", "fr.75.33", "fr.99"},
		"path":     {"fr", "fr.76", "fr.76.31.31555", "fr.76.31.31069", "fr.11", "fr.11.75.75056", "fr.75.40.40002", "fr.75.33", "fr.99"},
		"theme":    {"day", "night"},
		"f":        {"json", "html", "csv", "geojson", "mvt", "png", "fgb", "parquet", "xml", "jsonld"},
		"next":     {"/", "/map", "//evil.example", "https://evil.example"},
		"token":    {"SECRET"}, "code": {"SECRET"}, "state": {"SECRET"}, "error": {"access_denied"}, "error_description": {"no"}, "iss": {"https://idp.example"}, "session_state": {"x"},
	}
	places(pools)
	grids(pools)
	features(pools)
	accounts(pools)
	plans(pools)
	forecastPools(pools)
	return pools
}

// features adds what the OGC API asks for.
func features(pools map[string][]string) {
	const crs = "http://www.opengis.net/def/crs/"
	systems := []string{crs + "OGC/1.3/CRS84", crs + "EPSG/0/3857", crs + "EPSG/0/2154", crs + "EPSG/0/4326", crs + "EPSG/0/9999"}
	for _, name := range []string{"crs", "bbox-crs", "filter-crs", "subset-crs"} {
		pools[name] = systems
	}
	pools["filter-lang"] = []string{"cql2-text", "cql2-json", "sql"}
	pools["filter"] = []string{
		"severity = 'fatal'", "ref LIKE 'SECRET%'", "ref LIKE 't%'", "NOT (ref LIKE 'SECRET%')", "area LIKE 'fr.11%'", "area = ''", "area IS NULL", "area_name = 'Paris'",
		"category = 'secretly.kept'", "category LIKE 'vehicle%' OR category LIKE 'burglary%'", "source = 'SECRETSOURCE'", "weight > 1", "S_INTERSECTS(geometry, BBOX(-1,43,0,44))",
		"S_INTERSECTS(geometry, BBOX(2,48,3,49))", "S_WITHIN(geometry, POLYGON((1 43,2 43,2 44,1 44,1 43)))", "T_AFTER(start, TIMESTAMP('2024-03-05T00:00:00Z'))", "kind = 'radar'",
		"name LIKE 'Unit SECRET%'", "CASEI(name) LIKE CASEI('unit p%')", "path LIKE 'fr.11%'", "level = 'commune'", "light = 'SECRETLIGHT'", "SECRETKEY = 'SECRETVALUE'",
		`{"op":"like","args":[{"property":"ref"},"SECRET%"]}`, `{"op":"=","args":[{"property":"category"},"burglary.home"]}`, "1 = 1", "1 = 0", "ref = ref",
		"ref IN ('p-1', 'SECRET-p-1', 't-1')", "reported > TIMESTAMP('2024-03-10T00:00:00Z') OR 1 = 1", "(", "ref = 'x'; drop table event",
	}
	for _, prefix := range []string{"t", "b", "g", "m", "c", "p", "l", "x", "s", "SECRET-p", "SECRET-x", "SECRET-c", "SECRET-l", "SECRET-n", "SECRET-t"} {
		for _, n := range []int{1, 2, 3, 4, 7, 24} {
			ref := fmt.Sprintf("%s-%d", prefix, n)
			pools["ref"] = append(pools["ref"], ref)
			pools["ogc-item-events/id"] = append(pools["ogc-item-events/id"], "test~"+ref, "SECRETSOURCE~"+ref)
			pools["ogc-item-units/id"] = append(pools["ogc-item-units/id"], "test~"+prefix+"-unit-"+strconv.Itoa(n))
		}
	}
	pools["ogc-item-areas/id"] = pools["path"]
	pools["ogc-items-units/ref"] = []string{"t-unit-1", "p-unit-1", "SECRET-p-unit-1", "SECRET-b-unit-9", "l-unit-2"}
	pools["datetime"] = []string{"2024-03-05T00:00:00Z", "2024-03-01T00:00:00Z/2024-03-08T00:00:00Z", "../2024-03-04T00:00:00Z", "2024-03-09T00:00:00Z/..", "2024-03-01/2024-04-01", "../.."}
	pools["properties"] = []string{"ref", "category,severity", "area,area_name", "SECRETKEY", "light", "name,kind", "path", "nothing"}
	pools["weight"], pools["precision_m"], pools["utc_offset"] = []string{"0.125", "7"}, []string{"10", "99"}, []string{"3600"}
	for _, name := range []string{"start", "end", "reported", "since"} {
		pools[name] = []string{"2024-03-01T01:37:00Z", "2024-03-10T00:00:00Z"}
	}
	pools["area_name"], pools["synthetic"], pools["kind"] = []string{"Toulouse", "Paris", "Aire"}, []string{"true", "false"}, []string{"brigade", "radar", "SECRET"}
	pools["name"] = []string{"Toulouse", "Paris", "Unit t1", "Unit p1", "Unit SECRET-p1"}
	pools["level"] = []string{"commune", "departement", "region", "country", "none"}
	pools["code"] = []string{"31", "75056"}
	pools["res"], pools["sort"], pools["n"] = []string{"3", "5", "7", "8", "11"}, []string{"count", "weight", "cell"}, []string{"1", "10", "1000"}
	cells := pools["h3"]
	pools["zoneId"], pools["parent-zone"], pools["after"], pools["zone"] = cells, cells, cells, cells
	pools["zone-level"], pools["zone-depth"], pools["compact-zones"] = []string{"0", "3", "5", "7", "8", "11"}, []string{"0", "1", "2", "0-2", "5"}, []string{"true", "false"}
	pools["geometry"] = []string{"zone-region", "zone-centroid", "none"}
	pools["subset"] = []string{"Lon(1:2)", "Lat(43:44)", "Lon(2:3),Lat(48:49)", `time("2024-03-01":"2024-03-05")`, "Lon(-1:0.1),Lat(43:44)"}
	pools["collections"] = []string{"events", "units", "areas", "hexagons", "events,units", "none"}
	pools["styleId"], pools["style"], pools["layer"] = []string{"hexagons-day", "hexagons-night", "base-day", "none"}, []string{"day", "night", "default"}, []string{"hexagons", "events", "units", "areas", "map"}
	pools["service"], pools["request"], pools["version"] = []string{"WMTS"}, []string{"GetCapabilities", "GetTile", "GetFeatureInfo"}, []string{"1.0.0"}
	pools["acceptversions"], pools["sections"], pools["updatesequence"], pools["acceptformats"] = []string{"1.0.0"}, []string{"All", "Contents"}, []string{"1"}, []string{"text/xml"}
	pools["format"] = []string{"image/png", "application/vnd.mapbox-vector-tile"}
	pools["front-end/path"], pools["ogc-missing/path"] = []string{"", "index.html", "assets/app-123.js", "map/x"}, []string{"collections/secret", "x"}
	pools["rest"] = []string{"x", "results", "execution"}
}

// accounts adds what belongs to others: sessions, jobs, entries of the journal.
func accounts(pools map[string][]string) {
	pools["Vigie-Reason"] = []string{"probe", "SECRET", ""}
	pools["account"] = []string{"*", "everything", "secret-agent", "nobody-at-all", "occitanie", "qgis"}
	pools["id"] = []string{"SECRET", "00000000", strings.Repeat("a", 22)}
	pools["jobID"] = []string{"00000000-0000-0000-0000-000000000000", "1", "2", "SECRET"}
	pools["outputID"], pools["processID"] = []string{"result", "string"}, []string{"echo", "aggregate", "export", "SECRET"}
	pools["status"], pools["type"] = []string{"accepted", "running", "successful", "failed"}, []string{"process"}
	pools["minDuration"], pools["maxDuration"] = []string{"0", "10"}, []string{"0", "1000"}
	pools["cursor"] = []string{"1", "999999", "AAAA", "BhMg8aZAAAAAAAABcC0x"}
	pools["operation"], pools["act"], pools["class"] = []string{"events", "log-in"}, []string{"access", "consultation"}, []string{"read", "security"}
	pools["outcome"], pools["reference"], pools["request_id"], pools["root"] = []string{"200", "begun"}, []string{"events"}, []string{"1"}, []string{"1:00"}
	pools["journal/from"], pools["journal-verification/from"] = []string{"2026-01-01"}, []string{"1", "100"}
}

// spots are positions in our territory, at its border and in others.
func spots() []orb.Point {
	return []orb.Point{
		{1.44, 43.60}, {1.44, 43.61}, {1.38, 43.63}, {1.35, 44.02}, {-0.0003, 43.70}, {0.0003, 43.70}, {0, 43.705}, {2.35, 48.85}, {2.31, 48.88}, {-0.57, 44.84}, {-30, 40}, {5, 52},
	}
}

// places adds boxes and cells around the spots, from tiny to huge.
func places(pools map[string][]string) {
	boxes := []string{"-180,-90,180,90", "-5,41,10,52", "170,-20,-170,20", "0,42.5,4,45", "-0.001,43,0.001,44", "2,48,3,49", "1.44,43.6,1.44,43.6"}
	for _, p := range spots() {
		for _, half := range []float64{0.0001, 0.003, 0.05, 0.8} {
			boxes = append(boxes, fmt.Sprintf("%g,%g,%g,%g", p[0]-half, p[1]-half, p[0]+half, p[1]+half))
		}
		for res := 3; res <= 11; res++ {
			pools["h3"] = append(pools["h3"], hex.String(hex.Parent(hex.Cell(p[0], p[1], 11), res)))
		}
	}
	pools["bbox"] = boxes
	pools["cell"] = pools["h3"]
}

// grids adds the parts of tiles, each by itself: most do not fit one another. tileOf gives those that do.
func grids(pools map[string][]string) {
	pools["z"] = []string{"0", "5", "11", "14", "22", "23"}
	pools["x"] = []string{"0", "16", "8257"}
	pools["file"] = []string{"0.mvt", "11.mvt", "5982.mvt", "0.bin", "5982.bin", "0.png"}
	for name, like := range map[string]string{"tileMatrix": "z", "tilematrix": "z", "tileRow": "x", "tileCol": "x", "tilerow": "x", "tilecol": "x"} {
		pools[name] = pools[like]
	}
	for _, name := range []string{"tileMatrixSetId", "tileMatrixSet", "tilematrixset"} {
		pools[name] = []string{"WebMercatorQuad", "WorldCRS84Quad", "none"}
	}
	pools["tilejson/file"] = []string{"hexagons.json", "events.json", "areas.json", "units.json", "roads.json", "none.json"}
}

// tileOf is a tile that exists, by the names that operations give to its parts.
func tileOf(r *rand.Rand, op string) map[string]string {
	z := []int{0, 3, 5, 6, 8, 10, 11, 13, 14, 15, 16, 18}[r.IntN(12)]
	if strings.Contains(op, "event") && r.IntN(10) > 0 {
		z = 13 + r.IntN(5)
	}
	p := spots()[r.IntN(len(spots()))]
	if r.IntN(4) == 0 { // a neighbour's
		p[0] += 360 / math.Exp2(float64(z))
	}
	tile := maptile.At(p, maptile.Zoom(z))
	zoom, column, row := strconv.Itoa(z), strconv.Itoa(int(tile.X)), strconv.Itoa(int(tile.Y))
	form := ".mvt"
	if strings.HasPrefix(op, "hexagons") && r.IntN(2) == 0 {
		form = ".bin"
	}
	parts := map[string]string{
		"z": zoom, "x": column, "file": row + form, "tileMatrix": zoom, "tileRow": row, "tileCol": column, "tileMatrixSetId": "WebMercatorQuad", "tileMatrixSet": "WebMercatorQuad",
		"tilematrix": zoom, "tilerow": row, "tilecol": column, "tilematrixset": "WebMercatorQuad",
	}
	if strings.HasPrefix(op, "wmts") {
		parts["file"] = column + ".png"
	}
	if op == "tilejson" {
		delete(parts, "file")
	}
	return parts
}

// probeBodies make the bodies of operations that take one.
func probeBodies() map[string]func(r *rand.Rand) (media, body string) {
	json := func(bodies ...string) func(r *rand.Rand) (string, string) {
		return func(r *rand.Rand) (string, string) { return "application/json", pick(r, bodies) }
	}
	inputs := func(by ...string) []string {
		list := []string{`{}`, `[]`, `{"inputs":{"nothing":1}}`}
		for _, filter := range []string{
			``, `,"area":["fr.11"]`, `,"area":["fr.75.40"]`, `,"category":["vehicle.theft"]`, `,"category":["secretly.kept","burglary"]`, `,"bbox":[-1,43,1,44]`, `,"source":["SECRETSOURCE"]`,
			`,"from":"2024-03-02","to":"2024-03-09"`, `,"attr":{"SECRETKEY":["SECRETVALUE"]}`,
		} {
			for _, one := range by {
				list = append(list, `{"inputs":{`+one+filter+`}}`, `{"inputs":{`+one+filter+`},"outputs":{"result":{"format":{"mediaType":"text/csv"}}},"response":"raw"}`)
			}
		}
		return list
	}
	bodies := forecastBodies(json)
	maps.Copy(bodies, map[string]func(r *rand.Rand) (string, string){
		"execute-echo":      json(`{"inputs":{"string":"Value"}}`, `{"inputs":{"numbers":[1,2]}}`, `{"inputs":{"stringInput":"SECRET"}}`, `{}`),
		"execute-aggregate": json(inputs(`"by":"cell"`, `"by":"cell","resolution":5`, `"by":"area"`, `"by":"area","level":"region"`, `"by":"time","bins":12`)...),
		"execute-export": json(inputs(`"collection":"events","recipient":"us"`, `"collection":"units","recipient":"us"`, `"collection":"areas","recipient":"us"`,
			`"collection":"events","recipient":"us","filter":"ref LIKE 'SECRET%'"`, `"collection":"events","recipient":"us","properties":["ref","SECRETKEY"]`)...),
		"access-token": func(r *rand.Rand) (string, string) {
			return "application/x-www-form-urlencoded", pick(r, []string{
				"grant_type=client_credentials&client_id=qgis&client_secret=vigie_x_SECRET", "grant_type=client_credentials&client_id=secret-agent&client_secret=x", "grant_type=password",
			})
		},
		"checkpoints-make": json(planRequests()...), "execute-checkpoint-plan": json(planErrands()...),
		"checkpoints-change": json(planChanges()...), "checkpoints-undo": json(oftenAt(2)...), "checkpoints-propose": json(`{"base":999}`, `{}`),
		"checkpoints-approve": json(rarely(`"reference":"x","authority":"y"`)...), "checkpoints-refuse": json(rarely(`"reason":"non merci"`)...),
		"checkpoints-close": json(oftenAt(2)...), "checkpoints-evaluate": json(oftenAt(3)...),
		"checkpoints-report": json(planReports()...), "checkpoints-judge": json(`{"status":"safe","lit":"yes"}`, `{"status":"unsafe","lit":"no","note":"n"}`, `{"status":"x"}`),
		"log-in": json(`{"name":"secret-agent","password":"wrong wrong wrong"}`, `{"name":"everything","password":"wrong wrong wrong"}`,
			`{"name":"nobody-at-all","password":"wrong wrong wrong"}`, `{"name":""}`, `[]`),
	})
	return bodies
}
