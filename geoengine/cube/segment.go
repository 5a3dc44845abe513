package cube

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"vigie/geoengine"
	"vigie/geoengine/hex"
)

// segment is an immutable set of events, held twice: by time, for questions about the whole extent, and by cell,
// then time, for questions about places. H3 ids sort hierarchically, so the events of a cell of any coarser
// resolution are a contiguous range of the second order.
type segment struct {
	n      int
	starts []int64 // microseconds since 1970, ascending
	byTime table
	cellOf []uint32 // by time: index in the cells of resolution 11

	byCell table
	rank   []uint32  // by cell: the position by time
	runs   []areaRun // by cell: events of one area side by side

	finest *level // resolution 11
	levels [geoengine.CellResolution]atomic.Pointer[level]
	lazy   sync.Mutex
}

// table is the filterable columns of a segment in one order.
type table struct {
	n                          int
	category, severity, source column
	hour                       hourColumn
	weight                     weightColumn
	attrs                      []column // by attribute key; a missing one is all 0
}

type areaRun struct{ first, area uint32 } // up to the first of the next run

// level is the cells of one resolution that have events. The id 0 (no position) comes first where it occurs.
type level struct {
	cells  []uint64
	first  []uint32 // len(cells)+1 positions in the order by cell
	parent []uint32 // index in this level of each cell of resolution 11; nil at resolution 11
}

// newSegment builds the segment of the rows; open tells which attribute keys are not kept.
func newSegment(r *rows, open []bool) *segment {
	n := r.len()
	for key := range r.attrs {
		if key < len(open) && open[key] {
			r.attrs[key] = nil
		} else if len(r.attrs[key]) > 0 {
			r.attrs[key] = padded(r.attrs[key], n)
		}
	}
	weights, weightCodes := weightCodes(r.weight)
	byTime := sortBy(r.starts, nil)
	s := &segment{n: n, starts: make([]int64, n)}
	for i, from := range byTime {
		s.starts[i] = int64(r.starts[from] ^ signBit)
	}
	s.byTime = newTable(r, byTime, weights, weightCodes)

	byCell := sortBy(r.cells, slices.Clone(byTime))
	s.byCell = newTable(r, byCell, weights, weightCodes)
	s.byCell.weight.plain = newPlainWeights(weightCodes, len(weights), byCell)
	at := make([]uint32, n) // row → position by time
	for i, from := range byTime {
		at[from] = uint32(i)
	}
	s.rank, s.cellOf = make([]uint32, n), make([]uint32, n)
	s.finest = &level{}
	for i, from := range byCell {
		s.rank[i] = at[from]
		if f := s.finest; i == 0 || f.cells[len(f.cells)-1] != r.cells[from] {
			f.cells = append(f.cells, r.cells[from])
			f.first = append(f.first, uint32(i))
		}
		s.cellOf[at[from]] = uint32(len(s.finest.cells) - 1)
		if len(s.runs) == 0 || s.runs[len(s.runs)-1].area != r.area[from] {
			s.runs = append(s.runs, areaRun{uint32(i), r.area[from]})
		}
	}
	s.finest.first = append(s.finest.first, uint32(n))
	s.finest.cells, s.finest.first, s.runs = slices.Clip(s.finest.cells), slices.Clip(s.finest.first), slices.Clip(s.runs)
	return s
}

func newTable(r *rows, order []uint32, weights []float32, weightCodes []uint32) table {
	t := table{
		n:        len(order),
		category: newColumn(r.category, order),
		severity: newColumn(r.severity, order),
		source:   newColumn(r.source, order),
		hour:     newHourColumn(r.hour, order),
		weight:   weightColumn{values: weights, codes: newColumn(weightCodes, order)},
		attrs:    make([]column, len(r.attrs)),
	}
	for key, values := range r.attrs {
		if len(values) > 0 {
			t.attrs[key] = newColumn(values, order)
		}
	}
	return t
}

// level returns the cells of a resolution, making the list when it is first asked for.
func (s *segment) level(res int) *level {
	if res >= geoengine.CellResolution {
		return s.finest
	}
	if l := s.levels[res].Load(); l != nil {
		return l
	}
	s.lazy.Lock()
	defer s.lazy.Unlock()
	if l := s.levels[res].Load(); l != nil {
		return l
	}
	l := &level{parent: make([]uint32, len(s.finest.cells))}
	for i, cell := range s.finest.cells {
		if cell != 0 {
			cell = hex.Parent(cell, res)
		}
		if len(l.cells) == 0 || l.cells[len(l.cells)-1] != cell {
			l.cells = append(l.cells, cell)
			l.first = append(l.first, s.finest.first[i])
		}
		l.parent[i] = uint32(len(l.cells) - 1)
	}
	l.first = append(l.first, uint32(s.n))
	s.levels[res].Store(l)
	return l
}

// positioned returns the first position, by cell, of an event that has a cell.
func (s *segment) positioned() uint32 {
	if len(s.finest.cells) > 0 && s.finest.cells[0] == 0 {
		return s.finest.first[1]
	}
	return 0
}

// rows gives the events back, in the order by cell.
func (s *segment) rows() *rows {
	r := &rows{
		starts: make([]uint64, s.n), cells: make([]uint64, s.n),
		category: make([]uint16, s.n), severity: make([]uint8, s.n), hour: slices.Clone(s.byCell.hour.codes),
		source: make([]uint16, s.n), area: make([]uint32, s.n), weight: make([]float32, s.n),
		attrs: make([][]uint16, len(s.byCell.attrs)),
	}
	for i, rank := range s.rank {
		r.starts[i] = uint64(s.starts[rank]) ^ signBit
	}
	for i, cell := range s.finest.cells {
		for k := s.finest.first[i]; k < s.finest.first[i+1]; k++ {
			r.cells[k] = cell
		}
	}
	for i, run := range s.runs {
		end := uint32(s.n)
		if i+1 < len(s.runs) {
			end = s.runs[i+1].first
		}
		for k := run.first; k < end; k++ {
			r.area[k] = run.area
		}
	}
	expand(&s.byCell.category, r.category)
	expand(&s.byCell.severity, r.severity)
	expand(&s.byCell.source, r.source)
	s.byCell.weight.expand(r.weight)
	for key := range s.byCell.attrs {
		if v, is := s.byCell.attrs[key].constant(); !is || v != 0 {
			r.attrs[key] = make([]uint16, s.n)
			expand(&s.byCell.attrs[key], r.attrs[key])
		}
	}
	return r
}

// span returns the positions by time of the starts in [from, to) microseconds.
func (s *segment) span(from, to int64) (first, last uint32) {
	f, _ := slices.BinarySearch(s.starts, from)
	if to == math.MaxInt64 {
		return uint32(f), uint32(s.n)
	}
	l, _ := slices.BinarySearch(s.starts, to)
	return uint32(f), uint32(max(f, l))
}

func (s *segment) bytes() int {
	return 8*len(s.starts) + 4*len(s.cellOf) + 4*len(s.rank) + 8*len(s.runs) + s.byTime.bytes() + s.byCell.bytes() +
		8*len(s.finest.cells) + 4*len(s.finest.first)
}

func (t *table) bytes() int {
	n := t.category.bytes() + t.severity.bytes() + t.source.bytes() + t.weight.bytes() + t.hour.bytes()
	for i := range t.attrs {
		n += t.attrs[i].bytes()
	}
	return n
}
