package series

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// The limits of the fit.
const (
	rounds    = 3    // of effects and dispersion in turn
	mostSteps = 60   // of Newton in a round; some five are taken
	still     = 1e-7 // largest change of an effect that ends a round
	weak      = 1.0  // standard deviation of an effect before anything is seen, on the log scale: 2.7 times as many calls or as few
)

// regression is the same model as predict.NegativeBinomial, by quasi-likelihood: effects for a given dispersion by Newton
// steps, the dispersion by the squares left over (Ver Hoef & Boveng 2007). It is refitted hundreds of times, from the last
// effects on, so it must be quick; and a weak prior lets no effect run away where a weekday never had a call.
type regression struct {
	rows    [][]float64 // values of each day, columns in order
	y       []float64
	effects []float64
	alpha   float64
}

// fit goes on from effects, if their number fits; false if it does not settle.
func (r *regression) fit() bool {
	columns := len(r.rows[0])
	if len(r.effects) != columns {
		r.effects = make([]float64, columns)
		mean := 0.0
		for _, y := range r.y {
			mean += y / float64(len(r.y))
		}
		r.effects[0] = math.Log(mean + half/float64(len(r.y)))
	}
	for range rounds {
		settled := false
		for step := 0; step < mostSteps && !settled; step++ {
			moved := r.step()
			if math.IsNaN(moved) {
				return false
			}
			settled = moved < still
		}
		if !settled {
			return false
		}
		var m moments
		for i, x := range r.rows {
			m.add(r.y[i], r.mean(x), 1)
		}
		free := float64(len(r.y)) / float64(max(1, len(r.y)-columns))
		r.alpha = min(max(m.over/m.squares*free, 0), 20)
	}
	return true
}

// mean of a day.
func (r *regression) mean(x []float64) float64 {
	sum := 0.0
	for j, b := range r.effects {
		sum += b * x[j]
	}
	return math.Exp(min(sum, 25))
}

// step is one of Newton's, by the expected information; it gives the largest change of an effect.
func (r *regression) step() float64 {
	columns := len(r.effects)
	information := make([]float64, columns*columns)
	gradient := make([]float64, columns)
	for j := 1; j < columns; j++ {
		information[j*columns+j] = 1 / (weak * weak)
		gradient[j] = -r.effects[j] / (weak * weak)
	}
	for i, x := range r.rows {
		mu := r.mean(x)
		over := 1 + r.alpha*mu
		w, e := mu/over, (r.y[i]-mu)/over
		for j, v := range x {
			if v == 0 {
				continue
			}
			gradient[j] += e * v
			for k := j; k < columns; k++ {
				information[j*columns+k] += w * v * x[k]
			}
		}
	}
	var root mat.Cholesky
	if !root.Factorize(mat.NewSymDense(columns, information)) {
		return math.NaN()
	}
	var change mat.VecDense
	if err := root.SolveVecTo(&change, mat.NewVecDense(columns, gradient)); err != nil {
		return math.NaN()
	}
	most := 0.0
	for j := range r.effects {
		most = max(most, abs(change.AtVec(j)))
	}
	length := min(1, 2/max(most, 1e-300)) // never more than e² at once
	for j := range r.effects {
		r.effects[j] += length * change.AtVec(j)
	}
	return most
}
