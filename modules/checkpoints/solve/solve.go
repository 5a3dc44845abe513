package solve

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"vigie/geoengine"
	"vigie/modules/checkpoints/verify"
	"vigie/progress"
)

// Options say how long to search and for what.
type Options struct {
	// Work and TimeLimit, none if zero, cut the search: the best solution and bound so far are returned. Work is a number of
	// entries of the coverage looked at, the same on every machine, some 2·10⁸ in a second of one core.
	Work      int64
	TimeLimit time.Duration
	Seed      uint64  // kept with the result; the search itself makes no random choice
	Gap       float64 // (Bound − Value) / Bound that is good enough; 0 for an optimum
	Progress  progress.Func
}

// Solution is the best choice found, with a proof of how much better another one could be.
type Solution struct {
	Chosen      []int32   // ascending
	Shifts      [][]int32 // of each duty: the shifts that its working teams take, at most Teams, ascending
	Value       int64
	Bound       int64
	Certificate *verify.Certificate
	Log         Log
}

// Gap is (Bound − Value) / Bound, 0 for an optimum.
func (s *Solution) Gap() float64 {
	if s.Bound == 0 {
		return 0
	}
	return float64(s.Bound-s.Value) / float64(s.Bound)
}

// Log says how the solution came about.
type Log struct {
	Greedy  int64 // value after the greedy choice
	Swapped int64 // and after swaps
	Root    int64 // bound before anything was branched on
	Options int   // at the beginning
	Core    int   // left open by the bound of the root
	Nodes   int   // of the search
	Steps   int   // of multipliers
	Seed    uint64
	Work    int64 // entries of the coverage looked at
	Stopped bool  // by the limit of work or of time
}

// Solve finds the best choice and proves its bound: greedy, swaps, Lagrangian bound, reduced-cost fixing, independent parts,
// branch and bound. The result depends on the instance only, unless the time limit cuts the search. It fails with
// geoengine.ErrInvalid where the instance is not well formed or its forced options do not go together, and
// with the error of ctx when that ends.
func Solve(ctx context.Context, in *Instance, o Options) (*Solution, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	if _, err := in.Roster(in.Forced); err != nil {
		return nil, fmt.Errorf("the forced posts contradict one another: %w", err)
	}
	if o.Gap < 0 || o.Gap >= 1 || o.TimeLimit < 0 || o.Work < 0 {
		return nil, fmt.Errorf("gap %v, work %d and time limit %v must not be negative, the gap below 1: %w", o.Gap, o.Work, o.TimeLimit, geoengine.ErrInvalid)
	}
	timed := ctx
	if o.TimeLimit > 0 {
		var cancel context.CancelFunc
		timed, cancel = context.WithTimeout(ctx, o.TimeLimit)
		defer cancel()
	}
	l := newLayout(in)
	s := &search{l: l, ctx: timed, u: make([]int64, len(in.Weights)), price: make([]int64, in.Groups), known: map[string]int{}, budget: math.MaxInt, work: cmp.Or(o.Work, math.MaxInt64)}
	s.log.Seed, s.log.Options = o.Seed, in.Options()
	s.report = func() {
		o.Progress.Report(progress.Update{Task: "choosing posts", Unit: "nodes", Done: int64(s.log.Nodes)})
	}
	for e, w := range in.Weights {
		s.u[e] = w * l.scale
	}
	sol := s.whole(o)
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("choose posts: %w", err)
	}
	s.log.Stopped, s.log.Work = s.cut(), l.work
	sol.Log = s.log
	o.Progress.Report(progress.Update{Task: "choosing posts", Unit: "nodes", Done: int64(s.log.Nodes), Finished: true})
	return sol, seal(in, sol)
}

// whole solves the instance, forced options first.
func (s *search) whole(o Options) *Solution {
	raw := s.l.root()
	is := make([]state, raw.options())
	forced := make(map[int32]bool, len(s.l.in.Forced))
	for _, f := range s.l.in.Forced {
		forced[f] = true
	}
	for at, id := range raw.option {
		if forced[id] {
			is[at] = taken
			for _, r := range raw.rivalsOf(int32(at)) {
				is[r] = left
			}
		}
	}
	c, gain, _, _ := s.l.reduce(raw, is)
	p := newPrimal(s.l, c)
	p.greedy()
	s.log.Greedy = p.value + gain
	p.swaps(20)
	s.log.Swapped = p.value + gain
	d := newDual(s.l, c, s.begin(p))
	to := goal{lower: p.value, known: p.list(), tol: int64(o.Gap * float64(p.value+gain))}
	r := s.solve(c, d, to)
	sol := &Solution{Chosen: p.list(), Value: r.value + gain, Bound: r.bound + gain}
	if r.better {
		sol.Chosen = r.chosen
	}
	sol.Chosen = append(sol.Chosen, taken1(raw, is)...)
	slices.Sort(sol.Chosen)
	sol.Certificate = &verify.Certificate{Value: sol.Value, Bound: sol.Bound, Scale: s.l.scale, Root: r.node, Cliques: s.cliques}
	return sol
}

// begin are the multipliers to begin with: an element that the solution covers n times is worth its weight divided by n.
func (s *search) begin(p *primal) []int64 {
	u := make([]int64, len(p.c.weight))
	for e, w := range p.c.weight {
		u[e] = w * s.l.scale / int64(max(1, p.count[e]))
	}
	return u
}

// seal completes the certificate.
func seal(in *Instance, sol *Solution) (err error) {
	if sol.Shifts, err = in.Roster(sol.Chosen); err != nil {
		return fmt.Errorf("the solver broke a rule: %w", err)
	}
	sol.Certificate.Shifts = sol.Shifts
	if sol.Certificate.Digest, err = verify.Seal(in.Problem(), sol.Chosen, sol.Certificate); err != nil {
		return fmt.Errorf("seal the proof: %w", err)
	}
	return nil
}
