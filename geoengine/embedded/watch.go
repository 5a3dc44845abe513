package embedded

import (
	"context"
	"time"
)

// watchEvery is how often Watch looks after the server.
const watchEvery = 2 * time.Second

// Watch starts the server again whenever it ends while this process uses it (it was killed, or stopped by force),
// until ctx ends. PostgreSQL itself restarts what crashes below its first process.
func (c *Cluster) Watch(ctx context.Context) {
	for pause(ctx, watchEvery) == nil {
		if c.server.place.runningPID() != 0 {
			continue
		}
		if err := c.revive(ctx); err != nil && ctx.Err() == nil {
			c.server.log.Error("start the embedded cluster again", "error", err)
		}
	}
}

func (c *Cluster) revive(ctx context.Context) error {
	turn, err := lockExclusive(ctx, c.server.place.turnLock(), c.server.log)
	if err != nil {
		return err
	}
	defer turn.Close()
	started, err := c.server.ensure(context.WithoutCancel(ctx)) // others may use it: a start half done is not taken back
	if started {
		c.server.log.Warn("the embedded cluster had ended and runs again")
	}
	return err
}
