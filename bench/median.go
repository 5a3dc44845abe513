package bench

import "slices"

// median returns the middle of the values, which it sorts; the lower one of two.
func median(values []float64) float64 {
	slices.Sort(values)
	return values[(len(values)-1)/2]
}
