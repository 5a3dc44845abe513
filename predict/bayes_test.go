package predict

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPosterior(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ mu, observed, phi float64 }{{4, 7, 2.5}, {0.3, 0, 1.2}, {12, 3, 0.4}} {
		g, w := Posterior(tt.mu, tt.observed, tt.phi), Weight(tt.mu, tt.phi)
		hsm := w*tt.mu + (1-w)*tt.observed          // equation A-4 of the manual
		variance := (1 - w) * hsm                   // Hauer 1997, equation 11.2
		alone := 1 / (1 + (1/tt.phi)*tt.mu)         // equation A-5, k = 1/φ
		got := []float64{g.Mean(), g.Variance(), w} //
		if diff := cmp.Diff([]float64{hsm, variance, alone}, got, near(1e-12)); diff != "" {
			t.Errorf("%+v: %s", tt, diff)
		}
	}
	g := Posterior(4, 7, 2.5)
	low, high := g.Interval(0.9)
	peer := []float64{3.112927096572014, 5.64235473746353, 9.274931447891126}
	if diff := cmp.Diff(peer, []float64{low, g.Quantile(0.5), high}, near(1e-9)); diff != "" {
		t.Error("peer", diff)
	}
	exact := Posterior(2, 9, math.Inf(1))
	if low, high := exact.Interval(0.9); exact.Mean() != 2 || low != 2 || high != 2 || exact.Variance() != 0 {
		t.Errorf("a Poisson model is believed whatever was observed, got %v (%v–%v)", exact.Mean(), low, high)
	}
}

// Of rates drawn from the prior, 90 % intervals hold 90 %.
func TestPosteriorCovers(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(2, 3))
	const draws, mu, phi = 20_000, 1.8, 0.9
	held := 0
	for range draws {
		rate := gammaDraw(random, phi) * mu / phi
		low, high := Posterior(mu, float64(poissonDraw(random, rate)), phi).Interval(0.9)
		if low <= rate && rate <= high {
			held++
		}
	}
	if share := float64(held) / draws; math.Abs(share-0.9) > 0.009 { // 4 standard errors
		t.Errorf("the 90 %% interval held the rate in %.3f of draws", share)
	}
}

func TestExactIntervals(t *testing.T) {
	t.Parallel()
	var got [][]float64
	for _, kn := range [][2]int{{0, 20}, {38, 1000}, {20, 20}} {
		low, high := ExactShare(kn[0], kn[1], 0.95)
		got = append(got, []float64{low, high})
	}
	low, high := ExactRate(9, 0.95)
	got = append(got, []float64{low, high})
	peer := [][]float64{
		{0, 0.16843347098308548}, {0.027028815982975, 0.0517871036219655}, {0.8315665290169145, 1},
		{4.115373097378334, 17.084803451419166},
	}
	if diff := cmp.Diff(peer, got, near(1e-9)); diff != "" {
		t.Error(diff)
	}
	if low, high := ExactRate(0, 0.95); low != 0 || math.Abs(high+math.Log(0.025)) > 1e-9 {
		t.Errorf("no event: %v–%v, want 0–%v", low, high, -math.Log(0.025))
	}
}

func TestBootstrapOfAMean(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(9, 9))
	values := make([]float64, 400)
	for i := range values {
		values[i] = random.NormFloat64()
	}
	mean := func(sample []int) (m float64) {
		for _, i := range sample {
			m += values[i] / float64(len(sample))
		}
		return m
	}
	low, high, err := Bootstrap(len(values), 4000, 1, 0.95, mean)
	if err != nil {
		t.Fatal(err)
	}
	var squares float64
	all := make([]int, len(values))
	for i := range all {
		all[i] = i
	}
	centre := mean(all)
	for _, v := range values {
		squares += (v - centre) * (v - centre)
	}
	half := 1.959964 * math.Sqrt(squares) / float64(len(values)) // the normal interval of a mean
	if diff := cmp.Diff([]float64{centre - half, centre + half}, []float64{low, high}, near(0.012)); diff != "" {
		t.Error(diff)
	}
	again, _, _ := Bootstrap(len(values), 4000, 1, 0.95, mean)
	if again != low {
		t.Error("same seed, other interval")
	}
	if _, _, err := Bootstrap(0, 1000, 1, 0.95, mean); !errors.Is(err, ErrEmpty) {
		t.Errorf("nothing to draw from: %v", err)
	}
}

func TestBenjaminiHochberg(t *testing.T) {
	t.Parallel()
	// The 25 tests of García-Arenzana et al. (2014) in McDonald's Handbook of Biological Statistics: at a rate of 25 % the
	// first five are discoveries, and their largest q is 0.21.
	p := []float64{
		0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216, 0.222, 0.251, 0.269, 0.275, 0.34, 0.341,
		0.384, 0.569, 0.594, 0.696, 0.762, 0.94, 0.942, 0.975, 0.986,
	}
	peer := []float64{
		0.025, 0.1, 0.21, 0.21, 0.21, 0.25, 0.2642857142857143, 0.49107142857142866, 0.49107142857142866,
		0.49107142857142866, 0.49107142857142866, 0.49107142857142866, 0.49107142857142866, 0.49107142857142866, 0.5328125, 0.5328125,
		0.5647058823529413, 0.781578947368421, 0.781578947368421, 0.87, 0.9071428571428571, 0.986, 0.986, 0.986, 0.986,
	}
	if diff := cmp.Diff(peer, BenjaminiHochberg(p), near(1e-12)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]float64{1, 0.03}, BenjaminiHochberg([]float64{1, 0.015}), near(1e-12)); diff != "" {
		t.Error("order of the input", diff)
	}
}
