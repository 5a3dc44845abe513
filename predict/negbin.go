package predict

import (
	"fmt"
	"math"
)

// The limits of the fit. A fit takes some ten steps; one that needs more than maxSteps has no maximum to go to.
const (
	maxSteps  = 200
	settled   = 1e-10 // twice the log-likelihood that a Newton step still promises
	maxAlpha  = 1e6
	hopeless  = 1000.0 // standard error of an effect, on the log scale, that says there is no estimate
	smallStep = 1e-12
)

// NegativeBinomial fits a negative-binomial regression by maximum likelihood, after Cameron & Trivedi, Regression Analysis
// of Count Data (2013), 3.3.1: Newton steps with halving for β (the log-likelihood is concave in β for a given α), one
// dimension for α, then both together. Where the likelihood of α is highest at 0 the fit is Poisson.
//
// It fails with ErrShape, ErrEmpty, ErrCollinear, ErrSeparated or ErrDiverged; each message names the row or column.
func NegativeBinomial(r Regression) (*Fit, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	at, steps, err := r.ascend(r.at(r.start(), 0))
	if err != nil {
		return nil, err
	}
	if at.gradient[r.Columns] <= 0 {
		return r.finish(at, steps)
	}
	at.alpha = r.moments(at.mean)
	for range maxSteps {
		alpha, err := r.bestAlpha(at.mean, at.alpha)
		if err != nil {
			return nil, err
		}
		next, n, err := r.ascend(r.at(at.beta, alpha))
		steps += n + 1
		if err != nil {
			return nil, err
		}
		moved := math.Abs(math.Log(next.alpha / at.alpha))
		at = next
		if moved < 1e-4 {
			break
		}
	}
	at, n := r.together(at)
	return r.finish(at, steps+n)
}

// start is one step of weighted least squares from means between each count and the common rate.
func (r *Regression) start() []float64 {
	var events, exposure float64
	for i, y := range r.Y {
		events += y
		exposure += math.Exp(r.offset(i))
	}
	p := r.Columns
	gram, right := newSquare(p), make([]float64, p)
	for i, y := range r.Y {
		mu := (y + events/exposure*math.Exp(r.offset(i))) / 2
		z := math.Log(mu) - r.offset(i) + (y-mu)/mu
		x := r.row(i)
		for a := range p {
			right[a] += mu * x[a] * z
			for b := 0; b <= a; b++ {
				gram.add(a, b, mu*x[a]*x[b])
			}
		}
	}
	if gram.factor(0) >= 0 {
		return make([]float64, p)
	}
	return gram.solve(right)
}

// ascend takes Newton steps of β at fixed α until they promise nothing.
func (r *Regression) ascend(at *point) (*point, int, error) {
	p := r.Columns
	if math.IsNaN(at.value) || math.IsInf(at.value, 0) {
		at = r.at(make([]float64, p), at.alpha)
	}
	for step := range maxSteps {
		block := newSquare(p)
		for a := range p {
			copy(block.v[a*p:a*p+a+1], at.hessian.v[a*(p+1):a*(p+1)+a+1])
		}
		if bad := block.factor(0); bad >= 0 {
			return nil, step, fmt.Errorf("regression: the data say nothing of the effect of %s: %w", r.name(bad), ErrSeparated)
		}
		direction := block.solve(at.gradient[:p])
		promise := dot(direction, at.gradient[:p])
		next := r.along(at, direction, 0)
		if next == nil || promise < settled {
			if next != nil && next.value >= at.value {
				at = next
			}
			return at, step + 1, nil
		}
		at = next
	}
	return nil, maxSteps, fmt.Errorf("regression: the coefficients have not settled after %d steps: %w", maxSteps, ErrDiverged)
}

// along goes along a direction, halving until the log-likelihood does not fall; nil if it falls however short the step.
func (r *Regression) along(at *point, direction []float64, logAlpha float64) *point {
	for length := 1.0; length > smallStep; length /= 2 {
		beta := make([]float64, r.Columns)
		for j := range beta {
			beta[j] = at.beta[j] + length*direction[j]
		}
		next := r.at(beta, at.alpha*math.Exp(length*logAlpha))
		if next.value >= at.value {
			return next
		}
	}
	return nil
}

// together takes Newton steps of β and log α at once; from near the maximum they converge quadratically.
func (r *Regression) together(at *point) (*point, int) {
	p := r.Columns
	for step := range 20 {
		h, g := at.hessian.clone(), append([]float64(nil), at.gradient...)
		for a := range p {
			h.v[p*(p+1)+a] *= at.alpha
		}
		h.v[p*(p+1)+p] = at.alpha*at.alpha*h.at(p, p) - at.alpha*g[p]
		g[p] *= at.alpha
		if h.factor(0) >= 0 {
			return at, step
		}
		direction := h.solve(g)
		promise := dot(direction, g)
		next := r.along(at, direction[:p], direction[p])
		if next == nil {
			return at, step
		}
		at = next
		if promise < settled/100 {
			return at, step + 1
		}
	}
	return at, 20
}

// moments is the α that explains the squares left over beside Poisson's.
func (r *Regression) moments(mean []float64) float64 {
	var over, squares float64
	for i, y := range r.Y {
		over += (y-mean[i])*(y-mean[i]) - y
		squares += mean[i] * mean[i]
	}
	return min(max(over/squares, 1e-4), 1e3)
}

// bestAlpha maximises over log α at fixed means: Newton steps, at most one unit long, halved while they lose.
func (r *Regression) bestAlpha(mean []float64, alpha float64) (float64, error) {
	value, first, second := r.dispersion(mean, alpha)
	for range maxSteps {
		slope, curve := alpha*first, alpha*first+alpha*alpha*second
		step := math.Copysign(1, slope)
		if curve < 0 {
			step = max(-1, min(1, -slope/curve))
		}
		if math.Abs(step) < 1e-8 {
			return alpha, nil
		}
		for math.Abs(step) > smallStep {
			tried := alpha * math.Exp(step)
			v, f, s := r.dispersion(mean, tried)
			if v >= value {
				alpha, value, first, second = tried, v, f, s
				break
			}
			step /= 2
		}
		if math.Abs(step) <= smallStep {
			return alpha, nil
		}
		if alpha > maxAlpha {
			return 0, fmt.Errorf("regression: the dispersion grows without end; too few rows have an event: %w", ErrDiverged)
		}
		if alpha < 1e-9 {
			return alpha, nil
		}
	}
	return 0, fmt.Errorf("regression: the dispersion has not settled after %d steps: %w", maxSteps, ErrDiverged)
}

// finish turns a maximum into a Fit with standard errors.
func (r *Regression) finish(at *point, steps int) (*Fit, error) {
	p := r.Columns
	fit := &Fit{Coefficients: at.beta, Errors: make([]float64, p), Alpha: at.alpha, LogLikelihood: at.value, Iterations: steps, Mean: at.mean}
	for _, y := range r.Y {
		factorial, _ := math.Lgamma(y + 1)
		fit.LogLikelihood -= factorial
	}
	size := p
	if at.alpha > 0 {
		size = p + 1
	}
	information := newSquare(size)
	for a := range size {
		copy(information.v[a*size:a*size+a+1], at.hessian.v[a*(p+1):a*(p+1)+a+1])
	}
	if bad := information.factor(0); bad >= 0 {
		return nil, fmt.Errorf("regression: the data say nothing of the effect of %s: %w", r.name(min(bad, p-1)), ErrSeparated)
	}
	variance := information.inverseDiagonal()
	worst, column := 0.0, 0
	for j := range p {
		fit.Errors[j] = math.Sqrt(variance[j])
		if unsure := fit.Errors[j] * r.largest(j); unsure > worst {
			worst, column = unsure, j
		}
	}
	if worst > hopeless {
		return nil, fmt.Errorf("regression: the effect of %s has no finite estimate; join it with another group: %w", r.name(column), ErrSeparated)
	}
	if size > p {
		fit.AlphaError = math.Sqrt(variance[p])
	}
	return fit, nil
}

// largest is the greatest absolute value of a column.
func (r *Regression) largest(column int) float64 {
	var most float64
	for i := range r.Y {
		most = max(most, math.Abs(r.row(i)[column]))
	}
	return most
}

func dot(a, b []float64) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}
