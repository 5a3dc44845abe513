package solve

import (
	"context"
	"slices"

	"vigie/modules/checkpoints/verify"
)

// search is a branch and bound whose steps are written down as a proof.
type search struct {
	l       *layout
	ctx     context.Context //nolint:containedctx // the search lives as long as one call of Solve
	u       []int64         // multipliers as the proof has them at this step
	v       []int64         // and of cliques
	price   []int64         // and of groups
	cliques []verify.Set
	known   map[string]int
	log     Log
	report  func()
	budget  int   // nodes after which a search is cut
	work    int64 // entries of the coverage looked at after which everything is cut
}

// cut says whether the whole search is cut, by work or by time.
func (s *search) cut() bool { return s.l.work >= s.work || s.ctx.Err() != nil }

// over says whether this part of the search is cut.
func (s *search) over() bool { return s.log.Nodes >= s.budget || s.cut() }

// result is what is known of a core once it was searched.
type result struct {
	bound  int64 // no solution is worth more; not less than the value that had to be beaten
	node   *verify.Node
	value  int64 // of chosen, if it beats that value; else that value
	chosen []int32
	better bool
}

// goal is what a search of a core has to beat.
type goal struct {
	lower int64   // a solution worth no more is of no use
	known []int32 // a solution worth lower, if there is one in this core
	tol   int64   // a bound this much above lower is good enough
	depth int
	begun bool // the core has been split and bounded before
}

// solve searches a core, from multipliers u of its elements.
func (s *search) solve(c *core, from *dual, to goal) result {
	s.log.Nodes++
	if s.report != nil && s.log.Nodes%64 == 0 {
		s.report()
	}
	if c.options() == 0 {
		r := result{bound: max(0, to.lower), node: &verify.Node{}, value: to.lower}
		if to.lower < 0 && !c.stuck {
			r.value, r.better = 0, true
		}
		return r
	}
	a := newAscent(from, to.lower)
	a.run(s, s.steps(c, to))
	s.log.Steps += a.steps
	if s.log.Root == 0 {
		s.log.Root = a.bound()
	}
	if to.depth == 0 && a.bound() > a.lower+to.tol {
		s.dive(c, a)
		s.neighbours(c, a, to.known, to.tol)
	}
	r := result{bound: max(a.lower, a.bound()), value: a.lower}
	if a.found != nil {
		r.chosen, r.better = a.found.list(), true
		to.known, to.lower = r.chosen, a.lower
	}
	var undo func()
	r.node, undo = s.write(from)
	defer undo()
	if r.bound <= to.lower+to.tol || s.over() || c.stuck {
		return r
	}
	is, ok := from.fixed((to.lower+1)*s.l.scale - 1)
	if !ok {
		r.bound = to.lower
		return r
	}
	return s.narrow(c, a, is, to, r)
}

// steps is how long to improve the multipliers of a core.
func (s *search) steps(c *core, to goal) int {
	if to.depth == 0 && !to.begun {
		if c.options() >= nearFrom {
			return 500
		}
		return 400
	}
	if to.depth == 0 {
		return 200
	}
	return 60
}

// narrow goes on with what the bound left open: with fewer options, in parts, or in two cases.
func (s *search) narrow(c *core, a *ascent, is []state, to goal, r result) result {
	fixed := 0
	for _, st := range is {
		if st != open {
			fixed++
		}
	}
	if fixed*10 >= c.options() {
		n, gain, from, ok := s.after(c, a.d, is)
		if !ok {
			r.bound = to.lower
			return r
		}
		if to.depth == 0 && !to.begun {
			s.log.Core = n.options()
		}
		sub := s.solve(n, from, goal{lower: to.lower - gain, known: without(to.known, c, is), tol: to.tol, depth: to.depth, begun: true})
		r.node.Next = sub.node
		return r.with(sub, gain, taken1(c, is))
	}
	if parts := components(c); len(parts) > 1 {
		return s.parts(c, a.d, parts, to, r)
	}
	return s.branch(c, a, to, r)
}

// with is the result if what sub found is all that could be better.
func (r result) with(sub result, gain int64, taken []int32) result {
	r.bound = max(r.value, sub.bound+gain)
	if sub.better {
		r.value, r.better = sub.value+gain, true
		r.chosen = append(slices.Clone(sub.chosen), taken...)
		r.bound = max(r.bound, r.value)
	}
	return r
}

// taken1 are the options that is takes, by their numbers in the instance.
func taken1(c *core, is []state) []int32 {
	var all []int32
	for o, st := range is {
		if st == taken {
			all = append(all, c.option[o])
		}
	}
	return all
}

// without is a known solution less what is taken; nil if it takes something that was left or lacks something taken.
func without(known []int32, c *core, is []state) []int32 {
	if known == nil {
		return nil
	}
	has := make(map[int32]bool, len(known))
	for _, o := range known {
		has[o] = true
	}
	rest := []int32{}
	for o, st := range is {
		id := c.option[o]
		if has[id] && st == left || !has[id] && st == taken {
			return nil
		}
		if has[id] && st == open {
			rest = append(rest, id)
		}
	}
	return rest
}

// after reduces a core and carries its multipliers over.
func (s *search) after(c *core, d *dual, is []state) (*core, int64, *dual, bool) {
	n, gain, to, ok := s.l.reduce(c, is)
	if !ok {
		return nil, 0, nil, false
	}
	u := make([]int64, len(n.weight))
	for e, at := range to {
		if at >= 0 {
			u[at] += d.u[e]
		}
	}
	nd := newDual(s.l, n, u)
	number := make(map[int32]int32, n.options())
	for o, id := range n.option {
		number[id] = int32(o)
	}
	for _, q := range d.cliques {
		if q.v == 0 {
			continue
		}
		var rest []int32
		for _, o := range q.options {
			if at, open := number[c.option[o]]; open {
				rest = append(rest, at)
			}
		}
		if len(rest) > 1 {
			nd.cliques = append(nd.cliques, clique{options: rest, v: q.v, of: q.of, named: q.named})
		}
	}
	place := make(map[int32]int64, len(c.groups))
	for g, id := range c.groups {
		place[id] = d.price[g]
	}
	for g, id := range n.groups {
		nd.price[g] = place[id]
	}
	return n, gain, nd, true
}

// branch looks at the two cases of the option that is most in doubt.
func (s *search) branch(c *core, a *ascent, to goal, r result) result {
	o := a.doubtful()
	first, second := taken, left
	if to.known != nil && !slices.Contains(to.known, c.option[o]) {
		first, second = left, taken
	}
	r.node.Option = c.option[o]
	bound := int64(0)
	for _, st := range []state{first, second} {
		is := make([]state, c.options())
		is[o] = st
		if st == taken {
			for _, rival := range c.rivalsOf(o) {
				is[rival] = left
			}
		}
		node := &verify.Node{}
		if n, gain, from, ok := s.after(c, a.d, is); ok {
			sub := s.solve(n, from, goal{lower: to.lower - gain, known: without(to.known, c, is), tol: to.tol, depth: to.depth + 1, begun: true})
			node = sub.node
			bound = max(bound, sub.bound+gain)
			if sub.better {
				r.value, r.better = sub.value+gain, true
				r.chosen = append(slices.Clone(sub.chosen), taken1(c, is)...)
				to.lower, to.known = r.value, r.chosen
			}
		}
		if st == taken {
			r.node.One = node
		} else {
			r.node.Zero = node
		}
	}
	r.bound = max(r.value, min(r.bound, bound))
	return r
}

// doubtful is the option that was picked in about half of the last steps, weighed by what it earns.
func (a *ascent) doubtful() int32 {
	best, at := -1.0, int32(0)
	for o, f := range a.frac {
		if score := min(f, 1-f)*float64(max(1, a.d.profit[o])) + 1e-9*f; score > best {
			best, at = score, int32(o)
		}
	}
	return at
}
