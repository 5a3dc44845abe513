package forecasting

import (
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"

	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/geoengine/jobs"
	"vigie/module/moduletest"
)

func TestLifeOfARun(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.Person(t, "toulouse")
	id := s.ran(t, b, "fr.76.82", "fr.76")
	var got runBody
	s.Get(t, b, "/api/forecasts/runs/"+id, &got)
	if diff := cmp.Diff([]string{"fr.76"}, got.Areas); diff != "" {
		t.Error(diff) // an area within another adds nothing
	}
	if got.ID != id || got.Name != "thefts" || got.Author != "toulouse" || got.Seed != 1 || got.Options["kernel"] != "none" || got.Partial || got.Card.Inputs.Events != 160 || !got.Usable ||
		!got.Until.Equal(time.Date(2026, 3, 3, 23, 0, 0, 0, time.UTC)) || len(got.Bounds) != 4 || got.Values < 20 || len(got.Steps) != 1 || got.AreaNames["fr.76"] != "Occitanie" || len(got.Hash) != 64 {
		t.Errorf("run: %+v", got)
	}
	s.values(t, b, id, got.Values)
	s.tiles(t, b, id)
	s.process(t, b)
	var list struct{ Forecasts []forecastBody }
	s.Get(t, b, "/api/forecasts", &list)
	if len(list.Forecasts) != 2 || len(list.Forecasts[0].Latest) != 2 || list.Forecasts[0].Every != "P7D" || list.Forecasts[0].Settle != "P2D" || list.Forecasts[0].Horizons[0] != "P7D" {
		t.Errorf("list: %+v", list)
	}
	a := s.Do(t, b, "POST", "/api/forecasts/runs/"+id+"/decisions", `{"decision":"partly","note":"Deux rues seulement","places":["871f"]}`)
	if a.Status != http.StatusOK {
		t.Fatalf("decide: %d %s", a.Status, a.Body)
	}
	var decisions struct{ Decisions []forecast.Decision }
	s.Get(t, b, "/api/forecasts/runs/"+id+"/decisions", &decisions)
	if len(decisions.Decisions) != 1 || decisions.Decisions[0].Person != "toulouse" || decisions.Decisions[0].Areas[0] != "fr.76" {
		t.Errorf("decisions: %+v", decisions)
	}
	var lines int
	const sql = `select count(*) from journal where operation = 'forecast-decide' and class = 'sensitive' and reference like '%' || $1 || '%'`
	if err := s.Store.Pool.QueryRow(t.Context(), sql, id).Scan(&lines); err != nil || lines == 0 {
		t.Errorf("the journal knows nothing of the decision: %v", err)
	}
}

// values reads the values in every form, whole and by pages.
func (s *site) values(t *testing.T, b moduletest.Caller, id string, n int) {
	t.Helper()
	path := "/api/forecasts/runs/" + id + "/values"
	type page struct {
		Values []map[string]any
		Next   string
	}
	var ids []string
	for next, first := "", true; first || next != ""; first = false {
		var p page
		s.Get(t, b, path+"?limit=7&rank=1000&cursor="+next, &p)
		for i, v := range p.Values {
			ids = append(ids, v["id"].(string))
			if want := float64(len(ids)); v["rank"] != want || v["lon"] == nil || v["cell"] != nil {
				t.Errorf("value %d: %v", i, v)
			}
		}
		next = p.Next
	}
	slices.Sort(ids)
	if len(slices.Compact(ids)) != n {
		t.Errorf("%d values in pages, not %d", len(ids), n)
	}
	records, err := csv.NewReader(strings.NewReader(string(s.Do(t, b, "GET", path+"?f=csv", "").Body))).ReadAll()
	if err != nil || len(records) != n+1 {
		t.Errorf("csv: %d records, %v", len(records), err)
	}
	collection, err := geojson.UnmarshalFeatureCollection(s.Do(t, b, "GET", path, "", "Accept", "application/geo+json").Body)
	if err != nil || len(collection.Features) != n || collection.Features[0].Geometry.GeoJSONType() != "Polygon" {
		t.Errorf("geojson: %v", err)
	}
}

// tiles reads the tile over Toulouse.
func (s *site) tiles(t *testing.T, b moduletest.Caller, id string) {
	t.Helper()
	a := s.Do(t, b, "GET", "/tiles/forecasts/"+id+"/11/1032/747.mvt", "", "Accept-Encoding", "identity")
	layers, err := mvt.Unmarshal(a.Body)
	if err != nil || a.Status != http.StatusOK || len(layers) != 1 || layers[0].Name != "forecast" || len(layers[0].Features) < 10 {
		t.Fatalf("tile: %d %v %d bytes", a.Status, err, len(a.Body))
	}
	for _, name := range []string{"id", "expected", "low80", "high80", "width", "last_year", "count", "rank", "share", "kind", "profile"} {
		if _, there := layers[0].Features[0].Properties[name]; !there {
			t.Errorf("the tile lacks %s: %v", name, layers[0].Features[0].Properties)
		}
	}
	if a := s.Do(t, b, "GET", "/tiles/forecasts/"+id+"/9/0/0.mvt", ""); a.Status != http.StatusOK || len(a.Body) > 60 {
		t.Errorf("a tile elsewhere: %d, %d bytes", a.Status, len(a.Body))
	}
}

// process makes a run as OGC API – Processes does.
func (s *site) process(t *testing.T, b moduletest.Caller) {
	t.Helper()
	a := s.Do(t, b, "POST", "/ogc/processes/forecast-thefts/execution", `{"inputs":{"areas":["fr.76.31"],"horizon":"P7D","until":"2026-03-01T00:00:00Z","seed":5,"options":{"kernel":"wide"}}}`, "Prefer", "respond-async")
	place := a.Header.Get("Location")
	if a.Status != http.StatusCreated || place == "" {
		t.Fatalf("execution: %d %s", a.Status, a.Body)
	}
	id := place[strings.LastIndexByte(place, '/')+1:]
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if a = s.Do(t, b, "GET", "/api/forecasts/runs/"+id, ""); a.Status == http.StatusOK || time.Now().After(deadline) {
			break
		}
	}
	var got runBody
	a.Into(t, &got)
	if got.Seed != 5 || got.Options["kernel"] != "wide" || !got.Until.Equal(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("run of the process: %s", a.Body)
	}
}

// TestPartOfARun tests what who holds a part of a run's areas gets of it.
func TestPartOfARun(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	alice, part, paris := s.Person(t, "alice"), s.Person(t, "haute-garonne"), s.Person(t, "paris")
	id := s.ran(t, alice, "fr.76")
	var whole, got runBody
	s.Get(t, alice, "/api/forecasts/runs/"+id, &whole)
	s.Get(t, part, "/api/forecasts/runs/"+id, &got)
	if !got.Partial || got.Card.Inputs.Events != 0 || len(got.Card.Equity)+len(got.Card.Backtest)+len(got.Card.Reliability)+len(got.Card.Refused) > 0 || got.Hash+got.InputHash != "" ||
		got.Values >= whole.Values || got.Values == 0 || got.Bounds[3] > 44 || !got.Usable {
		t.Errorf("a part: %+v", got)
	}
	var page struct{ Values []map[string]any }
	s.Get(t, part, "/api/forecasts/runs/"+id+"/values", &page)
	if len(page.Values) != got.Values {
		t.Errorf("%d values, not %d", len(page.Values), got.Values)
	}
	for _, v := range page.Values {
		if v["rank"] != nil || !strings.HasPrefix(v["area"].(string), "fr.76.31") {
			t.Errorf("value: %v", v)
		}
	}
	if a := s.Do(t, part, "GET", "/api/forecasts/runs/"+id+"/values?rank=5", ""); a.Status != http.StatusUnprocessableEntity || !strings.Contains(string(a.Body), "Le rang dépend") {
		t.Errorf("ranks: %d %s", a.Status, a.Body)
	}
	if layers, err := mvt.Unmarshal(s.Do(t, part, "GET", "/tiles/forecasts/"+id+"/9/258/186.mvt", "", "Accept-Encoding", "identity").Body); err != nil || len(layers) != 1 || layers[0].Features[0].Properties["rank"] != nil {
		t.Errorf("tile: %v", err)
	}
	for _, path := range []string{"", "/values", "/decisions"} {
		if a := s.Do(t, paris, "GET", "/api/forecasts/runs/"+id+path, ""); a.Status != http.StatusNotFound {
			t.Errorf("Paris reads %s: %d", path, a.Status)
		}
	}
}

// TestReplay tests that a run is made again with the same bytes, and that changed data or another model show.
func TestReplay(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id, err := jobs.ParseID(s.ran(t, s.Person(t, "toulouse"), "fr.76"))
	if err != nil {
		t.Fatal(err)
	}
	f := s.fake.forecaster()
	check := func(want Replay) {
		t.Helper()
		got, err := Again(t.Context(), &f, s.Store, id, nil)
		if err != nil {
			t.Fatal(err)
		}
		got.Before, got.After = Hashes{}, Hashes{}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	check(Replay{Run: id.String(), Same: true, SameInput: true, SameModel: true})
	f.Version = "2"
	check(Replay{Run: id.String(), SameInput: true})
	f.Version = "1"
	thefts(t, s.Store, "late", "fr.76.31.31555", 1.44, 43.6, 3, startNow().AddDate(0, 0, -20), 10)
	check(Replay{Run: id.String(), SameModel: true})
	if _, err := Again(t.Context(), &f, s.Store, jobs.ID{}, nil); !errors.Is(err, geoengine.ErrMissing) {
		t.Errorf("no run: %v", err)
	}
}

// TestClosed tests that who may not read the categories gets no values.
func TestClosed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.ran(t, s.Person(t, "toulouse"), "fr.76")
	b := s.Person(t, "analyst") // thefts are protected counts for analysts
	var list struct{ Forecasts []forecastBody }
	s.Get(t, b, "/api/forecasts", &list)
	if len(list.Forecasts) != 2 || !list.Forecasts[0].Closed || len(list.Forecasts[0].Latest) != 0 {
		t.Errorf("list: %+v", list)
	}
	for _, target := range []string{"/api/forecasts/thefts/runs", "/api/forecasts/runs/" + id, "/api/forecasts/runs/" + id + "/values", "/api/forecasts/runs/" + id + "/decisions", "/tiles/forecasts/" + id + "/9/258/186.mvt"} {
		if a := s.Do(t, b, "GET", target, ""); a.Status != http.StatusForbidden || !strings.Contains(string(a.Body), "un par un") {
			t.Errorf("%s: %d %s", target, a.Status, a.Body)
		}
	}
	if a := s.Do(t, b, "POST", "/api/forecasts/thefts/runs", `{"areas":["fr.76"],"horizon":"P7D"}`, "Accept-Language", "en"); a.Status != http.StatusForbidden || !strings.Contains(string(a.Body), "one by one") {
		t.Errorf("make: %d %s", a.Status, a.Body)
	}
}

// TestWhoMay goes through the operations with every role, in and out of the territory.
func TestWhoMay(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	toulouse := s.Person(t, "toulouse")
	who := map[string]moduletest.Caller{"toulouse": toulouse, "robot": s.Machine(t, "robot", geoengine.AccountGrant{Role: "commander", Areas: []string{"fr.76"}}), "nobody": {}}
	for _, name := range []string{"alice", "paris", "haute-garonne", "operator", "analyst", "admin", "auditor"} {
		who[name] = s.Person(t, name)
	}
	run := "/api/forecasts/runs/" + s.ran(t, toulouse, "fr.76")
	const post, decision = `{"areas":["fr.76"],"horizon":"P7D"}`, `{"decision":"followed"}`
	for _, c := range []struct {
		method, target, body string
		want                 map[string]int
	}{
		{"GET", run, "", map[string]int{"alice": 200, "toulouse": 200, "robot": 200, "paris": 404, "haute-garonne": 200, "auditor": 403, "nobody": 401}},
		{"GET", run + "/values", "", map[string]int{"alice": 200, "toulouse": 200, "robot": 200, "paris": 404, "auditor": 403, "nobody": 401}},
		{"POST", "/api/forecasts/thefts/runs", post, map[string]int{"robot": 201, "paris": 404, "haute-garonne": 404, "operator": 403, "admin": 403, "auditor": 403, "nobody": 401}},
		{"POST", "/api/forecasts/thefts/runs", `{"horizon":"P7D"}`, map[string]int{"toulouse": 422, "alice": 201}},
		{"POST", run + "/decisions", decision, map[string]int{"toulouse": 200, "robot": 403, "paris": 404, "operator": 403, "analyst": 403, "admin": 403, "nobody": 401}},
		{"GET", "/api/forecasts/alerts", "", map[string]int{"toulouse": 200, "paris": 200, "operator": 200, "auditor": 403, "nobody": 401}},
		{"GET", "/api/forecasts", "", map[string]int{"toulouse": 200, "operator": 200, "admin": 200, "auditor": 403, "nobody": 401}},
	} {
		for name, want := range c.want {
			if a := s.Do(t, who[name], c.method, c.target, c.body); a.Status != want {
				t.Errorf("%s %s as %s: %d, not %d: %.200s", c.method, c.target, name, a.Status, want, a.Body)
			}
		}
	}
}

// TestTooFew tests that what a forecaster refuses is said to who asked, in their language.
func TestTooFew(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.Person(t, "toulouse")
	a := s.Do(t, b, "POST", "/api/forecasts/thefts/runs", `{"areas":["fr.76"],"horizon":"P7D","until":"2020-01-01T00:00:00Z"}`, "Accept-Language", "en")
	if a.Status != http.StatusUnprocessableEntity || !strings.Contains(string(a.Body), `"detail":"There are too few events`) || !strings.Contains(string(a.Body), `trop peu`) {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	var runs int
	if err := s.Store.Pool.QueryRow(t.Context(), `select count(*) from forecast_run`).Scan(&runs); err != nil || runs != 0 {
		t.Errorf("%d runs, %v", runs, err)
	}
}

// TestPagesOfRuns lists runs page by page.
func TestPagesOfRuns(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.Person(t, "toulouse")
	for i := range 5 {
		a := s.Do(t, b, "POST", "/api/forecasts/thefts/runs", fmt.Sprintf(`{"areas":["fr.76"],"horizon":"P7D","until":"2026-02-%02dT00:00:00Z"}`, 10+i))
		if a.Status != http.StatusCreated {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
	}
	seen, next := 0, ""
	for {
		var page struct {
			Runs []LineBody
			Next string
		}
		s.Get(t, b, "/api/forecasts/thefts/runs?limit=2&area=fr.76.31&cursor="+next, &page)
		seen += len(page.Runs)
		if next = page.Next; next == "" {
			break
		}
	}
	if seen != 5 {
		t.Errorf("%d runs, not 5", seen)
	}
}
