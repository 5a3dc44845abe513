package series

import (
	"slices"

	"vigie/predict"
)

// baseline is what anybody can do without a model: what was a season ago, or what is usual at this point of the season.
type baseline struct {
	ys     []float64
	season int
	errors []float64   // of the seasonal naive so far, ascending
	phases [][]float64 // counts at each point of the season so far, ascending
}

func newBaseline(ys []float64, season int) *baseline {
	b := &baseline{ys: ys, season: season, phases: make([][]float64, season)}
	for t := season; t < len(ys); t++ {
		b.errors = append(b.errors, ys[t]-ys[t-season])
	}
	slices.Sort(b.errors)
	for t, y := range ys {
		k := phase(t, len(ys), season)
		b.phases[k] = append(b.phases[k], y)
	}
	for _, p := range b.phases {
		slices.Sort(p)
	}
	return b
}

// phase counts from the origin, which is phase 0.
func phase(t, origin, season int) int { return ((t-origin)%season + season) % season }

// point is what was a season before step i after the origin, or a whole number of seasons where that is not known yet.
func (b *baseline) point(i int) float64 { return b.ys[len(b.ys)-b.season+i%b.season] }

// naive is the point moved by a quantile of its errors so far; never less than 0.
func (b *baseline) naive(i int, q float64) float64 {
	return max(0, b.point(i)+predict.Quantile(b.errors, q))
}

// usual is a quantile of the counts at the same point of the season so far.
func (b *baseline) usual(i int, q float64) float64 {
	return predict.Quantile(b.phases[i%b.season], q)
}
