package hex

import (
	"math"

	"github.com/paulmach/orb"
	"github.com/uber/h3-go/v4"
)

// Where two cells, or two faces, are nearer than the C library's own rounding errors, it is asked which one it takes.
const (
	// margin is the greatest error of a position on the plane at distance 1 from the globe's centre, 5e-13 of the
	// earth's radius (3 µm): the C library loses 1e-16/r at the distance r from the middle of a face.
	margin = 5e-13
	// centerCosine is the cosine of 1e-3, the distance within which that bound does not hold.
	centerCosine = 1 - 5e-7
	// faceMargin is the least difference of the cosines to two face centres that is a decision.
	faceMargin = 1e-14
)

// Cell returns the H3 cell of resolution res, 0 to 15, that holds the position (degrees); 0 if a coordinate is not
// finite or res is out of range.
func Cell(lon, lat float64, res int) uint64 {
	return theGrid().cell(lon, lat, res)
}

// Cells appends the cell of each position (longitude, latitude) to dst.
func Cells(dst []uint64, positions []orb.Point, res int) []uint64 {
	g := theGrid()
	for _, p := range positions {
		dst = append(dst, g.cell(p[0], p[1], res))
	}
	return dst
}

func (g *grid) cell(lon, lat float64, res int) uint64 {
	at, t, digits := g.locate(lon, lat, res)
	entry := &g.faces[at].bases[t.i][t.j]
	if !t.known || !entry.known {
		return reference(lon, lat, res)
	}
	if digits != 0 {
		turns := entry.turns[leadingDigit(digits)]
		if turns == unseen {
			return reference(lon, lat, res)
		}
		digits = turned(digits, turns)
	}
	return cellMode | uint64(res)<<resolutionShift | uint64(entry.cell)<<baseShift |
		digits<<(digitBits*(MaxResolution-res)) | unused(res)
}

// reference asks the C library.
func reference(lon, lat float64, res int) uint64 {
	cell, err := h3.LatLngToCell(h3.LatLng{Lat: lat, Lng: lon}, res)
	if err != nil {
		return 0
	}
	return uint64(cell)
}

// locate finds the lattice cell of a position: the face, the place of its base cell at resolution 0, and res digits in
// the directions of the face, the finest lowest. The place is not known if only the C library can tell.
func (g *grid) locate(lon, lat float64, res int) (at int, t top, digits uint64) {
	if !(math.Abs(lon) <= 180 && math.Abs(lat) <= 90 && uint(res) <= MaxResolution) {
		return 0, top{}, 0
	}
	p := towards(lon, lat)
	row := min(uint((lat+90)*(guessRows/180.)), guessRows-1)
	column := min(uint((lon+180)*(guessColumns/360.)), guessColumns-1)
	at, cosine, ok := g.face(p, int(g.guess[row][column]))
	if !ok || cosine > centerCosine {
		return 0, top{}, 0
	}
	axes := &g.faces[at].axes[res]
	i, j, ok := round(axes[0].dot(p)/cosine, axes[1].dot(p)/cosine, res)
	if !ok {
		return 0, top{}, 0
	}
	t, digits = g.ascend(i, j, res)
	return at, t, digits
}

// face walks from a face to the one nearest to p and returns it with the cosine of its centre's distance; false if
// two are equally near.
func (g *grid) face(p vector, at int) (int, float64, bool) {
	cosine := g.faces[at].center.dot(p)
	for {
		clear, moved := true, false
		for _, n := range &g.faces[at].near {
			other := g.faces[n].center.dot(p)
			if other > cosine {
				at, cosine, moved = n, other, true
				break
			}
			clear = clear && cosine-other > faceMargin
		}
		if !moved {
			return at, cosine, clear
		}
	}
}

// margins are the error bounds in lattice units by resolution.
var margins = func() (m [MaxResolution + 1]float64) {
	scale := margin * resUnit
	for res := range m {
		m[res] = scale
		scale *= math.Sqrt(7)
	}
	return m
}()

// round returns the lattice position nearest to (x, y); false if that is not certain.
func round(x, y float64, res int) (i, j int32, ok bool) {
	// Three coordinates with sum 0 and steps (1, −1, 0): a cell is where any two remainders differ by at most 1.
	const bias = 1 << 24
	a, b, c := x-y, y, -x
	roundA, roundB, roundC := int32(a+bias+.5)-bias, int32(b+bias+.5)-bias, int32(c+bias+.5)-bias
	restA, restB, restC := a-float64(roundA), b-float64(roundB), c-float64(roundC)
	if sum := roundA + roundB + roundC; sum != 0 {
		absA, absB, absC := math.Abs(restA), math.Abs(restB), math.Abs(restC)
		switch {
		case absA > absB && absA > absC:
			restA += float64(sum)
		case absB > absC:
			roundB -= sum
			restB += float64(sum)
		default:
			roundC -= sum
			restC += float64(sum)
		}
	}
	limit := 1 - margins[res]
	ok = math.Abs(restA-restB) < limit && math.Abs(restB-restC) < limit && math.Abs(restC-restA) < limit
	return -roundC, roundB, ok
}
