package solve

// diveSteps is how many steps are made between two rounds of a dive, diveTake the least share of the picks that a round
// takes for good.
const (
	diveSteps = 30
	diveTake  = 0.15
)

// dive looks for a good solution: it keeps only options that the last steps picked now and then, takes those that they
// picked most often, improves the multipliers of what is left, and so on to the end.
func (s *search) dive(c *core, a *ascent) {
	if c.stuck {
		return
	}
	is := s.promising(c, a, 8)
	var chosen []int32 // by their numbers in the instance
	value := int64(0)
	from := a.d
	at := c
	for {
		n, gain, d, ok := s.after(at, from, is)
		if !ok {
			return
		}
		chosen, value = append(chosen, taken1(at, is)...), value+gain
		if n.options() == 0 || s.over() {
			break
		}
		down := newAscent(d, a.lower-value)
		steps := diveSteps
		if at == c {
			steps *= 3
		}
		down.run(s, steps)
		s.log.Steps += down.steps
		if down.found != nil {
			s.offer(c, a, append(down.found.list(), chosen...))
		}
		if down.bound() <= a.lower-value {
			return
		}
		at, from, is = n, d, down.most()
	}
	s.offer(c, a, chosen)
}

// promising keeps about as many open options as some times those that are picked: those that the bound would leave open if
// the best value were closer to it.
func (s *search) promising(c *core, a *ascent, times int) []state {
	low, high := a.lower*s.l.scale, a.d.total
	var best []state
	for range 12 {
		limit := low + (high-low)/2
		is, ok := a.d.fixed(limit)
		if ok {
			n := 0
			for _, st := range is {
				if st == open {
					n++
				}
			}
			ok = n >= times*len(a.d.picked)
		}
		if ok {
			low, best = limit, is
		} else {
			high = limit
		}
	}
	if best == nil {
		best = make([]state, c.options())
	}
	return best
}

// offer completes and improves a choice and keeps it if it is the best.
func (s *search) offer(c *core, a *ascent, chosen []int32) {
	p := newPrimal(s.l, c)
	has := make(map[int32]bool, len(chosen))
	for _, id := range chosen {
		has[id] = true
	}
	for o, id := range c.option {
		if has[id] && p.may(int32(o), c.dutyOf(int32(o))) {
			p.add(int32(o))
		}
	}
	p.greedy()
	p.swaps(4)
	a.offer(p)
}

// most takes the options picked most often, and leaves their rivals.
func (a *ascent) most() []state {
	c := a.d.c
	is, p := make([]state, c.options()), newPrimal(a.d.l, c)
	wanted := int(diveTake*float64(len(a.d.picked))) + 1
	for i, o := range a.often(0) {
		if (i >= wanted && a.frac[o] < 0.8) || !p.may(o, c.dutyOf(o)) {
			continue
		}
		p.add(o)
		is[o] = taken
	}
	for o := range is {
		if is[o] == open && p.blocked[o] > 0 {
			is[o] = left
		}
	}
	return is
}
