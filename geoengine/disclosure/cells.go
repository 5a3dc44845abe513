package disclosure

import (
	"context"
	"slices"

	"github.com/maypok86/otter/v2"
	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/hex"
)

// Cell is what may be told of an H3 cell.
type Cell struct {
	Cell      uint64
	Count     uint32  // events that may be told; 0 with something Hidden: nothing may be told
	Weight    float64 // of the open events among them: protected families have none
	Hidden    Hidden  // what is missing beside Count
	K         int     // of what is hidden
	Protected bool    // events of protected families are counted or hidden here
}

// sums are the cells of one resolution that a question is answered with.
type sums struct {
	years  []yearSums // ascending
	all    []cellSum  // over all years, ascending
	hidden int        // published numbers that are hidden
}

// yearSums are those of one year.
type yearSums struct {
	header *header
	cells  []cellSum
}

type cellSum struct {
	cell uint64
	Amount
}

// sumsKey names sums.
type sumsKey struct {
	question string
	res      int
}

// size is about how many bytes they take.
func (s *sums) size() uint32 {
	n := 200 + 40*len(s.all)
	for _, year := range s.years {
		n += 40 * len(year.cells)
	}
	return uint32(n)
}

// sumsOf adds up the cells of a resolution, not finer than Finest, now or before.
func (r *Releases) sumsOf(ctx context.Context, a *answer, res int) (*sums, error) {
	key := sumsKey{a.key, res}
	if kept, ok := r.sums.GetIfPresent(key); ok {
		return kept, nil
	}
	return r.sums.Get(context.WithoutCancel(ctx), key, otter.LoaderFunc[sumsKey, *sums](
		func(ctx context.Context, _ sumsKey) (*sums, error) { return r.addUp(ctx, a, res) }))
}

func (r *Releases) addUp(ctx context.Context, a *answer, res int) (*sums, error) {
	releases, err := r.read(ctx, a.parts)
	if err != nil {
		return nil, err
	}
	byYear := map[int]map[uint64]Amount{}
	headers := map[int]*header{}
	s := &sums{}
	for i, release := range releases {
		cells := byYear[release.Year]
		if cells == nil {
			cells = map[uint64]Amount{}
			byYear[release.Year], headers[release.Year] = cells, a.parts[i].header
		}
		s.hidden += release.addCells(cells, res)
	}
	all := map[uint64]Amount{}
	for year, cells := range byYear {
		s.years = append(s.years, yearSums{headers[year], sorted(cells)})
		for cell, own := range cells {
			sum := all[cell]
			sum.plus(own)
			all[cell] = sum
		}
	}
	slices.SortFunc(s.years, func(a, b yearSums) int { return a.header.year - b.header.year })
	s.all = sorted(all)
	return s, nil
}

func sorted(cells map[uint64]Amount) []cellSum {
	list := make([]cellSum, 0, len(cells))
	for cell, amount := range cells {
		list = append(list, cellSum{cell, amount})
	}
	slices.SortFunc(list, func(a, b cellSum) int {
		if a.cell < b.cell {
			return -1
		}
		return 1
	})
	return list
}

// addCells adds what is told of places at a resolution, and returns how many published numbers are hidden: coarser
// than the ladder it adds up its first level; within a place of which no parts are told every part is hidden.
func (r *Release) addCells(cells map[uint64]Amount, res int) (hidden int) {
	add := func(cell uint64, n Number) {
		sum := cells[cell]
		sum.add(n, r.K)
		cells[cell] = sum
	}
	if r.Total < 0 || len(r.Levels[0].Cells) == 0 {
		return 1 // of the whole territory no place is told
	}
	var parts []uint64
	for l, level := range r.Levels {
		last := level.Res >= res || l == len(r.Levels)-1
		for i, cell := range level.Cells {
			n := level.Numbers[i]
			closed := !last && cell != 0 && !r.Levels[l+1].some(cell)
			if n < 0 && (last || closed) || closed {
				hidden++
			}
			switch {
			case cell == 0:
			case last && level.Res >= res:
				add(hex.Parent(cell, res), n)
			case closed:
				if n >= 0 {
					n = NumberWithheld
				}
				parts = hex.Descendants(parts[:0], cell, res)
				for _, part := range parts {
					add(part, n)
				}
			}
		}
		if last {
			break
		}
	}
	return hidden
}

// some tells whether anything is told within a coarser cell.
func (l *Level) some(cell uint64) bool {
	first, last := hex.Range(cell, l.Res)
	i, _ := slices.BinarySearch(l.Cells, first)
	return i < len(l.Cells) && l.Cells[i] <= last
}

// Cells tells the protected counts by cell of resolution res, ascending, cells without events absent. A box keeps the
// cells whose centre is in it. Of resolutions over Finest nothing is told. q is limited by the caller's rights.
func (r *Releases) Cells(ctx context.Context, policy Policy, q geoengine.Query, res int) ([]Cell, Note, error) {
	a, s, note, err := r.at(ctx, policy, &q, res)
	if err != nil || s == nil {
		return nil, note, err
	}
	found := make([]Cell, 0, len(s.all))
	for _, c := range s.all {
		if q.Box == nil || inBox(*q.Box, hex.Center(c.cell)) {
			found = append(found, c.public())
		}
	}
	return found, a.noteOf(s.hidden), nil
}

// at adds up the cells of a resolution; nil where none is told, with a note that says why.
func (r *Releases) at(ctx context.Context, policy Policy, q *geoengine.Query, res int) (*answer, *sums, Note, error) {
	a, err := r.ask(ctx, policy, q)
	if err != nil || len(a.note.Families) == 0 {
		return nil, nil, Note{Ignored: []string{}}, err
	}
	if res > Finest {
		return nil, nil, a.noteOf(0, "resolution"), nil
	}
	s, err := r.sumsOf(ctx, a, res)
	if err != nil {
		return nil, nil, Note{}, err
	}
	return a, s, a.noteOf(s.hidden), nil
}

func (c cellSum) public() Cell {
	return Cell{Cell: c.cell, Count: c.Count, Hidden: c.Hidden, K: c.K, Protected: true}
}

// CellsIn is Cells for some cells only, given ascending.
func (r *Releases) CellsIn(ctx context.Context, policy Policy, q geoengine.Query, cells []uint64, res int) ([]Cell, Note, error) {
	_, s, note, err := r.at(ctx, policy, &q, res)
	if err != nil || s == nil {
		return nil, note, err
	}
	var found []Cell
	pick(s.all, cells, q.Box, func(c cellSum) { found = append(found, c.public()) })
	return found, note, nil
}

// pick calls do with the sums of the cells, both ascending.
func pick(list []cellSum, cells []uint64, box *orb.Bound, do func(cellSum)) {
	for _, cell := range cells {
		at, found := slices.BinarySearchFunc(list, cell, func(c cellSum, cell uint64) int {
			switch {
			case c.cell < cell:
				return -1
			case c.cell > cell:
				return 1
			}
			return 0
		})
		if list = list[at:]; found && (box == nil || inBox(*box, hex.Center(cell))) {
			do(list[0])
		}
	}
}

// With tells the open counts of the cube together with the protected ones, as Cells does.
func (r *Releases) With(ctx context.Context, c *cube.Cube, policy Policy, q geoengine.Query, res int) ([]Cell, Note, error) {
	open, err := c.Cells(q, res)
	if err != nil {
		return nil, Note{}, err
	}
	protected, note, err := r.Cells(ctx, policy, q, res)
	return Merge(open, protected), note, err
}

// Merge puts open counts and protected ones, each ascending by cell, together.
func Merge(open []cube.Count, protected []Cell) []Cell {
	merged := make([]Cell, 0, len(open)+len(protected))
	for len(open) > 0 || len(protected) > 0 {
		switch {
		case len(protected) == 0 || (len(open) > 0 && open[0].Cell < protected[0].Cell):
			merged = append(merged, Cell{Cell: open[0].Cell, Count: open[0].Count, Weight: open[0].Weight})
			open = open[1:]
		case len(open) == 0 || protected[0].Cell < open[0].Cell:
			merged, protected = append(merged, protected[0]), protected[1:]
		default:
			both := protected[0]
			both.Count += open[0].Count
			both.Weight += open[0].Weight
			merged, open, protected = append(merged, both), open[1:], protected[1:]
		}
	}
	return merged
}

// inBox tells whether p is in the box, borders included. A box whose west is east of its east spans the antimeridian.
func inBox(box orb.Bound, p orb.Point) bool {
	if p[1] < box.Min[1] || p[1] > box.Max[1] {
		return false
	}
	if box.Min[0] <= box.Max[0] {
		return p[0] >= box.Min[0] && p[0] <= box.Max[0]
	}
	return p[0] >= box.Min[0] || p[0] <= box.Max[0]
}
