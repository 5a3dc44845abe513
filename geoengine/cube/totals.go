package cube

import (
	"math"
	"math/bits"
	"sync"

	"vigie/geoengine"
)

// Total counts everything that matches, also without a position unless the query has a box, which keeps the events
// whose cell of resolution 11 has its centre in it.
func (c *Cube) Total(q geoengine.Query) (Count, error) {
	ask, err := c.ask(&q)
	if err != nil {
		return Count{}, err
	}
	return ask.total().public(), nil
}

func (q *question) total() (sum tally) {
	q.selections(false, facetNone, func(p *plan, s *selection) {
		n, weight := s.total()
		sum.count += p.sign * n
		sum.weight += float64(p.sign) * weight
	})
	return sum
}

// HourGrid counts by geoengine.LocalHour. The query's own Hours are ignored, so that the grid shows what another
// choice would give.
func (c *Cube) HourGrid(q geoengine.Query) (grid [176]uint32, err error) {
	ask, err := c.ask(&q)
	if err != nil {
		return grid, err
	}
	var sums [256]int64
	ask.selections(false, facetHours, func(p *plan, s *selection) { s.hours(&sums, p.sign) })
	copy(grid[:], unsigned(sums[:len(grid)]))
	return grid, nil
}

// hours adds the selected events to the sums by hour code.
func (s *selection) hours(sums *[256]int64, sign int64) {
	var mu sync.Mutex
	codes := s.table.hour.codes
	each(len(s.words), func(from, to int) {
		var own [2][256]int64 // two, so that a run of one code does not wait for itself
		for w := from; w < to; w++ {
			word := s.words[w]
			if word == 0 {
				continue
			}
			block := codes[(s.w0+w)<<6 : min((s.w0+w+1)<<6, len(codes))]
			if word == math.MaxUint64 {
				for i := 0; i < 64; i += 2 {
					own[0][block[i]]++
					own[1][block[i+1]]++
				}
				continue
			}
			for ; word != 0; word &= word - 1 {
				own[0][block[bits.TrailingZeros64(word)]]++
			}
		}
		mu.Lock()
		defer mu.Unlock()
		for i := range sums {
			sums[i] += sign * (own[0][i] + own[1][i])
		}
	})
}

// Areas counts by the path of the deepest area of each event; "" is outside every known area.
func (c *Cube) Areas(q geoengine.Query) (map[string]Count, error) {
	ask, err := c.ask(&q)
	if err != nil {
		return nil, err
	}
	sums := make([]tally, len(ask.view.areas))
	ask.selections(true, facetNone, func(p *plan, s *selection) { s.byArea(p, sums) })
	list := map[string]Count{}
	for code, t := range sums {
		if t.count > 0 {
			list[ask.view.areas[code]] = t.public()
		}
	}
	return list, nil
}

func (s *selection) byArea(p *plan, sums []tally) {
	from, to := uint32(s.w0)<<6, uint32(min((s.w0+len(s.words))<<6, p.n))
	for i := runAt(p.runs, from); i < len(p.runs) && p.runs[i].first < to; i++ {
		end := to
		if i+1 < len(p.runs) {
			end = min(to, p.runs[i+1].first)
		}
		first := max(from, p.runs[i].first)
		if n := s.countRange(first, end); n > 0 {
			t := &sums[p.runs[i].area]
			t.count += p.sign * int64(n)
			t.weight += float64(p.sign) * s.weightRange(first, end, n)
		}
	}
}
