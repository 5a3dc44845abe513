package geoengine

import (
	"context"
	"slices"

	"github.com/cespare/xxhash/v2"
	"github.com/paulmach/orb"
)

// What an ingest lends to packages that keep tables of their own, as road does.

// Store is where the ingest writes.
func (g *Ingest) Store() *Store { return g.store }

// Source is the number of the source; negative in a dry ingest of a source that the store does not know.
func (g *Ingest) Source() int32 { return g.source }

// Dry tells whether nothing may be written.
func (g *Ingest) Dry() bool { return g.dry }

// Seen remembers the identity with its fingerprint. repeated tells whether it was given before in this ingest, and
// contradicts whether with another fingerprint. Call it in reading order, from one goroutine.
func (g *Ingest) Seen(identity string, fingerprint uint64) (repeated, contradicts bool) {
	first, before := g.seen.first(xxhash.Sum64String(identity), fingerprint)
	return before, before && first != fingerprint
}

// ZonesOf returns the zones of the positions, and numbers those that are new. Call it as Seen.
func (g *Ingest) ZonesOf(ctx context.Context, positions []orb.Point) ([]int32, error) {
	cells, unknown := make([]uint64, len(positions)), []uint64{}
	for i, p := range positions {
		cells[i] = zoneCell(g.cell(p.Lon(), p.Lat(), CellResolution))
		if _, known := g.zones[cells[i]]; !known && !slices.Contains(unknown, cells[i]) {
			unknown = append(unknown, cells[i])
		}
	}
	if err := g.number(ctx, nil, unknown); err != nil {
		return nil, err
	}
	zones := make([]int32, len(positions))
	for i, cell := range cells {
		zones[i] = g.zones[cell]
	}
	return zones, nil
}
