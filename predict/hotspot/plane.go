package hotspot

import (
	"math"

	"github.com/paulmach/orb"
)

// Plane is a Lambert conformal conic projection with two standard parallels on the ellipsoid GRS 80: metres on a plane
// for longitude and latitude in degrees. Snyder, Map Projections: A Working Manual (USGS 1987), equations 15-1 to 15-11.
type Plane struct {
	n, f, rho0, lon0, east, north float64
}

const (
	radian       = math.Pi / 180
	semiMajor    = 6378137.0          // metres, GRS 80
	eccentricity = 0.0818191910428158 // first eccentricity of GRS 80
	foot         = 0.3048             // metres of the international foot
)

// SquareMile is one square mile of international feet in square metres.
const SquareMile = 5280 * 5280 * foot * foot

// NewPlane is the projection with standard parallels lat1 and lat2, origin lon0, lat0 (degrees) and false easting and
// northing in metres.
func NewPlane(lat1, lat2, lat0, lon0, east, north float64) Plane {
	m := func(lat float64) float64 {
		s, c := math.Sincos(lat * radian)
		return c / math.Sqrt(1-eccentricity*eccentricity*s*s)
	}
	n := math.Sin(lat1 * radian)
	if math.Abs(lat1-lat2) > 1e-9 {
		n = math.Log(m(lat1)/m(lat2)) / math.Log(isometric(lat1)/isometric(lat2))
	}
	p := Plane{n: n, lon0: lon0, east: east, north: north}
	p.f = m(lat1) / (n * math.Pow(isometric(lat1), n))
	p.rho0 = semiMajor * p.f * math.Pow(isometric(lat0), n)
	return p
}

// OregonNorth is the plane of EPSG:2913 and 2838 (NAD83 HARN, Oregon North) in metres: the challenge of the National
// Institute of Justice gives positions on it in international feet (0.3048 m).
func OregonNorth() Plane { return NewPlane(46, 44+1./3, 43+2./3, -120.5, 2500000, 0) }

// LocalPlane is the plane that is true to scale around a position. It serves everywhere but within a degree of the
// equator and the poles, where the cone is taken at one degree from them.
func LocalPlane(at orb.Point) Plane {
	lat := math.Copysign(min(max(math.Abs(at.Lat()), 1), 89), at.Lat())
	return NewPlane(lat, lat, lat, at.Lon(), 0, 0)
}

// isometric is t of Snyder's equation 15-9.
func isometric(lat float64) float64 {
	s := eccentricity * math.Sin(lat*radian)
	return math.Tan(math.Pi/4-lat*radian/2) / math.Pow((1-s)/(1+s), eccentricity/2)
}

// On gives the position in metres, east and north.
func (p Plane) On(at orb.Point) orb.Point {
	rho := semiMajor * p.f * math.Pow(isometric(at.Lat()), p.n)
	turn := math.Mod(at.Lon()-p.lon0+540, 360) - 180
	s, c := math.Sincos(p.n * turn * radian)
	return orb.Point{p.east + rho*s, p.north + p.rho0 - rho*c}
}

// Off gives longitude and latitude of a position in metres.
func (p Plane) Off(at orb.Point) orb.Point {
	x, y := at[0]-p.east, p.rho0-(at[1]-p.north)
	sign := math.Copysign(1, p.n)
	rho := sign * math.Hypot(x, y)
	t := math.Pow(rho/(semiMajor*p.f), 1/p.n)
	lat := math.Pi/2 - 2*math.Atan(t)
	for range 8 { // converges by a factor of about 150 each time
		s := eccentricity * math.Sin(lat)
		lat = math.Pi/2 - 2*math.Atan(t*math.Pow((1-s)/(1+s), eccentricity/2))
	}
	return orb.Point{p.lon0 + math.Atan2(sign*x, sign*y)/p.n/radian, lat / radian}
}
