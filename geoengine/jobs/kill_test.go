package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigie/geoengine"
	"vigie/geoengine/geotest"
	"vigie/geoengine/jobs"
)

// TestVictim is the server that TestKilled kills; on its own it has nothing to do.
func TestVictim(t *testing.T) {
	geotest.AsVictim(t, func(store *geoengine.Store) {
		work(t, newQueue(t, store, process(func(ctx context.Context, call jobs.Call) error {
			if err := half(call); err != nil {
				return err
			}
			<-ctx.Done() // until it is killed
			return ctx.Err()
		}), nil))
	})
}

// half writes some pieces of a result that is never finished.
func half(call jobs.Call) error {
	w, err := call.Output("result", "text/plain")
	if err != nil {
		return err
	}
	_, err = w.Write(bytes.Repeat([]byte("half "), 200_000))
	return err
}

func TestKilled(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	q := newQueue(t, store, process(func(_ context.Context, call jobs.Call) error { return call.WriteJSON("result", "whole") }), nil)
	for _, when := range []string{"running", "accepted"} {
		t.Run("while "+when, func(t *testing.T) {
			server := geotest.StartVictim(t, store)
			j := submit(t, q, ana, jobs.Granted{})
			until(t, q, j.ID, func(j jobs.Job) bool { pieces, _ := stored(t, store, j.ID); return isRunning(j) && pieces > 0 })
			server.Kill()
			if when == "accepted" { // killed between taking the task and claiming the job
				if _, err := store.Pool.Exec(t.Context(), `update job set status = 'accepted', lease = null where id = $1`, j.ID.String()); err != nil {
					t.Fatal(err)
				}
			}
			stop := work(t, q)
			defer stop()
			j = until(t, q, j.ID, done)
			if j.Status != jobs.Successful || j.Attempt != 2 || result(t, q, j) != "\"whole\"\n" {
				t.Errorf("%s at attempt %d: %s", j.Status, j.Attempt, j.Message)
			}
			if pieces, outputs := stored(t, store, j.ID); pieces != 1 || outputs != 1 {
				t.Errorf("%d pieces and %d outputs: there must be one result", pieces, outputs)
			}
		})
	}
}

// A server that is stalled, not dead, wakes up after its job was given to another: nothing of it may remain.
func TestStalledServerWritesNothing(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	began, stalled, woken := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	var runs atomic.Int32
	first := newQueue(t, store, process(func(_ context.Context, call jobs.Call) error { // deaf to its context
		if runs.Add(1) > 1 {
			return call.WriteJSON("result", "first again")
		}
		err := half(call)
		close(began)
		<-stalled
		woken <- errors.Join(half(call), err)
		return nil // as if all were well
	}), nil)
	stopFirst := work(t, first)
	j := submit(t, first, ana, jobs.Granted{})
	<-began
	// Its lease ends although it lives, and the other takes over.
	second := newQueue(t, store, process(func(_ context.Context, call jobs.Call) error { return call.WriteJSON("result", "second") }), nil)
	if _, err := store.Pool.Exec(t.Context(), `
		update job set status = 'accepted', attempt = attempt + 1, lease = null, queued = 0, updated = now() - interval '1 hour'
		where id = $1`, j.ID.String()); err != nil {
		t.Fatal(err)
	}
	work(t, second)
	// Either may run the next attempt: the first is deaf in one of its two workers only.
	close(stalled)
	if err := <-woken; err == nil {
		t.Error("the stalled run could write")
	}
	j = until(t, second, j.ID, done)
	stopFirst()
	var attempts []int
	const written = `select array_agg(distinct attempt) from (select attempt from job_result union select attempt from job_output) w`
	if err := store.Pool.QueryRow(t.Context(), written).Scan(&attempts); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{j.Attempt}, attempts); j.Status != jobs.Successful || diff != "" {
		t.Errorf("%s (%s); what is written is of attempts (-want +got):\n%s", j.Status, j.Message, diff)
	}
}

func TestStoppedServerHandsOver(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	first := newQueue(t, store, process(func(ctx context.Context, call jobs.Call) error {
		if err := half(call); err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	}), nil)
	stop := work(t, first)
	j := submit(t, first, ana, jobs.Granted{})
	until(t, first, j.ID, isRunning)
	stop()
	j = until(t, first, j.ID, func(j jobs.Job) bool { return j.Status == jobs.Accepted })
	if pieces, _ := stored(t, store, j.ID); pieces > 0 || j.Attempt != 2 {
		t.Errorf("%d pieces are left, attempt %d", pieces, j.Attempt)
	}
	second := newQueue(t, store, process(func(_ context.Context, call jobs.Call) error { return call.WriteJSON("result", 2) }), nil)
	work(t, second)
	if j = until(t, second, j.ID, done); j.Status != jobs.Successful {
		t.Errorf("%s: %s", j.Status, j.Message)
	}
}

// A job that kills each of its servers is given up.
func TestPoison(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	q := newQueue(t, store, process(nothing), func(c *jobs.Config) { c.Limits.Crashes = 3 })
	j := submit(t, q, ana, jobs.Granted{})
	if _, err := store.Pool.Exec(t.Context(), `
		update job set status = 'running', lease = now() - interval '1 second', crashes = 2, attempt = 3 where id = $1`, j.ID.String()); err != nil {
		t.Fatal(err)
	}
	work(t, q)
	if j = until(t, q, j.ID, done); j.Status != jobs.Failed || j.Failure != jobs.FailedInterrupted {
		t.Errorf("%s, %s: %s", j.Status, j.Failure, j.Message)
	}
}

func TestDismiss(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	ended := make(chan struct{})
	run := process(func(ctx context.Context, call jobs.Call) error {
		defer close(ended)
		if err := half(call); err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	})
	here, there := newQueue(t, store, run, nil), newQueue(t, store, run, nil) // only one of them works
	work(t, there)
	j := submit(t, here, ana, jobs.Granted{})
	until(t, here, j.ID, func(j jobs.Job) bool { pieces, _ := stored(t, store, j.ID); return isRunning(j) && pieces > 0 })
	j, err := here.Dismiss(t.Context(), j.ID, &ana)
	if err != nil || j.Status != jobs.Dismissed {
		t.Fatalf("%s, %v", j.Status, err)
	}
	if pieces, outputs := stored(t, store, j.ID); pieces+outputs > 0 {
		t.Errorf("%d pieces are left", pieces)
	}
	select {
	case <-ended:
	case <-time.After(patience):
		t.Fatal("the run goes on")
	}
	if again, err := here.Dismiss(t.Context(), j.ID, &ana); err != nil || again.Status != jobs.Dismissed {
		t.Errorf("dismissed twice: %s, %v", again.Status, err)
	}
}

// Jobs are dismissed around the moment when they finish: whatever comes first, a dismissed job has no result, and one
// that was told to be dismissed stays so.
func TestDismissalRace(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	q := newQueue(t, store, process(func(_ context.Context, call jobs.Call) error { return half(call) }), func(c *jobs.Config) {
		c.Limits.Queued = 100
	})
	work(t, q)
	var group sync.WaitGroup
	for i := range 40 {
		j := submit(t, q, ana, jobs.Granted{})
		group.Go(func() {
			ctx := context.WithoutCancel(t.Context())
			time.Sleep(time.Duration(i%20) * 10 * time.Millisecond)
			gone, err := q.Dismiss(ctx, j.ID, &ana)
			if err != nil || gone.Status != jobs.Dismissed {
				t.Errorf("%s, %v", gone.Status, err)
			}
		})
	}
	group.Wait()
	time.Sleep(300 * time.Millisecond) // for runs that would still write
	var left int
	const count = `select (select count(*) from job_result) + (select count(*) from job_output) + (select count(*) from job where status <> 'dismissed')`
	if err := store.Pool.QueryRow(t.Context(), count).Scan(&left); err != nil || left > 0 {
		t.Errorf("%d rows are left, %v", left, err)
	}
}

// One owner's jobs, however many, leave a place to others.
func TestOthersGetATurn(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	gate := make(chan struct{})
	q := newQueue(t, store, process(func(ctx context.Context, call jobs.Call) error {
		if call.Owner == ana {
			select {
			case <-gate:
			case <-ctx.Done():
			}
		}
		return call.WriteJSON("result", 1)
	}), nil)
	var hers []jobs.ID
	for range 6 {
		hers = append(hers, submit(t, q, ana, jobs.Granted{}).ID)
	}
	his := submit(t, q, jobs.Owner{Name: "ben"}, jobs.Granted{})
	work(t, q)
	until(t, q, his.ID, done)
	close(gate)
	for _, id := range hers {
		if j := until(t, q, id, done); j.Status != jobs.Successful {
			t.Errorf("%s: %s", j.Status, j.Message)
		}
	}
}

// Runs outside the queue: one of each owner at a time, bounded in all.
func TestNow(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	var running, most [2]atomic.Int32
	q := newQueue(t, store, process(func(_ context.Context, call jobs.Call) error {
		i := len(call.Owner.Name) - 3 // 0 is ana, 1 is anna
		most[i].Store(max(most[i].Load(), running[i].Add(1)))
		defer running[i].Add(-1)
		time.Sleep(20 * time.Millisecond)
		return call.WriteJSON("result", call.Owner.Name)
	}), func(c *jobs.Config) { c.Limits.Immediate = 6 })
	p, err := q.Processes().Find("work")
	if err != nil {
		t.Fatal(err)
	}
	asked, err := p.ParseRequest([]byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			owner := []jobs.Owner{ana, {Name: "anna"}}[i%2]
			values, err := q.Now(context.WithoutCancel(t.Context()), jobs.Order{Process: p, Owner: owner, Asked: asked})
			var failed *jobs.FailedError
			switch {
			case owner == ana && (err != nil || len(values) != 1 || string(values[0].Data) != "\"ana\"\n"):
				t.Errorf("%v, %v", values, err)
			case owner != ana && (!errors.As(err, &failed) || failed.Failure != jobs.FailedTooLarge):
				t.Errorf("a byte too many: %v", err)
			}
		})
	}
	group.Wait()
	if most[0].Load() != 1 || most[1].Load() != 1 {
		t.Errorf("%d and %d runs of an owner at a time", most[0].Load(), most[1].Load())
	}
}

func TestTwoServersShareTheQueue(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	const n = 24
	var ran [2]atomic.Int32
	var servers [2]*jobs.Queue
	var runs sync.Map
	for i := range servers {
		servers[i] = newQueue(t, store, process(func(_ context.Context, call jobs.Call) error {
			ran[i].Add(1)
			if _, twice := runs.LoadOrStore(call.Job, true); twice {
				return errors.New("ran twice")
			}
			time.Sleep(20 * time.Millisecond)
			return call.WriteJSON("result", i)
		}), func(c *jobs.Config) { c.Limits.Queued = n })
		work(t, servers[i])
	}
	ids := make([]jobs.ID, n)
	for i := range ids {
		ids[i] = submit(t, servers[i%2], ana, jobs.Granted{}).ID
	}
	for _, id := range ids {
		if j := until(t, servers[0], id, done); j.Status != jobs.Successful {
			t.Errorf("%s: %s", j.Status, j.Message)
		}
	}
	if one, two := ran[0].Load(), ran[1].Load(); one == 0 || two == 0 || one+two != n {
		t.Errorf("%d and %d runs of %d", one, two, n)
	}
}
