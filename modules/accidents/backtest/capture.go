package backtest

import (
	"cmp"
	"slices"

	"vigie/predict/roadrisk"
)

// spot is where and when one accident of the year to be judged by happened.
type spot struct {
	place, hour int // number of the place among those of the ground
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

// scoring gives a place its scores, one for each hour of the week. Into has roadrisk.HoursOfWeek values.
type scoring func(place int, into []float64)

// spansOf ranks all segment-hours by score and says over which part of the budget each spot is reached. Sizes are what a
// place costs an hour; nil is one each. Equal scores are no order.
func spansOf(places []int, sizes []float64, score scoring, spots []spot) []span {
	scores := scoresOf(places, score)
	own := make([]float64, len(spots))
	for i, s := range spots {
		own[i] = scores[s.place*roadrisk.HoursOfWeek+s.hour]
	}
	ranked, spent := ranking(scores, sizes)
	total := spent(len(ranked))
	spans := make([]span, len(spots))
	for i, v := range own { // ascending: what is better comes after
		first, _ := slices.BinarySearch(ranked, v)
		last, _ := slices.BinarySearchFunc(ranked, v, func(have, v float64) int {
			if have <= v {
				return -1
			}
			return 1
		})
		spans[i] = span{(total - spent(last)) / total, (total - spent(first)) / total}
	}
	return spans
}

// scoresOf are the scores of all segment-hours of some places.
func scoresOf(places []int, score scoring) []float64 {
	scores := make([]float64, len(places)*roadrisk.HoursOfWeek)
	for n, place := range places {
		score(place, scores[n*roadrisk.HoursOfWeek:(n+1)*roadrisk.HoursOfWeek])
	}
	return scores
}

// ranking sorts the scores, which it may reorder, from the lowest on; spent is what the first n of them cost.
func ranking(scores, sizes []float64) (ranked []float64, spent func(n int) float64) {
	if sizes == nil {
		slices.Sort(scores)
		return scores, func(n int) float64 { return float64(n) }
	}
	order := make([]int32, len(scores))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Or(cmp.Compare(scores[a], scores[b]), cmp.Compare(a, b)) })
	ranked, gone := make([]float64, len(order)), make([]float64, len(order)+1)
	for n, at := range order {
		ranked[n] = scores[at]
		gone[n+1] = gone[n] + sizes[at/roadrisk.HoursOfWeek]
	}
	return ranked, func(n int) float64 { return gone[n] }
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

// expects is the share of its own expectation that a ranking has in a budget: what it would capture if it were the truth.
// More than that no ranking could, on average, that knows no more.
func expects(places []int, score scoring, budget float64) float64 {
	scores := scoresOf(places, score)
	slices.Sort(scores)
	all, first := 0.0, 0.0
	for n, v := range scores {
		all += v
		if float64(len(scores)-n) <= budget*float64(len(scores)) {
			first += v
		}
	}
	if !(all > 0) {
		return 0
	}
	return first / all
}
