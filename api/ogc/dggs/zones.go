package dggs

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strconv"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"vigie/api/door"
	"vigie/api/ogc"
	"vigie/geoengine"
	"vigie/geoengine/disclosure"
	"vigie/geoengine/hex"
	draw "vigie/tiles"
)

const (
	standardLimit = 1000
	maxLimit      = 50_000
	standardLevel = 5
)

// The geometries of GeoJSON features.
const (
	geometryRegion   = "zone-region"
	geometryCentroid = "zone-centroid"
	geometryNone     = "none"
)

// listing is what is asked of a list of zones.
type listing struct {
	query    geoengine.Query
	region   region
	level    int
	parent   uint64 // 0 for none
	after    uint64
	limit    int
	geometry string
}

// parseListing reads the parameters of a list of zones. ErrInvalid says what is wrong.
func (s *service) parseListing(values url.Values) (l listing, err error) {
	plain := without(values, "bbox")
	if l.query, err = s.config.Filters.Parse(plain); err != nil {
		return l, err
	}
	if l.region, err = parseRegion(values); err != nil {
		return l, err
	}
	l.query = l.region.interval.Narrow(l.query)
	l.level, l.limit, l.geometry = standardLevel, standardLimit, geometryRegion
	if text := values.Get("parent-zone"); text != "" {
		if l.parent, err = parseZone("parent-zone", text); err != nil {
			return l, err
		}
		l.level = min(hex.Resolution(l.parent)+defaultDepth, maxLevel)
	}
	if l.level, err = wholeNumber(values, "zone-level", l.level, 0, maxLevel); err != nil {
		return l, err
	}
	if l.parent != 0 && l.level < hex.Resolution(l.parent) {
		return l, fmt.Errorf("zone-level %d: must not be coarser than parent-zone: %w", l.level, geoengine.ErrInvalid)
	}
	if l.limit, err = wholeNumber(values, "limit", standardLimit, 1, 1<<31-1); err != nil {
		return l, err
	}
	l.limit = min(l.limit, maxLimit)
	if text := values.Get("after"); text != "" {
		if l.after, err = parseZone("after", text); err != nil {
			return l, err
		}
	}
	if text := values.Get("compact-zones"); text != "" && text != "true" && text != "false" {
		return l, fmt.Errorf("compact-zones %.20q: must be true or false: %w", text, geoengine.ErrInvalid)
	}
	if text := values.Get("geometry"); text != "" {
		if !slices.Contains([]string{geometryRegion, geometryCentroid, geometryNone}, text) {
			return l, fmt.Errorf("geometry %.30q: must be zone-region, zone-centroid or none: %w", text, geoengine.ErrInvalid)
		}
		l.geometry = text
	}
	return l, nil
}

// without returns the values without one name.
func without(values url.Values, name string) url.Values {
	rest := url.Values{}
	for other, given := range values {
		if other != name {
			rest[other] = given
		}
	}
	return rest
}

func wholeNumber(values url.Values, name string, standard, least, most int) (int, error) {
	text := values.Get(name)
	if text == "" {
		return standard, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < int64(least) || n > int64(most) {
		return 0, fmt.Errorf("%s %.20q: must be a whole number from %d to %d: %w", name, text, least, most, geoengine.ErrInvalid)
	}
	return int(n), nil
}

// zones answers the zones where the caller may see that there are events.
func (s *service) zones(h host) func(http.ResponseWriter, *http.Request, door.Pass) error {
	return func(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
		request, err := s.config.API.Open(r, pass, listForms())
		if err != nil {
			return err
		}
		asked, err := s.parseListing(pass.Values())
		if err != nil {
			return err
		}
		asked.query = pass.Query(asked.query)
		return s.serve(w, request, h, "zones "+asked.query.Key(), func(ctx context.Context) ([]byte, error) {
			found, protected, err := s.find(ctx, pass.Policy(), asked)
			if err != nil {
				return nil, err
			}
			more := len(found) > asked.limit
			found = found[:min(len(found), asked.limit)]
			return encodeList(request, h, found, more, asked.geometry, protected)
		})
	}
}

// serve answers from the cache, or makes the answer.
func (s *service) serve(w http.ResponseWriter, r *ogc.Request, h host, key string, build func(context.Context) ([]byte, error)) error {
	key = fmt.Sprintf("dggs %s %s %s %s %s %s %v", h, r.With(), r.Format.Name, r.Lang, s.config.Version(), key, r.Pass.Policy())
	body, err := s.config.Cache.Get(r.Context(), key, func(ctx context.Context) (*draw.Body, error) {
		plain, err := build(ctx)
		if err != nil {
			return nil, err
		}
		return draw.NewBody(plain, false), nil
	})
	if err != nil {
		return err
	}
	r.Head(w)
	return body.Serve(w, r.Request, r.Format.Media)
}

// find lists the zones, at most one more than the limit.
func (s *service) find(ctx context.Context, policy disclosure.Policy, asked listing) ([]uint64, disclosure.Note, error) {
	q := asked.query
	q.Box = asked.region.around(asked.level)
	if q.Box == nil && asked.parent != 0 {
		q.Box = aroundZone(asked.parent)
	}
	cells, note, err := s.config.Counts(ctx, policy, q, asked.level)
	if err != nil {
		return nil, note, err
	}
	first, last := uint64(0), ^uint64(0)
	if asked.parent != 0 {
		first, last = hex.Range(asked.parent, asked.level)
	}
	start := sort.Search(len(cells), func(i int) bool { return cells[i].Cell >= first && cells[i].Cell > asked.after })
	var found []uint64
	for _, cell := range cells[start:] {
		if cell.Cell > last || len(found) > asked.limit {
			break
		}
		if asked.region.touches(cell.Cell) {
			found = append(found, cell.Cell)
		}
	}
	return found, note, nil
}

// encodeList writes a list of zones in the form that was negotiated.
func encodeList(r *ogc.Request, h host, zones []uint64, more bool, geometry string, protected disclosure.Note) ([]byte, error) {
	if r.Format.Media == mediaBinary {
		body := binary.LittleEndian.AppendUint64(nil, uint64(len(zones)))
		for _, zone := range zones {
			body = binary.LittleEndian.AppendUint64(body, zone)
		}
		return body, nil
	}
	links := append(r.Self(), ogc.Link{Href: r.URL(h.grid()), Rel: relGrid, Type: mediaJSON, Title: GridID})
	if more {
		links = append(links, ogc.Link{Href: r.With("after", hex.String(zones[len(zones)-1])), Rel: "next", Type: r.Format.Media})
	}
	body := map[string]any{"links": links, "note": note}
	if told := protected.OrNil(); told != nil {
		body["protected"] = told
	}
	if r.Format.Media == mediaGeoJSON {
		features := make([]feature, len(zones))
		for i, zone := range zones {
			features[i] = newFeature(zone, geometry)
			features[i].Properties = map[string]any{"zoneID": hex.String(zone)}
		}
		body["type"], body["features"] = "FeatureCollection", features
		return json.Marshal(body)
	}
	names := make([]string, len(zones))
	for i, zone := range zones {
		names[i] = hex.String(zone)
	}
	body["zones"] = names
	return json.Marshal(body)
}

// feature is a zone in GeoJSON.
type feature struct {
	Type       string            `json:"type"`
	ID         string            `json:"id"`
	Geometry   *geojson.Geometry `json:"geometry"`
	Properties map[string]any    `json:"properties"`
}

func newFeature(zone uint64, geometry string) feature {
	f := feature{Type: "Feature", ID: hex.String(zone)}
	switch geometry {
	case geometryRegion:
		f.Geometry = geojson.NewGeometry(rounded(outlineOf(zone)))
	case geometryCentroid:
		f.Geometry = geojson.NewGeometry(roundPoint(hex.Center(zone)))
	}
	return f
}

// rounded keeps seven decimals, about a centimetre.
func rounded(p orb.Polygon) orb.Polygon {
	for _, ring := range p {
		for i := range ring {
			ring[i] = roundPoint(ring[i])
		}
	}
	return p
}
