package predict

import (
	"fmt"
	"math"
)

// Regression is a table of counts to be explained: row i has the count Y[i] and the values X[i·Columns … (i+1)·Columns).
// An intercept is a column of ones that the caller puts there.
type Regression struct {
	Y       []float64 // counts, 0 to a million; fractions are allowed (an event that counts half)
	X       []float64 // row-major
	Columns int
	Offset  []float64 // added to the linear predictor, usually log(exposure); nil is 0
	Names   []string  // of the columns, for errors; nil gives "column 1", …
}

// mostCount is the greatest count of a row: the likelihood takes time in proportion to counts.
const mostCount = 1e6

// Fit is a negative-binomial regression with log link (NB2):
//
//	E[y] = μ = exp(x·β + offset),  Var[y] = μ + Alpha·μ²
//
// Alpha is the overdispersion k of the Highway Safety Manual and alpha of statsmodels. Its inverse φ = 1/Alpha (Phi) is
// theta of R's MASS, the shape of the gamma mixture, and the φ of w = 1/(1+μ/φ). Alpha 0 is the Poisson distribution:
// the data are not more dispersed than chance.
type Fit struct {
	Coefficients  []float64 // β, in the order of the columns
	Errors        []float64 // standard errors of β, from the observed information of β and Alpha together
	Alpha         float64
	AlphaError    float64 // 0 if Alpha is 0
	LogLikelihood float64
	Iterations    int
	Mean          []float64 // μ of each row
}

// Phi is the shape of the gamma mixture, 1/Alpha; +Inf for Poisson.
func (f *Fit) Phi() float64 { return 1 / f.Alpha }

// At is μ for a row of values and an offset.
func (f *Fit) At(x []float64, offset float64) float64 {
	for j, b := range f.Coefficients {
		offset += b * x[j]
	}
	return math.Exp(offset)
}

func (r *Regression) name(column int) string {
	if column < len(r.Names) {
		return r.Names[column]
	}
	return fmt.Sprintf("column %d", column+1)
}

func (r *Regression) row(i int) []float64 { return r.X[i*r.Columns : (i+1)*r.Columns] }

func (r *Regression) offset(i int) float64 {
	if r.Offset == nil {
		return 0
	}
	return r.Offset[i]
}

// check says what is wrong with the table before anything is computed.
func (r *Regression) check() error {
	n := len(r.Y)
	switch {
	case n == 0 || r.Columns == 0:
		return fmt.Errorf("regression: no rows or no columns: %w", ErrEmpty)
	case len(r.X) != n*r.Columns:
		return fmt.Errorf("regression: %d values for %d rows of %d columns: %w", len(r.X), n, r.Columns, ErrShape)
	case r.Offset != nil && len(r.Offset) != n:
		return fmt.Errorf("regression: %d offsets for %d rows: %w", len(r.Offset), n, ErrShape)
	case n <= r.Columns:
		return fmt.Errorf("regression: %d rows cannot tell %d coefficients apart: %w", n, r.Columns, ErrEmpty)
	}
	var events float64
	for i, y := range r.Y {
		if !(y >= 0 && y <= mostCount) {
			return fmt.Errorf("regression: row %d: %v is not a count of 0 to a million: %w", i+1, y, ErrShape)
		}
		if o := r.offset(i); math.IsNaN(o) || math.IsInf(o, 0) {
			return fmt.Errorf("regression: row %d: offset %v; leave rows without exposure out: %w", i+1, o, ErrShape)
		}
		events += y
	}
	if events == 0 {
		return fmt.Errorf("regression: every count is 0: %w", ErrEmpty)
	}
	for k, x := range r.X {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("regression: row %d: %s is %v: %w", k/r.Columns+1, r.name(k%r.Columns), x, ErrShape)
		}
	}
	if err := r.collinear(); err != nil {
		return err
	}
	return r.separated()
}

// collinear factors the Gram matrix of the columns scaled to length one: a pivot of nothing is a column that those before
// it already say.
func (r *Regression) collinear() error {
	p := r.Columns
	gram := newSquare(p)
	for i := range r.Y {
		x := r.row(i)
		for a := range p {
			for b := 0; b <= a; b++ {
				gram.add(a, b, x[a]*x[b])
			}
		}
	}
	scale := make([]float64, p)
	for a := range p {
		if scale[a] = math.Sqrt(gram.at(a, a)); scale[a] == 0 {
			return fmt.Errorf("regression: %s is 0 in every row: %w", r.name(a), ErrCollinear)
		}
	}
	for a := range p {
		for b := 0; b <= a; b++ {
			gram.v[a*p+b] /= scale[a] * scale[b]
		}
	}
	const nothing = 1e-11 // of a squared length of 1: what is left of a column after those before it
	if bad := gram.factor(nothing); bad >= 0 {
		return fmt.Errorf("regression: %s follows from the columns before it; leave it out: %w", r.name(bad), ErrCollinear)
	}
	return nil
}

// separated finds the plain cases before the iteration would run away: a column of one sign with no event where it is
// not 0 has an effect of minus infinity.
func (r *Regression) separated() error {
	for j := range r.Columns {
		var low, high, events float64
		for i, y := range r.Y {
			x := r.row(i)[j]
			low, high = min(low, x), max(high, x)
			if x != 0 {
				events += y
			}
		}
		if events == 0 && (low == 0 || high == 0) {
			return fmt.Errorf("regression: no event in any row where %s is not 0; join it with another group: %w", r.name(j), ErrSeparated)
		}
	}
	return nil
}
