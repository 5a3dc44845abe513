package judge

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// hostile draws what a column of figures may hold after something went wrong upstream.
func hostile() *rapid.Generator[float64] {
	return rapid.OneOf(
		rapid.SampledFrom([]float64{0, 1, -1, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64}),
		rapid.Float64Range(-1e6, 1e6),
	)
}

// No answer is NaN or infinite, whatever the figures are.
func TestNoAnswerIsNotANumber(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 12).Draw(t, "n")
		column := func(name string) []float64 { return rapid.SliceOfN(hostile(), n, n).Draw(t, name) }
		a, b, c := column("a"), column("b"), column("c")
		x, y := hostile().Draw(t, "x"), hostile().Draw(t, "y")
		got := map[string]float64{"pai": PAI(x, y, x, y), "pei": PEI(x, y), "best": Best(a, b, x), "pit": PIT(x, y, 0.3), "crps": CRPS(a, x), "coverage": Coverage(a, b, c)}
		got["hits"], got["used"] = Capture(Rank(a, b), b, c, x)
		got["scale"], _ = Scale(a, rapid.IntRange(-1, 3).Draw(t, "season"))
		got["mase"], _ = MASE(a, b, c, 1)
		_, got["flat"] = Flat(a, 3)
		got["low"], got["median"], got["high"] = Quartiles(a)
		levels := make([]float64, n)
		for i := range levels {
			levels[i] = (float64(i) + 0.5) / float64(n)
		}
		got["crps of quantiles"] = CRPSOfQuantiles(levels, a, y)
		for _, d := range []Difference{Paired(a, b, 2, 50, 1), PairedShare(a, b, c, 2, 50, 1)} {
			got["mean"], got["difference low"], got["difference high"], got["p"] = d.Mean, d.Low, d.High, d.P
			for name, v := range got {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					t.Fatalf("%s is %v", name, v)
				}
			}
		}
		for _, bins := range [][]Bin{Reliability(a, b, 3), ReliabilityByMass(a, b, 3)} {
			for _, bin := range bins {
				if finite(bin.Forecast) != bin.Forecast || finite(bin.Observed) != bin.Observed || finite(bin.Ratio()) != bin.Ratio() {
					t.Fatalf("bin %+v", bin)
				}
			}
		}
		for _, p := range Holm(a) {
			if !(p >= 0 && p <= 1) {
				t.Fatalf("p %v", p)
			}
		}
		shares, ratios := Ratios([][]float64{a, b}, c, 20, 1)
		for _, v := range append(shares, ratios...) {
			for _, f := range []float64{v.Value, v.Low, v.High} {
				if finite(f) != f {
					t.Fatalf("ratio %+v", v)
				}
			}
		}
	})
}
