package cube

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vigie/progress"
)

const (
	// repeatable keeps one snapshot for all that is read in a transaction.
	repeatable = "begin isolation level repeatable read, read only"

	// selectState tells what a transaction sees, in which store, at what time (microseconds since 1970).
	selectState = `select pg_current_snapshot()::text, (select system_identifier::text from pg_control_system()),
		(select oid from pg_database where datname = current_database()), 'event'::regclass::oid,
		coalesce(pg_relation_filenode('event'), 0), (extract(epoch from clock_timestamp()) * 1e6)::bigint`

	selectCategories = `select id, slug from category`
	selectSources    = `select id, name, synthetic from source`
	countEvents      = `select count(*) from event`
	copyEvents       = `copy (select ` + eventColumns + ` from event) to stdout (format binary)`

	// Rows of a transaction that this store has not begun come from another store, by a backup: they are as good as
	// any that committed before. Their number would be met again later.
	selectForeign  = `select coalesce(max(xid), 0) >= $1 from event`
	healEvents     = `update event set xid = 0 where xid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint`
	healRetracted  = `delete from event_retracted where greatest(xid, old_xid) >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint`
	progressStride = 1 << 16
)

// state is what a transaction sees.
type state struct {
	identity
	seen transactions
	now  int64
}

func scanState(row pgx.Row) (s state, err error) {
	var text string
	if err := row.Scan(&text, &s.system, &s.database, &s.table, &s.file, &s.now); err != nil {
		return s, err
	}
	s.seen, err = parseTransactions(text)
	return s, err
}

// Load rebuilds the cube from the store in one transaction and puts it in the place of what there was; until then
// readers see the old one. It must not run beside Follow, which loads by itself when it has to.
func (c *Cube) Load(ctx context.Context, p progress.Func) error {
	err := c.load(ctx, p)
	if errors.Is(err, errForeign) {
		if err = c.heal(ctx); err == nil {
			err = c.load(ctx, p)
		}
	}
	if err != nil {
		return fmt.Errorf("load the cube: %w", err)
	}
	return nil
}

var errForeign = errors.New("the store holds events of transactions of another store")

func (c *Cube) heal(ctx context.Context) error {
	c.log.WarnContext(ctx, "the store was restored from another one: resetting its transaction numbers")
	return pgx.BeginFunc(ctx, c.store.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, healEvents); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, healRetracted)
		return err
	})
}

func (c *Cube) load(ctx context.Context, p progress.Func) error {
	tx, err := c.store.Pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	state, err := scanState(tx.QueryRow(ctx, selectState))
	if err != nil {
		return err
	}
	var foreign bool
	if err := tx.QueryRow(ctx, selectForeign, int64(state.seen.xmax)).Scan(&foreign); err != nil {
		return err
	}
	if foreign {
		return errForeign
	}
	dicts := newDictionaries()
	if err := dicts.readReferences(ctx, tx); err != nil {
		return err
	}
	rows, err := copyRows(ctx, tx, dicts, p)
	if err != nil {
		return err
	}
	c.install(dicts, rows, state)
	return nil
}

// querier is a connection, a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// readReferences adds the categories and sources of the store.
func (d *dictionaries) readReferences(ctx context.Context, q querier) error {
	type category struct {
		ID   int16
		Slug string
	}
	type source struct {
		ID        int32
		Name      string
		Synthetic bool
	}
	list, err := q.Query(ctx, selectCategories)
	if err != nil {
		return err
	}
	categories, err := pgx.CollectRows(list, pgx.RowToStructByPos[category])
	if err != nil {
		return err
	}
	if list, err = q.Query(ctx, selectSources); err != nil {
		return err
	}
	sources, err := pgx.CollectRows(list, pgx.RowToStructByPos[source])
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range categories {
		d.addCategory(c.ID, c.Slug)
	}
	for _, s := range sources {
		d.addSource(s.ID, sourceInfo{s.Name, s.Synthetic})
	}
	return nil
}

func copyRows(ctx context.Context, tx pgx.Tx, d *dictionaries, p progress.Func) (*rows, error) {
	update := progress.Update{Task: "load the events into memory", Unit: "events"}
	if err := tx.QueryRow(ctx, countEvents).Scan(&update.Total); err != nil {
		return nil, err
	}
	p.Report(update)
	d.mu.Lock()
	defer d.mu.Unlock()
	r := newRows(int(update.Total))
	reader := copyReader{row: func(fields [][]byte) error {
		if err := d.decodeRow(fields, r); err != nil {
			return err
		}
		if update.Done++; update.Done%progressStride == 0 {
			p.Report(update)
		}
		return nil
	}}
	if _, err := tx.Conn().PgConn().CopyTo(ctx, &reader, copyEvents); err != nil {
		return nil, err
	}
	if err := reader.Close(); err != nil {
		return nil, err
	}
	update.Finished = true
	p.Report(update)
	return r, nil
}

// install puts freshly loaded events in the place of all that there was.
func (c *Cube) install(d *dictionaries, r *rows, s state) {
	view := d.view()
	next := &snapshot{version: uint64(max(s.now, 0)), view: view}
	if r.len() > 0 {
		next.parts = []part{{newSegment(r, view.open()), 1}}
	}
	loaded := &delta{to: s.seen, done: make(chan struct{})}
	close(loaded.done)
	c.mu.Lock()
	defer c.mu.Unlock()
	if last := c.current.Load(); last != nil {
		next.version = max(next.version, last.version+1)
	}
	c.dicts = d
	c.feed = feed{store: s.identity, read: s.now, deltas: []*delta{loaded}}
	c.busy = map[*segment]bool{}
	c.broken = false
	c.current.Store(next)
}

// Size returns the number of events held, retractions not yet merged included, and their bytes of memory.
func (c *Cube) Size() (events, bytes int) {
	s := c.current.Load()
	if s == nil {
		return 0, 0
	}
	for _, p := range s.parts {
		events += p.n
		bytes += p.bytes()
	}
	return events, bytes
}
