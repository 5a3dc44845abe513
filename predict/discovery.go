package predict

import "slices"

// BenjaminiHochberg turns p-values into q-values: calling everything with q ≤ 0.05 a discovery keeps the expected share of
// false ones among them at 5 % (Benjamini & Hochberg 1995; it holds for independent and for positively dependent tests, as
// those of neighbours are: Benjamini & Yekutieli 2001).
func BenjaminiHochberg(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case p[a] < p[b]:
			return -1
		case p[a] > p[b]:
			return 1
		}
		return 0
	})
	q := make([]float64, len(p))
	least := 1.0
	for rank := len(order); rank > 0; rank-- {
		i := order[rank-1]
		least = min(least, p[i]*float64(len(p))/float64(rank))
		q[i] = least
	}
	return q
}
