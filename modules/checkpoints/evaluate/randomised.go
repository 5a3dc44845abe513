package evaluate

import (
	"context"
	"fmt"
	"math"
	"slices"

	"vigie/geoengine"
	"vigie/predict"
)

// A cell takes part if its probability of being reached lies between these: the others are nearly certain, and weights of
// 1/p and 1/(1−p) would let a single accident decide.
const (
	leastChance = 0.01
	mostChance  = 0.95
)

// fewDraws is below which number of plans drawn anew the probabilities are too coarse.
const fewDraws = 199

// randomised compares cells that the draw reached with cells that it could have reached. What a post does spills over to
// the roads and days around it, so what is randomised is not a cell but a plan; the probability that a cell is reached is
// its share in plans drawn anew (Aronow & Samii, Estimating average causal effects under general interference, Annals of
// Applied Statistics 11, 2017).
//
// The p-value is Fisher's: with no effect anywhere the accidents would be the same under every plan that could have been
// drawn. The ratio θ solves Σ (Z−p)(y·θ^−Z − ĉ·e) = 0, which is right on average for the true θ whatever the expected e are:
// they only take out noise. Its variance is the greater of that under the draws and that of Poisson accidents.
func randomised(ctx context.Context, in Input, out *Result) error {
	if len(in.Trials) == 0 {
		return nil
	}
	var e experiment
	e.draws = math.MaxInt
	for _, t := range in.Trials {
		if err := t.check(); err != nil {
			return err
		}
		if len(t.Drawn) < fewDraws {
			out.warn(tooFewDraws(t.Plan, len(t.Drawn)))
		}
		if t.Held < leastHeld {
			out.warn(notHeld(t.Plan, t.Held))
		}
		if len(t.Drawn) > 0 {
			e.trials = append(e.trials, newTrial(t))
			e.draws = min(e.draws, len(t.Drawn))
		}
	}
	r := &Randomised{P: 1, Fewer: 1}
	out.Randomised = r
	if len(e.trials) > 0 {
		if err := e.sum(ctx); err != nil {
			return err
		}
		e.describe(r)
	}
	if r.Cells == 0 {
		out.warn(noChance())
		r.Verdict = notEnough(r.Power)
		return nil
	}
	e.estimate(r, in.Level)
	r.Verdict = verdict(r.Ratio, r.Power, r.Inside+r.Outside >= leastAccidents, in.Level)
	if shown := r.Verdict.Code == codeFewer || r.Verdict.Code == codeMore; shown && r.P > 1-in.Level {
		r.Verdict = unshown(r.Ratio, r.Power, in.Level)
	}
	return nil
}

func (t Trial) check() error {
	for i, c := range t.Cells {
		if !(c.Expected >= 0) || math.IsInf(c.Expected, 1) || !whole(c.Count) {
			return fmt.Errorf("evaluate: plan %s: cell %d: %+v: counts are whole and not negative: %w", t.Plan, i, c, geoengine.ErrInvalid)
		}
	}
	for d := -1; d < len(t.Drawn); d++ {
		list, name := t.Reached, "the plan"
		if d >= 0 {
			list, name = t.Drawn[d], fmt.Sprintf("draw %d", d+1)
		}
		for k, i := range list {
			if i < 0 || int(i) >= len(t.Cells) || k > 0 && list[k-1] >= i {
				return fmt.Errorf("evaluate: plan %s: %s reaches cell %d of %d; they must ascend: %w", t.Plan, name, i, len(t.Cells), geoengine.ErrInvalid)
			}
		}
	}
	return nil
}

// trial is one plan with the probabilities of its cells.
type trial struct {
	Trial
	chance  []float64 // 0 for a cell that does not take part
	reached []bool
	// Over cells that take part: accidents, what was expected in cells that were reached and in the others, and what was
	// expected times p²(1−p) and times p(1−p)².
	accidents, in, out float64
	within, beyond     float64
}

// rate is the accidents over those expected, if those in cells that were reached are theta times as many.
func (t *trial) rate(theta float64) float64 {
	if expected := theta*t.in + t.out; expected > 0 {
		return t.accidents / expected
	}
	return 0
}

func newTrial(t Trial) *trial {
	n := &trial{Trial: t, chance: make([]float64, len(t.Cells)), reached: make([]bool, len(t.Cells))}
	for _, i := range t.Reached {
		n.chance[i]++
		n.reached[i] = true
	}
	for _, draw := range t.Drawn {
		for _, i := range draw {
			n.chance[i]++
		}
	}
	for i := range n.chance {
		// The plan itself is one of the draws: under no effect it is exchangeable with them, which makes Fisher's p exact.
		if n.chance[i] /= float64(len(t.Drawn) + 1); n.chance[i] < leastChance || n.chance[i] > mostChance {
			n.chance[i] = 0
		}
	}
	n.weigh()
	return n
}

// weigh sums what does not depend on the draw. Without a single expected accident all cells are taken to be alike.
func (t *trial) weigh() {
	even := !slices.ContainsFunc(t.Cells, func(c Cell) bool { return c.Expected > 0 })
	if even {
		t.Cells = slices.Clone(t.Cells)
	}
	for i, p := range t.chance {
		if even {
			t.Cells[i].Expected = 1
		}
		if p == 0 {
			continue
		}
		c := t.Cells[i]
		t.accidents += c.Count
		t.within += p * p * (1 - p) * c.Expected
		t.beyond += p * (1 - p) * (1 - p) * c.Expected
		if t.reached[i] {
			t.in += c.Expected
		} else {
			t.out += c.Expected
		}
	}
}

// experiment is all trials together. Draw 0 is the plans themselves.
type experiment struct {
	trials []*trial
	draws  int
	// The score of draw d at θ is fixed[d] + inside[d]/θ; ht is the Horvitz–Thompson difference of both parts.
	fixed, inside     []float64
	htFixed, htInside []float64
}

func (e *experiment) sum(ctx context.Context) error {
	for _, v := range []*[]float64{&e.fixed, &e.inside, &e.htFixed, &e.htInside} {
		*v = make([]float64, e.draws+1)
	}
	for _, t := range e.trials {
		if err := ctx.Err(); err != nil {
			return err
		}
		all := t.totals(nil)
		for d := range e.draws + 1 {
			list := t.Reached
			if d > 0 {
				list = t.Drawn[d-1]
			}
			in := t.totals(list)
			lean := 0.0
			if all.expected > 0 {
				lean = (in.expected - all.chanceExpected) / all.expected
			}
			e.fixed[d] += in.outside - all.chanceOutside - lean*all.outside
			e.inside[d] += in.inside - all.chanceInside - lean*all.inside
			e.htFixed[d] += in.htOutside - all.htOutside0
			e.htInside[d] += in.htInside - all.htInside0
		}
	}
	return nil
}

// totals are sums over cells that take part: outside are accidents in cells that the plan itself has not reached.
type totals struct {
	outside, inside, expected                   float64
	chanceOutside, chanceInside, chanceExpected float64
	htOutside, htInside                         float64 // weighted by 1/(1−p)
	htOutside0, htInside0                       float64 // weighted by p/(1−p)
}

// totals sums over a list of cells, or over all of them.
func (t *trial) totals(list []int32) (s totals) {
	add := func(i int) {
		p := t.chance[i]
		if p == 0 {
			return
		}
		c := t.Cells[i]
		s.expected += c.Expected
		s.chanceExpected += p * c.Expected
		if c.Count == 0 {
			return
		}
		if t.reached[i] {
			s.inside += c.Count
			s.chanceInside += p * c.Count
			s.htInside += c.Count / (1 - p)
			s.htInside0 += c.Count * p / (1 - p)
		} else {
			s.outside += c.Count
			s.chanceOutside += p * c.Count
			s.htOutside += c.Count / (1 - p)
			s.htOutside0 += c.Count * p / (1 - p)
		}
	}
	if list == nil {
		for i := range t.Cells {
			add(i)
		}
		return s
	}
	for _, i := range list {
		add(int(i))
	}
	return s
}

func (e *experiment) describe(r *Randomised) {
	r.Trials, r.Draws = len(e.trials), e.draws
	for _, t := range e.trials {
		for i, p := range t.chance {
			c := t.Cells[i]
			if p == 0 {
				r.Certain++
				continue
			}
			r.Cells++
			if t.reached[i] {
				r.Reached++
				r.Inside += c.Count
			} else {
				r.Outside += c.Count
				r.Weighted += c.Count * p / (1 - p)
			}
		}
	}
}

func (e *experiment) estimate(r *Randomised, level float64) {
	null := make([]float64, e.draws+1)
	for d := range null {
		null[d] = e.fixed[d] + e.inside[d]
	}
	r.P = asFar(null, math.Abs)
	r.Fewer = asFar(null, func(x float64) float64 { return -x })
	z := predict.NormalQuantile((1 + level) / 2)
	theta := 1.0
	if out := -e.fixed[0]; out > 0 && e.inside[0] >= 0 {
		theta = min(e.inside[0]/out, mostRatio)
		r.Ratio = &Estimate{Value: theta, Low: e.bound(z, theta, 0), High: e.bound(-z, theta, mostRatio)}
	}
	half := z * math.Sqrt(e.htVariance(theta))
	r.Avoided = Estimate{Value: r.Weighted - r.Inside, Low: r.Weighted - r.Inside - half, High: r.Weighted - r.Inside + half}
	r.Power = e.power(theta, z)
}

// power is that of the score at 1, normal, with the accidents that there would be without posts: as many as there were,
// but for what the posts did by the estimate theta.
func (e *experiment) power(theta, z float64) Power {
	noise := e.noise(1, 1)
	if noise == 0 {
		return Power{Effect: ErkeEffect, Detectable: 1}
	}
	inflated := e.variance(1) / noise
	return powerOf(func(effect, times float64) float64 {
		var information, under, null float64
		for _, t := range e.trials {
			without := t.rate(theta)
			information += without * (t.within + t.beyond)
			under += without * (t.within + t.beyond*(1-effect))
			null += without * share(t.in, t.out, effect) * (t.within + t.beyond)
		}
		shift := effect * information * math.Sqrt(times)
		return normal((shift - z*math.Sqrt(null*inflated)) / math.Sqrt(under*inflated))
	})
}

// share is what is left of all accidents if the posts prevent effect of those inside.
func share(in, out, effect float64) float64 {
	if in+out == 0 {
		return 0
	}
	return ((1-effect)*in + out) / (in + out)
}

// asFar is the share of draws at least as far as the plan itself.
func asFar(scores []float64, far func(float64) float64) float64 {
	observed, count := far(scores[0]), 0
	tolerance := 1e-9 * (1 + math.Abs(observed))
	for _, s := range scores {
		if far(s) >= observed-tolerance {
			count++
		}
	}
	return float64(count) / float64(len(scores))
}

// bound is the θ towards limit at which the score is z standard errors.
func (e *experiment) bound(z, theta, limit float64) float64 {
	beyond := func(t float64) bool {
		score := (e.fixed[0] + e.inside[0]/t) / math.Sqrt(e.variance(t))
		return score*z >= z*z
	}
	from, to := max(theta, 1e-6), max(limit, 1e-6)
	if !beyond(to) {
		return limit
	}
	return bisect(from, to, func(t float64) bool { return !beyond(t) })
}

// variance is of the score at θ.
func (e *experiment) variance(theta float64) float64 {
	scores := make([]float64, 0, e.draws)
	for d := 1; d <= e.draws; d++ {
		scores = append(scores, e.fixed[d]+e.inside[d]/theta)
	}
	return max(spread(scores), e.noise(theta, 1/theta))
}

// noise is the variance of a score of Poisson accidents λ outside and λ·theta inside, when each inside counts by times:
// Σ p(1−p)·λ·(p + (1−p)·theta·by²).
func (e *experiment) noise(theta, by float64) (sum float64) {
	for _, t := range e.trials {
		sum += t.rate(theta) * (t.within + t.beyond*theta*by*by)
	}
	return sum
}

func (e *experiment) htVariance(theta float64) float64 {
	scores := make([]float64, 0, e.draws)
	for d := 1; d <= e.draws; d++ {
		inside := e.htInside[d]
		if theta > 0 {
			inside /= theta
		}
		scores = append(scores, e.htFixed[d]+inside)
	}
	var noise float64
	for _, t := range e.trials {
		for i, p := range t.chance {
			if p == 0 {
				continue
			}
			weight := p / (1 - p)
			if t.reached[i] {
				weight = 1
			}
			noise += weight * weight * t.Cells[i].Count
		}
	}
	return max(spread(scores), noise)
}

// spread is the variance of values around their mean.
func spread(values []float64) float64 {
	var mean, squares float64
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	return squares / float64(max(len(values)-1, 1))
}
