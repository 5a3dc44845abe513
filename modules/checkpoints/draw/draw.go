// Package draw makes a plan unpredictable. It does not add noise to the best plan: it draws from a mixed strategy, the
// distribution over all plans that keep every constraint and a stated share of the certified optimum which has the
// highest entropy. So no plan that is drawn is worth less than that share, and somebody who knows the method, the data
// and every plan before learns as little as possible about the next.
//
// Of the distributions over those plans that have a given mean value, and in which no site is more probable in a
// team-slot than Options.Top, the one of the highest entropy gives a plan x a probability in proportion to
// exp(θ·value(x) − Σ μ) over its options (Gibbs; Jaynes 1957): θ is the multiplier of the mean, μ that of the option's
// cap, not negative, and zero for an option that stays under it. θ is chosen so that the mean lies two standard
// deviations above the least value, which is kept as a hard limit: nearer to it the entropy would hardly grow, and the
// chain would stick. Both multipliers are found round by round (learn.go); plans are drawn by a Markov chain whose moves
// keep the roster (chain.go): another site for a post, another shift for a team, an exchange of two posts. Several
// chains from far starts must agree (measure.go).
package draw

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"vigie/geoengine"
	"vigie/modules/checkpoints/solve"
)

// Options say how to mix. Zero fields take the defaults.
type Options struct {
	Share float64 // of the optimum that every plan keeps; 0.95
	Seed  string  // any text; the same seed gives the same strategy and the same plans
	// Top is the probability of one site in one team-slot above which it is held down, as far as the share allows; 0.2.
	Top    float64
	Chains int // 4
	// Effort multiplies the length of the chains; 1.
	Effort float64
}

func (o *Options) fill() {
	if o.Share == 0 {
		o.Share = 0.95
	}
	if o.Top == 0 {
		o.Top = 0.2
	}
	if o.Chains == 0 {
		o.Chains = 4
	}
	if o.Effort == 0 {
		o.Effort = 1
	}
}

// Start is a plan to start from: options chosen, and for each duty the shift of each team.
type Start struct {
	Chosen []int32
	Shifts [][]int32
}

// Strategy is a mixed strategy over the plans of one instance that are worth at least Floor.
type Strategy struct {
	Floor int64  // no plan drawn is worth less
	Seed  string // that it was made with
	Measures

	model    *model
	penalty  []float64 // μ of each option
	theta    float64   // θ
	kept     []state   // its plans, each with the same probability
	marginal []float64
}

// From makes the strategy of the plans worth at least floor, starting from a plan that is.
func From(ctx context.Context, in *solve.Instance, start Start, floor int64, opts Options) (*Strategy, error) {
	opts.fill()
	if !(opts.Share > 0 && opts.Share <= 1) {
		return nil, fmt.Errorf("share %g: must be above 0 and at most 1: %w", opts.Share, geoengine.ErrInvalid)
	}
	m := newModel(in)
	m.floor = floor
	first, err := m.place(start)
	if err != nil {
		return nil, err
	}
	m.posts = first.posts()
	s := &Strategy{Floor: floor, Seed: opts.Seed, model: m}
	s.penalty = make([]float64, in.Options())
	s.theta = m.guess(first)
	if err := s.learn(ctx, first, opts); err != nil {
		return nil, err
	}
	return s, nil
}

// Marginals are the probabilities that each option of the instance is in a plan of the strategy. Options of one site and slot exclude one another, so their sum is the probability that somebody
// stands there then.
func (s *Strategy) Marginals() []float64 { return s.marginal }

// Sample is a plan drawn from a strategy.
type Sample struct {
	Chosen []int32   // ascending
	Shifts [][]int32 // for each duty the shift of each team
	// Teams are for each duty and each of its teams the options in the order of its shift, −1 where it has none.
	Teams [][][]int32
	Value int64
}

// Sample draws a plan: one of those that were kept. The same seed draws the same plan.
func (s *Strategy) Sample(seed string) Sample {
	from := s.kept[stream(s.Seed+"/"+seed, 0).IntN(len(s.kept))]
	c := newChain(s.model, from, s, nil)
	return s.model.sample(&c.state, c.value)
}

// stream is the random numbers of one chain: ChaCha8 keyed by the SHA-256 of the seed and the number.
func stream(seed string, number uint64) *rand.Rand {
	key := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(seed+"\x00"), number))
	return rand.New(rand.NewChaCha8(key))
}
