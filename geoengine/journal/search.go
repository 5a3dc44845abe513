package journal

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Filter says which entries are meant; what is empty does not limit. Texts must be equal.
type Filter struct {
	From, To                                                   time.Time // from ≤ at < to
	Account, Operation, Act, Class, Outcome, Reference, Reason string
	RequestID                                                  string
}

// Limits of a search, so that its work is bounded however large the journal is.
const (
	// lookedThrough is how many entries one search reads at most; there may be more behind its cursor.
	lookedThrough = 50_000
	// outOfOrder is how far, in entries, the order of the numbers may differ from that of the times.
	outOfOrder = 20_000
)

const (
	selectFirstAt = `select seq from journal where at >= $1 order by at, seq limit 1`
	selectLastAt  = `select seq from journal where at < $1 order by at desc, seq desc limit 1`
)

// condition is a column that must be equal to a value.
type condition struct{ column, value string }

// driven are the conditions with an index by number; the rest are checked on the rows found.
func (f *Filter) conditions() (driven *condition, rest []condition) {
	for i, c := range []condition{
		{"reference", f.Reference}, {"account", f.Account}, {"operation", f.Operation}, {"act", f.Act}, {"class", f.Class},
		{"outcome", f.Outcome}, {"reason", f.Reason}, {"request_id", f.RequestID},
	} {
		switch {
		case c.value == "":
		case driven == nil && i < 3:
			driven = &c
		default:
			rest = append(rest, c)
		}
	}
	return driven, rest
}

// question is the text and the parameters of a search.
type question struct {
	text strings.Builder
	args []any
}

func (q *question) bind(v any) string {
	q.args = append(q.args, v)
	return "$" + strconv.Itoa(len(q.args))
}

// Search returns up to limit entries newest first, with numbers under before (0 is from the end), and the cursor for the
// next search: 0 if there is nothing behind. It looks through a bounded number of entries, so it may return fewer than
// limit, even none, though the cursor says that there is more to look through.
func (j *Journal) Search(ctx context.Context, f Filter, before int64, limit int) (found []Row, next int64, err error) {
	low, high, err := j.span(ctx, f)
	if err != nil {
		return nil, 0, fmt.Errorf("search the journal: %w", err)
	}
	if before > 0 {
		high = min(high, before-1)
	}
	q := f.page(low, high, limit)
	rows, err := j.store.Pool.Query(ctx, q.text.String(), q.args...)
	if err != nil {
		return nil, 0, fmt.Errorf("search the journal: %w", err)
	}
	var bottom, looked int64
	found, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Row, error) {
		return scanRow(pageRow{row, &bottom, &looked})
	})
	if err != nil {
		return nil, 0, fmt.Errorf("search the journal: %w", err)
	}
	switch {
	case len(found) > limit:
		return found[:limit], found[limit-1].Seq, nil
	case len(found) == 1 && found[0].Seq == 0: // nothing matched: the row of the window alone
		found = nil
	}
	if looked == lookedThrough && bottom > low {
		next = bottom
	}
	return found, next, nil
}

// pageRow is a row with the bottom and the size of its window before it.
type pageRow struct {
	pgx.CollectableRow
	bottom, looked *int64
}

// Scan reads the window, then the row.
func (p pageRow) Scan(to ...any) error {
	return p.CollectableRow.Scan(append([]any{p.bottom, p.looked}, to...)...)
}

// page asks for the newest rows between two numbers: first a window of bounded size, by index, then what matches in it.
func (f *Filter) page(low, high int64, limit int) *question {
	q := &question{}
	driven, rest := f.conditions()
	fmt.Fprintf(&q.text, "with looked as materialized (select * from journal where seq between %s and %s", q.bind(low), q.bind(high))
	if driven != nil {
		fmt.Fprintf(&q.text, " and %s = %s", driven.column, q.bind(driven.value))
	}
	fmt.Fprintf(&q.text, " order by seq desc limit %s), matching as (select * from looked where true", q.bind(lookedThrough))
	f.where(q, rest)
	fmt.Fprintf(&q.text, " order by seq desc limit %s) select coalesce(bottom, 0), size, coalesce(seq, 0), "+
		"%s from (select min(seq) as bottom, count(*) as size from looked) w left join matching on true order by seq desc",
		q.bind(limit+1), strings.TrimPrefix(columns, "seq, "))
	return q
}

func (f *Filter) where(q *question, equal []condition) {
	for _, c := range equal {
		fmt.Fprintf(&q.text, " and %s = %s", c.column, q.bind(c.value))
	}
	if !f.From.IsZero() {
		fmt.Fprintf(&q.text, " and at >= %s", q.bind(f.From))
	}
	if !f.To.IsZero() {
		fmt.Fprintf(&q.text, " and at < %s", q.bind(f.To))
	}
}

// span is between which numbers entries of the filter's times lie; low > high is none.
func (j *Journal) span(ctx context.Context, f Filter) (low, high int64, err error) {
	low, high = 1, 1<<62
	find := func(sql string, at time.Time) (seq int64, err error) {
		err = j.store.Pool.QueryRow(ctx, sql, at).Scan(&seq)
		if errors.Is(err, pgx.ErrNoRows) {
			low, high, err = 1, 0, nil
		}
		return seq, err
	}
	if !f.To.IsZero() {
		if seq, err := find(selectLastAt, f.To); err != nil {
			return 0, 0, err
		} else if high > 0 {
			high = seq + outOfOrder
		}
	}
	if !f.From.IsZero() && high > 0 {
		if seq, err := find(selectFirstAt, f.From); err != nil {
			return 0, 0, err
		} else if high > 0 {
			low = max(1, seq-outOfOrder)
		}
	}
	return low, high, nil
}

// Rows streams the entries of a filter, oldest first, as of one moment.
func (j *Journal) Rows(ctx context.Context, f Filter) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		low, high, err := j.span(ctx, f)
		if err != nil {
			yield(Row{}, fmt.Errorf("read the journal: %w", err))
			return
		}
		q := &question{}
		fmt.Fprintf(&q.text, "select %s from journal where seq between %s and %s", columns, q.bind(low), q.bind(high))
		driven, rest := f.conditions()
		if driven != nil {
			rest = append(rest, *driven)
		}
		f.where(q, rest)
		q.text.WriteString(" order by seq")
		rows, err := j.store.Pool.Query(ctx, q.text.String(), q.args...)
		if err != nil {
			yield(Row{}, fmt.Errorf("read the journal: %w", err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			row, err := scanRow(rows)
			if err != nil {
				yield(Row{}, fmt.Errorf("read the journal: %w", err))
				return
			}
			if !yield(row, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(Row{}, fmt.Errorf("read the journal: %w", err))
		}
	}
}

// Root returns the end of the chain: the zero Root of an empty journal.
func (j *Journal) Root(ctx context.Context) (Root, error) {
	root, err := scanRoot(j.store.Pool.QueryRow(ctx, selectHead))
	if err != nil {
		return Root{}, fmt.Errorf("read the journal: %w", err)
	}
	return root, nil
}
