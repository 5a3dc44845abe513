package series

import (
	"math"
	"math/rand/v2"
	"testing"

	"vigie/predict"
)

// TestRegression compares with the maximum likelihood of predict and with a closed form.
func TestRegression(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 1))
	reference := predict.Regression{Columns: 3}
	var r regression
	for d := range 1500 {
		x := []float64{1, flag(d%7 == 5), math.Sin(float64(d) / 58)}
		mean := math.Exp(3 + 0.3*x[1] - 0.2*x[2])
		// A gamma of shape 4 as the sum of exponentials: dispersion 0.25.
		gamma := 0.0
		for range 4 {
			gamma += random.ExpFloat64() / 4
		}
		y := float64(poisson(random, mean*gamma))
		r.rows, r.y = append(r.rows, x), append(r.y, y)
		reference.X, reference.Y = append(reference.X, x...), append(reference.Y, y)
	}
	if !r.fit() {
		t.Fatal("not settled")
	}
	want, err := predict.NegativeBinomial(reference)
	if err != nil {
		t.Fatal(err)
	}
	for j, b := range want.Coefficients {
		if math.Abs(r.effects[j]-b) > 0.15*want.Errors[j] {
			t.Errorf("effect %d is %v, by maximum likelihood %v ± %v", j, r.effects[j], b, want.Errors[j])
		}
	}
	if math.Abs(r.alpha-want.Alpha) > 2*want.AlphaError {
		t.Errorf("dispersion %v, by maximum likelihood %v ± %v", r.alpha, want.Alpha, want.AlphaError)
	}
}

// TestRegressionOfGroups: with a column for a group and Poisson counts, means are those of the groups, but for the weak prior.
func TestRegressionOfGroups(t *testing.T) {
	t.Parallel()
	var r regression
	for d := range 400 {
		in := flag(d%2 == 0)
		r.rows, r.y = append(r.rows, []float64{1, in}), append(r.y, 40+60*in)
	}
	if !r.fit() {
		t.Fatal("not settled")
	}
	if got := r.mean([]float64{1, 0}); math.Abs(got-40) > 0.01 {
		t.Errorf("mean without is %v, want 40", got)
	}
	if got := r.mean([]float64{1, 1}); math.Abs(got-100) > 0.02 {
		t.Errorf("mean with is %v, want 100", got)
	}
	if r.alpha != 0 {
		t.Errorf("dispersion of constant groups is %v", r.alpha)
	}
}

// TestRegressionWithoutEvents: a group that never had a call has a finite effect.
func TestRegressionWithoutEvents(t *testing.T) {
	t.Parallel()
	var r regression
	for d := range 140 {
		in := flag(d%7 == 6)
		r.rows, r.y = append(r.rows, []float64{1, in}), append(r.y, 5*(1-in))
	}
	if !r.fit() || !(r.effects[1] < -1) || r.effects[1] < -10 {
		t.Errorf("effect of a weekday without calls is %v", r.effects)
	}
}
