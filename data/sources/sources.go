// Package sources is the one visible list of what can be imported. A new source is a folder here and a line below.
package sources

import (
	"fmt"
	"slices"
	"strings"

	"vigie/data"
	"vigie/data/sources/areas"
	"vigie/data/sources/baac"
	"vigie/data/sources/csv"
	"vigie/data/sources/demo"
	"vigie/data/sources/emergency"
	"vigie/data/sources/osm"
	"vigie/data/sources/radars"
	"vigie/data/sources/roads"
	"vigie/data/sources/tmja"
	"vigie/data/sources/units"
	"vigie/geoengine"
)

// All returns every source, in the order in which they are shown.
func All() []data.Source {
	return slices.Concat([]data.Source{
		areas.Source(),
		baac.Source(),
		csv.Source(),
		units.Source(),
		radars.Source(),
		osm.Source(),
		roads.Source(),
		tmja.Source(),
	}, emergency.Sources(), demo.Sources())
}

// Find returns the source of that name; ErrInvalid lists the names that there are.
func Find(name string) (data.Source, error) {
	var names []string
	for _, s := range All() {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return data.Source{}, fmt.Errorf("source %.40q: not one of %s: %w", name, strings.Join(names, ", "), geoengine.ErrInvalid)
}
