package draw

import (
	"context"
	"math"
	"testing"

	"vigie/modules/checkpoints/solve"
)

// enumerate calls visit with every plan of labelled teams that keeps conflicts, floor and the number of posts.
func enumerate(m *model, visit func(s *state)) {
	s := state{make([]int32, len(m.duty)), make([]int32, len(m.duty)*m.width)}
	c := newChain(m, emptied(s), &Strategy{penalty: make([]float64, m.in.Options())}, stream("", 0))
	var seats func(i int)
	seats = func(i int) {
		if i == len(m.seats) {
			if c.value >= m.floor && c.held >= m.posts {
				visit(&c.state)
			}
			return
		}
		g := m.group(&c.state, m.seats[i])
		seats(i + 1)
		if g < 0 {
			return
		}
		for _, o := range m.groups[g] {
			if c.block[o] == 0 && !c.chosen[o] {
				c.add(o)
				c.option[i] = o
				seats(i + 1)
				c.option[i] = -1
				c.remove(o)
			}
		}
	}
	var shifts func(t int)
	shifts = func(t int) {
		if t == len(m.duty) {
			seats(0)
			return
		}
		for k := range m.in.Duties[m.duty[t]].Shifts {
			c.shift[t] = int32(k)
			shifts(t + 1)
		}
	}
	shifts(0)
}

func emptied(s state) state {
	for i := range s.option {
		s.option[i] = -1
	}
	return s
}

// TestAgainstEnumeration compares the chains with the exact distribution of all plans of small instances, at the
// penalties that the chains ended with.
func TestAgainstEnumeration(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		c     country
		share float64
		top   float64
	}{
		{country{sites: 9, cells: 12, duties: 1, teams: 1, slots: 2, length: 1, side: 2, separation: 0.3}, 0.2, 1},
		{country{sites: 6, cells: 12, duties: 2, teams: 1, slots: 3, length: 2, side: 2, separation: 0.3}, 0.8, 1},
		{country{sites: 6, cells: 12, duties: 1, teams: 2, slots: 3, length: 2, side: 2, separation: 0.2}, 0.75, 1},
	} {
		in := tt.c.instance(11)
		start, value := greedy(in)
		s, err := From(context.Background(), in, start, int64(tt.share*float64(value)), Options{Seed: "a", Top: tt.top, Effort: 2})
		if err != nil {
			t.Fatal(err)
		}
		want, total, plans := exact(s)
		for o, p := range want {
			if math.Abs(p-s.marginal[o]) > 0.025 {
				t.Errorf("%+v: option %d: %.3f, exactly %.3f", tt.c, o, s.marginal[o], p)
			}
		}
		if total <= 0 || plans < 5 {
			t.Errorf("%+v: %d plans are too few to compare", tt.c, plans)
		}
	}
}

// exact are the marginals by enumeration, the sum of the weights, and the number of plans.
func exact(s *Strategy) (marginal []float64, total float64, plans int) {
	marginal = make([]float64, s.model.in.Options())
	enumerate(s.model, func(p *state) {
		plans++
		value := int64(0)
		seen := make(map[int32]bool)
		weight := 0.0
		for _, o := range p.option {
			if o >= 0 {
				weight -= s.penalty[o]
				for _, e := range s.model.covers(o) {
					if !seen[e] {
						value += s.model.in.Weights[e]
					}
					seen[e] = true
				}
			}
		}
		weight = math.Exp(weight + s.theta*float64(value-s.Floor))
		total += weight
		for _, o := range p.option {
			if o >= 0 {
				marginal[o] += weight
			}
		}
	})
	for o := range marginal {
		marginal[o] /= total
	}
	return marginal, total, plans
}

// TestUniformOverEqualSites checks a closed form: n sites of the same worth, far apart, give log2 n bits.
func TestUniformOverEqualSites(t *testing.T) {
	t.Parallel()
	for _, n := range []int{2, 8, 32} {
		in := &solve.Instance{Start: []int32{0}, Groups: 1, Duties: []solve.Duty{{Teams: 1, Shifts: [][]int32{{0}}}}}
		for i := range n {
			in.Weights = append(in.Weights, 100)
			in.Covers = append(in.Covers, int32(i))
			in.Start = append(in.Start, int32(i+1))
			in.Group = append(in.Group, 0)
		}
		s, err := From(context.Background(), in, Start{Chosen: []int32{0}, Shifts: [][]int32{{0}}}, 95, Options{Seed: "a"})
		if err != nil {
			t.Fatal(err)
		}
		if want := math.Log2(float64(n)); math.Abs(s.Mean-want) > 0.03 {
			t.Errorf("%d sites: %.3f bits, want %.3f", n, s.Mean, want)
		}
	}
}

// TestTopIsHeldDown checks a closed form of the cap: a site much better than eleven others may have no more than the cap,
// where the share allows it to be left.
func TestTopIsHeldDown(t *testing.T) {
	t.Parallel()
	in := &solve.Instance{Start: []int32{0}, Groups: 3, Duties: []solve.Duty{{Teams: 1, Shifts: [][]int32{{0, 1, 2}}}}}
	for g := range 3 {
		for i := range 12 {
			weight := int64(100)
			if i == 0 {
				weight = 106
			}
			in.Weights = append(in.Weights, weight)
			in.Covers = append(in.Covers, int32(len(in.Covers)))
			in.Start = append(in.Start, int32(len(in.Covers)))
			in.Group = append(in.Group, int32(g))
		}
	}
	// At least one post of three must stand at the best site: 306 of 318.
	start := Start{Chosen: []int32{0, 12, 24}, Shifts: [][]int32{{0}}}
	s, err := From(context.Background(), in, start, 306, Options{Seed: "a", Top: 0.4})
	if err != nil {
		t.Fatal(err)
	}
	if s.Top > 0.42 {
		t.Errorf("top %.3f, want about 0.4", s.Top)
	}
	for _, p := range []int32{0, 12, 24} {
		if s.Marginals()[p] < 0.3 {
			t.Errorf("the best site has %.3f, it cannot be less than a third on average", s.Marginals()[p])
		}
	}
}
