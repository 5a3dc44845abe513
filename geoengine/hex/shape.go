package hex

import (
	"github.com/paulmach/orb"
	"github.com/uber/h3-go/v4"
)

// Center returns the centre of cell as longitude, latitude in degrees; the zero point if cell is not Valid.
func Center(cell uint64) orb.Point {
	p, err := h3.CellToLatLng(h3.Cell(cell))
	if err != nil || !Valid(cell) {
		return orb.Point{}
	}
	return orb.Point{p.Lng, p.Lat}
}

// Boundary appends the corners of cell to dst: longitude, latitude in degrees, counter-clockwise, not closed; 6,
// 5 for a pentagon, up to 10 where an edge of the icosahedron is crossed. Longitudes lie within ±180, so
// that a cell over the antimeridian has corners on both sides. Nothing is appended if cell is not Valid.
func Boundary(dst []orb.Point, cell uint64) []orb.Point {
	boundary, err := h3.CellToBoundary(h3.Cell(cell))
	if err != nil || !Valid(cell) {
		return dst
	}
	for _, p := range boundary {
		dst = append(dst, orb.Point{p.Lng, p.Lat})
	}
	return dst
}

// AreaM2 returns the area of cell on the sphere in square metres; 0 if cell is not Valid.
func AreaM2(cell uint64) float64 {
	area, err := h3.CellAreaM2(h3.Cell(cell))
	if err != nil || !Valid(cell) {
		return 0
	}
	return area
}
