package hotspot

import (
	"math"

	"vigie/predict"
	"vigie/predict/judge"
)

// Model is one way to forecast.
type Model struct {
	Name     string
	About    string
	Baseline bool // shown beside and never chosen, but Count, which is the one to beat
}

// Names of the models. Count is the one that all others must beat.
const (
	Count      = "count"
	Decayed    = "decayed"
	Kernel     = "kernel"
	GiStar     = "gi*"
	Uniform    = "uniform"
	LongCount  = "long count"
	Repeat     = "near repeat"
	Mixture    = "mixture"
	Regression = "regression"
	Trees      = "trees"
	Mean       = "mean of mixture and trees"
	MeanCount  = "mean of mixture, trees and count"
)

// Contenders are all models, the simplest first: the order in which they win ties.
func Contenders() []Model {
	return []Model{
		{Count, "gamma-Poisson count of all history in each place, with a prior by area", false},
		{Decayed, "count that forgets half in 365 days", true},
		{Kernel, "density of all history by a Gaussian kernel of 0.65 sides of a place, the best of the widths that are tried", true},
		{GiStar, "Gi* of Getis and Ord of all history over a place and its neighbours", true},
		{Uniform, "the same everywhere", true},
		{LongCount, "count that forgets half in 1,000 days", false},
		{Repeat, "count, surroundings and what happened around in the last weeks (near repeats), weights by likelihood", false},
		{Mixture, "counts at five memories and kernels at three memories and several widths, weights by likelihood", false},
		{Regression, "Poisson regression on the logarithms of the same columns", false},
		{Trees, "boosted trees on the same columns, from where the mixture ends", false},
		{Mean, "mean of what mixture and trees expect", false},
		{MeanCount, "mean of what mixture, trees and count expect", false},
	}
}

// trained are the models as learnt from what was known at one day.
type trained struct {
	until      judge.Day
	regression *regression
	forest     *forest
	mixture    *mixture
	repeat     *mixture
	rows       int
}

// Learning: targets are counted over targetDays after origins that lie as far apart, back to where there was a history of
// at least leastHistory days to learn from.
const (
	targetDays    = 91
	leastHistory  = 240
	mostTargets   = 16
	rowsPerColumn = 200 // that regression and trees need
	forestTrees   = 40
	sampleRows    = 45000 // about as many rows of either kind are learnt from at most
)

// targets are the origins to learn from, the last first.
func (p *past) targets(until judge.Day) (origins []judge.Day, days int) {
	history := int(until - p.first)
	days = targetDays
	for days > 14 && history < leastHistory+3*days {
		days /= 2 // a short past is learnt from in shorter steps
	}
	least := min(leastHistory, history/2)
	for o := until - judge.Day(days); int(o-p.first) >= least && len(origins) < mostTargets; o -= judge.Day(days) {
		origins = append(origins, o)
	}
	return origins, days
}

// sample is what can be learnt from on the morning of a day. What is known by then and happened in the target counts;
// late reports are missed there as they would have been.
func (p *past) sample(until judge.Day, logs bool) *sample {
	origins, days := p.targets(until)
	if len(origins) == 0 {
		return nil
	}
	s := &sample{days: float64(days), logs: logs}
	counts, some := make([][]float64, len(origins)), 0
	for k, o := range origins {
		counts[k] = make([]float64, len(p.grid.IDs))
		for _, i := range p.between(o, days) {
			if p.known[i] < until {
				if counts[k][p.cell[i]]++; counts[k][p.cell[i]] == 1 {
					some++
				}
			}
		}
	}
	// What all rows' wider kernels sum to, so that about sampleRows are taken; a tenth of their mean is added to each.
	mass, sum := 0., 0.
	for _, w := range p.near[len(kernelWidths)-1].weight {
		mass += w / float64(len(p.near[0].start)-1)
	}
	for _, o := range origins {
		sum += mass * float64(p.knownAt(o))
	}
	floor := .1 * sum / float64(len(origins)*len(p.grid.IDs))
	none := sampleRows / max(1.1*sum, 1e-9)
	for k, o := range origins {
		s.take(p, p.at(o), counts[k], uint64(some/sampleRows+1), none, floor)
	}
	return s
}

// train fits models to what is known on the morning of a day; all of them, or without the regression, which is slow and
// has never been the best.
func (p *past) train(until judge.Day, all bool) *trained {
	t := &trained{until: until}
	s := p.sample(until, all)
	if s == nil || s.rows() < 10*columns {
		return t
	}
	t.rows = s.rows()
	t.mixture = fitMixture(s, func(int) bool { return true })
	t.repeat = fitMixture(s, func(c int) bool { return c == forever || c == kernelColumn(len(kernelAges)-1, 0) || c == nearFirst })
	if t.rows < rowsPerColumn*columns { // what has more freedom would learn chance
		return t
	}
	if all {
		t.regression = fitRegression(s)
	}
	t.forest = fitForest(s, t.mixture, forestTrees)
	return t
}

// daily is what each model of t expects in each place on a day after the origin. Models that could not be learnt are
// left out. Gi* is no expectation and only ranks. Without all, the baselines that nobody is shown are left out.
func (p *past) daily(t *trained, seen *surfaces, all bool) map[string][]float64 {
	g := p.grid
	out := map[string][]float64{
		Count:     p.posterior(seen.column[forever], seen.days),
		LongCount: p.posterior(seen.column[3], effective(memories[3], seen.days)),
		Kernel:    seen.column[kernelColumn(len(kernelAges)-1, 0)],
	}
	if all {
		out[Decayed] = p.posterior(seen.column[2], effective(memories[2], seen.days))
		out[GiStar] = p.gi(seen.column[forever])
	}
	if t.mixture == nil {
		return out
	}
	out[Mixture], out[Repeat] = t.mixture.daily(g, seen), t.repeat.daily(g, seen)
	if t.forest == nil {
		return out
	}
	if t.regression != nil {
		out[Regression] = perDay(t.regression.logs(g, seen), t.regression.days)
	}
	out[Trees] = t.forest.daily(g, seen)
	mean, three := make([]float64, len(g.IDs)), make([]float64, len(g.IDs))
	for i := range mean {
		mean[i] = (out[Mixture][i] + out[Trees][i]) / 2
		three[i] = (out[Mixture][i] + out[Trees][i] + out[Count][i]) / 3
	}
	out[Mean], out[MeanCount] = mean, three
	return out
}

func perDay(logs []float64, days float64) []float64 {
	for i, v := range logs {
		logs[i] = math.Exp(v) / days
	}
	return logs
}

// effective is over how many days a count with a half-life sums.
func effective(life, days float64) float64 {
	return life / math.Ln2 * (1 - decay(days, life))
}

// posterior is the gamma-Poisson mean per day of counts over so many days. The prior is the mean over the territory by
// area; its shape is that of the counts' spread (by moments).
func (p *past) posterior(counts []float64, days float64) []float64 {
	whole, total := p.grid.Whole(), 0.
	for _, n := range counts {
		total += n
	}
	excess, squares := 0., 0.
	for i, n := range counts {
		mu := total * p.grid.Areas[i] / whole
		excess += (n-mu)*(n-mu) - mu
		squares += mu * mu
	}
	phi := math.Inf(1)
	if excess > 0 {
		phi = max(squares/excess, 1e-3)
	}
	out := make([]float64, len(counts))
	for i, n := range counts {
		mu := total * p.grid.Areas[i] / whole
		w := predict.Weight(mu, phi)
		out[i] = (w*mu + (1-w)*n) / days
	}
	return out
}

// gi is Gi* of Getis & Ord (1995), equation 14, with weights 1 over a place and its neighbours; times the area, as places
// are ranked by score over area.
func (p *past) gi(counts []float64) []float64 {
	n := float64(len(counts))
	mean, squares := 0., 0.
	for _, v := range counts {
		mean += v / n
		squares += v * v / n
	}
	deviation := math.Sqrt(max(squares-mean*mean, 0))
	out := make([]float64, len(counts))
	if deviation == 0 || n < 2 {
		return out
	}
	for i, v := range counts {
		sum, w := v, 1.
		for _, j := range p.around.list[p.around.start[i]:p.around.start[i+1]] {
			sum += counts[j]
			w++
		}
		if spread := (n*w - w*w) / (n - 1); spread > 0 {
			out[i] = (sum - mean*w) / (deviation * math.Sqrt(spread)) * p.grid.Areas[i]
		}
	}
	return out
}
