package draw

import "math"

// Measures say how unpredictable a strategy is, and how far its chains can be believed.
type Measures struct {
	Bits []float64 // entropy of the site of a post in each group, given that there is one
	Mean float64   // of Bits over team-slots: each group counts by its expected number of posts
	// Top is the highest probability of one site in one team-slot, forced options apart: the probability of the option,
	// divided by the expected number of posts in its group where that is more than one.
	Top   float64
	Value float64 // expected value of a plan, in the weights of the instance
	Least int64   // least value seen
	Plans int     // plans looked at

	// Chains agree if Spread (R̂ of Gelman and Rubin 1992 for the value of the plan, each chain cut in halves) is near 1,
	// and Apart (mean total variation between the marginals of a group in one half of the chains and in the other,
	// over team-slots) is small.
	Spread, Apart float64
	Moved         float64 // share of the draws of a post that changed it
}

// trace is what one chain saw.
type trace struct {
	kept   []state
	values []float64
	least  int64
}

// follow makes n sweeps and keeps the plan after each.
func (c *chain) follow(n int, t *trace) {
	for range n {
		c.run(1)
		t.values = append(t.values, float64(c.value))
		t.least = min(t.least, c.value)
		t.kept = append(t.kept, c.state.clone())
	}
}

func (s *Strategy) measure(chains []*chain, traces []trace) {
	s.Bits = make([]float64, len(s.model.groups))
	posts := 0.0
	for g, options := range s.model.groups {
		total := 0.0
		for _, o := range options {
			total += s.marginal[o]
		}
		if total <= 0 {
			continue
		}
		for _, o := range options {
			if p := s.marginal[o] / total; p > 0 {
				s.Bits[g] -= p * math.Log2(p)
			}
			if !s.model.forced[o] {
				s.Top = max(s.Top, s.marginal[o]/max(total, 1))
			}
		}
		s.Mean += total * s.Bits[g]
		posts += total
	}
	if posts > 0 {
		s.Mean /= posts
	}
	s.Least = traces[0].least
	different, drawn := 0, 0
	for i, t := range traces {
		for _, v := range t.values {
			s.Value += v
		}
		s.Plans += len(t.values)
		s.Least = min(s.Least, t.least)
		different += chains[i].different
		drawn += chains[i].drawn
	}
	s.Value /= float64(max(s.Plans, 1))
	s.Moved = float64(different) / float64(max(drawn, 1))
	s.Spread = spread(traces)
	s.Apart = s.apart(chains)
}

// spread is R̂ over the halves of all traces.
func spread(traces []trace) float64 {
	var means, variances []float64
	n := 0
	for _, t := range traces {
		n = len(t.values) / 2
		if n < 2 {
			return 1
		}
		for _, half := range [][]float64{t.values[:n], t.values[n : 2*n]} {
			mean, square := 0.0, 0.0
			for _, v := range half {
				mean += v / float64(n)
			}
			for _, v := range half {
				square += (v - mean) * (v - mean) / float64(n-1)
			}
			means, variances = append(means, mean), append(variances, square)
		}
	}
	within, between, grand := 0.0, 0.0, 0.0
	for i := range means {
		within += variances[i] / float64(len(means))
		grand += means[i] / float64(len(means))
	}
	for _, v := range means {
		between += (v - grand) * (v - grand) / float64(len(means)-1)
	}
	if within <= 0 {
		return 1
	}
	return math.Sqrt(float64(n-1)/float64(n) + between/within)
}

// apart compares the marginals of the chains of even number with those of odd number.
func (s *Strategy) apart(chains []*chain) float64 {
	if len(chains) < 2 {
		return 0
	}
	var halves [2][]*chain
	for i, c := range chains {
		halves[i%2] = append(halves[i%2], c)
	}
	a, b := marginals(halves[0]), marginals(halves[1])
	sum, posts := 0.0, 0.0
	for _, options := range s.model.groups {
		for _, o := range options {
			sum += math.Abs(a[o]-b[o]) / 2
			posts += (a[o] + b[o]) / 2
		}
	}
	if posts == 0 {
		return 0
	}
	return sum / posts
}
