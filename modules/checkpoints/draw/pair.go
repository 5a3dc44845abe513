package draw

import "math"

// relate lists for each group those whose best options cover something that its own best options cover: posts of which
// one may take the other's place, at the same time or on another day.
func (m *model) relate() {
	const looked = 8 // best options of a group that are looked at
	m.related = make([][]int32, len(m.groups))
	best := make([]bool, m.in.Options())
	for _, options := range m.groups {
		for _, o := range options[:min(looked, len(options))] {
			best[o] = true
		}
	}
	seen := make([]int32, len(m.groups))
	for g, options := range m.groups {
		for _, o := range options[:min(looked, len(options))] {
			for _, e := range m.covers(o) {
				for _, other := range m.by[m.byStart[e]:m.byStart[e+1]] {
					if h := m.in.Group[other]; best[other] && int(h) != g && seen[h] != int32(g)+1 {
						seen[h] = int32(g) + 1
						m.related[g] = append(m.related[g], h)
					}
				}
			}
		}
	}
}

// redrawPair empties two seats of related groups and fills one after the other, so that one can take the place of the other,
// which single draws do seldom where the place is worth much. Which seats they are depends on shifts alone, which
// do not change; the move is accepted with the ratio of the second sums of weights, after the new and the old first option.
func (c *chain) redrawPair(one seat) {
	g := c.m.group(&c.state, one)
	if g < 0 || len(c.m.related[g]) == 0 {
		return
	}
	h := c.m.related[g][c.rng.IntN(len(c.m.related[g]))]
	other, found := c.inGroup(h)
	if !found {
		return
	}
	first, second := c.at(one), c.at(other)
	wasFirst, wasSecond := *first, *second
	if wasFirst < 0 || wasSecond < 0 || c.m.forced[wasFirst] || c.m.forced[wasSecond] {
		return
	}
	c.remove(wasFirst)
	c.remove(wasSecond)
	c.fill(g, math.MinInt64/4, false)
	isFirst := c.scratch.draw(c.rng)
	c.add(isFirst)
	is := c.fill(h, math.MinInt64/4, false)
	isSecond := c.scratch.draw(c.rng)
	keeps := isSecond >= 0 && c.value+c.gain[isSecond] >= c.m.floor
	c.remove(isFirst)
	c.add(wasFirst)
	if keeps && math.Log(1-c.rng.Float64()) < is-c.fill(h, math.MinInt64/4, false) {
		c.remove(wasFirst)
		c.add(isFirst)
		c.add(isSecond)
		*first, *second = isFirst, isSecond
		return
	}
	c.add(wasSecond)
}

// at is the option of a seat.
func (c *chain) at(s seat) *int32 { return &c.option[int(s.team)*c.m.width+int(s.position)] }

// inGroup picks a seat that works in a group, if any does.
func (c *chain) inGroup(g int32) (seat, bool) {
	var found seat
	n := uint32(0)
	for _, s := range c.m.seatsOf[g] {
		if c.m.group(&c.state, s) == g {
			if n++; c.rng.Uint32N(n) == 0 {
				found = s
			}
		}
	}
	return found, n > 0
}
