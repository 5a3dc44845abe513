package road

import (
	"math"

	"github.com/paulmach/orb"
)

// earthRadiusM is the mean radius of the Earth in metres (IUGG 1980).
const earthRadiusM = 6371008.8

// MetresPerDegree is the length of a degree of a great circle, of latitude for one.
const MetresPerDegree = earthRadiusM * math.Pi / 180

// Distance is the length in metres of the great circle between two positions, on the sphere of the Earth's mean radius
// (haversine formula).
func Distance(a, b orb.Point) float64 {
	lat1, lat2 := a[1]*math.Pi/180, b[1]*math.Pi/180
	s, t := math.Sin((lat2-lat1)/2), math.Sin((b[0]-a[0])*math.Pi/360)
	h := s*s + math.Cos(lat1)*math.Cos(lat2)*t*t
	return 2 * earthRadiusM * math.Asin(math.Sqrt(min(h, 1)))
}

// Length is the length of a line in metres on the sphere.
func Length(line orb.LineString) float64 {
	total := 0.0
	for i := 1; i < len(line); i++ {
		total += Distance(line[i-1], line[i])
	}
	return total
}

// between is the position at a share t of the way from a to b, straight in degrees.
func between(a, b orb.Point, t float64) orb.Point {
	return orb.Point{a[0] + (b[0]-a[0])*t, a[1] + (b[1]-a[1])*t}
}

// at is the position some metres along a line, its ends beyond them.
func at(line orb.LineString, alongM float64) orb.Point {
	if alongM <= 0 {
		return line[0]
	}
	for i := 1; i < len(line); i++ {
		d := Distance(line[i-1], line[i])
		if alongM < d {
			return between(line[i-1], line[i], alongM/d)
		}
		alongM -= d
	}
	return line[len(line)-1]
}

// cut is the piece of a line between two lengths along it, fromM ≤ toM; two positions at least.
func cut(line orb.LineString, fromM, toM float64) orb.LineString {
	out := orb.LineString{at(line, fromM)}
	gone := 0.0
	for i := 1; i < len(line) && gone < toM; i++ {
		gone += Distance(line[i-1], line[i])
		if gone > fromM && gone < toM {
			out = append(out, line[i])
		}
	}
	return append(out, at(line, toM))
}

// reversed is a copy of a line in the other direction.
func reversed(line orb.LineString) orb.LineString {
	out := make(orb.LineString, len(line))
	for i, p := range line {
		out[len(line)-1-i] = p
	}
	return out
}

// join appends a line to another, without repeating the position where they meet.
func join(line, next orb.LineString) orb.LineString {
	if len(line) > 0 && len(next) > 0 && line[len(line)-1] == next[0] {
		next = next[1:]
	}
	return append(line, next...)
}

// plane is a local map in metres around a position: good to a few millimetres within a few kilometres.
type plane struct {
	origin orb.Point
	east   float64 // metres of a degree of longitude
}

func planeAt(p orb.Point) plane {
	return plane{p, MetresPerDegree * math.Cos(p[1]*math.Pi/180)}
}

// xy returns metres east and north of the origin.
func (l plane) xy(p orb.Point) (x, y float64) {
	return (p[0] - l.origin[0]) * l.east, (p[1] - l.origin[1]) * MetresPerDegree
}

// point is the inverse of xy.
func (l plane) point(x, y float64) orb.Point {
	if l.east < 1 { // at a pole
		return orb.Point{l.origin[0], l.origin[1] + y/MetresPerDegree}
	}
	return orb.Point{l.origin[0] + x/l.east, l.origin[1] + y/MetresPerDegree}
}

// box is the square of positions within some metres of the origin.
func (l plane) box(metres float64) orb.Bound {
	dx, dy := 360.0, metres/MetresPerDegree
	if l.east > 1 {
		dx = metres / l.east
	}
	return orb.Bound{Min: orb.Point{l.origin[0] - dx, l.origin[1] - dy}, Max: orb.Point{l.origin[0] + dx, l.origin[1] + dy}}
}
