package accidents

import (
	"math"

	"vigie/predict"
)

// rate is a ratio as it may be shown: with its interval.
type rate struct {
	raw       float64 // count over exposure
	value     float64 // shrunk towards the rate of all areas together, as far as chance explains the difference
	low, high float64 // 95 % interval of the true rate
	weight    float64 // of the common rate in value, 0 to 1
}

// leastAreas is how many areas it takes to say how far they differ.
const leastAreas = 5

// rates are those of counts over exposures: gamma–Poisson Empirical Bayes with the dispersion of a negative-binomial
// regression on the exposure alone. With fewer than five areas, or without any event, each stands for itself, with the
// exact interval of Garwood. Exposures are above 0.
func rates(counts, exposures []float64) []rate {
	list := make([]rate, len(counts))
	events, exposed := 0.0, 0.0
	for i := range counts {
		events, exposed = events+counts[i], exposed+exposures[i]
		list[i].raw = counts[i] / exposures[i]
	}
	phi := dispersion(counts, exposures)
	for i := range list {
		r := &list[i]
		if phi == 0 { // not known
			low, high := predict.ExactRate(counts[i], 0.95)
			r.value, r.low, r.high = r.raw, low/exposures[i], high/exposures[i]
			continue
		}
		mu := events / exposed * exposures[i]
		// The common rate is known from all events only: its relative variance adds to the prior's.
		shape := 1 / (1/phi + 1/events)
		g := predict.Gamma{Shape: shape + counts[i], Rate: shape/mu + 1}
		low, high := g.Interval(0.95)
		r.value, r.low, r.high, r.weight = g.Mean()/exposures[i], low/exposures[i], high/exposures[i], predict.Weight(mu, shape)
	}
	return list
}

// dispersion is the φ of counts around the common rate, +Inf where they differ by no more than chance; 0 where it cannot
// be told.
func dispersion(counts, exposures []float64) float64 {
	if len(counts) < leastAreas {
		return 0
	}
	r := predict.Regression{Y: counts, Columns: 1, X: make([]float64, len(counts)), Offset: make([]float64, len(counts))}
	for i, e := range exposures {
		r.X[i], r.Offset[i] = 1, math.Log(e)
	}
	fit, err := predict.NegativeBinomial(r)
	if err != nil {
		return 0
	}
	return fit.Phi()
}

// weigh turns rates of accidents into rates of severity: the mean weight of an area's accidents, mixed with that of all as
// if ten more accidents of the mean had happened there, and the interval widened by what the mean weight leaves open.
func weigh(list []rate, counts, weights []float64) {
	const prior = 10
	events, sum := 0.0, 0.0
	for i := range counts {
		events, sum = events+counts[i], sum+weights[i]
	}
	if events == 0 || sum == 0 {
		for i := range list {
			list[i].raw, list[i].value, list[i].low, list[i].high = 0, 0, 0, 0
		}
		return
	}
	mean := sum / events
	for i := range list {
		r := &list[i]
		own := (weights[i] + prior*mean) / (counts[i] + prior)
		if counts[i] > 0 {
			r.raw *= weights[i] / counts[i]
		}
		widen := math.Exp(1.96 / math.Sqrt(counts[i]+prior)) // log-normal, weights vary by about their mean
		r.value, r.low, r.high = r.value*own, r.low*own/widen, r.high*own*widen
	}
}
