package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"os/user"
	"strconv"

	"vigie/geoengine"
	"vigie/geoengine/journal"
)

// The outcomes of commands in the journal.
const (
	outcomeBegun  = "begun"
	outcomeDone   = "done"
	outcomeFailed = "failed"
)

// journalled runs what changes or hands on data between two lines of the journal: "begun", without which it does not run,
// and how it ended. The entry says what is done to which data (Operation, Act, Reference); the rest is filled in.
func (a *app) journalled(ctx context.Context, store *geoengine.Store, e journal.Entry, do func(context.Context) error) error {
	j := journal.New(store, rand.Reader, a.clock)
	defer j.Close()
	e, err := a.entry(e)
	if err != nil {
		return err
	}
	e.Outcome = outcomeBegun
	if err := j.Append(ctx, e); err != nil {
		return err
	}
	done := do(ctx)
	e.Outcome = outcomeDone
	if done != nil {
		e.Outcome = outcomeFailed
	}
	return errors.Join(done, j.Append(context.WithoutCancel(ctx), e))
}

// entry fills in who runs the command, and why.
func (a *app) entry(e journal.Entry) (journal.Entry, error) {
	id := make([]byte, 6)
	if _, err := rand.Read(id); err != nil {
		return e, err
	}
	e.RequestID = "cli-" + strconv.Itoa(os.Getpid()) + "-" + hex.EncodeToString(id)
	e.Account = "cli:" + runBy()
	if e.Class == "" {
		e.Class = "security"
	}
	if e.Reason == "" {
		e.Reason = a.reason
	}
	return e, nil
}

// runBy is who runs the program, as the system knows it.
func runBy() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return strconv.Itoa(os.Getuid())
}
