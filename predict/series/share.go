package series

import (
	"math"

	"vigie/predict"
)

// pooled is how places differ in one kind: how much their weekdays and hours are their own.
type pooled struct {
	weekday float64     // concentration of the weekdays of places, in calls
	hours   [][]float64 // of each place, 168 shares of the week; hour 0 is Monday 00 h–01 h
}

// loose is a concentration that hardly pools.
const loose = 1e-2

// pool learns from all days of a kind how alike its places are.
func (p *panel) pool(kind int, apart bool) (*pooled, error) {
	rows := p.rows[p.first[kind]:p.first[kind+1]]
	week168 := make([][]float64, len(rows))
	for i, r := range rows {
		week168[i] = make([]float64, 168)
		for d := range p.axis.days() {
			like := 24 * p.axis.likeDay(d)
			for h := p.axis.begins[d]; h < p.axis.begins[d+1]; h++ {
				week168[i][like+int(p.axis.local[h])] += float64(r.hours[h])
			}
		}
	}
	profile, err := predict.WeekProfiles(week168)
	if err != nil {
		return nil, err
	}
	out := &pooled{hours: profile.Groups, weekday: loose}
	if apart {
		out.hours = predict.Shrink(week168, profile.All, loose)
		return out, nil
	}
	counts, prior := p.weekdays(kind, p.axis.days())
	if prior == nil {
		return out, nil
	}
	out.weekday, err = predict.Concentration(counts, prior)
	return out, err
}

// weekdays are the calls of each place by weekday, on days before origin, and the shares of all; nil without any.
func (p *panel) weekdays(kind, origin int) (counts [][]float64, all []float64) {
	rows := p.rows[p.first[kind]:p.first[kind+1]]
	counts, all = make([][]float64, len(rows)), make([]float64, week)
	sum := 0.0
	for i, r := range rows {
		counts[i] = make([]float64, week)
		for d, y := range r.days[:origin] {
			counts[i][p.axis.likeDay(d)] += y
		}
		for w, y := range counts[i] {
			all[w] += y
			sum += y
		}
	}
	if sum == 0 {
		return counts, nil
	}
	for w := range all {
		all[w] /= sum
	}
	return counts, all
}

// split gives each place of a kind its share of each weekday: row-major, place × weekday, each weekday summing to 1.
func (p *panel) split(kind, origin int, pool *pooled) []float64 {
	shares := p.shares(kind, origin)
	counts, all := p.weekdays(kind, origin)
	out := make([]float64, len(shares)*week)
	var own [][]float64
	if all != nil {
		own = predict.Shrink(counts, all, pool.weekday)
	}
	for w := range week {
		sum := 0.0
		for i, s := range shares {
			v := s
			if own != nil && all[w] > 0 {
				v *= own[i][w] / all[w]
			}
			out[i*week+w] = v
			sum += v
		}
		for i, s := range shares {
			if sum > 0 {
				out[i*week+w] /= sum
			} else {
				out[i*week+w] = s
			}
		}
	}
	return out
}

// shares are those of places in their kind, all weekdays together: counts that fade, mixed with pseudo-calls of the whole
// history, by the half-life and weight that have served best for the weeks before.
func (p *panel) shares(kind, origin int) []float64 {
	rows := p.rows[p.first[kind]:p.first[kind+1]]
	places, weeks := len(rows), origin/week
	weekly := make([]float64, weeks*places) // oldest first; weeks end at origin
	long := make([]float64, places)
	sum := 0.0
	for i, r := range rows {
		long[i] = 0.5
		for d, y := range r.days[:origin] {
			if j := weeks - 1 - (origin-1-d)/week; j >= 0 {
				weekly[j*places+i] += y
			}
			long[i] += y
		}
		sum += long[i]
	}
	for i := range long {
		long[i] /= sum
	}
	best := math.Inf(-1)
	var chosen []float64
	for _, halfWeeks := range []float64{4, 8, 16, 32, math.Inf(1)} {
		for _, pseudo := range []float64{2, 20} {
			score, shares := served(weekly, long, math.Exp2(-1/halfWeeks), pseudo*float64(places))
			if score > best {
				best, chosen = score, shares
			}
		}
	}
	return chosen
}

// served walks through the weeks: how likely each week was by the shares of those before, and the shares at the end.
func served(weekly, long []float64, fade, pseudo float64) (score float64, shares []float64) {
	places := len(long)
	faded, sum := make([]float64, places), 0.0
	shares = make([]float64, places)
	for j := 0; j*places < len(weekly); j++ {
		now := weekly[j*places : (j+1)*places]
		if j >= firstOrigin/week {
			for i, y := range now {
				if y > 0 {
					score += y * math.Log((faded[i]+pseudo*long[i])/(sum+pseudo))
				}
			}
		}
		sum *= fade
		for i, y := range now {
			faded[i] = faded[i]*fade + y
			sum += y
		}
	}
	for i := range shares {
		shares[i] = (faded[i] + pseudo*long[i]) / (sum + pseudo)
	}
	return score, shares
}

// spread gives each hour of a day its part of the day's mean, by the profile of its weekday.
func (a *axis) spread(profile []float64, day int, mean float64, hours []float64) {
	like, sum := 24*a.likeDay(day), 0.0
	local := a.local[a.begins[day]:a.begins[day+1]]
	for _, h := range local {
		sum += profile[like+int(h)]
	}
	for i, h := range local {
		if sum > 0 {
			hours[i] += mean * profile[like+int(h)] / sum
		} else {
			hours[i] += mean / float64(len(local))
		}
	}
}
