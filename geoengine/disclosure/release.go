package disclosure

import (
	"slices"
	"time"

	"vigie/geoengine/hex"
)

// ladder are the H3 resolutions at which places are told, coarse to fine: the first divides the territory, each other
// the cells before it. Few steps of many parts each tell more than many of few (docs/adr/006-small-counts.md).
func ladder() []int { return []int{6, 8} }

// Finest is the finest H3 resolution at which protected counts are told.
const Finest = 8

// The margins of a release: parts of its total that are not told by place.
const (
	MarginMonth    = "month"    // 1 to 12, local
	MarginHour     = "hour"     // geoengine.LocalHour
	MarginCategory = "category" // slug
)

// Release is what is told, once and for all, of the events of one family in one territory in one calendar year.
type Release struct {
	Category  string
	K         int
	Territory string // area path; "" is outside every territory
	Year      int
	Total     Number             // not 0
	Levels    []Level            // by the ladder; without what lies in cells that are hidden, or whose parts are
	Margins   map[string][]Value // by name; a margin of which nothing is told is absent
}

// Level are the cells of one resolution, ascending; cell 0 holds the events without a position.
type Level struct {
	Res     int      `json:"res"`
	Cells   []uint64 `json:"cells"`
	Numbers []Number `json:"numbers"`
}

// Value is a value of a margin.
type Value struct {
	Value  string `json:"value"`
	Number Number `json:"number"`
}

// tally is what a release is made from.
type tally struct {
	total   uint32
	cells   map[uint64]uint32 // by cell of the finest resolution, 0 without a position
	margins map[string]map[string]uint32
}

func newTally() *tally {
	return &tally{cells: map[uint64]uint32{}, margins: map[string]map[string]uint32{
		MarginMonth: {}, MarginHour: {}, MarginCategory: {},
	}}
}

// method is how releases are made; tests give weaker ones to the attacker.
type method struct {
	tell   func(children []child, k int) []Number
	ladder []int
}

// protect makes what is told of a tally that is not empty. The release of an earlier year, if there is one, says which
// places and values are hidden first where a choice must be made.
func protect(t *tally, k int, earlier *Release) *Release {
	return method{tell, ladder()}.protect(t, k, earlier)
}

func (m method) protect(t *tally, k int, earlier *Release) *Release {
	r := &Release{K: k, Total: Number(t.total), Margins: map[string][]Value{}}
	for _, res := range m.ladder {
		r.Levels = append(r.Levels, Level{Res: res})
	}
	if int(t.total) < k {
		r.Total = NumberBelow
		return r
	}
	for name, counts := range t.margins {
		if values := m.tellValues(counts, k, earlier.margin(name)); values != nil {
			r.Margins[name] = values
		}
	}
	sums := make([][]cellCount, len(r.Levels))
	for l := range sums {
		sums[l] = t.level(r.Levels[l].Res)
	}
	m.divide(r, sums, 0, sums[0], earlier)
	return r
}

// divide tells of the cells of level l that lie in one cell, or all of them, and goes down into those that are told.
func (m method) divide(r *Release, sums [][]cellCount, l int, cells []cellCount, earlier *Release) {
	children := make([]child, len(cells))
	for i, c := range cells {
		children[i] = child{c.count, earlier.rank(l, c.cell)}
	}
	for i, number := range m.tell(children, r.K) {
		cell := cells[i].cell
		r.Levels[l].Cells = append(r.Levels[l].Cells, cell)
		r.Levels[l].Numbers = append(r.Levels[l].Numbers, number)
		if number > 0 && cell != 0 && l+1 < len(r.Levels) {
			from, to := within(sums[l+1], cell, r.Levels[l+1].Res)
			m.divide(r, sums, l+1, sums[l+1][from:to], earlier)
		}
	}
}

// cellCount is the number of events of a cell.
type cellCount struct {
	cell  uint64
	count uint32
}

// level adds up the cells of a coarser resolution, ascending.
func (t *tally) level(res int) []cellCount {
	sums := map[uint64]uint32{}
	for cell, n := range t.cells {
		if cell != 0 {
			cell = hex.Parent(cell, res)
		}
		sums[cell] += n
	}
	list := make([]cellCount, 0, len(sums))
	for cell, n := range sums {
		list = append(list, cellCount{cell, n})
	}
	slices.SortFunc(list, func(a, b cellCount) int {
		if a.cell < b.cell {
			return -1
		}
		return 1
	})
	return list
}

// within is the range of the list that lies in a cell.
func within(list []cellCount, cell uint64, res int) (from, to int) {
	first, last := hex.Range(cell, res)
	at := func(cell uint64) int {
		i, _ := slices.BinarySearchFunc(list, cell, func(c cellCount, cell uint64) int {
			switch {
			case c.cell < cell:
				return -1
			case c.cell > cell:
				return 1
			}
			return 0
		})
		return i
	}
	return at(first), at(last + 1)
}

// tellValues tells of the values of a margin, in the order of their names.
func (m method) tellValues(counts map[string]uint32, k int, earlier map[string]Number) []Value {
	values := make([]Value, 0, len(counts))
	children := make([]child, 0, len(counts))
	for value := range counts {
		values = append(values, Value{Value: value})
	}
	slices.SortFunc(values, func(a, b Value) int { return compareValues(a.Value, b.Value) })
	for _, v := range values {
		children = append(children, child{counts[v.Value], uint32(max(0, earlier[v.Value]))})
	}
	numbers := m.tell(children, k)
	if numbers == nil {
		return nil
	}
	for i := range values {
		values[i].Number = numbers[i]
	}
	return values
}

// compareValues orders numbers as numbers: shorter names come first.
func compareValues(a, b string) int {
	switch {
	case len(a) != len(b):
		return len(a) - len(b)
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// margin are the numbers of a margin by value; r may be nil.
func (r *Release) margin(name string) map[string]Number {
	numbers := map[string]Number{}
	if r != nil {
		for _, v := range r.Margins[name] {
			numbers[v.Value] = v.Number
		}
	}
	return numbers
}

// rank is the number told of a cell, 0 where none is; r may be nil.
func (r *Release) rank(level int, cell uint64) uint32 {
	if r == nil || level >= len(r.Levels) {
		return 0
	}
	l := &r.Levels[level]
	if i, found := slices.BinarySearch(l.Cells, cell); found {
		return uint32(max(0, l.Numbers[i]))
	}
	return 0
}

// header names a year of a family that has been published.
type header struct {
	category     string
	k, year      int
	starts, ends time.Time
	seq          int64 // grows with every publication
	territories  []string
}
