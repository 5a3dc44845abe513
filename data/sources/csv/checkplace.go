package csv

import (
	"fmt"
	"math"
	"regexp"
)

func (m *Mapping) checkPlace() error {
	p := m.Position
	if p == nil {
		return nil
	}
	if p.Order == "" {
		p.Order = orderLonLat
	}
	if p.Outside == "" {
		p.Outside = outsideReject
	}
	hasPair, hasHalf := p.Lon != "" && p.Lat != "", (p.Lon == "") != (p.Lat == "")
	switch {
	case hasHalf || hasPair == (p.Point != ""):
		return m.errorAt("position", "give either lon and lat, or point")
	case p.Order != orderLonLat && p.Order != orderLatLon:
		return m.errorAt("position.order", "%q must be lon_lat or lat_lon", p.Order)
	case p.Outside != outsideReject && p.Outside != outsideNoPosition:
		return m.errorAt("position.outside", "%q must be reject or no_position", p.Outside)
	case p.EPSG < 0 || p.EPSG > 999999:
		return m.errorAt("position.epsg", "%d is no EPSG code", p.EPSG)
	case !finite(p.Scale):
		return m.errorAt("position.scale", "%v is no factor", p.Scale)
	case !finite(p.Precision) || p.Precision < 0:
		return m.errorAt("position.precision", "%v must be metres", p.Precision)
	}
	return m.checkPlaceRules(p)
}

// checkPlaceRules checks the lists of boxes, mirrors and scales.
func (m *Mapping) checkPlaceRules(p *Place) error {
	for i, w := range p.Within {
		if !(w[0] <= w[2] && w[1] <= w[3]) {
			return m.errorAt(fmt.Sprintf("position.within[%d]", i), "%v must be [west, south, east, north]", w)
		}
	}
	for i, mirror := range p.Mirrors {
		if !mirror.Lon && !mirror.Lat {
			return m.errorAt(fmt.Sprintf("position.mirrors[%d]", i), "changes nothing: give lon: true or lat: true")
		}
	}
	for i := range p.Scales {
		key := fmt.Sprintf("position.scales[%d]", i)
		s := &p.Scales[i]
		if s.Scale == 0 || !finite(s.Scale) || (len(s.When) == 0 && s.LargerThan <= 0) {
			return m.errorAt(key, "needs a scale, and when or larger_than")
		}
		if s.Each && s.LargerThan <= 0 {
			return m.errorAt(key, "each goes with larger_than")
		}
		if err := m.checkConditions(key, s.When); err != nil {
			return err
		}
	}
	return nil
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

// pattern compiles a regular expression; "" is none.
func (m *Mapping) pattern(key, text string) (pattern, error) {
	if text == "" {
		return pattern{}, nil
	}
	expression, err := regexp.Compile(text)
	if err != nil {
		return pattern{}, m.errorAt(key, "%v", err)
	}
	return pattern{expression}, nil
}

func (m *Mapping) checkConditions(key string, conditions []Condition) (err error) {
	for i := range conditions {
		c := &conditions[i]
		key := fmt.Sprintf("%s[%d]", key, i)
		if c.Column == "" {
			return m.errorAt(key, "names no column")
		}
		if c.Equals == nil && c.In == nil && c.Not == nil && c.Like == "" && c.Unlike == "" && c.Empty == nil && c.Min == nil && c.Max == nil {
			return m.errorAt(key, "says nothing: give equals, in, not, like, unlike, empty, min or max")
		}
		if c.like, err = m.pattern(key+".like", c.Like); err != nil {
			return err
		}
		if c.unlike, err = m.pattern(key+".unlike", c.Unlike); err != nil {
			return err
		}
	}
	return nil
}
