package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"vigie/geoengine"
	"vigie/modules/checkpoints/draw"
	"vigie/modules/checkpoints/solve"
	"vigie/modules/checkpoints/solve/random"
	"vigie/modules/checkpoints/verify"
	"vigie/progress"
)

// Placement measures the choice of posts on synthetic territories beside the solvers that are installed: CBC, HiGHS and
// CP-SAT, in the same run on the same instances, to the same gap; what they choose is valued again. With Options.Check it
// runs so many random instances instead. It needs no store.
func Placement(ctx context.Context, _ *geoengine.Store, options Options) ([]Result, error) {
	if options.Check > 0 {
		results, err := placementCheck(ctx, options)
		if err != nil {
			return nil, err
		}
		worlds, err := placementWorlds(ctx, options)
		return append(results, worlds...), err
	}
	var results []Result
	for _, spec := range placementSpecs() {
		for i := range spec.Cases {
			rows, err := placementCase(ctx, spec, options.Seed+uint64(i), options)
			if err != nil {
				return nil, fmt.Errorf("bench placement, %s: %w", spec.Name, err)
			}
			results = append(results, rows...)
		}
	}
	return results, nil
}

// placementLimit is how long we search at most.
const placementLimit = 2 * time.Minute

func placementCase(ctx context.Context, spec placementSpec, seed uint64, options Options) ([]Result, error) {
	in := spec.instance(seed)
	gap, times := 0.0, 2.0
	if strings.HasPrefix(spec.Name, "region") {
		gap, times = 0.001, 5
	}
	options.Progress.Report(progress.Update{Task: fmt.Sprintf("%s, seed %d", spec.Name, seed), Unit: "options", Done: int64(in.Options())})
	begun := time.Now()
	solution, err := solve.Solve(ctx, in, solve.Options{Gap: gap, TimeLimit: placementLimit})
	if err != nil {
		return nil, err
	}
	ours := time.Since(begun).Seconds()
	begun = time.Now()
	if _, _, err := verify.Check(in.Problem(), solution.Chosen, solution.Certificate); err != nil {
		return nil, err
	}
	checked := time.Since(begun).Seconds()
	name := fmt.Sprintf("%s, seed %d", spec.Name, seed)
	log := solution.Log
	options.Log.Info("placement", "instance", name, "options", in.Options(), "entries", len(in.Covers), "conflicts", len(in.Conflicts), "value", solution.Value,
		"bound", solution.Bound, "gap_percent", 100*solution.Gap(), "seconds", ours, "greedy", log.Greedy, "swapped", log.Swapped, "root", log.Root, "core", log.Core, "nodes", log.Nodes, "steps", log.Steps)
	results := []Result{
		Below(name+": gap", "%", 100*solution.Gap(), 100*gap),
		Below(name+": checker", "s", checked, 0.2),
		Below(name+fmt.Sprintf(": options left open of %d, %d nodes", in.Options(), log.Nodes), "options", float64(log.Core), float64(in.Options())),
	}
	if gap == 0 && spec.ApartKM == 0 {
		rows, err := placementDraw(ctx, name, in, solution)
		if err != nil {
			return nil, err
		}
		results = append(results, rows...)
	}
	peers, err := placementBeside(ctx, in, solution, ours, gap, options)
	if err != nil {
		return nil, err
	}
	for _, p := range peers {
		results = append(results, Faster(name+": to the gap", "s", ours, p.seconds, p.name, times))
	}
	return results, nil
}

// placementDraw measures how predictable the strategy is that keeps 95 % of the optimum.
func placementDraw(ctx context.Context, name string, in *solve.Instance, solution *solve.Solution) ([]Result, error) {
	strategy, err := draw.Mix(ctx, in, solution, draw.Options{Share: 0.95, Seed: name})
	if err != nil {
		return nil, fmt.Errorf("draw: %w", err)
	}
	bits := Result{Name: name + ": entropy of a team's slot at 95 % of the optimum", Unit: "bits", Ours: strategy.Mean, Goal: 3, Ratio: strategy.Mean / 3, Met: strategy.Mean >= 3}
	return []Result{bits, Below(name+": highest probability of one site in a team's slot", "probability", strategy.Top, 0.25)}, nil
}

type placementTime struct {
	name    string
	seconds float64
}

// placementBeside runs the peers. One that is not done when we would have met the goal twice over is stopped: its time is
// then at least what is shown.
func placementBeside(ctx context.Context, in *solve.Instance, ours *solve.Solution, took, gap float64, options Options) ([]placementTime, error) {
	var times []placementTime
	limit := min(max(60, 10*took), 600)
	for _, peer := range placementPeers() {
		answer, err := peer.solve(ctx, in, limit, gap)
		if errors.Is(err, errNoPeer) {
			options.Log.Warn("placement: a peer is not installed", "peer", peer.name, "why", err)
			continue
		}
		if err != nil {
			return nil, err
		}
		name, value := peer.name, in.Value(answer.Chosen)
		if !answer.done() {
			name += " (stopped, not done)"
		} else if err := in.Feasible(answer.Chosen); err != nil {
			return nil, fmt.Errorf("%s breaks a rule: %w", peer.name, err)
		} else if gap == 0 && solveDiffers(value, ours) {
			return nil, fmt.Errorf("%s says that %d is the optimum, our bound is %d and our value %d", peer.name, value, ours.Bound, ours.Value)
		}
		options.Log.Info("placement peer", "peer", name, "value", value, "seconds", answer.Seconds, "status", answer.Status)
		times = append(times, placementTime{name, max(answer.Seconds, 0.001)})
	}
	return times, nil
}

// solveDiffers says whether the optimum of a peer, which computes in floating point to a millionth, cannot be ours.
func solveDiffers(value int64, ours *solve.Solution) bool {
	slack := ours.Bound / 1_000_000
	return value > ours.Bound || ours.Value == ours.Bound && value < ours.Value-slack
}

// placementCheck solves random instances of every awkward kind and counts what is wrong: a broken rule, a value that is not
// that of trying everything, a proof that the checker rejects.
func placementCheck(ctx context.Context, options Options) ([]Result, error) {
	wrong, solved := 0, 0
	for i := range options.Check {
		if i%1000 == 0 {
			options.Progress.Report(progress.Update{Task: "check random instances", Unit: "instances", Done: int64(i), Total: int64(options.Check)})
		}
		in := random.Instance(rand.New(rand.NewPCG(options.Seed+uint64(i), 4)), 9)
		best, possible := random.Best(in)
		solution, err := solve.Solve(ctx, in, solve.Options{})
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !possible {
			if !errors.Is(err, geoengine.ErrInvalid) {
				wrong++
			}
			continue
		}
		solved++
		if fault := placementFault(in, solution, best, err); fault != nil {
			wrong++
			options.Log.Error("placement", "seed", options.Seed+uint64(i), "fault", fault)
		}
	}
	options.Progress.Report(progress.Update{Task: "check random instances", Unit: "instances", Done: int64(options.Check), Total: int64(options.Check), Finished: true})
	return []Result{Below(fmt.Sprintf("faults in %d random instances, %d with a solution", options.Check, solved), "faults", float64(wrong), 0)}, nil
}

func placementFault(in *solve.Instance, solution *solve.Solution, best int64, err error) error {
	if err != nil {
		return err
	}
	if err := in.Feasible(solution.Chosen); err != nil {
		return err
	}
	if solution.Value != best || solution.Bound != best {
		return fmt.Errorf("value %d and bound %d, the optimum is %d", solution.Value, solution.Bound, best)
	}
	value, bound, err := verify.Check(in.Problem(), solution.Chosen, solution.Certificate)
	if err == nil && (value != best || bound != best) {
		err = fmt.Errorf("the checker says %d and %d", value, bound)
	}
	return err
}
