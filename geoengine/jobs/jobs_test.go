package jobs_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigie/geoengine"
	"vigie/geoengine/disclosure"
	"vigie/geoengine/geotest"
	"vigie/geoengine/jobs"
)

// patience bounds waits that a working queue never needs.
const patience = 60 * time.Second

var ana = jobs.Owner{Name: "ana"}

// process is a process with one optional input and one output.
func process(run func(ctx context.Context, call jobs.Call) error) *jobs.Processes {
	return jobs.NewProcesses(jobs.Process{
		ID: "work", Title: "Work", Roles: []string{"analyst"}, Run: run,
		Inputs:  []jobs.Input{{ID: "text", Title: "Text", Optional: true, Schema: jobs.Schema{Type: "string"}}},
		Outputs: []jobs.Output{{ID: "result", Title: "Result", Schema: jobs.Schema{}}},
	})
}

func everything(context.Context, *jobs.Process, jobs.Owner) (jobs.Granted, error) {
	return jobs.Granted{}, nil
}

// newQueue is a server's queue; change may be nil.
func newQueue(t testing.TB, store *geoengine.Store, processes *jobs.Processes, change func(*jobs.Config)) *jobs.Queue {
	t.Helper()
	config := jobs.Config{
		Store: store, Processes: processes, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Random: rand.Reader, Rights: everything,
		Limits: jobs.Limits{Lease: 1500 * time.Millisecond},
	}
	if change != nil {
		change(&config)
	}
	q, err := jobs.NewQueue(config)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// work runs the queue until the test ends, or stop is called.
func work(t testing.TB, q *jobs.Queue) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- q.Work(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func submit(t testing.TB, q *jobs.Queue, owner jobs.Owner, granted jobs.Granted) jobs.Job {
	t.Helper()
	j, err := trySubmit(t.Context(), q, owner, granted)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func trySubmit(ctx context.Context, q *jobs.Queue, owner jobs.Owner, granted jobs.Granted) (jobs.Job, error) {
	p, err := q.Processes().Find("work")
	if err != nil {
		return jobs.Job{}, err
	}
	asked, err := p.ParseRequest([]byte(`{"inputs":{"text":"hello"}}`))
	if err != nil {
		return jobs.Job{}, err
	}
	return q.Submit(ctx, jobs.Order{Process: p, Owner: owner, Granted: granted, Asked: asked})
}

// until waits for a job to be as wanted.
func until(t testing.TB, q *jobs.Queue, id jobs.ID, wanted func(jobs.Job) bool) jobs.Job {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		j, err := q.Find(t.Context(), id, nil)
		if err != nil {
			t.Fatal(err)
		}
		if wanted(j) {
			return j
		}
		if time.Now().After(deadline) {
			t.Fatalf("job is %s (%s, attempt %d): %s", j.Status, j.Failure, j.Attempt, j.Message)
		}
	}
}

func done(j jobs.Job) bool { return !j.Status.Open() }

func isRunning(j jobs.Job) bool { return j.Status == jobs.Running }

// result is the one output of a job.
func result(t testing.TB, q *jobs.Queue, j jobs.Job) string {
	t.Helper()
	outputs, err := q.Results(t.Context(), &j)
	if err != nil {
		t.Fatal(err)
	}
	if len(outputs) != 1 {
		t.Fatalf("%d outputs, want 1", len(outputs))
	}
	var out bytes.Buffer
	if err := q.WriteResult(t.Context(), &out, &j, outputs[0]); err != nil {
		t.Fatal(err)
	}
	if int64(out.Len()) != outputs[0].Bytes || int64(out.Len()) != j.Bytes {
		t.Errorf("%d bytes read, %d in the output, %d in the job", out.Len(), outputs[0].Bytes, j.Bytes)
	}
	return out.String()
}

// stored counts the pieces and outputs in the store, of whatever attempt.
func stored(t testing.TB, store *geoengine.Store, id jobs.ID) (pieces, outputs int) {
	t.Helper()
	const count = `select (select count(*) from job_result where job = $1), (select count(*) from job_output where job = $1)`
	if err := store.Pool.QueryRow(t.Context(), count, id.String()).Scan(&pieces, &outputs); err != nil {
		t.Fatal(err)
	}
	return pieces, outputs
}

func TestRun(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	var told sync.Map
	q := newQueue(t, store, process(func(_ context.Context, call jobs.Call) error {
		var text string
		if err := call.Decode("text", &text); err != nil {
			return err
		}
		call.Progress(50, "half")
		w, err := call.Output("result", "text/plain")
		if err != nil {
			return err
		}
		for range 100_000 { // several pieces
			if _, err := fmt.Fprintf(w, "%s %s\n", text, call.Owner.Name); err != nil {
				return err
			}
		}
		return nil
	}), func(c *jobs.Config) { c.Changed = func(j jobs.Job) { told.Store(string(j.Status), j.Owner) } })
	work(t, q)
	j := submit(t, q, ana, jobs.Granted{Scope: []string{"fr.76"}, Open: []string{}})
	if j.Status != jobs.Accepted || j.Finished != nil {
		t.Errorf("submitted: %+v", j)
	}
	j = until(t, q, j.ID, done)
	if j.Status != jobs.Successful || j.Progress != 100 || j.Attempt != 1 || j.Started == nil || j.Finished == nil {
		t.Errorf("finished: %+v", j)
	}
	if d := j.Expires.Sub(*j.Finished); d < 23*time.Hour || d > 25*time.Hour {
		t.Errorf("expires after %s", d)
	}
	if want := strings.Repeat("hello ana\n", 100_000); result(t, q, j) != want {
		t.Error("the result is not what was written")
	}
	if diff := cmp.Diff(&jobs.Granted{Scope: []string{"fr.76"}, Open: []string{}}, j.Ran); diff != "" {
		t.Errorf("rights (-want +got):\n%s", diff)
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if owner, ok := told.Load("successful"); ok {
			if owner != ana {
				t.Errorf("told of %v", owner)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("nobody was told")
		}
	}
}

func TestAwait(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	q := newQueue(t, geotest.New(t), process(func(_ context.Context, call jobs.Call) error {
		<-gate
		return call.WriteJSON("result", 1)
	}), nil)
	work(t, q)
	id := submit(t, q, ana, jobs.Granted{}).ID
	if j, err := q.Await(t.Context(), id, &ana, time.Millisecond); err != nil || !j.Status.Open() {
		t.Errorf("out of patience: %s, %v", j.Status, err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if j, err := q.Await(gone, id, &ana, patience); err != nil || !j.Status.Open() {
		t.Errorf("nobody waits any more: %s, %v", j.Status, err)
	}
	if _, err := q.Await(t.Context(), id, &jobs.Owner{Name: "ben"}, patience); !errors.Is(err, geoengine.ErrMissing) {
		t.Errorf("another's: %v", err)
	}
	close(gate)
	if j, err := q.Await(t.Context(), id, &ana, patience); err != nil || j.Status != jobs.Successful {
		t.Errorf("done: %s, %v", j.Status, err)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	tests := []struct {
		name, failure, message string
		limits                 jobs.Limits
		run                    func(ctx context.Context, call jobs.Call) error
	}{
		{"invalid", jobs.FailedInvalid, "input text: no", jobs.Limits{}, func(context.Context, jobs.Call) error {
			return fmt.Errorf("input text: no: %w", geoengine.ErrInvalid)
		}},
		{"internal", jobs.FailedInternal, "an unexpected error, which the server has logged", jobs.Limits{}, func(context.Context, jobs.Call) error {
			return errors.New("password of the database: secret")
		}},
		{"panic", jobs.FailedInternal, "an unexpected error, which the server has logged", jobs.Limits{}, func(context.Context, jobs.Call) error {
			panic("bug")
		}},
		{"too large", jobs.FailedTooLarge, "the result is larger than 1 MiB: ask for less", jobs.Limits{Result: 1 << 20}, func(_ context.Context, call jobs.Call) error {
			return call.WriteJSON("result", strings.Repeat("x", 1<<20))
		}},
		{"timeout", jobs.FailedTimeout, "it took longer than 200ms: ask for less", jobs.Limits{Duration: 200 * time.Millisecond}, func(ctx context.Context, _ jobs.Call) error {
			<-ctx.Done()
			return ctx.Err()
		}},
	}
	for _, test := range tests { // one after the other: each queue would take the others' jobs
		t.Run(test.name, func(t *testing.T) {
			q := newQueue(t, store, process(test.run), func(c *jobs.Config) {
				test.limits.Lease = c.Limits.Lease
				c.Limits = test.limits
			})
			stop := work(t, q)
			defer stop()
			j := until(t, q, submit(t, q, ana, jobs.Granted{}).ID, done)
			if j.Status != jobs.Failed || j.Failure != test.failure || j.Message != test.message || j.Bytes != 0 {
				t.Errorf("%s, %s: %s", j.Status, j.Failure, j.Message)
			}
			if pieces, outputs := stored(t, store, j.ID); pieces+outputs > 0 {
				t.Errorf("%d pieces and %d outputs are left", pieces, outputs)
			}
		})
	}
}

func TestRightsAreThoseOfNow(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	five := []disclosure.Protection{{Category: "rescue.call", K: 5}}
	none := []string{}
	tests := []struct {
		name         string
		granted, now jobs.Granted
		refused      error
		ran          *jobs.Granted
	}{
		{"the same", jobs.Granted{Scope: []string{"fr.76"}}, jobs.Granted{Scope: []string{"fr.76"}}, nil, &jobs.Granted{Scope: []string{"fr.76"}}},
		{"narrower", jobs.Granted{}, jobs.Granted{Scope: []string{"fr.76"}, Open: none}, nil, &jobs.Granted{Scope: []string{"fr.76"}, Open: none}},
		{"wider", jobs.Granted{Scope: []string{"fr.76"}, Open: none}, jobs.Granted{}, nil, &jobs.Granted{Scope: []string{"fr.76"}, Open: none}},
		{"elsewhere", jobs.Granted{Scope: []string{"fr.76"}}, jobs.Granted{Scope: []string{"fr.11"}}, nil, &jobs.Granted{Scope: none}},
		{"stricter", jobs.Granted{}, jobs.Granted{Open: []string{"road"}, Protected: five}, nil, &jobs.Granted{Open: []string{"road"}, Protected: five}},
		{"nothing", jobs.Granted{Scope: none, Open: none}, jobs.Granted{}, nil, &jobs.Granted{Scope: none, Open: none}},
		{"disabled", jobs.Granted{}, jobs.Granted{}, geoengine.ErrDenied, nil},
		{"gone", jobs.Granted{}, jobs.Granted{}, geoengine.ErrMissing, nil},
	}
	for _, test := range tests { // one after the other: each queue would take the others' jobs
		t.Run(test.name, func(t *testing.T) {
			q := newQueue(t, store, process(func(_ context.Context, call jobs.Call) error {
				return call.WriteJSON("result", call.Query(geoengine.Query{}))
			}), func(c *jobs.Config) {
				c.Rights = func(context.Context, *jobs.Process, jobs.Owner) (jobs.Granted, error) { return test.now, test.refused }
			})
			stop := work(t, q)
			defer stop()
			j := until(t, q, submit(t, q, ana, test.granted).ID, done)
			if diff := cmp.Diff(test.ran, j.Ran); diff != "" {
				t.Errorf("ran with (-want +got):\n%s", diff)
			}
			if test.refused != nil {
				if j.Status != jobs.Failed || j.Failure != jobs.FailedDenied {
					t.Errorf("%s, %s", j.Status, j.Failure)
				}
				return
			}
			var seen geoengine.Query
			if err := json.Unmarshal([]byte(result(t, q, j)), &seen); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.ran.Rights(), seen.Rights()); diff != "" {
				t.Errorf("the run saw (-want +got):\n%s", diff)
			}
		})
	}
}

func TestResultIsForWhoMaySeeItNow(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	var now atomic.Pointer[jobs.Granted]
	now.Store(&jobs.Granted{Scope: []string{"fr"}})
	q := newQueue(t, store, process(func(_ context.Context, call jobs.Call) error { return call.WriteJSON("result", 1) }), func(c *jobs.Config) {
		c.Rights = func(context.Context, *jobs.Process, jobs.Owner) (jobs.Granted, error) { return *now.Load(), nil }
	})
	work(t, q)
	j := until(t, q, submit(t, q, ana, jobs.Granted{Scope: []string{"fr.76"}}).ID, done)
	for _, test := range []struct {
		now  jobs.Granted
		want error
	}{
		{jobs.Granted{Scope: []string{"fr"}}, nil}, {jobs.Granted{}, nil}, {jobs.Granted{Scope: []string{"fr.76"}}, nil},
		{jobs.Granted{Scope: []string{"fr.76.31"}}, geoengine.ErrDenied}, {jobs.Granted{Scope: []string{}}, geoengine.ErrDenied},
		{jobs.Granted{Open: []string{"road"}}, geoengine.ErrDenied},
	} {
		now.Store(&test.now)
		if err := q.MayRead(t.Context(), &j); !errors.Is(err, test.want) {
			t.Errorf("now %+v: %v, want %v", test.now, err, test.want)
		}
	}
	if _, err := q.Find(t.Context(), j.ID, &jobs.Owner{Name: "ben"}); !errors.Is(err, geoengine.ErrMissing) {
		t.Errorf("somebody else: %v", err)
	}
	if _, err := q.Find(t.Context(), j.ID, &jobs.Owner{Name: "ana", Machine: true}); !errors.Is(err, geoengine.ErrMissing) {
		t.Errorf("a machine of the same name: %v", err)
	}
	if _, err := q.Dismiss(t.Context(), j.ID, &jobs.Owner{Name: "ben"}); !errors.Is(err, geoengine.ErrMissing) {
		t.Errorf("dismissed by somebody else: %v", err)
	}
}

func TestOwnerHasLimits(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	q := newQueue(t, store, process(nothing), func(c *jobs.Config) { c.Limits.Queued = 3 })
	var (
		group         sync.WaitGroup
		taken, denied atomic.Int32
	)
	for range 12 {
		group.Go(func() {
			_, err := trySubmit(context.WithoutCancel(t.Context()), q, ana, jobs.Granted{})
			var full *jobs.FullError
			switch {
			case err == nil:
				taken.Add(1)
			case errors.As(err, &full) && errors.Is(err, geoengine.ErrBusy):
				denied.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	group.Wait()
	if taken.Load() != 3 || denied.Load() != 9 {
		t.Errorf("%d taken, %d refused", taken.Load(), denied.Load())
	}
	submit(t, q, jobs.Owner{Name: "ana", Machine: true}, jobs.Granted{}) // another owner
}

func nothing(context.Context, jobs.Call) error { return nil }

func TestList(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	q := newQueue(t, store, process(nothing), nil)
	var ids []jobs.ID
	for range 5 {
		ids = append(ids, submit(t, q, ana, jobs.Granted{}).ID)
	}
	submit(t, q, jobs.Owner{Name: "ben"}, jobs.Granted{})
	if _, err := q.Dismiss(t.Context(), ids[4], &ana); err != nil {
		t.Fatal(err)
	}
	second, err := q.Find(t.Context(), ids[1], nil)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		filter jobs.Filter
		want   []int
	}{
		{"all", jobs.Filter{Owner: &ana}, []int{4, 3, 2, 1, 0}},
		{"limit", jobs.Filter{Owner: &ana, Limit: 2}, []int{4, 3}},
		{"page", jobs.Filter{Owner: &ana, AfterCreated: second.Created, AfterID: second.ID}, []int{0}},
		{"status", jobs.Filter{Owner: &ana, Statuses: []jobs.Status{jobs.Dismissed, jobs.Failed}}, []int{4}},
		{"process", jobs.Filter{Owner: &ana, Processes: []string{"other"}}, nil},
		{"from", jobs.Filter{Owner: &ana, From: second.Created, Statuses: []jobs.Status{jobs.Accepted}}, []int{3, 2, 1}},
		{"to", jobs.Filter{Owner: &ana, To: second.Created}, []int{1, 0}},
		{"never ran", jobs.Filter{Owner: &ana, Shortest: time.Second}, nil},
	}
	for _, test := range tests {
		list, err := q.List(t.Context(), test.filter)
		if err != nil {
			t.Fatal(err)
		}
		var got, want []jobs.ID
		for _, j := range list {
			got = append(got, j.ID)
		}
		for _, i := range test.want {
			want = append(want, ids[i])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestPurge(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	q := newQueue(t, store, process(func(_ context.Context, call jobs.Call) error { return call.WriteJSON("result", 1) }), nil)
	stop := work(t, q)
	old := until(t, q, submit(t, q, ana, jobs.Granted{}).ID, done)
	fresh := until(t, q, submit(t, q, ana, jobs.Granted{}).ID, done)
	stop()
	open := submit(t, q, ana, jobs.Granted{})
	if _, err := store.Pool.Exec(t.Context(), `update job set expires = now() - interval '1 second' where id = $1`, old.ID.String()); err != nil {
		t.Fatal(err)
	}
	if n, err := q.Purge(t.Context(), -1); n != 1 || err != nil {
		t.Errorf("purged %d, %v", n, err)
	}
	if _, err := q.Find(t.Context(), old.ID, nil); !errors.Is(err, geoengine.ErrMissing) {
		t.Errorf("the expired job: %v", err)
	}
	if pieces, outputs := stored(t, store, old.ID); pieces+outputs > 0 {
		t.Error("the expired result is left")
	}
	if result(t, q, fresh) != "1\n" {
		t.Error("the other result is gone")
	}
	if n, err := q.Purge(t.Context(), 0); n != 1 || err != nil {
		t.Errorf("purged all: %d, %v", n, err)
	}
	if _, err := q.Find(t.Context(), open.ID, nil); err != nil {
		t.Errorf("the open job: %v", err)
	}
}
