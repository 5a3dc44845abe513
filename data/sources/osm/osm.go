// Package osm reads road networks from OpenStreetMap extracts: .osm.pbf, and .osm in XML, plain or compressed.
//
// Read element.go (what is read of a file), pbf.go and xml.go (the two forms), read.go (the passes), then what tags mean:
// way.go, access.go, speed.go, turns.go, sites.go. Meanings follow OpenStreetMap's wiki, in the pages Key:highway,
// Key:oneway, Key:access, Key:maxspeed, Key:junction and Relation:restriction.
package osm

import (
	"vigie/data"
)

// Name is the slug of the source.
const Name = "osm"

// Source describes the road network of OpenStreetMap and reads it. Several files are read as one: ways that two of them
// hold count once, and roads are joined across their borders.
func Source() data.Source {
	return data.Source{
		Name:      Name,
		Title:     "Réseau routier OpenStreetMap",
		Publisher: "OpenStreetMap contributors",
		Licence:   "ODbL 1.0",
		URL:       "https://www.openstreetmap.org/copyright",
		Holds:     data.HoldsRoads,
		Hint:      "extracts as .osm.pbf, or .osm (XML), plain, gz or bz2; an import replaces the roads of the one before",
		Read:      Read,
		Digest:    func(data.Options) (string, error) { return version, nil },
	}
}

// version of the reader: another one where the same file would give other records.
const version = "osm 1"
