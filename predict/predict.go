// Package predict is the mathematics of forecasts and of their proof: regression of counts, Empirical Bayes, pooled
// profiles, density and hot spots on networks, corrections for many tests, intervals.
//
// Everything works on slices and compressed rows and knows nothing of roads, events or stores. Nothing here reads a clock
// or a random source of its own: where chance is needed the caller passes a seed, and the same seed gives the same result.
// Start with NegativeBinomial (counts), Posterior (one place) and LocalG (hot spots).
package predict

import "errors"

// What can be wrong with data. Errors of this package wrap one of them and name the column or row.
var (
	// ErrShape is a slice whose length does not fit the others, or a value that is not a number in range.
	ErrShape = errors.New("data of the wrong shape")
	// ErrEmpty is a question about nothing: no rows, or not one event in them.
	ErrEmpty = errors.New("nothing to learn from")
	// ErrCollinear is a column of a regression that the columns before it already say.
	ErrCollinear = errors.New("collinear columns")
	// ErrSeparated is a column whose effect has no finite estimate: no event at all where it is present, for example.
	ErrSeparated = errors.New("an effect without a finite estimate")
	// ErrDiverged is a fit that has not settled.
	ErrDiverged = errors.New("no convergence")
)
