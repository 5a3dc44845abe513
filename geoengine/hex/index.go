package hex

import (
	"math"

	"github.com/paulmach/orb"
	"github.com/uber/h3-go/v4"
)

// Cell returns the H3 cell of resolution res, 0 to 15, that holds the position (degrees); 0 if a coordinate is not
// finite or res is out of range.
func Cell(lon, lat float64, res int) uint64 {
	if math.IsNaN(lon-lon) || math.IsNaN(lat-lat) {
		return 0
	}
	return reference(lon, lat, res)
}

// Cells appends the cell of each position (longitude, latitude) to dst.
func Cells(dst []uint64, positions []orb.Point, res int) []uint64 {
	for _, p := range positions {
		dst = append(dst, Cell(p[0], p[1], res))
	}
	return dst
}

// reference asks the C library.
func reference(lon, lat float64, res int) uint64 {
	cell, err := h3.LatLngToCell(h3.LatLng{Lat: lat, Lng: lon}, res)
	if err != nil {
		return 0
	}
	return uint64(cell)
}
