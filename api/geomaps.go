package api

import (
	"context"
	"strconv"

	"vigie/api/ogc"
	"vigie/api/ogc/dggs"
	"vigie/api/ogc/styles"
	ogctiles "vigie/api/ogc/tiles"
	"vigie/api/ogc/wmts"
	"vigie/geoengine"
	"vigie/geoengine/disclosure"
	"vigie/tiles"
)

// pictureBytes bounds the pictures, joined tiles and lists of cells kept in memory.
const pictureBytes = 64 << 20

// mapParts are the parts of the OGC API that draw the map or count by cell.
func (s *Server) mapParts(config ogc.Config) []ogc.Part {
	scales := tiles.NewScales(s.config.Cube, s.config.Clock)
	cache := tiles.NewCache(pictureBytes)
	return []ogc.Part{
		ogctiles.Part(ogctiles.Config{
			API: config, Draw: s.drawn, Cube: s.config.Cube, Filters: s.filters, Cache: cache, Attribution: s.attribution(), Often: often(),
		}),
		styles.Part(styles.Config{API: config, Scales: scales, Filters: s.filters, Attribution: s.attribution()}),
		dggs.Part(dggs.Config{API: config, Counts: s.countsByCell, Version: s.countVersion, Filters: s.filters, Cache: cache}),
		wmts.Part(wmts.Config{
			API: config, Draw: s.drawn, Cube: s.config.Cube, Scales: scales, Filters: s.filters, Cache: cache, Often: often(),
		}),
	}
}

// countsByCell counts what may be told by cell, exact and protected counts together.
func (s *Server) countsByCell(ctx context.Context, policy disclosure.Policy, q geoengine.Query, res int) ([]disclosure.Cell, disclosure.Note, error) {
	return s.releases.With(ctx, s.config.Cube, policy, q, res)
}

// countVersion changes whenever a count may have changed.
func (s *Server) countVersion() string {
	return strconv.FormatUint(s.config.Cube.Version(), 36) + "-" + strconv.FormatUint(s.releases.Version(), 36)
}
