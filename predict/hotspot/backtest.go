package hotspot

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/paulmach/orb"

	"vigie/predict/judge"
)

// BacktestOptions say how a back-test is made.
type BacktestOptions struct {
	Options
	Resolution int              // of H3; 10 if 0
	Territory  orb.MultiPolygon // nil: the cells seen before the first origin and Rings rings around them
	Origins    int              // weekly; 156 if 0
	Horizons   []int            // days; 7, 14, 30, 60, 90 and 31 if nil
	Whole      float64          // m² that areas are compared with for squares; 0: that of the territory
	Offsets    int              // of the squares; 64 if 0, none below 0
}

// The protocol: weekly origins, models learnt again every quarter, and half a year of origins before the first that is
// scored, from which choices and calibration learn.
const (
	week     = 7
	refit    = 91
	warmUp   = 26
	protocol = 156
)

func (o *BacktestOptions) fill() {
	if o.Resolution == 0 {
		o.Resolution = 10
	}
	if o.Origins == 0 {
		o.Origins = protocol
	}
	if o.Horizons == nil {
		o.Horizons = []int{7, 14, 30, 31, 60, 90}
	}
	if o.Offsets == 0 {
		o.Offsets = 64
	}
}

// Backtest plays the past again: from weekly origins on, every model forecasts every horizon, every budget is spent, and
// the nested choice is made at each origin by the origins whose period had passed by then.
func Backtest(ctx context.Context, events []Event, o BacktestOptions) (*Report, error) {
	o.fill()
	if len(events) < leastEvents {
		return nil, fmt.Errorf("%w: %d events; at least %d are needed", ErrFew, len(events), leastEvents)
	}
	events, stray := withoutStrays(events)
	first, last := events[0].Day, events[len(events)-1].Day
	longest := slices.Max(o.Horizons)
	weeks := o.Origins + (longest+week-1)/week - 1
	origins := judge.Origins(first, last+1-week, week, weeks+warmUp)
	// The first origin needs a past.
	for len(origins) > 0 && origins[0] < first+2*leastDays {
		origins = origins[1:]
	}
	if len(origins) < 8 {
		return nil, fmt.Errorf("%w: from %s to %s only %d weekly origins have a past of %d days; at least 8 are needed", ErrFew,
			judge.DateOf(first).Format("2006-01-02"), judge.DateOf(last).Format("2006-01-02"), len(origins), 2*leastDays)
	}
	grid, err := NewHex(o.Resolution, o.Territory, Positions(events, origins[0]))
	if err != nil {
		return nil, err
	}
	p, err := newPast(events, grid, last+1)
	if err != nil {
		return nil, err
	}
	r := &Report{
		Stray: stray, Events: len(p.cell), Outside: p.outside, First: date(first), Last: date(last), Resolution: o.Resolution,
		Places: len(grid.IDs), WholeKm2: grid.Whole() / 1e6, Open: grid.Open, Refit: refit, Columns: columnNames(),
	}
	for _, m := range Contenders() {
		r.Models = append(r.Models, Variant(m))
	}
	if len(p.cell) < leastEvents {
		return nil, fmt.Errorf("%w: %d events in the territory, %d outside; at least %d are needed", ErrFew, len(p.cell), p.outside, leastEvents)
	}
	walk, err := p.walk(ctx, origins, last, o)
	if err != nil {
		return nil, err
	}
	missed := lost(events, grid)
	for k, days := range o.Horizons {
		if h := p.horizon(walk, k, days, o, missed); h != nil {
			r.Horizons = append(r.Horizons, *h)
		}
	}
	if o.Offsets > 0 {
		if r.Squares, err = BacktestSquares(ctx, events, o); err != nil {
			return nil, err
		}
	}
	r.judge()
	return r, nil
}

func date(d judge.Day) string { return judge.DateOf(d).Format("2006-01-02") }

// withoutStrays are the events by day, without the few (under 1 in 100) that lie more than a year before or after all
// others: dates that nobody can have meant.
func withoutStrays(events []Event) (kept []Event, stray int) {
	kept = slices.Clone(events)
	slices.SortStableFunc(kept, func(a, b Event) int { return cmp.Compare(a.Day, b.Day) })
	few, all := len(kept)/100, len(kept)
	for k := few; k > 0; k-- {
		if kept[len(kept)-k].Day-kept[len(kept)-k-1].Day > 366 {
			kept = kept[:len(kept)-k]
			break
		}
	}
	for k := few; k > 0; k-- {
		if kept[k].Day-kept[k-1].Day > 366 {
			kept = kept[k:]
			break
		}
	}
	return kept, all - len(kept)
}

// lost are the days of the events that lie in no place: they happened, and nobody could have hit them.
func lost(events []Event, grid *Grid) []judge.Day {
	var out []judge.Day
	for _, e := range events {
		if grid.Locate(e.Point) < 0 {
			out = append(out, e.Day)
		}
	}
	return out
}

func missedIn(missed []judge.Day, from judge.Day, days int) float64 {
	n := 0.
	for _, d := range missed {
		if d >= from && d < from+judge.Day(days) {
			n++
		}
	}
	return n
}

// step is what one origin of a walk gives: a trial for each horizon, and the values of the models that may be chosen.
type step struct {
	trials []*trial // by horizon; nil where its period is not over
	scored *scored
}

// walk lets models that were learnt every refit days forecast from each origin.
func (p *past) walk(ctx context.Context, origins []judge.Day, last judge.Day, o BacktestOptions) ([]step, error) {
	var cuts []judge.Day
	for _, d := range origins {
		if len(cuts) == 0 || d-cuts[len(cuts)-1] >= refit {
			cuts = append(cuts, d)
		}
	}
	models, err := judge.Walk(ctx, cuts, o.Workers, o.Report, "learn", func(_ context.Context, d judge.Day) (*trained, error) { return p.train(d, true), nil })
	if err != nil {
		return nil, err
	}
	_, areas := usableBudgets(p.grid, o.Budgets)
	return judge.Walk(ctx, origins, o.Workers, o.Report, "forecast", func(_ context.Context, d judge.Day) (step, error) {
		k, exact := slices.BinarySearch(cuts, d)
		if !exact {
			k--
		}
		s := step{scored: p.score(models[k], d, slices.Max(areas), true)}
		for _, days := range o.Horizons {
			var t *trial
			if d+judge.Day(days) <= last+1 {
				t = p.judge(s.scored, days, areas, true)
			}
			s.trials = append(s.trials, t)
		}
		s.scored.order = nil
		for _, m := range Contenders() {
			if m.Baseline {
				delete(s.scored.daily, m.Name)
			}
		}
		s.scored.compact()
		return s, nil
	})
}

// horizon sums up one horizon over its last origins.
func (p *past) horizon(walk []step, k, days int, o BacktestOptions, missed []judge.Day) *Horizon {
	var trials []*trial
	var steps []step
	for _, s := range walk {
		if t := s.trials[k]; t != nil {
			t.total += missedIn(missed, t.origin, days)
			trials, steps = append(trials, t), append(steps, s)
		}
	}
	from := max(len(trials)-o.Origins, 0)
	if len(trials)-from < 4 {
		return nil
	}
	h := &Horizon{Days: days, Origins: len(trials) - from, From: date(trials[from].origin), To: date(trials[len(trials)-1].origin)}
	for _, t := range trials[from:] {
		h.Thefts += t.total
	}
	budgets, areas := usableBudgets(p.grid, o.Budgets)
	models := Contenders()
	headline := make([]string, len(trials))
	var first, others []*Score // the nested choices are one family of tests, all other models another
	for b := range budgets {
		picks := make([]int, len(trials))
		for i, t := range trials {
			picks[i] = pick(finished(trials[:i], t.origin), b)
			if budgets[b].Name == Headline || b == len(budgets)-1 && headline[i] == "" {
				headline[i] = models[picks[i]].Name
			}
		}
		result := BudgetResult{Budget: budgets[b].Name, Km2: areas[b] / 1e6, Picked: map[string]int{}}
		for _, m := range picks[from:] {
			result.Picked[models[m].Name]++
		}
		result.Rows = append(result.Rows, p.row(Chosen, trials[from:], b, days, o.Seed, func(i int) int { return picks[from+i] }))
		for m := range models {
			if trials[len(trials)-1].hits[m] != nil {
				result.Rows = append(result.Rows, p.row(models[m].Name, trials[from:], b, days, o.Seed, func(int) int { return m }))
			}
		}
		h.Budgets = append(h.Budgets, result)
		for i := range result.Rows {
			switch result.Rows[i].Model {
			case Chosen:
				first = append(first, &result.Rows[i])
			case Count:
			default:
				others = append(others, &result.Rows[i])
			}
		}
	}
	holm(first)
	holm(others)
	p.calibrated(h, steps, trials, from, headline)
	return h
}

func holm(scores []*Score) {
	values := make([]float64, len(scores))
	for i, s := range scores {
		values[i] = s.P
	}
	for i, v := range judge.Holm(values) {
		scores[i].P = v
	}
}

// row is how a model, or a choice of models, did with one budget.
func (p *past) row(name string, trials []*trial, budget, days int, seed uint64, of func(i int) int) Score {
	s := Score{Model: name, P: -1}
	var total, used, best float64
	model, count := make([]float64, 0, len(trials)), make([]float64, 0, len(trials))
	for i, t := range trials {
		m := of(i)
		if t.hits[m] == nil {
			m = 0
		}
		s.Hits += t.hits[m][budget]
		total, used, best = total+t.total, used+t.used[m][budget], best+t.best[budget]
		if t.total > 0 {
			model, count = append(model, t.hits[m][budget]/t.total), append(count, t.hits[0][budget]/t.total)
		}
	}
	s.Used = used / float64(len(trials)) / p.grid.Whole()
	s.PAI = judge.PAI(s.Hits, total, s.Used, 1)
	s.PEI = judge.PEI(s.Hits, best)
	if total > 0 {
		s.Share = s.Hits / total
	}
	if name != Count && len(model) > 1 {
		d := judge.Paired(model, count, min(max(2*days/week, 4), max(len(model)/4, 1)), choiceDraws, seed)
		s.Diff, s.Low, s.High, s.P = d.Mean, d.Low, d.High, d.P
	}
	return s
}

// judge says in one sentence what the back-test found.
func (r *Report) judge() {
	r.Verdict = "no usable signal: too few origins"
	for _, h := range r.Horizons {
		if h.Days != 30 && len(r.Horizons) > 1 {
			continue
		}
		for _, b := range h.Budgets {
			if b.Budget != Headline {
				continue
			}
			c, base := b.Rows[0], b.Rows[1]
			r.Usable = c.Low > 0 // one area and horizon, fixed in advance: one test
			r.Verdict = fmt.Sprintf("over %d days, %s of the area held %.1f %% of the thefts, %.1f %% by the count of the past (difference %.1f points, 95 %% %.1f to %.1f, p %.3f after Holm)",
				h.Days, b.Budget, 100*c.Share, 100*base.Share, 100*c.Diff, 100*c.Low, 100*c.High, c.P)
			if !r.Usable {
				r.Verdict = "no usable signal beyond the count of the past: " + r.Verdict
			}
		}
	}
}
