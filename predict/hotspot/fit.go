package hotspot

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"vigie/predict/judge"
	"vigie/progress"
)

// Options of Fit and Backtest.
type Options struct {
	Workers int           // at most; 0 is GOMAXPROCS
	Seed    uint64        // of the bootstrap of the choice
	Budgets []Budget      // Budgets() if nil
	Report  progress.Func // may be nil
}

// Fitted is a forecast made on the morning of a day: what every place expects, chosen and calibrated by the past.
type Fitted struct {
	Grid    *Grid
	Until   judge.Day // only what was known before it was used; the forecast begins with it
	Events  int       // known and on the grid
	Outside int       // in no place of the grid, known or not
	Later   int       // not known on Until
	First   judge.Day // of the known events
	Last    judge.Day
	Choices []Choice // of each budget that the territory is large enough for
	// Usable is whether the model of the headline budget (or of the largest there is) beats the count of the past. If not,
	// what is forecast is that count.
	Usable      bool
	Model       string      // whose values are forecast
	Reliability []judge.Bin // of past forecasts for 30 days, by classes of the same number of expected thefts
	Expected    float64     // observed over expected is 1 if calibration is right: sums over the past origins
	Observed    float64

	daily map[string][]float64 // of the models that are used, calibrated
	shape float64
	count []float64
}

// CellForecast is the forecast of one place over a horizon.
type CellForecast struct {
	Cell  uint64
	Mean  float64 // thefts expected
	Shape float64 // of the gamma mixture: the count is negative binomial with Var = Mean + Mean²/Shape; +Inf is Poisson
	Count float64 // thefts that the count of the past expects
	Rank  int32   // 1 is the first by expected thefts per area
}

// horizon over which models are compared and calibrated, and how far past origins lie apart within Fit.
const (
	choiceDays   = 30
	choiceStep   = 35
	mostChoices  = 24
	leastChoices = 4
)

// Fit learns from the events known before until and forecasts from until on. It fails with ErrFew where that would be a
// guess, and with ErrInvalid where an event has no position.
func Fit(ctx context.Context, events []Event, grid *Grid, until judge.Day, o Options) (*Fitted, error) {
	known, later := make([]Event, 0, len(events)), 0
	for _, e := range events {
		if e.known() >= until {
			later++
			continue
		}
		known = append(known, e)
	}
	p, err := newPast(known, grid, until)
	if err != nil {
		return nil, err
	}
	f := &Fitted{Grid: grid, Until: until, Events: len(p.cell), Outside: p.outside, Later: later}
	if len(p.cell) < leastEvents {
		return nil, fmt.Errorf("%w: %d events known before %s in this territory (%d outside, %d later); at least %d are needed", ErrFew,
			len(p.cell), judge.DateOf(until).Format("2006-01-02"), p.outside, later, leastEvents)
	}
	f.First, f.Last = p.first, p.day[p.byDay[len(p.byDay)-1]]
	if until-f.First < leastDays {
		return nil, fmt.Errorf("%w: the first event is %d days before the forecast; at least %d are needed", ErrFew, until-f.First, leastDays)
	}
	budgets, areas := usableBudgets(grid, o.Budgets)
	trials, last, err := p.rehearse(ctx, until, areas, o)
	if err != nil {
		return nil, err
	}
	f.Choices = choices(trials, budgets, grid.Whole(), o.Seed)
	f.finish(p, trials, last)
	return f, nil
}

// usableBudgets are those for which the territory is large enough; the largest share of it otherwise.
func usableBudgets(grid *Grid, wanted []Budget) (budgets []Budget, areas []float64) {
	if wanted == nil {
		wanted = Budgets()
	}
	for _, b := range wanted {
		if area, ok := b.on(grid.Whole()); ok {
			budgets, areas = append(budgets, b), append(areas, area)
		}
	}
	return budgets, areas
}

// rehearse plays the past: models learnt at a few days are judged at the origins that follow. The last ones are learnt at
// until.
func (p *past) rehearse(ctx context.Context, until judge.Day, areas []float64, o Options) ([]*trial, *trained, error) {
	var origins []judge.Day
	for d := until - choiceDays; len(origins) < mostChoices && d-p.first >= leastDays*2; d -= choiceStep {
		origins = append(origins, d)
	}
	slices.Reverse(origins)
	if len(origins) < leastChoices {
		origins = nil
	}
	// Models are learnt at the first origin and at the middle one.
	cuts := []judge.Day{until}
	if len(origins) > 0 {
		cuts = append(cuts, origins[0], origins[len(origins)/2])
	}
	models, err := judge.Walk(ctx, cuts, o.Workers, o.Report, "learn", func(_ context.Context, d judge.Day) (*trained, error) { return p.train(d, false), nil })
	if err != nil {
		return nil, nil, err
	}
	trials, err := judge.Walk(ctx, origins, o.Workers, o.Report, "rehearse", func(_ context.Context, d judge.Day) (*trial, error) {
		t := models[1]
		if d >= cuts[2] {
			t = models[2]
		}
		return p.judge(p.score(t, d, slices.Max(areas), false), choiceDays, areas, false), nil
	})
	return trials, models[0], err
}

// finish computes the values of the models in use.
func (f *Fitted) finish(p *past, trials []*trial, t *trained) {
	all := p.daily(t, p.at(f.Until), false)
	f.daily = map[string][]float64{}
	for i, c := range f.Choices {
		if all[c.Model] == nil { // it could not be learnt at the end of the past
			f.Choices[i].Model, f.Choices[i].Usable = Count, false
		}
		f.daily[f.Choices[i].Model] = all[f.Choices[i].Model]
	}
	f.daily[Count] = all[Count]
	f.Model = Count
	if k := headlineOf(f.Choices); k >= 0 && f.Choices[k].Usable {
		f.Model, f.Usable = f.Choices[k].Model, true
	}
	f.shape = math.Inf(1)
	for name, values := range f.daily {
		cal := calibrate(trials, name, f.Until)
		out := make([]float64, len(values))
		for i, v := range values {
			out[i] = cal.apply(v)
		}
		f.daily[name] = out
		if name == f.Model && cal.alpha > 0 {
			f.shape = 1 / cal.alpha
		}
	}
	f.count = f.daily[Count]
	f.Reliability, f.Expected, f.Observed = reliability(trials, f.Model)
}

// headlineOf is the choice of the headline budget, or the last one; −1 of none.
func headlineOf(choices []Choice) int {
	if k := slices.IndexFunc(choices, func(c Choice) bool { return c.Budget == Headline }); k >= 0 {
		return k
	}
	return len(choices) - 1
}

// reliability is that of trials, each calibrated by those that had passed by its origin.
func reliability(trials []*trial, model string) ([]judge.Bin, float64, float64) {
	var forecast, observed []float64
	var weight []float64
	for _, t := range trials {
		before := finished(trials, t.origin)
		if len(before) < leastChoices || t.bins[model] == nil {
			continue
		}
		cal := calibrate(before, model, t.origin)
		for _, c := range t.bins[model] {
			if c.n > 0 {
				daily := c.f / c.n / float64(t.days)
				forecast = append(forecast, cal.apply(daily)*float64(t.days))
				observed, weight = append(observed, c.y/c.n), append(weight, c.n)
			}
		}
	}
	return weightedBins(forecast, observed, weight, 10)
}

// weightedBins are classes of as much expected each, of forecasts that stand for several places each.
func weightedBins(forecast, observed, weight []float64, bins int) ([]judge.Bin, float64, float64) {
	order := make([]int, len(forecast))
	mass, happened := 0., 0.
	for i := range order {
		order[i] = i
		mass += forecast[i] * weight[i]
		happened += observed[i] * weight[i]
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if forecast[a] < forecast[b] {
			return -1
		}
		if forecast[a] > forecast[b] {
			return 1
		}
		return 0
	})
	var out []judge.Bin
	var f, y, n, sum float64
	for _, i := range order {
		f, y, n = f+forecast[i]*weight[i], y+observed[i]*weight[i], n+weight[i]
		sum += forecast[i] * weight[i]
		if sum >= mass*float64(len(out)+1)/float64(bins)-1e-9 && n > 0 {
			out = append(out, judge.Bin{Forecast: f / n, Observed: y / n, N: int(n)})
			f, y, n = 0, 0, 0
		}
	}
	return out, mass, happened
}

// Forecast is what is expected in each place, by place ascending, in so many days from Until on.
func (f *Fitted) Forecast(days int) []CellForecast {
	out := make([]CellForecast, len(f.Grid.IDs))
	values := f.daily[f.Model]
	for i, id := range f.Grid.IDs {
		out[i] = CellForecast{Cell: id, Mean: values[i] * float64(days), Shape: f.shape, Count: f.count[i] * float64(days)}
	}
	for k, i := range judge.Rank(values, f.Grid.Areas) {
		out[i].Rank = int32(k + 1)
	}
	return out
}

// Flagged are the places that a budget of Choices points out, the first first, as indices of the grid.
func (f *Fitted) Flagged(c Choice) []int32 {
	values := f.daily[c.Model]
	if values == nil {
		return nil
	}
	order, used := judge.Rank(values, f.Grid.Areas), 0.
	for k, i := range order {
		if used += f.Grid.Areas[i]; used > c.Area {
			return order[:k]
		}
	}
	return order
}

// Positions are those of events, for a grid of a territory that nobody has drawn: only of those known before a day.
func Positions(events []Event, until judge.Day) []orb.Point {
	var out []orb.Point
	for _, e := range events {
		if e.known() < until {
			out = append(out, e.Point)
		}
	}
	return out
}
