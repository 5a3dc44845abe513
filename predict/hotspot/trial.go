package hotspot

import (
	"cmp"
	"math"
	"slices"

	"vigie/predict/judge"
)

// Budget is how much area may be pointed out.
type Budget struct {
	Name  string  // "0.25 mi²", "5 %"
	Area  float64 // m²; 0 with Share
	Share float64 // of the whole area
}

// Budgets are those of the protocol, fixed in advance. Headline is the one that a forecast's rank goes by.
func Budgets() []Budget {
	return []Budget{{"0.25 mi²", .25 * SquareMile, 0}, {"0.75 mi²", .75 * SquareMile, 0}, {"1 %", 0, .01}, {Headline, 0, .05}, {"10 %", 0, .1}}
}

// Headline is the budget that the rank of a forecast is made for.
const Headline = "5 %"

// on is the area of a budget on a grid, and false where it is more than a quarter of the whole: not a choice any more.
func (b Budget) on(whole float64) (float64, bool) {
	area := b.Area
	if area == 0 {
		area = b.Share * whole
	}
	return area, area > 0 && area <= whole/4
}

// trial is how all models did from one origin over some days.
type trial struct {
	origin judge.Day
	days   int
	total  float64
	hits   [][]float64         // by model, as Contenders; nil where a model could not be learnt
	used   [][]float64         // area, by model and budget
	best   []float64           // by budget; nil if not asked
	bins   map[string]*classes // of models that may be chosen
}

// classes sum forecasts and what happened by the logarithm of the forecast, for calibration.
type classes [classCount]class

type class struct{ n, f, y, ff, yy, fy float64 }

const (
	classCount = 72
	classLow   = -16. // log₂ of what is expected in a place in 30 days
	classStep  = .3
)

func classOf(monthly float64) int {
	if !(monthly > 0) {
		return 0
	}
	return min(max(int((math.Log2(monthly)-classLow)/classStep), 0), classCount-1)
}

// scored are the models' values at an origin and the order by which each spends the largest budget.
type scored struct {
	origin judge.Day
	daily  map[string][]float64
	order  map[string][]int32
	kept   map[string][]float32 // daily, once compacted
}

// score lets trained models rank the places of an origin.
func (p *past) score(t *trained, origin judge.Day, most float64, all bool) *scored {
	s := &scored{origin: origin, daily: p.daily(t, p.at(origin), all), order: map[string][]int32{}}
	for _, m := range Contenders() {
		if v := s.daily[m.Name]; v != nil {
			s.order[m.Name] = firstByRate(v, p.grid.Areas, most)
		}
	}
	return s
}

// judge compares them with what happened in so many days.
func (p *past) judge(s *scored, days int, budgets []float64, best bool) *trial {
	t := &trial{origin: s.origin, days: days, bins: map[string]*classes{}}
	observed, total := p.happened(s.origin, days)
	t.total = total
	whole := p.grid.Whole()
	models := Contenders()
	t.hits, t.used = make([][]float64, len(models)), make([][]float64, len(models))
	for i, m := range models {
		order := s.order[m.Name]
		if order == nil && m.Name != Uniform {
			continue
		}
		t.hits[i], t.used[i] = make([]float64, len(budgets)), make([]float64, len(budgets))
		for k, area := range budgets {
			if m.Name == Uniform {
				t.hits[i][k], t.used[i][k] = total*area/whole, area
				continue
			}
			t.hits[i][k], t.used[i][k] = judge.Capture(order, p.grid.Areas, observed, area)
		}
		if !m.Baseline {
			t.bins[m.Name] = classify(s.daily[m.Name], observed, days)
		}
	}
	if best {
		for _, area := range budgets {
			t.best = append(t.best, judge.Best(p.grid.Areas, observed, area))
		}
	}
	return t
}

func classify(daily, observed []float64, days int) *classes {
	var c classes
	for i, v := range daily {
		b, f, y := &c[classOf(30*v)], v*float64(days), observed[i]
		b.n++
		b.f += f
		b.y += y
		b.ff += f * f
		b.yy += y * y
		b.fy += f * y
	}
	return &c
}

// firstByRate are the places that spend an area by score over area, in judge.Rank's order, and a few beyond. Sorting all
// places would be most of the work.
func firstByRate(scores, areas []float64, area float64) []int32 {
	rate := make([]float64, len(scores))
	for i, s := range scores {
		rate[i] = s / areas[i]
		if !(areas[i] > 0) || math.IsNaN(rate[i]) {
			rate[i] = math.Inf(-1)
		}
	}
	// A threshold from a sample that leaves about one and a half times the area; twice as much where that was not enough.
	sum := 0.
	for _, a := range areas {
		sum += a
	}
	step := max(len(rate)/4096, 1)
	sample := make([]float64, 0, len(rate)/step+1)
	for i := 0; i < len(rate); i += step {
		sample = append(sample, rate[i])
	}
	slices.Sort(sample)
	for share := 1.5*area/sum + .01; ; share *= 2 {
		least := math.Inf(-1)
		if share < .9 {
			least = sample[int(float64(len(sample))*(1-share))]
		}
		var order []int32
		taken := 0.
		for i, r := range rate {
			if r >= least {
				order, taken = append(order, int32(i)), taken+areas[i]
			}
		}
		if taken < area*1.02 && share < .9 {
			continue
		}
		slices.SortFunc(order, func(a, b int32) int { return cmp.Or(cmp.Compare(rate[b], rate[a]), cmp.Compare(a, b)) })
		return order
	}
}
