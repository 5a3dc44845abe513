package predict

import (
	"fmt"
	"math"
)

// The search of a concentration goes from one pseudo-event spread over all cells to so many that groups have no word.
const (
	leastConcentration = 1e-3
	mostConcentration  = 1e9
)

// Concentration is how many pseudo-events of the shares in prior a group's own counts should be mixed with: the
// concentration of the Dirichlet–multinomial distribution with the greatest likelihood for these groups (Minka, Estimating a
// Dirichlet distribution, 2000). Groups that differ by no more than chance give 1e9: they all get the prior. Each row of
// counts is a group; prior sums to 1, and a cell with no share has no counts.
func Concentration(counts [][]float64, prior []float64) (float64, error) {
	if err := checkProfile(counts, prior); err != nil {
		return 0, err
	}
	value := func(logC float64) float64 { return polya(counts, prior, math.Exp(logC)) }
	low, high := math.Log(leastConcentration), math.Log(mostConcentration)
	// A scan first: with few events the likelihood may be flat on one side.
	const scan = 48
	best, at := math.Inf(-1), low
	for k := range scan + 1 {
		x := low + (high-low)*float64(k)/scan
		if v := value(x); v > best {
			best, at = v, x
		}
	}
	width := (high - low) / scan
	x := golden(value, max(low, at-width), min(high, at+width))
	return math.Exp(x), nil
}

// Shrink mixes each group's counts with concentration pseudo-events of the prior; each result sums to 1.
func Shrink(counts [][]float64, prior []float64, concentration float64) [][]float64 {
	shares := make([][]float64, len(counts))
	for g, row := range counts {
		total := sum(row) + concentration
		shares[g] = make([]float64, len(row))
		for h, n := range row {
			shares[g][h] = (n + concentration*prior[h]) / total
		}
	}
	return shares
}

// WeekProfile is how the events of a week spread over its 168 hours.
type WeekProfile struct {
	All    []float64   // pooled over all groups; 168 shares, hour 0 is Monday 00 h–01 h
	Groups [][]float64 // of each group
	// Hour, Week and Group are the concentrations of the three steps, in pseudo-events.
	Hour, Week, Group float64
}

// WeekProfiles gives each group its profile over the 168 hours of the week, no more particular than its counts can bear.
// Three steps of Shrink, each with its own concentration by maximum likelihood: the 24 hours of the day towards even; the
// 168 hours of all groups towards hour of day × day of week; each group towards all. Counts has a row of 168 for each group
// (fractions allowed); without a single event every profile is even.
func WeekProfiles(counts [][]float64) (*WeekProfile, error) {
	const hours, days = 24, 7
	all := make([]float64, hours*days)
	for g, row := range counts {
		if len(row) != len(all) {
			return nil, fmt.Errorf("profile of group %d: %d hours, want %d: %w", g+1, len(row), len(all), ErrShape)
		}
		for h, n := range row {
			all[h] += n
		}
	}
	ofHour, ofDay := make([]float64, hours), make([]float64, days)
	for h, n := range all {
		ofHour[h%hours] += n
		ofDay[h/hours] += n
	}
	out := &WeekProfile{}
	var err error
	step := func(counts [][]float64, prior []float64, concentration *float64) [][]float64 {
		if err == nil {
			*concentration, err = Concentration(counts, prior)
		}
		return Shrink(counts, prior, *concentration)
	}
	hour := step([][]float64{ofHour}, even(hours), &out.Hour)[0]
	var ignored float64
	day := step([][]float64{ofDay}, even(days), &ignored)[0]
	product := make([]float64, len(all))
	for h := range product {
		product[h] = hour[h%hours] * day[h/hours]
	}
	out.All = step([][]float64{all}, product, &out.Week)[0]
	out.Groups = step(counts, out.All, &out.Group)
	if err != nil {
		return nil, err
	}
	return out, nil
}

func checkProfile(counts [][]float64, prior []float64) error {
	if len(counts) == 0 || len(prior) == 0 {
		return fmt.Errorf("profile: no groups or no cells: %w", ErrEmpty)
	}
	if s := sum(prior); math.Abs(s-1) > 1e-6 {
		return fmt.Errorf("profile: the prior sums to %v, not 1: %w", s, ErrShape)
	}
	for g, row := range counts {
		if len(row) != len(prior) {
			return fmt.Errorf("profile of group %d: %d cells, the prior has %d: %w", g+1, len(row), len(prior), ErrShape)
		}
		for h, n := range row {
			if !(n >= 0) || math.IsInf(n, 1) || n > 0 && prior[h] == 0 {
				return fmt.Errorf("profile of group %d: %v events in cell %d, whose prior share is %v: %w", g+1, n, h, prior[h], ErrShape)
			}
		}
	}
	return nil
}

// polya is the log-likelihood of the Dirichlet–multinomial distribution, without the multinomial coefficients.
func polya(counts [][]float64, prior []float64, c float64) (value float64) {
	for _, row := range counts {
		total := 0.0
		for h, n := range row {
			if n > 0 {
				value += logRise(c*prior[h], n)
				total += n
			}
		}
		value -= logRise(c, total)
	}
	return value
}

// logRise is log Γ(x+n) − log Γ(x), by differences where x is so large that the two would cancel.
func logRise(x, n float64) float64 {
	if n == 0 {
		return 0
	}
	if x > 1e5 {
		// Stirling's series of the difference; the terms left out are below 1e-15 here.
		return (x+n-0.5)*math.Log1p(n/x) + n*math.Log(x) - n + (1/(x+n)-1/x)/12
	}
	upper, _ := math.Lgamma(x + n)
	lower, _ := math.Lgamma(x)
	return upper - lower
}

func golden(value func(float64) float64, low, high float64) float64 {
	const ratio = 0.6180339887498949
	a, b := high-ratio*(high-low), low+ratio*(high-low)
	fa, fb := value(a), value(b)
	for high-low > 1e-9 {
		if fa >= fb {
			high, b, fb = b, a, fa
			a = high - ratio*(high-low)
			fa = value(a)
		} else {
			low, a, fa = a, b, fb
			b = low + ratio*(high-low)
			fb = value(b)
		}
	}
	return (low + high) / 2
}

func even(n int) []float64 {
	shares := make([]float64, n)
	for i := range shares {
		shares[i] = 1 / float64(n)
	}
	return shares
}

func sum(v []float64) (s float64) {
	for _, x := range v {
		s += x
	}
	return s
}
