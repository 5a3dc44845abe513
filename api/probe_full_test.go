//go:build !race

package api_test

// leastProbes is how many probes TestProbes must make; allProbes says whether they must reach every operation and find what
// was planted.
const (
	leastProbes = 100_000
	allProbes   = true
)
