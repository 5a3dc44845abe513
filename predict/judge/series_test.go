package judge

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

func TestPinball(t *testing.T) {
	t.Parallel()
	var got []float64
	for _, q := range []float64{0.1, 0.5, 0.9} {
		mean := (Pinball(q, 3, 2) + Pinball(q, 1, 4) + Pinball(q, 7.5, 7.5)) / 3
		got = append(got, mean)
	}
	if diff := cmp.Diff([]float64{0.9333333333333335, 0.6666666666666666, 0.39999999999999997}, got, near(1e-12)); diff != "" {
		t.Error("peer", diff)
	}
}

func TestMASE(t *testing.T) {
	t.Parallel()
	// The example of sktime's mean_absolute_scaled_error: 0.18333333333333335.
	got, ok := MASE([]float64{3, -0.5, 2, 7, 2}, []float64{2.5, 0, 2, 8, 1.25}, []float64{5, 0.5, 4, 6, 3, 5, 2}, 1)
	if !ok || math.Abs(got-0.18333333333333335) > 1e-15 {
		t.Errorf("got %v, %v", got, ok)
	}
	// The seasonal naive that goes on as within the series has 1.
	season := []float64{1, 5, 2, 6, 3, 7}
	if got, ok := MASE([]float64{4, 8}, []float64{3, 7}, season, 2); !ok || got != 1 {
		t.Errorf("seasonal naive: %v, %v", got, ok)
	}
	for name, tt := range map[string]struct {
		actual, forecast, insample []float64
		season                     int
	}{
		"constant":        {[]float64{1}, []float64{2}, []float64{3, 3, 3}, 1},
		"short":           {[]float64{1}, []float64{2}, []float64{3, 4}, 2},
		"no season":       {[]float64{1}, []float64{2}, []float64{3, 4}, 0},
		"nothing":         {nil, nil, []float64{3, 4}, 1},
		"uneven":          {[]float64{1, 2}, []float64{2}, []float64{3, 4}, 1},
		"not a number":    {[]float64{math.NaN()}, []float64{2}, []float64{3, 4}, 1},
		"learnt from NaN": {[]float64{1}, []float64{2}, []float64{3, math.NaN()}, 1},
	} {
		if got, ok := MASE(tt.actual, tt.forecast, tt.insample, tt.season); ok || got != 0 {
			t.Errorf("%s: %v, %v", name, got, ok)
		}
	}
}

func TestCoverage(t *testing.T) {
	t.Parallel()
	if got := Coverage([]float64{0, 1, 2, 3}, []float64{1, 2, 3, 4}, []float64{0, 2, 3.5, 2}); got != 0.5 {
		t.Errorf("got %v", got)
	}
	if got := Coverage(nil, nil, nil); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

func TestCRPS(t *testing.T) {
	t.Parallel()
	u := stream(3)
	sample := make([]float64, 25)
	levels := make([]float64, 25)
	for i := range sample {
		sample[i], levels[i] = 10*u(), (float64(i)+0.5)/25
	}
	var got []float64
	for _, y := range []float64{-1, 4.2, 12} {
		got = append(got, CRPS(sample, y))
	}
	if diff := cmp.Diff([]float64{5.101889781267825, 0.9197125049619161, 4.9966144867074265}, got, near(1e-12)); diff != "" {
		t.Error("peer", diff)
	}
	low, median, high := Quartiles(sample)
	if diff := cmp.Diff([]float64{3.461577641341791, 5.03585382873625, 7.670247833442145}, []float64{low, median, high}, near(1e-12)); diff != "" {
		t.Error("peer", diff)
	}
	sorted := sortedCopy(sample)
	if a, b := CRPS(sample, 4.2), CRPSOfQuantiles(levels, sorted, 4.2); math.Abs(a-b) > 1e-12 {
		t.Errorf("by quantiles %v, by the sample %v", b, a)
	}
	if got := CRPS([]float64{3}, 5); got != 2 {
		t.Errorf("one value: %v", got)
	}
	// A normal distribution has σ·(z(2Φ(z)−1) + 2φ(z) − 1/√π) (Gneiting & Raftery 2007); 999 quantiles come near.
	fine, quantiles := make([]float64, 999), make([]float64, 999)
	for i := range fine {
		fine[i] = (float64(i) + 0.5) / 999
		quantiles[i] = 10 + 2*distuv.UnitNormal.Quantile(fine[i])
	}
	z := (13.0 - 10) / 2
	want := 2 * (z*(2*distuv.UnitNormal.CDF(z)-1) + 2*distuv.UnitNormal.Prob(z) - 1/math.Sqrt(math.Pi))
	if got := CRPSOfQuantiles(fine, quantiles, 13); math.Abs(got-want) > 1e-4 {
		t.Errorf("normal: %v, want %v", got, want)
	}
}

func TestCRPSOfCounts(t *testing.T) {
	t.Parallel()
	var got []float64
	for _, tt := range []struct {
		mean float64
		y    int
	}{{0.3, 0}, {4.5, 7}, {120, 90}} {
		p := distuv.Poisson{Lambda: tt.mean}
		got = append(got, CRPSOfCounts(func(k int) float64 { return p.CDF(float64(k)) }, tt.y))
	}
	for _, tt := range []struct {
		shape, mean float64
		y           int
	}{{0.8, 2.5, 0}, {3, 10, 25}} {
		cdf := func(k int) float64 {
			return mathext.RegIncBeta(tt.shape, float64(k)+1, tt.shape/(tt.shape+tt.mean))
		}
		got = append(got, CRPSOfCounts(cdf, tt.y))
	}
	peer := []float64{0.06855251321357515, 1.6285039000790487, 23.83543553842245, 0.9600229511489669, 11.744018467647425}
	if diff := cmp.Diff(peer, got, near(1e-9)); diff != "" {
		t.Error("peer", diff)
	}
	if got := CRPSOfCounts(func(int) float64 { return 1 }, 3); got != 3 { // sure of 0, 3 happened
		t.Errorf("sure: %v", got)
	}
}

// Where the forecast is true, PITs of counts are uniform; where it is too sure or leans to a side, they are not.
func TestPITTellsTrueFromFalse(t *testing.T) {
	t.Parallel()
	p := map[string]float64{}
	for name, times := range map[string]float64{"true": 1, "high": 1.15, "sure": 1} {
		random := rand.New(rand.NewPCG(4, 4))
		var values []float64
		for range 4000 {
			mean := 1 + 4*random.Float64()
			happens := mean
			if name == "sure" { // counts vary more than those of Poisson do
				happens = distuv.Gamma{Alpha: 2, Beta: 2 / mean, Src: random}.Rand()
			}
			y := distuv.Poisson{Lambda: happens, Src: random}.Rand()
			forecast := distuv.Poisson{Lambda: times * mean}
			values = append(values, PIT(forecast.CDF(y-1), forecast.CDF(y), random.Float64()))
		}
		_, p[name] = Flat(values, 10)
	}
	if p["true"] < 0.01 || p["high"] > 1e-6 || p["sure"] > 1e-6 {
		t.Errorf("p-values %v", p)
	}
}

func TestFlat(t *testing.T) {
	t.Parallel()
	var values []float64
	want := []int{30, 18, 25, 22, 31}
	for b, n := range want {
		for range n {
			values = append(values, float64(b)/5+0.1)
		}
	}
	counts, p := Flat(values, 5)
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(0.31788913627653625, p, near(1e-9)); diff != "" {
		t.Error("peer", diff)
	}
	if counts, p := Flat([]float64{0, 1, -3, 7, math.NaN()}, 2); p != 1 || counts[0] != 3 || counts[1] != 2 {
		t.Errorf("few, and out of range: %v, p %v", counts, p)
	}
}
