package predict

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// lattice gives the rook neighbours of a square grid.
func lattice(side int) Neighbours {
	near := Neighbours{Start: []int32{0}}
	for i := range side * side {
		row, column := i/side, i%side
		for _, step := range [][2]int{{-1, 0}, {0, -1}, {0, 1}, {1, 0}} {
			if r, c := row+step[0], column+step[1]; r >= 0 && r < side && c >= 0 && c < side {
				near.List = append(near.List, int32(r*side+c))
			}
		}
		near.Start = append(near.Start, int32(len(near.List)))
	}
	return near
}

// The values of bench/peers/predict.py, with what esda 2.9.0 makes of them: G_Local(…, transform="B", star=True,
// permutations=99999). Its p-values are those of the nearer side.
func TestHotBesideEsda(t *testing.T) {
	t.Parallel()
	peerZ := []float64{
		3.389760632, 2.595573903, -0.07196550315, 0.109409727, 0.3310644996, 0.3337881655, -0.05078979199,
		3.643168098, 2.565190535, 0.4492087972, -0.5383562607, 0.2132851427, -1.029125414, -1.144831578,
		1.585509755, 1.465128072, 1.084649012, -0.1535923616, -1.467065479, -0.8156883398, -1.17922682,
		0.4698760056, 0.7612368105, -0.4252877076, -0.3123583158, 0.06588944704, -1.703697647, -0.8476383572,
		-0.1649438209, 0.1192265831, 0.1454865677, -0.7098080471, -0.8829973927, -0.1068926915, -1.550056732,
		0.7470225118, 0.1530240277, -1.044882651, -0.7347424909, -0.7592253503, -1.531785506, -0.8141654658,
		-0.1174265388, 0.1940441645, 0.07629004206, -0.837167955, -0.9207821601, -1.19962671, -0.9330463015,
	}
	peerP := []float64{
		0.02181000076, 0.03316999972, 0.2911300063, 0.2536199987, 0.3925800025, 0.4312100112, 0.3080799878,
		0.0005699999747, 0.02171999961, 0.3196800053, 0.1635199934, 0.2515900135, 0.2717899978, 0.1623300016,
		0.1897500008, 0.1495500058, 0.09782999754, 0.472299993, 0.02982000075, 0.3641799986, 0.08144000173,
		0.1711499989, 0.1265700012, 0.08583000302, 0.4927900136, 0.2832399905, 0.006300000008, 0.3343900144,
		0.2982600033, 0.4643999934, 0.265929997, 0.3020800054, 0.02099999972, 0.3638100028, 0.1063399985,
		0.1385499984, 0.4287799895, 0.1644999981, 0.3998999894, 0.3932499886, 0.03252999857, 0.2477499992,
		0.4275200069, 0.3909099996, 0.2785600126, 0.01503000036, 0.3305900097, 0.2271600068, 0.2245000005,
	}
	u := stream(11)
	values := make([]float64, 49)
	for i := range values {
		values[i] = -math.Log(1 - u())
		if i%7 < 2 && i/7 < 3 {
			values[i] += 2
		}
	}
	g, err := Hot(context.Background(), values, lattice(7), LocalGOptions{Permutations: 99_999, Enough: 99_999, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(peerZ, g.Z, near(1e-8)); diff != "" {
		t.Error("z", diff)
	}
	for i, p := range g.P {
		folded := min(p, 1-p)
		// Both are shares of 99,999 draws: five standard errors of their difference.
		if most := 5*math.Sqrt(2*peerP[i]*(1-peerP[i])/99_999) + 2e-5; math.Abs(folded-peerP[i]) > most {
			t.Errorf("place %d: p %v, esda %v", i, folded, peerP[i])
		}
	}
	early, err := Hot(context.Background(), values, lattice(7), LocalGOptions{Permutations: 99_999, Enough: 400, Seed: 4})
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range early.P {
		if math.Abs(p-g.P[i]) > 5*g.P[i]/math.Sqrt(400)+1e-4 {
			t.Errorf("place %d: p %v when the test may end early, %v when not", i, p, g.P[i])
		}
	}
}

// With two neighbours of n places the exact p-value is a share of all pairs.
func TestHotBesideAllPairs(t *testing.T) {
	t.Parallel()
	values := []float64{3, 0, 1, 4, 1, 5, 0, 2, 6, 5, 3, 5}
	n := len(values)
	near := Neighbours{Start: []int32{0}, List: nil, Weight: nil}
	for i := range values {
		near.List = append(near.List, int32((i+n-1)%n), int32((i+1)%n))
		near.Weight = append(near.Weight, 0.5, 2)
		near.Start = append(near.Start, int32(len(near.List)))
	}
	g, err := Hot(context.Background(), values, near, LocalGOptions{Permutations: 40_000, Enough: 40_000, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for i := range values {
		observed := 0.5*values[(i+n-1)%n] + 2*values[(i+1)%n]
		var high, all float64
		for a := range values {
			for b := range values {
				if a != b && a != i && b != i {
					all++
					if 0.5*values[a]+2*values[b] >= observed {
						high++
					}
				}
			}
		}
		if want := high / all; math.Abs(want-g.P[i]) > 5*math.Sqrt(want*(1-want)/40_000)+1e-4 {
			t.Errorf("place %d: p %v, all pairs give %v", i, g.P[i], want)
		}
	}
}

func TestHotIsTheSameForTheSameSeed(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 1))
	values := make([]float64, 900)
	for i := range values {
		values[i] = float64(poissonDraw(random, 0.8))
	}
	options := LocalGOptions{Permutations: 999, Seed: 8}
	first, err := Hot(context.Background(), values, lattice(30), options)
	if err != nil {
		t.Fatal(err)
	}
	second, _ := Hot(context.Background(), values, lattice(30), options)
	if diff := cmp.Diff(first, second); diff != "" {
		t.Error(diff)
	}
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Hot(stopped, values, lattice(30), options); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestHotOnWhatCannotBe(t *testing.T) {
	t.Parallel()
	good := lattice(2)
	for name, tt := range map[string]struct {
		values []float64
		near   Neighbours
		o      LocalGOptions
		want   error
	}{
		"two places":       {[]float64{1, 2}, good, LocalGOptions{}, ErrEmpty},
		"rows":             {[]float64{1, 2, 3}, good, LocalGOptions{}, ErrShape},
		"not a number":     {[]float64{1, 2, 3, math.NaN()}, good, LocalGOptions{}, ErrShape},
		"own neighbour":    {[]float64{1, 2, 3}, Neighbours{Start: []int32{0, 1, 1, 1}, List: []int32{0}}, LocalGOptions{}, ErrShape},
		"stranger":         {[]float64{1, 2, 3}, Neighbours{Start: []int32{0, 1, 1, 1}, List: []int32{7}}, LocalGOptions{}, ErrShape},
		"too many":         {[]float64{1, 2, 3}, Neighbours{Start: []int32{0, 3, 3, 3}, List: []int32{1, 2, 1}}, LocalGOptions{}, ErrShape},
		"backwards":        {[]float64{1, 2, 3}, Neighbours{Start: []int32{0, 1, 0, 1}, List: []int32{1}}, LocalGOptions{}, ErrShape},
		"weights":          {[]float64{1, 2, 3}, Neighbours{Start: []int32{0, 1, 1, 1}, List: []int32{1}, Weight: []float64{1, 2}}, LocalGOptions{}, ErrShape},
		"negative weight":  {[]float64{1, 2, 3}, Neighbours{Start: []int32{0, 1, 1, 1}, List: []int32{1}, Weight: []float64{-1}}, LocalGOptions{}, ErrShape},
		"few permutations": {[]float64{1, 2, 3, 4}, good, LocalGOptions{Permutations: 9}, ErrShape},
	} {
		if _, err := Hot(context.Background(), tt.values, tt.near, tt.o); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	flat, err := Hot(context.Background(), []float64{2, 2, 2, 2}, good, LocalGOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]float64{1, 1, 1, 1}, flat.P); diff != "" {
		t.Error("equal values everywhere", diff)
	}
}

// Of data sets without any hot spot at most one in twenty shows one. The sweep of 1,000 is vigie bench zones.
func TestFalseDiscoveries(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(6, 28))
	const sets = 120
	found := 0
	for set := range sets {
		values := make([]float64, 400)
		for i := range values {
			values[i] = float64(poissonDraw(random, 0.3*gammaDraw(random, 0.5)/0.5))
		}
		g, err := Hot(context.Background(), values, lattice(20), LocalGOptions{Permutations: 9999, Enough: 30, Seed: uint64(set)})
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range g.Q {
			if q <= 0.05 {
				found++
				break
			}
		}
	}
	if low, _ := ExactShare(found, sets, 0.99); low > 0.05 {
		t.Errorf("%d of %d data sets without hot spots show one", found, sets)
	}
}
