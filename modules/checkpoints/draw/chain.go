package draw

import (
	"math"
	"math/rand/v2"
	"slices"
)

// chain is a Markov chain over plans. Its stationary distribution gives a plan a probability in proportion to
// exp(θ·value − Σ penalty) over its options, if the plan keeps roster, conflicts, forced options, the least number of
// posts and the least value, and zero otherwise. A seat is drawn anew from its exact distribution given all others (heat
// bath); a shift by configurational bias (reshift.go).
type chain struct {
	state
	m       *model
	rng     *rand.Rand
	theta   float64
	penalty []float64

	chosen []bool
	count  []uint16 // chosen options that cover each element
	gain   []int64  // what each option that is not chosen would add
	block  []uint16 // chosen options that exclude each option
	value  int64
	held   int // posts

	// Since restart: sweeps made, and for each option after how many of them it was chosen.
	sweeps           int
	sums             []float64
	values           tally
	drawn, different int

	scratch bath
	order   []int32 // of seats in a sweep
	next    []int32 // options of a team on another shift
}

// bath is what a seat may be filled with.
type bath struct {
	options []int32   // −1 is none
	chances []float64 // that sum to 1
}

func newChain(m *model, from state, s *Strategy, rng *rand.Rand) *chain {
	n := m.in.Options()
	c := &chain{state: from.clone(), m: m, rng: rng, chosen: make([]bool, n), count: make([]uint16, len(m.in.Weights)),
		sums: make([]float64, n), next: make([]int32, m.width), gain: slices.Clone(m.alone), block: make([]uint16, n), theta: s.theta, penalty: s.penalty}
	for i := range m.seats {
		c.order = append(c.order, int32(i))
	}
	for _, o := range c.option {
		if o >= 0 {
			c.add(o)
		}
	}
	return c
}

// add puts an option in: the elements that it alone covers are no gain to others any more.
func (c *chain) add(o int32) {
	m := c.m
	for _, e := range m.covers(o) {
		if c.count[e]++; c.count[e] == 1 {
			w := m.in.Weights[e]
			c.value += w
			for _, other := range m.by[m.byStart[e]:m.byStart[e+1]] {
				c.gain[other] -= w
			}
		}
	}
	for _, other := range m.conflict[o] {
		c.block[other]++
	}
	c.chosen[o] = true
	c.held++
}

func (c *chain) remove(o int32) {
	m := c.m
	for _, e := range m.covers(o) {
		if c.count[e]--; c.count[e] == 0 {
			w := m.in.Weights[e]
			c.value -= w
			for _, other := range m.by[m.byStart[e]:m.byStart[e+1]] {
				c.gain[other] += w
			}
		}
	}
	for _, other := range m.conflict[o] {
		c.block[other]--
	}
	c.chosen[o] = false
	c.held--
}

// run makes n sweeps: every seat is drawn anew once, in random order; one team in two tries another shift, and one
// seat in two an exchange.
func (c *chain) run(n int) {
	for range n {
		c.rng.Shuffle(len(c.order), func(i, j int) { c.order[i], c.order[j] = c.order[j], c.order[i] })
		for _, i := range c.order {
			at := c.m.seats[i]
			if at.position == 0 && c.rng.UintN(2) == 0 {
				c.reshift(at.team)
			}
			if c.rng.UintN(2) == 0 {
				c.redrawPair(at)
			}
			c.redraw(at)
		}
		c.sweeps++
		for _, o := range c.option {
			if o >= 0 {
				c.sums[o]++
			}
		}
		c.values.add(float64(c.value - c.m.floor))
	}
}

// redraw draws the option of a seat anew, given all others.
func (c *chain) redraw(at seat) {
	g := c.m.group(&c.state, at)
	if g < 0 {
		return
	}
	here := c.at(at)
	old := *here
	if old >= 0 && c.m.forced[old] {
		return
	}
	if old >= 0 {
		c.remove(old)
	}
	c.fill(g, c.m.floor-c.value, c.held >= c.m.posts)
	fresh := c.scratch.draw(c.rng)
	if fresh >= 0 {
		c.add(fresh)
	}
	*here = fresh
	c.drawn++
	if fresh != old {
		c.different++
	}
}

// negligible is the logarithm of a ratio of probabilities that is taken as zero.
const negligible = -25

// fill lists what may come into a group, with its probability; an option must add at least least. It returns the
// logarithm of the sum of the weights exp(θ·gain − penalty), which are not normalised; −∞ if nothing may come in.
func (c *chain) fill(g int32, least int64, empty bool) float64 {
	b := &c.scratch
	b.options, b.chances = b.options[:0], b.chances[:0]
	top := math.Inf(-1)
	if empty && least <= 0 {
		b.options, b.chances = append(b.options, -1), append(b.chances, 0)
		top = 0
	}
	for _, o := range c.m.groups[g] {
		if c.block[o] > 0 || c.chosen[o] || c.gain[o] < least {
			continue
		}
		if weight := c.theta*float64(c.gain[o]) - c.penalty[o]; weight-top > negligible {
			b.options, b.chances = append(b.options, o), append(b.chances, weight)
			top = max(top, weight)
		}
	}
	sum := 0.0
	for i, w := range b.chances {
		b.chances[i] = math.Exp(w - top)
		sum += b.chances[i]
	}
	for i := range b.chances {
		b.chances[i] /= sum
	}
	return top + math.Log(sum)
}

// draw chooses one by its chance; −1 from an empty bath.
func (b *bath) draw(rng *rand.Rand) int32 {
	u := rng.Float64()
	for i, p := range b.chances {
		if u -= p; u < 0 {
			return b.options[i]
		}
	}
	if len(b.options) == 0 {
		return -1
	}
	return b.options[len(b.options)-1]
}
