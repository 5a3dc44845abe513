package series

import (
	"cmp"
	"slices"

	"vigie/predict/judge"
)

// summarise puts the verdicts together by group and step.
func (r *Report) summarise(all []verdict, groups func(*verdict) []string, o BacktestOptions) {
	type key struct{ group, step string }
	sorted := map[key][]verdict{}
	var keys []key
	for i := range all {
		for _, group := range groups(&all[i]) {
			k := key{group, all[i].step}
			if sorted[k] == nil {
				keys = append(keys, k)
			}
			sorted[k] = append(sorted[k], all[i])
		}
	}
	steps := []string{Daily, Hourly, Weekly}
	slices.SortFunc(keys, func(a, b key) int {
		return cmp.Or(-cmp.Compare(flag(a.group == "total"), flag(b.group == "total")), cmp.Compare(a.group, b.group),
			cmp.Compare(slices.Index(steps, a.step), slices.Index(steps, b.step)))
	})
	for _, k := range keys {
		r.Results = append(r.Results, together(k.group, k.step, sorted[k], o))
	}
}

// together is the result of a group: verdicts of its series, week after week.
func together(group, step string, all []verdict, o BacktestOptions) Result {
	r := Result{Group: group, Step: step}
	var sum verdict
	var series []verdict // of each series, all weeks
	at := map[[2]string]int{}
	model, naive := map[int]float64{}, map[int]float64{}
	var origins []int
	for i := range all {
		v := &all[i]
		sum.plus(v)
		k := [2]string{v.place, v.kind}
		j, ok := at[k]
		if !ok {
			j = len(series)
			at[k] = j
			series = append(series, verdict{scale: v.scale}) // of the first origin
		}
		series[j].plus(v)
		if _, ok := model[v.origin]; !ok {
			origins = append(origins, v.origin)
		}
		model[v.origin] += v.pinball
		naive[v.origin] += v.pinNaive
	}
	n := float64(max(sum.n, 1))
	levels := n * float64(len(Levels()))
	r.Series, r.N, r.Calls, r.Mean = len(series), sum.n, sum.calls/n, sum.mean/n
	r.Cover80, r.Cover95, r.Whole80, r.Whole95 = sum.cover80/n, sum.cover95/n, sum.whole80/n, sum.whole95/n
	r.Width80, r.Width95 = sum.width80/n, sum.width95/n
	r.Pinball, r.PinballNaive, r.PinballPoint, r.PinballUsual = sum.pinball/levels, sum.pinNaive/levels, sum.pinPoint/levels, sum.pinUsual/levels
	r.Gain, r.GainUsual = gain(sum.pinball, sum.pinNaive), gain(sum.pinball, sum.pinUsual)
	r.scaled(series)
	slices.Sort(origins)
	a, b := make([]float64, len(origins)), make([]float64, len(origins))
	for i, origin := range origins {
		each := levels / float64(len(origins))
		a[i], b[i] = model[origin]/each, naive[origin]/each
	}
	r.Difference = judge.Paired(a, b, 1, o.Draws, o.Seed)
	if step == Daily {
		for _, bin := range judge.Reliability(sum.means, sum.ys, 10) {
			r.Bins = append(r.Bins, Bin(bin))
		}
	}
	return r
}

// scaled sets what is a mean over series.
func (r *Result) scaled(series []verdict) {
	var errors, scales, with, judged float64
	for i := range series {
		v := &series[i]
		if v.scale > 0 {
			n := float64(v.n)
			r.MASE += v.errors / n / v.scale
			r.NaiveM += v.naive / n / v.scale
			r.Usual += v.usual / n / v.scale
			errors += v.errors / n
			scales += v.scale
			with++
		}
		if v.pinNaive > 0 {
			r.GainPerSeries += gain(v.pinball, v.pinNaive)
			r.Better += flag(v.pinball < v.pinNaive)
			judged++
		}
	}
	if with > 0 {
		r.MASE, r.NaiveM, r.Usual, r.Pooled = r.MASE/with, r.NaiveM/with, r.Usual/with, errors/scales
	}
	if judged > 0 {
		r.GainPerSeries, r.Better = r.GainPerSeries/judged, r.Better/judged
	}
}

// gain is the part of a loss that was saved; 0 where there was none to save.
func gain(loss, of float64) float64 {
	if of <= 0 {
		return 0
	}
	return 1 - loss/of
}

func (v *verdict) plus(w *verdict) {
	v.n += w.n
	v.calls += w.calls
	v.mean += w.mean
	v.errors += w.errors
	v.naive += w.naive
	v.usual += w.usual
	v.cover80 += w.cover80
	v.cover95 += w.cover95
	v.whole80 += w.whole80
	v.whole95 += w.whole95
	v.width80 += w.width80
	v.width95 += w.width95
	v.pinball += w.pinball
	v.pinNaive += w.pinNaive
	v.pinPoint += w.pinPoint
	v.pinUsual += w.pinUsual
	v.means, v.ys = append(v.means, w.means...), append(v.ys, w.ys...)
}
