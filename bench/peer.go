package bench

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

//go:embed peers/*.py
var peerScripts embed.FS

// errNoPeer says that a peer is not installed here: the benchmark goes on without it.
var errNoPeer = errors.New("no such peer on this machine")

// runPeer hands a task to a script of bench/peers as JSON and reads its answer as JSON. The Python is the one that
// VIGIE_PEERS names, with the packages of bench/peers/requirements.txt, else python3. It wraps errNoPeer if there is no
// Python or a package is missing.
func runPeer(ctx context.Context, script string, task, answer any) error {
	source, err := peerScripts.ReadFile("peers/" + script)
	if err != nil {
		return fmt.Errorf("read peer %s: %w", script, err)
	}
	in, err := json.Marshal(task)
	if err != nil {
		return fmt.Errorf("write the task of peer %s: %w", script, err)
	}
	python := os.Getenv("VIGIE_PEERS")
	if python == "" {
		python = "python3"
	}
	path, err := exec.LookPath(python)
	if err != nil {
		return fmt.Errorf("peer %s: %w: %w", script, errNoPeer, err)
	}
	var out, complaints bytes.Buffer
	command := exec.CommandContext(ctx, path, "-c", string(source)) //nolint:gosec // the Python of who runs the benchmark, with our own script
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(in), &out, &complaints
	if err := command.Run(); err != nil {
		said := complaints.String()
		if strings.Contains(said, "ModuleNotFoundError") {
			return fmt.Errorf("peer %s: %w: %s", script, errNoPeer, lastLine(said))
		}
		return fmt.Errorf("peer %s: %w: %s", script, err, lastLine(said))
	}
	if err := json.Unmarshal(out.Bytes(), answer); err != nil {
		return fmt.Errorf("read the answer of peer %s: %w", script, err)
	}
	return nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
