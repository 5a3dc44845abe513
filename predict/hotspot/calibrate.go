package hotspot

import (
	"math"

	"vigie/predict/judge"
)

// calibration turns what a model expects into what its past forecasts of that height came to. It never changes the order
// of places: ratios are such that expectations ascend.
type calibration struct {
	at    []float64 // log₂ of what the model expects in 30 days, ascending
	ratio []float64 // log of observed over expected
	level float64   // of the most recent past, over all classes
	alpha float64   // overdispersion: Var = μ + alpha·μ²
}

const (
	calibrationMass = 40. // expected thefts that a class is joined up to
	calibrationPull = 10. // thefts as expected that every class is mixed with
	levelPull       = 20. // thefts as expected that the level is mixed with
	leastSlope      = .5  // of log(expected) over log(what the model says): noise may not level the best places
	levelLife       = 75  // days in which a past period loses half of its weight for the level
)

// calibrate learns from trials whose period has passed.
func calibrate(trials []*trial, model string, origin judge.Day) calibration {
	var sum classes
	var recent [2]float64
	for _, t := range trials {
		c := t.bins[model]
		if c == nil {
			continue
		}
		w := decay(float64(origin-t.origin), levelLife)
		for i := range c {
			a, b := &sum[i], &c[i]
			a.n, a.f, a.y, a.ff, a.yy, a.fy = a.n+b.n, a.f+b.f, a.y+b.y, a.ff+b.ff, a.yy+b.yy, a.fy+b.fy
			recent[0], recent[1] = recent[0]+w*b.f, recent[1]+w*b.y
		}
	}
	cal := calibration{level: 1}
	type joined struct{ class }
	var groups []joined
	var g joined
	for _, c := range sum {
		g.n, g.f, g.y, g.ff, g.yy, g.fy = g.n+c.n, g.f+c.f, g.y+c.y, g.ff+c.ff, g.yy+c.yy, g.fy+c.fy
		if g.f >= calibrationMass {
			groups, g = append(groups, g), joined{}
		}
	}
	if len(groups) == 0 {
		return cal
	}
	last := &groups[len(groups)-1].class
	last.n, last.f, last.y, last.ff, last.yy, last.fy = last.n+g.n, last.f+g.f, last.y+g.y, last.ff+g.ff, last.yy+g.yy, last.fy+g.fy
	days := float64(trials[0].days)
	mass := make([]float64, len(groups))
	for i, c := range groups {
		cal.at = append(cal.at, math.Log2(c.f/c.n*30/days))
		cal.ratio = append(cal.ratio, math.Log((c.y+calibrationPull)/(c.f+calibrationPull)))
		mass[i] = c.f
	}
	cal.ascend(mass)
	excess, squares, before, after := 0., 0., 0., 0.
	for i, c := range groups {
		r := math.Exp(cal.ratio[i])
		excess += c.yy - 2*r*c.fy + r*r*c.ff - r*c.f
		squares += r * r * c.ff
		before, after = before+c.f, after+r*c.f
	}
	if squares > 0 {
		cal.alpha = min(max(excess/squares, 0), 20)
	}
	// How the latest periods differ from the mean of all of them; levelPull thefts as expected hold it back.
	cal.level = (recent[1] + levelPull) / (recent[0]*after/before + levelPull)
	return cal
}

// ascend makes what is expected ascend with what the model says, by leastSlope at least in logarithms: neighbouring classes
// that do not are brought to their common mean by mass, until all do (pool adjacent violators, Ayer et al. 1955).
func (c *calibration) ascend(mass []float64) {
	type block struct {
		sum, mass float64 // of ratio + slope, by mass
		n         int
	}
	slope := (1 - leastSlope) * math.Ln2
	var blocks []block
	for i, r := range c.ratio {
		blocks = append(blocks, block{(r + slope*c.at[i]) * mass[i], mass[i], 1})
		for k := len(blocks) - 1; k > 0 && blocks[k-1].sum/blocks[k-1].mass > blocks[k].sum/blocks[k].mass; k-- {
			a, b := blocks[k-1], blocks[k]
			blocks = append(blocks[:k-1], block{a.sum + b.sum, a.mass + b.mass, a.n + b.n})
		}
	}
	i := 0
	for _, b := range blocks {
		for range b.n {
			c.ratio[i] = b.sum/b.mass - slope*c.at[i]
			i++
		}
	}
}

// apply gives what is expected after what the model says for a day.
func (c *calibration) apply(daily float64) float64 {
	if len(c.at) == 0 || !(daily > 0) {
		return max(daily, 0) * c.level
	}
	x := math.Log2(30 * daily)
	r := c.ratio[0]
	switch n := len(c.at); {
	case x >= c.at[n-1]:
		r = c.ratio[n-1]
	case x > c.at[0]:
		i := 1
		for c.at[i] < x {
			i++
		}
		part := (x - c.at[i-1]) / (c.at[i] - c.at[i-1])
		r = c.ratio[i-1] + part*(c.ratio[i]-c.ratio[i-1])
	}
	return daily * math.Exp(r) * c.level
}
