package firestations

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"vigie/geoengine/forecast"
	"vigie/module/forecasting"
	"vigie/predict"
	"vigie/predict/judge"
	"vigie/predict/series"
	"vigie/progress"
)

// hoursShown is how far the forecast by hours reaches.
const hoursShown = 48

// calendar is what the model knows of days.
func (in *input) calendar() series.Calendar {
	return series.Calendar{Zone: in.zone, Holidays: in.days.holidays, School: in.days.school, Weather: in.days.weather}
}

// ahead is for how many days after the series weather must be known to be used.
func (in *input) ahead(to time.Time) int {
	return max(1, int(judge.DayOf(to.In(in.zone))-judge.DayOf(in.end)))
}

// makeRun is the Make of the forecaster.
func makeRun(ctx context.Context, given forecasting.Input, spec forecast.Spec, report progress.Func) (*forecast.Result, error) {
	in, ok := given.(*input)
	if !ok {
		return nil, fmt.Errorf("an input of %T is not of fire stations", given)
	}
	r := &forecast.Result{From: in.from, To: midnights(in.from, horizonDays(spec.Horizon)), Place: forecast.Units}
	report.Report(progress.Update{Task: "fit", Total: 2})
	options := series.Options{Ahead: in.ahead(r.To)}
	fitted, err := series.Fit(ctx, in.series, in.calendar(), options)
	if err != nil {
		return nil, refused(err)
	}
	forecasts, err := fitted.Forecast(int(r.To.Sub(in.end).Hours()))
	if err != nil {
		return nil, refused(err)
	}
	report.Report(progress.Update{Task: "judge by the past", Done: 1, Total: 2})
	verdict, err := in.judge(ctx, options)
	if err != nil {
		return nil, err
	}
	past := newPast(in)
	for i := range forecasts {
		if f := &forecasts[i]; f.Place != "" && !f.From.Before(r.From) && (f.Step != series.Hourly || f.From.Before(r.From.Add(hoursShown*time.Hour))) {
			r.Values = append(r.Values, in.value(f, past))
		}
	}
	rank(r.Values)
	r.Card = in.card(fitted, verdict)
	return r, ctx.Err()
}

// horizonDays are the days of a horizon; the longest for what is none.
func horizonDays(name string) int {
	if name == "P7D" {
		return 7
	}
	return 14
}

// refused makes what the model refuses the caller's business: too short a history, or none.
func refused(err error) error {
	if errors.Is(err, predict.ErrEmpty) || errors.Is(err, predict.ErrShape) {
		return wrong("areas", "Les appels connus ne suffisent pas à une prévision.", "The calls that are known do not do for a forecast: "+err.Error()+".")
	}
	return err
}

// value writes a forecast as a value. Its median and bounds are on the scale of series.Covered.
func (in *input) value(f *series.Forecast, past *past) forecast.Value {
	p := &in.places[slices.IndexFunc(in.places, func(p place) bool { return p.ID == f.Place })]
	v := forecast.Value{
		Place: p.ID, Label: p.Label, Area: p.Area, Kind: f.Kind, From: f.From, To: f.To, Expected: f.Mean, Median: f.Quantile(0.5),
		Low50: f.Low50, High50: f.High50, Low80: f.Low80, High80: f.High80, Low95: f.Low95, High95: f.High95, Profile: -1,
	}
	v.LastYear = past.shifted(f, -yearDays)
	weeks := 1
	for f.To.AddDate(0, 0, -7*weeks).After(in.end) {
		weeks++
	}
	v.Count = max(past.shifted(f, -7*weeks), 0)
	if p.Point != nil {
		v.Geometry = *p.Point
	}
	return v
}

// yearDays go back to the same weekday of a year before.
const yearDays = 364

// rank gives each value its rank among the places of its kind and period, the most calls first.
func rank(values []forecast.Value) {
	groups := map[string][]int{}
	for i := range values {
		v := &values[i]
		key := fmt.Sprintf("%s %d %d", v.Kind, v.From.Unix(), v.To.Unix())
		groups[key] = append(groups[key], i)
	}
	for _, group := range groups {
		slices.SortStableFunc(group, func(a, b int) int {
			if values[a].Expected != values[b].Expected {
				if values[a].Expected > values[b].Expected {
					return -1
				}
				return 1
			}
			if values[a].Place < values[b].Place {
				return -1
			}
			return 1
		})
		for n, i := range group {
			values[i].Rank = n + 1
		}
	}
}

// past counts what happened before, by place and kind.
type past struct {
	in     *input
	counts map[[2]string][]int32 // by hour from in.start; all kinds under ""
}

func newPast(in *input) *past {
	p := &past{in, map[[2]string][]int32{}}
	for i := range in.series {
		s := &in.series[i]
		p.counts[[2]string{s.Place, s.Kind}] = s.Counts
		all := p.counts[[2]string{s.Place, ""}]
		if all == nil {
			all = make([]int32, len(s.Counts))
			p.counts[[2]string{s.Place, ""}] = all
		}
		if s.Kind != "" {
			for h, n := range s.Counts {
				all[h] += n
			}
		}
	}
	return p
}

// shifted counts the calls in the period of a forecast so many local days away; −1 where they are not all known.
func (p *past) shifted(f *series.Forecast, days int) float64 {
	from, to := f.From.In(p.in.zone).AddDate(0, 0, days), f.To.In(p.in.zone).AddDate(0, 0, days)
	first, last := int(from.Sub(p.in.start).Hours()), int(to.Sub(p.in.start).Hours())
	counts := p.counts[[2]string{f.Place, f.Kind}]
	if from.Before(p.in.start) || last > len(counts) || first > last {
		return -1
	}
	for day := judge.DayOf(from); day < judge.DayOf(to.Add(-time.Second))+1; day++ {
		if at := int(day - judge.DayOf(p.in.start)); at < len(p.in.missing) && p.in.missing[at] {
			return -1
		}
	}
	sum := 0.0
	for _, n := range counts[first:last] {
		sum += float64(n)
	}
	return sum
}
