package hotspot

import (
	"math"
	"slices"

	"vigie/predict/judge"
)

// Choice is what past origins say of one budget.
type Choice struct {
	Budget  string
	Area    float64 // m²
	Model   string  // with the most hits, if it beats the count by a standard error; else the count
	Share   float64 // of thefts that the places held which were picked at each past origin by those before it
	Count   float64 // that the count's places held
	Kernel  float64 // that the kernel density's places held
	Low     float64 // of Share − Count, 95 %, by blocks of origins
	High    float64
	P       float64 // two-sided, after Holm over the budgets
	Origins int
	Usable  bool // the interval lies above 0 after Holm
}

const (
	blockOrigins = 8 // weekly origins whose periods overlap are drawn together
	choiceDraws  = 4999
)

// finished are the trials whose period had passed by an origin.
func finished(trials []*trial, origin judge.Day) []*trial {
	var out []*trial
	for _, t := range trials {
		if t.origin+judge.Day(t.days) <= origin {
			out = append(out, t)
		}
	}
	return out
}

// pick is the model for a budget (its number) by finished trials: of those that beat the count by a standard error that
// with the most hits, unless a combination is within a standard error of it: a combination is less a matter of luck. The
// count if none beats it. Equal ones: the simplest.
func pick(trials []*trial, budget int) int {
	models, best, combined := Contenders(), 0, 0
	apart := apartness(trials)
	for i, m := range models {
		if i == 0 || m.Baseline || !plausible(trials, m.Name) {
			continue
		}
		mean, deviation, n := ahead(trials, i, 0, budget, apart)
		if n < leastChoices || mean <= deviation {
			continue
		}
		if d, _, _ := ahead(trials, i, best, budget, apart); d > 0 {
			best = i
		}
		if d, _, _ := ahead(trials, i, combined, budget, apart); combines(m.Name) && (combined == 0 || d > 0) {
			combined = i
		}
	}
	if combined > 0 && best != combined {
		if d, deviation, _ := ahead(trials, best, combined, budget, apart); d <= deviation {
			return combined
		}
	}
	return best
}

func combines(model string) bool { return model == Mean || model == MeanCount }

// ahead is by how many hits a trial model a is ahead of b, with its standard error, over n trials. Overlapping periods
// tell less than their number: as many as are apart from one another.
func ahead(trials []*trial, a, b, budget int, apart float64) (mean, deviation float64, n int) {
	sum, squares := 0., 0.
	for _, t := range trials {
		if t.hits[a] == nil || t.hits[b] == nil || t.total == 0 {
			continue
		}
		d := t.hits[a][budget] - t.hits[b][budget]
		sum, squares, n = sum+d, squares+d*d, n+1
	}
	if n == 0 {
		return 0, 0, 0
	}
	mean = sum / float64(n)
	deviation = math.Sqrt(max(squares/float64(n)-mean*mean, 0) / max(float64(n)/apart-1, 1))
	return mean, deviation, n
}

// plausible is whether a model expected neither more than twice nor less than half of what happened.
func plausible(trials []*trial, model string) bool {
	expected, happened := 0., 0.
	for _, t := range trials {
		if c := t.bins[model]; c != nil {
			for _, b := range c {
				expected, happened = expected+b.f, happened+b.y
			}
		}
	}
	return happened <= 2*expected+leastEvents && expected <= 2*happened+leastEvents
}

// apartness is how many trials share one period.
func apartness(trials []*trial) float64 {
	if len(trials) < 2 {
		return 1
	}
	step := float64(trials[len(trials)-1].origin-trials[0].origin) / float64(len(trials)-1)
	return max(float64(trials[0].days)/max(step, 1), 1)
}

// choices are what trials say of all budgets. The model is picked by all of them; what is said of it is nested: in each
// trial the model is the one that the trials finished by then would have picked.
func choices(trials []*trial, budgets []Budget, whole float64, seed uint64) []Choice {
	var out []Choice
	var p []float64
	models := Contenders()
	kernel := slices.IndexFunc(models, func(m Model) bool { return m.Name == Kernel })
	for k, b := range budgets {
		area, _ := b.on(whole)
		c := Choice{Budget: b.Name, Area: area, Model: models[pick(trials, k)].Name, P: 1}
		var model, count []float64
		total, kernelHits, moved := 0., 0., false
		for i, t := range trials {
			before := finished(trials[:i], t.origin)
			if t.total == 0 || len(before) < leastChoices {
				continue
			}
			m := pick(before, k)
			if t.hits[m] == nil { // it could not be learnt for this origin
				m = 0
			}
			moved = moved || m != 0
			model, count = append(model, t.hits[m][k]/t.total), append(count, t.hits[0][k]/t.total)
			c.Share, c.Count, kernelHits, total = c.Share+t.hits[m][k], c.Count+t.hits[0][k], kernelHits+t.hits[kernel][k], total+t.total
			c.Origins++
		}
		if total > 0 {
			c.Share, c.Count, c.Kernel = c.Share/total, c.Count/total, kernelHits/total
		}
		if moved && c.Origins >= leastChoices {
			d := judge.Paired(model, count, blockFor(trials), choiceDraws, seed+uint64(k))
			c.Low, c.High, c.P = d.Low, d.High, d.P
		}
		out, p = append(out, c), append(p, c.P)
	}
	for k, v := range judge.Holm(p) {
		out[k].P = v
		out[k].Usable = out[k].Model != Count && out[k].Low > 0 && v <= .05
	}
	return out
}

func blockFor(trials []*trial) int {
	return min(max(int(2*apartness(trials)), 1), max(len(trials)/4, 1), 4*blockOrigins)
}
