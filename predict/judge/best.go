package judge

import (
	"cmp"
	"math"
	"slices"
	"sort"
)

// mostStates limits the work of Best.
const mostStates = 1 << 18

// Best is the most that whole places within a budget of area could have held: n* of PEI. It is exact (a knapsack, by the
// undominated states of Nemhauser & Ullmann 1969 with bounds), so nobody's choice within the budget can beat it. Should
// the states be too many, which counts of events have never come near, it is the bound by whole and broken places, which
// is too high and never too low: no PEI is ever flattered. Areas may be nil: each is 1. Places without area or with what
// is not a number do not count.
func Best(areas, observed []float64, budget float64) float64 {
	items, whole := worth(areas, observed)
	f := newFilling(items, budget*(1+slack), whole)
	states, best := []state{{}}, 0.0
	for i, it := range items {
		next := states[:0]
		for _, s := range states {
			least, most := f.from(i, s)
			best = max(best, least)
			if most > best {
				next = append(next, s)
			}
		}
		if len(next) > mostStates {
			bound := best
			for _, s := range next {
				_, most := f.from(i, s)
				bound = max(bound, most)
			}
			return finite(bound)
		}
		states = merge(next, it, f.budget)
	}
	for _, s := range states {
		best = max(best, s.value)
	}
	return finite(best)
}

// state is a choice of places that no other choice beats in both value and area.
type state struct{ value, area float64 }

// worth are the places where something was observed, the densest first, and whether all values are whole numbers.
func worth(areas, observed []float64) (items []state, whole bool) {
	whole = true
	for i, v := range observed {
		if area := areaOf(areas, i); v > 0 && area > 0 && !math.IsInf(v, 1) && !math.IsInf(area, 1) {
			items = append(items, state{v, area})
			whole = whole && v == math.Trunc(v)
		}
	}
	slices.SortFunc(items, func(a, b state) int {
		return cmp.Or(cmp.Compare(b.value/b.area, a.value/a.area), cmp.Compare(a.area, b.area))
	})
	return items, whole
}

// filling adds places to states, the densest first.
type filling struct {
	items  []state
	sums   []state // of the places before each
	budget float64
	whole  bool
}

func newFilling(items []state, budget float64, whole bool) *filling {
	f := &filling{items, make([]state, len(items)+1), budget, whole}
	for i, it := range items {
		f.sums[i+1] = state{f.sums[i].value + it.value, f.sums[i].area + it.area}
	}
	return f
}

// jumps is how many places after the first that does not fit may still try.
const jumps = 64

// from fills a state with places from one on: those that fit give the least that it comes to, the first that does not fit,
// taken in part, the most.
func (f *filling) from(first int, s state) (least, most float64) {
	left := f.budget - s.area
	fits := first + sort.Search(len(f.items)-first, func(k int) bool { return f.sums[first+k+1].area-f.sums[first].area > left })
	least = s.value + f.sums[fits].value - f.sums[first].value
	left -= f.sums[fits].area - f.sums[first].area
	most = least
	if fits < len(f.items) {
		most += f.items[fits].value * max(left, 0) / f.items[fits].area
	}
	if f.whole {
		most = math.Floor(most + 1e-6)
	}
	for _, it := range f.items[fits:min(fits+jumps, len(f.items))] {
		if it.area <= left {
			left -= it.area
			least += it.value
		}
	}
	return least, most
}

// merge takes a place or leaves it, in every state, and keeps what is not dominated; states ascend in area and in value.
func merge(states []state, it state, budget float64) []state {
	merged := make([]state, 0, 2*len(states))
	add := func(s state) {
		if n := len(merged); n == 0 || s.value > merged[n-1].value {
			merged = append(merged, s)
		}
	}
	k := 0
	for _, s := range states {
		with := state{s.value + it.value, s.area + it.area}
		for ; k < len(states) && before(states[k], with); k++ {
			add(states[k])
		}
		if with.area <= budget {
			add(with)
		}
	}
	for ; k < len(states); k++ {
		add(states[k])
	}
	return merged
}

func before(a, b state) bool { return a.area < b.area || a.area == b.area && a.value >= b.value }
