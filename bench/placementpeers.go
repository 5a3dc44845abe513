package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"vigie/modules/checkpoints/solve"
)

// placementAnswer is what a peer found.
type placementAnswer struct {
	Status  string  `json:"status"`
	Seconds float64 `json:"seconds"` // of solving, without reading or building the model
	Chosen  []int32 `json:"chosen"`
}

// done says whether the peer proved what it was asked for within its time.
func (a placementAnswer) done() bool {
	return strings.EqualFold(a.Status, "optimal")
}

// placementPeer is a solver that may be installed.
type placementPeer struct {
	name  string
	solve func(ctx context.Context, in *solve.Instance, seconds, gap float64) (placementAnswer, error)
}

// placementPeers are those that we compare with. GLPK reads the same files but needs hours where the others need
// seconds, so that it is left out.
func placementPeers() []placementPeer {
	python := func(solver string) func(context.Context, *solve.Instance, float64, float64) (placementAnswer, error) {
		return func(ctx context.Context, in *solve.Instance, seconds, gap float64) (answer placementAnswer, err error) {
			conflicts := in.Conflicts
			if conflicts == nil {
				conflicts = [][2]int32{}
			}
			instance := map[string]any{"weights": in.Weights, "start": in.Start, "covers": in.Covers, "group": in.Group, "duties": in.Duties, "conflicts": conflicts}
			err = runPeer(ctx, "placement.py", map[string]any{"solver": solver, "seconds": seconds, "gap": gap, "instance": instance}, &answer)
			return answer, err
		}
	}
	return []placementPeer{{"CBC", cbc}, {"HiGHS", python("highs")}, {"CP-SAT", python("cpsat")}}
}

// cbc runs COIN-OR CBC (Debian: coinor-cbc) on a file of its own.
func cbc(ctx context.Context, in *solve.Instance, seconds, gap float64) (placementAnswer, error) {
	var answer placementAnswer
	path, err := exec.LookPath("cbc")
	if err != nil {
		return answer, fmt.Errorf("cbc: %w: %w", errNoPeer, err)
	}
	dir, err := os.MkdirTemp("", "vigie-bench-")
	if err != nil {
		return answer, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	model, solution := filepath.Join(dir, "posts.lp"), filepath.Join(dir, "posts.sol")
	if err := writePlacementLP(model, in); err != nil {
		return answer, fmt.Errorf("write the model for cbc: %w", err)
	}
	arguments := []string{model, "ratioGap", fmt.Sprint(gap), "threads", "2", "timeMode", "elapsed", "sec", fmt.Sprint(seconds), "solve", "solu", solution}
	begun := time.Now()
	out, err := exec.CommandContext(ctx, path, arguments...).CombinedOutput() //nolint:gosec // the solver that is installed, on our own file
	if err != nil {
		return answer, fmt.Errorf("cbc: %w", err)
	}
	answer.Seconds = time.Since(begun).Seconds()
	wall := regexp.MustCompile(`(?m)^Time \(Wallclock seconds\):\s+([0-9.]+)`)
	if m := wall.FindSubmatch(out); m != nil {
		answer.Seconds, _ = strconv.ParseFloat(string(m[1]), 64)
	}
	if bytes.Contains(out, []byte("Result - Optimal solution found")) {
		answer.Status = "optimal"
	}
	answer.Chosen, err = cbcChosen(solution)
	return answer, err
}

// cbcChosen reads the options that a solution file of CBC has at one.
func cbcChosen(path string) ([]int32, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var chosen []int32
	lines := bufio.NewScanner(bytes.NewReader(raw))
	for lines.Scan() {
		fields := strings.Fields(strings.TrimPrefix(lines.Text(), "**"))
		if len(fields) < 3 || !strings.HasPrefix(fields[1], "x") {
			continue
		}
		option, err := strconv.ParseInt(fields[1][1:], 10, 32)
		value, err2 := strconv.ParseFloat(fields[2], 64)
		if err == nil && err2 == nil && value > 0.5 {
			chosen = append(chosen, int32(option))
		}
	}
	return chosen, lines.Err()
}
