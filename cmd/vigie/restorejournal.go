package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
	"vigie/geoengine/journal"
)

// A restore brings back older data and must not bring back an older journal: where the journal of the database that is
// replaced goes on from that of the backup, it is the one that is kept.

const (
	hasJournal   = `select to_regclass('public.journal') is not null`
	hashAt       = `select hash from journal where seq = $1`
	lockPurges   = `select pg_advisory_lock(7186511)` // as package journal does; released with the connection
	openJournal  = `alter table journal disable trigger user`
	emptyJournal = `truncate journal`
	shutJournal  = `alter table journal enable trigger user`
	copyOut      = `copy (select * from journal where seq > %d order by seq) to stdout (format binary)`
	copyIn       = `copy journal from stdin (format binary)`
)

// restoreJournalled runs the restore between its two lines: "begun" in the old journal, the outcome in the one that is
// there afterwards.
func (r *restorer) restoreJournalled(ctx context.Context) (restoreReport, error) {
	e, err := r.app.entry(journal.Entry{Operation: "db-restore", Act: "modification", Reference: "backup:" + filepath.Base(r.args.File)})
	if err != nil {
		return restoreReport{}, err
	}
	if err := r.keep(ctx, r.store.Store, e, outcomeBegun); err != nil {
		return restoreReport{}, err
	}
	defer func() {
		if r.purges != nil {
			_ = r.purges.Close(context.WithoutCancel(ctx)) // it may be closed already
		}
	}()
	report, err := r.run(ctx)
	outcome := outcomeDone
	if err != nil {
		outcome = outcomeFailed
	}
	if r.replaced != nil {
		e.Reference += " in place of a journal that ended with " + r.replaced.String()
	}
	ctx = context.WithoutCancel(ctx)
	after, openErr := geoengine.Open(ctx, r.store.url)
	if openErr != nil {
		return report, errors.Join(err, openErr)
	}
	defer after.Close()
	return report, errors.Join(err, r.keep(ctx, after, e, outcome))
}

// keep writes one line if the database has a journal: an old or an empty one has none.
func (r *restorer) keep(ctx context.Context, store *geoengine.Store, e journal.Entry, outcome string) error {
	var has bool
	if err := store.Pool.QueryRow(ctx, hasJournal).Scan(&has); err != nil || !has {
		return err
	}
	j := journal.New(store, rand.Reader, r.app.clock)
	defer j.Close()
	e.Outcome = outcome
	return j.Append(ctx, e)
}

// carryJournal puts the journal of the old database into the new one, if it goes on from the backup's; otherwise it notes
// what is given up. Purges wait until the restore has ended.
func (r *restorer) carryJournal(ctx context.Context, fresh *geoengine.Store) error {
	old, err := r.connectTo(ctx, r.old)
	if err != nil {
		return err
	}
	r.purges = old // holds the lock until the swap
	var has bool
	if err := old.QueryRow(ctx, hasJournal).Scan(&has); err != nil || !has {
		return err
	}
	if _, err := old.Exec(ctx, lockPurges); err != nil {
		return err
	}
	ends, err := journal.New(r.store.Store, rand.Reader, r.app.clock).Root(ctx)
	if err != nil || ends.Seq == 0 {
		return err
	}
	backup, err := journal.New(fresh, rand.Reader, r.app.clock).Root(ctx)
	if err != nil {
		return err
	}
	if goesOn, err := holds(ctx, old, backup); err != nil || !goesOn {
		r.replaced = &ends
		return err
	}
	r.carried = true
	conn, err := fresh.Pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		for _, sql := range []string{openJournal, emptyJournal, shutJournal} {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}
		return copyJournal(ctx, old, tx.Conn(), 0)
	})
}

// holds tells whether the journal at conn has the entry that root is of.
func holds(ctx context.Context, conn *pgx.Conn, root journal.Root) (bool, error) {
	if root.Seq == 0 {
		return true, nil
	}
	var hash []byte
	err := conn.QueryRow(ctx, hashAt, root.Seq).Scan(&hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	return string(hash) == string(root.Hash[:]), err
}

// carryTail adds what came into the old journal since carryJournal, when nobody can write there any more.
func (r *restorer) carryTail(ctx context.Context, old, fresh string) error {
	if !r.carried {
		return nil
	}
	from, err := r.connectTo(ctx, old)
	if err != nil {
		return err
	}
	defer from.Close(ctx)
	to, err := r.connectTo(ctx, fresh)
	if err != nil {
		return err
	}
	defer to.Close(ctx)
	var last int64
	if err := to.QueryRow(ctx, `select coalesce(max(seq), 0) from journal`).Scan(&last); err != nil {
		return err
	}
	return copyJournal(ctx, from, to, last)
}

// copyJournal streams the entries behind one number from one database to another.
func copyJournal(ctx context.Context, from, to *pgx.Conn, behind int64) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	reader, writer := io.Pipe()
	sent := make(chan error, 1)
	go func() {
		_, err := from.PgConn().CopyTo(ctx, writer, fmt.Sprintf(copyOut, behind))
		sent <- errors.Join(err, writer.CloseWithError(err))
	}()
	_, err := to.PgConn().CopyFrom(ctx, reader, copyIn)
	_ = reader.CloseWithError(errors.Join(err, io.ErrClosedPipe)) // ends the other side
	if err != nil {
		cancel()
	}
	if err := errors.Join(err, <-sent); err != nil {
		return fmt.Errorf("copy the journal: %w", err)
	}
	return nil
}
