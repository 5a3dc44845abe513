package geotest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"vigie/geoengine"
)

const (
	// victimURL names the environment variable with the address of a victim's database.
	victimURL = "VIGIE_TEST_VICTIM"
	// busy is the line by which a victim says that it is in the middle of its work.
	busy = "victim: busy"
	// victimLife is how long a victim waits to be killed.
	victimLife = time.Minute
)

// Victim is another process at work on a test's database, to be killed in the middle.
type Victim struct {
	process *exec.Cmd
	lines   *bufio.Scanner
}

// StartVictim starts the test binary again for its TestVictim, which must call AsVictim.
func StartVictim(t testing.TB, store *geoengine.Store) *Victim {
	t.Helper()
	process := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestVictim$", "-test.timeout=2m") // #nosec G204 G702 -- this very binary
	process.Env = append(os.Environ(), victimURL+"="+store.Pool.Config().ConnString())
	output, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	v := &Victim{process, bufio.NewScanner(output)}
	t.Cleanup(v.Kill)
	return v
}

// AwaitBusy waits until the victim has called Busy.
func (v *Victim) AwaitBusy(t testing.TB) {
	t.Helper()
	for v.lines.Scan() {
		if v.lines.Text() == busy {
			return
		}
	}
	t.Fatal("geotest: the victim has ended before it was busy")
}

// Kill kills the victim with SIGKILL and waits for its end.
func (v *Victim) Kill() {
	_ = v.process.Process.Kill() // unless it was killed before
	_ = v.process.Wait()         // it was killed
}

// AsVictim lets the process that StartVictim has started serve its database until it is killed. In any other there is
// nothing to do.
func AsVictim(t testing.TB, serve func(store *geoengine.Store)) {
	t.Helper()
	url := os.Getenv(victimURL)
	if url == "" {
		return
	}
	store, err := geoengine.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	serve(store)
	time.Sleep(victimLife)
}

// Busy is called by a victim that is in the middle of its work.
func Busy() { fmt.Println(busy) }
