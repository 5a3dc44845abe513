package evaluate

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

const (
	// mostRatio is where ratios are cut.
	mostRatio = 20
	// leastAccidents is how many accidents a verdict needs at least.
	leastAccidents = 10
	// enoughPower is the probability with which an effect that is there should be shown.
	enoughPower = 0.8
)

// cumulative is the probability of at most k accidents: a negative binomial of mean mean·theta and this shape, Poisson if
// the shape is infinite.
func (e expectation) cumulative(k, theta float64) float64 {
	mean := e.mean * theta
	switch {
	case k < 0:
		return 0
	case mean == 0:
		return 1
	case math.IsInf(e.shape, 1) || e.shape > 1e9:
		return mathext.GammaIncRegComp(k+1, mean)
	}
	return mathext.RegIncBeta(e.shape, k+1, e.shape/(e.shape+mean))
}

// powerOf states the power of a test; at gives it for an effect and a multiple of the data.
func powerOf(at func(effect, times float64) float64) Power {
	p := Power{Effect: ErkeEffect, At: at(ErkeEffect, 1), Detectable: 1}
	if at(1, 1) >= enoughPower {
		p.Detectable = bisect(0, 1, func(effect float64) bool { return at(effect, 1) < enoughPower })
	}
	times := 1.0
	for times < 1e9 && at(ErkeEffect, times) < enoughPower {
		times *= 2
	}
	p.Needed = times
	if times > 1 {
		p.Needed = bisect(times/2, times, func(t float64) bool { return at(ErkeEffect, t) < enoughPower })
	}
	return p
}

// bisect finds where below turns from true to false.
func bisect(low, high float64, below func(float64) bool) float64 {
	for range 60 {
		mid := (low + high) / 2
		if below(mid) {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2
}

func whole(x float64) bool { return x >= 0 && x == math.Floor(x) && !math.IsInf(x, 1) }

// normal is the distribution function of the standard normal.
func normal(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }
