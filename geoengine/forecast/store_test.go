package forecast_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/geoengine/geotest"
	"vigie/geoengine/hex"
	"vigie/geoengine/jobs"
)

var until = time.Date(2026, 3, 2, 0, 0, 0, 0, time.FixedZone("", 3600)) //nolint:gochecknoglobals // a constant of these tests

// aResult is a result with cells in two communes.
func aResult(areas ...string) *forecast.Result {
	r := &forecast.Result{
		Spec:  forecast.Spec{Name: "thefts", Areas: areas, Until: until, Horizon: "P7D", Seed: 7, Options: map[string]string{"b": "2", "a": "1"}},
		Model: "counts", Version: "1", InputHash: "00ff", Place: forecast.Cells, From: until, To: until.AddDate(0, 0, 7),
		Card: forecast.Card{Title: forecast.Text{FR: "Vols", EN: "Thefts"}, Usable: true, Band: forecast.Band{RatioLow: 0.8, RatioHigh: 1.25, Cover80Low: 0.7, Cover95Low: 0.9}},
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 40 {
		area, lon := "fr.76.31.31555", 1.44
		if i%2 == 1 {
			area, lon = "fr.11.75", 2.35
		}
		cell := hex.Cell(lon+0.01*float64(i), 43.6, 8)
		mean := random.Float64()
		r.Values = append(r.Values, forecast.Value{
			Cell: cell, Area: area, From: r.From, To: r.To, Expected: mean, Median: math.Floor(mean), Low80: 0, High80: math.Ceil(2 * mean), Low95: 0, High95: math.Ceil(3 * mean),
			LastYear: -1, Count: mean / 3, Rank: i + 1, Profile: -1,
		})
	}
	return r
}

func origin(t *testing.T) forecast.Origin {
	t.Helper()
	id, err := forecast.NewID(nil)
	if err != nil {
		t.Fatal(err)
	}
	return forecast.Origin{ID: id, Author: "ana", At: until.Add(time.Hour), Feeds: []string{"vehicle.theft"}}
}

func exec(t *testing.T, store *geoengine.Store, sql string, args ...any) {
	t.Helper()
	if _, err := store.Pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// saved keeps a result and returns the id of its run.
func saved(t *testing.T, db *geoengine.Store, r *forecast.Result) jobs.ID {
	t.Helper()
	from := origin(t)
	if err := forecast.New(db).Save(t.Context(), r, from); err != nil {
		t.Fatal(err)
	}
	return from.ID
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	db := geotest.New(t)
	store := forecast.New(db)
	lixels := aResult("fr.76", "fr.11")
	lixels.Place = forecast.Lixels
	for i := range lixels.Values {
		v := &lixels.Values[i]
		v.Geometry = orb.LineString{hex.Center(v.Cell), {hex.Center(v.Cell)[0] + 0.001, 43.6}}
		v.Cell, v.Place, v.Label = 0, fmt.Sprintf("lixel/%03d", i), "D 1, “é”"
	}
	stations := aResult()
	stations.Place, stations.Profiles = forecast.Units, [][]float64{make([]float64, 168)}
	stations.Values = stations.Values[:1]
	stations.Values[0].Cell, stations.Values[0].Place, stations.Values[0].Profile = 0, "test/a", 0
	empty := aResult("fr")
	empty.Values = nil
	for name, r := range map[string]*forecast.Result{"cells": aResult("fr.76", "fr.11"), "lixels": lixels, "units": stations, "empty": empty} {
		before, err := r.JSON()
		if err != nil {
			t.Fatal(err)
		}
		id := saved(t, db, r)
		back, err := store.Result(t.Context(), id)
		if err != nil {
			t.Fatal(name, err)
		}
		after, err := back.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(before), string(after)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if diff := cmp.Diff(r.Values, back.Values); diff != "" {
			t.Errorf("%s, with shapes: %s", name, diff)
		}
		run, err := store.Find(t.Context(), geoengine.AllRights(), id)
		hash, _ := r.Hash()
		if err != nil || run.Hash != fmt.Sprintf("%x", hash) || run.Values != len(r.Values) || run.Step != "P7D" {
			t.Errorf("%s: %+v %v", name, run, err)
		}
	}
}

// TestSameResult tests that order and time zones of what a forecaster gives do not change the bytes.
func TestSameResult(t *testing.T) {
	t.Parallel()
	a, b := aResult("fr.76", "fr.11"), aResult("fr.11", "fr.76", "fr.11")
	rand.New(rand.NewPCG(3, 4)).Shuffle(len(b.Values), func(i, j int) { b.Values[i], b.Values[j] = b.Values[j], b.Values[i] })
	b.From, b.To = b.From.UTC(), b.To.In(time.FixedZone("x", -7200))
	one, err := a.JSON()
	if err != nil {
		t.Fatal(err)
	}
	two, err := b.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(one), string(two)); diff != "" {
		t.Error(diff)
	}
	b.Values[0].Expected += 1e-15
	if three, _ := b.JSON(); string(three) == string(one) {
		t.Error("another value gives the same bytes")
	}
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(r *forecast.Result){
		"NaN":              func(r *forecast.Result) { r.Values[3].Expected = math.NaN() },
		"infinite":         func(r *forecast.Result) { r.Values[3].High95 = math.Inf(1) },
		"negative":         func(r *forecast.Result) { r.Values[3].Low95 = -1 },
		"half":             func(r *forecast.Result) { r.Values[3].High50 = r.Values[3].High80 + 1 },
		"last year NaN":    func(r *forecast.Result) { r.Values[3].LastYear = math.NaN() },
		"not nested":       func(r *forecast.Result) { r.Values[3].Low80 = r.Values[3].High80 + 1 },
		"no cell":          func(r *forecast.Result) { r.Values[0].Cell = 1 },
		"twice":            func(r *forecast.Result) { r.Values[1] = r.Values[0] },
		"outside":          func(r *forecast.Result) { r.Values[3].To = r.To.Add(time.Second) },
		"backwards":        func(r *forecast.Result) { r.To = r.From },
		"area":             func(r *forecast.Result) { r.Values[3].Area = "fr.%" },
		"rank":             func(r *forecast.Result) { r.Values[3].Rank = 1000 },
		"profile":          func(r *forecast.Result) { r.Values[3].Profile = 0 },
		"kind":             func(r *forecast.Result) { r.Values[3].Kind = "\xff" },
		"label":            func(r *forecast.Result) { r.Values[3].Label = strings.Repeat("x", 301) },
		"card":             func(r *forecast.Result) { r.Card.Reliability = []forecast.Bin{{Observed: math.NaN()}} },
		"back-test":        func(r *forecast.Result) { r.Card.Backtest = []forecast.Row{{P: math.Inf(-1)}} },
		"no version":       func(r *forecast.Result) { r.Version = "" },
		"short profile":    func(r *forecast.Result) { r.Profiles = [][]float64{{1}} },
		"unknown place":    func(r *forecast.Result) { r.Place = "person" },
		"no hash of input": func(r *forecast.Result) { r.InputHash = "" },
	} {
		r := aResult("fr")
		r.Canonical()
		if err := r.Check(); err != nil {
			t.Fatal(err)
		}
		change(r)
		if err := r.Check(); !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStepOf(t *testing.T) {
	t.Parallel()
	r := aResult()
	for want, length := range map[string]time.Duration{
		"PT1H": time.Hour, "PT8H": 8 * time.Hour, "P1D": 23 * time.Hour, "P2D": 49 * time.Hour, "PT30M": 30 * time.Minute, "P7D": 7 * 24 * time.Hour,
	} {
		if got := r.StepOf(&forecast.Value{From: r.From, To: r.From.Add(length)}); got != want {
			t.Errorf("%v: %s, not %s", length, got, want)
		}
	}
}

// TestRowSecurity tests what PostgreSQL itself shows of runs, values, scores and decisions.
func TestRowSecurity(t *testing.T) {
	t.Parallel()
	db := geotest.New(t)
	store := forecast.New(db)
	exec(t, db, `insert into category values (1, 'road.accident'), (2, 'vehicle.theft'), (3, 'vehicle.theft.moped')`)
	var ids []jobs.ID
	for _, areas := range [][]string{{"fr.76"}, {"fr.76", "fr.11"}, {"fr.76.31"}, {}} {
		id := saved(t, db, aResult(areas...))
		ids = append(ids, id)
		if err := store.AddScores(t.Context(), id, until.AddDate(0, 0, 30), []forecast.Score{{Observed: 1}}); err != nil {
			t.Fatal(err)
		}
		if err := store.Decide(t.Context(), id, &forecast.Decision{At: until, Person: "ana", Decision: "followed", Places: []string{}, Areas: areas}); err != nil {
			t.Fatal(err)
		}
	}
	all := []string{"vehicle.theft", "road"}
	for _, c := range []struct {
		name                         string
		scope, open                  []string
		runs, values, scores, decide int
	}{
		{"everything", nil, nil, 4, 160, 4, 4},
		{"everything, listed", nil, all, 4, 160, 4, 4},
		{"a category closed", nil, []string{"road"}, 0, 0, 0, 0},
		{"a part of the family open", nil, []string{"vehicle.theft.moped"}, 0, 0, 0, 0},
		{"nothing open", nil, []string{}, 0, 0, 0, 0},
		{"no territory", []string{}, nil, 0, 0, 0, 0},
		{"region", []string{"fr.76"}, all, 4, 80, 2, 2},
		{"departement", []string{"fr.76.31"}, all, 4, 80, 1, 1},
		{"commune", []string{"fr.76.31.31555"}, all, 4, 80, 0, 0},
		{"Paris", []string{"fr.11"}, all, 2, 80, 0, 0},
		{"both", []string{"fr.11", "fr.76"}, all, 4, 160, 3, 3},
		{"country", []string{"fr"}, all, 4, 160, 3, 3},
		{"another", []string{"fr.99"}, all, 1, 0, 0, 0},
		{"a prefix of letters", []string{"fr.7"}, all, 1, 0, 0, 0},
		{"wildcards", []string{"%", "fr.__", "*"}, all, 1, 0, 0, 0}, // fr.__ is a path, of nothing
	} {
		var runs, values, scores, decisions int
		err := db.Read(t.Context(), geoengine.Rights{Scope: c.scope, Open: c.open}, func(tx pgx.Tx) error {
			const sql = `select (select count(*) from forecast_run), (select count(*) from forecast_value), (select count(*) from forecast_score), (select count(*) from forecast_decision)`
			return tx.QueryRow(t.Context(), sql).Scan(&runs, &values, &scores, &decisions)
		})
		if got := [4]int{runs, values, scores, decisions}; err != nil || got != [4]int{c.runs, c.values, c.scores, c.decide} {
			t.Errorf("%s: %v, not %v: %v", c.name, got, [4]int{c.runs, c.values, c.scores, c.decide}, err)
		}
	}
	if _, err := store.Find(t.Context(), geoengine.Rights{Open: []string{"road"}}, ids[0]); !errors.Is(err, geoengine.ErrDenied) {
		t.Errorf("a closed category: %v", err)
	}
	if _, err := store.Find(t.Context(), geoengine.Rights{Scope: []string{"fr.99"}, Open: []string{"road"}}, ids[0]); !errors.Is(err, geoengine.ErrMissing) {
		t.Errorf("another territory: %v", err)
	}
	if r, err := store.Find(t.Context(), geoengine.Rights{Scope: []string{"fr.76.31"}, Open: all}, ids[0]); err != nil || r.Whole([]string{"fr.76.31"}) || !r.Whole([]string{"fr"}) {
		t.Errorf("a part: %+v %v", r.ID, err)
	}
}

// TestAppendOnly tests that nobody but the retention changes or takes away a row.
func TestAppendOnly(t *testing.T) {
	t.Parallel()
	db := geotest.New(t)
	store := forecast.New(db)
	id := saved(t, db, aResult("fr"))
	if err := store.AddScores(t.Context(), id, until, []forecast.Score{{Observed: 1}}); err != nil {
		t.Fatal(err)
	}
	if err := store.Decide(t.Context(), id, &forecast.Decision{At: until, Person: "ana", Decision: "partly", Places: []string{}, Areas: []string{"fr"}}); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"forecast_run", "forecast_value", "forecast_score", "forecast_decision"} {
		for _, sql := range []string{"update " + table + " set needs = '%'", "delete from " + table, "truncate " + table} {
			if _, err := db.Pool.Exec(t.Context(), sql); err == nil || !strings.Contains(err.Error(), "only ever added") {
				t.Errorf("%s: %v", sql, err)
			}
			err := db.Read(t.Context(), geoengine.AllRights(), func(tx pgx.Tx) error {
				_, err := tx.Exec(t.Context(), sql)
				return err
			})
			if err == nil {
				t.Errorf("a reader may: %s", sql)
			}
		}
	}
	if n, err := store.Purge(t.Context(), until.AddDate(0, 0, 7)); err != nil || n != 0 {
		t.Errorf("purged too soon: %d %v", n, err)
	}
	if n, err := store.Purge(t.Context(), until.AddDate(0, 0, 8)); err != nil || n != 1 {
		t.Errorf("purged: %d %v", n, err)
	}
	var left int
	const rest = `select (select count(*) from forecast_run) + (select count(*) from forecast_value) + (select count(*) from forecast_score) + (select count(*) from forecast_decision)`
	if err := db.Pool.QueryRow(t.Context(), rest).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d rows are left: %v", left, err)
	}
}

// TestSavedOnce tests that a run is kept whole or not at all, and once.
func TestSavedOnce(t *testing.T) {
	t.Parallel()
	db := geotest.New(t)
	store := forecast.New(db)
	from := origin(t)
	if err := store.Save(t.Context(), aResult("fr"), from); err != nil {
		t.Fatal(err)
	}
	other := aResult("fr")
	other.Values = other.Values[:1]
	if err := store.Save(t.Context(), other, from); err == nil {
		if r, err := store.Find(t.Context(), geoengine.AllRights(), from.ID); err != nil || r.Values != 40 {
			t.Errorf("overwritten: %d values, %v", r.Values, err)
		}
	} else {
		t.Errorf("the same run again: %v", err)
	}
	queued := origin(t)
	queued.Queued = true
	if err := store.Save(t.Context(), aResult("fr"), queued); !errors.Is(err, forecast.ErrGone) {
		t.Errorf("without its job: %v", err)
	}
	ending, cancel := context.WithCancel(t.Context())
	cancel()
	if err := store.Save(ending, aResult("fr"), origin(t)); err == nil {
		t.Error("saved after the end")
	}
	var runs, values int
	if err := db.Pool.QueryRow(t.Context(), `select (select count(*) from forecast_run), (select count(*) from forecast_value)`).Scan(&runs, &values); err != nil || runs != 1 || values != 40 {
		t.Errorf("%d runs, %d values, %v", runs, values, err)
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	db := geotest.New(t)
	store := forecast.New(db)
	r := aResult("fr")
	for i := range r.Values {
		r.Values[i].Kind = []string{"", "fire"}[i%2]
	}
	id := saved(t, db, r)
	ask := func(rights geoengine.Rights, a forecast.Ask) []forecast.Located {
		t.Helper()
		list, err := store.Values(t.Context(), rights, id, a)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	all := geoengine.AllRights()
	fire := "fire"
	for name, c := range map[string]struct {
		ask  forecast.Ask
		want int
	}{
		"all": {forecast.Ask{}, 40}, "page": {forecast.Ask{Limit: 7}, 7}, "kind": {forecast.Ask{Kind: &fire}, 20}, "area": {forecast.Ask{Area: "fr.11"}, 20}, "letters": {forecast.Ask{Area: "fr.1"}, 0},
		"step": {forecast.Ask{Step: "P7D"}, 40}, "no step": {forecast.Ask{Step: "P1D"}, 0}, "later": {forecast.Ask{From: r.To}, 0}, "before": {forecast.Ask{To: r.From}, 0},
		"cell": {forecast.Ask{Cell: r.Values[5].Cell}, 1}, "rank": {forecast.Ask{Rank: 5}, 5}, "after": {forecast.Ask{Skip: 30}, 10}, "by rank, after": {forecast.Ask{Rank: 10, Skip: 4}, 6},
	} {
		if got := ask(all, c.ask); len(got) != c.want {
			t.Errorf("%s: %d values, not %d", name, len(got), c.want)
		}
	}
	best := ask(all, forecast.Ask{Rank: 3})
	if len(best) != 3 || best[0].Rank != 1 || best[2].Rank != 3 || best[0].Center == nil || best[0].Step != "P7D" {
		t.Errorf("best: %+v", best)
	}
	seen, err := store.Seen(t.Context(), geoengine.Rights{Scope: []string{"fr.11"}}, id)
	if err != nil || seen.Values != 20 || seen.Places != 20 || len(seen.Kinds) != 1 || seen.Bounds == nil {
		t.Errorf("seen: %+v %v", seen, err)
	}
	periods, err := store.Periods(t.Context(), all, id, 10)
	if err != nil || len(periods) != 1 || periods[0].Step != "P7D" || !periods[0].From.Equal(r.From) {
		t.Errorf("periods: %+v %v", periods, err)
	}
}

func TestLists(t *testing.T) {
	t.Parallel()
	db := geotest.New(t)
	store := forecast.New(db)
	for i := range 5 {
		r := aResult([]string{"fr.76", "fr.11"}[i%2])
		r.Spec.Until = until.AddDate(0, 0, i)
		saved(t, db, r)
	}
	var last *forecast.Run
	seen := 0
	for {
		list, err := store.List(t.Context(), geoengine.AllRights(), forecast.Listing{Name: "thefts", Limit: 2, After: last})
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			break
		}
		for i := range list {
			if last != nil && list[i].Head.Spec.Until.After(last.Head.Spec.Until) {
				t.Error("not the latest first")
			}
			last = &list[i]
			seen++
		}
	}
	if seen != 5 {
		t.Errorf("%d runs in pages, not 5", seen)
	}
	for area, want := range map[string]int{"fr": 5, "fr.76": 3, "fr.76.31": 3, "fr.11": 2, "fr.1": 0, "": 5} {
		if list, err := store.List(t.Context(), geoengine.AllRights(), forecast.Listing{Name: "thefts", Area: area, Limit: 10}); err != nil || len(list) != want {
			t.Errorf("of %q: %d, not %d: %v", area, len(list), want, err)
		}
	}
	if list, err := store.Latest(t.Context(), geoengine.AllRights(), "thefts", 10); err != nil || len(list) != 2 || !list[1].Head.Spec.Until.Equal(until.AddDate(0, 0, 4)) {
		t.Errorf("latest: %d %v", len(list), err)
	}
	if there, err := store.Made(t.Context(), aResult("fr.76").Spec); err != nil || !there {
		t.Errorf("made: %v %v", there, err)
	}
}

func TestSchedule(t *testing.T) {
	t.Parallel()
	db := geotest.New(t)
	store := forecast.New(db)
	one := forecast.Scheduled{Name: "thefts", Area: "fr.76", Horizon: "P7D", Options: map[string]string{"a": "1"}, Author: "cli:ana", At: until.UTC()}
	for range 2 {
		if err := store.Plan(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
	list, err := store.Planned(t.Context(), "thefts")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]forecast.Scheduled{one}, list); diff != "" {
		t.Error(diff)
	}
	if err := store.Unplan(t.Context(), one); err != nil {
		t.Error(err)
	}
	if err := store.Unplan(t.Context(), one); !errors.Is(err, geoengine.ErrMissing) {
		t.Error(err)
	}
	entered := 0
	err = store.Alone(t.Context(), "x", func(ctx context.Context) error {
		entered++
		return store.Alone(ctx, "x", func(context.Context) error { entered++; return nil })
	})
	if err != nil || entered != 1 {
		t.Errorf("%d at once: %v", entered, err)
	}
}
