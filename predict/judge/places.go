package judge

import (
	"cmp"
	"math"
	"slices"
)

// PAI is the predictive accuracy index of Chainey, Tompson & Uhlig (2008): the share of events that were hit over the
// share of the whole area that was spent. It falls with the area spent and with the size of cells, so it may only be
// compared at the same ones. It is 0 where there is no event or no area. Areas are in one unit, whichever.
func PAI(hits, total, area, whole float64) float64 {
	if !(total > 0 && area > 0 && whole > 0) {
		return 0
	}
	return finite(hits / total / (area / whole))
}

// PEI is the predictive efficiency index of the NIJ challenge (2017): hits over the most that as much area could have hit
// (Best). It is 0 where there was nothing to hit.
func PEI(hits, best float64) float64 {
	if !(best > 0) {
		return 0
	}
	return finite(hits / best)
}

// Rank orders places by score per area, the highest first, equal ones by index. Areas may be nil: all the same. A score
// that is not a number, or an area that is not above 0, comes last.
func Rank(scores, areas []float64) []int32 {
	density := scores
	if areas != nil {
		density = make([]float64, len(scores))
		for i, s := range scores {
			density[i] = s / areas[i]
			if !(areas[i] > 0) {
				density[i] = math.NaN()
			}
		}
	}
	order := make([]int32, len(scores))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { // cmp.Compare puts NaN first among ascending: last here
		return cmp.Or(cmp.Compare(density[b], density[a]), cmp.Compare(a, b))
	})
	return order
}

// slack is how far areas may go over a budget by rounding.
const slack = 1e-9

// Capture spends a budget of area on places in their order and says what was observed in them, and the area used. Only
// whole places count. The first that does not fit any more ends it: what comes after it may not jump in, however small,
// so that a ranking is judged and not a packing; a place without an area
// ends it too. Areas may be nil: each is 1.
func Capture(order []int32, areas, observed []float64, budget float64) (hits, used float64) {
	for _, place := range order {
		area := areaOf(areas, int(place))
		if !(area > 0 && used+area <= budget*(1+slack)) {
			break
		}
		used += area
		hits += finite(observed[place])
	}
	return finite(hits), finite(used)
}

func areaOf(areas []float64, place int) float64 {
	if areas == nil {
		return 1
	}
	return areas[place]
}

func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}
