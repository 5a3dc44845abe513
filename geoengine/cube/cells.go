package cube

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"

	"vigie/geoengine"
	"vigie/geoengine/hex"
)

// tally is a signed Count.
type tally struct {
	cell   uint64
	count  int64
	weight float64
}

// Cells counts by cell of resolution res, 0 to 11: sorted by cell, zero counts absent, coarser cells by H3 parent.
// A box keeps the cells, of that resolution, whose centre is in it. Events without a position are left out.
func (c *Cube) Cells(q geoengine.Query, res int) ([]Count, error) {
	if err := checkResolution(res); err != nil {
		return nil, err
	}
	ask, err := c.ask(&q)
	if err != nil {
		return nil, err
	}
	var lists [][]tally
	for _, part := range ask.parts {
		p, ok := ask.plan(part, !ask.scattered(part), facetNone)
		if !ok {
			continue
		}
		if p.table == &p.byTime {
			lists = append(lists, p.scatter(res))
			continue
		}
		l := p.level(res)
		ranges := []span{{0, uint32(len(l.cells))}}
		if ask.box != nil {
			ranges = p.inBox(*ask.box, res)
		}
		var list []tally
		for _, cells := range ranges {
			list = append(list, p.gather(l, cells)...)
		}
		lists = append(lists, list)
	}
	return counts(mergeTallies(lists)), nil
}

// scattered tells whether the period is so short that its events are better looked up one by one.
func (f *filter) scattered(p part) bool {
	first, last := p.span(f.from, f.to)
	return !f.needsPlace() && int(last-first)*32 < p.n
}

// scatter counts by cell from the order by time.
func (p *plan) scatter(res int) []tally {
	sel := selectSpan(p.table, p.period, p.list, facetNone)
	l := p.level(res)
	found := make([]tally, len(l.cells))
	for w, word := range sel.words {
		for ; word != 0; word &= word - 1 {
			i := (sel.w0+w)<<6 + bits.TrailingZeros64(word)
			at := p.cellOf[i]
			if l.parent != nil {
				at = l.parent[at]
			}
			found[at].count += p.sign
			found[at].weight += float64(p.sign) * p.table.weight.at(i)
		}
	}
	kept := found[:0]
	for i, t := range found {
		if t.count != 0 && l.cells[i] != 0 {
			t.cell = l.cells[i]
			kept = append(kept, t)
		}
	}
	return kept
}

// gather counts the cells of a range of a level from the order by cell.
func (p *plan) gather(l *level, cells span) []tally {
	if cells.first >= cells.last {
		return nil
	}
	sel := selectSpan(p.table, span{l.first[cells.first], l.first[cells.last]}, p.list, facetNone)
	n := int(cells.last - cells.first)
	if n < parallelWords {
		return p.tallies(nil, l, &sel, cells)
	}
	halves := [2][]tally{}
	each(n, func(from, to int) {
		half := bit(from > 0)
		halves[half] = p.tallies(make([]tally, 0, to-from), l, &sel, span{cells.first + uint32(from), cells.first + uint32(to)})
	})
	return append(halves[0], halves[1]...)
}

func (p *plan) tallies(dst []tally, l *level, sel *selection, cells span) []tally {
	for i := cells.first; i < cells.last; i++ {
		if n := sel.countRange(l.first[i], l.first[i+1]); n > 0 && l.cells[i] != 0 {
			weight := sel.weightRange(l.first[i], l.first[i+1], n)
			dst = append(dst, tally{l.cells[i], p.sign * int64(n), float64(p.sign) * weight})
		}
	}
	return dst
}

// mergeTallies adds lists that are sorted by cell into one. Small ones first: the large one is walked once.
func mergeTallies(lists [][]tally) []tally {
	slices.SortStableFunc(lists, func(a, b []tally) int { return cmp.Compare(len(a), len(b)) })
	var sum []tally
	for _, list := range lists {
		sum = mergeTwo(sum, list)
	}
	return sum
}

func mergeTwo(a, b []tally) []tally {
	if len(a) == 0 {
		return b
	}
	if len(b) == 0 {
		return a
	}
	if a[len(a)-1].cell < b[0].cell {
		return append(a, b...)
	}
	merged := make([]tally, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0].cell < b[0].cell:
			merged, a = append(merged, a[0]), a[1:]
		case a[0].cell > b[0].cell:
			merged, b = append(merged, b[0]), b[1:]
		default:
			merged = append(merged, tally{a[0].cell, a[0].count + b[0].count, a[0].weight + b[0].weight})
			a, b = a[1:], b[1:]
		}
	}
	return append(append(merged, a...), b...)
}

func counts(tallies []tally) []Count {
	list := make([]Count, 0, len(tallies))
	for _, t := range tallies {
		if t.count > 0 {
			list = append(list, t.public())
		}
	}
	return list
}

func (t tally) public() Count {
	if t.count <= 0 {
		return Count{Cell: t.cell}
	}
	return Count{Cell: t.cell, Count: uint32(t.count), Weight: max(0, t.weight)}
}

// CellsIn is Cells for some cells of resolution res only, given sorted and without repeats.
func (c *Cube) CellsIn(q geoengine.Query, cells []uint64, res int) ([]Count, error) {
	if err := checkCells(cells, res); err != nil {
		return nil, err
	}
	ask, err := c.ask(&q)
	if err != nil {
		return nil, err
	}
	cells = cellsInBox(cells, q.Box)
	ask.box = nil
	sums := make([]tally, len(cells))
	for _, part := range ask.parts {
		p, ok := ask.plan(part, true, facetNone)
		if !ok {
			continue
		}
		l := p.level(res)
		for _, group := range l.locate(cells) {
			sel := selectSpan(p.table, l.events(group), p.list, facetNone)
			for i := range group.n {
				at := group.index + uint32(i)
				if n := sel.countRange(l.first[at], l.first[at+1]); n > 0 {
					t := &sums[group.cell+i]
					t.count += p.sign * int64(n)
					t.weight += float64(p.sign) * sel.weightRange(l.first[at], l.first[at+1], n)
				}
			}
		}
	}
	for i := range sums {
		sums[i].cell = cells[i]
	}
	return counts(sums), nil
}

// group are n wanted cells, from the cell-th on, which stand side by side in a level, from index on.
type group struct {
	cell, n int
	index   uint32
}

func (l *level) events(g group) span {
	return span{l.first[g.index], l.first[g.index+uint32(g.n)]}
}

// locate finds the cells, which are sorted, in the level.
func (l *level) locate(cells []uint64) (groups []group) {
	at := 0
	for i, cell := range cells {
		step := 1
		for at+step < len(l.cells) && l.cells[at+step] < cell {
			step <<= 1
		}
		end := min(at+step+1, len(l.cells))
		offset, ok := slices.BinarySearch(l.cells[at:end], cell)
		at += offset
		if !ok {
			continue
		}
		if n := len(groups) - 1; n >= 0 && groups[n].cell+groups[n].n == i && groups[n].index+uint32(groups[n].n) == uint32(at) {
			groups[n].n++
			continue
		}
		groups = append(groups, group{cell: i, n: 1, index: uint32(at)})
	}
	return groups
}

// checkCells returns ErrInvalid unless the cells are of resolution res, sorted and without repeats.
func checkCells(cells []uint64, res int) error {
	if err := checkResolution(res); err != nil {
		return err
	}
	for i, cell := range cells {
		if hex.Resolution(cell) != res || cell == 0 {
			return fmt.Errorf("cell %x: not of resolution %d: %w", cell, res, geoengine.ErrInvalid)
		}
		if i > 0 && cells[i-1] >= cell {
			return fmt.Errorf("cell %x: after %x: must be sorted without repeats: %w", cell, cells[i-1], geoengine.ErrInvalid)
		}
	}
	return nil
}

func invalidCell(cell uint64) error {
	return fmt.Errorf("cell %x: not an H3 cell: %w", cell, geoengine.ErrInvalid)
}
