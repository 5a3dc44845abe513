package disclosure_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/geoengine/disclosure"
	"vigie/geoengine/geotest"
	"vigie/geoengine/hex"
)

const (
	putCategories = `insert into category values (1, 'rescue.call'), (2, 'rescue.call.fire'), (3, 'road.accident'), (4, 'rescue.callback')`
	putSource     = `insert into source values (1, 'calls', 'Calls', 'us', 'none', '', false)`
	putAreas      = `
		insert into area (id, path, parent, level, code, name, source, fingerprint) values
		(1, 'fr', '', 'country', 'FR', 'France', 1, 0), (2, 'fr.76', 'fr', 'region', '76', 'Occitanie', 1, 0),
		(3, 'fr.76.31', 'fr.76', 'departement', '31', 'Haute-Garonne', 1, 0), (4, 'fr.76.31.31555', 'fr.76.31', 'commune', '31555', 'Toulouse', 1, 0),
		(5, 'fr.76.09', 'fr.76', 'departement', '09', 'Ariège', 1, 0)`
	putEvent = `
		insert into event (zone, source, ref, category, severity, starts, ends, reported, utc_offset, geom, precision_m, weight, cell, area, attributes, fingerprint, xid)
		values (0, 1, $1, $2, 0, $3, $3::timestamptz + interval '10 minutes', $3, 3600, null, 0, 1, $4, $5, '{}', 0, pg_current_xact_id()::text::bigint)`
)

// place is where events of the tests happen.
type place struct {
	area     string
	lon, lat float64 // 0, 0 is no position
}

func places() map[string]place {
	return map[string]place{
		"toulouse": {"fr.76.31.31555", 1.4442, 43.6047}, "blagnac": {"fr.76.31", 1.3931, 43.6360}, "foix": {"fr.76.09", 1.6053, 42.9653},
		"sea": {"", 3.9, 43.2}, "nowhere": {"fr.76.31", 0, 0}, "pamiers": {"fr.76.09", 1.6111, 43.1164},
	}
}

func newStore(t *testing.T) *geoengine.Store {
	t.Helper()
	store := geotest.New(t)
	for _, sql := range []string{putCategories, putSource, putAreas} {
		if _, err := store.Pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

// put adds n events of a category at a place in a year, spread over its months.
func put(t *testing.T, store *geoengine.Store, where string, category, year, n int) {
	t.Helper()
	at := places()[where]
	cell := uint64(0)
	if at.lon != 0 {
		cell = hex.Cell(at.lon, at.lat, geoengine.CellResolution)
	}
	var b pgx.Batch
	for i := range n {
		starts := time.Date(year, time.Month(1+i%12), 10, 12, 0, 0, 0, time.UTC)
		b.Queue(putEvent, fmt.Sprint(where, category, year, i, time.Now().UnixNano()), category, starts, int64(cell), at.area)
	}
	if err := store.Pool.SendBatch(t.Context(), &b).Close(); err != nil {
		t.Fatal(err)
	}
}

func paris(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// now is the clock of the tests: 2023 is over for 31 days, 2024 is not.
func now() time.Time { return time.Date(2025, 1, 31, 22, 0, 0, 0, time.UTC) }

func calls() disclosure.Protection { return disclosure.Protection{Category: "rescue.call", K: 5} }

func policy() disclosure.Policy {
	return disclosure.Policy{Open: []string{"road.accident"}, Protected: []disclosure.Protection{calls()}}
}

func publish(t *testing.T, store *geoengine.Store, year int, again bool) bool {
	t.Helper()
	_, published, err := disclosure.NewPublisher(store, paris(t), now).Publish(t.Context(), calls(), year, again)
	if err != nil {
		t.Fatal(err)
	}
	return published
}

func TestPublishedYearsStay(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	put(t, store, "toulouse", 1, 2023, 40)
	if publish(t, store, 2022, false) {
		t.Error("a year without events was published")
	}
	var published atomic.Int32
	var servers sync.WaitGroup
	for range 4 {
		servers.Go(func() {
			if publish(t, store, 2023, false) {
				published.Add(1)
			}
		})
	}
	servers.Wait()
	if published.Load() != 1 {
		t.Errorf("%d of 4 servers published", published.Load())
	}
	releases := disclosure.NewReleases(store)
	total := func() uint32 {
		t.Helper()
		sum, _, err := releases.Total(t.Context(), policy(), geoengine.Query{})
		if err != nil {
			t.Fatal(err)
		}
		return sum.Count
	}
	before := total()
	mark, err := disclosure.Mark(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	put(t, store, "toulouse", 2, 2023, 10)
	put(t, store, "toulouse", 1, 2022, 10) // another year, and other categories, are no change
	put(t, store, "toulouse", 4, 2023, 10)
	changed, err := disclosure.Changed(t.Context(), store, mark)
	if diff := cmp.Diff([]disclosure.Published{{Category: "rescue.call", K: 5, Year: 2023}}, changed); diff != "" || err != nil {
		t.Errorf("changed years: %v\n%s", err, diff)
	}
	releases.Forget()
	if again := publish(t, store, 2023, false); again || total() != before || before != 40 {
		t.Errorf("published again is %t; %d events became %d", again, before, total())
	}
	if !publish(t, store, 2023, true) {
		t.Error("not published again")
	}
	releases.Forget()
	if total() != 50 {
		t.Errorf("published again: %d events", total())
	}
	_, _, err = disclosure.NewPublisher(store, paris(t), func() time.Time { return now().Add(-2 * time.Hour) }).Publish(t.Context(), calls(), 2024, false)
	if !errors.Is(err, geoengine.ErrInvalid) {
		t.Errorf("a year that is not over for 31 days: %v", err)
	}
}

func TestPublishDueWaitsForImports(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	put(t, store, "toulouse", 1, 2022, 9)
	put(t, store, "toulouse", 1, 2025, 9)
	const run = `insert into import_run (source, input, digest, started, updated, state) values ('calls', 'f', 'd', $1, $1, $2) returning id`
	var id int64
	if err := store.Pool.QueryRow(t.Context(), run, now().Add(-time.Minute), "running").Scan(&id); err != nil {
		t.Fatal(err)
	}
	publisher := disclosure.NewPublisher(store, paris(t), now)
	due := func(category string) ([]int, error) {
		return publisher.Due(context.WithoutCancel(t.Context()), category)
	}
	done, finished, err := publisher.PublishDue(t.Context(), []disclosure.Protection{calls()}, due)
	if len(done) > 0 || finished || err != nil {
		t.Fatalf("during an import: %v, %t, %v", done, finished, err)
	}
	if _, err := store.Pool.Exec(t.Context(), `update import_run set updated = $1`, now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	done, finished, err = publisher.PublishDue(t.Context(), []disclosure.Protection{calls()}, due)
	want := []disclosure.Published{{Category: "rescue.call", K: 5, Year: 2022, Territories: 1}}
	if diff := cmp.Diff(want, done); diff != "" || !finished || err != nil {
		t.Errorf("after it: %t, %v\n%s", finished, err, diff)
	}
}

// TestAnswers puts events so that some territories and years are below k, and asks in every way.
func TestAnswers(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	for _, e := range []struct {
		where             string
		category, year, n int
	}{
		{"toulouse", 1, 2022, 30}, {"toulouse", 2, 2022, 8}, {"blagnac", 1, 2022, 20}, {"nowhere", 1, 2022, 6}, {"foix", 1, 2022, 3}, {"sea", 1, 2022, 7},
		{"toulouse", 1, 2023, 50}, {"blagnac", 1, 2023, 2}, {"foix", 1, 2023, 70}, {"pamiers", 1, 2023, 1},
		{"toulouse", 3, 2023, 500}, {"toulouse", 4, 2023, 500}, {"toulouse", 1, 2024, 500},
	} {
		put(t, store, e.where, e.category, e.year, e.n)
	}
	publish(t, store, 2022, false)
	publish(t, store, 2023, false)
	releases := disclosure.NewReleases(store)
	day := func(text string) time.Time {
		at, err := time.ParseInLocation(time.DateOnly, text, paris(t))
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	hours := geoengine.Hours{}
	hours.Set(3)
	box := orb.Bound{Min: orb.Point{0, 40}, Max: orb.Point{9, 50}}
	for name, tt := range map[string]struct {
		query   geoengine.Query
		want    disclosure.Amount
		ignored []string
	}{
		"everything":                {geoengine.Query{}, disclosure.Amount{Count: 194, Hidden: disclosure.Below, K: 5, Parts: 1}, []string{}},
		"a family's parent":         {geoengine.Query{Categories: []string{"rescue"}}, disclosure.Amount{Count: 194, Hidden: disclosure.Below, K: 5, Parts: 1}, []string{}},
		"a year":                    {geoengine.Query{From: day("2023-01-01"), To: day("2024-01-01")}, disclosure.Amount{Count: 123}, []string{}},
		"snapped to a year":         {geoengine.Query{From: day("2022-01-02")}, disclosure.Amount{Count: 123}, []string{}},
		"no whole year":             {geoengine.Query{From: day("2022-01-02"), To: day("2023-12-31")}, disclosure.Amount{}, []string{"period"}},
		"a year not published":      {geoengine.Query{From: day("2024-01-01")}, disclosure.Amount{}, []string{"unpublished"}},
		"a territory":               {geoengine.Query{Areas: []string{"fr.76.31"}, To: day("2023-01-01")}, disclosure.Amount{Count: 64}, []string{}},
		"a territory below k":       {geoengine.Query{Areas: []string{"fr.76.09"}, To: day("2023-06-01")}, disclosure.Amount{Hidden: disclosure.Below, K: 5, Parts: 1}, []string{}},
		"a region":                  {geoengine.Query{Areas: []string{"fr.76"}, From: day("2023-01-01")}, disclosure.Amount{Count: 123}, []string{}},
		"a part of a territory":     {geoengine.Query{Areas: []string{"fr.76.31.31555"}}, disclosure.Amount{}, []string{"areas"}},
		"a caller of a territory":   {geoengine.Query{Scope: []string{"fr.76.31"}}, disclosure.Amount{Count: 116}, []string{}},
		"a caller of a part of one": {geoengine.Query{Scope: []string{"fr.76.31.31555"}}, disclosure.Amount{}, []string{"territory"}},
		"a caller of nothing":       {geoengine.Query{Scope: []string{}}, disclosure.Amount{}, []string{}},
		"hours":                     {geoengine.Query{Hours: hours}, disclosure.Amount{}, []string{"hours"}},
		"severity and source":       {geoengine.Query{Severities: []geoengine.Severity{1}, Sources: []string{"calls"}}, disclosure.Amount{}, []string{"severity", "source"}},
		"attributes":                {geoengine.Query{Attributes: map[string][]string{"a": {"b"}}}, disclosure.Amount{}, []string{"attributes"}},
		"a part of the family":      {geoengine.Query{Categories: []string{"rescue.call.fire"}}, disclosure.Amount{}, []string{"category"}},
		"a box":                     {geoengine.Query{Box: &box}, disclosure.Amount{}, []string{"bbox"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, note, err := releases.Total(t.Context(), policy(), tt.query)
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("%v\n%s", err, diff)
			}
			if diff := cmp.Diff(tt.ignored, note.Ignored); diff != "" {
				t.Error(diff)
			}
			// No place has more than the whole, and all places together no more.
			for _, res := range []int{3, 6, 7, 8} {
				cells, _, err := releases.Cells(t.Context(), policy(), tt.query, res)
				sum := uint32(0)
				for _, c := range cells {
					sum += c.Count
				}
				if tt.query.Box == nil && sum > got.Count || err != nil {
					t.Errorf("resolution %d adds up to %d of %d, %v", res, sum, got.Count, err)
				}
			}
		})
	}
	if _, note, err := releases.Cells(t.Context(), policy(), geoengine.Query{}, 9); err != nil || !slices.Contains(note.Ignored, "resolution") {
		t.Errorf("a fine resolution: %+v, %v", note, err)
	}
	if sum, note, err := releases.Total(t.Context(), policy(), geoengine.Query{Categories: []string{"road.accident"}}); err != nil || note.OrNil() != nil || !sum.Nothing() {
		t.Errorf("an open category: %+v, %+v, %v", sum, note, err)
	}
	areas, note, err := releases.Areas(t.Context(), policy(), geoengine.Query{To: day("2023-01-01")}, "region", func(path string) string {
		return map[string]string{"fr.76": "region"}[path]
	})
	if diff := cmp.Diff(map[string]disclosure.Amount{"fr.76": {Count: 64, Hidden: disclosure.Below, K: 5, Parts: 1}}, areas); diff != "" || err != nil || note.Hidden != 1 {
		t.Errorf("by region: %+v, %v\n%s", note, err, diff)
	}
	months, err := releases.Margin(t.Context(), policy(), geoengine.Query{Areas: []string{"fr.76.09"}, From: day("2023-01-01")}, disclosure.MarginMonth, true)
	if diff := cmp.Diff(disclosure.Amount{Count: 6}, months["2023-2"]); diff != "" || err != nil || len(months) != 12 {
		t.Errorf("months %v: %v\n%s", months, err, diff)
	}
}

func TestRulesOfAnInstallation(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	book := disclosure.NewBook(store)
	if policy := book.Policy("commander"); policy.Open == nil || len(policy.Open) > 0 {
		t.Error("before the rules are read, something is open")
	}
	refresh := func() {
		t.Helper()
		if err := book.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	refresh()
	if book.Policy("commander").Open != nil || cmp.Diff([]string{"road.accident"}, book.Policy("analyst").Open) != "" {
		t.Errorf("standard rules: %+v, %+v", book.Policy("commander"), book.Policy("analyst"))
	}
	set := func(category, role string, k int) error {
		return disclosure.SetRule(t.Context(), store, category, role, k, "test", now())
	}
	for name, err := range map[string]error{
		"k 2":             set("rescue.call", "", 2),
		"k 101":           set("rescue.call", "", 101),
		"two thresholds":  set("rescue.call", "analyst", 10),
		"within another":  set("rescue.call.fire", "", 5),
		"not a category":  set("Rescue!", "", 5),
		"negative":        set("rescue.call", "", -5),
		"around anothers": set("rescue", "", 5),
	} {
		if !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, err := range []error{set("rescue.call", "", 10), set("rescue.call", "analyst", 0), set("crime.burglary", "", 7), set("crime.burglary", "admin", 0)} {
		if err != nil {
			t.Error(err)
		}
	}
	refresh()
	want := []disclosure.Protection{{Category: "crime.burglary", K: 7}, {Category: "vehicle.theft", K: 5}}
	if diff := cmp.Diff(want, book.Policy("analyst").Protected); diff != "" {
		t.Error(diff)
	}
	if err := disclosure.ResetRules(t.Context(), store, "crime.burglary"); err != nil {
		t.Error(err)
	}
	refresh()
	if diff := cmp.Diff([]disclosure.Protection{{Category: "rescue.call", K: 10}, {Category: "vehicle.theft", K: 5}}, book.Protected()); diff != "" {
		t.Error(diff)
	}
}
