package series

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vigie/predict"
	"vigie/predict/judge"
)

func fitted(t *testing.T, all []Series, cal Calendar, o Options) (*Fitted, []Forecast) {
	t.Helper()
	f, err := Fit(t.Context(), all, cal, o)
	if err != nil {
		t.Fatal(err)
	}
	forecasts, err := f.Forecast(14 * 24)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range forecasts {
		last := 0.0
		for _, v := range []float64{x.Low95, x.Low80, x.Low50, x.High50, x.High80, x.High95} {
			if math.IsNaN(v) || math.IsInf(v, 0) || v < last {
				t.Fatalf("%s %s %s from %s: bounds %v after %v", x.Place, x.Kind, x.Step, x.From, v, last)
			}
			last = v
		}
		if !(x.Mean >= 0) || math.IsInf(x.Mean, 0) || x.Median < 0 {
			t.Fatalf("%s %s %s from %s: mean %v, median %v", x.Place, x.Kind, x.Step, x.From, x.Mean, x.Median)
		}
	}
	return f, forecasts
}

// TestFitFindsTheTruth: on drawn calls, means are near those that they were drawn from.
func TestFitFindsTheTruth(t *testing.T) {
	t.Parallel()
	all, cal := made(t, "Europe/Paris", 52*7, 6, 2, 2, 3)
	_, forecasts := fitted(t, all, cal, Options{})
	var worst float64
	for _, x := range forecasts {
		if x.Place == "" || x.Kind == "" || x.Step != Daily {
			continue
		}
		want := 0.0
		local := x.From.In(cal.Zone)
		for h := range 24 {
			want += 2 * float64(x.Place[1]-'A'+1) * truth((int(local.Weekday())+6)%7, h)
		}
		worst = max(worst, math.Abs(x.Mean/want-1))
	}
	if worst > 0.12 {
		t.Errorf("a day's mean is %.0f %% off the truth", 100*worst)
	}
}

// TestForecastsAddUp: places to all places, kinds to all kinds, hours to days, days to weeks.
func TestForecastsAddUp(t *testing.T) {
	t.Parallel()
	all, cal := made(t, "Europe/Paris", 90, 3, 2, 1, 5)
	_, forecasts := fitted(t, all, cal, Options{})
	sums := map[[4]string]float64{}
	for _, x := range forecasts {
		at := x.From.UTC().Format(time.RFC3339)
		if x.Place != "" && x.Kind != "" {
			for _, key := range [][2]string{{"", ""}, {"", x.Kind}, {x.Place, ""}} {
				sums[[4]string{key[0], key[1], x.Step, at}] -= x.Mean
			}
		} else {
			sums[[4]string{x.Place, x.Kind, x.Step, at}] += x.Mean
		}
		day := x.From.In(cal.Zone).Format(time.DateOnly)
		switch x.Step {
		case Hourly:
			sums[[4]string{x.Place, x.Kind, "hours", day}] += x.Mean
		case Daily:
			sums[[4]string{x.Place, x.Kind, "hours", day}] -= x.Mean
		}
	}
	for key, rest := range sums {
		if math.Abs(rest) > 1e-9 {
			t.Errorf("%v: %v is left over", key, rest)
		}
	}
	if n := len(forecasts); n != 12*(336+14+2) {
		t.Errorf("%d forecasts, want 12 series × (336 hours + 14 days + 2 weeks)", n)
	}
}

// TestForecastFromTheMiddleOfADay begins with the hour after the last, and with the next midnight for days.
func TestForecastFromTheMiddleOfADay(t *testing.T) {
	t.Parallel()
	all, cal := made(t, "Europe/Paris", 80, 2, 1, 3, 6)
	for i := range all {
		all[i].Start = all[i].Start.Add(5 * time.Hour)
		all[i].Counts = all[i].Counts[5 : len(all[i].Counts)-10]
	}
	f, forecasts := fitted(t, all, cal, Options{})
	end := all[0].Start.Add(time.Duration(len(all[0].Counts)) * time.Hour)
	if !f.End.Equal(end) || !forecasts[0].From.Equal(end) {
		t.Errorf("end %s, first forecast from %s, want %s", f.End, forecasts[0].From, end)
	}
	for _, x := range forecasts {
		if x.Step != Hourly && x.From.In(cal.Zone).Hour() != 0 {
			t.Fatalf("%s from %s", x.Step, x.From.In(cal.Zone))
		}
	}
}

// TestSameInputSameOutput, whatever the order of the series, and nobody's data are changed.
func TestSameInputSameOutput(t *testing.T) {
	t.Parallel()
	all, cal := made(t, "Europe/Paris", 100, 4, 3, 0.4, 8)
	_, one := fitted(t, all, cal, Options{})
	turned := make([]Series, len(all))
	for i, s := range all {
		turned[len(all)-1-i] = s
	}
	_, two := fitted(t, turned, cal, Options{})
	if diff := cmp.Diff(one, two, cmpopts.IgnoreUnexported(Forecast{})); diff != "" {
		t.Errorf("another order gives other forecasts:\n%s", diff)
	}
}

// TestHolidayAndWeather: an effect that is there is found, where it can be used.
func TestHolidayAndWeather(t *testing.T) {
	t.Parallel()
	all, cal := made(t, "UTC", 200, 1, 1, 50, 9)
	first := judge.DayOf(all[0].Start)
	rain := Covariate{Name: "rain", First: first}
	for d := range 240 {
		wet := d%5 == 0
		rain.Values = append(rain.Values, flag(wet))
		off := d%23 == 3
		if off {
			cal.Holidays = append(cal.Holidays, first+judge.Day(d))
		}
		for h := d * 24; h < d*24+24 && h < len(all[0].Counts); h++ {
			all[0].Counts[h] *= int32(1 + flag(wet) + 2*flag(off))
		}
	}
	cal.Weather = []Covariate{rain, {Name: "unknown to come", First: first, Values: rain.Values[:200]}}
	f, forecasts := fitted(t, all, cal, Options{Tame: -1})
	if diff := cmp.Diff([]string{"level", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "public holiday", "rain"}, f.Columns); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
	if len(f.Notes) != 1 {
		t.Errorf("notes are %q, want one on the weather that is not known", f.Notes)
	}
	for _, x := range forecasts {
		d := int(judge.DayOf(x.From) - first)
		if x.Place != "" || x.Step != Daily || x.From.Weekday() == time.Saturday {
			continue
		}
		factor := 1 + flag(d%5 == 0)
		if d%23 == 3 {
			factor += 2
			if d%5 == 0 {
				continue // multiplied, but drawn as a sum
			}
		}
		if ratio := x.Mean / (50 * factor); ratio < 0.85 || ratio > 1.15 {
			t.Errorf("day %d: %v is forecast, want %v", d, x.Mean, 50*factor)
		}
	}
}

// TestSeasonOnlyWhereHistoryCoversIt: waves of the year need a year and a half.
func TestSeasonOnlyWhereHistoryCoversIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ days, waves int }{{500, 0}, {560, 1}, {1100, 2}} {
		all, cal := made(t, "UTC", c.days, 1, 1, 5, 10)
		f, _ := fitted(t, all, cal, Options{Calibrate: 4})
		if got := len(f.Columns) - 7; got != flagged(c.waves) {
			t.Errorf("%d days: columns %q, want %d pairs of waves", c.days, f.Columns, c.waves)
		}
	}
}

// flagged is how many names waves add: each is named once.
func flagged(waves int) int { return min(waves, 1) }

func TestHostileSeries(t *testing.T) {
	t.Parallel()
	quiet := func(hours int) []int32 { return make([]int32, hours) }
	start := time.Date(2021, 1, 4, 0, 0, 0, 0, time.UTC)
	three := quiet(100 * 24)
	three[100], three[1500], three[2399] = 1, 1, 1
	constant, once, gap := quiet(200*24), quiet(100*24), quiet(700*24)
	for h := range constant {
		constant[h] = 2
	}
	once[77] = 100_000
	for h := range gap {
		if d := h / 24; d < 150 || d >= 515 {
			gap[h] = int32(h % 3)
		}
	}
	stopped := append([]int32(nil), gap[:300*24]...)
	for _, c := range []struct {
		name  string
		of    []Series
		notes int
		low   float64 // bounds of the mean of the first day, of all together
		high  float64
	}{
		{"three calls", []Series{{Place: "a", Start: start, Counts: three}}, 0, 0.003, 0.2},
		{"a constant", []Series{{Place: "a", Start: start, Counts: constant}}, 0, 47, 49},
		{"all in one hour", []Series{{Place: "a", Start: start, Counts: once}}, 0, 0, 2000},
		{"a year's gap", []Series{{Place: "a", Start: start, Counts: gap}}, 1, 22, 26},
		{"stopped half a year ago", []Series{{Place: "a", Start: start, Counts: stopped}}, 1, 22, 26},
		{"one never called", []Series{{Place: "a", Start: start, Counts: constant}, {Place: "b", Start: start, Counts: quiet(200 * 24)}}, 0, 47, 49},
	} {
		f, forecasts := fitted(t, c.of, Calendar{}, Options{})
		if len(f.Notes) != c.notes {
			t.Errorf("%s: notes %q, want %d", c.name, f.Notes, c.notes)
		}
		for _, x := range forecasts {
			if x.Place == "" && x.Step == Daily {
				if x.Mean < c.low || x.Mean > c.high {
					t.Errorf("%s: %v calls a day, want %v to %v", c.name, x.Mean, c.low, c.high)
				}
				if c.name == "a constant" && (x.Median != 48 || x.High95-x.Low95 > 6) {
					t.Errorf("48 calls every day: %v–%v around %v", x.Low95, x.High95, x.Median)
				}
				break
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	start := time.Date(2021, 1, 4, 0, 0, 0, 0, time.UTC)
	good := func() Series {
		s := Series{Place: "a", Kind: "fire", Start: start, Counts: make([]int32, 60*24)}
		s.Counts[5], s.Counts[600] = 3, 2
		return s
	}
	with := func(change func(*Series)) []Series {
		s := good()
		s.Place = "b"
		change(&s)
		return []Series{good(), s}
	}
	for name, c := range map[string]struct {
		of   []Series
		o    Options
		want error
	}{
		"none":               {nil, Options{}, predict.ErrEmpty},
		"55 days":            {[]Series{{Place: "a", Start: start, Counts: make([]int32, 55*24)}}, Options{}, predict.ErrEmpty},
		"no hours":           {[]Series{{Place: "a", Start: start}}, Options{}, predict.ErrEmpty},
		"no call":            {[]Series{{Place: "a", Start: start, Counts: make([]int32, 60*24)}}, Options{}, predict.ErrEmpty},
		"no place":           {with(func(s *Series) { s.Place = "" }), Options{}, predict.ErrShape},
		"twice":              {with(func(s *Series) { s.Place = "a" }), Options{}, predict.ErrShape},
		"shorter":            {with(func(s *Series) { s.Counts = s.Counts[1:] }), Options{}, predict.ErrShape},
		"later":              {with(func(s *Series) { s.Start = s.Start.Add(time.Hour) }), Options{}, predict.ErrShape},
		"half an hour":       {[]Series{{Place: "a", Start: start.Add(time.Minute * 30), Counts: make([]int32, 60*24)}}, Options{}, predict.ErrShape},
		"negative":           {with(func(s *Series) { s.Counts[9] = -1 }), Options{}, predict.ErrShape},
		"two billion":        {with(func(s *Series) { s.Counts[9] = math.MaxInt32 }), Options{}, predict.ErrShape},
		"kinds mixed":        {with(func(s *Series) { s.Kind = "" }), Options{}, predict.ErrShape},
		"no such model":      {with(func(*Series) {}), Options{Model: "neural"}, predict.ErrShape},
		"three weeks":        {with(func(*Series) {}), Options{Calibrate: 3}, predict.ErrShape},
		"ten years ahead":    {with(func(*Series) {}), Options{Ahead: 3650}, predict.ErrShape},
		"tame not a number":  {with(func(*Series) {}), Options{Tame: math.NaN()}, predict.ErrShape},
		"fade without limit": {with(func(*Series) {}), Options{Fade: math.Inf(1)}, predict.ErrShape},
	} {
		if _, err := Fit(t.Context(), c.of, Calendar{}, c.o); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
	}
	f, err := Fit(t.Context(), with(func(*Series) {}), Calendar{}, Options{Ahead: 7})
	if err != nil {
		t.Fatal(err)
	}
	for _, hours := range []int{0, -1, 7*24 + 2} {
		if _, err := f.Forecast(hours); !errors.Is(err, predict.ErrShape) {
			t.Errorf("%d hours ahead: error %v", hours, err)
		}
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := Fit(stopped, with(func(*Series) {}), Calendar{}, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: error %v", err)
	}
}

func TestAtMostAndWhole(t *testing.T) {
	t.Parallel()
	all, cal := made(t, "UTC", 120, 2, 1, 4, 11)
	_, forecasts := fitted(t, all, cal, Options{})
	for _, x := range forecasts {
		for _, p := range []float64{0.05, 0.5, 0.9, 0.99} {
			if k := x.Whole(p); x.AtMost(k) < p-1e-9 || x.AtMost(k-1) > p+1e-9 {
				t.Fatalf("%s %s: quantile %v is %d, with %v at most that and %v less", x.Place, x.Step, p, k, x.AtMost(k), x.AtMost(k-1))
			}
		}
	}
}
