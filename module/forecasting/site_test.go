package forecasting

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/geoengine/geotest"
	"vigie/geoengine/hex"
	"vigie/module"
	"vigie/module/moduletest"
	"vigie/progress"
)

// fake is a forecaster of thefts by cell of resolution 7: each place gets the mean of its weeks.
type fake struct {
	before  func(ctx context.Context) error // of Make; may be nil
	version string
	made    atomic.Int64
}

type fakeEvent struct {
	Cell     uint64
	Area     string
	Reported time.Time
}

type fakeInput []fakeEvent

func (in fakeInput) Hash() string {
	h := sha256.New()
	for _, e := range in {
		fmt.Fprintln(h, e.Cell, e.Area, e.Reported.UnixMicro())
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

const fakeRead = `
	select e.cell, e.area, e.reported from event e join category c on c.id = e.category
	where c.slug like 'vehicle.theft%' and e.reported < $1
	  and (cardinality($2::text[]) = 0 or exists (select from unnest($2::text[]) a where starts_with(e.area || '.', a || '.')))
	order by e.reported, e.ref`

func (k *fake) read(ctx context.Context, store *geoengine.Store, spec forecast.Spec, report progress.Func) (Input, error) {
	report.Report(progress.Update{Task: "read", Done: 1, Total: 2})
	rows, err := store.Pool.Query(ctx, fakeRead, spec.Until, spec.Areas)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e fakeEvent, err error) {
		var cell int64
		err = row.Scan(&cell, &e.Area, &e.Reported)
		e.Cell = uint64(cell)
		return e, err
	})
	if err == nil && len(list) < 4 {
		return nil, wrong("areas", "Il y a trop peu d'événements : il en faut quatre.", "There are too few events: four are needed.")
	}
	return fakeInput(list), err
}

const fakeResolution = 7

func (k *fake) make(ctx context.Context, input Input, spec forecast.Spec, report progress.Func) (*forecast.Result, error) {
	k.made.Add(1)
	if k.before != nil {
		if err := k.before(ctx); err != nil {
			return nil, err
		}
	}
	report.Report(progress.Update{Task: "count", Done: 1, Total: 1})
	events := input.(fakeInput)
	r := &forecast.Result{From: spec.Until, To: spec.Until.AddDate(0, 0, 7)}
	weeks := max(1, spec.Until.Sub(events[0].Reported).Hours()/168)
	counts, areas := map[uint64]float64{}, map[uint64]string{}
	for _, e := range events {
		cell := hex.Parent(e.Cell, fakeResolution)
		counts[cell]++
		areas[cell] = max(areas[cell], e.Area)
	}
	for cell, n := range counts {
		mean := n / weeks
		spread := math.Sqrt(mean)
		r.Values = append(r.Values, forecast.Value{
			Cell: cell, Area: areas[cell], From: r.From, To: r.To, Expected: mean, Median: mean, Low80: max(0, mean-1.3*spread-0.5), High80: mean + 1.3*spread + 0.5,
			Low95: max(0, mean-2*spread-1), High95: mean + 2*spread + 1, LastYear: -1, Count: mean, Profile: -1,
		})
	}
	slices.SortFunc(r.Values, func(a, b forecast.Value) int {
		return cmp.Or(cmp.Compare(b.Expected, a.Expected), cmp.Compare(a.Cell, b.Cell))
	})
	for i := range r.Values {
		r.Values[i].Rank = i + 1
	}
	r.Card = forecast.Card{
		Title: forecast.Text{FR: "Vols d'essai", EN: "Test thefts"}, Unit: forecast.Text{FR: "vols", EN: "thefts"}, Usable: true, Verdict: forecast.Text{FR: "Bat le passé.", EN: "Beats the past."},
		Inputs: forecast.Inputs{Categories: []string{"vehicle.theft"}, Events: len(events), Places: len(counts), First: events[0].Reported, Last: events[len(events)-1].Reported},
		Equity: []forecast.Equity{{Area: "fr.76.31.31555", Events: 1}}, Backtest: []forecast.Row{{Metric: "pai", Model: 2, Baseline: 1}}, Reliability: []forecast.Bin{{Forecast: 1, Observed: 1, N: 3}},
		Band: forecast.Band{RatioLow: 0.8, RatioHigh: 1.25, Cover80Low: 0.6, Cover95Low: 0.8},
	}
	return r, nil
}

const fakeCount = `
	select count(*) from event e join category c on c.id = e.category
	where c.slug like 'vehicle.theft%' and e.cell between $1 and $2 and e.starts >= $3 and e.starts < $4`

func (k *fake) actual(ctx context.Context, store *geoengine.Store, r *forecast.Result) ([]float64, error) {
	list := make([]float64, len(r.Values))
	for i := range r.Values {
		v := &r.Values[i]
		first, last := hex.Range(v.Cell, geoengine.CellResolution)
		if err := store.Pool.QueryRow(ctx, fakeCount, int64(first), int64(last), v.From, v.To).Scan(&list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (k *fake) forecaster() Forecaster {
	return Forecaster{
		Name: "thefts", Title: module.Text{FR: "Vols d'essai", EN: "Test thefts"}, Model: "counts", Version: max(k.version, "1"), Categories: []string{"vehicle.theft"}, Place: forecast.Cells,
		Horizons: []Horizon{{"P7D", func(from time.Time) time.Time { return from.AddDate(0, 0, 7) }}},
		Options:  []Option{{Name: "kernel", Title: module.Text{FR: "Noyau", EN: "Kernel"}, Values: []string{"none", "wide"}}},
		Every:    7 * 24 * time.Hour, Settle: 48 * time.Hour, Read: k.read, Make: k.make, Actual: k.actual,
	}
}

// now is where the clock of the tests stands: a Wednesday.
func startNow() time.Time { return time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC) }

// stood is a clock that stands still until it is moved on.
type stood struct {
	mu sync.Mutex
	at time.Time
}

func (c *stood) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *stood) move(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(by)
}

// site is a running server with the forecaster.
type site struct {
	*moduletest.Site
	desk  *desk
	fake  *fake
	clock *stood
}

func newSite(t *testing.T) *site {
	t.Helper()
	store := geotest.New(t)
	seed(t, store)
	s := askOn(t, store, &fake{}, &stood{at: startNow()})
	s.Work(t)
	return s
}

// seed writes two regions with thefts of half a year, and the accounts.
func seed(t *testing.T, store *geoengine.Store) {
	t.Helper()
	for _, sql := range []string{
		`insert into source values (1, 'test', 'Test events', 'us', 'none', 'https://example.org', true)`,
		`insert into category values (1, 'road.accident'), (2, 'vehicle.theft')`,
		`insert into area (id, path, parent, level, code, name, source, fingerprint, geom) values
			(1, 'fr', '', 'country', 'fr', 'France', 1, 0, null),
			(2, 'fr.76', 'fr', 'region', '76', 'Occitanie', 1, 0, st_multi(st_makeenvelope(0, 42, 4, 45, 4326))),
			(3, 'fr.76.31', 'fr.76', 'departement', '31', 'Haute-Garonne', 1, 0, st_multi(st_makeenvelope(0.5, 42.5, 2, 44, 4326))),
			(4, 'fr.76.31.31555', 'fr.76.31', 'commune', '31555', 'Toulouse', 1, 0, st_multi(st_makeenvelope(1, 43, 2, 44, 4326))),
			(5, 'fr.76.82', 'fr.76', 'departement', '82', 'Tarn-et-Garonne', 1, 0, st_multi(st_makeenvelope(1, 44, 2, 45, 4326))),
			(6, 'fr.11', 'fr', 'region', '11', 'Île-de-France', 1, 0, st_multi(st_makeenvelope(2, 48, 3, 49, 4326)))`,
		`insert into area_part select id, (st_dump(geom)).geom from area where geom is not null`,
	} {
		run(t, store, sql)
	}
	thefts(t, store, "a", "fr.76.31.31555", 1.44, 43.6, 120, startNow().AddDate(0, 0, -182), 182)
	thefts(t, store, "b", "fr.76.82", 1.35, 44.1, 40, startNow().AddDate(0, 0, -182), 182)
	thefts(t, store, "c", "fr.11", 2.35, 48.8, 60, startNow().AddDate(0, 0, -182), 182)
	moduletest.Enrol(t, store, [][3]string{
		{"alice", "commander", "*"}, {"toulouse", "commander", "fr.76"}, {"haute-garonne", "commander", "fr.76.31"}, {"paris", "commander", "fr.11"}, {"operator", "operator", "fr.76"},
		{"analyst", "analyst", "fr.76"}, {"admin", "admin", "fr.76"}, {"auditor", "auditor", "*"},
	})
}

func run(t *testing.T, store *geoengine.Store, sql string, args ...any) {
	t.Helper()
	if _, err := store.Pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// thefts writes thefts evenly over some days, on a lattice around a point, each reported an hour later.
func thefts(t *testing.T, store *geoengine.Store, prefix, area string, lon, lat float64, n int, from time.Time, days int) {
	t.Helper()
	run(t, store, `insert into zone values ((select max(zone) + 1 from zone), $1) on conflict do nothing`, int64(hex.Parent(hex.Cell(lon, lat, 11), 3)))
	for i := range n {
		x, y := lon+0.02*float64(i%5), lat+0.02*float64(i/5%5)
		at := from.Add(time.Duration(i) * time.Duration(days) * 24 * time.Hour / time.Duration(n))
		run(t, store, `insert into event (zone, source, ref, category, severity, starts, ends, reported, utc_offset, geom, precision_m, weight, cell, area, attributes, fingerprint, xid)
			values (1, 1, $1, 2, 0, $2, $2, $3, 3600, st_setsrid(st_makepoint($4, $5), 4326), 10, 0, $6, $7, '{}', 0, 0)`,
			fmt.Sprintf("%s%d", prefix, i), at, at.Add(time.Hour), x, y, int64(hex.Cell(x, y, 11)), area)
	}
}

// askOn is a server on a store, without the work beside it.
func askOn(t *testing.T, store *geoengine.Store, k *fake, clock *stood) *site {
	t.Helper()
	host := moduletest.Host(t, store)
	host.Clock = clock.now
	extension, err := Extension(host, []Forecaster{k.forecaster()})
	if err != nil {
		t.Fatal(err)
	}
	other, err := Extension(host, []Forecaster{otherForecaster(k)})
	if err != nil {
		t.Fatal(err)
	}
	return &site{moduletest.Serve(t, host, extension, other), extension.Processes[0].Maker.(maker).desk, k, clock}
}

// otherForecaster is that of a second module.
func otherForecaster(k *fake) Forecaster {
	f := k.forecaster()
	f.Name, f.Options = "others", nil
	return f
}

// ran makes a run of areas and returns its id.
func (s *site) ran(t *testing.T, b moduletest.Caller, areas ...string) string {
	t.Helper()
	raw, err := json.Marshal(areas)
	if err != nil {
		t.Fatal(err)
	}
	a := s.Do(t, b, http.MethodPost, "/api/forecasts/thefts/runs", `{"areas":`+string(raw)+`,"horizon":"P7D"}`)
	var made struct{ Run string }
	if a.Into(t, &made); a.Status != http.StatusCreated || made.Run == "" {
		t.Fatalf("make: %d %s", a.Status, a.Body)
	}
	return made.Run
}
