package evaluate

import (
	"fmt"
	"math"

	"vigie/geoengine"
	"vigie/predict"
)

// leastComparison is how many accidents a comparison group needs in each period to say anything about a trend.
const leastComparison = 5

// beforeAfter follows Hauer, Observational Before–After Studies in Road Safety (1997), chapters 9 and 11: what was to be
// expected at each place before is Empirical Bayes, carried to the period after by the ratio of the comparison group, with
// the variances of both. For the interval the accidents after are Poisson around θ times an expectation that is itself known
// as a gamma distribution of that mean and variance: a negative binomial, whose tails (mid-p) give θ without the normal
// approximation that fails with few accidents.
func beforeAfter(in Input, out *Result) error {
	if len(in.Groups) == 0 {
		return nil
	}
	b := &BeforeAfter{}
	var variance float64
	all := true // groups have something to compare with
	for _, group := range in.Groups {
		if err := group.check(); err != nil {
			return err
		}
		trend, trendVariance, compared := group.trend()
		switch all = all && compared; {
		case group.missing():
			out.warn(notImported(group.Plan))
		case !compared:
			out.warn(noComparison(group.Plan))
		}
		var mean, meanVariance, before float64
		for _, p := range group.Places {
			posterior := predict.Posterior(p.Model, p.Before, p.Phi)
			mean += posterior.Mean()
			meanVariance += posterior.Variance()
			before += p.Before
			b.After += p.After
		}
		b.Places += len(group.Places)
		b.Before += before
		b.Expected += mean * trend
		b.Naive += before * trend
		variance += trend*trend*meanVariance + mean*mean*trendVariance
	}
	if b.Before > 0 {
		b.Trend = b.Naive / b.Before
	}
	if b.Naive > 0 {
		b.NaiveRatio = b.After / b.Naive
	}
	if b.Expected > 0 {
		b.ratio(variance, in.Level)
	}
	b.Verdict = verdict(b.Ratio, b.Power, b.After+b.Expected >= leastAccidents, in.Level)
	if !all { // a season or data that are not there yet would pass for an effect
		b.Verdict = Verdict{codeNotEnough, notEnoughFR, notEnoughEN}
	}
	out.BeforeAfter = b
	return nil
}

func (b *BeforeAfter) ratio(variance, level float64) {
	known := expectation{b.Expected, b.Expected * b.Expected / variance}
	b.Ratio = &Estimate{
		Value: min(b.After/b.Expected/(1+1/known.shape), mostRatio), // Hauer 1997, equation 6.3: without the bias of a quotient
		Low:   known.bound(b.After, (1+level)/2),
		High:  known.bound(b.After, (1-level)/2),
	}
	b.Avoided = Estimate{
		Value: b.Expected * (1 - b.Ratio.Value), Low: b.Expected * (1 - b.Ratio.High), High: b.Expected * (1 - b.Ratio.Low),
	}
	b.Power = powerOf(func(effect, times float64) float64 {
		return expectation{known.mean * times, known.shape * times}.power(effect, level)
	})
}

func (g Group) check() error {
	if !(g.BeforeYears > 0) || !(g.AfterYears > 0) {
		return fmt.Errorf("evaluate: plan %s: periods of %v years before and %v after: %w", g.Plan, g.BeforeYears, g.AfterYears, geoengine.ErrInvalid)
	}
	for i, p := range g.Places {
		if !(p.Before >= 0) || !(p.Model >= 0) || !(p.Phi > 0) || !whole(p.After) {
			return fmt.Errorf("evaluate: plan %s: place %d: %+v: counts are whole and not negative, phi is above 0: %w", g.Plan, i+1, p, geoengine.ErrInvalid)
		}
	}
	if !(g.Comparison.Before >= 0) || !(g.Comparison.After >= 0) {
		return fmt.Errorf("evaluate: plan %s: comparison of %v accidents before and %v after: %w", g.Plan, g.Comparison.Before, g.Comparison.After, geoengine.ErrInvalid)
	}
	return nil
}

// missing says that elsewhere, where many accidents were to be expected after, there are next to none: they have not been
// imported yet.
func (g Group) missing() bool {
	return g.Comparison.Before*g.AfterYears/g.BeforeYears >= leastAccidents && g.Comparison.After < leastComparison
}

// trend is the ratio of after to before without posts, with its variance (Hauer 1997, equation 9.7).
func (g Group) trend() (ratio, variance float64, compared bool) {
	before, after := g.Comparison.Before, g.Comparison.After
	if before < leastComparison || after < leastComparison {
		return g.AfterYears / g.BeforeYears, 0, false
	}
	ratio = after / (before + 1)
	return ratio, ratio * ratio * (1/before + 1/after), true
}

// expectation is a number of accidents to be expected, known as a gamma distribution.
type expectation struct{ mean, shape float64 }

// atMost is the probability of at most k accidents, the last of them counted half (mid-p), if the expectation is
// multiplied by theta.
func (e expectation) atMost(k, theta float64) float64 {
	return (e.cumulative(k, theta) + e.cumulative(k-1, theta)) / 2
}

// bound is the theta at which atMost is p.
func (e expectation) bound(k, p float64) float64 {
	if e.atMost(k, mostRatio) > p {
		return mostRatio
	}
	if e.atMost(k, 1e-9) < p {
		return 0
	}
	return bisect(0, mostRatio, func(theta float64) bool { return e.atMost(k, theta) > p })
}

// power is the probability that the upper bound is below 1 if the posts prevent a share effect.
func (e expectation) power(effect, level float64) float64 {
	tail := (1 - level) / 2
	low, high := -1.0, math.Ceil(e.mean) // the most accidents that still show fewer lie between
	for high-low > 1 {
		if mid := math.Floor((low + high) / 2); e.atMost(mid, 1) <= tail {
			low = mid
		} else {
			high = mid
		}
	}
	return e.cumulative(low, 1-effect)
}
