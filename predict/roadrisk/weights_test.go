package roadrisk

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/stat/distuv"

	"vigie/geoengine"
)

func placed(weights ...float64) []Placed {
	list := make([]Placed, len(weights))
	for i, w := range weights {
		list[i].Weight, list[i].Severity = w, geoengine.SeveritySlight
	}
	return list
}

func TestQuantilesOfPlainCounts(t *testing.T) {
	t.Parallel()
	levels := []float64{0.025, 0.1, 0.5, 0.9, 0.975}
	for _, mean := range []float64{0.01, 0.4, 3, 47} { // Poisson, by its distribution function
		got, want := One().Quantiles(mean, math.Inf(1), levels), make([]float64, len(levels))
		d := distuv.Poisson{Lambda: mean}
		for i, p := range levels {
			for d.CDF(want[i]) < p {
				want[i]++
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("Poisson of mean %v: %s", mean, d)
		}
	}
	// Negative binomial of mean 2 and shape 1: geometric, P(N > n) = (2/3)^(n+1).
	got, want := One().Quantiles(2, 1, levels), make([]float64, len(levels))
	for i, p := range levels {
		for 1-math.Pow(2.0/3, want[i]+1) < p {
			want[i]++
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error("geometric: ", d)
	}
}

// TestQuantilesOfSums compares the recursion with a simulation of the same sums.
func TestQuantilesOfSums(t *testing.T) {
	t.Parallel()
	w := WeightsOf(placed(0.005, 0.005, 0.005, 0.01, 0.125, 0.13, 1))
	random := rand.New(rand.NewPCG(1, 2))
	levels := []float64{0.1, 0.5, 0.9, 0.975}
	for _, c := range []struct{ mean, shape float64 }{{0.3, 2}, {4, 1.5}, {30, 8}} {
		const n = 40_000
		sums := make([]float64, n)
		for i := range sums {
			rate := distuv.Gamma{Alpha: c.shape, Beta: c.shape / c.mean, Src: random}.Rand()
			for range int(distuv.Poisson{Lambda: rate, Src: random}.Rand()) {
				u := random.Float64()
				for k, share := range w.shares {
					if u -= share; u < 0 || k == len(w.shares)-1 {
						sums[i] += float64(w.steps[k]) * w.Step
						break
					}
				}
			}
		}
		slices.Sort(sums)
		for i, q := range w.Quantiles(c.mean, c.shape, levels) {
			below, _ := slices.BinarySearch(sums, q-w.Step/2)
			upTo, _ := slices.BinarySearch(sums, q+w.Step/2)
			const noise = 0.01
			if p := levels[i]; float64(below)/n > p+noise || float64(upTo)/n < p-noise {
				t.Errorf("mean %v: quantile %v is %v, which has %v to %v of the simulation below it", c.mean, p, q, float64(below)/n, float64(upTo)/n)
			}
		}
	}
}

func TestQuantilesOfTheExtremes(t *testing.T) {
	t.Parallel()
	levels := []float64{0.025, 0.5, 0.975}
	if got := One().Quantiles(0, 1, levels); cmp.Diff([]float64{0, 0, 0}, got) != "" {
		t.Errorf("nothing is expected: got %v", got)
	}
	for _, shape := range []float64{1e-6, 0.5, 1e9, math.Inf(1)} {
		for _, mean := range []float64{1e-12, 600, 1e6} {
			got := WeightsOf(placed(0.005, 1)).Quantiles(mean, shape, levels)
			if !slices.IsSorted(got) || slices.ContainsFunc(got, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) || v < 0 }) {
				t.Errorf("mean %v, shape %v: %v", mean, shape, got)
			}
		}
	}
	// Far away the sum of Poisson counts is all but normal.
	got := One().Quantiles(10_000, math.Inf(1), levels)
	for i, want := range []float64{10_000 - 196, 10_000, 10_000 + 196} {
		if math.Abs(got[i]-want) > 3 {
			t.Errorf("quantile %v of a Poisson of 10,000: got %v, want about %v", levels[i], got[i], want)
		}
	}
}

func TestTilted(t *testing.T) {
	t.Parallel()
	w := WeightsOf(placed(0.005, 0.005, 0.005, 1))
	for _, mean := range []float64{0.1, w.Mean(), 0.5} {
		if got := w.Tilted(mean).Mean(); math.Abs(got-mean) > 1e-12 {
			t.Errorf("tilted to %v: mean %v", mean, got)
		}
	}
	for _, mean := range []float64{0, 5} { // beyond what the weights allow: as far as it goes
		if got := w.Tilted(mean).Mean(); got < 0.005-1e-12 || got > 1+1e-12 {
			t.Errorf("tilted to %v: mean %v", mean, got)
		}
	}
	if got := One().Tilted(3).Mean(); got != 1 {
		t.Errorf("one weight cannot be tilted: mean %v", got)
	}
}
