package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"vigie/api/door"
	"vigie/api/problem"
	"vigie/geoengine"
	"vigie/tiles"
)

// tileJSON describes one layer; filters given to it hold for its tiles.
func (s *Server) tileJSON(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
	name, ok := strings.CutSuffix(r.PathValue("file"), ".json")
	layers := tiles.Layers()
	i := slices.IndexFunc(layers, func(l tiles.Layer) bool { return l.ID == name })
	if !ok || i < 0 {
		return fmt.Errorf("layer: %w", geoengine.ErrMissing)
	}
	if _, err := s.filters.Parse(pass.Values()); err != nil {
		return err
	}
	query := ""
	if len(pass.Values()) > 0 {
		query = "?" + pass.Values().Encode()
	}
	extent, err := s.config.Cube.Extent(pass.Query(geoengine.Query{}))
	if err != nil {
		return err
	}
	bounds := orb.Bound{Min: orb.Point{-180, -85.0511}, Max: orb.Point{180, 85.0511}}
	if extent.Positioned > 0 {
		bounds = extent.Box
	}
	attribution := s.attribution()
	if name == "roads" {
		roads, err := s.tiles.roads.Attribution(r.Context())
		if err != nil {
			return err
		}
		attribution = strings.TrimSuffix(attribution+" · "+roads, " · ")
	}
	return writeJSON(w, layers[i].Describe(s.base(r), query, bounds, attribution))
}

// style is the MapLibre style of our own base map by day or by night.
func (s *Server) style(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
	theme := pass.Values().Get("theme")
	if theme != "" && theme != "day" && theme != "night" {
		return problem.Fields{{Location: "query.theme", Message: "must be day or night"}}
	}
	body, err := tiles.Style(s.base(r), theme == "night")
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, err = w.Write(body)
	return err
}

// base is the address by which the caller reaches this server, without a final slash.
func (s *Server) base(r *http.Request) string {
	if s.config.PublicURL != "" {
		return strings.TrimSuffix(s.config.PublicURL, "/")
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}
