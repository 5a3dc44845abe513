package draw

import (
	"math"
	"slices"
)

// reshift proposes another shift for a team: what it does in the slots of both stays, the other slots are drawn anew.
func (c *chain) reshift(team int32) {
	duty := &c.m.in.Duties[c.m.duty[team]]
	if len(duty.Shifts) < 2 {
		return
	}
	to := int32(c.rng.IntN(len(duty.Shifts) - 1))
	if to >= c.shift[team] {
		to++
	}
	before, after := duty.Shifts[c.shift[team]], duty.Shifts[to]
	seats := c.option[int(team)*c.m.width : (int(team)+1)*c.m.width]
	favour := 0.0
	for p, g := range before {
		if slices.Contains(after, g) {
			continue
		}
		if o := seats[p]; o >= 0 && c.m.forced[o] {
			return
		}
		favour += c.cost(seats[p]) + c.chance(g, seats[p])
	}
	for p, g := range after {
		if at := slices.Index(before, g); at >= 0 {
			c.next[p] = seats[at]
			continue
		}
		c.next[p] = c.pick(g)
		favour -= c.cost(c.next[p]) + c.chance(g, c.next[p])
	}
	if favour < 0 && c.rng.Float64() >= math.Exp(favour) {
		return
	}
	if !c.exchange(before, after, seats) {
		return
	}
	copy(seats, c.next[:len(after)])
	for p := len(after); p < c.m.width; p++ {
		seats[p] = -1
	}
	c.shift[team] = to
	c.accepted++
}

// exchange takes out what is in before only and puts in what next has for after only; it undoes everything and returns
// false if that makes no plan.
func (c *chain) exchange(before, after, seats []int32) bool {
	for p, g := range before {
		if o := seats[p]; o >= 0 && !slices.Contains(after, g) {
			c.remove(o)
		}
	}
	done, fits := 0, true
	for p, g := range after {
		if o := c.next[p]; o >= 0 && !slices.Contains(before, g) {
			if !c.free(o) {
				fits = false
				break
			}
			c.add(o)
		}
		done = p + 1
	}
	if fits && c.value >= c.m.floor && c.held >= c.m.posts {
		return true
	}
	for p, g := range after[:done] {
		if o := c.next[p]; o >= 0 && !slices.Contains(before, g) {
			c.remove(o)
		}
	}
	for p, g := range before {
		if o := seats[p]; o >= 0 && !slices.Contains(after, g) {
			c.add(o)
		}
	}
	return false
}
