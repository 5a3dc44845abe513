package bench

import (
	"bytes"
	"context"
	_ "embed" // of the script
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"vigie/predict/hotspot"
	"vigie/predict/judge"
	"vigie/progress"
)

//go:embed peers/predicttwinstim.R
var twinstimScript string

// twinstimAnswer is the answer of bench/peers/predicttwinstim.R.
type twinstimAnswer struct {
	Scores    []float64 `json:"scores"`
	Seconds   float64   `json:"seconds"`
	Version   string    `json:"version"`
	Converged bool      `json:"converged"`
}

// twinstimLimit is how long R may take.
const twinstimLimit = 3 * time.Minute

// twinstim compares one forecast with that of the R package surveillance, on a small town: its point process takes time
// that grows with the square of the events.
func twinstim(ctx context.Context, options Options) ([]Result, error) {
	const horizon = 90
	town := newTheftTown(options.Seed, 1000, 6000, 730)
	c, err := theftCaseOf("1,000 thefts", town, 9, 1)
	if err != nil {
		return nil, err
	}
	until := c.last - horizon
	means, took, err := c.forecast(ctx, until, []int{horizon}, options)
	if err != nil {
		return nil, err
	}
	options.Progress.Report(progress.Update{Task: "twinstim", Unit: "runs", Total: 1})
	peer, err := runTwinstim(ctx, town, c, until, horizon)
	if errors.Is(err, errNoPeer) {
		options.Log.Warn("predict without twinstim", "error", err)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	name := "R surveillance " + peer.Version + " twinstim"
	if peer.Scores == nil {
		name += " (stopped, not done)"
	} else if !peer.Converged {
		name += " (not converged)"
	}
	results := []Result{Faster(fmt.Sprintf("%s: learn and forecast %d days, processor time", c.name, horizon), "s", took.processor, peer.Seconds, name, 1)}
	if peer.Scores == nil {
		return results, nil
	}
	f := newTheftFeatures(c.grid, c.events)
	observed, total := f.happened(until, horizon)
	caught := func(scores []float64) float64 {
		hits, _ := judge.Capture(judge.Rank(scores, c.grid.Areas), c.grid.Areas, observed, 2*theftMost*c.grid.Whole())
		return hits / total
	}
	return append(results, Higher(fmt.Sprintf("%s: of %g thefts, caught in %g %% of the area", c.name, total, 200*theftMost), "share", caught(means[0]), caught(peer.Scores), name, 1)), nil
}

func runTwinstim(ctx context.Context, town *theftTown, c *theftCase, until judge.Day, horizon int) (*twinstimAnswer, error) {
	path, err := exec.LookPath("Rscript")
	if err != nil {
		return nil, fmt.Errorf("twinstim: %w: %w", errNoPeer, err)
	}
	in, err := json.Marshal(twinstimTask(town, c, until, horizon))
	if err != nil {
		return nil, fmt.Errorf("write the task of twinstim: %w", err)
	}
	limited, cancel := context.WithTimeout(ctx, twinstimLimit)
	defer cancel()
	var out, complaints bytes.Buffer
	command := exec.CommandContext(limited, path, "--vanilla", "-e", twinstimScript) //nolint:gosec // the R of who runs the benchmark, with our own script
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(in), &out, &complaints
	err = command.Run()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case limited.Err() != nil:
		return &twinstimAnswer{Seconds: twinstimLimit.Seconds()}, nil
	case err != nil && strings.Contains(complaints.String(), "there is no package"):
		return nil, fmt.Errorf("twinstim: %w: %s", errNoPeer, lastLine(complaints.String()))
	case err != nil:
		return nil, fmt.Errorf("twinstim: %w: %s", err, lastLine(complaints.String()))
	}
	var answer twinstimAnswer
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
		return nil, fmt.Errorf("read the answer of twinstim: %w", err)
	}
	if len(answer.Scores) != len(c.grid.IDs) {
		return nil, fmt.Errorf("twinstim scored %d of %d places", len(answer.Scores), len(c.grid.IDs))
	}
	return &answer, nil
}

// twinstimTask is in kilometres and days from the first. Thefts of one day are spread over it, as a point process has no
// two at the same time.
func twinstimTask(town *theftTown, c *theftCase, until judge.Day, horizon int) map[string]any {
	var x, y, t, cx, cy, areas []float64
	known := func(e hotspot.Event) bool { return e.Day < until && e.Reported < until }
	for i, e := range c.events {
		if p := town.plane.On(e.Point); known(e) {
			x, y, t = append(x, p[0]/1000), append(y, p[1]/1000), append(t, float64(e.Day-town.first)+(float64(i%1000)+0.5)/1000)
		}
	}
	for i, m := range c.grid.Middles {
		p := town.plane.On(m)
		side := town.side / 1000
		cx, cy = append(cx, min(max(p[0]/1000, 0), side-1e-6)), append(cy, min(max(p[1]/1000, 0), side-1e-6))
		areas = append(areas, c.grid.Areas[i]/1e6)
	}
	return map[string]any{"x": x, "y": y, "t": t, "side": town.side / 1000, "until": int(until - town.first), "horizon": horizon, "cx": cx, "cy": cy, "area": areas}
}
