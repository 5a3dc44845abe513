package judge

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sortedCopy(values []float64) []float64 {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return sorted
}

// The interval of a mean over origins that hang together is the one in closed form (Politis & Romano 1992).
func TestPairedBesideClosedForm(t *testing.T) {
	t.Parallel()
	u := stream(3)
	for range 25 {
		u() // the peer draws its sample first
	}
	walk, at := make([]float64, 160), 0.0
	for i := range walk {
		at = 0.6*at + u() - 0.45
		walk[i] = at
	}
	peer := map[int]float64{1: 0.030315197368433532, 4: 0.05069439136092477, 13: 0.06049636526137659}
	for block, se := range peer {
		d := Paired(walk, make([]float64, 160), block, 20_000, 1)
		if math.Abs(d.Mean-0.1309300071524983) > 1e-12 || d.N != 160 {
			t.Errorf("mean %v of %d", d.Mean, d.N)
		}
		got := []float64{(d.Mean - d.Low) / 1.959964, (d.High - d.Mean) / 1.959964}
		if diff := cmp.Diff([]float64{se, se}, got, near(0.06)); diff != "" {
			t.Errorf("block %d: %s", block, diff)
		}
	}
}

// Where both forecasts are as good, over weeks that hang together, about 5 % of differences are called real.
func TestPairedHoldsItsLevel(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(8, 8))
	const rounds = 600
	called, alone := 0, 0
	for seed := range uint64(rounds) {
		model, baseline, at := make([]float64, 156), make([]float64, 156), 0.0
		for i := range model {
			at = 0.5*at + random.NormFloat64()
			baseline[i] = 10 * random.NormFloat64()
			model[i] = baseline[i] + at
		}
		if d := Paired(model, baseline, 8, 400, seed); d.P < 0.05 {
			called++
		}
		if d := Paired(model, baseline, 1, 400, seed); d.P < 0.05 {
			alone++
		}
	}
	if share := float64(called) / rounds; share > 0.10 {
		t.Errorf("with blocks %.3f are called real", share)
	}
	if share := float64(alone) / rounds; share < 0.15 {
		t.Errorf("without blocks only %.3f are called real: the test above shows nothing", share)
	}
}

func TestPairedIsHonestAboutFew(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	for name, tt := range map[string]struct {
		model, baseline []float64
		block           int
		want            Difference
	}{
		"nothing":             {nil, nil, 4, Difference{P: 1}},
		"one":                 {[]float64{3}, []float64{1}, 4, Difference{Mean: 2, Low: 2, High: 2, P: 1, N: 1}},
		"three all better":    {[]float64{3, 3, 3}, []float64{1, 1, 1}, 1, Difference{Mean: 2, Low: 2, High: 2, P: 0.25, N: 3}},
		"six, runs of two":    {[]float64{3, 3, 3, 3, 3, 3}, []float64{1, 1, 1, 1, 1, 1}, 2, Difference{Mean: 2, Low: 2, High: 2, P: 0.25, N: 6}},
		"the same":            {[]float64{3, 4, 5, 6}, []float64{3, 4, 5, 6}, 1, Difference{P: 1, N: 4}},
		"what is no number":   {[]float64{3, nan, 3, 3}, []float64{1, 1, 1, math.Inf(1)}, 1, Difference{Mean: 2, Low: 2, High: 2, P: 0.5, N: 2}},
		"a block beyond all":  {[]float64{1, 1, 1, 1, 1, 1}, []float64{0, 0, 0, 0, 0, 0}, 999, Difference{Mean: 1, Low: 1, High: 1, P: 0.25, N: 6}},
		"a block below 1 day": {[]float64{1, 1}, []float64{0, 0}, -1, Difference{Mean: 1, Low: 1, High: 1, P: 0.5, N: 2}},
	} {
		if diff := cmp.Diff(tt.want, Paired(tt.model, tt.baseline, tt.block, 1000, 1), near(1e-12)); diff != "" {
			t.Error(name, diff)
		}
	}
	share := PairedShare([]float64{5, 1}, []float64{4, 1}, []float64{10, 0}, 1, 100, 1)
	if math.Abs(share.Mean-0.1) > 1e-12 {
		t.Errorf("an origin without events: %+v", share)
	}
}

func TestHolm(t *testing.T) {
	t.Parallel()
	peer := []float64{0.12, 0.006, 0.12, 0.025, 0.2, 0.12}
	if diff := cmp.Diff(peer, Holm([]float64{0.04, 0.001, 0.03, 0.005, 0.2, 0.03}), near(1e-12)); diff != "" {
		t.Error("peer", diff)
	}
	if diff := cmp.Diff([]float64{1, 0.02, 0}, Holm([]float64{math.NaN(), 0.01, -1}), near(1e-12)); diff != "" {
		t.Error("no p-values", diff)
	}
	if got := Holm(nil); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

func TestRatios(t *testing.T) {
	t.Parallel()
	shares, ratios := Ratios([][]float64{{1, 1, 0, 0}, {1, 0, 0, 0}, {0, 0, 0, 0}}, []float64{1, 2, 3, 4}, 500, 1)
	got := []float64{shares[0].Value, shares[1].Value, shares[2].Value, ratios[0].Value, ratios[1].Value, ratios[2].Value}
	if diff := cmp.Diff([]float64{0.3, 0.1, 0, 1, 3, 0}, got, near(1e-12)); diff != "" {
		t.Error(diff)
	}
	if s := shares[0]; s.Low < 0 || s.High > 1 || s.Low > s.Value || s.High < s.Value {
		t.Errorf("interval %+v", s)
	}
	// Of many alike, the interval is the normal one of a share.
	const n = 2000
	half := make([]float64, n)
	weights := make([]float64, n)
	for i := range half {
		half[i], weights[i] = float64(i%2), 1
	}
	shares, _ = Ratios([][]float64{half}, weights, 4000, 2)
	wide := 1.959964 * 0.5 / math.Sqrt(n)
	if diff := cmp.Diff([]float64{0.5 - wide, 0.5 + wide}, []float64{shares[0].Low, shares[0].High}, near(0.004)); diff != "" {
		t.Error(diff)
	}
}
