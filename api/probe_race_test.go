//go:build race

package api_test

// The race detector makes a probe cost five times as much: under it a share of them looks for races only, and
// scripts/test.sh makes them all without it.
const (
	leastProbes = 10_000
	allProbes   = false
)
