package data

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"vigie/geoengine"
)

// prepareBatches projects, checks and prepares the batches in reading order, and passes on those to write.
func (m *importer) prepareBatches(ctx context.Context, in <-chan *batch, out chan<- *batch) error {
	previous := make(chan struct{})
	close(previous)
	for b := range in {
		if err := m.project(ctx, b); err != nil {
			return err
		}
		m.check(b)
		if m.retry != nil {
			m.retry.choose(b)
		} else if b.settled {
			b.passed = slices.Repeat([]bool{true}, len(b.items))
		}
		var err error
		if b.written, err = m.kind.prepare(ctx, m.ingest, b); err != nil {
			return err
		}
		if b.settled || (m.retry != nil && b.nothing()) {
			continue
		}
		if m.mayBulk(b) {
			var err error
			if m.bulk, err = m.store.BeginBulk(ctx); err != nil {
				return err
			}
		}
		b.previous, b.done = previous, make(chan struct{})
		previous = b.done
		select {
		case out <- b:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}

// mayBulk tells whether the batch begins an import of many events.
func (m *importer) mayBulk(b *batch) bool {
	size := int64(len(b.items) + len(b.rejects))
	return m.src.Holds == HoldsEvents && !m.opt.DryRun && m.retry == nil && b.last == size && size >= int64(m.opt.BatchSize)
}

// nothing tells whether a batch of a retry has nothing to do.
func (b *batch) nothing() bool { return len(b.rejects) == 0 && !slices.Contains(b.passed, false) }

// project turns coordinates of other reference systems into longitude, latitude.
func (m *importer) project(ctx context.Context, b *batch) error {
	bySystem := map[int][]*orb.Point{}
	for i := range b.items {
		if epsg := b.items[i].epsg; epsg != 0 && epsg != 4326 {
			m.kind.visit(b, i, func(p *orb.Point) { bySystem[epsg] = append(bySystem[epsg], p) })
		}
	}
	for epsg, points := range bySystem {
		values := make([]orb.Point, len(points))
		for i, p := range points {
			values[i] = *p
		}
		err := m.persistently(ctx, func(ctx context.Context) error { return m.store.Project(ctx, epsg, values) })
		if err != nil {
			return err
		}
		for i, p := range points {
			*p = values[i]
		}
	}
	return nil
}

// check moves the records that cannot be stored to the rejects.
func (m *importer) check(b *batch) {
	kept := make([]int, 0, len(b.items))
	for i := range b.items {
		if f := m.kind.check(b, i, m.src.Name); f.reason != "" {
			if !b.items[i].implied {
				b.reject(b.items[i], f)
			}
			continue
		}
		kept = append(kept, i)
	}
	if len(kept) < len(b.items) {
		m.kind.keep(b, kept)
		b.items = pick(b.items, kept)
	}
}

func (b *batch) reject(i item, f fault) {
	b.rejects = append(b.rejects, orderedReject{&Reject{At: i.at, Reason: f.reason, Detail: f.detail, Raw: i.raw}, i.order})
}

// writeBatches writes batches beside other writers; each commits when the one before it has.
func (m *importer) writeBatches(ctx context.Context, in <-chan *batch) error {
	for b := range in {
		var err error
		if m.opt.DryRun {
			err = m.compare(ctx, b)
		} else {
			err = m.commit(ctx, b)
		}
		if err != nil {
			return err
		}
		close(b.done)
	}
	return nil
}

func (m *importer) compare(ctx context.Context, b *batch) error {
	if err := m.persistently(ctx, b.written.Compare); err != nil {
		return err
	}
	if err := b.await(ctx); err != nil {
		return err
	}
	m.report, _ = m.account(b)
	return nil
}

// await waits for the batch before.
func (b *batch) await(ctx context.Context) error {
	select {
	case <-b.previous:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// commit writes the batch, its rejects and the state of the run in one transaction. When the database goes away it tries
// again, after asking whether the transaction had been committed after all.
func (m *importer) commit(ctx context.Context, b *batch) error {
	var next Report
	tried := false
	return m.persistently(ctx, func(ctx context.Context) error {
		if tried {
			committed, err := m.recover(ctx, b)
			if err != nil {
				return err
			}
			if committed {
				m.report = next
				return nil
			}
		}
		tried = true
		err := pgx.BeginFunc(ctx, m.store.Pool, func(tx pgx.Tx) error {
			if err := b.written.Write(ctx, tx); err != nil {
				return err
			}
			if err := b.await(ctx); err != nil {
				return err
			}
			var rejects []orderedReject
			next, rejects = m.account(b)
			if err := m.storeRejects(ctx, tx, b, rejects); err != nil {
				return err
			}
			return m.updateRun(ctx, tx, b.last, next)
		})
		if err == nil {
			m.report = next
		}
		return err
	})
}

// recover makes sure that the import still has its lock, and asks whether the batch is in the store.
func (m *importer) recover(ctx context.Context, b *batch) (committed bool, err error) {
	lost, err := m.keeper.again(ctx)
	if err != nil {
		return false, err
	}
	if lost {
		m.ingest.Stale()
	}
	records, err := m.committedRecords(ctx)
	return records >= b.last, err
}

// mender is a batch that mends what it stores.
type mender interface{ Mended() int64 }

// account adds the batch to the report and returns its rejects in reading order. Call it when the batch before is in.
func (m *importer) account(b *batch) (Report, []orderedReject) {
	r := m.report
	r.Rejected = make(map[string]int64, len(m.report.Rejected))
	for reason, n := range m.report.Rejected {
		r.Rejected[reason] = n
	}
	rejects := slices.Clone(b.rejects)
	for i, outcome := range b.written.Settled() {
		if b.items[i].implied || (b.passed != nil && b.passed[i]) {
			continue
		}
		switch outcome {
		case geoengine.New:
			r.New++
		case geoengine.Changed:
			r.Changed++
		case geoengine.Unchanged:
			r.Unchanged++
		default:
			rejects = append(rejects, orderedReject{refused(b.items[i], outcome), b.items[i].order})
			continue
		}
		r.Read++
		if !m.kind.placed(b, i) {
			r.WithoutPosition++
		}
	}
	for _, reject := range rejects {
		r.Read++
		r.Rejected[reject.Reason]++
	}
	if mending, ok := b.written.(mender); ok {
		r.Mended += mending.Mended()
	}
	slices.SortFunc(rejects, func(a, b orderedReject) int { return int(a.order - b.order) })
	return r, rejects
}

func refused(i item, outcome geoengine.Outcome) *Reject {
	if outcome == geoengine.Unusable {
		return Rejectf(i.at, i.raw, "bad_geometry", "nothing is left of the polygon when it is mended")
	}
	return Rejectf(i.at, i.raw, "duplicate_ref", "an earlier record of this input has the same ref and says otherwise")
}

// relocate draws the outlines of parents, and gives every event and unit its area anew, when areas have changed.
func (m *importer) relocate(ctx context.Context) error {
	due := m.report.New+m.report.Changed > 0
	if !due {
		var err error
		if due, err = m.unfinishedBefore(ctx); err != nil || !due {
			return err
		}
	}
	err := m.persistently(ctx, func(ctx context.Context) error {
		if _, err := m.keeper.again(ctx); err != nil {
			return err
		}
		if err := m.store.Outline(ctx, m.opt.Progress); err != nil {
			return err
		}
		return m.store.Relocate(ctx, m.opt.Progress)
	})
	if err != nil {
		return fmt.Errorf("after the areas changed: %w", err)
	}
	return nil
}
