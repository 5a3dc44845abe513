package accidents

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/module/forecasting"
	"vigie/predict/roadrisk"
)

// made makes a run as the desk does.
func made(t *testing.T, db *geoengine.Store, spec forecast.Spec) *forecast.Result {
	t.Helper()
	f, err := Forecaster()
	if err != nil {
		t.Fatal(err)
	}
	r, err := forecasting.Make(t.Context(), &f, db, spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// madeAgain holds that a run comes out the same a second time, byte for byte.
func madeAgain(t *testing.T, db *geoengine.Store, r *forecast.Result) {
	t.Helper()
	again := made(t, db, r.Spec)
	one, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	two, err := again.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one, two) {
		t.Error("the same spec and data give other bytes")
	}
}

func specAt(zone *time.Location, year int, options map[string]string) forecast.Spec {
	return forecast.Spec{Name: Name, Areas: []string{"fr.31"}, Until: time.Date(year, 1, 1, 0, 0, 0, 0, zone).UTC(), Horizon: "P1Y", Seed: 1, Options: options}
}

func total(values []forecast.Value, of func(*forecast.Value) float64) (sum float64) {
	for i := range values {
		sum += of(&values[i])
	}
	return sum
}

func TestRunOnRoads(t *testing.T) {
	t.Parallel()
	db, zone := newStore(t), paris(t)
	roads(t, db)
	store(t, db, "a", scatter(zone, 300, 2020, 2021, 2022, 2023))
	r := made(t, db, specAt(zone, 2023, map[string]string{optionMeasure: byAccidents}))
	madeAgain(t, db, r)
	if r.Place != forecast.Lixels || len(r.Values) < 400 || len(r.Card.Backtest) != 6 || len(r.Card.Reliability) == 0 {
		t.Errorf("place %s, %d values, card %+v", r.Place, len(r.Values), r.Card)
	}
	if row := r.Card.Backtest[2]; row.At != "13 %" || r.Card.Usable != (row.Low > 0) || row.Model < 0.6 {
		t.Errorf("usable %v by %+v", r.Card.Usable, row)
	}
	expected := func(v *forecast.Value) float64 { return v.Expected }
	if sum := total(r.Values, expected); math.Abs(sum-300) > 30 {
		t.Errorf("%.0f accidents expected in a year, 300 happen", sum)
	}
	if last := total(r.Values, func(v *forecast.Value) float64 { return v.LastYear }); last != 300 {
		t.Errorf("%v accidents the year before, want 300", last)
	}
	f, err := Forecaster()
	if err != nil {
		t.Fatal(err)
	}
	happened, err := f.Actual(t.Context(), db, r)
	if err != nil {
		t.Fatal(err)
	}
	sum, held := 0.0, 0.0
	for i, n := range happened {
		sum += n
		if r.Values[i].Low95 <= n && n <= r.Values[i].High95 {
			held++
		}
	}
	if share := held / float64(len(happened)); sum != 300 || share < 0.93 {
		t.Errorf("%v accidents happened, want 300; the 95 %% intervals held %.3f of the places", sum, share)
	}
	month := specAt(zone, 2023, nil)
	month.Horizon = "P1M"
	m := made(t, db, month)
	year := total(made(t, db, specAt(zone, 2023, nil)).Values, expected)
	if share := total(m.Values, expected) / year; share < 0.05 || share > 0.12 {
		t.Errorf("January holds %.3f of the year's severity", share)
	}
	if year < 300*0.008 || year > 300*0.03 { // nine of 0.005 and one of 0.125 in ten: 0.017 each
		t.Errorf("severity %v of 300 accidents", year)
	}
}

func TestRunOnCells(t *testing.T) {
	t.Parallel()
	db, zone := newStore(t), paris(t)
	store(t, db, "a", scatter(zone, 200, 2020, 2021, 2022))
	r := made(t, db, specAt(zone, 2023, map[string]string{optionMeasure: byAccidents}))
	madeAgain(t, db, r)
	if r.Place != forecast.Cells {
		t.Fatalf("place %s", r.Place)
	}
	if sum := total(r.Values, func(v *forecast.Value) float64 { return v.Expected }); math.Abs(sum-200) > 25 {
		t.Errorf("%.0f accidents expected in a year, 200 happen", sum)
	}
	for i := range r.Values {
		if area := r.Values[i].Area; area != "fr.31.west" && area != "fr.31.east" {
			t.Fatalf("cell in %q", area)
		}
	}
	if _, err := made(t, db, specAt(zone, 2023, map[string]string{optionGround: onCells, optionResolution: "9"})).JSON(); err != nil {
		t.Error(err)
	}
	f, err := Forecaster()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := forecasting.Make(t.Context(), &f, db, specAt(zone, 2023, map[string]string{optionGround: onRoads}), nil); !errors.Is(err, geoengine.ErrMissing) {
		t.Errorf("roads that there are not: %v, want ErrMissing", err)
	}
}

// TestOnlyWhatWasReported holds that a run knows nothing that was reported after its time.
func TestOnlyWhatWasReported(t *testing.T) {
	t.Parallel()
	db, zone := newStore(t), paris(t)
	store(t, db, "a", scatter(zone, 50, 2021, 2022))
	before := made(t, db, specAt(zone, 2023, nil))
	late := happening{at: orb.Point{1.41, 43.56}, starts: time.Date(2022, 12, 1, 8, 0, 0, 0, zone), reported: time.Date(2023, 1, 2, 0, 0, 0, 0, zone), severity: geoengine.SeverityFatal, weight: 1}
	store(t, db, "late", []happening{late})
	store(t, db, "future", scatter(zone, 20, 2023))
	after := made(t, db, specAt(zone, 2023, nil))
	if before.InputHash != after.InputHash || cmp.Diff(before.Values, after.Values, cmp.AllowUnexported()) != "" {
		t.Error("what was reported later changes the run")
	}
	late.reported = time.Time{}
	store(t, db, "known", []happening{late})
	if known := made(t, db, specAt(zone, 2023, nil)); known.InputHash == before.InputHash {
		t.Error("one more accident, the same hash of the input")
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	zone := paris(t)
	same := scatter(zone, 100, 2021, 2022)
	for i := range same {
		same[i].at = orb.Point{1.4101, 43.5525}
	}
	regular := scatter(zone, 52, 2021, 2022)
	for i := range regular {
		regular[i].at, regular[i].starts = orb.Point{1.4101, 43.5525}, time.Date(2021, 1, 1+7*i, 12, 0, 0, 0, zone)
	}
	cases := []struct {
		name   string
		list   []happening
		err    error
		usable bool
		limits int // words beyond the usual four
	}{
		{"none", nil, geoengine.ErrInvalid, false, 0},
		{"three events", scatter(zone, 3, 2022), nil, false, 0},
		{"a week", []happening{{at: orb.Point{1.41, 43.56}, starts: time.Date(2022, 12, 28, 8, 0, 0, 0, zone), severity: geoengine.SeverityFatal, weight: 1}}, geoengine.ErrInvalid, false, 0},
		{"all at one point", same, nil, false, 0},
		{"a constant series", regular, nil, false, 0},
		{"a year's gap", append(scatter(zone, 100, 2019, 2020), scatter(zone, 100, 2022)...), nil, false, 1},
		{"records that end early", scatter(zone, 300, 2019, 2020), nil, true, 1},
		{"future only", scatter(zone, 100, 2024), geoengine.ErrInvalid, false, 0},
		{"damage only", func() []happening {
			list := scatter(zone, 100, 2021, 2022)
			for i := range list {
				list[i].severity, list[i].weight = geoengine.SeverityDamage, 0
			}
			return list
		}(), geoengine.ErrInvalid, false, 0},
	}
	db := newStore(t)
	onCells := groundFor(t, db)
	roads(t, db)
	onRoads := groundFor(t, db)
	for _, g := range []*ground{onRoads, onCells} {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				in := &input{ground: g, zone: zone}
				for i := range c.list {
					h := &c.list[i]
					if h.starts.Year() < 2023 { // as read does
						in.accidents = append(in.accidents, h.accident())
					}
				}
				slices.SortFunc(in.accidents, func(a, b roadrisk.Accident) int { return a.Start.Compare(b.Start) })
				spec := specAt(zone, 2023, nil)
				r, err := in.forecast(t.Context(), spec, spec.Until.AddDate(1, 0, 0), nil)
				if c.err != nil {
					if !errors.Is(err, c.err) {
						t.Fatalf("got %v, want %v", err, c.err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				r.Spec, r.Model, r.Version, r.InputHash = spec, "m", "1", "00"
				r.Canonical()
				if err := r.Check(); err != nil { // among others that every number is one
					t.Error(err)
				}
				if r.Card.Verdict.FR == "" || len(r.Card.Limits) < 4+c.limits || r.Card.Usable && !c.usable && len(c.list) < 50 {
					t.Errorf("usable %v (%s), %d limits", r.Card.Usable, r.Card.Verdict.EN, len(r.Card.Limits))
				}
			})
		}
	}
}

// groundFor is the ground of both communes, as the store has it.
func groundFor(t *testing.T, db *geoengine.Store) *ground {
	t.Helper()
	spec := specAt(paris(t), 2023, nil)
	g, err := groundOf(t.Context(), db, &spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// accident is what reading would make of it.
func (h *happening) accident() roadrisk.Accident {
	return roadrisk.FromEvent(&geoengine.Event{Position: h.at, HasPosition: true, PrecisionM: 10, Start: h.starts, End: h.starts, Severity: h.severity, Weight: h.weight})
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	f, err := Forecaster()
	if err != nil {
		t.Fatal(err)
	}
	db := newStore(t)
	store(t, db, "a", scatter(paris(t), 40, 2022))
	for _, options := range []map[string]string{{optionMeasure: "fear"}, {optionGround: "sea"}, {optionGround: onCells, optionResolution: "3"}} {
		if _, err := forecasting.Make(t.Context(), &f, db, specAt(paris(t), 2023, options), nil); !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%v: %v, want ErrInvalid", options, err)
		}
	}
}

func TestHorizons(t *testing.T) {
	t.Parallel()
	zone := paris(t)
	got := map[string]string{}
	for name, from := range map[string]time.Time{
		"P1M":       time.Date(2026, 1, 31, 0, 0, 0, 0, zone),
		"P3M":       time.Date(2026, 1, 15, 0, 0, 0, 0, zone), // over the clock change
		"P1Y":       time.Date(2024, 2, 29, 0, 0, 0, 0, zone),
		"P1M again": time.Date(2026, 3, 1, 0, 0, 0, 0, zone),
	} {
		got[name] = forecasting.Months(zone, horizonMonths(name[:3]))(from).Format(time.RFC3339)
	}
	want := map[string]string{"P1M": "2026-02-28T00:00:00+01:00", "P3M": "2026-04-15T00:00:00+02:00", "P1Y": "2025-02-28T00:00:00+01:00", "P1M again": "2026-04-01T00:00:00+02:00"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
