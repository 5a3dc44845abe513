package hex

import (
	"github.com/paulmach/orb"
	"github.com/uber/h3-go/v4"
)

// Cover returns the cells of resolution res, sorted, whose hexagon may touch the box (longitude, latitude in degrees).
func Cover(box orb.Bound, res int) []uint64 {
	_ = h3.Cell(0)
	return nil
}
