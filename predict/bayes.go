package predict

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Weight is the weight of the model in Empirical Bayes, w = 1/(1+μ/φ), of the Highway Safety Manual (AASHTO 2010, part C,
// equation A-5, where it is 1/(1+k·μ) with the overdispersion k = 1/φ). Mu is what the model expects in the whole period
// that was observed, not in a year. Phi is the shape of the gamma mixture (Fit.Phi); +Inf, for Poisson, gives 1.
func Weight(mu, phi float64) float64 {
	if math.IsInf(phi, 1) {
		return 1
	}
	return phi / (phi + mu)
}

// Gamma is what is known of a rate: a gamma distribution with this shape and rate; mean Shape/Rate. An infinite shape is
// a rate known exactly, Mean().
type Gamma struct {
	Shape, Rate float64
	exact       float64
}

// Posterior is what is known of the expected number at a place in the period, given that the model expects mu and that
// observed happened. The count is Poisson given its expectation, the expectations of places alike are gamma with mean mu and
// shape phi: hence a gamma of shape φ+observed and rate φ/μ+1. Its mean is the Empirical Bayes of the Highway Safety
// Manual, w·μ + (1−w)·observed (Hauer, Observational Before–After Studies, 1997, chapter 11), its quantiles are the interval.
func Posterior(mu, observed, phi float64) Gamma {
	if math.IsInf(phi, 1) || mu == 0 {
		return Gamma{Shape: math.Inf(1), Rate: math.Inf(1), exact: mu}
	}
	return Gamma{Shape: phi + observed, Rate: phi/mu + 1}
}

// Mean is the expected value.
func (g Gamma) Mean() float64 {
	if math.IsInf(g.Shape, 1) {
		return g.exact
	}
	return g.Shape / g.Rate
}

// Variance is the variance.
func (g Gamma) Variance() float64 {
	if math.IsInf(g.Shape, 1) {
		return 0
	}
	return g.Shape / (g.Rate * g.Rate)
}

// Quantile is the value below which the share p lies, 0 < p < 1.
func (g Gamma) Quantile(p float64) float64 {
	if math.IsInf(g.Shape, 1) {
		return g.exact
	}
	return mathext.GammaIncRegInv(g.Shape, p) / g.Rate
}

// Interval holds the rate with the probability level, 0.9 for 90 %, with equal tails.
func (g Gamma) Interval(level float64) (low, high float64) {
	return g.Quantile((1 - level) / 2), g.Quantile((1 + level) / 2)
}
