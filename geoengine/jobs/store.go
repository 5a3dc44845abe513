package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
)

const columns = `
	id, process, owner, machine, granted, ran, inputs, outputs, reason, recipient, status, progress, message, failure,
	attempt, bytes, created, started, updated, finished, expires`

const (
	insertJob = `
		insert into job (id, process, owner, machine, granted, inputs, outputs, reason, recipient, status, created, updated)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'accepted', clock_timestamp(), clock_timestamp())`
	lockOwner   = `select pg_advisory_xact_lock(hashtextextended($1, $2))`
	countQueued = `
		select count(*) filter (where status in ('accepted', 'running')), coalesce(sum(bytes), 0)::bigint from job
		where owner = $1 and machine = $2`
	selectJob  = `select` + columns + ` from job where id = $1`
	selectOwn  = selectJob + ` and ($2::text is null or owner = $2 and machine = $3)`
	selectJobs = `
		select` + columns + ` from job
		where ($1::text is null or owner = $1 and machine = $2)
			and ($3::text[] is null or process = any($3))
			and ($4::text[] is null or status = any($4))
			and ($5::timestamptz is null or created >= $5) and ($6::timestamptz is null or created <= $6)
			and ($7::float8 = 0 or started is not null
				and extract(epoch from coalesce(finished, clock_timestamp()) - started) >= $7)
			and ($8::float8 = 0 or started is not null
				and extract(epoch from coalesce(finished, clock_timestamp()) - started) <= $8)
			and ($9::timestamptz is null or (created, id) < ($9, $10::uuid))
		order by created desc, id desc
		limit $11`
	dismissJob = `
		update job set status = 'dismissed', message = 'dismissed', failure = '', bytes = 0, lease = null, attempt = attempt + 1,
			updated = clock_timestamp(), finished = coalesce(finished, clock_timestamp()),
			expires = clock_timestamp() + $4 * interval '1 microsecond'
		where id = $1 and ($2::text is null or owner = $2 and machine = $3) and status <> 'dismissed'
		returning` + columns
	deleteChunks  = `delete from job_result where job = $1`
	deleteOutputs = `delete from job_output where job = $1`
	selectOutputs = `select id, media, bytes, ordinal from job_output where job = $1 and attempt = $2 order by ordinal`
	selectChunk   = `select data from job_result where job = $1 and attempt = $2 and ordinal = $3 and seq = $4`
	notifyJob     = `select pg_notify('` + Channel + `', $1)`
	purgeJobs     = `
		with gone as (
			delete from job where id in (
				select id from job where status in ('successful', 'failed', 'dismissed') and expires < clock_timestamp()
				order by expires limit 100 for update skip locked)
			returning id),
		outputs as (delete from job_output where job in (select id from gone)),
		chunks as (delete from job_result where job in (select id from gone))
		select count(*) from gone`
	expireJobs = `
		update job set expires = clock_timestamp() - interval '1 second'
		where status in ('successful', 'failed', 'dismissed') and finished <= clock_timestamp() - $1 * interval '1 microsecond'`
)

// Channel is notified of the id of each job that changed.
const Channel = "vigie_jobs"

func scanJob(row pgx.CollectableRow) (Job, error) {
	var (
		j            Job
		granted, ran []byte
		outputs      []byte
		status       string
		id           [16]byte
	)
	err := row.Scan(&id, &j.Process, &j.Owner.Name, &j.Owner.Machine, &granted, &ran, &j.Inputs, &outputs, &j.Reason, &j.Recipient,
		&status, &j.Progress, &j.Message, &j.Failure, &j.Attempt, &j.Bytes, &j.Created, &j.Started, &j.Updated, &j.Finished, &j.Expires)
	if err != nil {
		return Job{}, err
	}
	j.ID, j.Status = id, Status(status)
	if err := json.Unmarshal(granted, &j.Granted); err != nil {
		return Job{}, err
	}
	if ran != nil {
		j.Ran = new(Granted)
		if err := json.Unmarshal(ran, j.Ran); err != nil {
			return Job{}, err
		}
	}
	return j, json.Unmarshal(outputs, &j.Asked)
}

// ownerArgs are the parameters of "owner = $n and machine = $m", null for every owner.
func ownerArgs(owner *Owner) (name *string, machine bool) {
	if owner == nil {
		return nil, false
	}
	return &owner.Name, owner.Machine
}

// Find reads a job; nil owner is anybody's. ErrMissing if there is none, or it is somebody else's.
func (q *Queue) Find(ctx context.Context, id ID, owner *Owner) (Job, error) {
	name, machine := ownerArgs(owner)
	rows, err := q.store.Pool.Query(ctx, selectOwn, id, name, machine)
	if err != nil {
		return Job{}, fmt.Errorf("job %s: %w", id, err)
	}
	j, err := pgx.CollectExactlyOneRow(rows, scanJob)
	if errors.Is(err, pgx.ErrNoRows) {
		err = geoengine.ErrMissing
	}
	if err != nil {
		return Job{}, fmt.Errorf("job %s: %w", id, err)
	}
	return j, nil
}

// lookEvery is how often Await looks at a job.
const lookEvery = 50 * time.Millisecond

// Await reads a job, as Find does, once it is done. When ctx ends or the patience does, it returns the job as it is then.
func (q *Queue) Await(ctx context.Context, id ID, owner *Owner, patience time.Duration) (Job, error) {
	deadline, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		j, err := q.Find(context.WithoutCancel(ctx), id, owner)
		if err != nil || !j.Status.Open() {
			return j, err
		}
		select {
		case <-deadline.Done():
			return j, nil
		case <-tick.C:
		}
	}
}

// standardLimit is how many jobs are listed if nobody says.
const standardLimit = 100

// List lists jobs, newest first.
func (q *Queue) List(ctx context.Context, f Filter) ([]Job, error) {
	name, machine := ownerArgs(f.Owner)
	limit := f.Limit
	if limit == 0 {
		limit = standardLimit
	}
	rows, err := q.store.Pool.Query(ctx, selectJobs, name, machine, f.Processes, f.statuses(), instant(f.From), instant(f.To),
		f.Shortest.Seconds(), f.Longest.Seconds(), instant(f.AfterCreated), f.AfterID, limit)
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanJob)
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	return list, nil
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// Dismiss stops an open job, deletes what it has written or the result of a finished one, and returns it. ErrMissing
// as in Find.
func (q *Queue) Dismiss(ctx context.Context, id ID, owner *Owner) (Job, error) {
	name, machine := ownerArgs(owner)
	var j Job
	err := pgx.BeginFunc(ctx, q.store.Pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, dismissJob, id, name, machine, q.limits.Keep.Microseconds())
		if err != nil {
			return err
		}
		if j, err = pgx.CollectExactlyOneRow(rows, scanJob); err != nil {
			return err
		}
		if err := deleteResult(ctx, tx, id); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, notifyJob, id.String())
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return q.Find(ctx, id, owner) // dismissed before, or not there
	}
	if err != nil {
		return Job{}, fmt.Errorf("dismiss job %s: %w", id, err)
	}
	q.stop(id)
	return j, nil
}

func deleteResult(ctx context.Context, tx pgx.Tx, id ID) error {
	for _, sql := range []string{deleteChunks, deleteOutputs} {
		if _, err := tx.Exec(ctx, sql, id); err != nil {
			return err
		}
	}
	return nil
}

// Results lists the outputs of a successful job in their order.
func (q *Queue) Results(ctx context.Context, j *Job) ([]Result, error) {
	rows, err := q.store.Pool.Query(ctx, selectOutputs, j.ID, j.Attempt)
	if err != nil {
		return nil, fmt.Errorf("result of job %s: %w", j.ID, err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r Result, err error) {
		return r, row.Scan(&r.ID, &r.Media, &r.Bytes, &r.ordinal)
	})
	if err != nil {
		return nil, fmt.Errorf("result of job %s: %w", j.ID, err)
	}
	return list, nil
}

// WriteResult writes an output of a successful job to w, piece by piece. ErrMissing if it was purged meanwhile.
func (q *Queue) WriteResult(ctx context.Context, w io.Writer, j *Job, r Result) error {
	for seq, left := 0, r.Bytes; left > 0; seq++ {
		var data []byte
		err := q.store.Pool.QueryRow(ctx, selectChunk, j.ID, j.Attempt, r.ordinal, seq).Scan(&data)
		if errors.Is(err, pgx.ErrNoRows) {
			err = geoengine.ErrMissing
		}
		if err != nil {
			return fmt.Errorf("result of job %s: %w", j.ID, err)
		}
		if _, err := w.Write(data); err != nil {
			return fmt.Errorf("result of job %s: %w", j.ID, err)
		}
		left -= int64(len(data))
	}
	return nil
}

// Purge deletes the jobs and results that have expired, and those that finished longer than older ago where that is
// not negative; it returns how many.
func (q *Queue) Purge(ctx context.Context, older time.Duration) (int64, error) {
	if older >= 0 {
		if _, err := q.store.Pool.Exec(ctx, expireJobs, older.Microseconds()); err != nil {
			return 0, fmt.Errorf("purge jobs: %w", err)
		}
	}
	var total int64
	for {
		var n int64
		if err := q.store.Pool.QueryRow(ctx, purgeJobs).Scan(&n); err != nil {
			return total, fmt.Errorf("purge jobs: %w", err)
		}
		if total += n; n == 0 {
			return total, nil
		}
	}
}
