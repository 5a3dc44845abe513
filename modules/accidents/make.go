package accidents

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/predict/roadrisk"
	"vigie/progress"
)

// outlook is what a surface says of a period.
type outlook struct {
	in       *input
	surface  *roadrisk.Surface
	years    []roadrisk.Period // learnt from
	share    float64           // of a year's accidents, in the period
	level    float64           // of the period's year against those learnt from
	variance float64           // relative, of a year around its level
	weights  roadrisk.Weights
	severity bool
}

// lookOut learns from years and looks at the period from one instant to another.
func (in *input) lookOut(ctx context.Context, years []roadrisk.Period, from, to time.Time, severity bool) (*outlook, error) {
	o := &outlook{in: in, years: years, weights: roadrisk.One()}
	var err error
	if o.surface, err = in.build(ctx, in.accidents, years, roadrisk.Model{Counts: !severity}); err != nil {
		return nil, err
	}
	o.severity = severity && o.surface.Report.Weighted
	if o.severity {
		var known []roadrisk.Placed
		for _, p := range years {
			known = append(known, in.place(in.accidents, p).Accidents...)
		}
		o.weights = roadrisk.WeightsOf(known)
	}
	months, err := season(in.accidents, years, in.zone)
	if err != nil {
		return nil, err
	}
	o.share = shareOf(months, from, to, in.zone)
	h := history{years: years}
	o.level, o.variance = level(h.counts(in.accidents))
	return o, nil
}

// probabilities of the prediction intervals, with the median in the middle.
func probabilities() []float64 { return []float64{0.025, 0.1, 0.5, 0.9, 0.975} }

// values are the forecasts of all places of the territory, in their order; place numbers go with them.
func (o *outlook) values(ctx context.Context) (list []forecast.Value, numbers []int, err error) {
	tilted := map[int32]roadrisk.Weights{}
	for i := range o.in.list {
		if i%4096 == 0 && ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		if o.in.inside != nil && !o.in.inside[i] {
			continue
		}
		s, g := o.surface, o.surface.Profile[i]
		mean := s.Counts[i] * o.share * o.level
		w := o.weights
		if o.severity && s.Counts[i] > 0 {
			known, there := tilted[g]
			if !there {
				known = w.Tilted(s.Expected[i] / s.Counts[i])
				tilted[g] = known
			}
			w = known
		}
		q := w.Quantiles(mean, 1/(1/s.Shape[i]+o.variance), probabilities())
		v := forecast.Value{
			Cell: o.in.list[i].cell, Place: o.in.list[i].id, Label: o.in.list[i].label, Area: o.in.list[i].area,
			Expected: s.Expected[i] * o.share * o.level, Low95: q[0], Low80: q[1], Median: q[2], High80: q[3], High95: q[4], LastYear: -1, Profile: int(g),
		}
		if o.in.network != nil {
			v.Geometry = o.in.network.Lixels.List[i].Line
		}
		list, numbers = append(list, v), append(numbers, i)
	}
	return list, numbers, nil
}

// observed sums what happened on all places in a period: weights, or accidents where severity does not count.
func (in *input) observed(p roadrisk.Period, severity bool) []float64 {
	return amounts(in.place(in.accidents, p).Accidents, len(in.list), severity)
}

// amounts sums accidents by place. Where the outcome of one is unknown it has the mean weight of those that are known.
func amounts(accidents []roadrisk.Placed, places int, severity bool) []float64 {
	sum, known := 0.0, 0.0
	for i := range accidents {
		if accidents[i].Severity != geoengine.SeverityUnknown {
			sum, known = sum+accidents[i].Weight, known+1
		}
	}
	list := make([]float64, places)
	for i := range accidents {
		a, w := &accidents[i], 1.0
		if severity && known > 0 && sum > 0 {
			if w = a.Weight; a.Severity == geoengine.SeverityUnknown {
				w = sum / known
			}
		}
		list[a.Lixel] += w
	}
	return list
}

// forecast is the run.
func (in *input) forecast(ctx context.Context, spec forecast.Spec, end time.Time, report progress.Func) (*forecast.Result, error) {
	measure, err := chosen(&spec, optionMeasure, bySeverity, byAccidents)
	if err != nil {
		return nil, err
	}
	h, err := historyOf(in.accidents, spec.Until, in.zone)
	if err != nil {
		return nil, err
	}
	if len(h.years) == 0 {
		return nil, fmt.Errorf("accidents: no year before %s has an accident with somebody hurt: %w", spec.Until.Format(time.DateOnly), geoengine.ErrInvalid)
	}
	const steps = 3
	tell := func(done int64) { report.Report(progress.Update{Task: "accidents", Done: done, Total: steps}) }
	tell(0)
	o, err := in.lookOut(ctx, h.years, spec.Until, end, measure == bySeverity)
	if err != nil {
		return nil, err
	}
	result := &forecast.Result{Place: forecast.Lixels, From: spec.Until, To: end, Profiles: o.surface.Profiles}
	if in.network == nil {
		result.Place = forecast.Cells
	}
	tell(1)
	var numbers []int
	if result.Values, numbers, err = o.values(ctx); err != nil {
		return nil, err
	}
	in.fill(result, numbers, h, o)
	tell(2)
	if result.Card, err = in.card(ctx, h, o, spec.Seed); err != nil {
		return nil, err
	}
	tell(steps)
	return result, nil
}

// fill says when, what happened a year before, what the count of the past expects, and ranks.
func (in *input) fill(result *forecast.Result, numbers []int, h *history, o *outlook) {
	counts, length, mean := make([]float64, len(in.list)), 0.0, 1.0
	for _, p := range h.years {
		for i, n := range in.observed(p, false) {
			counts[i] += n
		}
		length += p.To.Sub(p.From).Hours() / 24
	}
	if o.severity {
		mean = o.surface.Report.MeanWeight
	}
	before := roadrisk.Period{From: result.From.In(in.zone).AddDate(-1, 0, 0), To: result.To.In(in.zone).AddDate(-1, 0, 0)}
	var last []float64
	for _, p := range h.years {
		if !before.From.Before(p.From) && !before.To.After(p.To) {
			last = in.observed(before, o.severity)
		}
	}
	days := result.To.Sub(result.From).Hours() / 24
	order := make([]int, len(result.Values))
	for n := range result.Values {
		v := &result.Values[n]
		v.From, v.To = result.From, result.To
		v.Count = counts[numbers[n]] * mean * days / length
		if last != nil {
			v.LastYear = last[numbers[n]]
		}
		order[n] = n
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(result.Values[b].Expected, result.Values[a].Expected), cmp.Compare(a, b))
	})
	for rank, n := range order {
		result.Values[n].Rank = rank + 1
	}
}
