package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"vigie/geoengine"
)

const (
	claimJob = `
		update job set status = 'running', ran = $3, progress = 0, message = '', updated = clock_timestamp(),
			started = coalesce(started, clock_timestamp()), lease = clock_timestamp() + $4 * interval '1 microsecond'
		where id = $1 and attempt = $2 and status = 'accepted'`
	touchJob = `
		update job set progress = $3, message = $4, updated = clock_timestamp(),
			lease = clock_timestamp() + $5 * interval '1 microsecond'
		where id = $1 and attempt = $2 and status = 'running'`
	finishJob = `
		update job set status = 'successful', progress = 100, message = '', bytes = $3, lease = null, updated = clock_timestamp(),
			finished = clock_timestamp(), expires = clock_timestamp() + $4 * interval '1 microsecond'
		where id = $1 and attempt = $2 and status = 'running'`
	failJob = `
		update job set status = 'failed', failure = $3, message = $4, bytes = 0, lease = null, updated = clock_timestamp(),
			finished = clock_timestamp(), expires = clock_timestamp() + $5 * interval '1 microsecond'
		where id = $1 and attempt = $2 and status in ('accepted', 'running')`
	releaseJob = `
		update job set status = 'accepted', attempt = attempt + 1, crashes = crashes + $3, ran = null, progress = 0, message = $4,
			lease = null, updated = clock_timestamp()
		where id = $1 and attempt = $2 and status in ('accepted', 'running')`
)

// errLost ends a run whose job was dismissed, or given to another run.
var errLost = errors.New("the job was dismissed or taken over")

// maxReleases bounds how often a job is put back because a server stops or is not ready.
const maxReleases = 200

// busyDelay is how long a job waits that met a server which was not ready.
const busyDelay = 5 * time.Second

// turnDelay is how long a job waits whose owner has runs enough.
const turnDelay = 500 * time.Millisecond

// run is one run of a job on this server.
type run struct {
	queue   *Queue
	pool    *pgxpool.Pool
	job     Job
	process *Process

	mu       sync.Mutex
	progress int
	message  string
	changed  bool
}

// start runs the attempt of a job, unless it is no longer due. An error means that nothing could be decided: the
// attempt is tried again.
func (q *Queue) start(ctx context.Context, pool *pgxpool.Pool, id ID, attempt int) error {
	j, err := q.Find(ctx, id, nil)
	if errors.Is(err, geoengine.ErrMissing) {
		return nil
	}
	if err != nil || j.Status != Accepted || j.Attempt != attempt {
		return err
	}
	r := &run{queue: q, pool: pool, job: j}
	if r.process, err = q.processes.Find(j.Process); err != nil {
		return err // a newer server has it: river offers the run again
	}
	now, err := q.rights(ctx, r.process, j.Owner)
	switch {
	case errors.Is(err, geoengine.ErrMissing), errors.Is(err, geoengine.ErrDenied):
		return r.fail(ctx, FailedDenied, "the account that asked for this may no longer do it")
	case err != nil:
		return err
	}
	ran := j.Granted.Both(now)
	r.job.Ran = &ran
	switch claimed, wait, err := r.claim(ctx); {
	case err != nil:
		return err
	case wait:
		return river.JobSnooze(turnDelay)
	case !claimed:
		return nil
	}
	return r.work(ctx)
}

const (
	// lockTurns lets one run after the other look at who runs and begin: two of one owner that looked at the same time
	// would both find the other not running yet.
	lockTurns  = `select pg_advisory_xact_lock(hashtextextended('vigie turns of jobs', 0))`
	selectTurn = `
		select count(*) filter (where status = 'running' and owner = $1 and machine = $2) >= $3
			and count(*) filter (where status = 'accepted' and (owner, machine) <> ($1, $2)) > 0
		from job where status in ('accepted', 'running')`
)

// claim makes the job this run's, unless its owner has runs enough while somebody else waits for a turn.
func (r *run) claim(ctx context.Context) (claimed, wait bool, err error) {
	ran, err := json.Marshal(r.job.Ran)
	if err != nil {
		return false, false, fmt.Errorf("job %s: %w", r.job.ID, err)
	}
	err = pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockTurns); err != nil {
			return err
		}
		owner, limits := r.job.Owner, r.queue.limits
		if err := tx.QueryRow(ctx, selectTurn, owner.Name, owner.Machine, max(1, limits.Workers-1)).Scan(&wait); err != nil || wait {
			return err
		}
		claimed, err = r.update(ctx, tx, claimJob, nil, ran, limits.Lease.Microseconds())
		return err
	})
	if err != nil {
		return false, false, fmt.Errorf("job %s: %w", r.job.ID, err)
	}
	return claimed, wait, nil
}

// change executes an update of the job that this attempt alone may make, and what belongs to it, and tells of it.
func (r *run) change(ctx context.Context, update string, more func(tx pgx.Tx) error, args ...any) (done bool, err error) {
	err = pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		done, err = r.update(ctx, tx, update, more, args...)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("job %s: %w", r.job.ID, err)
	}
	return done, nil
}

// update is change within a transaction.
func (r *run) update(ctx context.Context, tx pgx.Tx, update string, more func(tx pgx.Tx) error, args ...any) (done bool, err error) {
	tag, err := tx.Exec(ctx, update, append([]any{r.job.ID, r.job.Attempt}, args...)...)
	if err != nil || tag.RowsAffected() == 0 {
		return false, err
	}
	if more != nil {
		if err := more(tx); err != nil {
			return false, err
		}
	}
	_, err = tx.Exec(ctx, notifyJob, r.job.ID.String())
	return err == nil, err
}

// work runs the process under the lease and settles what came of it.
func (r *run) work(ctx context.Context) error {
	limits := r.queue.limits
	running, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r.queue.mu.Lock()
	r.queue.running[r.job.ID] = cancel
	r.queue.mu.Unlock()
	defer func() {
		r.queue.mu.Lock()
		defer r.queue.mu.Unlock()
		delete(r.queue.running, r.job.ID)
	}()
	limited, stop := context.WithTimeout(running, limits.Duration)
	defer stop()
	beating := make(chan struct{})
	beat, rest := context.WithCancel(running)
	go func() {
		defer close(beating)
		r.beat(beat, cancel)
	}()
	sink := &stored{ctx: limited, pool: r.pool, job: r.job.ID, attempt: r.job.Attempt, wanted: r.job.Asked.Wanted, left: limits.Result}
	err := r.queue.call(limited, r.process, Call{
		Job: r.job.ID.String(), Owner: r.job.Owner, Rights: r.job.Ran.Rights(), Policy: r.job.Ran.Policy(),
		Inputs: r.inputs(), Wanted: r.job.Asked.Wanted, Progress: r.report, Output: sink.output,
	})
	if err == nil {
		err = sink.close()
	}
	cause := context.Cause(limited)
	rest()
	<-beating
	return r.settle(context.WithoutCancel(ctx), err, cause, ctx.Err() != nil, sink.bytes)
}

func (r *run) inputs() map[string]json.RawMessage {
	inputs := map[string]json.RawMessage{}
	if err := json.Unmarshal(r.job.Inputs, &inputs); err != nil {
		panic(fmt.Sprintf("inputs that were written as a JSON object: %v", err))
	}
	return inputs
}

// settleWithin bounds the writing of an outcome.
const settleWithin = 30 * time.Second

// settle writes the outcome of a run: cause is why it was told to stop, stopping that this server stops.
func (r *run) settle(ctx context.Context, err, cause error, stopping bool, bytes int64) error {
	ctx, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	switch {
	case errors.Is(cause, errLost), errors.Is(err, errLost):
		return nil
	case err == nil:
		_, err := r.change(ctx, finishJob, nil, bytes, r.queue.limits.Keep.Microseconds())
		return err
	case stopping:
		return r.release(ctx, 0, "its server stopped: it will run again", 0)
	case errors.Is(cause, context.DeadlineExceeded):
		return r.fail(ctx, FailedTimeout, fmt.Sprintf("it took longer than %s: ask for less", r.queue.limits.Duration))
	case errors.Is(err, geoengine.ErrBusy) && r.job.Attempt < maxReleases:
		return r.release(ctx, 0, "waits for a server that is ready", busyDelay)
	}
	failure, message := r.queue.classify(&r.job, err)
	return r.fail(ctx, failure, message)
}

// tooLarge is the error of a result over its limit.
type tooLarge struct{ limit int64 }

// Error says how large a result may be.
func (e *tooLarge) Error() string {
	return fmt.Sprintf("the result is larger than %d MiB: ask for less", e.limit/mebibyte)
}

// classify says what failed, for the caller; what is unexpected is logged, and not told.
func (q *Queue) classify(j *Job, err error) (failure, message string) {
	var large *tooLarge
	switch {
	case errors.As(err, &large):
		return FailedTooLarge, large.Error()
	case errors.Is(err, geoengine.ErrDenied):
		return FailedDenied, "you may not do this"
	case errors.Is(err, geoengine.ErrInvalid):
		return FailedInvalid, strings.TrimSuffix(err.Error(), ": "+geoengine.ErrInvalid.Error())
	case errors.Is(err, context.DeadlineExceeded):
		return FailedTimeout, "a part of the answer took too long: ask for less"
	case errors.Is(err, geoengine.ErrMissing):
		return FailedInvalid, "there is no such thing, or you may not see it"
	}
	q.log.Error("job", "job", j.ID.String(), "process", j.Process, "error", err)
	return FailedInternal, "an unexpected error, which the server has logged"
}

func (r *run) fail(ctx context.Context, failure, message string) error {
	_, err := r.change(ctx, failJob, func(tx pgx.Tx) error { return deleteResult(ctx, tx, r.job.ID) },
		failure, shorten(message), r.queue.limits.Keep.Microseconds())
	return err
}

// longestMessage is the most that is kept of a message, in bytes.
const longestMessage = 500

func shorten(text string) string {
	if len(text) > longestMessage {
		text = text[:longestMessage] + "…"
	}
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "")
}

// release puts the job back for another run.
func (r *run) release(ctx context.Context, crashes int, message string, delay time.Duration) error {
	_, err := r.change(ctx, releaseJob, func(tx pgx.Tx) error {
		if err := deleteResult(ctx, tx, r.job.ID); err != nil {
			return err
		}
		return r.queue.enqueue(ctx, tx, r.job.ID, r.job.Attempt+1, delay)
	}, crashes, message)
	return err
}

// report notes progress; beat writes it.
func (r *run) report(percent int, message string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	percent, message = min(max(percent, 0), 100), shorten(message)
	r.changed = r.changed || percent != r.progress || message != r.message
	r.progress, r.message = percent, message
}

// tellEvery is how often progress is written at most.
const tellEvery = time.Second

// beat keeps the lease and writes progress until ctx ends. The run is cancelled once the job is not its own any more,
// or may not be for want of a database.
func (r *run) beat(ctx context.Context, cancel context.CancelCauseFunc) {
	lease := r.queue.limits.Lease
	ticker := time.NewTicker(min(tellEvery, lease/5))
	defer ticker.Stop()
	kept := time.Now() // monotonic, for the lease's length only
	told := kept
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		r.mu.Lock()
		tell := r.changed && time.Since(told) >= tellEvery
		progress, message := r.progress, r.message
		if tell {
			r.changed = false
		}
		r.mu.Unlock()
		if !tell && time.Since(kept) < lease/3 {
			continue
		}
		own, err := r.touch(ctx, progress, message, tell)
		switch {
		case err == nil && own:
			kept = time.Now()
			if tell {
				told = kept
			}
		case err == nil, time.Since(kept) > lease:
			cancel(errLost)
			return
		}
	}
}

func (r *run) touch(ctx context.Context, progress int, message string, tell bool) (own bool, err error) {
	lease := r.queue.limits.Lease
	ctx, cancel := context.WithTimeout(ctx, lease/3)
	defer cancel()
	if tell {
		return r.change(ctx, touchJob, nil, progress, message, lease.Microseconds())
	}
	tag, err := r.pool.Exec(ctx, touchJob, r.job.ID, r.job.Attempt, progress, message, lease.Microseconds())
	return tag.RowsAffected() > 0, err
}

// call runs a process; a panic is an error.
func (q *Queue) call(ctx context.Context, p *Process, call Call) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("process %s panicked: %v\n%s", p.ID, reason, debug.Stack())
		}
	}()
	return p.Run(ctx, call)
}
