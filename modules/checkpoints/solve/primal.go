package solve

import (
	"container/heap"
	"slices"
)

// primal is a set of chosen options of a core that keeps every rule, with what it covers.
type primal struct {
	l       *layout
	c       *core
	count   []int32 // chosen options that cover each element
	chosen  []bool
	used    []int32 // of each group
	blocked []int32 // chosen rivals of each option
	value   int64
}

func newPrimal(l *layout, c *core) *primal {
	return &primal{l: l, c: c, count: make([]int32, len(c.weight)), chosen: make([]bool, c.options()), used: make([]int32, len(c.groups)), blocked: make([]int32, c.options())}
}

// gain is what an option that is not chosen would add.
func (p *primal) gain(o int32) int64 {
	sum := p.c.own[o]
	p.l.work += int64(len(p.c.elements(o)))
	for _, e := range p.c.elements(o) {
		if p.count[e] == 0 {
			sum += p.c.weight[e]
		}
	}
	return sum
}

func (p *primal) add(o int32) {
	p.chosen[o] = true
	p.used[p.c.group[o]]++
	p.value += p.c.own[o]
	for _, e := range p.c.elements(o) {
		if p.count[e] == 0 {
			p.value += p.c.weight[e]
		}
		p.count[e]++
	}
	for _, r := range p.c.rivalsOf(o) {
		p.blocked[r]++
	}
}

func (p *primal) remove(o int32) {
	p.chosen[o] = false
	p.used[p.c.group[o]]--
	p.value -= p.c.own[o]
	for _, e := range p.c.elements(o) {
		if p.count[e]--; p.count[e] == 0 {
			p.value -= p.c.weight[e]
		}
	}
	for _, r := range p.c.rivalsOf(o) {
		p.blocked[r]--
	}
}

// may says whether an option could be added within the rules.
func (p *primal) may(o int32, d *coreDuty) bool {
	return !p.chosen[o] && p.blocked[o] == 0 && p.room(p.c.group[o], d)
}

// room says whether some roster has a place left in a group.
func (p *primal) room(g int32, d *coreDuty) bool {
	used := p.used[d.lo:d.hi]
	if used[g-d.lo] >= d.room[g-d.lo] {
		return false
	}
	if d.rosters == nil {
		return p.priced(g, d)
	}
	if len(d.rosters) == 1 {
		return true
	}
	used[g-d.lo]++
	ok := slices.ContainsFunc(d.rosters, func(r []int32) bool { return atMost(used, r) })
	used[g-d.lo]--
	return ok
}

func (p *primal) priced(g int32, d *coreDuty) bool {
	need := make([]int32, p.l.in.Groups)
	for i, id := range p.l.groups[d.id] {
		need[id] = d.taken[i]
	}
	for i, n := range p.used[d.lo:d.hi] {
		need[p.c.groups[int(d.lo)+i]] += n
	}
	need[p.c.groups[g]]++
	_, ok := rosterFor(p.l.in.Duties[d.id], need)
	return ok
}

// list are the chosen options by their numbers in the instance.
func (p *primal) list() []int32 {
	var all []int32
	for o, is := range p.chosen {
		if is {
			all = append(all, p.c.option[o])
		}
	}
	return all
}

// greedy adds the option that adds most until none may be added. What an option adds only falls while others are chosen,
// so that a stale figure is a bound and few have to be computed again (CELF: Leskovec et al. 2007, Minoux 1978).
func (p *primal) greedy() {
	h := make(gains, 0, p.c.options())
	duty := make([]*coreDuty, len(p.c.groups))
	for i := range p.c.duties {
		for g := p.c.duties[i].lo; g < p.c.duties[i].hi; g++ {
			duty[g] = &p.c.duties[i]
		}
	}
	for o := range p.c.option {
		if !p.chosen[o] && p.blocked[o] == 0 {
			h = append(h, gained{p.gain(int32(o)), int32(o)})
		}
	}
	heap.Init(&h)
	for len(h) > 0 && h[0].gain > 0 {
		top := h[0]
		if !p.may(top.option, duty[p.c.group[top.option]]) {
			heap.Pop(&h)
			continue
		}
		if now := p.gain(top.option); now < top.gain {
			h[0].gain = now
			heap.Fix(&h, 0)
			continue
		}
		heap.Pop(&h)
		p.add(top.option)
	}
}

type gained struct {
	gain   int64
	option int32
}

// gains is a heap: most first, then the lower number.
type gains []gained

func (h gains) Len() int { return len(h) }
func (h gains) Less(i, j int) bool {
	return h[i].gain > h[j].gain || h[i].gain == h[j].gain && h[i].option < h[j].option
}
func (h gains) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push is of heap.Interface.
func (h *gains) Push(x any) { *h = append(*h, x.(gained)) }

// Pop is of heap.Interface.
func (h *gains) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// swaps exchanges single options and whole duties while that gains, at most rounds times over everything.
func (p *primal) swaps(rounds int) {
	for range rounds {
		before := p.value
		for i := range p.c.duties {
			d := &p.c.duties[i]
			for o := p.c.gstart[d.lo]; o < p.c.gstart[d.hi]; o++ {
				if p.chosen[o] {
					p.swap(o, d)
				}
			}
			if d.hi-d.lo > 1 && len(d.rosters) <= 200 {
				p.refill(d)
			}
		}
		if p.value == before {
			return
		}
	}
}

// swap replaces a chosen option by the one of its duty that adds most in its place.
func (p *primal) swap(o int32, d *coreDuty) {
	p.remove(o)
	best, at := p.gain(o), o
	lo, hi := d.lo, d.hi
	if len(d.rosters) == 1 { // other groups take nothing of what was freed
		lo, hi = p.c.group[o], p.c.group[o]+1
	}
	for g := lo; g < hi; g++ {
		if !p.room(g, d) {
			continue
		}
		for x := p.c.gstart[g]; x < p.c.gstart[g+1]; x++ {
			if !p.chosen[x] && p.blocked[x] == 0 {
				if gain := p.gain(x); gain > best {
					best, at = gain, x
				}
			}
		}
	}
	p.add(at)
}

// refill empties a duty and fills each of its rosters anew, group by group; the best stays.
func (p *primal) refill(d *coreDuty) {
	before := p.value
	var old []int32
	for o := p.c.gstart[d.lo]; o < p.c.gstart[d.hi]; o++ {
		if p.chosen[o] {
			old = append(old, o)
		}
	}
	best := old
	for _, o := range old {
		p.remove(o)
	}
	for _, roster := range d.rosters {
		var now []int32
		for i, n := range roster {
			for range n {
				if o := p.bestIn(d.lo + int32(i)); o >= 0 {
					p.add(o)
					now = append(now, o)
				}
			}
		}
		if p.value > before {
			before, best = p.value, now
		}
		for _, o := range now {
			p.remove(o)
		}
	}
	for _, o := range best {
		p.add(o)
	}
}

// bestIn is the option of a group that adds most, −1 if none adds anything.
func (p *primal) bestIn(g int32) int32 {
	best, at := int64(0), int32(-1)
	for x := p.c.gstart[g]; x < p.c.gstart[g+1]; x++ {
		if !p.chosen[x] && p.blocked[x] == 0 {
			if gain := p.gain(x); gain > best {
				best, at = gain, x
			}
		}
	}
	return at
}
