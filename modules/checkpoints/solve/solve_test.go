package solve_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"vigie/geoengine"
	"vigie/modules/checkpoints/solve"
	"vigie/modules/checkpoints/solve/random"
	"vigie/modules/checkpoints/verify"
)

// Random instances of every awkward kind: the value is that of trying everything, no rule is broken, and the checker
// accepts the proof of an optimum. vigie bench placement --check runs 100,000 of them.
func TestAgainstEverything(t *testing.T) {
	t.Parallel()
	for seed := range uint64(600) {
		r := rand.New(rand.NewPCG(seed, 4))
		in := random.Instance(r, 11)
		want, possible := random.Best(in)
		sol, err := solve.Solve(t.Context(), in, solve.Options{})
		if !possible {
			if !errors.Is(err, geoengine.ErrInvalid) {
				t.Fatalf("seed %d: contradictory forced options: %v", seed, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if err := in.Feasible(sol.Chosen); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
		if sol.Value != want || sol.Bound != want || in.Value(sol.Chosen) != want {
			t.Errorf("seed %d: value %d (recomputed %d), bound %d, want %d", seed, sol.Value, in.Value(sol.Chosen), sol.Bound, want)
		}
		value, bound, err := verify.Check(in.Problem(), sol.Chosen, sol.Certificate)
		if err != nil || value != sol.Value || bound != sol.Bound {
			t.Errorf("seed %d: checker says %d ≤ %d, %v", seed, value, bound, err)
		}
	}
}
