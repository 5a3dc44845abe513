package verify

import (
	"cmp"
	"slices"
)

// step is what the multipliers say of the options that are open.
type step struct {
	none   bool  // no roster holds what is taken
	total  int64 // the most that open options can add, times Scale
	groups []groupStep
}

// groupStep is what they say of one group.
type groupStep struct {
	group int32
	best  int64   // of its duty
	top   []int64 // the positive profits of its open options, descending
	with  []int64 // with[k] is the most that its duty earns if k options are added in this group; −1 if it cannot be
}

// step adds up the bound: Σ (w−u) over the elements, and what each duty can earn at most.
func (c *checker) step(open []int32) step {
	c.tick++
	for _, o := range open {
		c.in[o] = c.tick
		for _, e := range c.p.Covers[c.p.Start[o]:c.p.Start[o+1]] {
			if at := &c.element[e]; at.tick != c.tick {
				at.tick, at.shared = c.tick, 1
			} else {
				at.shared = 2
			}
		}
	}
	s := step{}
	for _, o := range open {
		var sum int64
		for _, e := range c.p.Covers[c.p.Start[o]:c.p.Start[o+1]] {
			switch at := &c.element[e]; {
			case at.covered > 0:
			case at.shared == 1: // of one option only: it earns all
				sum += at.weight
			default:
				if at.shared == 2 {
					at.shared = 3
					s.total += at.weight - at.u
				}
				sum += at.u
			}
		}
		c.profit[o] = sum
	}
	c.rivalry(&s)
	byDuty := map[int32][]int32{}
	for _, o := range open {
		g := c.p.Group[o]
		if len(c.open[g]) == 0 {
			byDuty[c.duty[g]] = append(byDuty[c.duty[g]], g)
		}
		c.open[g] = append(c.open[g], o)
	}
	for d, groups := range byDuty {
		c.dutyStep(&s, d, groups)
	}
	for _, o := range open {
		c.open[c.p.Group[o]] = c.open[c.p.Group[o]][:0]
	}
	return s
}

// rivalry takes the multiplier of a clique off the profits of its open options and adds it once: at most one is chosen.
func (c *checker) rivalry(s *step) {
	for i, v := range c.clique {
		any, done := false, v == 0
		for _, o := range c.cert.Cliques[i] {
			any, done = any || c.state[o] == opened && c.in[o] == c.tick, done || c.state[o] == taken
		}
		if done || !any {
			continue
		}
		s.total += v
		for _, o := range c.cert.Cliques[i] {
			c.profit[o] -= v
		}
	}
}

// dutyStep finds the most that one duty can earn, by looking at all its rosters or, if they are too many, by the prices of
// its groups: then each group may take as many as there are teams, a team pays the dearest shift, an option its group.
func (c *checker) dutyStep(s *step, d int32, groups []int32) {
	first := len(s.groups)
	for _, g := range groups {
		top := []int64{}
		for _, o := range c.open[g] {
			if c.rosters[d] == nil {
				c.profit[o] -= c.price[g]
			}
			if c.profit[o] > 0 {
				top = append(top, c.profit[o])
			}
		}
		slices.SortFunc(top, func(a, b int64) int { return cmp.Compare(b, a) })
		with := make([]int64, len(c.open[g])+1)
		for k := range with {
			with[k] = -1
		}
		c.at[g] = int32(len(s.groups))
		s.groups = append(s.groups, groupStep{group: g, top: top, with: with})
	}
	if c.rosters[d] == nil {
		c.priced(s, c.p.Duties[d], s.groups[first:])
	} else {
		c.rostered(s, d, s.groups[first:])
	}
}

func (c *checker) rostered(s *step, d int32, groups []groupStep) {
	best := int64(-1)
	for _, roster := range c.rosters[d] {
		sum, possible := int64(0), true
		for i, g := range c.groups[d] {
			k := roster[i] - c.taken[g]
			possible = possible && k >= 0
			if possible && len(c.open[g]) > 0 {
				sum += s.groups[c.at[g]].earns(k)
			}
		}
		if !possible {
			continue
		}
		best = max(best, sum)
		for i, g := range c.groups[d] {
			if len(c.open[g]) > 0 {
				with := s.groups[c.at[g]].with
				k := min(int(roster[i]-c.taken[g]), len(with)-1)
				with[k] = max(with[k], sum)
			}
		}
	}
	s.none = s.none || best < 0
	s.total += best
	for i := range groups {
		groups[i].best = best
	}
}

func (c *checker) priced(s *step, duty Duty, groups []groupStep) {
	dearest := int64(0)
	for _, shift := range duty.Shifts {
		sum := int64(0)
		for _, g := range shift {
			sum += c.price[g]
		}
		dearest = max(dearest, sum)
	}
	s.total += dearest * int64(duty.Teams)
	for i := range groups {
		g := &groups[i]
		room := int32(duty.Teams) - c.taken[g.group]
		if room < 0 {
			s.none = true
			return
		}
		for k := range min(int(room)+1, len(g.with)) {
			g.with[k] = g.earns(int32(k))
		}
		g.best = g.earns(room)
		s.total += g.best
	}
	taken := map[int32]bool{}
	for _, shift := range duty.Shifts {
		for _, g := range shift {
			if !taken[g] {
				s.total -= c.price[g] * int64(c.taken[g])
			}
			taken[g] = true
		}
	}
}

// earns is what the k best options of the group earn.
func (g *groupStep) earns(k int32) (sum int64) {
	for _, p := range g.top[:min(int(k), len(g.top))] {
		sum += p
	}
	return sum
}

// kth is the profit of the kth best option, 0 if it would be better to have none.
func (g *groupStep) kth(k int) int64 {
	if k > len(g.top) {
		return 0
	}
	return g.top[k-1]
}

// fix takes and leaves the open options whose other case adds no more than limit, times Scale. It reports false where no
// solution above limit is left.
func (c *checker) fix(s step, open []int32, limit int64) (gain int64, ok bool) {
	var take []int32
	for _, o := range open {
		g := &s.groups[c.at[c.p.Group[o]]]
		with, without := int64(-1), int64(-1) // the most in each case; −1 where it cannot be
		for k, sum := range g.with {
			if sum < 0 {
				continue
			}
			rest := s.total - g.best + sum
			if k > 0 {
				with = max(with, rest-max(0, g.kth(k)-c.profit[o]))
			}
			lost := int64(0)
			if k > 0 && c.profit[o] >= g.kth(k) {
				lost = max(0, c.profit[o]-g.kth(k+1))
			}
			without = max(without, rest-lost)
		}
		switch {
		case with <= limit && without <= limit:
			return 0, false
		case with <= limit:
			c.leave(o)
		case without <= limit:
			take = append(take, o)
		}
	}
	for _, o := range take {
		more, ok := c.take(o)
		if !ok {
			return 0, false
		}
		gain += more
	}
	return gain, true
}
