package series

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// count is the negative-binomial distribution with this mean and variance mean + alpha·mean²; alpha 0 is Poisson.
type count struct{ mean, alpha float64 }

// leastAlpha is where the negative binomial is Poisson to the last digit that matters.
const leastAlpha = 1e-7

// below is P(Y < y).
func (c count) below(y int) float64 {
	switch {
	case y <= 0:
		return 0
	case c.mean < 30 && y < 200:
		sum, p := 0.0, c.zero()
		for k := range y {
			sum += p
			p = c.next(p, k)
		}
		return min(sum, 1)
	case c.alpha < leastAlpha:
		return mathext.GammaIncRegComp(float64(y), c.mean)
	default:
		r := 1 / c.alpha
		return mathext.RegIncBeta(r, float64(y), r/(r+c.mean))
	}
}

// zero is P(Y = 0).
func (c count) zero() float64 {
	if c.alpha < leastAlpha {
		return math.Exp(-c.mean)
	}
	return math.Exp(-math.Log1p(c.alpha*c.mean) / c.alpha)
}

// next is P(Y = k+1) from p = P(Y = k).
func (c count) next(p float64, k int) float64 {
	if c.alpha < leastAlpha {
		return p * c.mean / float64(k+1)
	}
	r := 1 / c.alpha
	return p * (r + float64(k)) / float64(k+1) * c.mean / (r + c.mean)
}

// both are P(Y < y) and P(Y ≤ y).
func (c count) both(y int) (below, upTo float64) {
	if c.mean < 30 && y < 200 {
		p := c.zero()
		for k := range y {
			below += p
			p = c.next(p, k)
		}
		return min(below, 1), min(below+p, 1)
	}
	return c.below(y), c.below(y + 1)
}

// quantile is where the spread count (see Covered) has probability p below it; p is within 0 and 1.
func (c count) quantile(p float64) float64 {
	p = min(max(p, 0), 1-1e-9)
	k, below, upTo := 0, 0.0, c.zero()
	if c.mean < 30 {
		mass := upTo
		for ; upTo <= p && k < 4000; k++ {
			mass = c.next(mass, k)
			below, upTo = upTo, upTo+mass
		}
	} else {
		low, high := 0, int(c.mean)+1
		for c.below(high) <= p {
			low, high = high, 2*high
		}
		for high-low > 1 { // P(Y < low) ≤ p < P(Y < high)
			if middle := (low + high) / 2; c.below(middle) <= p {
				low = middle
			} else {
				high = middle
			}
		}
		k, below, upTo = low, c.below(low), c.below(low+1)
	}
	from, to := cell(k)
	if upTo <= below {
		return to
	}
	return from + (to-from)*min(max((p-below)/(upTo-below), 0), 1)
}

// at is P(spread Y ≤ x).
func (c count) at(x float64) float64 {
	if x <= 0 {
		return 0
	}
	y := int(math.Floor(x + 0.5))
	from, to := cell(y)
	below, upTo := c.both(y)
	return below + (upTo-below)*min(max((x-from)/(to-from), 0), 1)
}
