package judge

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/stat/distuv"
)

func TestReliability(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	forecast := []float64{4, 1, 2, 3, 6, 5, nan, 1}
	observed := []float64{4, 0, 2, 4, 6, 6, 9, nan}
	for name, tt := range map[string]struct {
		got, want []Bin
	}{
		"thirds":        {Reliability(forecast, observed, 3), []Bin{{1.5, 1, 2}, {3.5, 4, 2}, {5.5, 6, 2}}},
		"by mass":       {ReliabilityByMass(forecast, observed, 3), []Bin{{2.5, 2.5, 4}, {5, 6, 1}, {6, 6, 1}}},
		"more than are": {Reliability([]float64{2, 1}, []float64{2, 1}, 5), []Bin{{1, 1, 1}, {2, 2, 1}}},
		"no bins":       {Reliability([]float64{2, 1}, []float64{2, 1}, 0), []Bin{{1.5, 1.5, 2}}},
		"nothing":       {Reliability(nil, nil, 5), nil},
		"ties stay":     {Reliability([]float64{1, 1, 1, 2}, []float64{0, 1, 2, 2}, 2), []Bin{{1, 1, 3}, {2, 2, 1}}},
		"all alike":     {Reliability([]float64{0, 0, 0}, []float64{0, 1, 2}, 2), []Bin{{0, 1, 3}}},
	} {
		if diff := cmp.Diff(tt.want, tt.got, near(1e-12)); diff != "" {
			t.Error(name, diff)
		}
	}
	if got := (Bin{Forecast: 2, Observed: 3}).Ratio(); got != 1.5 {
		t.Errorf("ratio %v", got)
	}
	if got := (Bin{Observed: 3}).Ratio(); got != 0 {
		t.Errorf("of nothing expected: %v", got)
	}
}

// Forecasts that are true lie on the diagonal, those that exaggerate do not.
func TestReliabilityOfTrueForecasts(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(6, 6))
	const n = 40_000
	mean, wild, observed := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range mean {
		mean[i] = -math.Log(1 - random.Float64())
		wild[i] = mean[i] * mean[i] / 2 // the same sum, too far apart
		observed[i] = distuv.Poisson{Lambda: mean[i], Src: random}.Rand()
	}
	total := 0
	for _, b := range Reliability(mean, observed, 10) {
		total += b.N
		if b.N != n/10 || math.Abs(b.Observed-b.Forecast) > 4*math.Sqrt(b.Forecast/float64(b.N)) { // 4 standard errors
			t.Errorf("true: %+v", b)
		}
	}
	if total != n {
		t.Errorf("%d of %d", total, n)
	}
	deciles := Reliability(wild, observed, 10)
	if deciles[0].Ratio() < 2 || deciles[9].Ratio() > 0.8 {
		t.Errorf("exaggerated: %+v", deciles)
	}
}
