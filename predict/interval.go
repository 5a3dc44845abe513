package predict

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// ExactShare is the interval of Clopper & Pearson (1934) for a probability of which k of n trials came true; it holds
// the probability at least as often as level says.
func ExactShare(k, n int, level float64) (low, high float64) {
	tail := (1 - level) / 2
	high = 1
	if k > 0 {
		low = mathext.InvRegIncBeta(float64(k), float64(n-k+1), tail)
	}
	if k < n {
		high = mathext.InvRegIncBeta(float64(k+1), float64(n-k), 1-tail)
	}
	return low, high
}

// ExactRate is the interval of Garwood (1936) for the expectation of a Poisson count.
func ExactRate(count, level float64) (low, high float64) {
	tail := (1 - level) / 2
	if count > 0 {
		low = mathext.GammaIncRegInv(count, tail)
	}
	return low, mathext.GammaIncRegInv(count+1, 1-tail)
}

// Bootstrap is the interval of a statistic of n things by drawing them again with replacement (Efron 1979), bias-corrected
// by the share of draws below the estimate (Efron 1981). Statistic gets the indices of a draw; draws for which it gives no
// finite number are left out. Same seed, same interval.
func Bootstrap(n, draws int, seed uint64, level float64, statistic func(sample []int) float64) (low, high float64, err error) {
	if n == 0 || draws < 100 {
		return 0, 0, fmt.Errorf("bootstrap of %d things by %d draws, need one and a hundred: %w", n, draws, ErrEmpty)
	}
	estimate := statistic(Everything(n))
	random := rand.New(rand.NewPCG(seed, 0xB007))
	values := make([]float64, 0, draws)
	var below float64
	Resample(random, n, 1, draws, func(_ int, sample []int) {
		v := statistic(sample)
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return
		}
		if v < estimate {
			below++
		} else if v == estimate {
			below += 0.5
		}
		values = append(values, v)
	})
	if len(values) < draws/2 || math.IsNaN(estimate) || math.IsInf(estimate, 0) {
		return 0, 0, fmt.Errorf("bootstrap: the statistic has no value in %d of %d draws: %w", draws-len(values), draws, ErrEmpty)
	}
	slices.Sort(values)
	m := float64(len(values))
	bias := NormalQuantile(min(max(below/m, 1/m), 1-1/m))
	z := NormalQuantile((1 + level) / 2)
	return Quantile(values, normal(2*bias-z)), Quantile(values, normal(2*bias+z)), nil
}

// NormalQuantile is the value of a standard normal variable below which the share p lies.
func NormalQuantile(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }

func normal(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }

// Quantile interpolates in values that are sorted ascending (type 7 of Hyndman & Fan 1996); p is held within 0 and 1. It
// is 0 of no values.
func Quantile(sorted []float64, p float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	at := min(max(p, 0), 1) * float64(len(sorted)-1)
	k := int(at)
	if k+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[k] + (at-float64(k))*(sorted[k+1]-sorted[k])
}
