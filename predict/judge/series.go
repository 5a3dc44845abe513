package judge

import (
	"math"
	"slices"
)

// Pinball is the loss of a quantile: q times what it was too low by, or 1−q times what it was too high by (Koenker &
// Bassett 1978). At q = ½ it is half the absolute error.
func Pinball(q, y, forecast float64) float64 {
	if y >= forecast {
		return q * (y - forecast)
	}
	return (1 - q) * (forecast - y)
}

// Scale is the mean absolute error of the seasonal naive within the series learnt from: that everything is as it was
// season steps before. It says false where there is none: a series no longer than a season, or one that repeats itself.
func Scale(insample []float64, season int) (float64, bool) {
	if season < 1 || len(insample) <= season {
		return 0, false
	}
	sum := 0.0
	for i := season; i < len(insample); i++ {
		sum += math.Abs(insample[i] - insample[i-season])
	}
	scale := finite(sum / float64(len(insample)-season))
	return scale, scale > 0
}

// MASE is the mean absolute error over Scale (Hyndman & Koehler 2006). Below 1 it is better than the seasonal naive was
// within the series learnt from. It says false where it has no value: no steps, or no scale.
func MASE(actual, forecast, insample []float64, season int) (float64, bool) {
	scale, ok := Scale(insample, season)
	if !ok || len(actual) == 0 || len(actual) != len(forecast) {
		return 0, false
	}
	sum := 0.0
	for i, y := range actual {
		sum += math.Abs(y - forecast[i])
	}
	mase := sum / float64(len(actual)) / scale
	return finite(mase), mase == finite(mase)
}

// Coverage is the share of what happened that intervals held, bounds included; 0 of nothing. For counts the share held by
// an honest interval is above its level, the more the smaller the counts are.
func Coverage(low, high, actual []float64) float64 {
	if len(actual) == 0 {
		return 0
	}
	held := 0
	for i, y := range actual {
		if low[i] <= y && y <= high[i] {
			held++
		}
	}
	return float64(held) / float64(len(actual))
}

// PIT is where a count lies in its forecast distribution: between the probability of less than it (below) and of no more
// than it (upTo), at u, a uniform random number: so it is uniform where the forecast is true (Smith 1985; Czado, Gneiting &
// Held 2009). For a continuous quantity both are the same.
func PIT(below, upTo, u float64) float64 {
	return min(max(finite(below+u*(upTo-below)), 0), 1)
}

// CRPS is the continuous ranked probability score of a forecast given as a sample: mean |x−y| less half the mean |x−x'|
// (Gneiting & Raftery 2007, equation 21). It is in the unit of y; for one value it is the absolute error. Sample is left
// as it is; none gives 0.
func CRPS(sample []float64, y float64) float64 {
	sorted := slices.Clone(sample)
	slices.Sort(sorted)
	m := float64(len(sorted))
	if m == 0 {
		return 0
	}
	score := 0.0
	for i, x := range sorted {
		score += Pinball((float64(i)+0.5)/m, y, x)
	}
	return finite(2 * score / m)
}

// CRPSOfQuantiles is the same score of a forecast given by quantiles at levels that ascend within 0 and 1: twice the
// pinball loss over all levels, each standing for those nearest to it (Gneiting & Ranjan 2011). With the levels (i−½)/m it
// is that of the sample.
func CRPSOfQuantiles(levels, quantiles []float64, y float64) float64 {
	score, from := 0.0, 0.0
	for i, q := range levels {
		to := 1.0
		if i+1 < len(levels) {
			to = (q + levels[i+1]) / 2
		}
		score += 2 * (to - from) * Pinball(q, y, quantiles[i])
		from = to
	}
	return finite(score)
}

// CRPSOfCounts is the same score of a distribution of counts: the sum over k of (F(k) − 1{y ≤ k})². Cdf is asked for 0, 1,
// 2, … until it is above 1 less 1e-12 beyond y, or for 1e6 counts.
func CRPSOfCounts(cdf func(k int) float64, y int) float64 {
	score := 0.0
	for k := range int(1e6) {
		f := finite(cdf(k))
		if k >= y {
			f = 1 - f
		}
		score += f * f
		if k >= y && f < 1e-12 {
			break
		}
	}
	return score
}
