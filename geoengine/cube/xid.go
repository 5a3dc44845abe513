package cube

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// transactions is a pg_snapshot: which transactions had committed (or failed) when it was taken.
type transactions struct {
	xmin, xmax uint64   // all below xmin are over, none from xmax on
	running    []uint64 // those between that were not over, ascending
}

// parseTransactions reads PostgreSQL's text form xmin:xmax:xip,xip,….
func parseTransactions(text string) (t transactions, err error) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return t, fmt.Errorf("pg_snapshot %.40q: not xmin:xmax:list", text)
	}
	if t.xmin, err = strconv.ParseUint(parts[0], 10, 63); err != nil {
		return t, fmt.Errorf("pg_snapshot %.40q: %w", text, err)
	}
	if t.xmax, err = strconv.ParseUint(parts[1], 10, 63); err != nil {
		return t, fmt.Errorf("pg_snapshot %.40q: %w", text, err)
	}
	for xip := range strings.SplitSeq(parts[2], ",") {
		if xip == "" {
			continue
		}
		x, err := strconv.ParseUint(xip, 10, 63)
		if err != nil {
			return t, fmt.Errorf("pg_snapshot %.40q: %w", text, err)
		}
		t.running = append(t.running, x)
	}
	if t.xmin > t.xmax || !slices.IsSorted(t.running) {
		return t, fmt.Errorf("pg_snapshot %.40q: out of order", text)
	}
	return t, nil
}

// sees tells whether a transaction that has committed by now had done so when the snapshot was taken.
func (t *transactions) sees(xid uint64) bool {
	if xid < t.xmin {
		return true
	}
	if xid >= t.xmax {
		return false
	}
	_, running := slices.BinarySearch(t.running, xid)
	return !running
}

// interval is the transactions that `to` sees and `from` does not.
type interval struct{ from, to transactions }

func (i *interval) has(xid uint64) bool { return i.to.sees(xid) && !i.from.sees(xid) }

// delta is the transactions between two readings of the store, which are read and applied as one. Large deltas are
// overtaken by small ones that come later.
type delta struct {
	base    transactions // counted, or being read by an earlier delta
	except  []interval   // likewise, though base does not see them
	to      transactions
	earlier []*delta // still being read when this one began
	done    chan struct{}
	failed  bool // valid once done is closed
	rows    rows
	retract rows
}

// counted tells whether the effect of a transaction is in the cube once the earlier deltas are applied.
func (d *delta) counted(xid uint64) bool {
	return d.base.sees(xid) || slices.ContainsFunc(d.except, func(i interval) bool { return i.has(xid) })
}

// feed is how far the cube has come in following the store.
type feed struct {
	store  identity
	read   int64 // clock of the store at the last reading, microseconds since 1970
	deltas []*delta
}

// identity tells one store from another that took its place.
type identity struct {
	system   string // PostgreSQL's system identifier
	database uint32 // oid
	table    uint32 // oid of event
	file     uint32 // its file, which TRUNCATE replaces
}

// begin makes the next delta after everything that has been begun. A delta that failed is read again, without what
// later ones have applied since; while some of these are under way, there is no telling, and begin returns nil.
func (f *feed) begin() *delta {
	d := &delta{done: make(chan struct{})}
	failed := slices.IndexFunc(f.deltas, func(d *delta) bool { return d.over() && d.failed })
	if failed < 0 {
		d.base = f.deltas[len(f.deltas)-1].to
		for _, e := range f.deltas {
			if !e.over() {
				d.earlier = append(d.earlier, e)
			}
		}
		return d
	}
	if slices.ContainsFunc(f.deltas, func(d *delta) bool { return !d.over() }) {
		return nil
	}
	first := f.deltas[failed]
	d.base, d.except = first.base, slices.Clone(first.except)
	for _, e := range f.deltas[failed+1:] {
		if !e.failed {
			d.except = append(d.except, interval{e.base, e.to})
		}
	}
	return d
}

func (d *delta) over() bool {
	select {
	case <-d.done:
		return true
	default:
		return false
	}
}
