package roadrisk

import (
	"math"
	"slices"

	"vigie/geoengine"
	"vigie/predict"
)

// stepWeight is the grid of severity weights: that of one slightly injured person.
const stepWeight = 0.005

// Weights is how the severity weights of single accidents spread. Steps are multiples of Step, ascending.
type Weights struct {
	Step   float64
	steps  []int
	shares []float64
}

// One is the weights where every accident counts the same.
func One() Weights { return Weights{Step: 1, steps: []int{1}, shares: []float64{1}} }

// WeightsOf are those of accidents whose severity is known, on a grid of 0.005, never less than one step; One without any.
func WeightsOf(accidents []Placed) Weights {
	counts, total := map[int]float64{}, 0.0
	for i := range accidents {
		a := &accidents[i]
		if a.Severity == geoengine.SeverityUnknown || !(a.Weight > 0) {
			continue
		}
		const most = 1_000_000 // 5,000 deaths
		counts[int(math.Min(math.Max(math.Round(a.Weight/stepWeight), 1), most))]++
		total++
	}
	if total == 0 {
		return One()
	}
	w := Weights{Step: stepWeight}
	for steps := range counts {
		w.steps = append(w.steps, steps)
	}
	slices.Sort(w.steps)
	for _, steps := range w.steps {
		w.shares = append(w.shares, counts[steps]/total)
	}
	return w
}

// Mean is the mean weight of one accident.
func (w Weights) Mean() float64 {
	mean := 0.0
	for i, steps := range w.steps {
		mean += float64(steps) * w.Step * w.shares[i]
	}
	return mean
}

// Tilted has another mean: accidents above the mean become more or fewer against those below it, as far as that goes.
func (w Weights) Tilted(mean float64) Weights {
	now := w.Mean()
	var light, heavy, below float64 // means of both parts, and the share of the light one
	for i, steps := range w.steps {
		v := float64(steps) * w.Step
		if v <= now {
			light, below = light+v*w.shares[i], below+w.shares[i]
		} else {
			heavy += v * w.shares[i]
		}
	}
	if below <= 0 || below >= 1 {
		return w
	}
	light, heavy = light/below, heavy/(1-below)
	share := math.Min(math.Max((heavy-mean)/(heavy-light), 0), 1)
	tilted := Weights{Step: w.Step, steps: w.steps, shares: make([]float64, len(w.shares))}
	for i, steps := range w.steps {
		if float64(steps)*w.Step <= now {
			tilted.shares[i] = w.shares[i] * share / below
		} else {
			tilted.shares[i] = w.shares[i] * (1 - share) / (1 - below)
		}
	}
	return tilted
}

// Bounds of the recursion: a zero that is too rare to be told from none, and a sum too far away to be walked to.
const (
	leastZero = 1e-250
	mostSteps = 50_000
)

// Quantiles are those of the sum of the weights of a number of accidents that is negative binomial with this mean and
// shape (+Inf: Poisson), for probabilities in ascending order. It is exact on the grid (recursion of Panjer, 1981); where
// the number is so great that nothing at all is all but impossible, the sum is taken for a gamma of its mean and variance.
func (w Weights) Quantiles(mean, shape float64, probabilities []float64) []float64 {
	values := make([]float64, len(probabilities))
	if !(mean > 0) || !(shape > 0) {
		return values
	}
	a, b, zero := 0.0, mean, math.Exp(-mean) // Poisson
	if !math.IsInf(shape, 1) {
		a = mean / (shape + mean)
		b, zero = (shape-1)*a, math.Exp(-shape*math.Log1p(mean/shape))
	}
	chance := []float64{zero}
	below, next := zero, 0
	for zero > leastZero {
		for next < len(probabilities) && probabilities[next] <= below {
			values[next] = float64(len(chance)-1) * w.Step
			next++
		}
		s := len(chance)
		if next == len(probabilities) {
			return values
		}
		if s > mostSteps {
			break
		}
		g := 0.0
		for i, steps := range w.steps {
			if steps > s {
				break
			}
			g += (a + b*float64(steps)/float64(s)) * w.shares[i] * chance[s-steps]
		}
		chance = append(chance, g)
		below += g
	}
	return w.gamma(values, next, mean, shape, probabilities)
}

// gamma gives the quantiles from the next one on of the gamma with the mean and the variance of the sum.
func (w Weights) gamma(values []float64, next int, mean, shape float64, probabilities []float64) []float64 {
	one, square := w.Mean(), 0.0
	for i, steps := range w.steps {
		v := float64(steps) * w.Step
		square += v * v * w.shares[i]
	}
	sum, variance := mean*one, mean*square
	if !math.IsInf(shape, 1) {
		variance += mean * mean / shape * one * one
	}
	g := predict.Gamma{Shape: sum * sum / variance, Rate: sum / variance}
	for ; next < len(values); next++ {
		values[next] = g.Quantile(probabilities[next])
		if next > 0 {
			values[next] = math.Max(values[next], values[next-1])
		}
	}
	return values
}
