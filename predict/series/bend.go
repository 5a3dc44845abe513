package series

import "math"

// bins is how finely a bend is kept.
const bins = 500

// scores collects where past counts lay in their forecast distributions.
type scores struct {
	slope, moved [bins + 2]float64
	n            float64
}

// add notes a count that lay anywhere between two probabilities, with a weight.
func (s *scores) add(below, upTo, weight float64) {
	const narrow = 1e-4
	if math.IsNaN(upTo - below) {
		return
	}
	if upTo-below < narrow {
		middle := (below + upTo) / 2
		below = min(max(0, middle-narrow/2), 1-narrow)
		upTo = below + narrow
	}
	steep := weight / (upTo - below)
	from, to := int(math.Ceil(below*bins)), int(math.Ceil(min(upTo, 1)*bins))
	s.slope[from] += steep
	s.moved[from] += steep * below
	s.slope[to] -= steep
	s.moved[to] -= steep * upTo
	s.n += weight
}

// share is the mean share of the counts that lay below each k/bins.
func (s *scores) share() []float64 {
	out := make([]float64, bins+1)
	slope, moved := 0.0, 0.0
	for k := range out {
		slope, moved = slope+s.slope[k], moved+s.moved[k]
		out[k] = (slope*float64(k)/bins - moved) / max(s.n, 1e-9)
	}
	return out
}

// bend maps probabilities of a model to how often counts really lay below: distributional conformal prediction
// (Chernozhukov, Wüthrich & Zhu 2021), with the counts spread as Covered says. Value k is at k/bins; it ascends from 0 to 1.
type bend []float64

// newBend mixes the scores of one series with those of its like, weight pseudo-scores of them, and one score that says
// nothing (the n+1 of conformal prediction).
func newBend(own, like *scores, weight float64) bend {
	mine, theirs := own.share(), like.share()
	if like.n == 0 {
		weight = 0
	}
	out := make(bend, bins+1)
	most := 0.0
	for k := range out {
		flat := float64(k) / bins
		v := (own.n*mine[k] + weight*theirs[k] + flat) / (own.n + weight + 1)
		most = max(most, v)
		out[k] = min(max(most, 0), 1)
	}
	out[0], out[bins] = 0, 1
	return out
}

// inverse is the model's probability that stands for a true one.
func (b bend) inverse(p float64) float64 {
	low, high := 0, bins // b[low] ≤ p ≤ b[high]
	for high-low > 1 {
		if middle := (low + high) / 2; b[middle] <= p {
			low = middle
		} else {
			high = middle
		}
	}
	part := 0.5
	if b[high] > b[low] {
		part = (p - b[low]) / (b[high] - b[low])
	}
	return (float64(low) + min(max(part, 0), 1)) / bins
}

// at is the true probability that a model's stands for.
func (b bend) at(u float64) float64 {
	x := min(max(u, 0), 1) * bins
	k := min(int(x), bins-1)
	return b[k] + (b[k+1]-b[k])*(x-float64(k))
}

// moments sum what the dispersion of a distribution follows from.
type moments struct{ over, squares float64 }

func (m *moments) add(y, mean, weight float64) {
	m.over += weight * ((y-mean)*(y-mean) - mean)
	m.squares += weight * mean * mean
}

// alpha is the dispersion of a series: its own as far as its counts can tell it, that of its like otherwise.
func (m moments) alpha(like moments) float64 {
	const most = 20
	common := 0.0
	if like.squares > 0 {
		common = min(max(like.over/like.squares, 0), most)
	}
	tau := max(common, 0.02) // by how much series of a pool may differ
	weight := 2 / (tau * tau)
	return min(max((m.over+weight*common)/(m.squares+weight), 0), most)
}
