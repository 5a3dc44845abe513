package feature

import (
	"fmt"
	"math"
	"strings"

	"github.com/paulmach/orb"

	"vigie/geoengine"
)

// CRS is a coordinate reference system in which features are read and written.
type CRS struct {
	URI           string
	SRID          int
	LatitudeFirst bool // EPSG:4326 as its authority defines it: latitude, longitude
}

// CRS84 is WGS 84 in longitude, latitude order: the system of everything that does not say another.
func CRS84() CRS { return CRS{URI: "http://www.opengis.net/def/crs/OGC/1.3/CRS84", SRID: 4326} }

// Systems lists the systems, CRS84 first.
func Systems() []CRS {
	const epsg = "http://www.opengis.net/def/crs/EPSG/0/"
	return []CRS{CRS84(), {epsg + "4326", 4326, true}, {epsg + "3857", 3857, false}, {epsg + "2154", 2154, false}}
}

// ParseCRS returns the system of a URI (or a CURIE such as [EPSG:2154]); ErrInvalid names one that is not served.
func ParseCRS(uri string) (CRS, error) {
	if uri == "" {
		return CRS84(), nil
	}
	plain := strings.Trim(uri, "[]")
	for _, c := range Systems() {
		if uri == c.URI || strings.EqualFold(plain, fmt.Sprintf("EPSG:%d", c.SRID)) && c != CRS84() || strings.EqualFold(plain, "OGC:CRS84") {
			return c, nil
		}
	}
	return CRS{}, fmt.Errorf("crs %.80q: must be CRS84, or EPSG 4326, 3857 or 2154 as URI: %w", uri, geoengine.ErrInvalid)
}

// sql is the expression of a WGS 84 geometry in the system.
func (c CRS) sql(geometry string) string {
	switch {
	case c.LatitudeFirst:
		return "st_flipcoordinates(" + geometry + ")"
	case c.SRID != CRS84().SRID:
		return fmt.Sprintf("st_transform(%s, %d)", geometry, c.SRID)
	default:
		return geometry
	}
}

// Geographic tells whether coordinates are degrees.
func (c CRS) Geographic() bool { return c.SRID == CRS84().SRID }

// Box is a bounding box in some system: of its axes in x, y order. West may lie beyond east in a geographic system: the
// box then crosses the antimeridian.
type Box struct {
	CRS            CRS
	Min, Max       orb.Point
	AcrossMeridian bool
}

// NewBox makes a box of four or six numbers in the order of the system's axes, heights ignored; ErrInvalid for what is
// no box.
func NewBox(numbers []float64, crs CRS) (Box, error) {
	wrong := func(why string) (Box, error) { return Box{}, fmt.Errorf("bbox: %s: %w", why, geoengine.ErrInvalid) }
	switch len(numbers) {
	case 4:
	case 6:
		if !(numbers[2] <= numbers[5]) {
			return wrong("the lower height is above the upper")
		}
		numbers = []float64{numbers[0], numbers[1], numbers[3], numbers[4]}
	default:
		return wrong("must have 4 or 6 numbers")
	}
	for _, n := range numbers {
		if math.IsNaN(n) || math.IsInf(n, 0) {
			return wrong("must have finite numbers")
		}
	}
	b := Box{CRS: crs, Min: orb.Point{numbers[0], numbers[1]}, Max: orb.Point{numbers[2], numbers[3]}}
	if crs.LatitudeFirst {
		b.Min, b.Max = orb.Point{numbers[1], numbers[0]}, orb.Point{numbers[3], numbers[2]}
	}
	if b.Min[1] > b.Max[1] {
		return wrong("its south is beyond its north")
	}
	if !crs.Geographic() {
		const farthest = 1e8 // metres
		for _, n := range numbers {
			if math.Abs(n) > farthest {
				return wrong("is off the Earth")
			}
		}
		if b.Min[0] > b.Max[0] {
			return wrong("its west is beyond its east")
		}
		return b, nil
	}
	if math.Abs(b.Min[1]) > 90 || math.Abs(b.Max[1]) > 90 || math.Abs(b.Min[0]) > 180 || math.Abs(b.Max[0]) > 180 {
		return wrong("must lie within 180 degrees of longitude and 90 of latitude")
	}
	b.AcrossMeridian = b.Min[0] > b.Max[0]
	return b, nil
}

// parts are the box as one or two boxes that do not cross the antimeridian.
func (b Box) parts() []orb.Bound {
	if !b.AcrossMeridian {
		return []orb.Bound{{Min: b.Min, Max: b.Max}}
	}
	return []orb.Bound{
		{Min: b.Min, Max: orb.Point{180, b.Max[1]}},
		{Min: orb.Point{-180, b.Min[1]}, Max: b.Max},
	}
}
