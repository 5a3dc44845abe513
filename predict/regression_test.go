package predict

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Values marked "peer" were printed by python bench/peers/predict.py (statsmodels 0.15.0, scipy 1.17.1).

func near(relative float64) cmp.Option { return cmpopts.EquateApprox(relative, relative) }

// stream repeats the generator of bench/peers/predict.py.
func stream(seed uint64) func() float64 {
	return func() float64 {
		seed = seed*6364136223846793005 + 1442695040888963407
		return float64(seed>>11) / (1 << 53)
	}
}

func peerTable() Regression {
	u := stream(7)
	r := Regression{Columns: 3, Names: []string{"intercept", "urban", "traffic"}}
	for range 200 {
		urban := 0.0
		if u() < 0.4 {
			urban = 1
		}
		traffic := 2*u() - 1
		length := 0.25 + u()
		mu := math.Exp(0.3+0.7*urban+0.5*traffic) * length
		mu *= -math.Log(1 - u())
		n, p, at := 0.0, math.Exp(-mu), u()
		for below := p; at > below && n < 200; below += p {
			n++
			p *= mu / n
		}
		r.X = append(r.X, 1, urban, traffic)
		r.Y = append(r.Y, n)
		r.Offset = append(r.Offset, math.Log(length))
	}
	return r
}

func TestNegativeBinomialOfTheMites(t *testing.T) {
	t.Parallel()
	// Bliss & Fisher, Fitting the negative binomial distribution to biological data, Biometrics 9 (1953): 150 leaves of
	// McIntosh apple trees, European red mites; mean 1.14667, k = 1.02459 by maximum likelihood.
	var r Regression
	r.Columns = 1
	for mites, leaves := range []int{70, 38, 17, 10, 9, 3, 2, 1} {
		for range leaves {
			r.Y, r.X = append(r.Y, float64(mites)), append(r.X, 1)
		}
	}
	fit, err := NegativeBinomial(r)
	if err != nil {
		t.Fatal(err)
	}
	published := []float64{math.Exp(fit.Coefficients[0]), fit.Phi()}
	if diff := cmp.Diff([]float64{172.0 / 150, 1.02459}, published, near(5e-6)); diff != "" {
		t.Error("published", diff)
	}
	peer := []float64{0.13685918271719735, 0.9759978825636967, 0.11099822538579947, 0.2628215245617608, -222.43715359843475}
	ours := []float64{fit.Coefficients[0], fit.Alpha, fit.Errors[0], fit.AlphaError, fit.LogLikelihood}
	if diff := cmp.Diff(peer, ours, near(1e-7)); diff != "" {
		t.Error("peer", diff)
	}
}

func TestNegativeBinomialBesideStatsmodels(t *testing.T) {
	t.Parallel()
	r := peerTable()
	if got := sum(r.Y); got != 262 {
		t.Fatalf("the generator gives %v events, the peer's 262", got)
	}
	fit, err := NegativeBinomial(r)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]float64{"β": fit.Coefficients, "errors": fit.Errors, "alpha": {fit.Alpha, fit.AlphaError}, "l": {fit.LogLikelihood}}
	want := map[string][]float64{
		"β":      {0.1894623935251844, 0.8291533155773194, 0.2612104152929191},
		"errors": {0.1399407079638531, 0.20174326988470112, 0.17745273858101984},
		"alpha":  {1.101541387907253, 0.2355181495034117},
		"l":      {-295.8523250982396},
	}
	if diff := cmp.Diff(want, got, near(1e-7)); diff != "" {
		t.Error(diff)
	}
	if mean := fit.At(r.row(3), r.Offset[3]); math.Abs(mean-fit.Mean[3]) > 1e-12 {
		t.Errorf("At gives %v, Mean %v", mean, fit.Mean[3])
	}
}

func TestPoissonBesideStatsmodels(t *testing.T) {
	t.Parallel()
	r := peerTable()
	at, _, err := r.ascend(r.at(r.start(), 0))
	if err != nil {
		t.Fatal(err)
	}
	fit, err := r.finish(at, 0)
	if err != nil {
		t.Fatal(err)
	}
	got := append(append(fit.Coefficients, fit.Errors...), fit.LogLikelihood)
	want := []float64{
		0.1939713271328241, 0.8344300909789103, 0.19784270552109004,
		0.09695544198193808, 0.12571155720483437, 0.10971036794751278, -342.59495810468536,
	}
	if diff := cmp.Diff(want, got, near(1e-7)); diff != "" {
		t.Error(diff)
	}
}

func TestNoMoreDispersedThanChanceIsPoisson(t *testing.T) {
	t.Parallel()
	r := Regression{Y: []float64{2, 1, 2, 2, 1, 2, 3, 2, 2}, X: []float64{1, 1, 1, 1, 1, 1, 1, 1, 1}, Columns: 1}
	fit, err := NegativeBinomial(r)
	if err != nil {
		t.Fatal(err)
	}
	// Closed form: the mean 17/9, standard error 1/√events.
	want := []float64{0, 0, math.Log(17.0 / 9), 1 / math.Sqrt(17)}
	if diff := cmp.Diff(want, []float64{fit.Alpha, fit.AlphaError, fit.Coefficients[0], fit.Errors[0]}, near(1e-9)); diff != "" {
		t.Error(diff)
	}
	if w := Weight(3, fit.Phi()); w != 1 {
		t.Errorf("weight %v, want 1", w)
	}
}

func TestNegativeBinomialGetsItsParametersBack(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(4, 4))
	r := Regression{Columns: 2}
	for range 40_000 {
		x := random.Float64()*2 - 1
		mu := math.Exp(-1.5+0.8*x) * gammaDraw(random, 0.7) / 0.7
		r.Y, r.X = append(r.Y, float64(poissonDraw(random, mu))), append(r.X, 1, x)
	}
	fit, err := NegativeBinomial(r)
	if err != nil {
		t.Fatal(err)
	}
	for j, truth := range []float64{-1.5, 0.8} {
		if off := math.Abs(fit.Coefficients[j]-truth) / fit.Errors[j]; off > 4 {
			t.Errorf("coefficient %d is %v, %.1f errors from %v", j, fit.Coefficients[j], off, truth)
		}
	}
	if off := math.Abs(fit.Alpha-1/0.7) / fit.AlphaError; off > 4 {
		t.Errorf("alpha is %v, %.1f errors from %v", fit.Alpha, off, 1/0.7)
	}
}

func TestDerivatives(t *testing.T) {
	t.Parallel()
	for _, y := range []float64{0, 1, 7, 0.3, 2.6, 150.5} {
		for _, alpha := range []float64{1e-7, 1e-3, 0.019, 0.021, 0.5, 3, 40} {
			h := 1e-4 * alpha
			up, upFirst, _ := rising(y, alpha+h)
			down, downFirst, _ := rising(y, alpha-h)
			_, first, second := rising(y, alpha)
			want := []float64{(up - down) / (2 * h), (upFirst - downFirst) / (2 * h)}
			if diff := cmp.Diff(want, []float64{first, second}, cmpopts.EquateApprox(2e-5, 1e-4)); diff != "" && alpha > 1e-6 {
				t.Errorf("y %v α %v: %s", y, alpha, diff)
			}
			upper, _ := math.Lgamma(y + 1/alpha)
			lower, _ := math.Lgamma(1 / alpha)
			value, _, _ := rising(y, alpha)
			if closed := upper - lower + y*math.Log(alpha); math.Abs(closed-value) > 1e-6*(1+math.Abs(closed)) {
				t.Errorf("y %v α %v: %v, closed form %v", y, alpha, value, closed)
			}
		}
	}
	for _, u := range []float64{1e-9, 0.0099, 0.0101, 2} {
		ratio, h, dh := spread(u)
		if closed := math.Log1p(u) / u; math.Abs(ratio-closed) > 1e-12 {
			t.Errorf("u %v: log(1+u)/u is %v, want %v", u, ratio, closed)
		}
		const step = 1e-5
		_, up, _ := spread(u + step)
		_, down, _ := spread(u + 2*step)
		if slope := (-3*h + 4*up - down) / (2 * step); math.Abs(slope-dh) > 1e-5 {
			t.Errorf("u %v: h' is %v, differences give %v", u, dh, slope)
		}
	}
}

func TestFractionalCounts(t *testing.T) {
	t.Parallel()
	r := peerTable()
	for i := range r.Y {
		r.Y[i] *= 0.7
	}
	fit, err := NegativeBinomial(r)
	if err != nil {
		t.Fatal(err)
	}
	if fit.Alpha <= 0 {
		t.Fatalf("alpha %v", fit.Alpha)
	}
	// At a maximum nothing near is better.
	for j := range 4 {
		for _, by := range []float64{-1e-3, 1e-3} {
			beta, alpha := append([]float64(nil), fit.Coefficients...), fit.Alpha
			if j == 3 {
				alpha *= 1 + by
			} else {
				beta[j] += by
			}
			if at, best := r.at(beta, alpha).value, r.at(fit.Coefficients, fit.Alpha).value; at > best {
				t.Errorf("moving %d by %v gives %v, more than %v", j, by, at, best)
			}
		}
	}
}

func TestRegressionsThatCannotBe(t *testing.T) {
	t.Parallel()
	ones := []float64{1, 1, 1, 1, 1, 1}
	for name, tt := range map[string]struct {
		r    Regression
		want error
		says string
	}{
		"no rows":          {Regression{Columns: 1}, ErrEmpty, "no rows"},
		"few rows":         {Regression{Y: []float64{1}, X: []float64{1}, Columns: 1}, ErrEmpty, "1 rows"},
		"no events":        {Regression{Y: make([]float64, 6), X: ones, Columns: 1}, ErrEmpty, "every count is 0"},
		"short":            {Regression{Y: make([]float64, 6), X: ones[:5], Columns: 1}, ErrShape, "5 values"},
		"offsets":          {Regression{Y: ones, X: ones, Columns: 1, Offset: ones[:2]}, ErrShape, "2 offsets"},
		"no exposure":      {Regression{Y: ones, X: ones, Columns: 1, Offset: []float64{0, 0, math.Inf(-1), 0, 0, 0}}, ErrShape, "row 3"},
		"negative count":   {Regression{Y: []float64{1, -1, 1, 1, 1, 1}, X: ones, Columns: 1}, ErrShape, "row 2"},
		"not a number":     {Regression{Y: ones, X: []float64{1, 1, 1, math.NaN(), 1, 1}, Columns: 1, Names: []string{"length"}}, ErrShape, "row 4: length"},
		"zero column":      {Regression{Y: ones, X: []float64{1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0}, Columns: 2, Names: []string{"all", "none"}}, ErrCollinear, "none"},
		"twice the same":   {Regression{Y: ones, X: []float64{1, 2, 3, 1, 5, 6, 1, 1, 2, 1, 0, 1, 1, 7, 8, 1, 3, 4}, Columns: 3, Names: []string{"all", "a", "a plus one"}}, ErrCollinear, "a plus one"},
		"no event with it": {Regression{Y: []float64{2, 1, 3, 0, 0, 4}, X: []float64{1, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 0}, Columns: 2, Names: []string{"all", "motorway"}}, ErrSeparated, "motorway"},
		"events only where both": {
			Regression{Y: []float64{0, 0, 3, 0, 0, 2}, X: []float64{1, -1, 1, -0.5, 1, 1, 1, -1, 1, -2, 1, 1}, Columns: 2, Names: []string{"all", "slope"}}, ErrSeparated, "slope",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := NegativeBinomial(tt.r)
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want %v that says %q", err, tt.want, tt.says)
			}
		})
	}
}

// FuzzNegativeBinomial: any small table gives a fit of finite numbers or an error, never a panic or a hang.
func FuzzNegativeBinomial(f *testing.F) {
	f.Add([]byte{1, 0, 3, 9, 0, 0, 200, 1, 1, 4, 0, 2})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 120 {
			data = data[:120]
		}
		r := Regression{Columns: 2}
		for i := 0; i+1 < len(data); i += 2 {
			r.Y, r.X = append(r.Y, float64(data[i])/4), append(r.X, 1, float64(data[i+1])-100)
		}
		fit, err := NegativeBinomial(r)
		if err != nil {
			return
		}
		for _, v := range append(append(fit.Coefficients, fit.Errors...), fit.Alpha, fit.LogLikelihood) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("%v in %+v of %v", v, fit, r)
			}
		}
	})
}

func poissonDraw(random *rand.Rand, mu float64) int {
	n, p := 0, math.Exp(-mu)
	at := random.Float64()
	for below := p; at > below && n < 10_000; below += p {
		n++
		p *= mu / float64(n)
	}
	return n
}

// gammaDraw is a gamma variate of shape k and scale 1 (Marsaglia & Tsang 2000).
func gammaDraw(random *rand.Rand, k float64) float64 {
	if k < 1 {
		return gammaDraw(random, k+1) * math.Pow(random.Float64(), 1/k)
	}
	d := k - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		z := random.NormFloat64()
		v := (1 + c*z) * (1 + c*z) * (1 + c*z)
		if v > 0 && math.Log(1-random.Float64()) < z*z/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}
