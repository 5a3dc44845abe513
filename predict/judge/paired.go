package judge

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"vigie/predict"
)

// Difference is how much more one forecast has than another, over origins.
type Difference struct {
	Mean float64 `json:"mean"` // of model less baseline
	Low  float64 `json:"low"`  // bounds of the 95 % interval
	High float64 `json:"high"`
	P    float64 `json:"p"` // two-sided, for no difference
	N    int     `json:"n"` // origins compared
}

// Paired compares two forecasts by their figures at the same origins, in the order of time. Forecasts of neighbouring
// origins share what they learnt and, where the horizon is longer than the step, what they are judged by: so runs of
// origins are drawn, block of them (at least the horizon over the step; never more than a third of the origins). The
// interval holds the middle 95 % of the draws' means, widened by √(n/(n−block)) because blocks of one sample vary less
// than those of another would. P is twice the share of draws beyond 0, and never less than 2^(1−n/block): so few
// independent runs cannot say more, whatever the draws (the sign test). Fewer than two origins have P 1. Pairs with what
// is not a number are left out.
func Paired(model, baseline []float64, block, draws int, seed uint64) Difference {
	ones := make([]float64, len(model))
	for i := range ones {
		ones[i] = 1
	}
	return PairedShare(model, baseline, ones, block, draws, seed)
}

// PairedShare is Paired for what is summed before it is divided: (Σ model − Σ baseline) / Σ total, such as hits of all
// origins over the events of all. Origins with few events then count for little.
func PairedShare(model, baseline, total []float64, block, draws int, seed uint64) Difference {
	var above, below []float64
	for i := range model {
		d := model[i] - baseline[i]
		if finite(d) == d && finite(total[i]) == total[i] {
			above, below = append(above, d), append(below, total[i])
		}
	}
	n := len(above)
	all := predict.Everything(n)
	ratio := func(sample []int) float64 {
		up, down := 0.0, 0.0
		for _, i := range sample {
			up += above[i]
			down += below[i]
		}
		if !(down > 0) {
			return 0
		}
		return finite(up / down)
	}
	d := Difference{Mean: ratio(all), P: 1, N: n}
	d.Low, d.High = d.Mean, d.Mean
	if n < 2 || draws < 1 {
		return d
	}
	block = min(max(block, 1), max(n/3, 1))
	widen := math.Sqrt(float64(n) / float64(n-block))
	values := make([]float64, 0, draws)
	atMost, atLeast := 1, 1
	predict.Resample(rand.New(rand.NewPCG(seed, 0x9A12)), n, block, draws, func(_ int, sample []int) {
		v := finite(d.Mean + (ratio(sample)-d.Mean)*widen)
		if v <= 0 {
			atMost++
		}
		if v >= 0 {
			atLeast++
		}
		values = append(values, v)
	})
	slices.Sort(values)
	d.Low, d.High = finite(predict.Quantile(values, 0.025)), finite(predict.Quantile(values, 0.975))
	p := 2 * float64(min(atMost, atLeast)) / float64(draws+1)
	d.P = min(max(p, math.Pow(2, 1-float64(n/block))), 1)
	return d
}

// Holm corrects p-values for how many there are: calling those differences real whose value is at most 0.05 is wrong about
// even one of them in at most 5 % of cases, however they depend on one another (Holm 1979).
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(sure(p[a]), sure(p[b])), cmp.Compare(a, b))
	})
	corrected := make([]float64, len(p))
	most := 0.0
	for rank, i := range order {
		most = max(most, min(sure(p[i])*float64(len(p)-rank), 1))
		corrected[i] = most
	}
	return corrected
}

// sure is a p-value, and 1 for a test without an answer: it shows nothing.
func sure(p float64) float64 {
	if math.IsNaN(p) {
		return 1
	}
	return min(max(p, 0), 1)
}

// Quartiles are the first quartile, the median and the third of values, such as a figure over ways to lay a grid. Those
// that are not numbers are left out; they are 0 of nothing.
func Quartiles(values []float64) (low, median, high float64) {
	var sorted []float64
	for _, v := range values {
		if finite(v) == v {
			sorted = append(sorted, v)
		}
	}
	slices.Sort(sorted)
	at := func(p float64) float64 { return finite(predict.Quantile(sorted, p)) }
	return at(0.25), at(0.5), at(0.75)
}
