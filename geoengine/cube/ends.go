package cube

import (
	"math"
	"math/bits"
	"time"
)

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
