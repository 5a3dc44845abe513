package predict

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func network(t *testing.T, nodes int, ends [][2]int32, length []float64) *Network {
	t.Helper()
	n, err := NewNetwork(nodes, ends, length)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// quartic is the closed form of the share of one side of the kernel within d metres.
func quartic(d, h float64) float64 {
	u := math.Min(d/h, 1)
	return 15.0 / 16 * (u - 2*u*u*u/3 + u*u*u*u*u/5)
}

func TestDensityOnAStar(t *testing.T) {
	t.Parallel()
	// Four arms of 1 km; an event 100 m up the first, bandwidth 400 m.
	star := network(t, 5, [][2]int32{{0, 1}, {0, 2}, {0, 3}, {0, 4}}, []float64{1000, 1000, 1000, 1000})
	event := []Event{{Segment: 0, Metres: 100, Weight: 2}}
	over := 0.5 - quartic(100, 400) // what passes the junction, of a mass of 1
	for split, want := range map[Split][]float64{
		Discontinuous: {2 * (1 - over), 2 * over / 3, 2 * over / 3, 2 * over / 3},
		Continuous:    {2 * (1 - over + (2.0/4-1)*over), 2 * over / 2, 2 * over / 2, 2 * over / 2},
	} {
		got, err := Density(context.Background(), star, event, 400, split)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, near(1e-12)); diff != "" {
			t.Errorf("split %d: %s", split, diff)
		}
	}
}

func TestDensityOnALineIsTheKernel(t *testing.T) {
	t.Parallel()
	var ends [][2]int32
	var length []float64
	for i := range int32(10) {
		ends, length = append(ends, [2]int32{i, i + 1}), append(length, 100)
	}
	line := network(t, 11, ends, length)
	for _, split := range []Split{Discontinuous, Continuous} {
		got, err := Density(context.Background(), line, []Event{{Segment: 5, Metres: 30, Weight: 1}, {Segment: 0, Metres: 0, Weight: 1}}, 250, split)
		if err != nil {
			t.Fatal(err)
		}
		want := make([]float64, 10)
		for s := range want {
			a, b := float64(100*s)-530, float64(100*s+100)-530
			side := func(x float64) float64 { return math.Copysign(quartic(math.Abs(x), 250), x) }
			want[s] = side(b) - side(a)
			want[s] += 2 * (quartic(float64(100*s+100), 250) - quartic(float64(100*s), 250)) // turned back at the dead end
		}
		if diff := cmp.Diff(want, got, near(1e-12)); diff != "" {
			t.Errorf("split %d: %s", split, diff)
		}
	}
}

// tangle is a random connected network with loops and dead ends.
func tangle(t *testing.T, random *rand.Rand, nodes, more int) *Network {
	var ends [][2]int32
	var length []float64
	add := func(a, b int) {
		ends, length = append(ends, [2]int32{int32(a), int32(b)}), append(length, 60+200*random.Float64())
	}
	for i := 1; i < nodes; i++ {
		add(i, random.IntN(i))
	}
	for range more {
		add(random.IntN(nodes), random.IntN(nodes))
	}
	return network(t, nodes, ends, length)
}

func TestDensityKeepsItsMass(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 1))
	for range 30 {
		n := tangle(t, random, 20, 8)
		var events []Event
		var weight float64
		for range 5 {
			s := random.IntN(n.Segments())
			e := Event{Segment: int32(s), Metres: random.Float64() * n.length[s], Weight: random.Float64()}
			events, weight = append(events, e), weight+e.Weight
		}
		for _, split := range []Split{Discontinuous, Continuous} {
			mass, err := Density(context.Background(), n, events, 400, split)
			if err != nil {
				t.Fatal(err)
			}
			if got := sum(mass); math.Abs(got-weight) > 0.002*weight {
				t.Errorf("split %d: a mass of %v became %v", split, weight, got)
			}
			if split == Discontinuous {
				for s, m := range mass {
					if m < 0 {
						t.Errorf("segment %d has %v", s, m)
					}
				}
			}
		}
	}
}

// The discontinuous kernel is where walkers end that choose evenly at each node, never turning back but at dead ends.
func TestDensityBesideWalkers(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(12, 1))
	n := tangle(t, random, 12, 6)
	e := Event{Segment: 4, Metres: n.length[4] / 3, Weight: 1}
	const h, walkers = 500, 200_000
	ended := make([]float64, n.Segments())
	for range walkers {
		// A distance from the kernel: by its closed form, through bisection.
		at, low, high := random.Float64()/2, 0.0, float64(h)
		for range 40 {
			if mid := (low + high) / 2; quartic(mid, h) < at {
				low = mid
			} else {
				high = mid
			}
		}
		left, half := low, 2*e.Segment+int32(random.IntN(2))
		room := n.length[e.Segment] - e.Metres
		if half%2 == 0 {
			room = e.Metres
		}
		for left > room {
			left -= room
			around := n.at(n.ends[half/2][half%2])
			next := half
			for len(around) > 1 && next == half {
				next = around[random.IntN(len(around))]
			}
			half, room = next^1, n.length[next/2]
		}
		ended[half/2] += 1.0 / walkers
	}
	mass, err := Density(context.Background(), n, []Event{e}, h, Discontinuous)
	if err != nil {
		t.Fatal(err)
	}
	for s := range mass {
		if math.Abs(mass[s]-ended[s]) > 5*math.Sqrt(mass[s]/walkers)+2e-3 {
			t.Errorf("segment %d: %v, walkers %v", s, mass[s], ended[s])
		}
	}
}

// The continuous kernel has one value at a node, whichever segment it is approached on.
func TestContinuousIsContinuous(t *testing.T) {
	t.Parallel()
	// A junction of three with stubs of 1 m, whose mass is nearly the density at the node.
	ends := [][2]int32{{0, 1}, {0, 2}, {0, 3}, {1, 4}, {2, 5}, {3, 6}}
	n := network(t, 7, ends, []float64{1, 1, 1, 300, 300, 300})
	mass, err := Density(context.Background(), n, []Event{{Segment: 3, Metres: 50, Weight: 1}}, 200, Continuous)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(mass[0]-mass[1]) > 0.03*mass[0] || math.Abs(mass[1]-mass[2]) > 1e-12 {
		t.Errorf("at the node %v", mass[:3])
	}
}

func TestStretches(t *testing.T) {
	t.Parallel()
	// Three segments of 400 m in a row, and a side road at their second node.
	n := network(t, 5, [][2]int32{{0, 1}, {1, 2}, {2, 3}, {1, 4}}, []float64{400, 400, 400, 400})
	at := func(segment int32, metres, serious float64, times int) (events []Event) {
		for range times {
			events = append(events, Event{Segment: segment, Metres: metres, Weight: 1, Serious: serious})
		}
		return events
	}
	join := func(parts ...[]Event) (events []Event) {
		for _, p := range parts {
			events = append(events, p...)
		}
		return events
	}
	for name, tt := range map[string]struct {
		events    []Event
		in        []bool
		accidents float64
	}{
		"ten at one place":             {at(0, 100, 1, 10), []bool{true, false, false, false}, 10},
		"nine are not enough":          {at(0, 100, 2, 9), []bool{false, false, false, false}, 0},
		"ten but few hurt":             {at(0, 100, 0.9, 10), []bool{false, false, false, false}, 0},
		"over a junction":              {join(at(0, 200, 1, 5), at(1, 250, 1, 5)), []bool{true, true, false, false}, 10},
		"just out of reach":            {join(at(0, 200, 1, 5), at(1, 301, 1, 5)), []bool{false, false, false, false}, 0},
		"at exactly 500 m":             {join(at(0, 200, 1, 5), at(1, 300, 1, 5)), []bool{true, true, false, false}, 10},
		"two branches do not add":      {join(at(0, 300, 1, 4), at(1, 100, 1, 4), at(3, 100, 1, 4)), []bool{false, false, false, false}, 0},
		"a path from branch to branch": {join(at(1, 100, 1, 5), at(3, 100, 1, 5)), []bool{false, true, false, true}, 10},
	} {
		got, err := n.Stretches(context.Background(), tt.events, ZAAC(5))
		if err != nil {
			t.Fatal(err)
		}
		most := 0.0
		for _, a := range got.Accidents {
			most = max(most, a)
		}
		if diff := cmp.Diff(tt.in, got.In); diff != "" || most != tt.accidents {
			t.Errorf("%s: %d accidents, %s", name, int(most), diff)
		}
	}
	// A ring of 300 m must not be counted twice round.
	ring := network(t, 3, [][2]int32{{0, 1}, {1, 2}, {2, 0}}, []float64{100, 100, 100})
	got, err := ring.Stretches(context.Background(), at(0, 50, 1, 6), ZAAC(5))
	if err != nil || got.In[0] {
		t.Errorf("six accidents on a ring became %v (%v)", got.Accidents, err)
	}
}

func TestAboveReference(t *testing.T) {
	t.Parallel()
	// 12 accidents where 3 are the reference: four times, the least that 12 can mean is 6.2006 (Garwood's table).
	above, ratio, low, err := AboveReference(12, 30, 0.1, 3)
	if err != nil || !above {
		t.Fatal(above, err)
	}
	if diff := cmp.Diff([]float64{4, 6.2006 / 3}, []float64{ratio, low}, near(1e-4)); diff != "" {
		t.Error(diff)
	}
	if above, _, _, _ := AboveReference(8, 30, 0.1, 3); above {
		t.Error("2.7 times the reference is not three times")
	}
	if _, _, _, err := AboveReference(8, 0, 0.1, 3); !errors.Is(err, ErrShape) {
		t.Error("no exposure:", err)
	}
}

func TestNetworksThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		ends   [][2]int32
		length []float64
	}{
		"no length": {[][2]int32{{0, 1}}, []float64{0}},
		"lengths":   {[][2]int32{{0, 1}}, nil},
		"stranger":  {[][2]int32{{0, 2}}, []float64{1}},
	} {
		if _, err := NewNetwork(2, tt.ends, tt.length); !errors.Is(err, ErrShape) {
			t.Errorf("%s: %v", name, err)
		}
	}
	n := network(t, 2, [][2]int32{{0, 1}}, []float64{100})
	for name, e := range map[string]Event{"segment": {Segment: 1}, "beyond": {Metres: 101}, "weight": {Weight: -1}} {
		if _, err := Density(context.Background(), n, []Event{e}, 100, Discontinuous); !errors.Is(err, ErrShape) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Density(context.Background(), n, nil, 0, Discontinuous); !errors.Is(err, ErrShape) {
		t.Error("no bandwidth:", err)
	}
	if _, err := n.Stretches(context.Background(), nil, Rule{}); !errors.Is(err, ErrShape) {
		t.Error("no rule:", err)
	}
}
