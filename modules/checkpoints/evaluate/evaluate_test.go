package evaluate

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vigie/geoengine"
)

func evaluated(t *testing.T, in Input) Result {
	t.Helper()
	r, err := Evaluate(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := json.Marshal(r); err != nil {
		t.Fatalf("%+v does not become JSON: %v", r, err)
	}
	return r
}

// Places that were chosen because much happened there get better by themselves: the naive estimate takes that for an effect,
// Empirical Bayes does not, and its intervals hold what they say.
func TestRegressionToTheMeanIsRemoved(t *testing.T) {
	t.Parallel()
	for _, theta := range []float64{1, 0.7} {
		w := world{rand.New(rand.NewPCG(uint64(theta*100), 1)), 0.9}
		n, held, naive, ours := sweep(t, 200), 0, 0.0, 0.0
		for range n {
			r := evaluated(t, Input{Groups: []Group{w.group(t, theta)}}).BeforeAfter
			naive += r.NaiveRatio / float64(n)
			ours += r.Ratio.Value / float64(n)
			if r.Ratio.Low <= theta && theta <= r.Ratio.High {
				held++
			}
		}
		t.Logf("θ = %v: naive %.3f, ours %.3f", theta, naive, ours)
		if math.Abs(ours-theta) > 0.04*theta {
			t.Errorf("the estimate is %.3f on average, the truth %v", ours, theta)
		}
		if naive > 0.93*theta {
			t.Errorf("the naive estimate is %.3f on average: the simulation has no regression to the mean", naive)
		}
		covers(t, "before and after", held, n, 0.95)
	}
}

func TestPowerOfBeforeAfter(t *testing.T) {
	t.Parallel()
	w := world{rand.New(rand.NewPCG(8, 1)), 0.9}
	const theta = 0.6
	n, shown, stated := sweep(t, 100), 0, 0.0
	for range n {
		in := Input{Groups: []Group{w.group(t, theta)}}
		r := evaluated(t, in).BeforeAfter
		if r.Ratio.High < 1 {
			shown++
		}
		known := expectation{r.Expected, shapeOf(t, in.Groups[0])}
		stated += known.power(1-theta, 0.95) / float64(n)
	}
	share := float64(shown) / float64(n)
	t.Logf("shown in %.3f, stated %.3f", share, stated)
	if math.Abs(share-stated) > 0.06+3*math.Sqrt(share*(1-share)/float64(n)) {
		t.Errorf("a fall of 40 %% was shown in %.3f of data sets, the power says %.3f", share, stated)
	}
}

func shapeOf(t *testing.T, g Group) float64 {
	t.Helper()
	trend, trendVariance, _ := g.trend()
	var mean, variance float64
	for _, p := range g.Places {
		w := 1 / (1 + p.Model/p.Phi)
		m := w*p.Model + (1-w)*p.Before
		mean, variance = mean+m, variance+(1-w)*m
	}
	return mean * mean * trend * trend / (trend*trend*variance + mean*mean*trendVariance)
}

// Hand-made figures: one place, without a comparison group.
func TestBeforeAfterByHand(t *testing.T) {
	t.Parallel()
	g := Group{Plan: "p", BeforeYears: 4, AfterYears: 1, Places: []Place{{Before: 30, Model: 10, Phi: 5, After: 4}}}
	r := evaluated(t, Input{Groups: []Group{g}})
	// w = 1/(1+10/5) = 1/3; expected before = 10/3 + 20 = 70/3, variance (2/3)·70/3; after: a quarter of it.
	expected, variance := 70.0/12, 140.0/9/16
	want := []float64{expected, 7.5, 4 / expected / (1 + variance/(expected*expected)), 4 / 7.5, 0.25}
	got := []float64{r.BeforeAfter.Expected, r.BeforeAfter.Naive, r.BeforeAfter.Ratio.Value, r.BeforeAfter.NaiveRatio, r.BeforeAfter.Trend}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-9, 0)); diff != "" {
		t.Error(diff)
	}
	if r.Verdict.Code != codeNotEnough || len(r.Warnings) != 1 || r.Warnings[0].Code != "no_comparison" {
		t.Errorf("verdict %+v, warnings %+v", r.Verdict, r.Warnings)
	}
}

// A plan whose accidents have not been imported yet has not saved anybody.
func TestAccidentsThatAreNotThereYet(t *testing.T) {
	t.Parallel()
	g := Group{
		Plan: "p", BeforeYears: 4, AfterYears: 1, Comparison: Comparison{Before: 400},
		Places: []Place{{Before: 300, Model: 250, Phi: 5, After: 0}},
	}
	r := evaluated(t, Input{Groups: []Group{g}})
	if r.Verdict.Code != codeNotEnough || len(r.Warnings) != 1 || r.Warnings[0].Code != "not_imported" {
		t.Errorf("verdict %+v, warnings %+v", r.Verdict, r.Warnings)
	}
	g.Comparison.After, g.Places[0].After = 95, 40
	if r := evaluated(t, Input{Groups: []Group{g}}); r.Verdict.Code != codeFewer || len(r.Warnings) != 0 {
		t.Errorf("40 of about 70: verdict %+v, warnings %+v", r.Verdict, r.Warnings)
	}
}

// Peer: scipy 1.17.1, optimize.brentq of (cdf(k) + cdf(k−1))/2 − p, of stats.poisson and stats.nbinom.
func TestBoundsBesideScipy(t *testing.T) {
	t.Parallel()
	exact, known := expectation{1, math.Inf(1)}, expectation{15.5, 8.25}
	got := []float64{exact.bound(4, 0.975), exact.bound(4, 0.025), known.bound(12, 0.975), known.bound(12, 0.025), known.cumulative(7, 0.8)}
	want := []float64{1.2709451624119041, 9.648439670018258, 0.3379569372287267, 2.084908434507777, 0.1921815920921013}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-9, 0)); diff != "" {
		t.Error(diff)
	}
}

func TestRandomisedIsCalibrated(t *testing.T) {
	t.Parallel()
	for _, theta := range []float64{1, 0.6} {
		d := drill{rand.New(rand.NewPCG(uint64(theta*100), 2)), 0.12}
		n := sweep(t, 150)
		var held, avoided, rejected int
		var mean, ht, truth float64
		for range n {
			trial := d.trial(theta)
			r := evaluated(t, Input{Trials: []Trial{trial}}).Randomised
			mean += r.Ratio.Value / float64(n)
			if r.Ratio.Low <= theta && theta <= r.Ratio.High {
				held++
			}
			if r.P <= 0.05 {
				rejected++
			}
			// What the posts have avoided on average: of what was to be expected where they could have been.
			saved := r.Inside * (1 - theta) / theta
			ht += r.Avoided.Value / float64(n)
			truth += saved / float64(n)
			if r.Avoided.Low <= saved && saved <= r.Avoided.High {
				avoided++
			}
		}
		t.Logf("θ = %v: ratio %.3f, avoided %.2f of %.2f, rejected %d of %d", theta, mean, ht, truth, rejected, n)
		if math.Abs(mean-theta) > 0.05*theta {
			t.Errorf("the ratio is %.3f on average, the truth %v", mean, theta)
		}
		covers(t, "ratio", held, n, 0.95)
		covers(t, "avoided", avoided, n, 0.95)
		if theta == 1 && float64(rejected) > 0.05*float64(n)+4*math.Sqrt(0.0475*float64(n)) {
			t.Errorf("Fisher's p was ≤ 0.05 in %d of %d data sets without an effect", rejected, n)
		}
	}
}

func TestPowerOfTheRandomisation(t *testing.T) {
	t.Parallel()
	d := drill{rand.New(rand.NewPCG(77, 2)), 0.6}
	n, shown, stated := sweep(t, 120), 0, 0.0
	const theta = 1 - ErkeEffect
	for range n {
		r := evaluated(t, Input{Trials: []Trial{d.trial(theta)}}).Randomised
		if r.Ratio.High < 1 {
			shown++
		}
		stated += r.Power.At / float64(n)
	}
	share := float64(shown) / float64(n)
	t.Logf("shown in %.3f, stated %.3f", share, stated)
	if math.Abs(share-stated) > 0.08+3*math.Sqrt(share*(1-share)/float64(n)) {
		t.Errorf("a fall of 14 %% was shown in %.3f of data sets, the power says %.3f", share, stated)
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	d := drill{rand.New(rand.NewPCG(5, 2)), 1}
	many := func(theta float64, scale float64) (trials []Trial) {
		d.scale = scale
		for range 6 {
			trials = append(trials, d.trial(theta))
		}
		return trials
	}
	for name, tt := range map[string]struct {
		in   Input
		want string
		says string
	}{
		"fewer":       {Input{Trials: many(0.7, 1)}, codeFewer, "−"},
		"more":        {Input{Trials: many(1.5, 1)}, codeMore, "+"},
		"none":        {Input{Trials: many(1, 1)}, codeNone, "14 %"},
		"few":         {Input{Trials: many(0.7, 0.002)}, codeNotEnough, "Not enough data to say"},
		"nothing":     {Input{}, codeNotEnough, "Not enough data to say."},
		"no accident": {Input{Trials: []Trial{{Plan: "p", Held: 1, Cells: make([]Cell, 2), Reached: []int32{0}, Drawn: [][]int32{{0}, {1}, {1}}}}}, codeNotEnough, "Not enough"},
		"certain":     {Input{Trials: []Trial{{Plan: "p", Held: 1, Cells: make([]Cell, 2), Reached: []int32{0}, Drawn: [][]int32{{0}, {0}}}}}, codeNotEnough, "Not enough"},
		"no draws":    {Input{Trials: []Trial{{Plan: "p", Held: 1, Cells: make([]Cell, 2), Reached: []int32{0}}}}, codeNotEnough, "Not enough"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := evaluated(t, tt.in)
			if r.Verdict.Code != tt.want || !strings.Contains(r.Verdict.EN, tt.says) {
				t.Errorf("verdict %+v, want %s that says %q; %+v", r.Verdict, tt.want, tt.says, r.Randomised)
			}
		})
	}
	if got := notEnough(Power{Effect: 0.14, At: 0.06, Needed: 12_345}).EN; !strings.Contains(got, "13,000 times") {
		t.Error(got)
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	r := evaluated(t, Input{Trials: []Trial{
		{Plan: "a", Held: 0.5, Cells: make([]Cell, 2), Reached: []int32{0}, Drawn: [][]int32{{0}, {0}}},
		{Plan: "b", Held: 1, Cells: make([]Cell, 1)},
	}})
	var codes []string
	for _, w := range r.Warnings {
		codes = append(codes, w.Code)
	}
	if diff := cmp.Diff([]string{"few_draws", "not_held", "few_draws", "no_chance"}, codes); diff != "" {
		t.Error(diff)
	}
}

func TestInputThatContradictsItself(t *testing.T) {
	t.Parallel()
	place := Place{Before: 1, Model: 1, Phi: 1, After: 1}
	for name, in := range map[string]Input{
		"level":        {Level: 95},
		"no period":    {Groups: []Group{{Places: []Place{place}, AfterYears: 1}}},
		"half a count": {Groups: []Group{{Places: []Place{{Before: 1, Model: 1, Phi: 1, After: 0.5}}, BeforeYears: 1, AfterYears: 1}}},
		"no shape":     {Groups: []Group{{Places: []Place{{Before: 1, Model: 1, After: 1}}, BeforeYears: 1, AfterYears: 1}}},
		"comparison":   {Groups: []Group{{Comparison: Comparison{Before: math.NaN()}, BeforeYears: 1, AfterYears: 1}}},
		"cell":         {Trials: []Trial{{Cells: []Cell{{Count: -1}}}}},
		"reached":      {Trials: []Trial{{Cells: make([]Cell, 1), Reached: []int32{1}}}},
		"draw":         {Trials: []Trial{{Cells: make([]Cell, 3), Drawn: [][]int32{{2, 1}}}}},
	} {
		if _, err := Evaluate(context.Background(), in); !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	in := Input{Trials: []Trial{{Cells: make([]Cell, 1), Drawn: [][]int32{{0}}}}}
	if _, err := Evaluate(stopped, in); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestLayout(t *testing.T) {
	t.Parallel()
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	at := func(day, hour int) time.Time { return time.Date(2026, 10, day, hour, 0, 0, 0, paris) }
	l := Layout{
		First: at(24, 0), Days: 2, Halo: 2, // the clocks go back on the 25th
		Reach:    map[string][]int32{"a": {1, 2}, "b": {2, 3}},
		Expected: func(lixel int32, day time.Time) float64 { return float64(lixel) + float64(day.Day())/100 },
	}
	accidents := []Accident{{1, at(24, 23)}, {2, at(26, 23)}, {2, at(27, 0)}, {9, at(25, 1)}, {1, at(23, 23)}}
	trial, err := l.Trial("p", []Post{{"a", at(24, 22)}}, [][]Post{{{"b", at(25, 2)}}, {{"a", at(24, 20)}, {"a", at(24, 22)}}}, 0.9, accidents)
	if err != nil {
		t.Fatal(err)
	}
	want := Trial{
		Plan: "p", Held: 0.9,
		Cells:   []Cell{{1.24, 1}, {1.25, 0}, {2.24, 0}, {2.25, 0}, {2.26, 1}, {3.25, 0}, {3.26, 0}},
		Reached: []int32{0, 1, 2, 3},
		Drawn:   [][]int32{{3, 4, 5, 6}, {0, 1, 2, 3}},
	}
	if diff := cmp.Diff(want, trial, cmpopts.EquateApprox(1e-9, 0)); diff != "" {
		t.Error(diff)
	}
	past := Past{
		Accidents: []Accident{{1, at(1, 1)}, {1, at(2, 1)}, {9, at(3, 3)}}, Years: 5,
		Model: func(lixel int32) float64 { return float64(lixel) }, Phi: 2,
	}
	group, err := l.Group("p", []Post{{"a", at(24, 22)}}, past, accidents)
	if err != nil {
		t.Fatal(err)
	}
	wantGroup := Group{
		Plan: "p", BeforeYears: 5, AfterYears: 3 / 365.25, Comparison: Comparison{1, 1},
		Places: []Place{{Before: 2, Model: 1, Phi: 2, After: 1}, {Before: 0, Model: 2, Phi: 2, After: 1}},
	}
	if diff := cmp.Diff(wantGroup, group); diff != "" {
		t.Error(diff)
	}
	for _, post := range []Post{{"c", at(24, 22)}, {"a", at(23, 22)}, {"a", at(27, 22)}} {
		if _, err := l.Trial("p", []Post{post}, nil, 1, nil); !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%+v: %v", post, err)
		}
	}
}
