package predict

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// rising gives log(Γ(y+φ)/Γ(φ)) + y·log α with φ = 1/α, and its first two derivatives by α. For a whole y it is
// Σ log(1+αj) over j < y, which stays exact as α goes to 0.
func rising(y, alpha float64) (value, first, second float64) {
	whole := math.Floor(y)
	part := y - whole
	for j := part; j < y-0.5; j++ {
		d := 1 + alpha*j
		value += math.Log(d)
		first += j / d
		second -= j * j / (d * d)
	}
	if part == 0 {
		return value, first, second
	}
	v, f, s := risingPart(part, alpha)
	return value + v, first + f, second + s
}

// risingPart is rising for 0 < f < 1. Above φ = 50 it is the asymptotic series of the ratio of gamma functions (Abramowitz
// & Stegun 6.1.47, in Bernoulli polynomials), of which the first term left out is below 1e-12.
func risingPart(f, alpha float64) (value, first, second float64) {
	phi := 1 / alpha
	if phi > 50 {
		f2, f3, f4 := f*f, f*f*f, f*f*f*f
		terms := [...]float64{
			(f2 - f) / 2,
			-(f3 - 1.5*f2 + 0.5*f) / 6,
			(f4 - 2*f3 + f2) / 12,
			-(f4*f - 2.5*f4 + 5*f3/3 - f/6) / 20,
			(f3*f3 - 3*f4*f + 2.5*f4 - 0.5*f2) / 30,
		}
		power := 1.0 // α^(n−1)
		for i, c := range terms {
			n := float64(i + 1)
			value += c * power * alpha
			first += c * n * power
			if i > 0 {
				second += c * n * (n - 1) * power / alpha
			}
			power *= alpha
		}
		return value, first, second
	}
	upper, _ := math.Lgamma(phi + f)
	lower, _ := math.Lgamma(phi)
	psi := mathext.Digamma(phi+f) - mathext.Digamma(phi)
	trigamma := mathext.Zeta(2, phi+f) - mathext.Zeta(2, phi)
	value = upper - lower + f*math.Log(alpha)
	first = -phi*phi*psi + f*phi
	second = 2*phi*phi*phi*psi + phi*phi*phi*phi*trigamma - f*phi*phi
	return value, first, second
}

// spread gives log(1+u)/u, h(u) = (log(1+u) − u/(1+u))/u², and h'(u): what is left of the likelihood's logarithm when the
// parts that cancel for small u = α·μ have been taken out.
func spread(u float64) (ratio, h, dh float64) {
	if u < 0.01 {
		sign, power := 1.0, 1.0 // (−u)^k without its sign apart
		for k := range 9 {
			n := float64(k)
			ratio += sign * power / (n + 1)
			h += sign * power * (n + 1) / (n + 2)
			dh -= sign * power * (n + 1) * (n + 2) / (n + 3)
			sign, power = -sign, power*u
		}
		return ratio, h, dh
	}
	l := math.Log1p(u)
	h = (l - u/(1+u)) / (u * u)
	return l / u, h, 1/(u*(1+u)*(1+u)) - 2*h/u
}

// point is the log-likelihood of a regression at (β, α) with its derivatives; index Columns is α.
type point struct {
	beta     []float64
	alpha    float64
	value    float64
	gradient []float64
	hessian  square // of minus the log-likelihood
	mean     []float64
}

// at evaluates the log-likelihood of the negative binomial, all but Σ log y! (which finish adds).
func (r *Regression) at(beta []float64, alpha float64) *point {
	p := r.Columns
	at := &point{beta: beta, alpha: alpha, gradient: make([]float64, p+1), hessian: newSquare(p + 1), mean: make([]float64, len(r.Y))}
	for i, y := range r.Y {
		x, eta := r.row(i), r.offset(i)
		for j, b := range beta {
			eta += b * x[j]
		}
		mu := math.Exp(eta)
		at.mean[i] = mu
		u := alpha * mu
		d := 1 + u
		ratio, h, dh := spread(u)
		value, first, second := rising(y, alpha)
		at.value += value + y*eta - y*math.Log1p(u) - mu*ratio
		slope, curve, cross := (y-mu)/d, mu*(1+alpha*y)/(d*d), (y-mu)*mu/(d*d)
		for a, xa := range x {
			if xa == 0 {
				continue
			}
			at.gradient[a] += slope * xa
			for b := 0; b <= a; b++ {
				at.hessian.add(a, b, curve*xa*x[b])
			}
			at.hessian.add(p, a, cross*xa)
		}
		at.gradient[p] += first + mu*mu*h - y*mu/d
		at.hessian.add(p, p, -(second + mu*mu*mu*dh + y*mu*mu/(d*d)))
	}
	return at
}

// dispersion evaluates the part of the log-likelihood that depends on α, with its derivatives, at fixed means.
func (r *Regression) dispersion(mean []float64, alpha float64) (value, first, second float64) {
	for i, y := range r.Y {
		mu := mean[i]
		u := alpha * mu
		d := 1 + u
		ratio, h, dh := spread(u)
		v, f, s := rising(y, alpha)
		value += v - y*math.Log1p(u) - mu*ratio
		first += f + mu*mu*h - y*mu/d
		second += s + mu*mu*mu*dh + y*mu*mu/(d*d)
	}
	return value, first, second
}
