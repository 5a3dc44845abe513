package data

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"vigie/geoengine"
	"vigie/geoengine/road"
	"vigie/progress"
)

// batch is a run of consecutive records and rejects, in reading order.
type batch struct {
	last     int64 // records and rejects of the input up to the end of this batch
	settled  bool  // committed by an earlier import that was cut off: only to be remembered
	items    []item
	rejects  []orderedReject
	events   []geoengine.Event
	areas    []geoengine.Area
	units    []geoengine.Unit
	roads    []road.Record
	passed   []bool // for each record, whether it is only to be remembered; nil is none
	written  written
	previous <-chan struct{}
	done     chan struct{} // closed when the batch is committed
}

// orderedReject is a reject with its place in reading order.
type orderedReject struct {
	*Reject
	order int64
}

// item is what is known of a record besides its content.
type item struct {
	order   int64 // place in reading order, from 1
	at      Position
	raw     []byte
	epsg    int
	implied bool
}

// maxBatchBytes bounds the raw rows held for one batch.
const maxBatchBytes = 64 << 20

// readBatches cuts what the source yields into batches; one ends where an earlier import was cut off.
func (m *importer) readBatches(ctx context.Context, out chan<- *batch) error {
	var read int64
	now, size := &batch{}, 0
	send := func() error {
		records := len(now.items)
		now.last, now.settled = read, read <= m.runRow.records
		select {
		case out <- now:
			now, size = m.kind.empty(records), 0 // as large as the last
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for record, err := range m.src.Read(ctx, m.in) {
		var reject *Reject
		if err != nil && !errors.As(err, &reject) {
			return errors.Join(err, ctx.Err())
		}
		read++
		if reject != nil {
			kept := *reject
			kept.Raw = bytes.Clone(clip(kept.Raw))
			now.rejects = append(now.rejects, orderedReject{&kept, read})
			size += len(kept.Raw)
		} else if err := m.take(now, record, read); err != nil {
			return err
		} else {
			size += len(record.Raw)
		}
		if read%2048 == 0 {
			m.tell(read, false)
		}
		if len(now.items)+len(now.rejects) >= m.opt.BatchSize || size >= maxBatchBytes || read == m.runRow.records {
			if err := send(); err != nil {
				return err
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(now.items)+len(now.rejects) > 0 {
		if err := send(); err != nil {
			return err
		}
	}
	if read < m.runRow.records {
		return fmt.Errorf("the input has %d records, fewer than the %d that are imported already: %w", read, m.runRow.records, geoengine.ErrInvalid)
	}
	m.tell(read, true)
	return nil
}

// take adds a record to the batch.
func (m *importer) take(b *batch, r Record, order int64) error {
	switch {
	case r.Event != nil && m.src.Holds == HoldsEvents:
		b.events = append(b.events, *r.Event)
	case r.Area != nil && m.src.Holds == HoldsAreas:
		b.areas = append(b.areas, *r.Area)
	case r.Unit != nil && m.src.Holds == HoldsUnits:
		b.units = append(b.units, *r.Unit)
	case (r.Section != nil || r.Turn != nil || r.Site != nil) && m.src.Holds == HoldsRoads:
		b.roads = append(b.roads, road.Record{Section: r.Section, Turn: r.Turn, Site: r.Site})
	default:
		return fmt.Errorf("%s: the source holds %s, but gave another record: %w", r.At, m.src.Holds, geoengine.ErrInvalid)
	}
	b.items = append(b.items, item{order, r.At, bytes.Clone(clip(r.Raw)), r.EPSG, r.Implied})
	return nil
}

// tell reports how far the reading is; the total is estimated from the bytes read so far.
func (m *importer) tell(read int64, finished bool) {
	u := progress.Update{Task: "import " + m.src.Name, Unit: "rows", Done: read, Finished: finished}
	if finished {
		u.Total = read
	} else if len(m.in.Files) > 0 && m.in.Files[0].meter != nil {
		var size int64
		for _, f := range m.in.Files {
			size += f.size
		}
		if stored := m.in.Files[0].meter.stored.Load(); stored > 0 {
			u.Total = max(read, int64(float64(read)*float64(size)/float64(stored)))
		}
	}
	m.opt.Progress.Report(u)
}
