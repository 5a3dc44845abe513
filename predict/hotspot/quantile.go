package hotspot

import "math"

// Quantile is the least count n for which the probability of at most n thefts is p or more, of a negative binomial
// distribution with a mean and the shape of its gamma mixture (Var = mean + mean²/shape); an infinite shape is Poisson.
// The mean must be finite and not negative, p within 0 and 1.
func Quantile(mean, shape, p float64) int {
	if !(mean > 0) || !(p > 0) {
		return 0
	}
	if !(shape > 0) {
		shape = 1e-3
	}
	p = min(p, 1-1e-12)
	var density, ratio float64 // of n = 0; of n+1 over n is (shape+n)/(n+1)·ratio
	if math.IsInf(shape, 1) || shape > 1e8 {
		density = math.Exp(-mean)
	} else {
		density, ratio = math.Exp(-shape*math.Log1p(mean/shape)), mean/(mean+shape)
	}
	if density < 1e-300 { // far from 0 the normal distribution is near enough
		spread := math.Sqrt(mean + mean*mean/shape)
		return int(max(math.Round(mean+spread*math.Sqrt2*math.Erfinv(2*p-1)), 0))
	}
	sum := density
	for n := 0; n < 1e7; n++ {
		if sum >= p || density == 0 {
			return n
		}
		if ratio == 0 {
			density *= mean / float64(n+1)
		} else {
			density *= (shape + float64(n)) / float64(n+1) * ratio
		}
		sum += density
	}
	return 1e7
}
