package geoengine

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/cespare/xxhash/v2"
	"github.com/jackc/pgx/v5"
)

// UnitBatch is a batch of units with what the store adds to them.
type UnitBatch struct {
	ingest   *Ingest
	units    []Unit
	places   []place
	prints   []uint64
	outcomes []Outcome
	write    []int32
}

// place is where a unit is in the grid and in the tree of areas.
type place struct {
	zone int32
	cell uint64
	area string
}

// Settled returns one outcome for each unit, in their order; final after Write or Compare.
func (b *UnitBatch) Settled() []Outcome { return b.outcomes }

// PrepareUnits computes fingerprints and settles repeated refs. Call it in reading order, with normalised attributes;
// passed is as for PrepareEvents.
func (g *Ingest) PrepareUnits(ctx context.Context, units []Unit, passed []bool) (*UnitBatch, error) {
	b := &UnitBatch{
		ingest: g, units: units, places: make([]place, len(units)), prints: make([]uint64, len(units)),
		outcomes: make([]Outcome, len(units)),
	}
	var zones []uint64
	for i := range units {
		b.prints[i] = units[i].fingerprint()
		if seen, before := g.seen.first(xxhash.Sum64String(units[i].Ref), b.prints[i]); before {
			if seen != b.prints[i] {
				b.outcomes[i] = Contradicted
			}
			continue
		}
		if passed != nil && passed[i] {
			continue
		}
		b.write = append(b.write, int32(i))
		if p := units[i].Position; units[i].HasPosition {
			b.places[i] = place{cell: g.cell(p[0], p[1], CellResolution), area: g.locator.Locate(p)}
			zone := zoneCell(b.places[i].cell)
			if _, known := g.zones[zone]; !known && !slices.Contains(zones, zone) {
				zones = append(zones, zone)
			}
		}
	}
	if err := g.number(ctx, nil, zones); err != nil {
		return nil, err
	}
	for _, i := range b.write {
		if b.places[i].cell != 0 {
			b.places[i].zone = g.zones[zoneCell(b.places[i].cell)]
		}
	}
	return b, nil
}

const (
	findUnits   = `select ref, fingerprint from unit where source = $1 and ref = any($2)`
	deleteUnits = `delete from unit where source = $1 and ref = any($2)`
	copyUnits   = `
		copy unit (zone, source, ref, kind, name, geom, precision_m, cell, area, attributes, since, fingerprint)
		from stdin (format binary)`
	notifyUnits = `notify vigie_areas, 'units'`
)

// Compare settles the outcomes without writing.
func (b *UnitBatch) Compare(ctx context.Context) error {
	_, _, err := b.classify(ctx, b.ingest.store.Pool)
	return err
}

func (b *UnitBatch) classify(ctx context.Context, db querier) (write []int32, gone []string, err error) {
	refs := make([]string, len(b.write))
	for i, w := range b.write {
		refs[i] = b.units[w].Ref
	}
	stored, err := fingerprints(ctx, db, findUnits, b.ingest.source, refs)
	if err != nil {
		return nil, nil, fmt.Errorf("find the stored units: %w", err)
	}
	for _, i := range b.write {
		switch old, known := stored[b.units[i].Ref]; {
		case !known:
			b.outcomes[i] = New
		case old == b.prints[i]:
			b.outcomes[i] = Unchanged
			continue
		default:
			b.outcomes[i] = Changed
			gone = append(gone, b.units[i].Ref)
		}
		write = append(write, i)
	}
	return write, gone, nil
}

// Write stores what is new or changed and settles the outcomes. It may be repeated after a transaction that failed.
func (b *UnitBatch) Write(ctx context.Context, tx pgx.Tx) error {
	write, gone, err := b.classify(ctx, tx)
	if err != nil || len(write) == 0 {
		return err
	}
	if _, err := tx.Exec(ctx, deleteUnits, b.ingest.source, gone); err != nil {
		return fmt.Errorf("replace changed units: %w", err)
	}
	if err := copyRows(ctx, tx, copyUnits, b.encode(write)); err != nil {
		return fmt.Errorf("write units: %w", err)
	}
	_, err = tx.Exec(ctx, notifyUnits)
	return err
}

func (b *UnitBatch) encode(write []int32) []byte {
	c := copyBuffer{append([]byte{}, copyHeader...)}
	for _, i := range write {
		u := &b.units[i]
		c.row(12)
		c.int32(b.places[i].zone)
		c.int32(b.ingest.source)
		c.text(u.Ref)
		c.text(u.Kind)
		c.text(u.Name)
		c.point(u.Position, u.HasPosition)
		c.float32(float32(u.PrecisionM))
		c.int64(int64(b.places[i].cell))
		c.text(b.places[i].area)
		c.attributes(u.Attributes)
		if u.Since.IsZero() {
			c.null()
		} else {
			c.time(u.Since)
		}
		c.int64(int64(b.prints[i]))
	}
	return append(c.b, copyTrailer...)
}

// fingerprint is the xxhash64 of everything that the source says about the unit.
func (u *Unit) fingerprint() uint64 {
	b := appendField(appendField(nil, u.Kind), u.Name)
	b = appendPosition(b, u.HasPosition, u.Position, u.PrecisionM)
	b = binary.LittleEndian.AppendUint64(b, uint64(u.Since.Unix()))
	return xxhash.Sum64(appendAttributes(b, u.Attributes))
}
