package series

import (
	"context"
	"math"
)

// like is how many scores of its like a series is mixed with.
const like = 200

// pair is a forecast of the past: its mean, what came, and how much that still says.
type pair struct {
	mean   float64
	y      int
	at     int     // step of the calibration that it ends with
	weight float64 // 1 for the latest, fading
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
				mine[i].add(float64(x.y), x.mean, x.weight)
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
				own[i].add(below, upTo, x.weight)
				pooledScores[t.pool].add(below, upTo, x.weight)
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
		return faded(window(means, ys, f.hoursSeen(), 1), len(ys), f.fade*24*week)
	case daily1, daily2:
		means, ys := f.pastDays(t, step-daily1)
		return faded(window(means, ys, f.daysSeen(step-daily1), 1), len(ys), f.fade*week)
	default:
		means, ys := f.pastDays(t, step-weekly1)
		return faded(blocks(means, ys, f.daysSeen(step-weekly1), week), len(ys), f.fade*week)
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

// faded gives pairs their weights, after a half-life in steps before the end: the weighted conformal prediction of Barber,
// Candès, Ramdas & Tibshirani (2023), for what is not the same at all times.
func faded(pairs []pair, end int, half float64) []pair {
	if half > 0 {
		for i := range pairs {
			pairs[i].weight = math.Exp2(-float64(end-1-pairs[i].at) / half)
		}
	}
	return pairs
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
			out = append(out, pair{mean: max(now.mean, 0), y: now.y, at: i, weight: 1})
		}
	}
	return out
}

// blocks sums runs that do not overlap.
func blocks(means []float64, ys []int, seen []bool, size int) []pair {
	var out []pair
	for i := 0; i+size <= len(seen); i += size {
		now, whole := pair{at: i + size - 1, weight: 1}, true
		for k := i; k < i+size; k++ {
			now.mean, now.y, whole = now.mean+means[k], now.y+ys[k], whole && seen[k]
		}
		if whole {
			out = append(out, now)
		}
	}
	return out
}
