package solve_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigie/geoengine"
	"vigie/modules/checkpoints/solve"
	"vigie/modules/checkpoints/verify"
)

// Four slots, shifts of two in a row, two teams, one site in each slot but two in the second.
func small() *solve.Instance {
	return &solve.Instance{
		Weights: []int64{8, 4, 2, 1, 16}, Start: []int32{0, 1, 2, 3, 4, 5}, Covers: []int32{0, 1, 2, 3, 4}, Group: []int32{0, 1, 2, 3, 1}, Groups: 4,
		Duties: []solve.Duty{{Teams: 2, Shifts: [][]int32{{0, 1}, {1, 2}, {2, 3}}}},
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*solve.Instance)
		chosen []int32
		says   string // "" if it is feasible
	}{
		{"one shift", nil, []int32{0, 1}, ""},
		{"both teams in one slot", nil, []int32{1, 4}, ""},
		{"all slots", nil, []int32{0, 1, 2, 3}, ""},
		{"three stretches for two teams", nil, []int32{0, 1, 2, 3, 4}, "no 2 shifts of duty 0 hold options [0 1 2 3 4]"},
		{"twice", nil, []int32{0, 0}, "option 0 of 5 is chosen twice"},
		{"not there", nil, []int32{5}, "does not exist"},
		{"in conflict", func(in *solve.Instance) { in.Conflicts = [][2]int32{{1, 2}} }, []int32{1, 2}, "options 1 and 2 exclude one another"},
		{"forced is missing", func(in *solve.Instance) { in.Forced = []int32{3} }, []int32{0}, "option 3 is forced"},
		{"a group without shift", func(in *solve.Instance) { in.Duties[0].Shifts = in.Duties[0].Shifts[:1] }, []int32{3}, "group 3, which no shift works in"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			in := small()
			if test.change != nil {
				test.change(in)
			}
			err := in.Feasible(test.chosen)
			if test.says == "" && err != nil || test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says) || !errors.Is(err, geoengine.ErrInvalid)) {
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
}

func TestMalformed(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*solve.Instance){
		"negative weight":      func(in *solve.Instance) { in.Weights[0] = -1 },
		"weights too large":    func(in *solve.Instance) { in.Weights[0], in.Weights[1] = solve.MaxSum, 1 },
		"rows do not fit":      func(in *solve.Instance) { in.Start = in.Start[1:] },
		"element out of range": func(in *solve.Instance) { in.Covers[0] = 5 },
		"group out of range":   func(in *solve.Instance) { in.Group[0] = 4 },
		"group of two duties":  func(in *solve.Instance) { in.Duties = append(in.Duties, in.Duties[0]) },
		"group twice":          func(in *solve.Instance) { in.Duties[0].Shifts[0] = []int32{0, 0} },
		"negative teams":       func(in *solve.Instance) { in.Duties[0].Teams = -1 },
		"conflict turned":      func(in *solve.Instance) { in.Conflicts = [][2]int32{{2, 1}} },
		"forced out of range":  func(in *solve.Instance) { in.Forced = []int32{9} },
		"forced in conflict":   func(in *solve.Instance) { in.Conflicts, in.Forced = [][2]int32{{1, 2}}, []int32{1, 2} },
		"forced beyond teams":  func(in *solve.Instance) { in.Forced = []int32{0, 1, 2, 3, 4} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := small()
			change(in)
			if _, err := solve.Solve(t.Context(), in, solve.Options{}); !errors.Is(err, geoengine.ErrInvalid) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// hard is an instance without geography: each option covers elements at random, so that the bound is far off.
func hard() *solve.Instance {
	r := rand.New(rand.NewPCG(7, 7))
	in := &solve.Instance{Start: []int32{0}, Groups: 30}
	for range 600 {
		in.Weights = append(in.Weights, 1+r.Int64N(1000))
	}
	for g := range 30 {
		in.Duties = append(in.Duties, solve.Duty{Teams: 1, Shifts: [][]int32{{int32(g)}}})
		for range 20 {
			for e := range in.Weights {
				if r.IntN(30) == 0 {
					in.Covers = append(in.Covers, int32(e))
				}
			}
			in.Group, in.Start = append(in.Group, int32(g)), append(in.Start, int32(len(in.Covers)))
		}
	}
	return in
}

// Cut by the time limit, there is a solution with a bound and a proof of it; the context ends it with its error.
func TestAnytime(t *testing.T) {
	t.Parallel()
	in := hard()
	sol, err := solve.Solve(t.Context(), in, solve.Options{TimeLimit: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if !sol.Log.Stopped || sol.Bound <= sol.Value || sol.Value <= 0 {
		t.Errorf("stopped %v, %d ≤ %d", sol.Log.Stopped, sol.Value, sol.Bound)
	}
	if _, _, err := verify.Check(in.Problem(), sol.Chosen, sol.Certificate); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := solve.Solve(ctx, in, solve.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// Cut by the limit of work, the same instance gives the same result and the same proof, however busy the machine is.
func TestCutByWorkIsTheSame(t *testing.T) {
	t.Parallel()
	in := hard()
	first, err := solve.Solve(t.Context(), in, solve.Options{Work: 20_000_000})
	if err != nil {
		t.Fatal(err)
	}
	if !first.Log.Stopped || first.Bound <= first.Value {
		t.Errorf("stopped %v, %d ≤ %d", first.Log.Stopped, first.Value, first.Bound)
	}
	second, err := solve.Solve(t.Context(), in, solve.Options{Work: 20_000_000})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Error(diff)
	}
	if _, _, err := verify.Check(in.Problem(), first.Chosen, first.Certificate); err != nil {
		t.Error(err)
	}
}

// A gap that is good enough ends the search, and the same instance gives the same result and the same proof.
func TestGapAndSame(t *testing.T) {
	t.Parallel()
	in := hard()
	first, err := solve.Solve(t.Context(), in, solve.Options{Gap: 0.2})
	if err != nil {
		t.Fatal(err)
	}
	if first.Gap() > 0.2 || first.Bound < first.Value {
		t.Errorf("gap %v, %d ≤ %d", first.Gap(), first.Value, first.Bound)
	}
	second, err := solve.Solve(t.Context(), in, solve.Options{Gap: 0.2})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Error(diff)
	}
	if _, _, err := verify.Check(in.Problem(), first.Chosen, first.Certificate); err != nil {
		t.Error(err)
	}
}
