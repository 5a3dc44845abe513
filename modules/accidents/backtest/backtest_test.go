package backtest

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"gonum.org/v1/gonum/stat/distuv"

	"vigie/geoengine"
	"vigie/geoengine/hex"
	"vigie/predict/roadrisk"
)

// TestSpans ranks by hand: two places, of which the first has one hour above all and the second one hour second to it.
func TestSpans(t *testing.T) {
	t.Parallel()
	score := func(place int, into []float64) {
		clear(into)
		into[5] = float64(2 - place)
	}
	spots := []spot{{place: 0, hour: 5}, {place: 1, hour: 5}, {place: 1, hour: 6}}
	const all = 2 * roadrisk.HoursOfWeek
	got := spansOf([]int{0, 1}, nil, score, spots)
	want := []span{{0, 1.0 / all}, {1.0 / all, 2.0 / all}, {2.0 / all, 1}}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(span{})); d != "" {
		t.Error(d)
	}
	// Three times as long, the second place costs three times as much.
	got = spansOf([]int{0, 1}, []float64{1, 3}, score, spots)
	const longer = 4 * roadrisk.HoursOfWeek
	want = []span{{0, 1.0 / longer}, {1.0 / longer, 4.0 / longer}, {4.0 / longer, 1}}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(span{})); d != "" {
		t.Error(d)
	}
	for _, c := range []struct{ budget, want float64 }{{0.1, 0}, {0.2, 0}, {0.3, 0.5}, {0.4, 1}, {0.9, 1}} {
		if got := (span{0.2, 0.4}).within(c.budget); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("budget %v: %v, want %v", c.budget, got, c.want)
		}
	}
	if got := expects([]int{0, 1}, score, 1.0/all); math.Abs(got-2.0/3) > 1e-12 {
		t.Errorf("the best hour expects %v of all", got)
	}
}

func year(y int) roadrisk.Period {
	return roadrisk.Period{From: time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(y+1, 1, 1, 0, 0, 0, 0, time.UTC)}
}

// world draws accidents on cells around a centre, more by day; rates stay the same from year to year.
func world(t *testing.T, perYear float64, years ...int) Input {
	t.Helper()
	cells, err := roadrisk.NewCells(hex.Cover(orb.Bound{Min: orb.Point{1.35, 43.53}, Max: orb.Point{1.55, 43.67}}, 8))
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(9, 9))
	rates, total := make([]float64, cells.Len()), 0.0
	for i, cell := range cells.List {
		at := hex.Center(cell)
		rates[i] = math.Exp(-math.Hypot((at.Lon()-1.45)*80, (at.Lat()-43.6)*111) / 2)
		total += rates[i]
	}
	in := Input{Name: "drawn", Cells: cells}
	for _, y := range years {
		for i, rate := range rates {
			for range int(distuv.Poisson{Lambda: rate / total * perYear, Src: random}.Rand()) {
				hour := int(24 * math.Sqrt(random.Float64()))
				in.Accidents = append(in.Accidents, roadrisk.Accident{
					Position: hex.Center(cells.List[i]), HasPosition: true, HourKnown: true, Severity: geoengine.SeveritySlight, Weight: 0.005,
					Start: time.Date(y, 1, 1+random.IntN(365), hour, 30, 0, 0, time.UTC),
				})
			}
		}
	}
	return in
}

// TestModelBeatsCountsWhereRatesAreSmooth holds that few accidents spread by a smooth rate are better forecast by the model
// than by their own count, that the report says so, and that the same seed says the same.
func TestModelBeatsCountsWhereRatesAreSmooth(t *testing.T) {
	t.Parallel()
	in := world(t, 250, 2020, 2021, 2022)
	in.Train, in.Test = []roadrisk.Period{year(2020), year(2021)}, year(2022)
	r, err := Run(t.Context(), in, Options{Draws: 200})
	if err != nil {
		t.Fatal(err)
	}
	again, err := Run(t.Context(), in, Options{Draws: 200})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(r, again); d != "" {
		t.Error(d)
	}
	rival, ok := at(r.Outcome.Accidents, contenderSpread, Headline)
	if !ok || rival.Ratio.Low < 1 || rival.Difference.Low <= 0 {
		t.Errorf("against %s: %+v", contenderSpread, rival)
	}
	bound, _ := at(r.Outcome.Accidents, contenderBound, Headline)
	mine, _ := at(r.Outcome.Accidents, Model, Headline)
	if bound.Share.Value != 1 || mine.Share.Value >= 1 || mine.Share.Value <= rival.Share.Value {
		t.Errorf("shares: bound %v, model %v, rival %v", bound.Share, mine.Share, rival.Share)
	}
	last := -1.0
	for _, c := range r.Outcome.Accidents[:1] {
		for i, p := range c.Points {
			if p.Share.Value < last || p.Share.Low > p.Share.Value || p.Share.High < p.Share.Value || c.Expects[i] < p.Budget {
				t.Errorf("point %+v, expects %v", p, c.Expects[i])
			}
			last = p.Share.Value
		}
	}
	if len(r.Goals) != 3 || r.Inner == nil {
		t.Errorf("goals %+v", r.Goals)
	}
}

// TestOthersByHand judges two accidents by one of the past.
func TestOthersByHand(t *testing.T) {
	t.Parallel()
	cells, err := roadrisk.NewCells(hex.Cover(orb.Bound{Min: orb.Point{1.44, 43.59}, Max: orb.Point{1.46, 43.61}}, 8))
	if err != nil {
		t.Fatal(err)
	}
	accident := func(cell, y, hour int) roadrisk.Accident {
		return roadrisk.Accident{Position: hex.Center(cells.List[cell]), HasPosition: true, HourKnown: true, Severity: geoengine.SeveritySlight, Weight: 0.005,
			Start: time.Date(y, 1, 5, hour, 0, 0, 0, time.UTC)}
	}
	in := Input{Cells: cells, Train: []roadrisk.Period{year(2021)}, Test: year(2022)}
	past := accident(0, 2021, 8) // a Tuesday
	same := past
	same.Start = time.Date(2022, 1, 4, 8, 0, 0, 0, time.UTC) // a Tuesday too
	in.Accidents = []roadrisk.Accident{past, same, accident(1, 2022, 3)}
	curves, err := Holdout(t.Context(), in, Options{Draws: 100, Budgets: []float64{0.001}}, false)
	if err != nil {
		t.Fatal(err)
	}
	if p, _ := At(curves, Rivals()[0], 0.001); p.Share.Value != 0.5 {
		t.Errorf("counts of the past hold %v of two accidents, want one", p.Share.Value)
	}
}

func TestWhatIsNoTest(t *testing.T) {
	t.Parallel()
	in := world(t, 50, 2020, 2021)
	for name, change := range map[string]func(*Input, *Options){
		"nothing to learn from": func(in *Input, _ *Options) { in.Train = nil },
		"learns from the test":  func(in *Input, _ *Options) { in.Test = year(2020) },
		"no accident to judge":  func(in *Input, _ *Options) { in.Test = year(2024) },
		"no place":              func(in *Input, _ *Options) { in.Cells = nil },
		"empty period":          func(in *Input, _ *Options) { in.Test = roadrisk.Period{From: year(2021).From, To: year(2021).From} },
		"budget":                func(_ *Input, o *Options) { o.Budgets = []float64{0.2, 0.1} },
		"share above one":       func(_ *Input, o *Options) { o.Budgets = []float64{1.5} },
		"draws":                 func(_ *Input, o *Options) { o.Draws = 3 },
	} {
		in, o := in, Options{Draws: 100}
		in.Train, in.Test = []roadrisk.Period{year(2020)}, year(2021)
		change(&in, &o)
		if _, err := Run(t.Context(), in, o); !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
}

// TestWithinTheTerritory holds that places outside are neither ranked nor judged.
func TestWithinTheTerritory(t *testing.T) {
	t.Parallel()
	g := &ground{}
	g.take(4, []bool{true, false, false, true}, func(i int) float64 { return float64(i + 1) })
	if got := fmt.Sprint(g.all, g.active, g.sizes); got != "4 [0 3] [1 4]" {
		t.Error(got)
	}
}
