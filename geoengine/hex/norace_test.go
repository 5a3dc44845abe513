//go:build !race

package hex

// manyPoints are compared with the C library at the resolutions in use.
const manyPoints = 1_000_000
