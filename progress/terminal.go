package progress

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// every is the time between two plain lines of a task.
const every = 5 * time.Second

// Display shows tasks on one output: bars on a terminal, lines every few seconds elsewhere. It is safe for several
// goroutines. Writing to it puts whole lines above the bars, so that a log does not tear them.
type Display struct {
	out      io.Writer
	terminal bool
	clock    func() time.Time

	mu    sync.Mutex
	tasks map[string]*task
	bars  *mpb.Progress // nil while no bar is shown
}

type task struct {
	mu     sync.Mutex
	last   Update
	begun  time.Time
	spoken time.Time // when the last plain line was written
	bar    *mpb.Bar
}

// NewDisplay returns a display on out, which is a terminal or not.
func NewDisplay(out io.Writer, terminal bool, clock func() time.Time) *Display {
	return &Display{out: out, terminal: terminal, clock: clock, tasks: map[string]*task{}}
}

// Show is the display's Func.
func (d *Display) Show(u Update) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.clock()
	t := d.tasks[u.Task]
	if t == nil {
		t = &task{begun: now, spoken: now}
		d.tasks[u.Task] = t
	}
	t.set(u)
	if d.terminal {
		d.draw(t, u)
	} else if u.Finished || now.Sub(t.spoken) >= every {
		t.spoken = now
		fmt.Fprintln(d.out, Line(u, now.Sub(t.begun)))
	}
	if u.Finished {
		delete(d.tasks, u.Task)
		d.settle()
	}
}

// Write puts lines above the bars.
func (d *Display) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.bars != nil {
		return d.bars.Write(p)
	}
	return d.out.Write(p)
}

// Close ends the bars of tasks that did not finish and leaves them as they are.
func (d *Display) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, t := range d.tasks {
		if t.bar != nil {
			t.bar.Abort(false)
		}
		delete(d.tasks, name)
	}
	d.settle()
}

// settle lets the last frame be drawn once no task is under way.
func (d *Display) settle() {
	if len(d.tasks) == 0 && d.bars != nil {
		d.bars.Wait()
		d.bars = nil
	}
}

func (d *Display) draw(t *task, u Update) {
	if t.bar == nil {
		if d.bars == nil {
			d.bars = mpb.New(mpb.WithOutput(d.out), mpb.WithAutoRefresh(), mpb.WithWidth(72))
		}
		t.bar = d.newBar(t)
	}
	if u.Finished {
		t.bar.SetTotal(max(u.Done, 1), true)
		return
	}
	t.bar.SetTotal(max(u.Total, u.Done+1), false) // the bar must not end by itself: the task says when
	t.bar.SetCurrent(u.Done)
}

func (d *Display) newBar(t *task) *mpb.Bar {
	said := func(say func(Update, time.Duration) string) decor.Decorator {
		return decor.Any(func(decor.Statistics) string {
			last := t.get()
			return say(last, d.clock().Sub(t.begun))
		}, decor.WCSyncSpaceR)
	}
	return d.bars.AddBar(0,
		mpb.PrependDecorators(said(func(u Update, _ time.Duration) string { return u.Task })),
		mpb.AppendDecorators(
			said(func(u Update, _ time.Duration) string { return Amount(u) }),
			said(Rate),
			said(func(u Update, elapsed time.Duration) string {
				if u.Finished {
					return "done"
				}
				return Left(u, elapsed)
			}),
		))
}

func (t *task) set(u Update) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = u
}

func (t *task) get() Update {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last
}
