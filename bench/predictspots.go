package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"vigie/predict/hotspot"
	"vigie/predict/judge"
	"vigie/progress"
)

// theftCase is one set of thefts to forecast.
type theftCase struct {
	name    string
	grid    *hotspot.Grid
	events  []hotspot.Event
	last    judge.Day                                // after the data
	truth   func(from judge.Day, days int) []float64 // nil where the law is not known
	origins []judge.Day                              // at which forecasts are compared
}

const (
	theftDays = 28   // of the forecasts that are compared
	theftMost = 0.05 // of the area: the budget at which they are
)

// theftHorizons are days.
func theftHorizons() []int { return []int{7, 14, 30, 60, 90} }

// theftCaseOf is about a made-up city.
func theftCaseOf(name string, town *theftTown, resolution, origins int) (*theftCase, error) {
	grid, err := hotspot.NewHex(resolution, town.outline(), nil)
	if err != nil {
		return nil, err
	}
	last := town.first + judge.Day(town.days)
	return &theftCase{name, grid, town.events, last, func(from judge.Day, days int) []float64 { return town.truth(grid, from, days) },
		judge.Origins(town.first, last-theftDays, theftDays, origins)}, nil
}

// spent is what work took, in seconds: by the clock, and of all cores together.
type spent struct{ clock, processor float64 }

// forecast learns from all that was known on a morning and forecasts some horizons; it gives the expected numbers of each
// and what it took.
func (c *theftCase) forecast(ctx context.Context, until judge.Day, horizons []int, options Options) ([][]float64, spent, error) {
	begun, used := time.Now(), processor()
	fitted, err := hotspot.Fit(ctx, c.events, c.grid, until, hotspot.Options{Seed: options.Seed})
	if err != nil {
		return nil, spent{}, err
	}
	made := make([][]hotspot.CellForecast, len(horizons))
	for k, h := range horizons {
		made[k] = fitted.Forecast(h)
	}
	took := spent{time.Since(begun).Seconds(), processor() - used}
	means := make([][]float64, len(horizons))
	for k := range made {
		for _, f := range made[k] {
			means[k] = append(means[k], f.Mean)
		}
	}
	return means, took, nil
}

// speed is how long five horizons take, the median of some runs: by the clock, and of both cores together.
func (c *theftCase) speed(ctx context.Context, runs int, limit float64, options Options) ([]Result, error) {
	var clock, both []float64
	for k := range runs {
		options.Progress.Report(progress.Update{Task: c.name, Unit: "runs", Done: int64(k), Total: int64(runs)})
		_, took, err := c.forecast(ctx, c.last, theftHorizons(), options)
		if err != nil {
			return nil, err
		}
		clock, both = append(clock, took.clock), append(both, took.processor)
	}
	name := fmt.Sprintf("%s, %d places: learn, choose and forecast 5 horizons", c.name, len(c.grid.IDs))
	return []Result{Below(name, "s", median(clock), limit), Below(name+", processor time of two cores", "s", median(both), 2*limit)}, nil
}

// spotPeer is the answer of bench/peers/predictspots.py: base64 of scores by fold and horizon.
type spotPeer struct {
	Name    string     `json:"name"`
	Scores  [][]string `json:"scores"`
	Seconds []float64  `json:"seconds"`
}

// beside runs the peers on the same features, places and days, and judges all by the thefts in the best twentieth of the
// area.
func (c *theftCase) beside(ctx context.Context, options Options) ([]Result, error) {
	f := newTheftFeatures(c.grid, c.events)
	var folds []theftFold
	tally := newTheftTally(c.grid)
	seconds := 0.
	for k, origin := range c.origins {
		options.Progress.Report(progress.Update{Task: c.name + ": origins", Unit: "origins", Done: int64(k), Total: int64(len(c.origins))})
		folds = append(folds, f.fold(origin, []int{theftDays}))
		means, took, err := c.forecast(ctx, origin, []int{theftDays}, options)
		if err != nil {
			return nil, err
		}
		seconds += took.processor
		observed, total := f.happened(origin, theftDays)
		tally.begin(observed, total)
		tally.add("vigie", means[0])
		count, _ := f.counted(origin)
		tally.add("count of all the past", count)
		if c.truth != nil {
			tally.add("the law itself", c.truth(origin, theftDays))
		}
	}
	var peers []spotPeer
	if err := runPeer(ctx, "predictspots.py", map[string]any{"columns": theftColumns, "folds": folds}, &peers); errors.Is(err, errNoPeer) {
		options.Log.Warn("predict without scikit-learn and xgboost", "error", err)
	} else if err != nil {
		return nil, err
	}
	results := []Result{}
	for _, p := range peers {
		theirs := 0.
		for k := range c.origins {
			scores, ok := decoded(p.Scores[k][0], len(c.grid.IDs))
			if !ok {
				return nil, fmt.Errorf("%s: an answer of the wrong length", p.Name)
			}
			observed, total := f.happened(c.origins[k], theftDays)
			tally.at(k, observed, total)
			tally.add(p.Name, scores)
			theirs += p.Seconds[k]
		}
		results = append(results, Faster(fmt.Sprintf("%s: learn and forecast %d days, %d origins, processor time", c.name, theftDays, len(c.origins)), "s", seconds, theirs, p.Name, 1))
	}
	return append(results, tally.results(c.name, options)...), nil
}

// counted are the thefts known on a morning, by place.
func (f *theftFeatures) counted(origin judge.Day) (counts []float64, total float64) {
	counts = make([]float64, len(f.grid.IDs))
	for i, e := range f.events {
		if f.cell[i] >= 0 && e.Day < origin && e.Reported < origin {
			counts[f.cell[i]]++
			total++
		}
	}
	return counts, total
}
