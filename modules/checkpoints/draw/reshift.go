package draw

import "math"

// reshift proposes another shift for a team and fills it slot by slot from the exact distributions given what is filled
// already (configurational bias, Siepmann and Frenkel 1992): the proposal is accepted with the ratio of the products of the
// sums of weights, of the new shift and of the old one taken the same way.
func (c *chain) reshift(team int32) {
	duty := &c.m.in.Duties[c.m.duty[team]]
	if len(duty.Shifts) < 2 {
		return
	}
	seats := c.option[int(team)*c.m.width : (int(team)+1)*c.m.width]
	for _, o := range seats {
		if o >= 0 && c.m.forced[o] {
			return
		}
	}
	to := int32(c.rng.IntN(len(duty.Shifts) - 1))
	if to >= c.shift[team] {
		to++
	}
	before, after := duty.Shifts[c.shift[team]], duty.Shifts[to]
	c.take(seats)
	was := 0.0
	for p, g := range before {
		was += c.fill(g, math.MinInt64/4, true)
		if seats[p] >= 0 {
			c.add(seats[p])
		}
	}
	c.take(seats)
	is := 0.0
	for p, g := range after {
		is += c.fill(g, math.MinInt64/4, true)
		c.next[p] = c.scratch.draw(c.rng)
		if c.next[p] >= 0 {
			c.add(c.next[p])
		}
	}
	if c.value >= c.m.floor && c.held >= c.m.posts && math.Log(1-c.rng.Float64()) < is-was {
		for p := range seats {
			seats[p] = -1
		}
		copy(seats, c.next[:len(after)])
		c.shift[team] = to
		return
	}
	c.take(c.next[:len(after)])
	for _, o := range seats {
		if o >= 0 {
			c.add(o)
		}
	}
}

// take removes options.
func (c *chain) take(options []int32) {
	for _, o := range options {
		if o >= 0 {
			c.remove(o)
		}
	}
}
