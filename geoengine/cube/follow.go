package cube

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	channel    = "vigie_events"
	reloadWord = "reload" // payload that asks for a new load
	heartbeat  = 20 * time.Second
	firstPause = 50 * time.Millisecond
	lastPause  = 5 * time.Second
	pollers    = 4 // connections that read deltas
)

// Follow keeps the cube equal to the store until ctx ends, whose error it returns. It waits for NOTIFY vigie_events,
// reads what has committed since, and calls changed (unless nil) with the new version, possibly from several
// goroutines; it must be quick. It survives restarts of the database without loss, and loads the cube if that has not
// been done, when the payload is "reload", when the store was replaced, and when it was away for longer than
// retractions are kept.
//
// Every commit becomes visible as a whole. Small commits may become visible before a large one that was earlier,
// unless they change or delete events.
func (c *Cube) Follow(ctx context.Context, changed func(version uint64)) error {
	defer c.merges.Wait()
	if changed == nil {
		changed = func(uint64) {}
	}
	pause := firstPause
	for {
		began := time.Now()
		err := c.followOnce(ctx, changed)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errReload):
			c.log.InfoContext(ctx, "loading the cube anew", "because", err)
			if err = c.Load(ctx, nil); err == nil {
				changed(c.Version())
				continue
			}
		}
		if time.Since(began) > heartbeat {
			pause = firstPause
		}
		c.log.WarnContext(ctx, "the cube lost the database, trying again", "pause", pause, "error", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		pause = min(2*pause, lastPause)
	}
}

// followOnce follows over one set of connections, until one of them fails.
func (c *Cube) followOnce(ctx context.Context, changed func(version uint64)) error {
	if !c.Ready() {
		return fmt.Errorf("not loaded yet: %w", errReload)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	pool, err := c.pollPool(ctx)
	if err != nil {
		return err
	}
	defer pool.Close()
	listener, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	conn := listener.Hijack()
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "listen "+channel); err != nil {
		return err
	}

	wake := make(chan struct{}, 1)
	wake <- struct{}{} // what committed before we listened
	var work sync.WaitGroup
	defer work.Wait()
	work.Go(func() { cancel(listen(ctx, conn, wake)) })
	work.Go(func() { c.purge(ctx) })
	for {
		select {
		case <-ctx.Done():
			cancel(nil)
			return context.Cause(ctx)
		case <-wake:
		}
		c.pollBeside(ctx, &work, pool, cancel, changed)
	}
}

// pollBeside polls, and returns when that is done or the next poll need not wait for it. A failure cancels everything.
func (c *Cube) pollBeside(ctx context.Context, work *sync.WaitGroup, pool *pgxpool.Pool, cancel context.CancelCauseFunc,
	changed func(version uint64),
) {
	goOn := make(chan struct{})
	release := sync.OnceFunc(func() { close(goOn) })
	work.Go(func() {
		defer release()
		version, err := c.poll(ctx, pool, release)
		switch {
		case err != nil:
			cancel(err)
		case version > 0:
			changed(version)
		}
	})
	<-goOn
}

// listen wakes the poller at every notification, and now and then without one. Many make one wake-up.
func listen(ctx context.Context, conn *pgx.Conn, wake chan<- struct{}) error {
	for {
		waiting, cancel := context.WithTimeout(ctx, heartbeat)
		n, err := conn.WaitForNotification(waiting)
		late := waiting.Err() != nil && ctx.Err() == nil
		cancel()
		switch {
		case err != nil && !late:
			return err
		case err == nil && n.Payload == reloadWord:
			return fmt.Errorf("asked to: %w", errReload)
		}
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

// pollPool makes the connections that follow the store: apart from those that answer people, and never choosing to
// read a whole table.
func (c *Cube) pollPool(ctx context.Context) (*pgxpool.Pool, error) {
	config := c.store.Pool.Config()
	config.MinConns, config.MaxConns = 0, pollers+1
	config.MinIdleConns = 0
	params := config.ConnConfig.RuntimeParams
	params["application_name"] = "vigie cube"
	params["enable_seqscan"] = "off"
	params["jit"] = "off"
	return pgxpool.NewWithConfig(ctx, config)
}

// purge drops old retractions, at the start and every hour. Without the right to, others do it.
func (c *Cube) purge(ctx context.Context) {
	for {
		if _, err := c.store.Pool.Exec(ctx, purgeRetracted); err != nil && ctx.Err() == nil {
			c.log.WarnContext(ctx, "could not drop old retractions", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Hour):
		}
	}
}
