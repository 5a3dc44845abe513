package api

import (
	"strconv"

	"vigie/api/ogc"
	"vigie/api/ogc/features"
	"vigie/api/ogc/processes"
)

// ogcConfig is what the parts of the OGC API share.
func (s *Server) ogcConfig() ogc.Config {
	return ogc.Config{
		Title: ogc.Text{FR: "Vigie – API géographique", EN: "Vigie – geographic API"},
		Description: ogc.Text{
			FR: "Événements, territoires, unités et comptages par hexagone, selon les standards OGC API. Chacun ne voit que ce que ses droits permettent.",
			EN: "Events, areas, units and counts by hexagon, by the OGC API standards. Everyone sees only what their rights allow.",
		},
		PublicURL: s.config.PublicURL, Build: s.config.Build, Clock: s.config.Clock, Document: s.OpenAPI, Version: s.version,
		Limit: normally(), Roles: readers(),
	}
}

// version changes whenever events, areas or units do, and with every start of the server.
func (s *Server) version() string {
	return strconv.FormatInt(s.started.UnixNano(), 36) + "-" + strconv.FormatUint(s.config.Cube.Version(), 36) + "-" +
		strconv.FormatUint(s.tiles.epoch.Load(), 36)
}

// ogcRoutes adds the OGC API: the core and one part for each standard.
func (s *Server) ogcRoutes() {
	config := s.ogcConfig()
	parts := append([]ogc.Part{
		features.Part(features.Config{Config: config, Store: s.config.Store, Cube: s.config.Cube}),
		processes.Part(config, s.jobs),
	}, s.mapParts(config)...)
	core := ogc.New(config, parts...)
	for _, op := range core.Operations() {
		s.door.Add(op.Operation, op.Handler)
	}
}
