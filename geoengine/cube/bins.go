package cube

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"time"

	"vigie/geoengine"
)

// maxBins bounds the number of time bins of one answer.
const maxBins = 1 << 15

// Check returns ErrInvalid for bins that are none, too many (over 32,768) or without length.
func (b Bins) Check() error {
	switch {
	case b.N < 1 || b.N > maxBins:
		return fmt.Errorf("bins %d: must be 1 to %d: %w", b.N, maxBins, geoengine.ErrInvalid)
	case ceilMicro(b.To)-ceilMicro(b.From) < int64(b.N):
		return fmt.Errorf("bins from %s to %s: the end must be after the start: %w",
			b.From.Format(time.RFC3339), b.To.Format(time.RFC3339), geoengine.ErrInvalid)
	}
	return nil
}

// Edge returns the start of bin i, to the microsecond; Edge(N) is To.
func (b Bins) Edge(i int) time.Time { return time.UnixMicro(b.edge(i)).In(b.From.Location()) }

func (b Bins) edge(i int) int64 {
	from, n := ceilMicro(b.From), int64(b.N)
	length := ceilMicro(b.To) - from
	return from + length/n*int64(i) + length%n*int64(i)/n
}

// within narrows the filter to the bins.
func (b Bins) within(f *filter) {
	f.from = max(f.from, b.edge(0))
	f.to = min(f.to, b.edge(b.N))
}

// binIndex finds the bin of a position by time: from a table of equal steps of positions, then forward.
type binIndex struct {
	edges []uint32 // N+1 positions
	shift int
	start []uint16 // the bin of the first position of each step
}

func newBinIndex(s *segment, b Bins) *binIndex {
	x := &binIndex{edges: make([]uint32, b.N+1)}
	for i := range x.edges {
		at, _ := slices.BinarySearch(s.starts, b.edge(i))
		x.edges[i] = uint32(at)
	}
	first, last := x.edges[0], x.edges[b.N]
	for (last-first)>>x.shift > 4*uint32(b.N) {
		x.shift++
	}
	x.start = make([]uint16, (last-first)>>x.shift+1)
	bin := 0
	for step := range x.start {
		for bin < b.N-1 && x.edges[bin+1] <= first+uint32(step)<<x.shift {
			bin++
		}
		x.start[step] = uint16(bin)
	}
	return x
}

// bin returns the bin of a position that is within the bins.
func (x *binIndex) bin(rank uint32) int {
	bin := int(x.start[(rank-x.edges[0])>>x.shift])
	for x.edges[bin+1] <= rank {
		bin++
	}
	return bin
}

// Histogram counts by time bin. Events outside the bins are left out.
func (c *Cube) Histogram(q geoengine.Query, b Bins) ([]uint32, error) {
	if err := b.Check(); err != nil {
		return nil, err
	}
	ask, err := c.ask(&q)
	if err != nil {
		return nil, err
	}
	b.within(ask.filter)
	sums := make([]int64, b.N)
	indexes := map[*segment]*binIndex{}
	ask.selections(false, facetNone, func(p *plan, s *selection) {
		index := indexes[p.segment]
		if index == nil {
			index = newBinIndex(p.segment, b)
			indexes[p.segment] = index
		}
		if p.table == &p.byTime {
			for i := range sums {
				from, to := max(index.edges[i], p.period.first), min(index.edges[i+1], p.period.last)
				if from < to {
					sums[i] += p.sign * int64(s.countRange(from, to))
				}
			}
			return
		}
		s.share(sums, func(own []int64, words []uint64, w0 int) {
			for w, word := range words {
				for ; word != 0; word &= word - 1 {
					own[index.bin(p.rank[(w0+w)<<6+bits.TrailingZeros64(word)])] += p.sign
				}
			}
		})
	})
	return unsigned(sums), nil
}

func unsigned(sums []int64) []uint32 {
	list := make([]uint32, len(sums))
	for i, n := range sums {
		list[i] = uint32(min(max(n, 0), math.MaxUint32))
	}
	return list
}

// CellBins counts the given cells of resolution res (sorted, without repeats) by time bin: sorted by cell, then bin,
// zero counts absent. A box keeps the cells whose centre is in it; events outside the bins are left out.
func (c *Cube) CellBins(q geoengine.Query, cells []uint64, res int, b Bins) ([]BinCount, error) {
	if err := b.Check(); err != nil {
		return nil, err
	}
	if err := checkCells(cells, res); err != nil {
		return nil, err
	}
	ask, err := c.ask(&q)
	if err != nil {
		return nil, err
	}
	cells = cellsInBox(cells, q.Box)
	ask.box = nil
	b.within(ask.filter)
	var sources []binSource
	for _, part := range ask.parts {
		p, ok := ask.plan(part, true, facetNone)
		if !ok {
			continue
		}
		l := p.level(res)
		source := binSource{plan: p, level: l, groups: l.locate(cells), bins: newBinIndex(p.segment, b)}
		for _, g := range source.groups {
			source.selected = append(source.selected, selectSpan(p.table, l.events(g), p.list, facetNone))
		}
		sources = append(sources, source)
	}
	sums := newBinSums(b.N)
	list := make([]BinCount, 0, len(cells))
	for i, cell := range cells {
		for k := range sources {
			sources[k].add(i, sums)
		}
		list = sums.flush(list, cell)
	}
	return list, nil
}

// binSource walks one part cell by cell.
type binSource struct {
	plan
	level    *level
	groups   []group // those still to come
	selected []selection
	bins     *binIndex
}

// add sums the events of the cell-th cell, which must not go back.
func (s *binSource) add(cell int, sums *binSums) {
	for len(s.groups) > 0 && cell >= s.groups[0].cell+s.groups[0].n {
		s.groups, s.selected = s.groups[1:], s.selected[1:]
	}
	if len(s.groups) == 0 || cell < s.groups[0].cell {
		return
	}
	at := s.groups[0].index + uint32(cell-s.groups[0].cell)
	sel := &s.selected[0]
	from, to := int(s.level.first[at])-sel.w0<<6, int(s.level.first[at+1])-sel.w0<<6
	sel.eachIn(from, to, func(i int) {
		sums.add(s.bins.bin(s.rank[i]), s.sign, s.table.weight.at(i))
	})
}

// binSums are the sums of one cell, and which bins it has touched.
type binSums struct {
	count   []int64
	weight  []float64
	touched []uint64
}

func newBinSums(n int) *binSums {
	return &binSums{make([]int64, n), make([]float64, n), make([]uint64, words(n))}
}

func (s *binSums) add(bin int, sign int64, weight float64) {
	s.count[bin] += sign
	s.weight[bin] += float64(sign) * weight
	s.touched[bin>>6] |= 1 << (bin & 63)
}

// flush appends the sums of a cell and clears them.
func (s *binSums) flush(list []BinCount, cell uint64) []BinCount {
	for w, word := range s.touched {
		for ; word != 0; word &= word - 1 {
			bin := w<<6 + bits.TrailingZeros64(word)
			if n := s.count[bin]; n > 0 {
				list = append(list, BinCount{cell, uint16(bin), uint32(n), float32(max(0, s.weight[bin]))})
			}
			s.count[bin], s.weight[bin] = 0, 0
		}
		s.touched[w] = 0
	}
	return list
}
