package hotspot

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"vigie/predict"
	"vigie/predict/judge"
)

// table makes a sample of counts whose means are a sum of the columns 0 and 2 and an even part.
func table(rows int, even, first, third float64) *sample {
	r := rand.New(rand.NewPCG(9, 9))
	s := &sample{days: 91}
	for range rows {
		mu := even
		for c := range columns {
			v := math.Floor(r.ExpFloat64() * 3)
			s.raw, s.steady, s.x = append(s.raw, v), append(s.steady, v), append(s.x, math.Log1p(v))
			switch c {
			case 0:
				mu += first * v
			case 2:
				mu += third * v
			}
		}
		s.y, s.weight, s.offset = append(s.y, poisson(r, mu)), append(s.weight, 1), append(s.offset, 0)
	}
	return s
}

func poisson(r *rand.Rand, mu float64) float64 {
	n, left := 0., math.Exp(-mu)
	for p := r.Float64(); p > left; p *= r.Float64() {
		n++
	}
	return n
}

// The Poisson regression of predict has the same likelihood and no ridge.
func TestRegressionAgreesWithPredict(t *testing.T) {
	t.Parallel()
	s := table(4000, .3, .2, .1)
	got := fitRegression(s)
	x := make([]float64, 0, len(s.y)*(columns+1))
	for i := range s.y {
		x = append(append(x, 1), s.x[i*columns:(i+1)*columns]...)
	}
	want, err := predict.NegativeBinomial(predict.Regression{Y: s.y, X: x, Columns: columns + 1})
	if err != nil {
		t.Fatal(err)
	}
	for c := range columns {
		if d := math.Abs(got.weights[c] - want.Coefficients[c+1]); d > .25*want.Errors[c+1]+.002 {
			t.Errorf("column %d: %.4f, want %.4f ± %.4f", c, got.weights[c], want.Coefficients[c+1], want.Errors[c+1])
		}
	}
}

// The weights that made the counts come back.
func TestMixtureFindsItsWeights(t *testing.T) {
	t.Parallel()
	m := fitMixture(table(40000, .3, .2, .1), func(int) bool { return true })
	if math.Abs(m.weight[0]-.2) > .02 || math.Abs(m.weight[2]-.1) > .02 || math.Abs(m.even-.3) > .1 {
		t.Errorf("even %.3f, weights %.3f, want 0.3, 0.2 and 0.1", m.even, m.weight)
	}
	for c, w := range m.weight {
		if c != 0 && c != 2 && w > .03 {
			t.Errorf("column %d has %.3f, want 0", c, w)
		}
	}
}

// Trees find a step that no sum has, and never raise the deviance of what they learn from.
func TestTreesFindAStep(t *testing.T) {
	t.Parallel()
	s := table(20000, .5, 0, 0)
	r := rand.New(rand.NewPCG(3, 3))
	for i := range s.y {
		mu := .5
		if s.raw[i*columns+1] >= 4 && s.raw[i*columns+5] < 2 {
			mu = 2
		}
		s.y[i] = poisson(r, mu)
	}
	m := fitMixture(s, func(int) bool { return true })
	f := fitForest(s, m, forestTrees)
	grid := &Grid{IDs: make([]uint64, 2), Areas: []float64{1, 1}, side: 1}
	var seen surfaces
	for c := range seen.column {
		seen.scale[c] = 1
		seen.column[c] = []float64{2, 2}
	}
	seen.column[1], seen.column[5] = []float64{6, 2}, []float64{1, 1}
	out := f.daily(grid, &seen)
	if high, low := out[0]*s.days, out[1]*s.days; high < 1.6 || high > 2.5 || low < .35 || low > .7 {
		t.Errorf("%.2f above the step and %.2f below, want 2 and 0.5", high, low)
	}
}

// Sixteen places in a row with a single cluster: the closed form of Ord & Getis for weights 1 over a place and its neighbours.
func TestGiStarAgreesWithItsFormula(t *testing.T) {
	t.Parallel()
	p := &past{grid: &Grid{IDs: make([]uint64, 4), Areas: []float64{2, 2, 2, 2}}}
	p.around = neighbours{start: []int32{0, 1, 3, 5, 6}, list: []int32{1, 0, 2, 1, 3, 2}}
	got := p.gi([]float64{0, 0, 3, 5})
	// Mean 2, s = √(34/4 − 4) = √4.5; the last place: (8 − 2·2)/(s·√((4·2−4)/3)).
	if want := 2 * 4 / (math.Sqrt(4.5) * math.Sqrt(4./3)); math.Abs(got[3]-want) > 1e-12 {
		t.Errorf("%.6f, want %.6f", got[3], want)
	}
}

func TestPosteriorIsThatOfGammaPoisson(t *testing.T) {
	t.Parallel()
	p := &past{grid: &Grid{Areas: []float64{1, 1, 2}}}
	counts := []float64{0, 10, 2}
	// Prior means 3, 3 and 6; φ = Σμ²/(Σ(n−μ)² − Σμ) = 54/(74 − 12).
	phi := 54. / 62
	got := p.posterior(counts, 10)
	for i, mu := range []float64{3, 3, 6} {
		want := predict.Posterior(mu, counts[i], phi).Mean() / 10
		if math.Abs(got[i]-want) > 1e-12 {
			t.Errorf("place %d: %.6f, want %.6f", i, got[i], want)
		}
	}
}

func TestFirstByRateIsTheBeginningOfRank(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	scores, areas := make([]float64, 30000), make([]float64, 30000)
	whole := 0.
	for i := range scores {
		scores[i], areas[i] = math.Floor(r.ExpFloat64()*4), .5+r.Float64()
		whole += areas[i]
	}
	want := judge.Rank(scores, areas)
	for _, share := range []float64{.001, .1, .6, 1} {
		got, used := firstByRate(scores, areas, share*whole), 0.
		for k, i := range got {
			if i != want[k] {
				t.Fatalf("share %g, rank %d: place %d, want %d", share, k, i, want[k])
			}
			used += areas[i]
		}
		if used < share*whole*.999 {
			t.Errorf("share %g: only %.4f of the area is ranked", share, used/whole)
		}
	}
}

func TestCalibrationSetsLevelsRight(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 5))
	var trials []*trial
	for k := range 30 {
		daily, observed := make([]float64, 4000), make([]float64, 4000)
		for i := range daily {
			daily[i] = math.Exp(r.NormFloat64()-5) * .5
			observed[i] = poisson(r, 2*daily[i]*30) // twice what is forecast
		}
		trials = append(trials, &trial{origin: judge.Day(k * 30), days: 30, bins: map[string]*classes{Mixture: classify(daily, observed, 30)}})
	}
	cal := calibrate(trials, Mixture, 900)
	last := 0.
	for _, v := range []float64{1e-4, .001, .003, .01, .05} {
		got := cal.apply(v)
		if ratio := got / (2 * v); ratio < .85 || ratio > 1.15 {
			t.Errorf("%g a day becomes %g, want %g", v, got, 2*v)
		}
		if got <= last {
			t.Errorf("the order changes at %g", v)
		}
		last = got
	}
	if cal.alpha > .1 {
		t.Errorf("overdispersion %.3f of Poisson counts", cal.alpha)
	}
}

// Whatever chance does to the classes, a calibration of what is right in all must be right in all.
func TestCalibrationKeepsTheTotal(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(6, 6))
	for _, places := range []int{65, 4000} {
		var trials []*trial
		daily := make([]float64, places)
		for i := range daily {
			daily[i] = math.Exp(r.NormFloat64()) * 20 / float64(places)
		}
		forecast, happened := 0., 0.
		for k := range 30 {
			observed := make([]float64, places)
			for i := range daily {
				observed[i] = poisson(r, 30*daily[i])
				forecast, happened = forecast+30*daily[i], happened+observed[i]
			}
			trials = append(trials, &trial{origin: judge.Day(k * 30), days: 30, bins: map[string]*classes{Mixture: classify(daily, observed, 30)}})
		}
		cal := calibrate(trials, Mixture, 900)
		after := 0.
		for _, v := range daily {
			after += 900 * cal.apply(v)
		}
		if ratio := after / happened; ratio < .96 || ratio > 1.04 {
			t.Errorf("%d places: %.0f thefts happened, %.0f were forecast and %.0f are after calibration", places, happened, forecast, after)
		}
	}
}

// A model that won before and cannot be learnt now, as after a year's gap, gives way to the count.
func TestChoicesWithoutAModel(t *testing.T) {
	t.Parallel()
	const won = 7 // mixture
	var trials []*trial
	for k := range 12 {
		x := &trial{origin: judge.Day(k * 31), days: 30, total: 100, bins: map[string]*classes{}}
		for m := range Contenders() {
			x.hits, x.used = append(x.hits, []float64{10}), append(x.used, []float64{1})
			if m == won {
				x.hits[m] = []float64{20 + float64(k%2)}
			}
			if m == won && k > 8 {
				x.hits[m] = nil
			}
		}
		trials = append(trials, x)
	}
	c := choices(trials, []Budget{{Name: Headline, Share: .05}}, 1e6, 1)[0]
	if c.Model != Mixture || c.Origins != 8 || c.Count != .1 || c.Share <= .1 || c.Share >= .2 {
		t.Errorf("%+v", c)
	}
}

func TestBacktestKeepsToTheProtocol(t *testing.T) {
	t.Parallel()
	events := city(11, 560, 6, .35)
	r, err := Backtest(t.Context(), events, BacktestOptions{Resolution: 9, Territory: square(9000), Origins: 20, Horizons: []int{14, 30}, Offsets: 3})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range r.Horizons {
		if h.Origins != 20 || len(h.Budgets) == 0 {
			t.Fatalf("%d days: %d origins, %d budgets", h.Days, h.Origins, len(h.Budgets))
		}
		for _, b := range h.Budgets {
			for _, s := range b.Rows {
				if s.Used > b.Km2*1e6/(r.WholeKm2*1e6)*(1+1e-9) || s.PEI > 1+1e-9 || s.Hits > h.Thefts {
					t.Errorf("%d days, %s, %s: used %g, PEI %g, hits %g of %g", h.Days, b.Budget, s.Model, s.Used, s.PEI, s.Hits, h.Thefts)
				}
			}
			if uniform := b.Rows[len(b.Rows)-1]; uniform.Model == Uniform && math.Abs(uniform.PAI-1) > 1e-9 {
				t.Errorf("PAI of uniform %g, want 1", uniform.PAI)
			}
		}
	}
	if len(r.Squares.Rows) != 15 {
		t.Errorf("%d rows of squares, want 15", len(r.Squares.Rows))
	}
	if _, err := Backtest(t.Context(), events[:30], BacktestOptions{}); !errors.Is(err, ErrFew) {
		t.Errorf("five days of events: %v, want ErrFew", err)
	}
}

// Three blocks hold all thefts, always: the replay hits all of them, whatever the horizon.
func TestReplayHitsWhatNeverMoves(t *testing.T) {
	t.Parallel()
	var events []Event
	for d := range 400 {
		for k := range 3 {
			events = append(events, Event{orb.Point{2.34 + .01*float64(k), 48.85}, start + judge.Day(d), start + judge.Day(d)})
		}
	}
	r, err := Replay(t.Context(), events, ReplayOptions{Territory: square(5000), Whole: 100 * SquareMile, Until: start + 299})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range r.Rows {
		if !row.Known || row.Hits != row.Total || row.Total == 0 || math.Abs(row.PEI-1) > 1e-9 || math.Abs(row.PAI-100/row.Mi2) > 1e-6 {
			t.Errorf("%+v", row)
		}
		if row.Mi2 > .7501 || row.Budget == "0.25 mi²" && row.Cells != "H3 r10" && row.Mi2 < .25 {
			t.Errorf("%s, %s: %.4f mi² are not by the rules", row.Cells, row.Budget, row.Mi2)
		}
	}
	if _, err := Replay(t.Context(), events, ReplayOptions{Until: start + 299}); !errors.Is(err, ErrInvalid) {
		t.Errorf("without a boundary: %v, want ErrInvalid", err)
	}
}
