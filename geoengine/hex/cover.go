package hex

import (
	"math"

	"github.com/paulmach/orb"
)

// spread bounds how far the descendants of a cell reach from its centre, in circumradii of the cell: 1.06 on a plane
// (the sum of the steps of a digit sequence), and what the globe's curvature adds at resolution 0.
const spread = 1.3

// Cover returns the cells of resolution res, sorted, whose hexagon may touch the box (longitude, latitude in degrees,
// West not beyond East): all that do, and a few near ones.
func Cover(box orb.Bound, res int) []uint64 { return cover(box, res, 1) }

// Holders returns the cells of resolution res, sorted, whose descendants may hold a position in the box. These are a
// few more than in Cover, as descendants reach over their ancestor's border.
func Holders(box orb.Bound, res int) []uint64 { return cover(box, res, spread) }

func cover(box orb.Bound, res int, reach float64) []uint64 {
	if res < 0 || res > MaxResolution || box.Min.Lon() > box.Max.Lon() || box.Min.Lat() > box.Max.Lat() {
		return nil
	}
	var found []uint64
	var corners []orb.Point
	var visit func(cell uint64)
	visit = func(cell uint64) {
		center := Center(cell)
		corners = Boundary(corners[:0], cell)
		radius := 0.0
		for _, corner := range corners {
			radius = max(radius, distance(center, corner))
		}
		own := Resolution(cell)
		factor := spread
		if own == res {
			factor = reach
		}
		if toBox(center, box) > radius*factor+1e-12 {
			return
		}
		if own == res {
			found = append(found, cell)
			return
		}
		for child := range children(cell) {
			visit(child)
		}
	}
	for base := range uint64(baseCells) {
		visit(cellMode | base<<baseShift | unused(0))
	}
	return found
}

// children yields the cells one resolution finer, in the order of their ids.
func children(cell uint64) func(yield func(uint64) bool) {
	return func(yield func(uint64) bool) {
		res := Resolution(cell) + 1
		shift := digitBits * (MaxResolution - res)
		for digit := range uint64(7) {
			child := cell&^(7<<shift)&^(15<<resolutionShift) | digit<<shift | uint64(res)<<resolutionShift
			if Valid(child) && !yield(child) {
				return
			}
		}
	}
}

const radian = math.Pi / 180

// distance is the angle between two positions in radians, accurate for small ones too.
func distance(a, b orb.Point) float64 {
	sinLat := math.Sin((b.Lat() - a.Lat()) * radian / 2)
	sinLon := math.Sin((b.Lon() - a.Lon()) * radian / 2)
	h := sinLat*sinLat + math.Cos(a.Lat()*radian)*math.Cos(b.Lat()*radian)*sinLon*sinLon
	return 2 * math.Asin(math.Sqrt(min(h, 1)))
}

// toBox is the angle from a position to the nearest one in the box, in radians.
func toBox(p orb.Point, box orb.Bound) float64 {
	west := math.Mod(box.Min.Lon()-p.Lon()+720, 360) // eastwards from p to the western side
	if width := box.Max.Lon() - box.Min.Lon(); width >= 360 || west == 0 || west+width >= 360 {
		return max(0, box.Min.Lat()-p.Lat(), p.Lat()-box.Max.Lat()) * radian
	}
	return min(toMeridian(p, box.Min.Lon(), box), toMeridian(p, box.Max.Lon(), box))
}

// toMeridian is the angle from a position to the nearest one of a side of the box, in radians.
func toMeridian(p orb.Point, lon float64, box orb.Bound) float64 {
	turn := (lon - p.Lon()) * radian
	sin, cos := math.Sincos(p.Lat() * radian)
	nearest := math.Atan2(sin, cos*math.Cos(turn)) / radian
	if nearest < -90 || nearest > 90 { // beyond a pole
		nearest = math.Copysign(90, sin)
	}
	nearest = min(max(nearest, box.Min.Lat()), box.Max.Lat())
	return distance(p, orb.Point{lon, nearest})
}
