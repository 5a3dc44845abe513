package draw

import (
	"math"
	"math/rand/v2"
	"sort"
)

// chain is a Markov chain over plans by Metropolis and Hastings. Its stationary distribution gives a plan a probability
// in proportion to exp(−Σ penalty) over its options, if the plan keeps roster, conflicts, forced options, the least
// number of posts and the least value, and zero otherwise.
type chain struct {
	state
	m       *model
	rng     *rand.Rand
	penalty []float64
	propose []float64
	sums    [][]float64 // running sums of propose in each group

	chosen []bool
	count  []uint16 // chosen options that cover each element
	value  int64
	held   int // posts

	step     int64
	since    []int64 // step at which each chosen option came in
	visits   []int64 // steps during which each option was chosen, up to since
	accepted int64

	next []int32 // scratch of reshift
}

func newChain(m *model, from state, penalty, propose []float64, rng *rand.Rand) *chain {
	n := m.in.Options()
	c := &chain{state: from.clone(), m: m, rng: rng, chosen: make([]bool, n), count: make([]uint16, len(m.in.Weights)),
		since: make([]int64, n), visits: make([]int64, n), next: make([]int32, m.width)}
	c.steer(penalty, propose)
	for _, o := range c.option {
		if o >= 0 {
			c.add(o)
		}
	}
	return c
}

// steer changes where the chain goes.
func (c *chain) steer(penalty, propose []float64) {
	c.penalty, c.propose = penalty, propose
	c.sums = make([][]float64, len(c.m.groups))
	for g, options := range c.m.groups {
		sums, total := make([]float64, len(options)), 0.0
		for i, o := range options {
			total += propose[o]
			sums[i] = total
		}
		c.sums[g] = sums
	}
}

func (c *chain) add(o int32) {
	for _, e := range c.m.covers(o) {
		if c.count[e] == 0 {
			c.value += c.m.in.Weights[e]
		}
		c.count[e]++
	}
	c.chosen[o] = true
	c.held++
	c.since[o] = c.step
}

func (c *chain) remove(o int32) {
	for _, e := range c.m.covers(o) {
		c.count[e]--
		if c.count[e] == 0 {
			c.value -= c.m.in.Weights[e]
		}
	}
	c.chosen[o] = false
	c.held--
	c.visits[o] += c.step - c.since[o]
}

// loss is what the plan loses without o.
func (c *chain) loss(o int32) (sum int64) {
	if o < 0 {
		return 0
	}
	for _, e := range c.m.covers(o) {
		if c.count[e] == 1 {
			sum += c.m.in.Weights[e]
		}
	}
	return sum
}

// alone is the most that o can add.
func (c *chain) alone(o int32) int64 {
	if o < 0 {
		return 0
	}
	return c.m.alone[o]
}

// free says whether an option may come in.
func (c *chain) free(o int32) bool {
	if c.chosen[o] {
		return false
	}
	for _, other := range c.m.conflict[o] {
		if c.chosen[other] {
			return false
		}
	}
	return true
}

// run makes n moves.
func (c *chain) run(n int) {
	if len(c.m.seats) == 0 {
		c.step += int64(n)
		return
	}
	for range n {
		c.step++
		switch kind := c.rng.UintN(8); {
		case kind == 0:
			c.reshift(int32(c.rng.IntN(len(c.m.duty))))
		case kind < 4:
			c.jump(c.m.seats[c.rng.IntN(len(c.m.seats))])
		default:
			c.redraw(c.m.seats[c.rng.IntN(len(c.m.seats))])
		}
	}
}

// pick draws an option of a group from the proposals, or −1; where there are none, −1.
func (c *chain) pick(g int32) int32 {
	sums := c.sums[g]
	if len(sums) == 0 {
		return -1
	}
	i := sort.SearchFloat64s(sums, c.rng.Float64())
	if i == len(sums) {
		return -1
	}
	return c.m.groups[g][i]
}

// chance is the logarithm of the probability that pick draws o in g.
func (c *chain) chance(g, o int32) float64 {
	switch {
	case o >= 0:
		return math.Log(c.propose[o])
	case len(c.sums[g]) == 0:
		return 0
	}
	sums := c.sums[g]
	return math.Log(max(1-sums[len(sums)-1], 1e-9))
}

func (c *chain) cost(o int32) float64 {
	if o < 0 {
		return 0
	}
	return c.penalty[o]
}

// redraw proposes another option for a seat, independent of the one that it has.
func (c *chain) redraw(at seat) {
	g := c.m.group(&c.state, at)
	if g < 0 {
		return
	}
	old := c.option[int(at.team)*c.m.width+int(at.position)]
	fresh := c.pick(g)
	if fresh == old {
		return
	}
	c.replace(at, old, fresh, c.cost(old)-c.cost(fresh)+c.chance(g, old)-c.chance(g, fresh))
}

// jump proposes an option near in rank, up or down alike.
func (c *chain) jump(at seat) {
	old := c.option[int(at.team)*c.m.width+int(at.position)]
	if old < 0 {
		return
	}
	options := c.m.groups[c.m.in.Group[old]]
	far := 1 + c.rng.IntN(1<<c.rng.UintN(5))
	if c.rng.UintN(2) == 0 {
		far = -far
	}
	to := int(c.m.rank[old]) + far
	if to < 0 || to >= len(options) {
		return
	}
	c.replace(at, old, options[to], c.cost(old)-c.cost(options[to]))
}

// replace puts fresh in the place of old with the probability exp(favour), if that makes a plan.
func (c *chain) replace(at seat, old, fresh int32, favour float64) {
	if old >= 0 && (c.m.forced[old] || fresh < 0 && c.held <= c.m.posts) {
		return
	}
	if favour < 0 && c.rng.Float64() >= math.Exp(favour) {
		return
	}
	if fresh >= 0 && c.chosen[fresh] || c.value-c.loss(old)+c.alone(fresh) < c.m.floor {
		return
	}
	if old >= 0 {
		c.remove(old)
	}
	if fresh >= 0 && !c.free(fresh) {
		c.restore(old)
		return
	}
	if fresh >= 0 {
		c.add(fresh)
	}
	if c.value < c.m.floor {
		if fresh >= 0 {
			c.remove(fresh)
		}
		c.restore(old)
		return
	}
	c.option[int(at.team)*c.m.width+int(at.position)] = fresh
	c.accepted++
}

func (c *chain) restore(o int32) {
	if o >= 0 {
		c.add(o)
	}
}
