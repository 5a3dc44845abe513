package draw

import (
	"context"
	"math"
	"runtime"
	"sync"
)

const (
	rounds    = 96 // in which all chains sweep alike, and after which the multipliers are moved
	discarded = 24 // of them, before plans are kept
	// A round has so many sweeps that all chains look at about touches elements in all, but within these bounds.
	most, least = 16, 1
	touches     = 250e6
)

// learn runs the chains round by round: first to find the multipliers, then to keep the plans. The multipliers of the caps
// go on moving, by what was kept so far: a site that is over its cap grows dearer until the chains leave it, however
// slowly they mix. So the strategy is the plans that were kept, each with the same probability, and its measures
// are exact for it; they are those of the distribution of the highest entropy as far as the chains agree.
func (s *Strategy) learn(ctx context.Context, first state, opts Options) error {
	m := s.model
	chains := make([]*chain, opts.Chains)
	for i := range chains {
		chains[i] = newChain(m, first, s, stream(opts.Seed, uint64(i)))
		if i > 0 {
			chains[i].shake()
		}
	}
	sweeps := m.sweeps(opts)
	traces := make([]trace, len(chains))
	for round := range rounds {
		learning := round < discarded
		err := parallel(ctx, chains, func(i int, c *chain) {
			if learning || round == discarded {
				c.restart()
				traces[i] = trace{least: math.MaxInt64}
			}
			c.follow(sweeps, &traces[i])
		})
		if err != nil {
			return err
		}
		step := 0.5
		if learning {
			step = 1 / (1 + 0.2*float64(round))
			s.warm(chains, round)
		}
		s.steer(marginals(chains), opts, step)
		for _, c := range chains {
			c.theta = s.theta
		}
	}
	s.marginal = marginals(chains)
	s.measure(chains, traces)
	for _, t := range traces {
		s.kept = append(s.kept, t.kept...)
	}
	return nil
}

// sweeps are those of one chain in a round.
func (m *model) sweeps(opts Options) int {
	// A sweep takes out and fills each seat once, half of them twice more in pairs, and half of the teams' seats twice more.
	flips := 0.0 // options whose gain changes with an element, summed over the elements of an option
	for e := range m.in.Weights {
		n := float64(m.byStart[e+1] - m.byStart[e])
		flips += n * n
	}
	n := float64(max(m.in.Options(), 1))
	each := 2*(flips/n/3+float64(len(m.in.Conflicts))/n) + 3*n/float64(max(m.in.Groups, 1)) + 50
	work := float64(rounds*opts.Chains*max(len(m.seats), 1)) * 4 * each
	return int(math.Ceil(opts.Effort * min(max(touches/work, least), most)))
}

// steer moves the penalties towards what the cap asks for, by the odds of each option against those of the cap.
func (s *Strategy) steer(marginal []float64, opts Options, step float64) {
	for _, options := range s.model.groups {
		total := 0.0
		for _, o := range options {
			total += marginal[o]
		}
		for _, o := range options {
			over := odds(marginal[o]/max(total, 1)) - odds(opts.Top)
			if over > 0 || s.penalty[o] > 0 {
				s.penalty[o] = min(max(s.penalty[o]+step*over, 0), heaviest)
			}
		}
	}
}

// above is how many standard deviations of its value the mean plan lies over the least value.
const above = 1.5

// warm moves θ towards a mean value that lies so far above the least one.
func (s *Strategy) warm(chains []*chain, round int) {
	var all tally
	for _, c := range chains {
		all.join(&c.values)
	}
	mean, deviation := all.moments()
	off := above - mean/max(deviation, 1)
	s.theta *= math.Exp(min(max(off*0.5, -1), 1) / (1 + 0.2*float64(round)))
}

// guess is a θ to begin with: the slack is then lost by the posts together if each loses about two units of 1/θ.
func (m *model) guess(first state) float64 {
	c := newChain(m, first, &Strategy{penalty: make([]float64, m.in.Options())}, stream("", 0))
	return 2 * float64(max(m.posts, 1)) / max(float64(c.value-m.floor), 1)
}

// tally adds up numbers for their mean and deviation.
type tally struct{ n, sum, squares float64 }

func (t *tally) add(x float64) { t.n++; t.sum += x; t.squares += x * x }

func (t *tally) join(o *tally) { t.n += o.n; t.sum += o.sum; t.squares += o.squares }

func (t *tally) moments() (mean, deviation float64) {
	if t.n == 0 {
		return 0, 0
	}
	mean = t.sum / t.n
	return mean, math.Sqrt(max(t.squares/t.n-mean*mean, 0))
}

// heaviest is the greatest penalty: where even that does not hold a site under the cap, no other is worth enough.
const heaviest = 40

// odds are the logarithm of the odds of a probability, bounded.
func odds(p float64) float64 {
	p = min(max(p, 0.005), 0.995)
	return math.Log(p / (1 - p))
}

// marginals are the shares of the plans since restart that have each option, over all chains.
func marginals(chains []*chain) []float64 {
	out := make([]float64, len(chains[0].sums))
	for _, c := range chains {
		for o, v := range c.sums {
			out[o] += v / float64(max(c.sweeps, 1)*len(chains))
		}
	}
	return out
}

// restart forgets what was seen.
func (c *chain) restart() {
	clear(c.sums)
	c.sweeps, c.drawn, c.different, c.values = 0, 0, 0, tally{}
}

// shake goes away from the plan that all chains start from: it walks over the plans without regard to value and
// penalties, which drives a chain to the edge of what is worth enough.
func (c *chain) shake() {
	theta, penalty := c.theta, c.penalty
	c.theta, c.penalty = 0, make([]float64, len(penalty))
	c.run(3)
	c.theta, c.penalty = theta, penalty
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
