package predict_test

import (
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"vigie/geoengine"
	"vigie/predict"
	"vigie/predict/hotspot"
	"vigie/predict/judge"
	"vigie/predict/patrol"
	"vigie/predict/roadrisk"
	"vigie/predict/series"
)

// What these tests hold: whatever comes in, a forecast is an error in words or has not one value that is NaN or infinite.

// notNumbers names the values within v that are NaN or infinite. Shapes of gamma distributions may be infinite, which their
// packages document (a Poisson rate).
func notNumbers(path string, v reflect.Value, found []string) []string {
	switch kind := v.Kind(); {
	case kind == reflect.Float64 || kind == reflect.Float32:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			found = append(found, fmt.Sprintf("%s is %v", path, f))
		}
	case kind == reflect.Pointer || kind == reflect.Interface:
		if !v.IsNil() {
			found = notNumbers(path, v.Elem(), found)
		}
	case kind == reflect.Slice || kind == reflect.Array:
		for i := range v.Len() {
			found = notNumbers(fmt.Sprintf("%s[%d]", path, i), v.Index(i), found)
		}
	case kind == reflect.Map:
		for _, key := range v.MapKeys() {
			found = notNumbers(fmt.Sprintf("%s[%v]", path, key), v.MapIndex(key), found)
		}
	case kind == reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Name != "Shape" {
				found = notNumbers(path+"."+f.Name, v.Field(i), found)
			}
		}
	}
	return found
}

func numbers(t *rapid.T, what string, v any) {
	t.Helper()
	if found := notNumbers(what, reflect.ValueOf(v), nil); len(found) > 0 {
		t.Fatalf("%d values are no numbers: %v", len(found), found[:min(len(found), 5)])
	}
}

func TestNotNumbers(t *testing.T) {
	t.Parallel()
	type inner struct{ A, Shape float64 }
	v := map[string][]*inner{"x": {{1, math.Inf(1)}, nil, {math.NaN(), 1}}}
	if found := notNumbers("v", reflect.ValueOf(v), nil); len(found) != 1 || found[0] != "v[x][2].A is NaN" {
		t.Errorf("found %v", found)
	}
}

// fault fails unless an error is one in words of those that are meant.
func fault(t *rapid.T, err error) {
	t.Helper()
	if err != nil && len(err.Error()) < 10 {
		t.Fatalf("says nothing: %v", err)
	}
}

func TestHotspotsOnHostileThefts(t *testing.T) {
	t.Parallel()
	const until = judge.Day(17226)
	rapid.Check(t, func(t *rapid.T) {
		events := thefts(t, until)
		var grid *hotspot.Grid
		var err error
		if rapid.Bool().Draw(t, "hexagons") {
			grid, err = hotspot.NewHex(rapid.IntRange(5, 10).Draw(t, "resolution"), nil, hotspot.Positions(events, until))
		} else {
			side := rapid.SampledFrom([]float64{0, 76.2, 500, math.NaN()}).Draw(t, "side")
			layout := hotspot.Rectangle{Width: side, Height: side, Turn: rapid.Float64Range(-4, 4).Draw(t, "turn")}
			grid, err = hotspot.NewRectangles(layout, hotspot.LocalPlane(orb.Point{2.4, 48.8}), nil, hotspot.Positions(events, until))
		}
		if fault(t, err); err != nil {
			return
		}
		if len(grid.IDs) > 20_000 {
			t.Skip("a grid of positions all over the world: only its cells are asked for")
		}
		fitted, err := hotspot.Fit(t.Context(), events, grid, until, hotspot.Options{Workers: 1, Seed: 1})
		if fault(t, err); err != nil {
			return
		}
		numbers(t, "fitted", fitted)
		for _, days := range []int{1, 7, 90} {
			forecast := fitted.Forecast(days)
			numbers(t, "forecast", forecast)
			for _, f := range forecast {
				if f.Mean < 0 || f.Count < 0 || !(f.Shape > 0) {
					t.Fatalf("%+v", f)
				}
				if q := hotspot.Quantile(f.Mean, f.Shape, 0.975); q < 0 {
					t.Fatalf("%+v: quantile %d", f, q)
				}
			}
		}
	})
}

// thefts draws what a file may hold after something went wrong: one point, a line, a year's gap, days to come, reports
// before the fact, positions that are none.
func thefts(t *rapid.T, until judge.Day) []hotspot.Event {
	n := rapid.SampledFrom([]int{0, 3, 25, 120, 400}).Draw(t, "events")
	spread := rapid.SampledFrom([]float64{0, 1e-9, 0.004, 0.05}).Draw(t, "spread")
	broken := rapid.SampledFrom([]float64{0, 0, 0, 1}).Draw(t, "broken") > 0
	history := rapid.SampledFrom([]int32{1, 59, 90, 400, 1500}).Draw(t, "history")
	gap := rapid.Bool().Draw(t, "gap")
	random := rapid.Uint64().Draw(t, "seed")
	next := func() float64 {
		random = random*6364136223846793005 + 1442695040888963407
		return float64(random>>11) / (1 << 53)
	}
	events := make([]hotspot.Event, n)
	for i := range events {
		day := until - int32(float64(history)*next())
		if gap && day > until-history/2 && day < until-history/4 {
			day = until - history
		}
		e := hotspot.Event{Point: orb.Point{2.4 + spread*(next()-0.5), 48.8 + spread*(next()-0.5)}, Day: day, Reported: day + int32(20*next()) - 5}
		switch at := next(); {
		case at < 0.02:
			e.Day, e.Reported = until+200, until-10 // to come
		case at < 0.03:
			e.Reported = math.MinInt32
		case broken && at < 0.05:
			e.Day = rapid.SampledFrom([]int32{math.MinInt32, math.MaxInt32, 0}).Draw(t, "day")
		case broken && at < 0.08:
			e.Point = rapid.SampledFrom([]orb.Point{{math.NaN(), 0}, {0, math.Inf(1)}, {200, 95}, {0, 0}, {180, -89.99}, {-180, 89}, {1e300, 1}}).Draw(t, "point")
		}
		events[i] = e
	}
	return events
}

func TestSeriesOnHostileCounts(t *testing.T) {
	t.Parallel()
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		start := time.Date(2020, time.Month(rapid.IntRange(1, 12).Draw(t, "month")), 3, 0, 0, 0, 0, paris)
		hours := 24 * rapid.SampledFrom([]int{0, 7, 56, 70, 90}).Draw(t, "days")
		var all []series.Series
		for place := range rapid.IntRange(0, 3).Draw(t, "places") {
			all = append(all, series.Series{Place: fmt.Sprint("station ", place), Kind: rapid.SampledFrom([]string{"", "fire"}).Draw(t, "kind"), Start: start, Counts: counts(t, hours)})
		}
		calendar := series.Calendar{Zone: paris}
		if rapid.Bool().Draw(t, "weather") {
			w := series.Covariate{Name: "rain", First: judge.DayOf(start)}
			for range hours/24 + 40 {
				w.Values = append(w.Values, rapid.SampledFrom([]float64{0, 1, 1e9, -1e300, math.NaN(), math.Inf(1)}).Draw(t, "rain"))
			}
			calendar.Weather = append(calendar.Weather, w)
			calendar.Holidays = []judge.Day{w.First, w.First + 30, math.MaxInt32}
			calendar.School = []series.Span{{From: w.First + 10, To: w.First + 5}, {From: math.MinInt32, To: w.First + 20}}
		}
		options := series.Options{Calibrate: 4, Model: rapid.SampledFrom([]string{"", series.Regression, series.Smoothing}).Draw(t, "model")}
		fitted, err := series.Fit(t.Context(), all, calendar, options)
		if fault(t, err); err != nil {
			return
		}
		forecast, err := fitted.Forecast(8 * 24)
		if fault(t, err); err != nil {
			return
		}
		numbers(t, "forecast", forecast)
		for i := 0; i < len(forecast); i += 37 {
			f := &forecast[i]
			q := []float64{f.Quantile(0.01), f.Low95, f.Low80, f.Low50, f.High50, f.High80, f.High95, f.Quantile(0.999), f.AtMost(0), f.AtMost(1 << 30)}
			numbers(t, "quantiles", q)
			if f.Mean < 0 || q[0] < 0 || f.Low95 > f.Low80 || f.Low50 > f.High50 || f.High80 > f.High95 {
				t.Fatalf("%+v", f)
			}
		}
		crews, err := fitted.Crews(all[0].Place, "", 72, series.CrewOptions{})
		if fault(t, err); err == nil {
			numbers(t, "crews", crews)
		}
	})
}

// counts draws hours of a station: constant, none at all, one storm, a burst at the end, the most that fit.
func counts(t *rapid.T, hours int) []int32 {
	made := make([]int32, hours)
	usual := rapid.SampledFrom([]int32{0, 0, 1, 40, 100_000, math.MaxInt32, -1}).Draw(t, "usual")
	for i := range made {
		made[i] = usual
	}
	shape := rapid.SampledFrom([]string{"constant", "now and then", "storm", "only the end", "only the beginning"}).Draw(t, "shape")
	storm := rapid.SampledFrom([]int32{30, 1000, 100_000, 1 << 30}).Draw(t, "storm")
	for i := range made {
		switch {
		case shape == "now and then" && i%41 != 3, shape == "only the end" && i < hours-30, shape == "only the beginning" && i > 30:
			made[i] = 0
		case shape == "storm" && i == hours/2:
			made[i] = storm
		}
	}
	return made
}

func TestYearsOnHostileCounts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		years := rapid.IntRange(0, 9).Draw(t, "years")
		var all []series.Annual
		for place := range rapid.IntRange(0, 4).Draw(t, "places") {
			values := rapid.SliceOfN(rapid.SampledFrom([]float64{0, 0, 1, 7.5, 1e6, 1e300, -1, math.NaN(), math.Inf(1)}), years, years).Draw(t, "counts")
			all = append(all, series.Annual{Place: fmt.Sprint(place), First: 2010, Counts: values})
		}
		forecast, err := series.Yearly(all)
		if fault(t, err); err == nil {
			numbers(t, "forecast", forecast)
		}
		report, err := series.BacktestYearly(all)
		if fault(t, err); err == nil {
			numbers(t, "report", report)
		}
	})
}

func TestRiskOnHostileAccidents(t *testing.T) {
	t.Parallel()
	from := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		spread := rapid.SampledFrom([]float64{0, 0.001, 0.05}).Draw(t, "spread")
		accidents := make([]roadrisk.Accident, rapid.SampledFrom([]int{0, 1, 3, 60}).Draw(t, "accidents"))
		for i := range accidents {
			accidents[i] = roadrisk.Accident{
				Position:    orb.Point{2.4 + spread*rapid.Float64Range(-1, 1).Draw(t, "x"), 48.8 + spread*rapid.Float64Range(-1, 1).Draw(t, "y")},
				HasPosition: rapid.IntRange(0, 9).Draw(t, "position") > 0, HourKnown: rapid.Bool().Draw(t, "hour"),
				Start:    from.AddDate(0, 0, rapid.IntRange(-10, 800).Draw(t, "day")),
				Weight:   rapid.SampledFrom([]float64{0, 0.005, 1, 40}).Draw(t, "weight"),
				Severity: rapid.SampledFrom([]geoengine.Severity{0, geoengine.SeverityDamage, geoengine.SeverityFatal}).Draw(t, "severity"),
			}
		}
		cells, err := roadrisk.CellsAround(accidents, 9, 1)
		if fault(t, err); err != nil {
			return
		}
		until := rapid.SampledFrom([]time.Time{from, from.AddDate(0, 0, 1), from.AddDate(2, 0, 0)}).Draw(t, "until")
		surface, err := cells.Build(t.Context(), accidents, roadrisk.Options{Periods: []roadrisk.Period{{From: from, To: until}}})
		if fault(t, err); err == nil {
			numbers(t, "surface", surface)
		}
	})
}

func TestPatrolsOnHostileForecasts(t *testing.T) {
	t.Parallel()
	hostile := rapid.SampledFrom([]float64{0, 0, 1, 0.01, 1e300, math.SmallestNonzeroFloat64, -1, math.NaN(), math.Inf(1)})
	rapid.Check(t, func(t *rapid.T) {
		r := patrol.Request{Hours: rapid.IntRange(0, 200).Draw(t, "hours"), Exploration: rapid.SampledFrom([]float64{0.05, 0.1, 0.07, math.NaN()}).Draw(t, "exploration"), Seed: 1}
		for range rapid.IntRange(0, 60).Draw(t, "places") {
			r.Places = append(r.Places, patrol.Place{Expected: hostile.Draw(t, "expected"), AreaM2: hostile.Draw(t, "area"), Profile: -1})
		}
		s, err := patrol.Suggest(r)
		if fault(t, err); err == nil {
			numbers(t, "suggestion", s)
		}
		var tracts []patrol.Tract
		for range rapid.IntRange(0, 5).Draw(t, "tracts") {
			tracts = append(tracts, patrol.Tract{Flagged: rapid.IntRange(-1, 9).Draw(t, "flagged"), Events: rapid.IntRange(-1, 9).Draw(t, "events"), AreaM2: hostile.Draw(t, "area")})
		}
		findings, err := patrol.Audit(tracts)
		if fault(t, err); err == nil {
			numbers(t, "findings", findings)
		}
	})
}

func TestRegressionOnHostileTables(t *testing.T) {
	t.Parallel()
	hostile := rapid.SampledFrom([]float64{0, 0, 1, 2, -3, 0.5, 2e5, 1e8, 1e-300, 1e300, math.NaN(), math.Inf(-1)})
	rapid.Check(t, func(t *rapid.T) {
		rows, columns := rapid.IntRange(0, 12).Draw(t, "rows"), rapid.IntRange(0, 3).Draw(t, "columns")
		r := predict.Regression{Columns: columns, Y: rapid.SliceOfN(hostile, rows, rows).Draw(t, "y"), X: rapid.SliceOfN(hostile, rows*columns, rows*columns).Draw(t, "x")}
		fit, err := predict.NegativeBinomial(r)
		if fault(t, err); err == nil {
			numbers(t, "fit", fit)
		}
		values := rapid.SliceOfN(hostile, rows, rows).Draw(t, "values")
		low, high, err := predict.Bootstrap(len(values), 100, 1, 0.95, func(sample []int) float64 {
			if len(sample) == 0 {
				return math.NaN()
			}
			return values[sample[0]]
		})
		if fault(t, err); err == nil {
			numbers(t, "bounds", []float64{low, high})
		}
	})
}
