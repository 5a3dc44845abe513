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
	cache    *tiles.Cache
	epoch    atomic.Uint64 // grows when areas or units change
	asked    atomic.Uint64
	made     atomic.Uint64
}

func newTileLayers(store *geoengine.Store, c *cube.Cube) *tileLayers {
	return &tileLayers{
		cube: c, hexagons: tiles.NewHexagons(c), events: tiles.NewEvents(store), areas: tiles.NewAreas(store),
		units: tiles.NewUnits(store), cache: tiles.NewCache(cacheBytes),
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

// serve answers a tile from the cache, or draws it. The key must hold all that the tile depends on, the caller's
// territory included.
func (l *tileLayers) serve(w http.ResponseWriter, r *http.Request, t tiles.Tile, key, media string, draw makeTile) error {
	l.asked.Add(1)
	key = fmt.Sprintf("%d/%d/%d %s", t.Z, t.X, t.Y, key)
	body, err := l.cache.Get(r.Context(), key, func(ctx context.Context) (*tiles.Body, error) {
		l.made.Add(1)
		plain, truncated, err := draw(ctx, t)
		if err != nil {
			return nil, err
		}
		return tiles.NewBody(plain, truncated), nil
	})
	if err != nil {
		return err
	}
	return writeBody(w, r, body, media)
}

// writeBody sends a body in the best encoding, or 304 to a browser that has it. It may be kept by this person's
// browser only, which asks again each time.
func writeBody(w http.ResponseWriter, r *http.Request, body *tiles.Body, media string) error {
	content, encoding := body.Encoded(r.Header.Get("Accept-Encoding"))
	tag := body.ETagFor(encoding)
	h := w.Header()
	h.Set("Vary", "Accept-Encoding, Cookie")
	h.Set("Cache-Control", "private, no-cache")
	h.Set("ETag", tag)
	if body.Truncated {
		h.Set("X-Vigie-Truncated", "true")
	}
	if matchesTag(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", media)
	if encoding != "" {
		h.Set("Content-Encoding", encoding)
	}
	h.Set("Content-Length", strconv.Itoa(len(content)))
	if r.Method == http.MethodHead {
		return nil
	}
	_, err := w.Write(content)
	return err
}

// matchesTag tells whether an If-None-Match header names the tag.
func matchesTag(header, tag string) bool {
	for part := range strings.SplitSeq(header, ",") {
		part = strings.TrimSpace(part)
		if part == "*" || strings.TrimPrefix(part, "W/") == tag {
			return true
		}
	}
	return false
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
	q = pass.Query(q)
	version := strconv.FormatUint(s.config.Cube.Version(), 36)
	if form == "mvt" {
		return s.tiles.serve(w, r, t, "hexagons "+version+" "+q.Key(), mediaMVT,
			func(ctx context.Context, t tiles.Tile) ([]byte, bool, error) {
				body, err := s.tiles.hexagons.MVT(ctx, t, q)
				return body, false, err
			})
	}
	bins, err := s.tileBins(pass, q)
	if err != nil {
		return err
	}
	key := fmt.Sprintf("compact %s %d %d %d %s", version, bins.From.Unix(), bins.To.Unix(), bins.N, q.Key())
	return s.tiles.serve(w, r, t, key, mediaCompact, func(ctx context.Context, t tiles.Tile) ([]byte, bool, error) {
		body, err := s.tiles.hexagons.Compact(ctx, t, q, bins)
		return body, false, err
	})
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
	q = pass.Query(q)
	key := "events " + strconv.FormatUint(s.config.Cube.Version(), 36) + " " + q.Key()
	return s.tiles.serve(w, r, t, key, mediaMVT, func(ctx context.Context, t tiles.Tile) ([]byte, bool, error) {
		return s.tiles.events.MVT(ctx, t, q)
	})
}

func (s *Server) areaTile(w http.ResponseWriter, r *http.Request, _ door.Pass) error {
	t, _, err := parseTile(r, "mvt")
	if err != nil {
		return err
	}
	key := "areas " + strconv.FormatUint(s.tiles.epoch.Load(), 36)
	return s.tiles.serve(w, r, t, key, mediaMVT, func(ctx context.Context, t tiles.Tile) ([]byte, bool, error) {
		body, err := s.tiles.areas.MVT(ctx, t)
		return body, false, err
	})
}

func (s *Server) unitTile(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
	t, _, err := parseTile(r, "mvt")
	if err != nil {
		return err
	}
	q := pass.Query(geoengine.Query{})
	key := "units " + strconv.FormatUint(s.tiles.epoch.Load(), 36) + " " + q.Key()
	return s.tiles.serve(w, r, t, key, mediaMVT, func(ctx context.Context, t tiles.Tile) ([]byte, bool, error) {
		body, err := s.tiles.units.MVT(ctx, t, q.Scope)
		return body, false, err
	})
}

func writeJSON(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(v)
}
