package attack_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"vigie/geoengine/disclosure/attack"
)

type answer struct {
	counts []int
	lo, hi int
}

func TestAttacker(t *testing.T) {
	t.Parallel()
	none := math.MaxInt
	for name, tt := range map[string]struct {
		answers []answer
		want    [][2]int
	}{
		"nothing known":       {nil, [][2]int{{0, none}, {0, none}, {0, none}}},
		"a sum":               {[]answer{{[]int{0, 1, 2}, 7, 7}}, [][2]int{{0, 7}, {0, 7}, {0, 7}}},
		"parent less child":   {[]answer{{[]int{0, 1, 2}, 7, 7}, {[]int{1, 2}, 4, 4}}, [][2]int{{3, 3}, {0, 4}, {0, 4}}},
		"three differences":   {[]answer{{[]int{0, 1}, 5, 5}, {[]int{1, 2}, 7, 7}, {[]int{0, 2}, 8, 8}}, [][2]int{{3, 3}, {2, 2}, {5, 5}}},
		"all at their lowest": {[]answer{{[]int{0, 1, 2}, 3, 3}, {[]int{0}, 1, 4}, {[]int{1}, 1, 4}, {[]int{2}, 1, 4}}, [][2]int{{1, 1}, {1, 1}, {1, 1}}},
		"bounds":              {[]answer{{[]int{0, 1}, 10, 10}, {[]int{0}, 1, 4}, {[]int{1}, 5, none}}, [][2]int{{1, 4}, {6, 9}, {0, none}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := attack.New(3)
			for _, known := range tt.answers {
				a.Learn(known.counts, known.lo, known.hi)
			}
			a.Solve()
			for i, want := range tt.want {
				if lo, hi := a.Interval(i); lo != want[0] || hi != want[1] {
					t.Errorf("count %d: got %d to %d, want %v", i, lo, hi, want)
				}
			}
		})
	}
}

// TestAttackerIsRight gives true answers about random counts: the truth must stay possible.
func TestAttackerIsRight(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		truth := make([]int, 12)
		for i := range truth {
			truth[i] = r.IntN(9)
		}
		a := attack.New(len(truth))
		for range r.IntN(30) {
			counts := r.Perm(len(truth))[:1+r.IntN(5)]
			sum := 0
			for _, c := range counts {
				sum += truth[c]
			}
			a.Learn(counts, sum-r.IntN(2), sum+r.IntN(2))
		}
		a.Solve()
		for i, n := range truth {
			if lo, hi := a.Interval(i); a.Impossible() || n < lo || n > hi {
				t.Fatalf("seed %d: count %d is %d, not %d to %d", seed, i, n, lo, hi)
			}
		}
	}
}
