package progress_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigie/progress"
)

// clock is a time that moves only when told.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func TestPlainLinesTellRowsRateAndTimeLeft(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	time0 := &clock{now: time.Unix(0, 0)}
	display := progress.NewDisplay(&out, false, time0.Now)
	for i := range int64(11) {
		display.Show(progress.Update{Task: "import baac", Unit: "rows", Done: i * 1000, Total: 10000, Finished: i == 10})
		time0.pass(time.Second)
	}
	display.Close()
	want := "import baac: 5,000 of 10,000 rows, 1,000/s, 5.0 s left\nimport baac: 10,000 rows, 1,000/s, done in 10 s\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestTerminalEndsBarsAndKeepsLines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	display := progress.NewDisplay(&out, true, time.Now)
	var wait sync.WaitGroup
	for _, name := range []string{"a", "b"} {
		wait.Go(func() {
			for i := range int64(50) {
				display.Show(progress.Update{Task: name, Unit: "rows", Done: i, Total: 49, Finished: i == 49})
			}
		})
	}
	wait.Wait()
	display.Show(progress.Update{Task: "unfinished", Done: 1})
	if _, err := display.Write([]byte("a log line\n")); err != nil {
		t.Fatal(err)
	}
	display.Close()
	for _, want := range []string{"a log line", "49 rows", "unfinished"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in %q", want, out.String())
		}
	}
}

func TestFigures(t *testing.T) {
	t.Parallel()
	got := []string{
		progress.Group(-1234567), progress.Group(12), progress.Size(999), progress.Size(1_500_000), progress.Size(123_456_000),
		progress.Duration(400 * time.Millisecond), progress.Duration(185 * time.Second), progress.Duration(130 * time.Minute),
		progress.Line(progress.Update{Task: "t", Unit: "rows"}, 0),
	}
	want := []string{"-1,234,567", "12", "999 B", "1.5 MB", "123 MB", "0.4 s", "3 min 05 s", "2 h 10 min", "t: 0 rows"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
