package csv

import (
	"math"
	"regexp"
	"strings"

	"github.com/paulmach/orb"

	"vigie/data"
	"vigie/geoengine"
)

// wktPoint is a point as text: POINT(2.35 48.85), SRID=4326;POINT Z (2.35 48.85 35).
var wktPoint = regexp.MustCompile(`(?i)^(?:SRID=\d+;)?\s*POINT\s*(?:Z|M|ZM)?\s*\(\s*(\S+)\s+([^\s)]+)[^)]*\)$`)

// locate returns the coordinates of a row, in the reference system of the file; has is false where there are none.
func (p *Place) locate(row data.Row) (point orb.Point, has bool, err error) {
	x, y, given := p.texts(row)
	if !given || p.absent(x, y) {
		return point, false, nil
	}
	lon, okLon := number(x, p.DecimalComma)
	lat, okLat := number(y, p.DecimalComma)
	switch {
	case !okLon || !okLat:
		return point, false, row.Reject("bad_position", "the coordinates %.60q, %.60q are not numbers", x, y)
	case lon == 0 && lat == 0:
		return point, false, nil
	}
	forLon, forLat := p.factors(row, lon, lat)
	point = p.mirrored(orb.Point{scaled(lon, forLon), scaled(lat, forLat)})
	if p.inside(point) {
		return point, true, nil
	}
	if p.Outside == outsideNoPosition {
		return orb.Point{}, false, nil
	}
	return point, false, row.Reject("bad_position", "%v, %v is outside of what the mapping expects (%v)", point[0], point[1], p.expected())
}

// texts returns the two coordinates as they are written, easting first; given is false if one is empty.
func (p *Place) texts(row data.Row) (x, y string, given bool) {
	if p.Point == "" {
		x, y = field(row, p.Lon), field(row, p.Lat)
		return x, y, x != "" && y != ""
	}
	text := field(row, p.Point)
	if text == "" {
		return "", "", false
	}
	if found := wktPoint.FindStringSubmatch(text); found != nil {
		return found[1], found[2], true
	}
	x, y, found := strings.Cut(strings.Trim(text, "()[]"), p.pointSeparator(text))
	if !found {
		return text, "", true
	}
	x, y = strings.TrimSpace(x), strings.TrimSpace(y)
	if p.Order == orderLatLon {
		x, y = y, x
	}
	return x, y, true
}

// pointSeparator is a semicolon if there is one, else a comma, else a blank.
func (p *Place) pointSeparator(text string) string {
	for _, separator := range [...]string{";", ", ", ","} {
		decimal := separator == "," && p.DecimalComma
		if !decimal && strings.Contains(text, separator) {
			return separator
		}
	}
	return " "
}

func (p *Place) absent(x, y string) bool {
	for _, a := range p.Absent {
		if comparable(a) == comparable(x) || comparable(a) == comparable(y) {
			return true
		}
	}
	return false
}

// factors are the scales of both coordinates by the first rule that holds, else the general one.
func (p *Place) factors(row data.Row, lon, lat float64) (forLon, forLat float64) {
	general := p.Scale
	if general == 0 {
		general = 1
	}
	for i := range p.Scales {
		s := &p.Scales[i]
		largeLon, largeLat := math.Abs(lon) > s.LargerThan, math.Abs(lat) > s.LargerThan
		if !holds(s.When, row) || (s.LargerThan != 0 && !largeLon && !largeLat) {
			continue
		}
		forLon, forLat = s.Scale, s.Scale
		if s.Each && !largeLon {
			forLon = general
		}
		if s.Each && !largeLat {
			forLat = general
		}
		return forLon, forLat
	}
	return general, general
}

// scaled multiplies by the factor. A factor that is one part of a whole number divides by that number, which loses no
// digit: 4850000 by 0.00001 is 48.5.
func scaled(value, factor float64) float64 {
	if whole := math.Round(1 / factor); math.Abs(whole) > 1 && math.Abs(1/factor-whole) < 1e-6*math.Abs(whole) {
		return value / whole
	}
	return value * factor
}

// projected tells whether the coordinates are not longitude, latitude.
func (p *Place) projected() bool { return p.EPSG != 0 && p.EPSG != 4326 }

func (p *Place) inside(point orb.Point) bool {
	if !p.projected() && geoengine.CheckPosition(point) != nil {
		return false
	}
	if len(p.Within) == 0 {
		return true
	}
	for _, w := range p.Within {
		if inBox(w, point) {
			return true
		}
	}
	return false
}

// inBox tells whether the point is in the box west, south, east, north.
func inBox(w [4]float64, point orb.Point) bool {
	return point[0] >= w[0] && point[1] >= w[1] && point[0] <= w[2] && point[1] <= w[3]
}

// mirrored changes the signs of a point in the box of the first rule that has it.
func (p *Place) mirrored(point orb.Point) orb.Point {
	for _, mirror := range p.Mirrors {
		if !inBox(mirror.From, point) {
			continue
		}
		if mirror.Lon {
			point[0] = -point[0]
		}
		if mirror.Lat {
			point[1] = -point[1]
		}
		break
	}
	return point
}

func (p *Place) expected() any {
	if len(p.Within) == 0 {
		return "longitude, latitude in degrees"
	}
	return p.Within
}
