package judge

import (
	"math/rand/v2"
	"slices"

	"vigie/predict"
)

// Interval is an estimate with the bounds of its 95 % interval.
type Interval struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Ratios are the captured shares of several contenders and the ratios of the first to each, with intervals from the same
// draws of things with replacement: whatever is drawn counts for all. Captured is by contender and thing, from 0 to 1;
// weights are the things' own. A ratio to nothing is 0.
func Ratios(captured [][]float64, weights []float64, draws int, seed uint64) (shares, ratios []Interval) {
	sums := make([][]float64, len(captured)) // by contender and draw; draw 0 is the sample itself
	for c := range sums {
		sums[c] = make([]float64, draws+1)
	}
	totals := make([]float64, draws+1)
	add := func(draw int, sample []int) {
		for _, i := range sample {
			totals[draw] += weights[i]
			for c := range captured {
				sums[c][draw] += weights[i] * captured[c][i]
			}
		}
	}
	add(0, predict.Everything(len(weights)))
	predict.Resample(rand.New(rand.NewPCG(seed, 0xBAC7)), len(weights), 1, draws, func(draw int, sample []int) { add(draw+1, sample) })
	for c := range captured {
		shares = append(shares, intervalOf(sums[c], totals))
		ratios = append(ratios, intervalOf(sums[0], sums[c]))
	}
	return shares, ratios
}

// intervalOf is the ratio of two sums, with percentiles over the draws.
func intervalOf(above, below []float64) Interval {
	var values []float64
	for draw := 1; draw < len(above); draw++ {
		if r := above[draw] / below[draw]; below[draw] > 0 && finite(r) == r {
			values = append(values, r)
		}
	}
	var v Interval
	if below[0] > 0 {
		v.Value = finite(above[0] / below[0])
	}
	if len(values) > 0 {
		slices.Sort(values)
		at := func(p float64) float64 { return values[int(p*float64(len(values)-1)+0.5)] }
		v.Low, v.High = at(0.025), at(0.975)
	}
	return v
}
