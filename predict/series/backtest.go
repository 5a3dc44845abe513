package series

import (
	"context"
	"fmt"
	"runtime"
	"slices"

	"vigie/predict"
	"vigie/predict/judge"
	"vigie/progress"
)

// BacktestOptions say what is held out.
type BacktestOptions struct {
	Fit      Options
	Weeks    int                                         // held out, each forecast from the midnight before it; 8 by default
	Group    func(place string, perDay float64) []string // groups that a place counts for, by its calls a day before the weeks held out; nil: one group "place"
	Draws    int                                         // of the bootstrap; 2000 by default
	Seed     uint64
	Workers  int // origins fitted at once; as many as there are processors by default; the result is the same
	Progress progress.Func
}

// Backtest holds the last weeks out and forecasts each from all that was known before it. Nothing of the weeks held out
// is used to choose anything. The series must reach LeastDays beyond the weeks held out.
func Backtest(ctx context.Context, all []Series, cal Calendar, o BacktestOptions) (*Report, error) {
	if o.Weeks == 0 {
		o.Weeks = 8
	}
	if o.Draws == 0 {
		o.Draws = 2000
	}
	if o.Group == nil {
		o.Group = func(string, float64) []string { return []string{"place"} }
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	whole, err := newPanel(all, cal)
	if err != nil {
		return nil, err
	}
	days := whole.axis.days()
	first := days - o.Weeks*week
	if o.Weeks < 1 || first < LeastDays {
		return nil, fmt.Errorf("series: %d weeks held out of %d days leave fewer than %d to learn from: %w", o.Weeks, days, LeastDays, predict.ErrEmpty)
	}
	origins := judge.Origins(whole.axis.first+judge.Day(first), whole.axis.first+judge.Day(days-week), week, o.Weeks)
	made, err := judge.Walk(ctx, origins, o.Workers, o.Progress, "weeks held out", func(ctx context.Context, origin judge.Day) ([]verdict, error) {
		return replay(ctx, whole, all, int(origin-whole.axis.first), cal, o.Fit)
	})
	if err != nil {
		return nil, err
	}
	r := &Report{Model: o.Fit.Model, Weeks: o.Weeks, Days: first, Places: len(whole.places), Notes: whole.notes}
	if r.Model == "" {
		r.Model = Average
	}
	r.First = judge.DateOf(origins[0]).Format("2006-01-02")
	r.Last = judge.DateOf(whole.axis.first + judge.Day(days-1)).Format("2006-01-02")
	for _, t := range whole.total {
		for _, y := range t[whole.axis.begins[first]:] {
			r.Calls += int64(y)
		}
	}
	r.summarise(slices.Concat(made...), whole.groups(first, o), o)
	return r, nil
}

// groups are those of each place, with the rest of the options.
func (p *panel) groups(first int, o BacktestOptions) func(v *verdict) []string {
	calls := make([]float64, len(p.places))
	for _, r := range p.rows {
		for _, y := range r.days[:first] {
			calls[r.place] += y
		}
	}
	of := make(map[string][]string, len(calls))
	for i, place := range p.places {
		of[place] = o.Group(place, calls[i]/float64(first))
	}
	return func(v *verdict) []string {
		switch {
		case v.place == "" && v.kind == "":
			return []string{"total"}
		case v.place == "":
			return []string{"kind " + v.kind}
		case v.kind == "":
			return of[v.place]
		default:
			return nil // one kind of one place: in its place already
		}
	}
}

// verdict is how the forecasts of one series at one step did in one week.
type verdict struct {
	place, kind, step                                    string
	origin, n                                            int
	calls, mean                                          float64
	scale, errors, naive, usual                          float64 // sums of errors; the scale is a mean
	cover80, cover95, whole80, whole95, width80, width95 float64
	pinball, pinNaive, pinPoint, pinUsual                float64
	means, ys                                            []float64
}

// replay forecasts one week from the day before it.
func replay(ctx context.Context, whole *panel, all []Series, origin int, cal Calendar, o Options) ([]verdict, error) {
	end := whole.skip + whole.axis.begins[origin]
	before := make([]Series, len(all))
	for i, s := range all {
		s.Counts = s.Counts[:end]
		before[i] = s
	}
	f, err := Fit(ctx, before, cal, o)
	if err != nil {
		return nil, err
	}
	hours := whole.axis.begins[origin+week] - whole.axis.begins[origin]
	forecasts, err := f.Forecast(hours)
	if err != nil {
		return nil, err
	}
	var out []verdict
	at := 0
	for _, t := range f.targets {
		ys := f.hoursOf(whole, t)
		for _, step := range []string{Hourly, Daily, Weekly} {
			end := at
			for end < len(forecasts) && forecasts[end].Step == step && forecasts[end].Place == t.place && forecasts[end].Kind == t.kind {
				end++
			}
			v := verdict{place: t.place, kind: t.kind, step: step, origin: origin}
			v.judge(forecasts[at:end], whole, ys, origin)
			out, at = append(out, v), end
		}
	}
	return out, nil
}

// hoursOf are the calls of a target in all hours of the whole panel, those held out too.
func (f *Fitted) hoursOf(whole *panel, t target) []float64 {
	ys := make([]float64, len(whole.axis.local))
	for _, r := range t.rows {
		for h, y := range whole.rows[r].hours {
			ys[h] += float64(y)
		}
	}
	return ys
}

// judge compares the forecasts of one step with what came, and with the baselines.
func (v *verdict) judge(forecasts []Forecast, whole *panel, hours []float64, origin int) {
	ys, season, first := hours, 24*week, whole.axis.begins[origin]
	if v.step != Hourly {
		ys, season, first = sums(hours, whole.axis.begins), week, origin
	}
	if v.step == Weekly {
		skip := origin % week
		ys, season, first = weeksOf(ys[skip:]), 1, origin/week
	}
	v.scale, _ = judge.Scale(ys[:first], season)
	base := newBaseline(ys[:first], season)
	for i := range forecasts {
		fc, y := &forecasts[i], ys[first+i]
		v.add(fc, y)
		point := base.point(i)
		v.naive += abs(y - point)
		v.usual += abs(y - base.usual(i, 0.5))
		for _, q := range Levels() {
			v.pinball += judge.Pinball(q, y, float64(fc.Whole(q)))
			v.pinNaive += judge.Pinball(q, y, base.naive(i, q))
			v.pinPoint += judge.Pinball(q, y, point)
			v.pinUsual += judge.Pinball(q, y, base.usual(i, q))
		}
	}
}

// add counts one forecast.
func (v *verdict) add(f *Forecast, y float64) {
	v.n++
	v.calls += y
	v.mean += f.Mean
	v.errors += abs(y - f.Median)
	v.cover80 += Covered(int(y), f.Low80, f.High80)
	v.cover95 += Covered(int(y), f.Low95, f.High95)
	v.whole80 += within(y, f.Low80, f.High80)
	v.whole95 += within(y, f.Low95, f.High95)
	v.width80 += f.High80 - f.Low80
	v.width95 += f.High95 - f.Low95
	if f.Step == Daily {
		v.means, v.ys = append(v.means, f.Mean), append(v.ys, y)
	}
}

func within(y, low, high float64) float64 {
	from, to := Whole(low, high)
	return flag(float64(from) <= y && y <= float64(to))
}

func abs(x float64) float64 { return max(x, -x) }

func sums(hours []float64, begins []int) []float64 {
	out := make([]float64, len(begins)-1)
	for d := range out {
		for _, y := range hours[begins[d]:begins[d+1]] {
			out[d] += y
		}
	}
	return out
}

func weeksOf(days []float64) []float64 {
	out := make([]float64, len(days)/week)
	for w := range out {
		for _, y := range days[w*week : (w+1)*week] {
			out[w] += y
		}
	}
	return out
}
