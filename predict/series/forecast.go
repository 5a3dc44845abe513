package series

import (
	"fmt"
	"math"
	"time"

	"vigie/predict"
)

// Forecast is the distribution of the calls of one place and kind in one period.
type Forecast struct {
	Place  string // "" is all places
	Kind   string // "" is all kinds
	Step   string // Hourly, Daily or Weekly
	From   time.Time
	To     time.Time
	Mean   float64
	Median float64 // a whole number: the smallest that is not exceeded in half of cases
	Low50  float64 // bounds of the middle 50, 80 and 95 %, on the scale of Covered
	High50 float64
	Low80  float64
	High80 float64
	Low95  float64
	High95 float64

	count  count
	spread *spread
}

// Quantile is below what the calls lie with probability p, on the scale of Covered.
func (f *Forecast) Quantile(p float64) float64 {
	return f.count.quantile(f.spread.bend.inverse(p))
}

// Whole is the smallest whole number that the calls do not exceed with probability p.
func (f *Forecast) Whole(p float64) int { return int(math.Floor(f.Quantile(p) + 0.5)) }

// AtMost is the probability of no more than so many calls.
func (f *Forecast) AtMost(calls int) float64 {
	if calls < 0 {
		return 0
	}
	_, upTo := f.count.both(calls)
	return f.spread.bend.at(upTo)
}

func newForecast(mean float64, s *spread) Forecast {
	f := Forecast{Mean: mean, count: count{mean, s.alpha}, spread: s}
	f.Median = float64(f.Whole(0.5))
	f.Low50, f.High50 = f.Quantile(0.25), f.Quantile(0.75)
	f.Low80, f.High80 = f.Quantile(0.1), f.Quantile(0.9)
	f.Low95, f.High95 = f.Quantile(0.025), f.Quantile(0.975)
	return f
}

// Forecast is of the hours after the end of the series: by place and kind, then hours, whole local days and whole weeks
// from the first midnight, each in the order of time. It fails beyond Options.Ahead.
func (f *Fitted) Forecast(hours int) ([]Forecast, error) {
	if hours < 1 || hours > f.ahead*24+1 {
		return nil, fmt.Errorf("series: %d hours ahead, can forecast 1 to %d: %w", hours, f.ahead*24+1, predict.ErrShape)
	}
	first := f.p.axis.begins[f.p.axis.days()]
	from, to := first+f.p.rest, min(first+f.p.rest+hours, len(f.long.local))
	var out []Forecast
	for i := range f.targets {
		means := f.comingHours(f.targets[i])
		out = f.each(out, i, means, Hourly, from, to)
		out = f.each(out, i, means, Daily, from, to)
		out = f.each(out, i, means, Weekly, from, to)
	}
	return out, nil
}

// each appends the forecasts of one step that lie within two hours of the axis.
func (f *Fitted) each(out []Forecast, at int, means []float64, step string, from, to int) []Forecast {
	t, n := f.targets[at], f.p.axis.days()
	first := f.long.begins[n]
	add := func(begin, end int, s *spread) {
		sum := 0.0
		for h := begin; h < end; h++ {
			sum += means[h-first]
		}
		one := newForecast(sum, s)
		one.Place, one.Kind, one.Step = t.place, t.kind, step
		one.From, one.To = f.long.time(begin), f.long.time(end)
		out = append(out, one)
	}
	if step == Hourly {
		for h := from; h < to; h++ {
			add(h, h+1, &f.spreads[at][hourly])
		}
		return out
	}
	size, kept := 1, daily1
	if step == Weekly {
		size, kept = week, weekly1
	}
	begin := n
	for f.long.begins[begin] < from {
		begin++
	}
	for d := begin; d+size <= f.long.days() && f.long.begins[d+size] <= to; d += size {
		add(f.long.begins[d], f.long.begins[d+size], &f.spreads[at][kept+min((d-n)/week, leads-1)])
	}
	return out
}

// comingHours are the means of the hours after the last whole day.
func (f *Fitted) comingHours(t target) []float64 {
	n := f.p.axis.days()
	first := f.long.begins[n]
	means := make([]float64, f.long.begins[f.long.days()]-first)
	for _, r := range t.rows {
		profile := f.profile(r)
		for d := n; d < f.long.days(); d++ {
			f.long.spread(profile, d, f.coming[r][d-n], means[f.long.begins[d]-first:])
		}
	}
	return means
}
