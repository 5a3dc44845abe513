package cube

import (
	"math"
	"math/bits"
	"time"

	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/geoengine/hex"
)

// Profile describes the events of one cell, of resolution 0 to 11. The query's box is ignored.
func (c *Cube) Profile(q geoengine.Query, cell uint64) (Profile, error) {
	if err := checkCell(cell); err != nil {
		return Profile{}, err
	}
	q.Box = nil
	ask, err := c.ask(&q)
	if err != nil {
		return Profile{}, err
	}
	var sums [256]int64
	var months [12]int64
	total := tally{cell: cell}
	e := newEnds()
	for _, part := range ask.parts {
		p, ok := ask.plan(part, true, facetNone)
		if !ok {
			continue
		}
		l := p.level(hex.Resolution(cell))
		for _, g := range l.locate([]uint64{cell}) {
			sel := selectSpan(p.table, l.events(g), p.list, facetNone)
			n, weight := sel.total()
			total.count += p.sign * n
			total.weight += float64(p.sign) * weight
			sel.hours(&sums, p.sign)
			p.months(&sel, &months)
			e.add(&p, &sel)
		}
	}
	profile := Profile{Total: total.public()}
	copy(profile.HourGrid[:], unsigned(sums[:len(profile.HourGrid)]))
	profile.Months = [12]uint32(unsigned(months[:]))
	profile.First, profile.Last = e.bounds()
	profile.byHour()
	return profile, nil
}

func (p *Profile) byHour() {
	for hour, n := range p.HourGrid {
		switch {
		case hour < geoengine.HourWeekdayOnly:
			p.Hours[hour%24] += n
			p.Weekdays[hour/24] += n
		case hour < geoengine.HourUnknown:
			p.Weekdays[hour-geoengine.HourWeekdayOnly] += n
		}
	}
}

func (p *plan) months(sel *selection, months *[12]int64) {
	for w, word := range sel.words {
		for ; word != 0; word &= word - 1 {
			i := (sel.w0+w)<<6 + bits.TrailingZeros64(word)
			months[localMonth(p.starts[p.rank[i]], int(p.byCell.hour.codes[i]))] += p.sign
		}
	}
}

// localMonth returns the month, 0 is January, of a start in microseconds. Its local hour of the week tells the
// offset from UTC; where that is unknown, it is the month in UTC.
func localMonth(start int64, code int) int {
	hour := floorDiv(start, 3600e6)
	switch {
	case code < geoengine.HourWeekdayOnly:
		hour += nearest(int64(code)-weekHour(hour), 168)
	case code < geoengine.HourUnknown:
		hour += 24 * nearest(int64(code-geoengine.HourWeekdayOnly)-weekHour(hour)/24, 7)
	}
	return int(time.Unix(hour*3600, 0).UTC().Month()) - 1
}

// weekHour is the hour of the week, 0 is Monday 00 h, of an hour since 1970, which began on a Thursday.
func weekHour(hour int64) int64 { return ((hour+3*24)%168 + 168) % 168 }

// nearest is the number congruent to n modulo m that is nearest to 0.
func nearest(n, m int64) int64 {
	n = (n%m + m) % m
	if n > m/2 {
		n -= m
	}
	return n
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// ends finds the first and the last start of what is selected and not retracted.
type ends struct{ parts []endPart }

type endPart struct {
	*segment
	sign int64
	time []uint64 // selected, by time
}

func newEnds() *ends { return &ends{} }

// add takes a selection of a part; several selections of one part add up.
func (e *ends) add(p *plan, sel *selection) {
	n := len(e.parts) - 1
	if n < 0 || e.parts[n].segment != p.segment || e.parts[n].sign != p.sign {
		e.parts = append(e.parts, endPart{p.segment, p.sign, make([]uint64, words(p.n))})
		n++
	}
	time := e.parts[n].time
	if p.table == &p.byTime {
		orInto(time[sel.w0:sel.w0+len(sel.words)], sel.words)
		return
	}
	for w, word := range sel.words {
		for ; word != 0; word &= word - 1 {
			rank := p.rank[(sel.w0+w)<<6+bits.TrailingZeros64(word)]
			time[rank>>6] |= 1 << (rank & 63)
		}
	}
}

// bounds returns the first and the last start, zero times if there is none.
func (e *ends) bounds() (first, last time.Time) {
	from, ok := e.search(false)
	if !ok {
		return first, last
	}
	to, _ := e.search(true)
	return time.UnixMicro(from).UTC(), time.UnixMicro(to).UTC()
}

// search walks all parts at once from one end, start by start, until one is left over after retractions.
func (e *ends) search(backward bool) (int64, bool) {
	at := make([]int, len(e.parts)) // next position of each part, len or -1 at its end
	for i := range e.parts {
		if backward {
			at[i] = e.parts[i].n
		} else {
			at[i] = -1
		}
		at[i] = e.parts[i].next(at[i], backward)
	}
	for {
		start, found := int64(math.MaxInt64), false
		if backward {
			start = math.MinInt64
		}
		for i := range e.parts {
			if at[i] >= 0 {
				found = true
				if s := e.parts[i].starts[at[i]]; (s < start) != backward || s == start {
					start = s
				}
			}
		}
		if !found {
			return 0, false
		}
		sum := int64(0)
		for i := range e.parts {
			for at[i] >= 0 && e.parts[i].starts[at[i]] == start {
				sum += e.parts[i].sign
				at[i] = e.parts[i].next(at[i], backward)
			}
		}
		if sum > 0 {
			return start, true
		}
	}
}

// next returns the selected position after i in the direction, -1 if there is none.
func (p *endPart) next(i int, backward bool) int {
	if backward {
		for i--; i >= 0; {
			if word := p.time[i>>6] << (63 - i&63); word != 0 {
				return i - bits.LeadingZeros64(word)
			}
			i = i>>6<<6 - 1
		}
		return -1
	}
	for i++; i < p.n; {
		if word := p.time[i>>6] >> (i & 63); word != 0 {
			return i + bits.TrailingZeros64(word)
		}
		i = (i>>6 + 1) << 6
	}
	return -1
}

// boxCells is the number of cells around which Extent draws its box.
const boxCells = 5000

// Extent tells what a query covers.
func (c *Cube) Extent(q geoengine.Query) (Extent, error) {
	ask, err := c.ask(&q)
	if err != nil {
		return Extent{}, err
	}
	var e Extent
	var events, positioned int64
	span := newEnds()
	sources := make([]int64, len(ask.view.sources))
	ask.selections(true, facetNone, func(p *plan, s *selection) {
		events += p.sign * int64(popcount(s.words))
		end := uint32(min((s.w0+len(s.words))<<6, p.n))
		positioned += p.sign * int64(s.countRange(max(p.positioned(), uint32(s.w0)<<6), end))
		p.table.source.count(sources, s.words, s.w0, p.sign)
		span.add(p, s)
	})
	e.Events, e.Positioned = int(events), int(positioned)
	for code, n := range sources {
		e.Synthetic = e.Synthetic || n > 0 && ask.view.sources[code].synthetic
	}
	e.From, e.To = span.bounds()
	e.Box, err = c.box(q)
	return e, err
}

// box returns the box around the cells that match, of the finest resolution at which they are few.
func (c *Cube) box(q geoengine.Query) (orb.Bound, error) {
	box := orb.MultiPoint(nil).Bound()
	var corners []orb.Point
	for _, res := range []int{4, 7, 10} {
		cells, err := c.Cells(q, res)
		if err != nil {
			return box, err
		}
		if res > 4 && len(cells) > boxCells {
			break
		}
		corners = corners[:0]
		for _, cell := range cells {
			corners = hex.Boundary(corners, cell.Cell)
		}
	}
	if len(corners) == 0 {
		return box, nil
	}
	return orb.MultiPoint(corners).Bound(), nil
}
