package baac

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"
)

// firstDegreeYear is the first vintage with coordinates in degrees, five-digit communes and plain département codes.
const firstDegreeYear = 2019

// marginDegrees is how far outside the box of its département a position may lie, about 25 km.
const marginDegrees = 0.25

// departement returns the official code (01, 2A, 971) of the dep field of a vintage; "" if it is not readable.
// Before 2019 it is the number times ten (590 = 59, 201 and 202 = 2A and 2B, 971 as it is), leading zeros lost or not.
func departement(dep string, year int) string {
	dep = strings.ToUpper(strings.TrimSuffix(dep, ".0"))
	if dep == "2A" || dep == "2B" {
		return dep
	}
	n, err := strconv.Atoi(dep)
	if err != nil || n <= 0 {
		return ""
	}
	switch {
	case n >= 971 && n <= 989:
		return dep
	case year < firstDegreeYear && n == 201:
		return "2A"
	case year < firstDegreeYear && n == 202:
		return "2B"
	case year < firstDegreeYear:
		if n%10 != 0 {
			return ""
		}
		n /= 10
	}
	if n > 95 || n == 20 {
		return ""
	}
	return fmt.Sprintf("%02d", n)
}

// commune returns the INSEE code of com: five characters from 2019 on, the last three digits before.
func commune(com, departement string) string {
	com = strings.ToUpper(strings.TrimSuffix(com, ".0"))
	if len(com) == 5 && departement != "" && strings.HasPrefix(com, departement) {
		return com
	}
	n, err := strconv.Atoi(com)
	switch {
	case err != nil || n <= 0 || departement == "":
		return ""
	case n >= 1000 && n <= 99999:
		return fmt.Sprintf("%05d", n)
	case n < 1000:
		return fmt.Sprintf("%s%03d", departement[:2], n)
	default:
		return ""
	}
}

// position is what lat and long say.
type position struct {
	point orb.Point
	has   bool
	note  string // why coordinates that were given are not used; "" if they are, or if none were given
}

// locate reads lat and long and holds them against the département. A latitude beyond 90 is in units of 1e-5 degree,
// and then so is the longitude. Empty and zero coordinates are no position.
func locate(lat, long, departement string) position {
	if lat == "" || long == "" {
		return position{}
	}
	y, okY := coordinate(lat)
	x, okX := coordinate(long)
	switch {
	case !okX || !okY:
		return position{note: "unreadable"}
	case x == 0 || y == 0:
		return position{}
	case math.Abs(y) > 90:
		x, y = x/1e5, y/1e5
	}
	p := signed(orb.Point{x, y}, departement)
	if !plausible(p, departement) {
		return position{note: "contradicts_departement"}
	}
	return position{point: p, has: true}
}

// signed gives a position overseas the signs of its territory: many files before 2019 have lost them (La Réunion at
// latitude +20.9). No such territory touches the equator or the meridians 0 and 180, so that the signs are known.
func signed(p orb.Point, departement string) orb.Point {
	box, known := frames[departement]
	if _, overseas := zones[departement]; !known || !overseas {
		return p
	}
	return orb.Point{math.Copysign(p.Lon(), float64(box[0])), math.Copysign(p.Lat(), float64(box[1]))}
}

// plausible tells whether p lies in the box of its département, or of any one if that is not known.
func plausible(p orb.Point, departement string) bool {
	if box, known := frames[departement]; known {
		return box.has(p)
	}
	for _, box := range frames {
		if box.has(p) {
			return true
		}
	}
	return false
}

func (f frame) has(p orb.Point) bool {
	const m = marginDegrees
	return p.Lon() >= float64(f[0])/10-m && p.Lat() >= float64(f[1])/10-m &&
		p.Lon() <= float64(f[2])/10+m && p.Lat() <= float64(f[3])/10+m
}

// territory holds the time zones that a reading has met.
type territory map[string]*time.Location

// zone returns the time zone of a département.
func (t territory) zone(departement string) (*time.Location, error) {
	name, overseas := zones[departement]
	if !overseas {
		name = "Europe/Paris"
	}
	if z := t[name]; z != nil {
		return z, nil
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("time zone %s: %w", name, err)
	}
	t[name] = z
	return z, nil
}
