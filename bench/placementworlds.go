package bench

import (
	"context"
	"fmt"
	"time"
	_ "time/tzdata" // the zone of the random worlds, wherever the bench runs

	"vigie/modules/checkpoints/plan/proof"
	"vigie/progress"
)

// placementWorlds has plans proposed and changed in random worlds, good and bad, and counts what they break of their
// requests.
func placementWorlds(ctx context.Context, options Options) ([]Result, error) {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return nil, err
	}
	wrong, plans := 0, 0
	for i := range options.Check {
		if i%1000 == 0 {
			options.Progress.Report(progress.Update{Task: "check plans of random worlds", Unit: "worlds", Done: int64(i), Total: int64(options.Check)})
		}
		seed := options.Seed + uint64(i)
		outcome, err := proof.Run(ctx, seed, zone)
		if err != nil {
			return nil, fmt.Errorf("world %d: %w", seed, err)
		}
		if outcome.Refused == "" {
			plans++
		}
		wrong += len(outcome.Broken)
		for _, b := range outcome.Broken {
			options.Log.Error("placement", "world", seed, "broken", b)
		}
	}
	options.Progress.Report(progress.Update{Task: "check plans of random worlds", Unit: "worlds", Done: int64(options.Check), Total: int64(options.Check), Finished: true})
	return []Result{Below(fmt.Sprintf("rules broken in %d random worlds, %d with a plan", options.Check, plans), "rules", float64(wrong), 0)}, nil
}
