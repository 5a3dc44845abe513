package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"time"

	"vigie/geoengine/jobs"
	"vigie/geoengine/journal"
	"vigie/progress"
)

// jobsCommand manages jobs: the long runs of processes that callers have asked for.
type jobsCommand struct {
	List    jobsListCommand    `cmd:"" help:"List the jobs, newest first."`
	Show    jobsShowCommand    `cmd:"" help:"Show one job."`
	Dismiss jobsDismissCommand `cmd:"" help:"Stop a job and delete what it has written."`
	Purge   jobsPurgeCommand   `cmd:"" help:"Delete jobs and results that have expired."`
}

// Help says what it is about.
func (c *jobsCommand) Help() string {
	return `A job is one run of a process (export, aggregate …) that a person or a machine asked for. Servers run them; the result is
kept for 24 hours and shown to who asked. Results are not shown here.

Examples:
  vigie jobs list --status running
  vigie jobs dismiss 0b9cfa52-6f9e-4d0c-9b5e-3f0f3a1c2d4e
  vigie jobs purge --older 1h`
}

// jobReport is a job as the commands print it.
type jobReport struct {
	ID        string      `json:"id"`
	Process   string      `json:"process"`
	Owner     string      `json:"owner"`
	Machine   bool        `json:"machine"`
	Status    jobs.Status `json:"status"`
	Progress  int         `json:"progress"`
	Message   string      `json:"message"`
	Failure   string      `json:"failure,omitempty"`
	Attempt   int         `json:"attempt"`
	Bytes     int64       `json:"bytes"` // of the result
	Reason    string      `json:"reason,omitempty"`
	Recipient string      `json:"recipient,omitempty"`
	Created   time.Time   `json:"created"`
	Started   *time.Time  `json:"started"`
	Finished  *time.Time  `json:"finished"`
	Expires   *time.Time  `json:"expires"`
}

func reportJob(j *jobs.Job) jobReport {
	return jobReport{
		ID: j.ID.String(), Process: j.Process, Owner: j.Owner.Name, Machine: j.Owner.Machine, Status: j.Status, Progress: j.Progress,
		Message: j.Message, Failure: j.Failure, Attempt: j.Attempt, Bytes: j.Bytes, Reason: j.Reason, Recipient: j.Recipient,
		Created: j.Created, Started: j.Started, Finished: j.Finished, Expires: j.Expires,
	}
}

// queue opens the store and its jobs, which this program does not run.
func (a *app) queue(ctx context.Context) (*opened, *jobs.Queue, error) {
	store, err := a.open(ctx, false)
	if err != nil {
		return nil, nil, err
	}
	queue, err := jobs.NewQueue(jobs.Config{Store: store.Store, Processes: jobs.NewProcesses(), Log: a.log, Random: rand.Reader})
	if err != nil {
		store.close(ctx)
		return nil, nil, err
	}
	return store, queue, nil
}

type jobsListCommand struct {
	Status []string `help:"Of these statuses only." enum:"accepted,running,successful,failed,dismissed" placeholder:"STATUS"`
	Owner  string   `help:"Of this account only." placeholder:"NAME"`
	Client string   `help:"Of this machine client only." placeholder:"NAME"`
	Limit  int      `help:"Most jobs to list." default:"100"`
}

// Run lists.
func (c *jobsListCommand) Run(ctx context.Context, a *app) error {
	filter := jobs.Filter{Limit: c.Limit}
	switch {
	case c.Owner != "" && c.Client != "":
		return usagef("--owner and --client do not go together")
	case c.Limit < 1:
		return usagef("--limit must be at least 1")
	case c.Owner != "":
		filter.Owner = &jobs.Owner{Name: c.Owner}
	case c.Client != "":
		filter.Owner = &jobs.Owner{Name: c.Client, Machine: true}
	}
	for _, status := range c.Status {
		filter.Statuses = append(filter.Statuses, jobs.Status(status))
	}
	store, queue, err := a.queue(ctx)
	if err != nil {
		return err
	}
	defer store.close(ctx)
	list, err := queue.List(ctx, filter)
	if err != nil {
		return err
	}
	reports := make([]jobReport, len(list))
	for i := range list {
		reports[i] = reportJob(&list[i])
	}
	a.print(reports, func(w io.Writer) {
		rows := [][]string{{"JOB", "PROCESS", "OWNER", "STATUS", "PROGRESS", "CREATED", "MESSAGE"}}
		for _, r := range reports {
			rows = append(rows, []string{
				r.ID, r.Process, r.Owner, string(r.Status), fmt.Sprintf("%d %%", r.Progress), r.Created.Local().Format(time.DateTime), r.Message,
			})
		}
		table(w, rows)
	})
	return nil
}

type jobsShowCommand struct {
	ID string `arg:"" help:"Id of the job."`
}

// Run shows.
func (c *jobsShowCommand) Run(ctx context.Context, a *app) error {
	id, err := jobs.ParseID(c.ID)
	if err != nil {
		return usagef("%s is no id of a job", c.ID)
	}
	store, queue, err := a.queue(ctx)
	if err != nil {
		return err
	}
	defer store.close(ctx)
	j, err := queue.Find(ctx, id, nil)
	if err != nil {
		return err
	}
	a.printJob(&j)
	return nil
}

func (a *app) printJob(j *jobs.Job) {
	r := reportJob(j)
	a.print(r, func(w io.Writer) {
		when := func(t *time.Time) string {
			if t == nil {
				return "–"
			}
			return t.Local().Format(time.DateTime)
		}
		rows := [][]string{
			{"job", r.ID}, {"process", r.Process}, {"owner", r.Owner}, {"status", string(r.Status)}, {"progress", fmt.Sprintf("%d %%", r.Progress)},
			{"message", r.Message}, {"attempt", fmt.Sprint(r.Attempt)}, {"result", progress.Size(r.Bytes)}, {"created", when(&r.Created)},
			{"started", when(r.Started)}, {"finished", when(r.Finished)}, {"expires", when(r.Expires)},
		}
		if r.Reason != "" {
			rows = append(rows, []string{"reason", r.Reason}, []string{"recipient", r.Recipient})
		}
		table(w, rows)
	})
}

type jobsDismissCommand struct {
	ID string `arg:"" help:"Id of the job."`
}

// Run dismisses.
func (c *jobsDismissCommand) Run(ctx context.Context, a *app) error {
	id, err := jobs.ParseID(c.ID)
	if err != nil {
		return usagef("%s is no id of a job", c.ID)
	}
	store, queue, err := a.queue(ctx)
	if err != nil {
		return err
	}
	defer store.close(ctx)
	var j jobs.Job
	err = a.journalled(ctx, store.Store, journal.Entry{Operation: "jobs-dismiss", Act: "erasure", Reference: "job:" + id.String()},
		func(ctx context.Context) (err error) {
			j, err = queue.Dismiss(ctx, id, nil)
			return err
		})
	if err != nil {
		return err
	}
	a.printJob(&j)
	return nil
}

type jobsPurgeCommand struct {
	Older *time.Duration `help:"Also those that finished longer ago than this, such as 1h or 0s." placeholder:"DURATION"`
}

// Run purges.
func (c *jobsPurgeCommand) Run(ctx context.Context, a *app) error {
	store, queue, err := a.queue(ctx)
	if err != nil {
		return err
	}
	defer store.close(ctx)
	older := time.Duration(-1)
	if c.Older != nil {
		older = max(*c.Older, 0)
	}
	var n int64
	err = a.journalled(ctx, store.Store, journal.Entry{Operation: "jobs-purge", Act: "erasure", Reference: "jobs"},
		func(ctx context.Context) (err error) {
			n, err = queue.Purge(ctx, older)
			return err
		})
	if err != nil {
		return err
	}
	a.print(map[string]int64{"purged": n}, func(w io.Writer) { fmt.Fprintf(w, "%s jobs were deleted with their results.\n", progress.Group(n)) })
	return nil
}
