package road

import (
	"context"
	"slices"
	"sync"
)

// witnessPops bounds a search for a way round a state about to be contracted: one that gives up adds a shortcut too many,
// which costs time and no truth.
const witnessPops = 60

// arc is an arc of the graph that is being contracted, with the number of arcs it stands for.
type arc struct {
	state int32 // at the other end
	time  uint32
	hops  int32
}

// contraction is the work of making a hierarchy: states leave one after another, the least important first, and shortcuts
// keep all times among those that remain (Geisberger, Sanders, Schultes, Vetter 2012).
type contraction struct {
	out, in [][]arc
	level   []int32
	rank    []int32 // −1 of states that remain
	// Of importance: the part that shortcuts make, and whether neighbours have left since it was told.
	cost  []uint32
	stale []bool
}

// probe is the workspace of one who asks what contracting a state would cost.
type probe struct {
	s    *search
	need []arc   // the last answer: shortcuts to need[i].state …
	from []int32 // … from from[i]
}

// newContraction copies the states and their arcs.
func newContraction(g *Graph) *contraction {
	n := g.turns.states()
	c := &contraction{out: make([][]arc, n), in: make([][]arc, n), level: make([]int32, n), rank: make([]int32, n), cost: make([]uint32, n), stale: make([]bool, n)}
	for s := range int32(n) {
		c.rank[s] = -1
		time := g.millis[g.turns.edge(s)]
		for _, t := range g.turns.after(s) {
			if t != s {
				c.link(s, t, time, 1)
			}
		}
	}
	return c
}

// link adds an arc, or makes the one that is there quicker.
func (c *contraction) link(from, to int32, time uint32, hops int32) {
	improve(&c.out[from], arc{to, time, hops})
	improve(&c.in[to], arc{from, time, hops})
}

func improve(list *[]arc, a arc) {
	for i := range *list {
		if (*list)[i].state == a.state {
			if a.time < (*list)[i].time {
				(*list)[i] = a
			}
			return
		}
	}
	*list = append(*list, a)
}

// drop takes a state out of a list.
func drop(list []arc, state int32) []arc {
	return slices.DeleteFunc(list, func(a arc) bool { return a.state == state })
}

// shortcuts finds the arcs that contracting a state makes necessary.
func (c *contraction) shortcuts(p *probe, v int32) {
	p.need, p.from = p.need[:0], p.from[:0]
	for _, a := range c.in[v] {
		limit, left := uint32(0), 0
		for _, b := range c.out[v] {
			if b.state != a.state {
				limit = max(limit, add(a.time, b.time))
				left++
			}
		}
		if left == 0 {
			continue
		}
		c.witness(p, a.state, v, limit)
		for _, b := range c.out[v] {
			if time := add(a.time, b.time); b.state != a.state && time < horizon && p.s.at(b.state) > time {
				p.need = append(p.need, arc{b.state, time, a.hops + b.hops})
				p.from = append(p.from, a.state)
			}
		}
	}
}

// witness searches from a state, round another, for as long as ways can be no longer than a limit.
func (c *contraction) witness(p *probe, from, round int32, limit uint32) {
	p.s.reset()
	p.s.reach(from, 0, -1)
	for range witnessPops {
		state, time, ok := p.s.pop()
		if !ok || time > limit {
			return
		}
		for _, a := range c.out[state] {
			if t := add(time, a.time); a.state != round && t <= limit {
				p.s.reach(a.state, t, state)
			}
		}
	}
}

// now is the importance of a state at present, or any that is later than another one. It asks for shortcuts only if neighbours
// have left since it last asked, and if the state is not later already by the levels below it.
func (c *contraction) now(p *probe, v int32, other uint32) uint32 {
	if known := c.cost[v] + 1000*uint32(c.level[v]); !c.stale[v] || later(known, other) {
		return known
	}
	return c.importance(p, v)
}

// later reports whether a state of some importance had better wait for another one: where they are almost alike, waiting costs
// more than it brings.
func later(a, b uint32) bool { return a > b+b/8 }

// importance is the place of a state in the order of contraction: the lower the earlier. Few shortcuts for the arcs that go,
// and few levels below (the weights are those of RoutingKit).
func (c *contraction) importance(p *probe, v int32) uint32 {
	c.shortcuts(p, v)
	removed, goneHops, added, hops := 1, 1, len(p.need), 0
	for _, list := range [2][]arc{c.out[v], c.in[v]} {
		removed += len(list)
		for _, a := range list {
			goneHops += int(a.hops)
		}
	}
	for _, a := range p.need {
		hops += int(a.hops)
	}
	c.stale[v] = false
	c.cost[v] = uint32(1000*added/removed + 1000*hops/goneHops)
	return c.cost[v] + 1000*uint32(c.level[v])
}

// contract takes a state out.
func (c *contraction) contract(p *probe, v int32) {
	c.shortcuts(p, v)
	for _, a := range c.in[v] {
		c.out[a.state] = drop(c.out[a.state], v)
		c.stale[a.state] = true
		c.level[a.state] = max(c.level[a.state], c.level[v]+1)
	}
	for _, a := range c.out[v] {
		c.in[a.state] = drop(c.in[a.state], v)
		c.stale[a.state] = true
		c.level[a.state] = max(c.level[a.state], c.level[v]+1)
	}
	for i, a := range p.need {
		c.link(p.from[i], a.state, a.time, a.hops)
	}
}

// run contracts all states. What is left in out and in are the arcs to states of higher rank.
func (c *contraction) run(ctx context.Context, report func(done, total int)) error {
	n := len(c.out)
	queue := make([]uint64, n)
	pool := sync.Pool{New: func() any { return &probe{s: newSearch(n)} }}
	err := blocks(ctx, n, 256, func(from, to int) {
		p := pool.Get().(*probe)
		defer pool.Put(p)
		for v := from; v < to; v++ {
			queue[v] = uint64(c.importance(p, int32(v)))<<32 | uint64(v)
		}
	})
	if err != nil {
		return err
	}
	slices.Sort(queue) // is a heap
	p := pool.Get().(*probe)
	for done := 0; len(queue) > 0; {
		var top uint64
		top, queue = popped(queue)
		v := int32(uint32(top))
		if len(queue) > 0 {
			other := uint32(queue[0] >> 32)
			if now := c.now(p, v, other); later(now, other) {
				queue = push(queue, uint64(now)<<32|uint64(uint32(v)))
				continue
			}
		}
		c.contract(p, v)
		c.rank[v] = int32(done)
		if done++; done%1024 == 0 || done == n {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			report(done, n)
		}
	}
	return nil
}
