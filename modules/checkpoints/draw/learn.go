package draw

import (
	"context"
	"math"
	"runtime"
	"sync"
)

const (
	rounds  = 16 // of learning
	measure = 12 // rounds' worth of moves that are measured
	keep    = 32 // plans kept of each chain
	// A round of a chain has most moves for each team-slot, fewer on large instances: so many that all chains of one
	// round look at about touches elements, but not fewer than least.
	most, least = 600, 100
	touches     = 50e6
)

// learn runs the chains: first it finds the penalties round by round, then it measures.
func (s *Strategy) learn(ctx context.Context, first state, opts Options) error {
	m := s.model
	chains := make([]*chain, opts.Chains)
	for i := range chains {
		chains[i] = newChain(m, first, s.penalty, s.propose, stream(opts.Seed, uint64(i)))
		if i > 0 {
			chains[i].shake()
		}
	}
	moves := m.moves(opts)
	for round := range rounds {
		if err := parallel(ctx, chains, func(_ int, c *chain) { c.restart(); c.run(moves) }); err != nil {
			return err
		}
		s.steer(marginals(chains), opts, round)
		for _, c := range chains {
			c.steer(s.penalty, s.propose)
		}
	}
	traces := make([]trace, len(chains))
	err := parallel(ctx, chains, func(i int, c *chain) {
		c.run(moves)
		c.restart()
		traces[i] = c.follow(measure * moves)
	})
	if err != nil {
		return err
	}
	s.marginal = marginals(chains)
	s.measure(chains, traces)
	for _, r := range traces {
		s.kept = append(s.kept, r.kept...)
	}
	return nil
}

// moves are those of one chain in one round.
func (m *model) moves(opts Options) int {
	n := max(len(m.seats), 1)
	mean := float64(len(m.in.Covers)) / float64(max(m.in.Options(), 1))
	each := touches / (float64(opts.Chains*n) * (2*mean + 10))
	each = min(max(each, least), most)
	return int(math.Ceil(each * opts.Effort * float64(n)))
}

// steer moves the penalties towards what the cap asks for, by the odds of each option against those of the cap, and the
// proposals towards what was seen. Early rounds move far, late ones little, so that the noise of one round averages out.
func (s *Strategy) steer(marginal []float64, opts Options, round int) {
	step := 1 / (1 + 0.2*float64(round))
	for _, options := range s.model.groups {
		total := 0.0
		for _, o := range options {
			total += marginal[o]
		}
		for _, o := range options {
			s.propose[o] = (1 - idle) / float64(len(options))
			if total <= 0 {
				continue
			}
			s.propose[o] = (1 - idle) * (0.75*marginal[o]/total + 0.25/float64(len(options)))
			over := odds(marginal[o]/max(total, 1)) - odds(opts.Top)
			if over > 0 || s.penalty[o] > 0 {
				s.penalty[o] = min(max(s.penalty[o]+step*over, 0), heaviest)
			}
		}
	}
}

// heaviest is the greatest penalty: where even that does not hold a site under the cap, no other is worth enough.
const heaviest = 12

// odds are the logarithm of the odds of a probability, bounded.
func odds(p float64) float64 {
	p = min(max(p, 0.005), 0.995)
	return math.Log(p / (1 - p))
}

// marginals are the shares of the moves since restart during which each option was chosen, over all chains.
func marginals(chains []*chain) []float64 {
	out := make([]float64, len(chains[0].visits))
	for _, c := range chains {
		for o, v := range c.occupied() {
			out[o] += v / float64(len(chains))
		}
	}
	return out
}

// restart forgets what was visited.
func (c *chain) restart() {
	clear(c.visits)
	clear(c.since)
	c.step, c.accepted = 0, 0
}

// occupied are the shares of the moves since restart during which each option was chosen.
func (c *chain) occupied() []float64 {
	out := make([]float64, len(c.visits))
	for o, v := range c.visits {
		if c.chosen[o] {
			v += c.step - c.since[o]
		}
		out[o] = float64(v) / float64(max(c.step, 1))
	}
	return out
}

// shake goes away from the plan that all chains start from: it walks over the plans without regard to penalties, which
// drives a chain to the edge of what is worth enough.
func (c *chain) shake() {
	flat := make([]float64, len(c.penalty))
	penalty, propose := c.penalty, c.propose
	c.steer(flat, c.m.uniform())
	c.run(10 * len(c.m.seats))
	c.steer(penalty, propose)
}

// parallel runs f on every chain; the error is that of the context.
func parallel(ctx context.Context, chains []*chain, f func(int, *chain)) error {
	var wait sync.WaitGroup
	turn := make(chan struct{}, max(runtime.GOMAXPROCS(0), 1))
	for i, c := range chains {
		wait.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			if ctx.Err() == nil {
				f(i, c)
			}
		})
	}
	wait.Wait()
	return ctx.Err()
}
