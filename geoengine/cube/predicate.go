package cube

import "slices"

// predicate is one condition of a filter on one table. It is applied to 64 events at a time: exactly one of the
// groups below is set.
type predicate struct {
	facet  facetID
	never  bool
	planes [][]uint64 // any of these bitmaps, or none of them if negate
	negate bool

	products []hourProduct // any of these
	hour     *hourColumn

	column   *column // plain numbers
	accepted []uint8 // by code

	rank          []uint32 // in [first, first+length)
	first, length uint32

	runs  []areaRun // of an accepted area
	areas []uint8
}

// facetID names the column that a condition is about, so that a facet can leave its own out.
type facetID int

const (
	facetEach facetID = iota - 9 // each in turn; attributes are numbered by their key from 0
	facetNone
	facetHours
	facetCategory
	facetOpen // the categories of the caller's rights, which no facet leaves out
	facetSeverity
	facetSource
	facetArea
	facetPeriod
)

// bind applies a filter to a table: the conditions that its events do not all meet.
func (f *filter) bind(t *table) (list []predicate) {
	add := func(facet facetID, c *column, accepted []uint8) {
		if accepted == nil {
			return
		}
		if p, every := bindColumn(c, accepted); !every {
			p.facet = facet
			list = append(list, p)
		}
	}
	add(facetCategory, &t.category, f.categories)
	add(facetOpen, &t.category, f.open)
	add(facetSeverity, &t.severity, f.severities)
	add(facetSource, &t.source, f.sources)
	if !f.allHours {
		list = append(list, predicate{
			facet: facetHours, products: f.hours, hour: &t.hour, never: len(f.hours) == 0 || t.hour.planes == nil,
		})
	}
	var absent column
	for _, a := range f.attrs {
		c := &absent
		if a.key < len(t.attrs) {
			c = &t.attrs[a.key]
		}
		add(facetID(a.key), c, a.accepted)
	}
	return list
}

// bindColumn makes the condition that the code of a column is accepted; every says that it always is.
func bindColumn(c *column, accepted []uint8) (p predicate, every bool) {
	if v, is := c.constant(); is {
		return predicate{never: accepted[v] == 0}, accepted[v] != 0
	}
	yes, no := 0, 0
	for _, v := range c.codes {
		if accepted[v] != 0 {
			yes++
		} else {
			no++
		}
	}
	switch {
	case yes == 0 || no == 0:
		return predicate{never: yes == 0}, no == 0
	case c.planes == nil:
		return predicate{column: c, accepted: accepted}, false
	}
	p.negate = no < yes
	for i, v := range c.codes {
		if (accepted[v] != 0) != p.negate {
			p.planes = append(p.planes, c.plane(i))
		}
	}
	return p, false
}

// apply clears in selected, whose words are those from word w0 on, what the condition does not accept.
func (p *predicate) apply(selected []uint64, w0 int) {
	switch {
	case p.never:
		clear(selected)
	case p.planes != nil:
		p.applyPlanes(selected, w0)
	case p.products != nil:
		p.applyHours(selected, w0)
	case p.rank != nil:
		p.applyRank(selected, w0)
	case p.runs != nil:
		p.applyRuns(selected, w0)
	case p.column.u8 != nil:
		applyPlain(p.column.u8, p.accepted, selected, w0)
	case p.column.u16 != nil:
		applyPlain(p.column.u16, p.accepted, selected, w0)
	default:
		applyPlain(p.column.u32, p.accepted, selected, w0)
	}
}

func (p *predicate) applyPlanes(selected []uint64, w0 int) {
	var flip uint64
	if p.negate {
		flip = ^uint64(0)
	}
	if len(p.planes) == 1 {
		plane := p.planes[0][w0 : w0+len(selected)]
		for w := range selected {
			selected[w] &= plane[w] ^ flip
		}
		return
	}
	var buffer [chunk]uint64
	found := buffer[:len(selected)]
	for _, plane := range p.planes {
		orInto(found, plane[w0:w0+len(selected)])
	}
	for w := range selected {
		selected[w] &= found[w] ^ flip
	}
}

func orInto(dst, src []uint64) {
	src = src[:len(dst)]
	for w := range dst {
		dst[w] |= src[w]
	}
}

func (p *predicate) applyHours(selected []uint64, w0 int) {
	var anyProduct, days, hours [chunk]uint64
	n := len(selected)
	for _, product := range p.products {
		clear(days[:n])
		clear(hours[:n])
		for _, d := range product.weekdays {
			orInto(days[:n], p.hour.plane(24 + d)[w0:w0+n])
		}
		for _, h := range product.hours {
			orInto(hours[:n], p.hour.plane(h)[w0:w0+n])
		}
		for w := range n {
			anyProduct[w] |= days[w] & hours[w]
		}
	}
	for w := range n {
		selected[w] &= anyProduct[w]
	}
}

// applyRank compares without branches: the difference of two 32-bit numbers borrows into bit 63.
func (p *predicate) applyRank(selected []uint64, w0 int) {
	for w, word := range selected {
		if word == 0 {
			continue
		}
		block := p.rank[(w0+w)<<6 : min((w0+w+1)<<6, len(p.rank))]
		var found uint64
		for i, rank := range block {
			found |= (uint64(rank-p.first) - uint64(p.length)) >> 63 << (i & 63)
		}
		selected[w] = word & found
	}
}

func applyPlain[T code](values []T, accepted []uint8, selected []uint64, w0 int) {
	for w, word := range selected {
		if word == 0 {
			continue
		}
		block := values[(w0+w)<<6 : min((w0+w+1)<<6, len(values))]
		var found uint64
		for i, v := range block {
			found |= uint64(accepted[v]) << (i & 63)
		}
		selected[w] = word & found
	}
}

// applyRuns walks the runs of one area, which are long, since the events are in the order of their cells.
func (p *predicate) applyRuns(selected []uint64, w0 int) {
	var found [chunk]uint64
	from, to := uint32(w0)<<6, uint32(w0+len(selected))<<6
	for i := runAt(p.runs, from); i < len(p.runs) && p.runs[i].first < to; i++ {
		if p.areas[p.runs[i].area] == 0 {
			continue
		}
		end := to
		if i+1 < len(p.runs) {
			end = min(to, p.runs[i+1].first)
		}
		setRange(found[:], int(max(from, p.runs[i].first)-from), int(end-from))
	}
	for w := range selected {
		selected[w] &= found[w]
	}
}

// runAt returns the index of the run that holds the position.
func runAt(runs []areaRun, position uint32) int {
	i, exact := slices.BinarySearchFunc(runs, position, func(r areaRun, at uint32) int { return int(r.first) - int(at) })
	if !exact {
		i--
	}
	return max(i, 0)
}
