package judge

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestIndices(t *testing.T) {
	t.Parallel()
	// The all-history count on Portland: 38.2 at 0.251 of 147.71 square miles is 6.49 % of the thefts.
	got := []float64{
		PAI(649, 10_000, 0.251, 147.71), PAI(3, 3, 1, 1), PAI(1, 0, 1, 2), PAI(1, 2, 0, 2), PAI(1, 2, 1, 0), PAI(math.Inf(1), 2, 1, 2),
		PEI(3, 4), PEI(0, 0), PEI(math.NaN(), 2),
	}
	want := []float64{38.19, 1, 0, 0, 0, 0, 0.75, 0, 0}
	if diff := cmp.Diff(want, got, near(1e-3)); diff != "" {
		t.Error(diff)
	}
}

func TestRank(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	for name, tt := range map[string]struct {
		scores, areas []float64
		want          []int32
	}{
		"by score":          {[]float64{1, 3, 2}, nil, []int32{1, 2, 0}},
		"by score per area": {[]float64{1, 3, 2}, []float64{0.1, 3, 1}, []int32{0, 2, 1}},
		"ties by index":     {[]float64{1, 1, 2, 1}, nil, []int32{2, 0, 1, 3}},
		"no number, area":   {[]float64{nan, 0, 5, 1}, []float64{1, 1, 0, 1}, []int32{3, 1, 0, 2}},
		"nothing":           {nil, nil, []int32{}},
	} {
		if diff := cmp.Diff(tt.want, Rank(tt.scores, tt.areas)); diff != "" {
			t.Error(name, diff)
		}
	}
}

func TestCapture(t *testing.T) {
	t.Parallel()
	observed := []float64{5, 4, 3, 2}
	for name, tt := range map[string]struct {
		areas      []float64
		budget     float64
		hits, used float64
	}{
		"equal":                         {nil, 2, 9, 2},
		"not quite three":               {nil, 2.999, 9, 2},
		"rounding":                      {[]float64{0.1, 0.2, 0.3, 1}, 0.1 + 0.2 + 0.3 - 1e-12, 12, 0.6},
		"what does not fit ends it":     {[]float64{1, 3, 1, 1}, 3, 5, 1}, // the third and fourth would fit
		"nothing fits":                  {[]float64{2, 1, 1, 1}, 1, 0, 0},
		"all, and no more than all":     {nil, 99, 14, 4},
		"no budget":                     {nil, 0, 0, 0},
		"a budget that is not a number": {nil, math.NaN(), 0, 0},
	} {
		hits, used := Capture([]int32{0, 1, 2, 3}, tt.areas, observed, tt.budget)
		if diff := cmp.Diff([]float64{tt.hits, tt.used}, []float64{hits, used}, near(1e-12)); diff != "" {
			t.Error(name, diff)
		}
	}
}

func TestBestBesideHiGHS(t *testing.T) {
	t.Parallel()
	u := stream(5)
	peer := [][]float64{{10.076721171486893, 15}, {12.593115915023576, 85}, {15.154487652056714, 30}, {27.65327301617668, 336}}
	var got [][]float64
	for _, tt := range []struct {
		places, most  int
		uneven, share float64
	}{{40, 4, 0.6, 0.2}, {120, 9, 0.1, 0.1}, {300, 3, 0.02, 0.05}, {60, 30, 0.9, 0.33}} {
		areas, values, sum := make([]float64, tt.places), make([]float64, tt.places), 0.0
		for i := range areas {
			areas[i] = 1 + tt.uneven*u()
			sum += areas[i]
		}
		for i := range values {
			values[i] = math.Trunc(float64(tt.most) * math.Pow(u(), 3))
		}
		got = append(got, []float64{tt.share * sum, Best(areas, values, tt.share*sum)})
	}
	if diff := cmp.Diff(peer, got, near(1e-9)); diff != "" {
		t.Error("peer", diff)
	}
}

// Best is what trying every choice finds.
func TestBestIsTheBest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 10).Draw(t, "places")
		areas, values := make([]float64, n), make([]float64, n)
		for i := range areas {
			areas[i] = float64(rapid.IntRange(1, 9).Draw(t, "area")) / 4
			values[i] = float64(rapid.IntRange(0, 12).Draw(t, "value")) / float64(rapid.IntRange(1, 2).Draw(t, "part"))
		}
		budget := float64(rapid.IntRange(0, 40).Draw(t, "budget")) / 4
		want := 0.0
		for choice := range 1 << n {
			area, value := 0.0, 0.0
			for i := range n {
				if choice>>i&1 == 1 {
					area, value = area+areas[i], value+values[i]
				}
			}
			if area <= budget {
				want = max(want, value)
			}
		}
		if got := Best(areas, values, budget); math.Abs(got-want) > 1e-9 {
			t.Fatalf("best %v, want %v", got, want)
		}
	})
}

// A city's worth of places takes no time worth speaking of, equal areas are the top counts.
func TestBestOfManyPlaces(t *testing.T) {
	t.Parallel()
	u := stream(8)
	const n = 60_000
	areas, values := make([]float64, n), make([]float64, n)
	for i := range areas {
		areas[i] = 15_000 + 900*u()
		values[i] = math.Trunc(-0.6 * math.Log(1-u()))
	}
	budget := 15_450.0 * n / 100
	best := Best(areas, values, budget)
	chosen, _ := Capture(Rank(values, areas), areas, values, budget)
	if best < chosen || best > chosen+20 {
		t.Errorf("best %v, the densest first %v", best, chosen)
	}
	equal, _ := Capture(Rank(values, nil), nil, values, 600)
	if got := Best(nil, values, 600); got != equal {
		t.Errorf("equal areas: best %v, the top %v", got, equal)
	}
}
