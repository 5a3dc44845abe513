package cube

import (
	"math/bits"
	"time"

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
