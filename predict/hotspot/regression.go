package hotspot

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// regression is a Poisson regression on the logarithms of the columns with log link, fitted by Newton steps with a small
// ridge on standardised columns: log μ = b₀ + Σ b·log(1+value) + log(area share).
type regression struct {
	weights [columns]float64
	base    float64
	days    float64
}

const (
	ridge       = 1e-5 // of the mean log-likelihood, on standardised columns
	newtonSteps = 12
)

func fitRegression(s *sample) *regression {
	k := columns + 1
	mean, scale := s.standard()
	f := &newton{sample: s, mean: mean, scale: scale, k: k, row: make([]float64, k)}
	for _, w := range s.weight {
		f.total += w
	}
	beta := make([]float64, k)
	beta[0] = math.Log(s.rate())
	best := math.Inf(-1)
	for step := range newtonSteps {
		move, ok := solve(f.system(beta, step == 0))
		if !ok {
			break
		}
		if step == 0 { // the first system is that of the weighted least squares themselves
			beta, best = move, f.likelihood(move)
			continue
		}
		next, better := make([]float64, k), false
		for range 8 {
			for a := range k {
				next[a] = beta[a] + move[a]
			}
			if l := f.likelihood(next); l > best {
				better = l > best+1e-7*f.total
				beta, best = next, l
				break
			}
			for a := range k {
				move[a] /= 2
			}
		}
		if !better {
			break
		}
	}
	r := &regression{base: beta[0], days: s.days}
	for c := range columns {
		r.weights[c] = beta[c+1] / scale[c]
		r.base -= r.weights[c] * mean[c]
	}
	return r
}

// newton makes the systems of the Newton steps.
type newton struct {
	*sample
	mean, scale [columns]float64
	k           int
	row         []float64
	total       float64
}

// expect fills the row of standardised values and gives its linear predictor.
func (f *newton) expect(i int, beta []float64) float64 {
	f.row[0] = 1
	eta := f.offset[i] + beta[0]
	for c := range columns {
		f.row[c+1] = (f.x[i*columns+c] - f.mean[c]) / f.scale[c]
		eta += beta[c+1] * f.row[c+1]
	}
	return min(eta, 20)
}

// system is the Hessian's lower triangle and the gradient at beta; for the start, those of least squares of log(y+mean).
func (f *newton) system(beta []float64, start bool) (hessian, gradient []float64, k int) {
	k = f.k
	hessian, gradient = make([]float64, k*k), make([]float64, k)
	level := math.Exp(beta[0])
	for i, y := range f.y {
		eta := f.expect(i, beta)
		mu := math.Exp(eta)
		g := f.weight[i] * (y - mu)
		if start {
			mu = y + level
			g = f.weight[i] * mu * (math.Log(mu) - f.offset[i] + (y-mu)/mu)
		}
		w := f.weight[i] * mu
		for a, v := range f.row {
			gradient[a] += g * v
			wa := w * v
			line := hessian[a*k : a*k+a+1]
			for b := range line {
				line[b] += wa * f.row[b]
			}
		}
	}
	for a := 1; a < k; a++ {
		hessian[a*k+a] += ridge * f.total
		if !start {
			gradient[a] -= ridge * f.total * beta[a]
		}
	}
	return hessian, gradient, k
}

func (f *newton) likelihood(beta []float64) float64 {
	sum := 0.
	for i, y := range f.y {
		eta := f.expect(i, beta)
		sum += f.weight[i] * (y*eta - math.Exp(eta))
	}
	for _, b := range beta[1:] {
		sum -= ridge * f.total * b * b / 2
	}
	return sum
}

// solve solves the positive definite system whose lower triangle is given.
func solve(lower, right []float64, k int) ([]float64, bool) {
	m := mat.NewSymDense(k, nil)
	for a := range k {
		for b := range a + 1 {
			m.SetSym(a, b, lower[a*k+b])
		}
	}
	var c mat.Cholesky
	if !c.Factorize(m) {
		return nil, false
	}
	out := mat.NewVecDense(k, nil)
	if err := c.SolveVecTo(out, mat.NewVecDense(k, right)); err != nil {
		return nil, false // too ill-conditioned: what there is so far is kept
	}
	return out.RawVector().Data, true
}

// rate is the mean of y over all rows; above 0.
func (s *sample) rate() float64 {
	y, w := 0., 0.
	for i := range s.y {
		y += s.y[i] * s.weight[i]
		w += s.weight[i] * math.Exp(s.offset[i])
	}
	return max(y, .5) / max(w, 1)
}

// standard are means and deviations of the columns; a deviation is above 0.
func (s *sample) standard() (mean, scale [columns]float64) {
	total := 0.
	for i, w := range s.weight {
		total += w
		for c := range columns {
			v := s.x[i*columns+c]
			mean[c] += w * v
			scale[c] += w * v * v
		}
	}
	for c := range columns {
		mean[c] /= total
		scale[c] = math.Sqrt(max(scale[c]/total-mean[c]*mean[c], 0))
		if scale[c] < 1e-9 {
			scale[c] = 1
		}
	}
	return mean, scale
}

// logs are the logarithms of what is expected in each place over the days that were learnt from.
func (r *regression) logs(g *Grid, seen *surfaces) []float64 {
	out := make([]float64, len(g.IDs))
	for i := range out {
		out[i] = r.base + math.Log(g.Areas[i]/(g.side*g.side))
	}
	for c, w := range r.weights {
		for i, v := range seen.column[c] {
			if v > 0 && w != 0 {
				out[i] += w * math.Log1p(v)
			}
		}
	}
	for i := range out {
		out[i] = min(out[i], 20)
	}
	return out
}
