package series

import (
	"cmp"
	"slices"
	"time"
)

// Table counts calls into series that begin and end alike.
type Table struct {
	start time.Time
	hours int
	made  map[[2]string][]int32
}

// NewTable is of so many hours from start, a whole local hour.
func NewTable(start time.Time, hours int) *Table {
	return &Table{start: start, hours: max(hours, 0), made: map[[2]string][]int32{}}
}

// Add counts calls of a place and kind in the hour of at; false if that lies outside the table. A count that would leave
// int32 stays at its end.
func (t *Table) Add(place, kind string, at time.Time, calls int32) bool {
	since := at.Sub(t.start)
	hour := int(since / time.Hour)
	if since < 0 || hour >= t.hours {
		return false
	}
	key := [2]string{place, kind}
	if t.made[key] == nil {
		t.made[key] = make([]int32, t.hours)
	}
	t.made[key][hour] = int32(min(max(int64(t.made[key][hour])+int64(calls), 0), 1<<31-1))
	return true
}

// Series are those of every place and kind that was added, ascending.
func (t *Table) Series() []Series {
	out := make([]Series, 0, len(t.made))
	for key, counts := range t.made {
		out = append(out, Series{Place: key[0], Kind: key[1], Start: t.start, Counts: counts})
	}
	slices.SortFunc(out, func(a, b Series) int { return cmp.Or(cmp.Compare(a.Place, b.Place), cmp.Compare(a.Kind, b.Kind)) })
	return out
}
