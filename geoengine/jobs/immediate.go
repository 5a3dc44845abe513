package jobs

import (
	"context"
	"errors"
	"fmt"

	"vigie/geoengine"
)

// FailedError says why a run outside the queue, or a job, gave no result.
type FailedError struct{ Failure, Message string }

// Error is the message for the caller.
func (e *FailedError) Error() string { return e.Message }

// enter waits for the turn of an owner, who has one run at a time, and for a place among those that run.
func (q *Queue) enter(ctx context.Context, owner Owner) (leave func(), err error) {
	busy := fmt.Errorf("runs at the same time: %w", geoengine.ErrBusy)
	for {
		q.mu.Lock()
		theirs, running := q.owners[owner]
		if !running {
			theirs = make(chan struct{})
			q.owners[owner] = theirs
			q.mu.Unlock()
			break
		}
		q.mu.Unlock()
		select {
		case <-theirs:
		case <-ctx.Done():
			return nil, busy
		}
	}
	end := func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		close(q.owners[owner])
		delete(q.owners, owner)
	}
	select {
	case q.immediate <- struct{}{}:
		return func() { <-q.immediate; end() }, nil
	case <-ctx.Done():
		end()
		return nil, busy
	}
}

// Now runs a process at once and outside the queue, within ctx, and keeps nothing; an owner's runs follow one another. ErrBusy while as many run as may;
// a FailedError says what failed.
func (q *Queue) Now(ctx context.Context, order Order) ([]Value, error) {
	leave, err := q.enter(ctx, order.Owner)
	if err != nil {
		return nil, fmt.Errorf("process %s: %w", order.Process.ID, err)
	}
	defer leave()
	sink := &memory{wanted: order.Asked.Wanted, left: q.limits.Immediate, limit: q.limits.Immediate}
	err = q.call(ctx, order.Process, Call{
		Owner: order.Owner, Rights: order.Granted.Rights(), Policy: order.Granted.Policy(), Inputs: order.Asked.Inputs,
		Wanted: order.Asked.Wanted, Progress: func(int, string) {}, Output: sink.output,
	})
	sink.close()
	switch {
	case err == nil:
		return sink.values, nil
	case errors.Is(err, geoengine.ErrBusy):
		return nil, err
	case ctx.Err() != nil:
		return nil, &FailedError{FailedTimeout, "it took too long: ask for less, or with the header Prefer: respond-async"}
	}
	failure, message := q.classify(&Job{Process: order.Process.ID}, err)
	if failure == FailedTooLarge {
		message += ", or with the header Prefer: respond-async"
	}
	return nil, &FailedError{failure, message}
}

// MayRead tells whether the owner of a job may still see its result: rights that are narrower now than those with
// which it ran are ErrDenied, a process that is no more is ErrMissing.
func (q *Queue) MayRead(ctx context.Context, j *Job) error {
	p, err := q.processes.Find(j.Process)
	if err != nil {
		return err
	}
	now, err := q.rights(ctx, p, j.Owner)
	if err != nil {
		return err
	}
	if j.Ran == nil || !j.Ran.AtMost(now) {
		return fmt.Errorf("job %s: your rights are narrower now: %w", j.ID, geoengine.ErrDenied)
	}
	return nil
}
