package predict

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Runs stay together, everybody has the same chance, and the same source gives the same draws.
func TestResample(t *testing.T) {
	t.Parallel()
	const n, block, draws = 11, 4, 4000
	times := make([]float64, n)
	calls := 0
	Resample(rand.New(rand.NewPCG(1, 1)), n, block, draws, func(draw int, sample []int) {
		if draw != calls || len(sample) != n {
			t.Fatalf("draw %d of %d things, want draw %d of %d", draw, len(sample), calls, n)
		}
		calls++
		for k, i := range sample {
			times[i]++
			if k%block != 0 && i != (sample[k-1]+1)%n {
				t.Fatalf("%v: no runs of %d", sample, block)
			}
		}
	})
	for i, got := range times {
		if math.Abs(got/draws-1) > 0.08 {
			t.Errorf("thing %d: %v draws of %d", i, got, draws)
		}
	}
	same := func(block int) (all [][]int) {
		Resample(rand.New(rand.NewPCG(2, 2)), 5, block, 3, func(_ int, sample []int) { all = append(all, append([]int(nil), sample...)) })
		return all
	}
	for _, block := range []int{-1, 1, 2, 5, 99} {
		if diff := cmp.Diff(same(block), same(block)); diff != "" {
			t.Error(diff)
		}
	}
	Resample(nil, 0, 1, 5, func(int, []int) { t.Error("something of nothing") })
}
