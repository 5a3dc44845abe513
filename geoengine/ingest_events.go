package geoengine

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/cespare/xxhash/v2"
	"github.com/jackc/pgx/v5"
)

// EventBatch is a batch of events with what the store adds to them.
type EventBatch struct {
	ingest   *Ingest
	outcomes []Outcome
	rows     []eventRow
	write    []int32 // indexes of the rows that are not settled by what was seen before
}

// Settled returns one outcome for each event, in their order; final after Write or Compare.
func (b *EventBatch) Settled() []Outcome { return b.outcomes }

type eventRow struct {
	*Event
	category    int16
	zone        int32
	cell        uint64
	area        string
	fingerprint uint64
}

// PrepareEvents computes cells, zones, areas and fingerprints and settles repeated refs. Call it in reading order, with
// events that pass Check and have normalised attributes; they must live until the batch is written. Where passed is not
// nil, the events i with passed[i] are only remembered, and settled as Unchanged: they were ingested before.
func (g *Ingest) PrepareEvents(ctx context.Context, events []Event, passed []bool) (*EventBatch, error) {
	b := &EventBatch{ingest: g, outcomes: make([]Outcome, len(events)), rows: make([]eventRow, len(events))}
	var categories []string
	var zones []uint64
	var scratch []byte
	for i := range events {
		r := &b.rows[i]
		r.Event = &events[i]
		scratch, r.fingerprint = events[i].fingerprint(scratch)
		if seen, before := g.seen.first(xxhash.Sum64String(r.Ref), r.fingerprint); before {
			if seen != r.fingerprint {
				b.outcomes[i] = Contradicted
			}
			continue
		}
		if passed != nil && passed[i] {
			continue
		}
		b.write = append(b.write, int32(i))
		if _, known := g.categories[r.Category]; !known && !slices.Contains(categories, r.Category) {
			categories = append(categories, r.Category)
		}
		if r.HasPosition {
			r.cell = g.cell(r.Position[0], r.Position[1], CellResolution)
			r.area = g.locator.Locate(r.Position)
			zone := zoneCell(r.cell)
			if _, known := g.zones[zone]; !known && !slices.Contains(zones, zone) {
				zones = append(zones, zone)
			}
		}
	}
	if err := g.number(ctx, categories, zones); err != nil {
		return nil, err
	}
	for _, i := range b.write {
		r := &b.rows[i]
		r.category = g.categories[r.Category]
		if r.HasPosition {
			r.zone = g.zones[zoneCell(r.cell)]
		}
	}
	return b, nil
}

const (
	findEvents    = `select ref, fingerprint from event where source = $1 and ref = any($2)`
	retractEvents = `
		insert into event_retracted (zone, source, category, severity, starts, ends, utc_offset, weight, cell, area,
			attributes, xid, old_xid, retracted)
		select zone, source, category, severity, starts, ends, utc_offset, weight, cell, area, attributes,
			$3, xid, clock_timestamp()
		from event where source = $1 and ref = any($2)`
	deleteEvents = `delete from event where source = $1 and ref = any($2)`
	copyEvents   = `
		copy event (zone, source, ref, category, severity, starts, ends, reported, utc_offset, geom, precision_m, weight,
			cell, area, attributes, fingerprint, xid) from stdin (format binary)`
	currentXID   = `select pg_current_xact_id()::text::bigint`
	notifyEvents = `notify vigie_events`
)

// Compare settles the outcomes without writing.
func (b *EventBatch) Compare(ctx context.Context) error {
	_, _, err := b.classify(ctx, b.ingest.store.Pool)
	return err
}

// querier is what a pool and a transaction share.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// classify compares with the store; it returns the indexes to write and the refs whose old rows go.
func (b *EventBatch) classify(ctx context.Context, db querier) (write []int32, gone []string, err error) {
	stored := map[string]uint64{}
	if !b.ingest.fresh.Load() {
		refs := make([]string, len(b.write))
		for i, w := range b.write {
			refs[i] = b.rows[w].Ref
		}
		slices.Sort(refs) // neighbours in the index
		if stored, err = fingerprints(ctx, db, findEvents, b.ingest.source, refs); err != nil {
			return nil, nil, fmt.Errorf("find the stored events: %w", err)
		}
	}
	for _, i := range b.write {
		r := &b.rows[i]
		switch old, known := stored[r.Ref]; {
		case !known:
			b.outcomes[i] = New
		case old == r.fingerprint:
			b.outcomes[i] = Unchanged
			continue
		default:
			b.outcomes[i] = Changed
			gone = append(gone, r.Ref)
		}
		write = append(write, i)
	}
	return write, gone, nil
}

// fingerprints runs a query for pairs of identity and fingerprint.
func fingerprints(ctx context.Context, db querier, sql string, args ...any) (map[string]uint64, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	stored := map[string]uint64{}
	var ref string
	var fingerprint int64
	_, err = pgx.ForEachRow(rows, []any{&ref, &fingerprint}, func() error {
		stored[ref] = uint64(fingerprint)
		return nil
	})
	return stored, err
}

// Write stores what is new or changed, leaves the old values of changed events in event_retracted, and settles the
// outcomes. It may be repeated after a transaction that failed.
func (b *EventBatch) Write(ctx context.Context, tx pgx.Tx) error {
	write, gone, err := b.classify(ctx, tx)
	if err != nil || len(write) == 0 {
		return err
	}
	var xid int64
	if err := tx.QueryRow(ctx, currentXID).Scan(&xid); err != nil {
		return fmt.Errorf("write events: %w", err)
	}
	if len(gone) > 0 {
		if _, err := tx.Exec(ctx, retractEvents, b.ingest.source, gone, xid); err != nil {
			return fmt.Errorf("retract changed events: %w", err)
		}
		if _, err := tx.Exec(ctx, deleteEvents, b.ingest.source, gone); err != nil {
			return fmt.Errorf("replace changed events: %w", err)
		}
	}
	if err := copyRows(ctx, tx, copyEvents, b.encode(write, xid)); err != nil {
		return fmt.Errorf("write events: %w", err)
	}
	if _, err := tx.Exec(ctx, notifyEvents); err != nil {
		return fmt.Errorf("announce events: %w", err)
	}
	return nil
}

// byCell sorts rows by cell, whose order groups them by zone too: neighbours on the map become neighbours in the table
// and its indexes.
func (b *EventBatch) byCell(write []int32) {
	type key struct {
		cell uint64
		row  int32
	}
	keys := make([]key, len(write))
	for i, row := range write {
		keys[i] = key{b.rows[row].cell, row}
	}
	slices.SortFunc(keys, func(x, y key) int {
		if x.cell != y.cell {
			return cmp.Compare(x.cell, y.cell)
		}
		return int(x.row - y.row)
	})
	for i, k := range keys {
		write[i] = k.row
	}
}

// encode writes the rows for COPY.
func (b *EventBatch) encode(write []int32, xid int64) []byte {
	b.byCell(write)
	c := copyBuffer{make([]byte, 0, 320*len(write))}
	c.b = append(c.b, copyHeader...)
	for _, i := range write {
		r := &b.rows[i]
		_, offset := r.Start.Zone()
		c.row(17)
		c.int32(r.zone)
		c.int32(b.ingest.source)
		c.text(r.Ref)
		c.int16(r.category)
		c.int16(int16(r.Severity))
		c.time(r.Start)
		c.time(r.End)
		c.time(r.Reported)
		c.int32(int32(offset))
		c.point(r.Position, r.HasPosition)
		c.float32(float32(r.PrecisionM))
		c.float32(float32(r.Weight))
		c.int64(int64(r.cell))
		c.text(r.area)
		c.attributes(r.Attributes)
		c.int64(int64(r.fingerprint))
		c.int64(xid)
	}
	return append(c.b, copyTrailer...)
}

func copyRows(ctx context.Context, tx pgx.Tx, sql string, rows []byte) error {
	_, err := tx.Conn().PgConn().CopyFrom(ctx, bytes.NewReader(rows), sql)
	return err
}

// fingerprint is the xxhash64 of everything that the source says about the event.
func (e *Event) fingerprint(scratch []byte) ([]byte, uint64) {
	b := appendField(scratch[:0], e.Category)
	_, offset := e.Start.Zone()
	b = append(b, byte(e.Severity))
	for _, n := range [...]int64{e.Start.UnixMicro(), e.End.UnixMicro(), e.Reported.UnixMicro(), int64(offset)} {
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
	}
	b = appendPosition(b, e.HasPosition, e.Position, e.PrecisionM)
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(e.Weight))
	b = appendAttributes(b, e.Attributes)
	return b, xxhash.Sum64(b)
}

func appendField(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendPosition(b []byte, has bool, p [2]float64, precision float64) []byte {
	if has {
		b = append(b, 1)
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(p[0]))
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(p[1]))
	}
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(precision))
}

func appendAttributes(b []byte, attributes Attributes) []byte {
	for _, a := range attributes {
		b = appendField(appendField(b, a.Key), a.Value)
	}
	return b
}
