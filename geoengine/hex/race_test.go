//go:build race

package hex

// manyPoints is less with the race detector, which makes every call of C slow and finds nothing in arithmetic.
const manyPoints = 50_000
