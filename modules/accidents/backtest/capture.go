package backtest

import (
	"cmp"
	"slices"

	"vigie/predict/roadrisk"
)

// spot is where and when one accident of the year to be judged by happened.
type spot struct {
	place, hour int
	week        int // of that year, from 0
	weight      float64
}

// span is the part of the budget, as a share of all segment-hours, over which a ranking reaches a segment-hour. Those with
// equal scores are reached together, in an order by chance: the span is that of all of them.
type span struct{ from, to float64 }

// within is the chance that a segment-hour with that span is among those of a budget.
func (s span) within(budget float64) float64 {
	switch {
	case budget >= s.to:
		return 1
	case budget <= s.from:
		return 0
	}
	return (budget - s.from) / (s.to - s.from)
}

// scoring gives every place its scores, one for each hour of the week. Into has roadrisk.HoursOfWeek values.
type scoring func(place int, into []float64)

// spansOf ranks all segment-hours by score and says over which part of the budget each spot is reached. Sizes are what a
// place costs an hour; nil is one each. Equal scores are no order.
func spansOf(places int, sizes []float64, score scoring, spots []spot) []span {
	scores := make([]float64, places*roadrisk.HoursOfWeek)
	for i := range places {
		score(i, scores[i*roadrisk.HoursOfWeek:(i+1)*roadrisk.HoursOfWeek])
	}
	order := make([]int32, len(scores))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(a, b)) })
	size := func(at int32) float64 {
		if sizes == nil {
			return 1
		}
		return sizes[at/roadrisk.HoursOfWeek]
	}
	total := 0.0
	for _, at := range order {
		total += size(at)
	}
	reached := make(map[int32]span, len(spots))
	for _, s := range spots {
		reached[int32(s.place*roadrisk.HoursOfWeek+s.hour)] = span{}
	}
	spent := 0.0
	for first := 0; first < len(order); {
		last, begin := first, spent
		for last < len(order) && scores[order[last]] == scores[order[first]] {
			spent += size(order[last])
			last++
		}
		for _, at := range order[first:last] {
			if _, asked := reached[at]; asked {
				reached[at] = span{begin / total, spent / total}
			}
		}
		first = last
	}
	spans := make([]span, len(spots))
	for i, s := range spots {
		spans[i] = reached[int32(s.place*roadrisk.HoursOfWeek+s.hour)]
	}
	return spans
}

// weeks is how many weeks, the last one short, a year to be judged by is cut into.
const weeks = 53

// byWeek sums what a budget captures, and all that there was, week by week: accidents of a week share its weather.
func byWeek(spans []span, spots []spot, budget float64, weighted bool) (hits, all []float64) {
	hits, all = make([]float64, weeks), make([]float64, weeks)
	for i, s := range spots {
		w := 1.0
		if weighted {
			w = s.weight
		}
		all[s.week] += w
		hits[s.week] += w * spans[i].within(budget)
	}
	return hits, all
}
