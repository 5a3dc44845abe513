package journal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
)

// Limits of the writer.
const (
	patience      = 5 * time.Second  // how long a lost or stuck database is waited for
	idleTime      = 20 * time.Second // after which the writer's connection is given back
	pauseLost     = 20 * time.Millisecond
	longestGather = 2 * time.Millisecond // how long others are waited for to share a commit
	mostAtOnce    = 1000                 // entries in one transaction
	mostPending   = 20_000               // entries that wait; more are refused
)

// Journal is the journal of a store. Entries of concurrent callers are written together, in one transaction on a
// connection of its own: those who read on the store's connections may wait for it.
type Journal struct {
	store  *geoengine.Store
	random io.Reader
	clock  func() time.Time

	mu      sync.Mutex
	queue   []*request
	waiting int // entries in queue
	working bool
	closed  bool
	wake    chan struct{}
	worker  sync.WaitGroup

	written, failed atomic.Int64
}

// request is what one caller wants written, all or nothing.
type request struct {
	entries []Entry
	done    chan error
	gone    atomic.Bool // the caller waits no more
}

// New returns the journal of a store that is migrated. random makes salts and must be crypto/rand.Reader but in tests.
func New(store *geoengine.Store, random io.Reader, clock func() time.Time) *Journal {
	return &Journal{store: store, random: random, clock: clock, wake: make(chan struct{}, 1)}
}

// Append adds entries and returns when they are durable on the database's disk: all of them, or none and an error. Where
// the connection breaks in the middle of the commit, it finds out whether they were written and writes them otherwise.
// If ctx ends, or the database stays away, entries may have been written although an error is returned. ErrBusy if too
// many wait already.
func (j *Journal) Append(ctx context.Context, entries ...Entry) error {
	if len(entries) == 0 {
		return nil
	}
	r := &request{entries: slices.Clone(entries), done: make(chan error, 1)}
	now := j.clock()
	for i := range r.entries {
		r.entries[i].tidy(now)
	}
	if err := j.enqueue(r); err != nil {
		return err
	}
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
		r.gone.Store(true)
		return fmt.Errorf("write the journal: %w", context.Cause(ctx))
	}
}

// Counts are how many entries were written and how many were not, since the start.
func (j *Journal) Counts() (written, failed int64) { return j.written.Load(), j.failed.Load() }

// Close waits for what is being written and gives the connection back. Nothing can be appended afterwards.
func (j *Journal) Close() {
	j.mu.Lock()
	j.closed = true
	j.mu.Unlock()
	j.rouse()
	j.worker.Wait()
}

func (j *Journal) enqueue(r *request) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return errors.New("write the journal: it is closed")
	}
	if j.waiting+len(r.entries) > mostPending && j.waiting > 0 {
		return fmt.Errorf("write the journal: %d entries wait: %w", j.waiting, geoengine.ErrBusy)
	}
	j.queue, j.waiting = append(j.queue, r), j.waiting+len(r.entries)
	if !j.working {
		j.working = true
		j.worker.Go(j.work)
	}
	j.rouse()
	return nil
}

func (j *Journal) rouse() {
	select {
	case j.wake <- struct{}{}:
	default:
	}
}

// work writes what is queued until nothing came for a while.
func (j *Journal) work() {
	w := &writer{journal: j}
	defer w.drop()
	for {
		if batch := j.take(); len(batch) > 0 {
			began := time.Now()
			j.answer(batch, w.write(batch))
			j.gather(len(batch), time.Since(began)/4)
			continue
		}
		idle := time.NewTimer(idleTime)
		quiet := false
		select {
		case <-j.wake:
		case <-idle.C:
			quiet = true
		}
		idle.Stop()
		if j.stopped(quiet) {
			return
		}
	}
}

// gather waits a little for those who were just answered: they are likely to come again, and together they cost one
// commit. Without it the first to come would have one for itself while the others wait.
func (j *Journal) gather(enough int, patience time.Duration) {
	if enough < 2 {
		return
	}
	late := time.NewTimer(min(patience, longestGather))
	defer late.Stop()
	for j.queued() < enough {
		select {
		case <-j.wake:
		case <-late.C:
			return
		}
	}
}

func (j *Journal) queued() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return mostPending
	}
	return len(j.queue)
}

// stopped tells whether nothing is left to do, after a quiet time or for good, and if so notes that nobody works.
func (j *Journal) stopped(quiet bool) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.working = len(j.queue) > 0 || !quiet && !j.closed
	return !j.working
}

// take takes the requests that fit into one transaction and for which somebody waits.
func (j *Journal) take() []*request {
	j.mu.Lock()
	defer j.mu.Unlock()
	var batch []*request
	entries, taken := 0, 0
	for _, r := range j.queue {
		if len(batch) > 0 && entries+len(r.entries) > mostAtOnce {
			break
		}
		taken++
		if r.gone.Load() {
			continue
		}
		batch, entries = append(batch, r), entries+len(r.entries)
	}
	for _, r := range j.queue[:taken] {
		j.waiting -= len(r.entries)
	}
	j.queue = slices.Delete(j.queue, 0, taken)
	return batch
}

func (j *Journal) answer(batch []*request, err error) {
	for _, r := range batch {
		if err == nil {
			j.written.Add(int64(len(r.entries)))
		} else {
			j.failed.Add(int64(len(r.entries)))
		}
		r.done <- err
	}
}

// writer holds the connection between transactions, and what it knows of the chain's end.
type writer struct {
	journal *Journal
	conn    *pgx.Conn
	head    *Root // of what this connection wrote last; nil if it is unknown
}

func (w *writer) drop() {
	if w.conn != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = w.conn.Close(ctx) // it is gone either way
		w.conn, w.head = nil, nil
	}
}

// write writes a batch; a lost connection is replaced and the batch written again, unless it was written after all.
func (w *writer) write(batch []*request) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var entries []Entry
	for _, r := range batch {
		entries = append(entries, r.entries...)
	}
	var doubtful []Row // of an attempt that may have been committed
	for {
		rows, err := w.try(ctx, entries, doubtful)
		if err == nil {
			return nil
		}
		w.drop()
		if rows != nil {
			doubtful = rows
		}
		if !geoengine.Lost(err) {
			return fmt.Errorf("write the journal: %w", err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("write the journal: %w", err)
		case <-time.After(pauseLost):
		}
	}
}

// try writes the entries in one transaction. With an error it returns the rows if they may have been committed.
func (w *writer) try(ctx context.Context, entries []Entry, doubtful []Row) ([]Row, error) {
	if err := w.dial(ctx); err != nil {
		return nil, err
	}
	if w.head != nil && len(doubtful) == 0 {
		// Mostly nobody else has written: then one round trip is enough.
		rows, there, err := w.follow(ctx, *w.head, entries)
		if err != nil || there {
			return rows, err
		}
	}
	head, err := lockHead(ctx, w.conn)
	if err != nil {
		return nil, err
	}
	if n := len(doubtful); n > 0 {
		// The lock is free only when the transaction in doubt has ended.
		last := doubtful[n-1]
		there, err := standsAt(ctx, w.conn, last)
		if err != nil {
			return nil, err
		}
		if there {
			_, err := w.conn.Exec(ctx, "rollback")
			return doubtful, err
		}
	}
	rows, err := w.journal.link(head, entries)
	if err != nil {
		return nil, err
	}
	_, err = w.add(ctx, rows, insertRows, commit)
	return rows, err
}

// follow writes the entries behind head if that is still the chain's end; otherwise it writes nothing and says so. With
// an error the rows may have been committed.
func (w *writer) follow(ctx context.Context, head Root, entries []Entry) (rows []Row, there bool, err error) {
	if rows, err = w.journal.link(head, entries); err != nil {
		return nil, false, err
	}
	there, err = w.add(ctx, rows, begin, lockChain, insertBehind, commit)
	return rows, there, err
}

// add runs the statements in one round trip, one of which inserts the rows, and remembers the chain's end.
func (w *writer) add(ctx context.Context, rows []Row, statements ...string) (bool, error) {
	w.head = nil
	there, err := pipeline(ctx, w.conn, rows, statements)
	if err == nil && there {
		last := rows[len(rows)-1]
		w.head = &Root{Seq: last.Seq, Hash: last.Hash}
	}
	return there, err
}

// dial opens the connection unless it is there.
func (w *writer) dial(ctx context.Context) (err error) {
	if w.conn == nil {
		w.conn, err = w.journal.connect(ctx)
	}
	return err
}

// connect opens a connection on which a commit returns when it is on the disk, and on which nothing is stuck for long.
func (j *Journal) connect(ctx context.Context) (*pgx.Conn, error) {
	config := j.store.Pool.Config().ConnConfig.Copy()
	config.RuntimeParams["application_name"] = "vigie journal"
	config.RuntimeParams["synchronous_commit"] = "on"
	config.RuntimeParams["idle_in_transaction_session_timeout"] = "10s"
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	return conn, nil
}

// link makes the rows that follow the head.
func (j *Journal) link(head Root, entries []Entry) ([]Row, error) {
	rows := make([]Row, len(entries))
	for i, e := range entries {
		row := Row{Seq: head.Seq + 1, Entry: e, before: head.Hash}
		if _, err := io.ReadFull(j.random, row.Salt[:]); err != nil {
			return nil, fmt.Errorf("make a salt: %w", err)
		}
		row.Digest = row.digest(row.Salt)
		row.Hash = chain(head.Hash, row.Seq, row.Digest)
		rows[i], head = row, Root{Seq: row.Seq, Hash: row.Hash}
	}
	return rows, nil
}
