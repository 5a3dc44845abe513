package judge

import (
	"cmp"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Bin is one class of a reliability diagram: means of what was forecast and of what happened, over N places × periods.
type Bin struct {
	Forecast float64
	Observed float64
	N        int
}

// Ratio is what happened over what was expected; 0 where nothing was expected.
func (b Bin) Ratio() float64 {
	if !(b.Forecast > 0) {
		return 0
	}
	return finite(b.Observed / b.Forecast)
}

// Reliability compares what was forecast with what happened, by classes of as many forecasts each, the lowest first: 10
// bins are deciles. Equal forecasts stay in one class, so there may be fewer classes, and larger ones. Pairs with what is
// not a number are left out.
func Reliability(forecast, observed []float64, bins int) []Bin {
	return classes(forecast, observed, bins, func(float64) float64 { return 1 })
}

// ReliabilityByMass is the same by classes of as much expected each: where most places expect next to nothing, classes
// of as many places say little of those that matter.
func ReliabilityByMass(forecast, observed []float64, bins int) []Bin {
	return classes(forecast, observed, bins, func(f float64) float64 { return f })
}

func classes(forecast, observed []float64, bins int, mass func(float64) float64) []Bin {
	order := make([]int32, 0, len(forecast))
	whole := 0.0
	for i, f := range forecast {
		if finite(f) == f && finite(observed[i]) == observed[i] {
			order = append(order, int32(i))
			whole += mass(f)
		}
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Or(cmp.Compare(forecast[a], forecast[b]), cmp.Compare(a, b)) })
	var list []Bin
	var open Bin
	sum := 0.0
	for k, i := range order {
		open.Forecast += forecast[i]
		open.Observed += observed[i]
		open.N++
		sum += mass(forecast[i])
		last := k+1 == len(order)
		full := sum >= whole*float64(len(list)+1)/float64(max(bins, 1))*(1-slack)
		if last || full && forecast[order[k+1]] != forecast[i] {
			n := float64(open.N)
			list = append(list, Bin{finite(open.Forecast / n), finite(open.Observed / n), open.N})
			open = Bin{}
		}
	}
	return list
}

// Flat counts values between 0 and 1, such as PITs, in bins of the same width, and gives the p-value of the χ² test that
// they are uniform: small where forecasts are too sure, too unsure or lean to a side. Values must be independent for it.
// With fewer than 5 values a bin the p-value is 1.
func Flat(values []float64, bins int) (counts []int, p float64) {
	bins = max(bins, 1)
	counts = make([]int, bins)
	for _, v := range values {
		counts[min(max(int(finite(v)*float64(bins)), 0), bins-1)]++
	}
	expected := float64(len(values)) / float64(bins)
	if bins == 1 || expected < 5 {
		return counts, 1
	}
	squares := 0.0
	for _, n := range counts {
		squares += (float64(n) - expected) * (float64(n) - expected) / expected
	}
	return counts, distuv.ChiSquared{K: float64(bins - 1)}.Survival(squares)
}
