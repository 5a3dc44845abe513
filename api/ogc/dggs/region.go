package dggs

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/clip"

	ogctiles "vigie/api/ogc/tiles"
	"vigie/geoengine"
	"vigie/geoengine/hex"
)

// region is where and when zones are wanted.
type region struct {
	boxes    []orb.Bound // WGS 84; nil is everywhere; two where the antimeridian is crossed
	interval ogctiles.Interval
}

// parseRegion reads bbox, subset and datetime with their coordinate reference systems. ErrInvalid says what is wrong.
func parseRegion(values url.Values) (r region, err error) {
	for _, name := range []string{"bbox-crs", "subset-crs"} {
		if err := checkCRS(name, values.Get(name)); err != nil {
			return r, err
		}
	}
	if r.interval, err = ogctiles.Period(values.Get("datetime")); err != nil {
		return r, err
	}
	axes, err := parseSubset(strings.Join(values["subset"], ","))
	if err != nil {
		return r, err
	}
	box, spatial := values.Get("bbox"), axes.lon != nil || axes.lat != nil
	switch {
	case box != "" && spatial:
		return r, fmt.Errorf("subset: must not name axes of bbox beside bbox: %w", geoengine.ErrInvalid)
	case box != "":
		if axes, err = boxAxes(box, axes); err != nil {
			return r, err
		}
	}
	if axes.interval != nil {
		if values.Get("datetime") != "" {
			return r, fmt.Errorf("subset: must not name time beside datetime: %w", geoengine.ErrInvalid)
		}
		r.interval = *axes.interval
	}
	r.boxes, err = axes.boxes()
	return r, err
}

// checkCRS accepts the one coordinate reference system that there is, as URI or safe CURIE.
func checkCRS(name, text string) error {
	known := []string{"", crs84, strings.Replace(crs84, "http:", "https:", 1), "[OGC:CRS84]", "OGC:CRS84"}
	if slices.Contains(known, text) {
		return nil
	}
	return fmt.Errorf("%s %.60q: must be %s: %w", name, text, crs84, geoengine.ErrInvalid)
}

// axes are the limits of a subset; nil ones are not limited.
type axes struct {
	lon, lat *[2]float64
	interval *ogctiles.Interval
}

// boxAxes reads four or six numbers; heights are left out, as cells have none.
func boxAxes(text string, a axes) (axes, error) {
	parts := strings.Split(text, ",")
	if len(parts) == 6 {
		parts = []string{parts[0], parts[1], parts[3], parts[4]}
	}
	if len(parts) != 4 {
		return a, fmt.Errorf("bbox: must be four or six numbers: west,south,east,north in degrees: %w", geoengine.ErrInvalid)
	}
	var edges [4]float64
	for i, part := range parts {
		var err error
		if edges[i], err = coordinate(part); err != nil {
			return a, fmt.Errorf("bbox: %w", err)
		}
	}
	a.lon, a.lat = &[2]float64{edges[0], edges[2]}, &[2]float64{edges[1], edges[3]}
	return a, nil
}

func coordinate(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("%.30q is not a number: %w", text, geoengine.ErrInvalid)
	}
	return v, nil
}

// parseSubset reads axis(low:high) or axis(point), separated by commas; * is an open end, times stand in quotes.
func parseSubset(text string) (a axes, err error) {
	for text != "" {
		name, rest, found := strings.Cut(text, "(")
		if !found {
			return a, fmt.Errorf("subset: %.30q: must be axis(low:high): %w", text, geoengine.ErrInvalid)
		}
		limits, after, found := strings.Cut(rest, ")")
		if !found {
			return a, fmt.Errorf("subset: %s: the bracket is not closed: %w", printable(name), geoengine.ErrInvalid)
		}
		if err := a.limit(strings.TrimSpace(name), strings.TrimSpace(limits)); err != nil {
			return a, err
		}
		if after = strings.TrimSpace(after); after != "" && !strings.HasPrefix(after, ",") {
			return a, fmt.Errorf("subset: axes must be separated by commas: %w", geoengine.ErrInvalid)
		}
		text = strings.TrimPrefix(after, ",")
	}
	return a, nil
}

func printable(text string) string { return fmt.Sprintf("%.30q", text) }

// limit sets the limits of one axis.
func (a *axes) limit(name, limits string) error {
	switch strings.ToLower(name) {
	case "lon", "long", "longitude":
		return limitAxis(&a.lon, name, limits, -180, 180)
	case "lat", "latitude":
		return limitAxis(&a.lat, name, limits, -90, 90)
	case "time":
		low, high, isInterval := cutOutsideQuotes(limits)
		text := unquoted(low)
		if isInterval {
			text = unquoted(low) + "/" + unquoted(high)
		}
		interval, err := ogctiles.Period(text)
		if err != nil {
			return fmt.Errorf("subset: %w", err)
		}
		if text == "" || a.interval != nil {
			return fmt.Errorf("subset: time must be limited once: %w", geoengine.ErrInvalid)
		}
		a.interval = &interval
		return nil
	}
	return fmt.Errorf("subset: axis %s: must be Lon, Lat or time: %w", printable(name), geoengine.ErrInvalid)
}

func limitAxis(axis **[2]float64, name, limits string, least, most float64) error {
	if *axis != nil {
		return fmt.Errorf("subset: %s is limited twice: %w", printable(name), geoengine.ErrInvalid)
	}
	low, high, isInterval := strings.Cut(limits, ":")
	if !isInterval {
		high = low
	}
	found := [2]float64{least, most}
	for i, text := range []string{low, high} {
		if text == "*" && isInterval {
			continue
		}
		v, err := coordinate(text)
		if err != nil {
			return fmt.Errorf("subset: %s: %w", printable(name), err)
		}
		found[i] = v
	}
	*axis = &found
	return nil
}

// cutOutsideQuotes cuts at the first colon that is not in quotes.
func cutOutsideQuotes(text string) (before, after string, found bool) {
	quoted := false
	for i := range len(text) {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case text[i] == ':' && !quoted:
			return text[:i], text[i+1:], true
		}
	}
	return text, "", false
}

// unquoted returns an end of a period as the parameter datetime has it.
func unquoted(text string) string {
	if text == "*" {
		return ".."
	}
	return strings.Trim(text, `"`)
}

// boxes returns the limits as boxes.
func (a axes) boxes() ([]orb.Bound, error) {
	if a.lon == nil && a.lat == nil {
		return nil, nil
	}
	lon, lat := [2]float64{-180, 180}, [2]float64{-90, 90}
	if a.lon != nil {
		lon = *a.lon
	}
	if a.lat != nil {
		lat = *a.lat
	}
	west, east := orb.Point{lon[0], lat[0]}, orb.Point{lon[1], lat[1]}
	switch {
	case geoengine.CheckPosition(west) != nil || geoengine.CheckPosition(east) != nil:
		return nil, fmt.Errorf("bbox or subset: must lie within ±180, ±90 degrees: %w", geoengine.ErrInvalid)
	case lat[0] > lat[1]:
		return nil, fmt.Errorf("bbox or subset: south must not be north of north: %w", geoengine.ErrInvalid)
	case lon[0] > lon[1]:
		return []orb.Bound{{Min: west, Max: orb.Point{180, lat[1]}}, {Min: orb.Point{-180, lat[0]}, Max: east}}, nil
	}
	return []orb.Bound{{Min: west, Max: east}}, nil
}

// touches tells whether a zone's hexagon touches the region.
func (r region) touches(cell uint64) bool {
	if r.boxes == nil {
		return true
	}
	ring := outlineOf(cell)[0]
	return slices.ContainsFunc(r.boxes, func(box orb.Bound) bool {
		for _, turn := range [...]float64{0, -360, 360} {
			shifted := orb.Bound{Min: orb.Point{box.Min[0] + turn, box.Min[1]}, Max: orb.Point{box.Max[0] + turn, box.Max[1]}}
			if shifted.Intersects(ring.Bound()) && len(clip.Ring(shifted, ring.Clone())) > 0 {
				return true
			}
		}
		return false
	})
}

// around returns a box that holds the centres of all zones of a level that touch the region; nil if it cannot be
// narrowed to one box.
func (r region) around(level int) *orb.Bound {
	if len(r.boxes) != 1 {
		return nil
	}
	return widened(r.boxes[0], edgeDegrees(level))
}

// edgeDegrees is an upper bound of the circumradius of a level's cells in degrees of latitude: 1.4 mean edges. Edges
// shrink by the square root of seven; those of level 0 are 1281 km long (https://h3geo.org/docs/core-library/restable).
func edgeDegrees(level int) float64 {
	return 1.4 * 1281.256011 / 111.195 / math.Pow(7, float64(level)/2)
}

// widened returns the box with a margin, given in degrees of latitude, on each side; nil near a pole or over the
// antimeridian.
func widened(box orb.Bound, margin float64) *orb.Bound {
	south, north := box.Min[1]-margin, box.Max[1]+margin
	far := max(math.Abs(south), math.Abs(north))
	if far > 85 {
		return nil
	}
	wide := margin / math.Cos(far*math.Pi/180)
	west, east := box.Min[0]-wide, box.Max[0]+wide
	if west < -180 || east > 180 {
		return nil
	}
	return &orb.Bound{Min: orb.Point{west, south}, Max: orb.Point{east, north}}
}

// aroundZone returns a box that holds the centres of all descendants of a zone; nil if there is none.
func aroundZone(cell uint64) *orb.Bound {
	return widened(outlineOf(cell).Bound(), edgeDegrees(hex.Resolution(cell))/2)
}
