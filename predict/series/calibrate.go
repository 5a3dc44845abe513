package series

import "context"

// like is how many scores of its like a series is mixed with.
const like = 200

// pair is a forecast of the past: its mean and what came.
type pair struct {
	mean float64
	y    int
}

// calibrate sets the spread of every target, step and distance from the forecasts of the past.
func (f *Fitted) calibrate(ctx context.Context) error {
	const pools = 12
	f.spreads = make([][steps]spread, len(f.targets))
	for step := range steps {
		own := make([]scores, len(f.targets))
		mine := make([]moments, len(f.targets))
		var theirs [pools]moments
		for i, t := range f.targets {
			for _, x := range f.pairs(t, step) {
				mine[i].add(float64(x.y), x.mean)
			}
			theirs[t.pool].over += mine[i].over
			theirs[t.pool].squares += mine[i].squares
		}
		var pooledScores [pools]scores
		for i, t := range f.targets {
			if err := ctx.Err(); err != nil {
				return err
			}
			alpha := mine[i].alpha(theirs[t.pool])
			f.spreads[i][step].alpha = alpha
			for _, x := range f.pairs(t, step) {
				below, upTo := count{x.mean, alpha}.both(x.y)
				own[i].add(below, upTo)
				pooledScores[t.pool].add(below, upTo)
			}
		}
		for i, t := range f.targets {
			f.spreads[i][step].bend = newBend(&own[i], &pooledScores[t.pool], like)
		}
	}
	return nil
}

// pairs are the forecasts of the past of a target for one step, and what came. Days without data are left out, and weeks
// that hold one.
func (f *Fitted) pairs(t target, step int) []pair {
	switch step {
	case hourly:
		means, ys := f.pastHours(t)
		return window(means, ys, f.hoursSeen(), 1)
	case daily1, daily2:
		means, ys := f.pastDays(t, step-daily1)
		return window(means, ys, f.daysSeen(step-daily1), 1)
	default:
		means, ys := f.pastDays(t, step-weekly1)
		return blocks(means, ys, f.daysSeen(step-weekly1), week)
	}
}

// pastDays are the means forecast lead weeks ahead and the calls of each day of the calibration.
func (f *Fitted) pastDays(t target, lead int) (means []float64, ys []int) {
	n := f.p.axis.days() - f.from
	means, ys = make([]float64, n), make([]int, n)
	for _, r := range t.rows {
		for d := range n {
			means[d] += f.past[lead][r][d]
			ys[d] += int(f.p.rows[r].days[f.from+d])
		}
	}
	return means, ys
}

// daysSeen are the days of the calibration that have data and a forecast lead weeks ahead.
func (f *Fitted) daysSeen(lead int) []bool {
	seen := append([]bool(nil), f.p.seen[f.from:]...)
	for d := range min(lead*week, len(seen)) {
		seen[d] = false
	}
	return seen
}

// pastHours are the means forecast one week ahead and the calls of each hour of the calibration.
func (f *Fitted) pastHours(t target) (means []float64, ys []int) {
	a := f.p.axis
	first := a.begins[f.from]
	n := a.begins[a.days()] - first
	means, ys = make([]float64, n), make([]int, n)
	for _, r := range t.rows {
		row := f.p.rows[r]
		profile := f.profile(r)
		for d := f.from; d < a.days(); d++ {
			a.spread(profile, d, f.past[0][r][d-f.from], means[a.begins[d]-first:])
		}
		for h := range ys {
			ys[h] += int(row.hours[first+h])
		}
	}
	return means, ys
}

func (f *Fitted) hoursSeen() []bool {
	a := f.p.axis
	seen := make([]bool, 0, a.begins[a.days()]-a.begins[f.from])
	for d := f.from; d < a.days(); d++ {
		for range a.begins[d+1] - a.begins[d] {
			seen = append(seen, f.p.seen[d])
		}
	}
	return seen
}

// profile of the hours of a row's week.
func (f *Fitted) profile(r int) []float64 {
	kind := f.p.rows[r].kind
	return f.pools[kind].hours[r-f.p.first[kind]]
}

// window sums every run of so many steps that was seen whole, the last step of each being any step.
func window(means []float64, ys []int, seen []bool, size int) []pair {
	out := make([]pair, 0, len(means))
	var now pair
	run := 0
	for i, ok := range seen {
		if !ok {
			now, run = pair{}, 0
			continue
		}
		now.mean, now.y, run = now.mean+means[i], now.y+ys[i], run+1
		if run > size {
			now.mean, now.y = now.mean-means[i-size], now.y-ys[i-size]
		}
		if run >= size {
			out = append(out, pair{max(now.mean, 0), now.y})
		}
	}
	return out
}

// blocks sums runs that do not overlap.
func blocks(means []float64, ys []int, seen []bool, size int) []pair {
	var out []pair
	for i := 0; i+size <= len(seen); i += size {
		now, whole := pair{}, true
		for k := i; k < i+size; k++ {
			now.mean, now.y, whole = now.mean+means[k], now.y+ys[k], whole && seen[k]
		}
		if whole {
			out = append(out, now)
		}
	}
	return out
}
