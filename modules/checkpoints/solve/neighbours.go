package solve

import (
	"cmp"
	"slices"
)

// A large core is searched piece by piece for a better solution before anything is branched on: nearDuties duties whose
// posts overlap most are opened, the others stay, and the little problem that is left is solved within nearNodes nodes
// (large neighbourhood search: Shaw 1998).
const (
	nearFrom   = 20_000 // options
	nearDuties = 7
	nearNodes  = 25
	nearRounds = 3
)

// neighbours improves the best solution of a core, duty by duty, until the bound is near enough or nothing gains.
func (s *search) neighbours(c *core, a *ascent, known []int32, tol int64) {
	if c.stuck || c.options() < nearFrom {
		return
	}
	if a.found != nil {
		known = a.found.list()
	}
	if known == nil {
		return
	}
	has := make(map[int32]bool, len(known))
	for _, id := range known {
		has[id] = true
	}
	is := make([]bool, c.options())
	for o, id := range c.option {
		is[o] = has[id]
	}
	for range nearRounds {
		before := a.lower
		for i := range c.duties {
			if a.bound() <= a.lower+tol || s.over() {
				return
			}
			s.near(c, a, is, i)
		}
		if a.lower == before {
			return
		}
	}
}

// near solves the problem of one duty and those next to it.
func (s *search) near(c *core, a *ascent, chosen []bool, duty int) {
	free := c.overlapping(chosen, duty)
	is := make([]state, c.options())
	for i, d := range c.duties {
		for o := c.gstart[d.lo]; o < c.gstart[d.hi]; o++ {
			switch {
			case free[i]:
			case chosen[o]:
				is[o] = taken
			default:
				is[o] = left
			}
		}
	}
	for o, st := range is {
		if st == taken {
			for _, r := range c.rivalsOf(int32(o)) {
				is[r] = left
			}
		}
	}
	n, gain, d, ok := s.after(c, a.d, is)
	if !ok || n.options() == 0 {
		return
	}
	budget := s.budget
	s.budget = s.log.Nodes + nearNodes
	sub := s.solve(n, d, goal{lower: a.lower - gain, depth: 1, begun: true})
	s.budget = budget
	if !sub.better {
		return
	}
	p := newPrimal(s.l, c)
	better := make(map[int32]bool, len(sub.chosen))
	for _, id := range sub.chosen {
		better[id] = true
	}
	for o, id := range c.option {
		if chosen[o] = is[o] == taken || better[id]; chosen[o] {
			p.add(int32(o))
		}
	}
	a.offer(p)
}

// overlapping are a duty and those whose chosen options cover most of what its own cover.
func (c *core) overlapping(chosen []bool, duty int) []bool {
	covered := make([]bool, len(c.weight))
	own := c.duties[duty]
	for o := c.gstart[own.lo]; o < c.gstart[own.hi]; o++ {
		if chosen[o] {
			for _, e := range c.elements(o) {
				covered[e] = true
			}
		}
	}
	shared, order := make([]int64, len(c.duties)), make([]int, len(c.duties))
	for i, d := range c.duties {
		order[i] = i
		for o := c.gstart[d.lo]; o < c.gstart[d.hi]; o++ {
			if !chosen[o] {
				continue
			}
			for _, e := range c.elements(o) {
				if covered[e] {
					shared[i] += c.weight[e]
				}
			}
		}
	}
	shared[duty] = MaxSum
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(shared[b], shared[a]) })
	free := make([]bool, len(c.duties))
	for _, i := range order[:min(nearDuties, len(order))] {
		free[i] = true
	}
	return free
}
