package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"vigie/data"
	"vigie/data/sources/osm"
	"vigie/data/sources/roads"
	"vigie/geoengine/road"
)

// roadsFile is a road network as its file holds it.
type roadsFile struct {
	sections []road.Section
	turns    []road.Restriction
	sites    []road.Site
}

// readRoads reads an extract of OpenStreetMap (.osm…) or GeoJSON lines, without a store. What the reader rejects is left out.
func readRoads(ctx context.Context, path string) (roadsFile, error) {
	source := osm.Source()
	if strings.Contains(path, "json") {
		source = roads.Source()
	}
	var f roadsFile
	files, cleanup, err := data.OpenInput(ctx, []string{path}, data.Limits{})
	if err != nil {
		return f, fmt.Errorf("open roads %s: %w", path, err)
	}
	defer cleanup()
	for record, err := range source.Read(ctx, data.Input{Files: files}) {
		var reject *data.Reject
		switch {
		case errors.As(err, &reject):
			continue
		case err != nil:
			return f, fmt.Errorf("read roads of %s: %w", path, err)
		case record.Section != nil:
			f.sections = append(f.sections, *record.Section)
		case record.Turn != nil:
			f.turns = append(f.turns, *record.Turn)
		case record.Site != nil:
			f.sites = append(f.sites, *record.Site)
		}
	}
	return f, nil
}
