package draw

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigie/modules/checkpoints/solve"
)

// country is a random instance on a square of side kilometres: sites and demand at random, each duty near its home.
type country struct {
	sites, cells, duties, teams, slots, length int
	side                                       float64
	separation                                 float64
}

func (c country) instance(seed uint64) *solve.Instance {
	rng := rand.New(rand.NewPCG(seed, 7))
	point := func() [2]float64 { return [2]float64{rng.Float64() * c.side, rng.Float64() * c.side} }
	far := func(a, b [2]float64) float64 { return math.Hypot(a[0]-b[0], a[1]-b[1]) }
	sites, cells := make([][2]float64, c.sites), make([][2]float64, c.cells)
	for i := range sites {
		sites[i] = point()
	}
	demand := make([]float64, c.cells)
	for i := range cells {
		cells[i], demand[i] = point(), math.Exp(rng.NormFloat64())
	}
	hours := make([]float64, c.slots)
	for i := range hours {
		hours[i] = 0.4 + rng.Float64()
	}
	levels := []float64{0.12, 0.25, 0.5, 1}
	in := &solve.Instance{Start: []int32{0}}
	element := make([]int32, c.slots*c.cells*len(levels))
	for s := range c.slots {
		for i := range cells {
			before := 0.0
			for l, level := range levels {
				element[(s*c.cells+i)*len(levels)+l] = int32(len(in.Weights))
				in.Weights = append(in.Weights, int64(1e6*demand[i]*hours[s]*(level-before))+1)
				before = level
			}
		}
	}
	at := make([]int, 0)
	slotOf := make([]int, 0)
	for d := range c.duties {
		home := point()
		duty := solve.Duty{Teams: c.teams}
		for s := range c.slots {
			g := int32(in.Groups)
			in.Groups++
			for i, site := range sites {
				if far(site, home) > c.side*0.7 {
					continue
				}
				for k, cell := range cells {
					fade := math.Exp2(-far(site, cell) / 0.9)
					for l, level := range levels {
						if fade >= level*0.75 {
							in.Covers = append(in.Covers, element[(s*c.cells+k)*len(levels)+l])
						}
					}
				}
				in.Start = append(in.Start, int32(len(in.Covers)))
				in.Group = append(in.Group, g)
				at, slotOf = append(at, i), append(slotOf, s)
			}
			if s+c.length <= c.slots {
				shift := make([]int32, c.length)
				for p := range shift {
					shift[p] = int32(d*c.slots + s + p)
				}
				duty.Shifts = append(duty.Shifts, shift)
			}
		}
		in.Duties = append(in.Duties, duty)
	}
	for a := range at {
		for b := a + 1; b < len(at); b++ {
			if slotOf[a] == slotOf[b] && (at[a] == at[b] || far(sites[at[a]], sites[at[b]]) < c.separation) {
				in.Conflicts = append(in.Conflicts, [2]int32{int32(a), int32(b)})
			}
		}
	}
	return in
}

// greedy fills every seat of the first shifts with what adds most: enough of a plan to start from.
func greedy(in *solve.Instance) (Start, int64) {
	m := newModel(in)
	s := state{make([]int32, len(m.duty)), make([]int32, len(m.duty)*m.width)}
	for i := range s.option {
		s.option[i] = -1
	}
	for t, d := range m.duty {
		s.shift[t] = int32(t) % int32(len(in.Duties[d].Shifts))
	}
	c := newChain(m, s, &Strategy{penalty: make([]float64, in.Options())}, stream("greedy", 0))
	for i, at := range m.seats {
		g := m.group(&s, at)
		if g < 0 {
			continue
		}
		best, gain := int32(-1), int64(-1)
		for _, o := range m.groups[g] {
			if c.block[o] == 0 && !c.chosen[o] && c.gain[o] > gain {
				best, gain = o, c.gain[o]
			}
		}
		if best >= 0 {
			c.add(best)
			c.option[i] = best
		}
	}
	out := m.sample(&c.state, c.value)
	return Start{out.Chosen, out.Shifts}, c.value
}

// check holds a plan against the instance's own words.
func check(t *testing.T, in *solve.Instance, p Sample, floor int64) {
	t.Helper()
	covered := make(map[int32]bool)
	value := int64(0)
	chosen := make(map[int32]bool)
	for _, o := range p.Chosen {
		chosen[o] = true
		for _, e := range in.Covers[in.Start[o]:in.Start[o+1]] {
			if !covered[e] {
				value += in.Weights[e]
			}
			covered[e] = true
		}
	}
	if value != p.Value || value < floor {
		t.Errorf("value %d, said %d, floor %d", value, p.Value, floor)
	}
	if len(chosen) != len(p.Chosen) {
		t.Error("an option is chosen twice")
	}
	for _, pair := range in.Conflicts {
		if chosen[pair[0]] && chosen[pair[1]] {
			t.Errorf("options %v exclude one another", pair)
		}
	}
	for _, o := range in.Forced {
		if !chosen[o] {
			t.Errorf("forced option %d is missing", o)
		}
	}
	seats := 0
	for d, duty := range in.Duties {
		if len(p.Shifts[d]) > duty.Teams {
			t.Errorf("duty %d: %d shifts for %d teams", d, len(p.Shifts[d]), duty.Teams)
		}
		for team, shift := range p.Shifts[d] {
			for i, o := range p.Teams[d][team] {
				if o < 0 {
					continue
				}
				seats++
				if in.Group[o] != duty.Shifts[shift][i] || !chosen[o] {
					t.Errorf("duty %d team %d: option %d is not in its shift", d, team, o)
				}
			}
		}
	}
	if seats != len(p.Chosen) {
		t.Errorf("%d options on seats, %d chosen", seats, len(p.Chosen))
	}
}

func TestSamplesKeepEverything(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 1))
		c := country{sites: 3 + rng.IntN(30), cells: 20, duties: 1 + rng.IntN(3), teams: 1 + rng.IntN(3),
			slots: 2 + rng.IntN(4), length: 1 + rng.IntN(2), side: 4, separation: rng.Float64() * 2}
		in := c.instance(seed)
		start, value := greedy(in)
		if len(start.Chosen) > 0 && seed%3 == 0 {
			in.Forced = []int32{start.Chosen[0]}
		}
		floor := int64(0.95 * float64(value))
		s, err := From(context.Background(), in, start, floor, Options{Seed: "a", Effort: 0.2})
		if err != nil {
			t.Fatal(err)
		}
		for _, draw := range []string{"a", "b", "c"} {
			p := s.Sample(draw)
			check(t, in, p, floor)
			if len(p.Chosen) < len(start.Chosen) {
				t.Errorf("seed %d: %d posts, the plan it starts from has %d", seed, len(p.Chosen), len(start.Chosen))
			}
			if diff := cmp.Diff(p, s.Sample(draw)); diff != "" {
				t.Errorf("the same seed draws two plans:\n%s", diff)
			}
		}
	}
}

func TestDepartement(t *testing.T) {
	t.Parallel()
	in := country{sites: 150, cells: 400, duties: 9, teams: 2, slots: 5, length: 4, side: 30, separation: 2}.instance(3)
	start, value := greedy(in)
	s, err := From(context.Background(), in, start, int64(0.95*float64(value)), Options{Seed: "a"})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("options %d covers %d posts %d mean %.2f bits top %.3f value %.4f R %.3f apart %.3f accepted %.3f plans %d",
		in.Options(), len(in.Covers), len(start.Chosen), s.Mean, s.Top, s.Value/float64(value), s.Spread, s.Apart, s.Moved, s.Plans)
}
