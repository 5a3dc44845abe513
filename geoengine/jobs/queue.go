package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"vigie/geoengine"
)

// Config is what a queue needs. Store, Processes, Log and Random must be set; Rights too, where jobs run.
type Config struct {
	Store     *geoengine.Store
	Processes *Processes
	Log       *slog.Logger
	Random    io.Reader // crypto/rand.Reader: the ids of jobs
	// Rights are what the owner may read now through a process. ErrMissing or ErrDenied if the owner is gone, was
	// disabled, or may not run it any more.
	Rights func(ctx context.Context, p *Process, owner Owner) (Granted, error)
	// Changed hears of every change of a job, on every server, at most about once a second for each. May be nil.
	Changed func(Job)
	Limits  Limits
}

// Limits bound the work. Zero fields mean the standard.
type Limits struct {
	Workers   int           // runs at the same time on this server: 2
	Queued    int           // open jobs of one owner: 20
	Kept      int64         // bytes of results kept for one owner: 1 GiB
	Result    int64         // bytes of one result: 256 MiB
	Duration  time.Duration // of one run: 1 h
	Keep      time.Duration // how long a finished job is kept: 24 h
	Lease     time.Duration // silence after which a run is believed dead: 15 s
	Crashes   int           // deaths of servers that a job survives: 5
	Immediate int64         // bytes of a result that is not queued: 16 MiB
}

const (
	standardWorkers  = 2
	standardQueued   = 20
	standardCrashes  = 5
	standardDuration = time.Hour
	standardKeep     = 24 * time.Hour
	standardLease    = 15 * time.Second
	mebibyte         = 1 << 20
)

func (l Limits) standard() Limits {
	set(&l.Workers, standardWorkers)
	set(&l.Queued, standardQueued)
	set(&l.Kept, 1024*mebibyte)
	set(&l.Result, 256*mebibyte)
	set(&l.Duration, standardDuration)
	set(&l.Keep, standardKeep)
	set(&l.Lease, standardLease)
	set(&l.Crashes, standardCrashes)
	set(&l.Immediate, 16*mebibyte)
	return l
}

func set[T int | int64 | time.Duration](field *T, standard T) {
	if *field == 0 {
		*field = standard
	}
}

// Queue is the jobs of a store. Any number of servers may have one each on the same store.
type Queue struct {
	store     *geoengine.Store
	processes *Processes
	log       *slog.Logger
	random    io.Reader
	rights    func(ctx context.Context, p *Process, owner Owner) (Granted, error)
	changed   func(Job)
	limits    Limits
	insert    *river.Client[pgx.Tx] // only inserts, in transactions of ours
	immediate chan struct{}         // runs outside the queue

	mu      sync.Mutex
	running map[ID]context.CancelCauseFunc // on this server
	owners  map[Owner]chan struct{}        // of runs outside the queue; closed when the run ends
}

// NewQueue returns the queue of a store. Jobs run only while Work runs, here or on another server.
func NewQueue(config Config) (*Queue, error) {
	limits := config.Limits.standard()
	client, err := river.NewClient(riverpgxv5.New(config.Store.Pool), &river.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, fmt.Errorf("job queue: %w", err)
	}
	return &Queue{
		store: config.Store, processes: config.Processes, log: config.Log, random: config.Random, rights: config.Rights,
		changed: config.Changed, limits: limits, insert: client, immediate: make(chan struct{}, limits.Workers),
		running: map[ID]context.CancelCauseFunc{}, owners: map[Owner]chan struct{}{},
	}, nil
}

// Processes are the processes that the queue runs.
func (q *Queue) Processes() *Processes { return q.processes }

// Keep is how long finished jobs are kept.
func (q *Queue) Keep() time.Duration { return q.limits.Keep }

// FullError says that an owner has too much in the queue.
type FullError struct{ Detail string }

// Error says what there is too much of.
func (e *FullError) Error() string { return e.Detail }

// Unwrap makes it a geoengine.ErrBusy.
func (e *FullError) Unwrap() error { return geoengine.ErrBusy }

// Order is a job to be submitted.
type Order struct {
	Process           *Process
	Owner             Owner
	Granted           Granted
	Asked             Asked
	Reason, Recipient string
}

// Submit enters a job into the queue. A FullError if the owner has too many, or keeps too large results.
func (q *Queue) Submit(ctx context.Context, order Order) (Job, error) {
	id, err := q.newID()
	if err != nil {
		return Job{}, err
	}
	granted, err := json.Marshal(order.Granted)
	if err != nil {
		return Job{}, fmt.Errorf("submit a job: %w", err)
	}
	inputs, err := json.Marshal(order.Asked.Inputs)
	if err != nil {
		return Job{}, fmt.Errorf("submit a job: %w", err)
	}
	kept := order.Asked
	kept.Inputs = nil
	outputs, err := json.Marshal(kept)
	if err != nil {
		return Job{}, fmt.Errorf("submit a job: %w", err)
	}
	err = pgx.BeginFunc(ctx, q.store.Pool, func(tx pgx.Tx) error {
		if err := q.checkOwner(ctx, tx, order.Owner); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertJob, id, order.Process.ID, order.Owner.Name, order.Owner.Machine, granted, inputs, outputs,
			order.Reason, order.Recipient); err != nil {
			return err
		}
		return q.enqueue(ctx, tx, id, 1, 0)
	})
	if err != nil {
		return Job{}, fmt.Errorf("submit a job: %w", err)
	}
	return q.Find(ctx, id, &order.Owner)
}

func (q *Queue) newID() (ID, error) {
	var id ID
	if _, err := io.ReadFull(q.random, id[:]); err != nil {
		return ID{}, fmt.Errorf("submit a job: %w", err)
	}
	id[6] = id[6]&0x0f | 0x40 // version 4,
	id[8] = id[8]&0x3f | 0x80 // variant of RFC 9562
	return id, nil
}

// checkOwner counts what the owner has, one submission of an owner at a time.
func (q *Queue) checkOwner(ctx context.Context, tx pgx.Tx, owner Owner) error {
	seed := int64(0)
	if owner.Machine {
		seed = 1
	}
	if _, err := tx.Exec(ctx, lockOwner, owner.Name, seed); err != nil {
		return err
	}
	var (
		open int
		kept int64
	)
	if err := tx.QueryRow(ctx, countQueued, owner.Name, owner.Machine).Scan(&open, &kept); err != nil {
		return err
	}
	switch {
	case open >= q.limits.Queued:
		return &FullError{fmt.Sprintf("you have %d jobs in the queue already: wait for one to finish, or dismiss one", open)}
	case kept >= q.limits.Kept:
		return &FullError{fmt.Sprintf("your results take %d MiB already: dismiss some jobs, or wait until they expire", kept/mebibyte)}
	}
	return nil
}

// task is what river keeps of a run: everything else is in the table job.
type task struct {
	Job     string `json:"job"`
	Attempt int    `json:"attempt"`
}

// Kind names the tasks in river's tables.
func (task) Kind() string { return "vigie_job" }

// riverQueue is the name of the queue in river's tables.
const riverQueue = "vigie"

const setQueued = `update job set queued = $3 where id = $1 and attempt = $2`

// enqueue hands a run to river, after the delay, in the transaction that makes it due.
func (q *Queue) enqueue(ctx context.Context, tx pgx.Tx, id ID, attempt int, delay time.Duration) error {
	options := &river.InsertOpts{Queue: riverQueue}
	if delay > 0 {
		options.ScheduledAt = time.Now().Add(delay)
	}
	inserted, err := q.insert.InsertTx(ctx, tx, task{id.String(), attempt}, options)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, setQueued, id, attempt, inserted.Job.ID); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, notifyJob, id.String())
	return err
}

// stop ends a run on this server.
func (q *Queue) stop(id ID) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if cancel, here := q.running[id]; here {
		cancel(errLost)
	}
}
