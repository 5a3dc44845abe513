package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"vigie/api/door"
	"vigie/api/problem"
	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/disclosure"
	"vigie/tiles"
)

// cacheBytes bounds the answers kept in memory.
const cacheBytes = 256 << 20

// tileLayers are the layers of the map and the cache of their tiles.
type tileLayers struct {
	cube     *cube.Cube
	hexagons *tiles.Hexagons
	events   *tiles.Events
	areas    *tiles.Areas
	units    *tiles.Units
	roads    *tiles.Roads
	cache    *tiles.Cache
	epoch    atomic.Uint64 // grows when areas, units or roads change
	asked    atomic.Uint64
	made     atomic.Uint64
}

func newTileLayers(store *geoengine.Store, c *cube.Cube) *tileLayers {
	return &tileLayers{
		cube: c, hexagons: tiles.NewHexagons(c), events: tiles.NewEvents(store), areas: tiles.NewAreas(store),
		units: tiles.NewUnits(store), roads: tiles.NewRoads(store), cache: tiles.NewCache(cacheBytes),
	}
}

// areasChanged makes every tile of places be drawn anew.
func (l *tileLayers) areasChanged() { l.epoch.Add(1) }

func (l *tileLayers) measure(gauge func(name, help string, value func() float64)) {
	gauge("vigie_tiles_asked", "Tiles asked for since the start.", func() float64 { return float64(l.asked.Load()) })
	gauge("vigie_tiles_made", "Tiles drawn since the start; the others came from the cache.", func() float64 { return float64(l.made.Load()) })
}

// make draws one tile.
type makeTile func(ctx context.Context, t tiles.Tile) (body []byte, truncated bool, err error)

// body returns a tile from the cache, or draws it. The key must hold all that the tile depends on, the caller's
// rights included.
func (l *tileLayers) body(ctx context.Context, t tiles.Tile, key string, draw makeTile) (*tiles.Body, error) {
	l.asked.Add(1)
	key = fmt.Sprintf("%d/%d/%d %s", t.Z, t.X, t.Y, key)
	return l.cache.Get(ctx, key, func(ctx context.Context) (*tiles.Body, error) {
		l.made.Add(1)
		plain, truncated, err := draw(ctx, t)
		if err != nil {
			return nil, err
		}
		return tiles.NewBody(plain, truncated), nil
	})
}

// drawn returns the vector tile of a layer as the caller may see it, from the cache or drawn now: the one way in which
// the tiles of the map, those of the OGC API and pictures come about. q is what was asked, without rights.
// ErrMissing for a layer that there is not.
func (s *Server) drawn(ctx context.Context, pass door.Pass, layer string, t tiles.Tile, q geoengine.Query) (*tiles.Body, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	q = pass.Query(q)
	version, epoch := strconv.FormatUint(s.config.Cube.Version(), 36), strconv.FormatUint(s.tiles.epoch.Load(), 36)
	switch layer {
	case "hexagons":
		return s.tiles.body(ctx, t, "hexagons "+s.countsVersion(pass)+" "+q.Key(), func(ctx context.Context, t tiles.Tile) ([]byte, bool, error) {
			body, err := s.tiles.hexagons.ProtectedMVT(ctx, t, q, s.protected(pass, q))
			return body, false, err
		})
	case "events":
		return s.tiles.body(ctx, t, "events "+version+" "+q.Key(), func(ctx context.Context, t tiles.Tile) ([]byte, bool, error) {
			return s.tiles.events.MVT(ctx, t, q)
		})
	case "areas":
		return s.tiles.body(ctx, t, "areas "+epoch, func(ctx context.Context, t tiles.Tile) ([]byte, bool, error) {
			body, err := s.tiles.areas.MVT(ctx, t)
			return body, false, err
		})
	case "roads":
		return s.tiles.body(ctx, t, "roads "+epoch, func(ctx context.Context, t tiles.Tile) ([]byte, bool, error) {
			body, err := s.tiles.roads.MVT(ctx, t)
			return body, false, err
		})
	case "units":
		return s.tiles.body(ctx, t, "units "+epoch+" "+q.Key(), func(ctx context.Context, t tiles.Tile) ([]byte, bool, error) {
			body, err := s.tiles.units.MVT(ctx, t, q.Scope)
			return body, false, err
		})
	}
	return nil, fmt.Errorf("layer %.40q: %w", layer, geoengine.ErrMissing)
}

// countsVersion is what counts depend on beside the question and the caller's territory.
func (s *Server) countsVersion(pass door.Pass) string {
	version := strconv.FormatUint(s.config.Cube.Version(), 36)
	if protected := pass.Policy().Protected; len(protected) > 0 {
		version += fmt.Sprint(" ", s.releases.Version(), protected)
	}
	return version
}

// protected tells the protected counts of a tile. q is limited by the caller's rights.
func (s *Server) protected(pass door.Pass, q geoengine.Query) tiles.Protected {
	return func(ctx context.Context, cells []uint64, res int) ([]disclosure.Cell, error) {
		found, _, err := s.releases.CellsIn(ctx, pass.Policy(), q, cells, res)
		return found, err
	}
}

const (
	mediaMVT     = "application/vnd.mapbox-vector-tile"
	mediaCompact = "application/vnd.vigie.hexagons"
)

// parseTile reads z and x, and y with the suffix of its form.
func parseTile(r *http.Request, forms ...string) (t tiles.Tile, form string, err error) {
	var wrong problem.Fields
	number := func(name, text string) int {
		n, err := strconv.ParseUint(text, 10, 31)
		if err != nil || (len(text) > 1 && text[0] == '0') {
			wrong.Add("path."+name, "must be a whole number")
		}
		return int(n)
	}
	y, form, _ := strings.Cut(r.PathValue("file"), ".")
	t = tiles.Tile{Z: number("z", r.PathValue("z")), X: number("x", r.PathValue("x")), Y: number("y", y)}
	known := false
	for _, f := range forms {
		known = known || f == form
	}
	if !known {
		wrong.Add("path.file", "must end with ."+strings.Join(forms, " or ."))
	}
	if err := wrong.Err(); err != nil {
		return t, form, err
	}
	return t, form, t.Check()
}

func (s *Server) hexagonTile(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
	t, form, err := parseTile(r, "mvt", "bin")
	if err != nil {
		return err
	}
	q, err := s.filters.Parse(pass.Values())
	if err != nil {
		return err
	}
	if form == "mvt" {
		return s.serveTile(w, r, pass, "hexagons", t, q)
	}
	q = pass.Query(q)
	bins, err := s.tileBins(pass, q)
	if err != nil {
		return err
	}
	framed := q // protected counts have no bins: those of the whole years within the frame
	framed.From, framed.To = latest(q.From, bins.From), earliest(q.To, bins.To)
	key := fmt.Sprintf("compact %s %d %d %d %s", s.countsVersion(pass), bins.From.Unix(), bins.To.Unix(), bins.N, q.Key())
	body, err := s.tiles.body(r.Context(), t, key, func(ctx context.Context, t tiles.Tile) ([]byte, bool, error) {
		body, err := s.tiles.hexagons.ProtectedCompact(ctx, t, q, bins, s.protected(pass, framed))
		return body, false, err
	})
	if err != nil {
		return err
	}
	return body.Serve(w, r, mediaCompact)
}

// serveTile answers the vector tile of a layer.
func (s *Server) serveTile(w http.ResponseWriter, r *http.Request, pass door.Pass, layer string, t tiles.Tile, q geoengine.Query) error {
	body, err := s.drawn(r.Context(), pass, layer, t, q)
	if err != nil {
		return err
	}
	return body.Serve(w, r, mediaMVT)
}

// tileBins reads the time bins of the compact form: one over the period that the caller may see, if none is asked for.
func (s *Server) tileBins(pass door.Pass, q geoengine.Query) (cube.Bins, error) {
	n := 1
	if text := pass.Values().Get("bins"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil || n < 1 || n > maxBins {
			return cube.Bins{}, problem.Fields{{Location: "query.bins", Message: "must be 1 to " + strconv.Itoa(maxBins)}}
		}
	}
	frame, framed, err := s.frame(pass, n)
	if err != nil || framed {
		return frame, err
	}
	extent, err := s.config.Cube.Extent(pass.Query(geoengine.Query{}))
	if err != nil {
		return cube.Bins{}, err
	}
	if whole := s.period(extent); whole != nil {
		frame.From, frame.To = latest(q.From, whole.From), earliest(q.To, whole.To)
	}
	if !frame.From.Before(frame.To) { // nothing to show, in a frame that is well formed
		frame.From = geoengine.Earliest
		frame.To = frame.From.AddDate(0, 0, 1)
	}
	return frame, nil
}

func (s *Server) eventTile(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
	t, _, err := parseTile(r, "mvt")
	if err != nil {
		return err
	}
	q, err := s.filters.Parse(pass.Values())
	if err != nil {
		return err
	}
	return s.serveTile(w, r, pass, "events", t, q)
}

func (s *Server) areaTile(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
	t, _, err := parseTile(r, "mvt")
	if err != nil {
		return err
	}
	return s.serveTile(w, r, pass, "areas", t, geoengine.Query{})
}

func (s *Server) roadTile(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
	t, _, err := parseTile(r, "mvt")
	if err != nil {
		return err
	}
	return s.serveTile(w, r, pass, "roads", t, geoengine.Query{})
}

func (s *Server) unitTile(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
	t, _, err := parseTile(r, "mvt")
	if err != nil {
		return err
	}
	return s.serveTile(w, r, pass, "units", t, geoengine.Query{})
}

func writeJSON(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(v)
}
