package solve

import (
	"cmp"
	"slices"

	"vigie/modules/checkpoints/verify"
)

// components are the sets of options that share no element, duty or conflict with one another, smallest first.
func components(c *core) [][]int32 {
	parent := make([]int32, c.options())
	for o := range parent {
		parent[o] = int32(o)
	}
	find := func(o int32) int32 {
		for parent[o] != o {
			parent[o] = parent[parent[o]]
			o = parent[o]
		}
		return o
	}
	join := func(a, b int32) { parent[find(a)] = find(b) }
	first := make([]int32, len(c.weight))
	for e := range first {
		first[e] = -1
	}
	for _, d := range c.duties {
		for o := c.gstart[d.lo]; o < c.gstart[d.hi]; o++ {
			join(c.gstart[d.lo], o)
			for _, e := range c.elements(o) {
				if first[e] < 0 {
					first[e] = o
				}
				join(first[e], o)
			}
			for _, r := range c.rivalsOf(o) {
				join(r, o)
			}
		}
	}
	of := map[int32]int{}
	var parts [][]int32
	for o := range parent {
		root := find(int32(o))
		if _, known := of[root]; !known {
			of[root] = len(parts)
			parts = append(parts, nil)
		}
		parts[of[root]] = append(parts[of[root]], int32(o))
	}
	slices.SortStableFunc(parts, func(a, b []int32) int { return cmp.Compare(len(a), len(b)) })
	return parts
}

// piece is one of several independent parts of a core.
type piece struct {
	c     *core
	d     *dual
	known []int32
	value int64 // of known
	bound int64
}

// parts searches independent parts one by one. Each has to beat the best known solution of its own, or what is needed if
// all others reached their bounds, whichever is more.
func (s *search) parts(c *core, d *dual, split [][]int32, to goal, r result) result {
	pieces := make([]piece, len(split))
	sum, value := int64(0), int64(0)
	for i, options := range split {
		pieces[i] = s.piece(c, d, options, to.known)
		sum, value = sum+pieces[i].bound, value+pieces[i].value
	}
	r.node.Parts = make([]verify.Part, len(split))
	tol := to.tol
	for i := range pieces {
		p := &pieces[i]
		part := &r.node.Parts[i]
		for _, o := range split[i] {
			part.Options = append(part.Options, c.option[o])
		}
		slices.Sort(part.Options)
		lower := max(p.value, max(to.lower, value)-(sum-p.bound))
		g := goal{lower: lower, tol: tol, depth: to.depth, begun: true}
		if lower == p.value {
			g.known = p.known
		}
		var sub result
		if sum <= max(to.lower, value)+to.tol {
			var undo func()
			sub.bound = p.bound
			sub.node, undo = s.write(p.d)
			undo()
		} else {
			sub = s.solve(p.c, p.d, g)
		}
		part.Root, part.Bound = sub.node, sub.bound
		tol = max(0, tol-(sub.bound-lower))
		sum += sub.bound - p.bound
		if sub.better && sub.value > p.value {
			value += sub.value - p.value
			p.value, p.known = sub.value, sub.chosen
		}
	}
	r.bound = sum
	if value > to.lower {
		r.value, r.better, r.chosen = value, true, nil
		for _, p := range pieces {
			r.chosen = append(r.chosen, p.known...)
		}
	}
	r.bound = max(r.bound, r.value)
	return r
}

func (s *search) piece(c *core, d *dual, options, known []int32) piece {
	is := make([]state, c.options())
	for o := range is {
		is[o] = left
	}
	for _, o := range options {
		is[o] = open
	}
	n, _, nd, _ := s.after(c, d, is)
	nd.evaluate()
	p := newPrimal(s.l, n)
	number := make(map[int32]int32, n.options())
	for o, id := range n.option {
		number[id] = int32(o)
	}
	for _, id := range known {
		if o, ok := number[id]; ok {
			p.add(o)
		}
	}
	p.greedy()
	p.swaps(5)
	return piece{c: n, d: nd, known: p.list(), value: p.value, bound: max(p.value, nd.total/s.l.scale)}
}
