package api_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"vigie/geoengine/forecast"
	"vigie/geoengine/hex"
	"vigie/geoengine/jobs"
)

// Forecasts for the probes. What a run says of the callers' own territory is the same in every world; what it says of
// others, and what is counted over all of its areas where those reach beyond, differs.

// aRun is a run that is in every world.
type aRun struct {
	name   string
	areas  []string
	feeds  []string
	secret bool // its card, ranks and profiles hang on what differs between the first two worlds
	closed bool // fed by what differs between the first and the third
}

func probeRuns() []aRun {
	accidents, thefts, calls := []string{"road.accident"}, []string{"vehicle.theft"}, []string{"rescue.call"}
	return []aRun{
		{name: "accidents", areas: []string{"fr.76.31.31555"}, feeds: accidents},
		{name: "accidents", areas: []string{"fr.76"}, feeds: accidents},
		{name: "accidents", areas: []string{"fr.76.31", "fr.11"}, feeds: accidents, secret: true},
		{name: "accidents", areas: []string{"fr"}, feeds: accidents, secret: true},
		{name: "accidents", feeds: accidents, secret: true},
		{name: "cartheft", areas: []string{"fr.76.31"}, feeds: thefts, closed: true},
		{name: "cartheft", areas: []string{"fr.76.31", "fr.75.40"}, feeds: thefts, secret: true, closed: true},
		{name: "firestations", areas: []string{"fr.76.31"}, feeds: calls, closed: true},
	}
}

// differs tells whether the run is another one in a world than in the first.
func (r *aRun) differs(number int) bool {
	return r.secret && number == worldOtherTerritory || r.closed && number == worldClosedCategories
}

// runID is the id of the run of that number, in every world.
func runID(n int) string { return planID(200 + n) }

// hiddenRun is the number of runs that are not in the first world.
const hiddenRun = 40

// forecasts keeps the runs in every world, with scores and decisions.
func (p *prober) forecasts(t *testing.T) {
	t.Helper()
	for number, w := range p.worlds {
		store := forecast.New(w.store)
		keep := func(n int, one aRun) {
			id, err := jobs.ParseID(runID(n))
			if err != nil {
				t.Fatal(err)
			}
			from := forecast.Origin{ID: id, Author: "occitanie", At: p.clock.now(), Feeds: one.feeds}
			if err := store.Save(t.Context(), runOf(one, number), from); err != nil {
				t.Fatal(err)
			}
			band := !one.differs(number)
			score := forecast.Score{Step: "P7D", Observed: 10, Expected: 9, Values: 30, InBand: band, Drift: &forecast.Drift{Runs: 1, Observed: 10, Expected: 9, Values: 30, InBand: band}}
			if one.differs(number) {
				score.Observed += float64(number)
			}
			if err := store.AddScores(t.Context(), id, p.clock.now(), []forecast.Score{score}); err != nil {
				t.Fatal(err)
			}
			if number == worldOne || len(one.areas) < 2 {
				return
			}
			secret := forecast.Decision{At: p.clock.now(), Person: "SECRET", Decision: "followed", Note: "SECRET", Places: []string{"SECRET"}, Areas: one.areas[1:]}
			if err := store.Decide(t.Context(), id, &secret); err != nil {
				t.Fatal(err)
			}
		}
		for n, one := range probeRuns() {
			keep(n, one)
		}
		if number != worldOne {
			keep(hiddenRun, aRun{name: "accidents", areas: []string{"fr.11"}, feeds: []string{"road.accident"}, secret: true})
			keep(hiddenRun+1, aRun{name: "cartheft", areas: []string{"fr.75.40", "fr.11"}, feeds: []string{"vehicle.theft"}, secret: true})
		}
	}
}

// runOf is a run as a world has it.
func runOf(one aRun, number int) *forecast.Result {
	from := time.Date(2026, 1, 1, 23, 0, 0, 0, time.UTC)
	r := &forecast.Result{
		Spec:  forecast.Spec{Name: one.name, Areas: one.areas, Until: from, Horizon: "P7D", Seed: 1},
		Model: "probe", Version: "1", InputHash: "00", Place: forecast.Cells, From: from, To: from.AddDate(0, 0, 7),
		Card: forecast.Card{
			Title: forecast.Text{FR: "Essai", EN: "Probe"}, Usable: true, Verdict: forecast.Text{FR: "Oui", EN: "Yes"}, Inputs: forecast.Inputs{Categories: one.feeds, Events: 100},
			Refused: []forecast.Count{{N: 3}}, Backtest: []forecast.Row{{Metric: "pai", Model: 2}}, Reliability: []forecast.Bin{{N: 12}}, Equity: []forecast.Equity{{Area: "fr.76.31.31555", Flagged: 0.5}},
		},
		Profiles: [][]float64{make([]float64, 168)},
	}
	if one.name == "firestations" {
		stationValues(r, one.differs(number) && one.closed)
		return r
	}
	places := ours()
	if one.secret {
		places = append(places, theirs(number == worldOtherTerritory)...)
	}
	for _, p := range places {
		ours := strings.HasPrefix(p.area, "fr.76.")
		if !ours && !one.secret {
			continue
		}
		shift := 0.0
		if !ours && one.differs(number) || one.closed && number == worldClosedCategories {
			shift = 0.25
		}
		cellValues(r, p, 5+p.events/20, shift)
	}
	if one.differs(number) {
		r.Card.Inputs.Events += number
		r.Card.Refused[0].N += number
		r.Card.Reliability[0].N += number
		r.Card.Backtest[0].Model += float64(number)
		r.Card.Equity[0].Flagged += float64(number) / 10
		r.InputHash = fmt.Sprintf("%02d", number)
		r.Profiles[0][3] = float64(number)
		for i := range r.Values {
			r.Values[i].Rank = 1 + (i+7*number)%len(r.Values)
		}
	}
	return r
}

// cellValues adds cells around a place.
func cellValues(r *forecast.Result, p place, n int, shift float64) {
	random := rand.New(rand.NewPCG(uint64(len(p.area)), 5))
	for i := range n {
		cell := hex.Cell(p.lon+0.006*float64(i%6), p.lat+0.006*math.Floor(float64(i)/6), 9)
		if cellTaken(r, cell) {
			continue
		}
		mean := random.Float64() + shift
		r.Values = append(r.Values, forecast.Value{
			Cell: cell, Area: p.area, From: r.From, To: r.To, Expected: mean, Median: mean, Low80: 0, High80: 2 * mean, Low95: 0, High95: 3 * mean, LastYear: -1, Count: mean / 2,
			Rank: len(r.Values) + 1, Profile: 0,
		})
	}
}

func cellTaken(r *forecast.Result, cell uint64) bool {
	for i := range r.Values {
		if r.Values[i].Cell == cell {
			return true
		}
	}
	return false
}

// stationValues adds stations by hour, day and week.
func stationValues(r *forecast.Result, shifted bool) {
	r.Place = forecast.Units
	for _, place := range []struct{ id, area string }{{"test/t-unit-1", "fr.76.31.31555"}, {"test/b-unit-1", "fr.76.31.31069"}} {
		add := func(from, to time.Time, mean float64) {
			if shifted {
				mean += 0.25
			}
			r.Values = append(r.Values, forecast.Value{
				Place: place.id, Label: place.id, Area: place.area, From: from, To: to, Expected: mean, Median: mean, Low50: mean / 2, High50: 1.5 * mean, Low80: mean / 4, High80: 2 * mean,
				Low95: 0, High95: 3 * mean, LastYear: -1, Count: mean, Profile: -1,
			})
		}
		for hour := range 48 {
			add(r.From.Add(time.Duration(hour)*time.Hour), r.From.Add(time.Duration(hour+1)*time.Hour), 0.3)
		}
		for day := range 7 {
			add(r.From.AddDate(0, 0, day), r.From.AddDate(0, 0, day+1), 7)
		}
		add(r.From, r.To, 50)
	}
}

// forecastPools adds what the operations on forecasts ask for.
func forecastPools(pools map[string][]string) {
	ids := []string{"00000000-0000-0000-0000-000000000000", "SECRET", runID(hiddenRun), runID(hiddenRun + 1)}
	for n := range probeRuns() {
		ids = append(ids, runID(n), runID(n))
	}
	for _, op := range []string{"run", "values", "decisions", "decide"} {
		pools["forecast-"+op+"/id"] = ids
	}
	pools["run"] = ids
	for _, op := range []string{"suggestion", "decide"} {
		pools["cartheft-"+op+"/id"] = []string{"00000000-0000-0000-0000-000000000000", "SECRET", runID(5)}
	}
	pools["cartheft-suggestions/cursor"] = []string{"AAAA", ids[0]}
	for _, name := range []string{"accidents", "cartheft", "firestations"} {
		pools["forecast-"+name+"-runs/cursor"] = ids
		pools["forecast-"+name+"-runs/limit"] = []string{"1", "2", "50", "201"}
	}
	cells := []string{"zz"}
	for _, p := range []orb.Point{{1.44, 43.60}, {1.38, 43.63}, {2.35, 48.85}, {0.0003, 43.70}} {
		cells = append(cells, hex.String(hex.Cell(p[0], p[1], 9)))
	}
	pools["place"] = append(cells, "test/t-unit-1", "test/b-unit-1", "test/SECRET-p-unit-1")
	pools["forecast-values/kind"], pools["forecast-tile/kind"], pools["step"] = []string{"", "fire"}, []string{"", "fire"}, []string{"P7D", "P1D", "PT1H", "P1M"}
	pools["at"] = []string{"2026-01-02T00:00:00Z", "2026-01-05T12:00:00+01:00", "2030-01-01T00:00:00Z"}
	pools["forecast-values/from"], pools["forecast-values/to"] = pools["at"], pools["at"]
	pools["rank"], pools["horizon"] = []string{"1", "5", "1000", "0"}, []string{"P7D", "P14D", "P1M"}
	pools["forecast-values/cursor"] = []string{"djE", "djc", "djEwMA", "AAAA"}
	pools["forecast-values/f"], pools["forecast-values/area"] = []string{"json", "csv", "geojson"}, pools["area"]
	for _, op := range []string{"ratios", "ratio-outlines", "zaac"} {
		pools["accidents-"+op+"/area"] = []string{"fr.76.31.31555", "fr.76.31", "fr.76", "fr.11", "fr.75.40", "fr.99"}
		pools["accidents-"+op+"/from"], pools["accidents-"+op+"/to"] = []string{"2024-01-01", "2024-03-03", ""}, []string{"2024-04-01", "2025-01-01", ""}
		pools["accidents-"+op+"/level"] = []string{"commune", "departement"}
	}
	pools["per"], pools["measure"] = []string{"inhabitant", "km", "vehicle_km"}, []string{"accidents", "severity"}
	for _, op := range []string{"station", "crews"} {
		pools["firestations-"+op+"/id"] = []string{"test/t-unit-1", "test/b-unit-1", "test/p-unit-1", "test/SECRET-p-unit-1", "fr.76.31.31555", "fr.11.75.75056"}
	}
	pools["firestations-stations/area"] = []string{"fr.76.31", "fr.76", "fr.11", ""}
	pools["service"], pools["busy"], pools["shifts"], pools["firestations-crews/kind"] = []string{"0.95", "0.5", "1"}, []string{"1", "3"}, []string{"7,19", "8"}, []string{"", "fire"}
}

// forecastBodies are the bodies of operations on forecasts. Runs that would really be made, and suggestions that would draw
// by chance, have random names: the bodies that ask for them fail.
func forecastBodies(asJSON func(bodies ...string) func(r *rand.Rand) (string, string)) map[string]func(r *rand.Rand) (string, string) {
	var makes, errands []string
	for _, areas := range []string{`["fr.11"]`, `["fr.76.31","fr.75.40"]`, `["fr"]`, `["fr.99"]`, `[]`, `["fr.76.31.99999"]`} {
		makes = append(makes, `{"areas":`+areas+`,"horizon":"P7D"}`, `{"areas":`+areas+`,"horizon":"P9D"}`)
		errands = append(errands, `{"inputs":{"areas":`+areas+`,"horizon":"P7D"}}`)
	}
	makes, errands = append(makes, `{}`, `[]`, `{"areas":["fr.76"],"horizon":"P7D","until":"2200-01-01T00:00:00Z"}`), append(errands, `{}`, `{"inputs":{"horizon":"P7D","seed":-1}}`)
	bodies := map[string]func(r *rand.Rand) (string, string){
		"forecast-decide":  asJSON(`{"decision":"followed"}`, `{"decision":"partly","note":"n","places":["x"]}`, `{"decision":"no"}`, `{}`, `[]`, `{"decision":"x"}`, `{"note":"y"}`),
		"cartheft-suggest": asJSON(`{"run":"`+runID(hiddenRun+1)+`","hours":10,"exploration":0.05}`, `{"run":"`+runID(5)+`","hours":1,"exploration":0.05}`, `{"run":"`+runID(5)+`","hours":10,"exploration":0.5}`, `{}`),
		"cartheft-decide":  asJSON(`{"decision":"followed"}`, `{}`),
	}
	for _, name := range []string{"accidents", "cartheft", "firestations"} {
		bodies["forecast-"+name+"-make"], bodies["execute-forecast-"+name] = asJSON(makes...), asJSON(errands...)
	}
	return bodies
}

// TestProbeRuns tests the runs of the probes themselves: they can be kept, and differ where they are said to.
func TestProbeRuns(t *testing.T) {
	t.Parallel()
	for n, one := range probeRuns() {
		hashes := map[string]bool{}
		for number := range worlds {
			r := runOf(one, number)
			r.Canonical()
			if err := r.Check(); err != nil {
				t.Errorf("run %d: %v", n, err)
			}
			hash, err := r.Hash()
			if err != nil {
				t.Fatal(err)
			}
			hashes[fmt.Sprintf("%x", hash)] = true
		}
		if (len(hashes) > 1) != (one.secret || one.closed) { // in a world where it differs
			t.Errorf("run %d is of %d kinds", n, len(hashes))
		}
	}
}
