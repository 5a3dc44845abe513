package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"golang.org/x/sync/errgroup"

	"vigie/geoengine"
)

// How often the queue is looked after.
const (
	purgeEvery  = time.Minute
	stopWithin  = 20 * time.Second
	doneKept    = time.Hour // river's rows of finished runs
	ownPool     = 6         // connections beside one for each worker: river's and the tending
	rescueAfter = time.Hour // beyond the longest run: takeOver is long done then
)

// worker is the queue as river's worker.
type worker struct {
	river.WorkerDefaults[task]
	queue *Queue
	pool  *pgxpool.Pool
}

// Work runs a task that river hands out.
func (w *worker) Work(ctx context.Context, job *river.Job[task]) error {
	id, err := ParseID(job.Args.Job)
	if err != nil {
		return river.JobCancel(err)
	}
	return w.queue.start(ctx, w.pool, id, job.Args.Attempt)
}

// NextRetry offers a run soon again that could not begin.
func (w *worker) NextRetry(*river.Job[task]) time.Time { return time.Now().Add(busyDelay) }

// Work runs jobs, takes over those of servers that died, purges, and hears of changes, until ctx ends; then it puts
// back what it runs and returns. It returns sooner, with an error, when the database goes away.
func (q *Queue) Work(ctx context.Context) error {
	config := q.store.Pool.Config()
	config.MaxConns = int32(q.limits.Workers) + ownPool
	config.MinConns, config.MinIdleConns = 0, 0
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("jobs: %w", err)
	}
	defer pool.Close()
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker{queue: q, pool: pool})
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		Queues: map[string]river.QueueConfig{riverQueue: {MaxWorkers: q.limits.Workers}}, Workers: workers,
		JobTimeout: -1, RescueStuckJobsAfter: q.limits.Duration + rescueAfter, CompletedJobRetentionPeriod: doneKept,
		Logger: slog.New(quiet{q.log.Handler()}),
	})
	if err != nil {
		return fmt.Errorf("jobs: %w", err)
	}
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("jobs: %w", err)
	}
	defer func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
		defer cancel()
		if err := client.StopAndCancel(stopping); err != nil {
			q.log.Warn("jobs did not stop in time", "error", err)
		}
	}()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return q.tend(ctx, pool) })
	group.Go(func() error { return q.listen(ctx) })
	return group.Wait()
}

// quiet passes on what river has to say only where somebody should look at it.
type quiet struct{ slog.Handler }

// Enabled drops what is only a warning: river tries again by itself.
func (h quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelError && h.Handler.Enabled(ctx, level)
}

// tend takes over and purges.
func (q *Queue) tend(ctx context.Context, pool *pgxpool.Pool) error {
	purged := time.Time{}
	ticker := time.NewTicker(q.limits.Lease / 3)
	defer ticker.Stop()
	for {
		err := q.takeOver(ctx, pool)
		if err == nil && time.Since(purged) >= purgeEvery {
			_, err = q.Purge(ctx, -1)
			purged = time.Now()
		}
		if ctx.Err() != nil {
			return nil // it fails because it is told to stop
		}
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// A job is dead whose lease has ended, or whose turn came and went without a run: its server was killed in between.
const selectDead = `
	select j.id, j.attempt, j.crashes from job j left join river_job r on r.id = j.queued
	where j.status = 'running' and j.lease < clock_timestamp()
		or j.status = 'accepted' and j.updated < clock_timestamp() - $1 * interval '1 microsecond'
			and (r.id is null or r.state in ('completed', 'cancelled', 'discarded')
				or r.state = 'running' and r.attempted_at < clock_timestamp() - $1 * interval '1 microsecond')
	order by j.id
	limit 100
	for update of j skip locked`

// takeOver gives the jobs of dead runs to new ones.
func (q *Queue) takeOver(ctx context.Context, pool *pgxpool.Pool) error {
	type dead struct {
		ID      [16]byte
		Attempt int
		Crashes int
	}
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectDead, q.limits.Lease.Microseconds())
		if err != nil {
			return err
		}
		found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[dead])
		if err != nil {
			return err
		}
		for _, d := range found {
			if err := q.again(ctx, tx, d.ID, d.Attempt, d.Crashes+1); err != nil {
				return err
			}
			q.log.Warn("job taken over", "job", ID(d.ID).String(), "attempt", d.Attempt+1)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("take over jobs: %w", err)
	}
	return nil
}

// again gives a job whose run died to a new one, or gives it up.
func (q *Queue) again(ctx context.Context, tx pgx.Tx, id ID, attempt, crashes int) error {
	if err := deleteResult(ctx, tx, id); err != nil {
		return err
	}
	if crashes >= q.limits.Crashes {
		if _, err := tx.Exec(ctx, failJob, id, attempt, FailedInterrupted,
			fmt.Sprintf("its servers died %d times", crashes), q.limits.Keep.Microseconds()); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, notifyJob, id.String())
		return err
	}
	if _, err := tx.Exec(ctx, releaseJob, id, attempt, 1, "its server died: it runs again"); err != nil {
		return err
	}
	return q.enqueue(ctx, tx, id, attempt+1, 0)
}

// listen hears of changes on every server: it stops what was dismissed elsewhere and passes changes on.
func (q *Queue) listen(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, q.store.Pool.Config().ConnConfig)
	if err != nil {
		return ended(ctx, err)
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(closing) // it is gone either way
	}()
	if _, err := conn.Exec(ctx, "listen "+Channel); err != nil {
		return ended(ctx, err)
	}
	for {
		note, err := conn.WaitForNotification(ctx)
		if err != nil {
			return ended(ctx, err)
		}
		id, err := ParseID(note.Payload)
		if err != nil {
			continue // not from us
		}
		j, err := q.Find(ctx, id, nil)
		switch {
		case errors.Is(err, geoengine.ErrMissing):
			continue
		case err != nil:
			return ended(ctx, err)
		}
		if j.Status == Dismissed {
			q.stop(id)
		}
		if q.changed != nil {
			q.changed(j)
		}
	}
}

func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // it fails because it is told to stop
	}
	return fmt.Errorf("hear of jobs: %w", err)
}
