package areas

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"github.com/paulmach/orb"

	"vigie/geoengine"
)

// parseGeometry reads the coordinates of a Polygon or MultiPolygon. Rings must have four positions or more and be
// closed; altitudes are dropped. degrees tells that positions must be longitude, latitude.
func parseGeometry(kind string, coordinates []byte, degrees bool) (orb.MultiPolygon, error) {
	p := coordinateReader{in: coordinates, degrees: degrees}
	var shape orb.MultiPolygon
	var err error
	switch kind {
	case "Polygon":
		var polygon orb.Polygon
		polygon, err = p.polygon()
		shape = orb.MultiPolygon{polygon}
	case "MultiPolygon":
		shape, err = list(&p, (*coordinateReader).polygon)
	default:
		return nil, fmt.Errorf("the geometry is a %.40q, not a Polygon or MultiPolygon", kind)
	}
	if err != nil {
		return nil, err
	}
	if p.skip(); p.at < len(p.in) {
		return nil, fmt.Errorf("coordinates: %.20q after their end", p.in[p.at:])
	}
	if len(shape) == 0 {
		return nil, errors.New("the MultiPolygon has no polygon")
	}
	return shape, nil
}

// coordinateReader walks nested arrays of numbers; many times faster than decoding into slices of slices.
type coordinateReader struct {
	in      []byte
	at      int
	degrees bool
}

func (p *coordinateReader) skip() {
	for p.at < len(p.in) && bytes.IndexByte([]byte(" \t\r\n"), p.in[p.at]) >= 0 {
		p.at++
	}
}

// take steps over one character, if it is next.
func (p *coordinateReader) take(c byte) bool {
	p.skip()
	if p.at < len(p.in) && p.in[p.at] == c {
		p.at++
		return true
	}
	return false
}

// list reads an array of what item reads.
func list[T any](p *coordinateReader, item func(*coordinateReader) (T, error)) ([]T, error) {
	if !p.take('[') {
		return nil, errors.New("coordinates: an array is missing, as if the geometry's type were another")
	}
	if p.take(']') {
		return nil, nil
	}
	var items []T
	for {
		next, err := item(p)
		if err != nil {
			return nil, err
		}
		items = append(items, next)
		if p.take(']') {
			return items, nil
		}
		if !p.take(',') {
			return nil, errors.New("coordinates: neither , nor ] after an item")
		}
	}
}

func (p *coordinateReader) polygon() (orb.Polygon, error) {
	rings, err := list(p, (*coordinateReader).ring)
	if err == nil && len(rings) == 0 {
		err = errors.New("a polygon has no ring")
	}
	return rings, err
}

func (p *coordinateReader) ring() (orb.Ring, error) {
	points, err := list(p, (*coordinateReader).position)
	switch {
	case err != nil:
		return nil, err
	case len(points) < 4:
		return nil, fmt.Errorf("a ring has %d positions, 4 are the least", len(points))
	case points[0] != points[len(points)-1]:
		return nil, fmt.Errorf("a ring of %d positions is not closed: begins %v, ends %v", len(points), points[0], points[len(points)-1])
	}
	return points, nil
}

func (p *coordinateReader) position() (orb.Point, error) {
	var point orb.Point
	numbers, err := list(p, (*coordinateReader).number)
	if err != nil {
		return point, err
	}
	if len(numbers) < 2 {
		return point, fmt.Errorf("a position has %d numbers, not 2", len(numbers))
	}
	point = orb.Point{numbers[0], numbers[1]}
	if p.degrees {
		return point, geoengine.CheckPosition(point)
	}
	return point, nil
}

func (p *coordinateReader) number() (float64, error) {
	p.skip()
	from := p.at
	for p.at < len(p.in) && bytes.IndexByte([]byte("+-.0123456789eE"), p.in[p.at]) >= 0 {
		p.at++
	}
	value, err := strconv.ParseFloat(string(p.in[from:p.at]), 64)
	if err != nil {
		return 0, fmt.Errorf("coordinates: %.20q is not a finite number", p.in[from:])
	}
	return value, nil
}
