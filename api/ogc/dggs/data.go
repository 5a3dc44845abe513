package dggs

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"vigie/api/door"
	"vigie/api/ogc"
	ogctiles "vigie/api/ogc/tiles"
	"vigie/geoengine"
	"vigie/geoengine/disclosure"
	"vigie/geoengine/hex"
)

// retrieval is what is asked of the data of a zone.
type retrieval struct {
	query    geoengine.Query
	zone     uint64
	depths   []int // ascending
	geometry string
}

// parseRetrieval reads the parameters of the data of a zone. ErrInvalid says what is wrong.
func (s *service) parseRetrieval(zone string, values url.Values) (d retrieval, err error) {
	if d.zone, err = parseZone("zone", zone); err != nil {
		return d, err
	}
	if d.query, err = s.config.Filters.Parse(without(values, "bbox")); err != nil {
		return d, err
	}
	period, err := ogctiles.Period(values.Get("datetime"))
	if err != nil {
		return d, err
	}
	d.query = period.Narrow(d.query)
	level := hex.Resolution(d.zone)
	if d.depths, err = ParseDepths(values.Get("zone-depth")); err != nil {
		return d, err
	}
	if d.depths == nil {
		d.depths = []int{min(defaultDepth, maxLevel-level)}
	}
	if deepest := d.depths[len(d.depths)-1]; level+deepest > maxLevel {
		return d, fmt.Errorf("zone-depth %d: leads to level %d; 0 to %d are served: %w", deepest, level+deepest, maxLevel, geoengine.ErrInvalid)
	}
	switch d.geometry = values.Get("geometry"); d.geometry {
	case "":
		d.geometry = geometryRegion
	case geometryRegion, geometryCentroid, geometryNone:
	default:
		return d, fmt.Errorf("geometry %.30q: must be zone-region, zone-centroid or none: %w", d.geometry, geoengine.ErrInvalid)
	}
	return d, nil
}

// ParseDepths reads the parameter zone-depth: a number, a range low-high or a list; nil for "". ErrInvalid for what is
// none or deeper than served.
func ParseDepths(text string) ([]int, error) {
	if text == "" {
		return nil, nil
	}
	wrong := fmt.Errorf("zone-depth %.30q: must be a depth 0 to %d, a range such as 0-2, or a list such as 0,2: %w", text, maxDepth, geoengine.ErrInvalid)
	depth := func(text string) (int, bool) {
		n, err := strconv.ParseUint(text, 10, 8)
		return int(n), err == nil && n <= maxDepth && len(text) == 1
	}
	if low, high, isRange := strings.Cut(text, "-"); isRange {
		first, ok := depth(low)
		last, okLast := depth(high)
		if !ok || !okLast || first > last {
			return nil, wrong
		}
		var depths []int
		for d := first; d <= last; d++ {
			depths = append(depths, d)
		}
		return depths, nil
	}
	var depths []int
	for part := range strings.SplitSeq(text, ",") {
		d, ok := depth(part)
		if !ok || len(depths) > maxDepth {
			return nil, wrong
		}
		depths = append(depths, d)
	}
	slices.Sort(depths)
	return slices.Compact(depths), nil
}

// data answers the numbers of a zone and of those below it.
func (s *service) data(h host) func(http.ResponseWriter, *http.Request, door.Pass) error {
	return func(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
		request, err := s.config.API.Open(r, pass, dataForms())
		if err != nil {
			return err
		}
		asked, err := s.parseRetrieval(r.PathValue("zoneId"), pass.Values())
		if err != nil {
			return err
		}
		asked.query = pass.Query(asked.query)
		key := fmt.Sprintf("data %x %s", asked.zone, asked.query.Key())
		return s.serve(w, request, h, key, func(ctx context.Context) ([]byte, error) {
			levels, protected, err := s.count(ctx, pass.Policy(), asked)
			if err != nil {
				return nil, err
			}
			if request.Format.Media == mediaGeoJSON {
				return encodeFeatures(request, h, asked, levels, protected)
			}
			return encodeData(request, h, asked, levels, protected)
		})
	}
}

// level are the numbers at one depth: one for each sub-zone, in order.
type level struct {
	depth int
	zones []uint64
	cells []disclosure.Cell // with Cell 0 where there is nothing
}

// count counts at each depth. Coarse numbers are asked for and not added up, as what is hidden differs by level.
func (s *service) count(ctx context.Context, policy disclosure.Policy, asked retrieval) (levels []level, protected disclosure.Note, err error) {
	q := asked.query
	q.Box = aroundZone(asked.zone)
	own := hex.Resolution(asked.zone)
	for _, depth := range asked.depths {
		cells, note, err := s.config.Counts(ctx, policy, q, own+depth)
		if err != nil {
			return nil, note, err
		}
		one := level{depth: depth, zones: subZones(asked.zone, depth)}
		one.cells = make([]disclosure.Cell, len(one.zones))
		at := 0
		for i, zone := range one.zones {
			for at < len(cells) && cells[at].Cell < zone {
				at++
			}
			if at < len(cells) && cells[at].Cell == zone {
				one.cells[i] = cells[at]
			}
		}
		levels = append(levels, one)
		if len(note.Families) > 0 || len(note.Ignored) > 0 {
			protected = note
		}
	}
	return levels, protected, nil
}

// The numbers of the field "hidden".
const (
	hiddenNone = iota
	hiddenBelow
	hiddenWithheld
)

func hiddenNumber(h disclosure.Hidden) int {
	switch h {
	case disclosure.Below:
		return hiddenBelow
	case disclosure.Withheld:
		return hiddenWithheld
	case disclosure.None:
	}
	return hiddenNone
}

// numbers are the fields of a cell; nil is not told.
func numbers(cell disclosure.Cell) (count, weight any, hidden int) {
	hidden = hiddenNumber(cell.Hidden)
	if cell.Count > 0 || hidden == hiddenNone {
		count = cell.Count
	}
	if !cell.Protected {
		weight = math.Round(cell.Weight*1000) / 1000
	}
	return count, weight, hidden
}

// field is one field of DGGS-JSON at one depth.
type field struct {
	Depth int   `json:"depth"`
	Shape shape `json:"shape"`
	Data  []any `json:"data"`
}

type shape struct {
	Count    int `json:"count"`
	SubZones int `json:"subZones"`
}

// encodeData writes DGGS-JSON.
func encodeData(r *ogc.Request, h host, asked retrieval, levels []level, protected disclosure.Note) ([]byte, error) {
	values := map[string][]field{"count": {}, "weight": {}, "hidden": {}}
	for _, one := range levels {
		size := shape{len(one.zones), len(one.zones)}
		counts, weights, hidden := make([]any, size.Count), make([]any, size.Count), make([]any, size.Count)
		for i, cell := range one.cells {
			counts[i], weights[i], hidden[i] = numbers(cell)
		}
		for name, data := range map[string][]any{"count": counts, "weight": weights, "hidden": hidden} {
			values[name] = append(values[name], field{one.depth, size, data})
		}
	}
	body := dataHead(r, h, asked, protected)
	body["dggrs"], body["zoneId"], body["depths"], body["values"] = definitionURI(r), hex.String(asked.zone), asked.depths, values
	body["schema"] = dataSchema()
	return json.Marshal(body)
}

// dataSchema describes the fields.
func dataSchema() map[string]any {
	property := func(sequence int, kind any, title string) map[string]any {
		return map[string]any{"type": kind, "title": title, "x-ogc-propertySeq": sequence}
	}
	return map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
		"properties": map[string]any{
			"count":  property(1, []string{"integer", "null"}, "Events; null where it is not told"),
			"weight": property(2, []string{"number", "null"}, "Sum of the weights of severity, 1 = one death; null where protected events are counted"),
			"hidden": property(3, "integer", "Besides, hidden events: 0 none, 1 fewer than k, 2 withheld to protect a neighbour"),
		},
	}
}

func dataHead(r *ogc.Request, h host, asked retrieval, protected disclosure.Note) map[string]any {
	body := map[string]any{
		"note": note,
		"links": append(r.Self(),
			ogc.Link{Href: r.URL(h.grid() + "/zones/" + hex.String(asked.zone)), Rel: relZone, Type: mediaJSON, Title: hex.String(asked.zone)},
			ogc.Link{Href: r.URL(h.grid()), Rel: relGrid, Type: mediaJSON, Title: GridID}),
	}
	if told := protected.OrNil(); told != nil {
		body["protected"] = told
	}
	return body
}

// encodeFeatures writes the zones with events as GeoJSON. Descendants whose hexagon lies wholly outside that of the
// zone are summed up apart, as the standard keeps them out of the features.
func encodeFeatures(r *ogc.Request, h host, asked retrieval, levels []level, protected disclosure.Note) ([]byte, error) {
	features := []feature{}
	var outside struct {
		Zones  int     `json:"zones"`
		Count  uint64  `json:"count"`
		Weight float64 `json:"weight"`
	}
	whole := outlineOf(asked.zone)
	for _, one := range levels {
		for i, cell := range one.cells {
			if cell.Cell == 0 {
				continue
			}
			count, weight, hidden := numbers(cell)
			if one.depth > 1 && !meets(whole, one.zones[i]) {
				outside.Zones++
				outside.Count += uint64(cell.Count)
				outside.Weight += cell.Weight
				continue
			}
			f := newFeature(one.zones[i], asked.geometry)
			f.Properties = map[string]any{
				"zoneID": f.ID, "level": hex.Resolution(one.zones[i]), "depth": one.depth, "count": count, "weight": weight, "hidden": hidden,
			}
			if hidden != hiddenNone {
				f.Properties["k"] = cell.K
			}
			features = append(features, f)
		}
	}
	body := dataHead(r, h, asked, protected)
	body["type"], body["features"], body["zoneId"], body["depths"] = "FeatureCollection", features, hex.String(asked.zone), asked.depths
	body["outside"] = outside
	return json.Marshal(body)
}

// meets tells whether the hexagons of two zones, of which the other is the smaller, touch.
func meets(whole orb.Polygon, other uint64) bool {
	small := outlineOf(other)[0]
	for i := range small { // the same turn of the globe
		small[i][0] += 360 * math.Round((whole[0][0].Lon()-small[i].Lon())/360)
	}
	if slices.ContainsFunc(small, func(p orb.Point) bool { return planar.RingContains(whole[0], p) }) {
		return true
	}
	for i := 1; i < len(whole[0]); i++ {
		for j := 1; j < len(small); j++ {
			if cross(whole[0][i-1], whole[0][i], small[j-1], small[j]) {
				return true
			}
		}
	}
	return false
}

// cross tells whether the segments ab and cd cross.
func cross(a, b, c, d orb.Point) bool {
	side := func(p, q, r orb.Point) float64 { return (q[0]-p[0])*(r[1]-p[1]) - (q[1]-p[1])*(r[0]-p[0]) }
	return side(a, b, c)*side(a, b, d) < 0 && side(c, d, a)*side(c, d, b) < 0
}

// roundPoint keeps seven decimals, about a centimetre.
func roundPoint(p orb.Point) orb.Point {
	const unit = 1e7
	return orb.Point{math.Round(p[0]*unit) / unit, math.Round(p[1]*unit) / unit}
}
