package cube

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// The new transactions are those from the last snapshot's xmax on, and those that were running then: two exact
	// index ranges, however long some transaction runs.
	selectNew = `select ` + eventColumns + `, xid from event where xid >= $1
		union all select ` + eventColumns + `, xid from event where xid = any($2) and xid < $1`
	selectRetracted = `select ` + eventColumns + `, xid, old_xid from event_retracted where xid >= $1
		union all select ` + eventColumns + `, xid, old_xid from event_retracted where xid = any($2) and xid < $1`

	purgeRetracted = `delete from event_retracted where retracted < now() - interval '7 days'`
	// keptMicro is how long what was retracted can be relied upon, less than purgeRetracted keeps it.
	keptMicro = 6 * 24 * 3600e6
)

// errReload says that the store cannot be followed from where the cube stands.
var errReload = errors.New("the store was replaced, or changed too long ago to follow")

// largeDelta is the number of events from which a delta is no longer waited for.
const largeDelta = 2048

// poll reads everything that has committed since the last poll, and applies it. It calls large once the delta turns
// out to be so large that others should not wait for it.
func (c *Cube) poll(ctx context.Context, pool *pgxpool.Pool, large func()) (version uint64, err error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Release()
	c.mu.Lock()
	d := c.feed.begin()
	c.mu.Unlock()
	if d == nil {
		return 0, errEarlier
	}
	registered := false
	defer func() {
		if registered {
			d.failed = err != nil
			close(d.done)
		}
	}()

	results := conn.SendBatch(ctx, d.batch())
	err = c.receive(results, d, func() { registered = true }, large, func() error {
		return c.dicts.readReferences(ctx, c.store.Pool)
	})
	if closed := results.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return 0, err
	}
	if d.rows.len()+d.retract.len() == 0 {
		return 0, nil
	}
	return c.apply(ctx, d)
}

func (d *delta) batch() *pgx.Batch {
	running := make([]int64, len(d.base.running))
	for i, xid := range d.base.running {
		running[i] = int64(xid)
	}
	var batch pgx.Batch
	batch.Queue(repeatable)
	batch.Queue(selectState)
	batch.Queue(selectNew, int64(d.base.xmax), running)
	batch.Queue(selectRetracted, int64(d.base.xmax), running)
	batch.Queue("commit")
	return &batch
}

func (c *Cube) receive(results pgx.BatchResults, d *delta, registered, large func(), refer func() error) error {
	if _, err := results.Exec(); err != nil {
		return err
	}
	state, err := scanState(results.QueryRow())
	if err != nil {
		return err
	}
	if err := c.register(d, state); err != nil {
		return err
	}
	registered()
	count := 0
	for _, retract := range []bool{false, true} {
		list, err := results.Query()
		if err != nil {
			return err
		}
		if err := c.decode(list, d, retract, &count, large, refer); err != nil {
			return err
		}
	}
	_, err = results.Exec()
	return err
}

// register makes d the last delta of the feed, if the store is still the one that the cube follows.
func (c *Cube) register(d *delta, s state) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.identity != c.feed.store || s.seen.xmax < d.base.xmax || s.now-c.feed.read > keptMicro || c.broken {
		return errReload
	}
	c.feed.read = s.now
	d.to = s.seen
	if len(d.except) > 0 || slices.ContainsFunc(c.feed.deltas, func(e *delta) bool { return e.over() && e.failed }) {
		c.feed.deltas = nil // d takes everything in that failed
	}
	for len(c.feed.deltas) > 0 && c.feed.deltas[0].over() && !c.feed.deltas[0].failed {
		c.feed.deltas = c.feed.deltas[1:]
	}
	c.feed.deltas = append(c.feed.deltas, d)
	return nil
}

// decode reads the rows of the transactions that are not counted yet.
func (c *Cube) decode(list pgx.Rows, d *delta, retract bool, count *int, large func(), refer func() error) error {
	defer list.Close()
	dicts, into := c.dicts, &d.rows
	if retract {
		into = &d.retract
	}
	for list.Next() {
		fields := list.RawValues()
		if !d.wants(fields, retract) {
			continue
		}
		err := dicts.decode(fields, into)
		if errors.Is(err, errReference) {
			if err = refer(); err == nil {
				err = dicts.decode(fields, into)
			}
		}
		if err != nil {
			return fmt.Errorf("read a committed event: %w", err)
		}
		if *count++; *count == c.largeDelta {
			large()
		}
	}
	return list.Err()
}

// decode is decodeRow for those who do not hold d.mu: row by row, so that a large delta does not keep a small one
// waiting.
func (d *dictionaries) decode(fields [][]byte, r *rows) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.decodeRow(fields, r)
}

// wants tells whether a row changes the cube: its transaction is new and, for a retraction, what it takes away was
// counted. (Of an event that was written twice since the last poll, only the last state is to be seen.)
func (d *delta) wants(fields [][]byte, retract bool) bool {
	if len(fields) <= fieldCount || d.counted(bigint(fields[fieldCount])) {
		return false
	}
	return !retract || len(fields) > fieldCount+1 && d.counted(bigint(fields[fieldCount+1]))
}

// apply makes the delta visible, and returns the new version. Retractions wait for what they take away.
func (c *Cube) apply(ctx context.Context, d *delta) (uint64, error) {
	if d.retract.len() > 0 {
		for _, e := range d.earlier {
			select {
			case <-e.done:
			case <-ctx.Done():
				return 0, ctx.Err()
			}
			if e.failed {
				return 0, errEarlier
			}
		}
	}
	open := c.dicts.view().open()
	var parts []part
	if d.rows.len() > 0 {
		parts = append(parts, part{newSegment(&d.rows, open), 1})
	}
	if d.retract.len() > 0 {
		parts = append(parts, part{newSegment(&d.retract, open), -1})
	}
	d.rows, d.retract = rows{}, rows{}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.publish(parts...), nil
}

var errEarlier = errors.New("an earlier delta failed")
