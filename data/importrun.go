package data

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/jackc/pgx/v5"
)

// The states of a run.
const (
	runDone   = "done"
	runFailed = "failed"
)

// runRow is a row of import_run.
type runRow struct {
	id      int64
	records int64 // committed by an earlier import that was cut off
}

const (
	// The row lock waits for a transaction of a killed process that is still being committed.
	latestRun = `
		select id, records, report, digest = $2 and state <> 'done' from import_run
		where source = $1 order by id desc limit 1 for update`
	reopenRun = `update import_run set state = 'running', failure = '', updated = clock_timestamp() where id = $1`
	// A run that nobody can go on with is failed, not running.
	abandonRuns = `
		update import_run set state = 'failed', failure = 'cut off, and another import of the source came after',
			updated = clock_timestamp()
		where source = $1 and state = 'running'`
	insertRun = `
		insert into import_run (source, input, digest, started, updated, state)
		values ($1, $2, $3, clock_timestamp(), clock_timestamp(), 'running') returning id`
	setRun = `
		update import_run set records = $2, report = $3, updated = clock_timestamp() where id = $1`
	// A run that failed keeps the report of its last committed batch. Ours may be one behind: a commit of which we did
	// not hear, because another batch failed meanwhile, is in the store all the same.
	endRun = `
		update import_run set state = $2, failure = $3, report = case when $2 = 'failed' then report else $4 end,
			updated = clock_timestamp()
		where id = $1`
	runRecords     = `select records from import_run where id = $1 for update`
	notifyRun      = `select pg_notify('vigie_imports', $1)`
	unfinishedRuns = `
		select exists (select from import_run where id < $1 and source = $2 and state <> 'done')
			or exists (select from import_run where id = $1 and records > 0 and $3)`
)

// openRun goes on with the latest run of the source if it was cut off in the same input, else begins a new one.
func (m *importer) openRun(ctx context.Context, digest string) error {
	var stored []byte
	var same bool
	err := m.store.Pool.QueryRow(ctx, latestRun, m.src.Name, digest).Scan(&m.runRow.id, &m.runRow.records, &stored, &same)
	switch {
	case err != nil && !errors.Is(err, pgx.ErrNoRows):
		return fmt.Errorf("find the last run: %w", err)
	case err == nil && same && m.opt.RetryRun == 0:
		return m.resume(ctx, stored)
	}
	m.runRow = runRow{}
	err = pgx.BeginFunc(ctx, m.store.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, abandonRuns, m.src.Name); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, insertRun, m.src.Name, plain(m.report.Input), digest).Scan(&m.runRow.id); err != nil {
			return err
		}
		return notify(ctx, tx, m.runRow.id)
	})
	if err != nil {
		return fmt.Errorf("begin the run: %w", err)
	}
	m.report.Run = m.runRow.id
	return nil
}

func (m *importer) resume(ctx context.Context, stored []byte) error {
	input := m.report.Input
	if m.runRow.records > 0 {
		if err := json.Unmarshal(stored, &m.report); err != nil {
			return fmt.Errorf("read the report of run %d: %w", m.runRow.id, err)
		}
		m.report.Resumed = true
	}
	m.report.Run, m.report.Input = m.runRow.id, input
	if _, err := m.store.Pool.Exec(ctx, reopenRun, m.runRow.id); err != nil {
		return fmt.Errorf("resume run %d: %w", m.runRow.id, err)
	}
	return nil
}

func (m *importer) updateRun(ctx context.Context, tx pgx.Tx, records int64, report Report) error {
	text, err := json.Marshal(report)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, setRun, m.runRow.id, records, text); err != nil {
		return fmt.Errorf("note the progress of run %d: %w", m.runRow.id, err)
	}
	return notify(ctx, tx, m.runRow.id)
}

func (m *importer) closeRun(ctx context.Context, state, failure string) error {
	text, err := json.Marshal(m.report)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, m.store.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, endRun, m.runRow.id, state, plain(failure), text); err != nil {
			return fmt.Errorf("close run %d: %w", m.runRow.id, err)
		}
		return notify(ctx, tx, m.runRow.id)
	})
}

func notify(ctx context.Context, tx pgx.Tx, run int64) error {
	_, err := tx.Exec(ctx, notifyRun, strconv.FormatInt(run, 10))
	return err
}

func (m *importer) committedRecords(ctx context.Context) (records int64, err error) {
	err = m.store.Pool.QueryRow(ctx, runRecords, m.runRow.id).Scan(&records)
	return records, err
}

// unfinishedBefore tells whether an earlier import of the source may have changed areas and been cut off before the
// events got theirs.
func (m *importer) unfinishedBefore(ctx context.Context) (there bool, err error) {
	err = m.store.Pool.QueryRow(ctx, unfinishedRuns, m.runRow.id, m.src.Name, m.report.Resumed).Scan(&there)
	return there, err
}

// digestInput names what is imported: the same whenever the records are the same.
func digestInput(ctx context.Context, src Source, in Input, retry int64) (string, error) {
	hash := sha256.New()
	options, err := json.Marshal(in.Options)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(hash, "%s\n%s\n%d\n", src.Name, options, retry)
	if src.Digest != nil {
		more, err := src.Digest(in.Options)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(hash, more)
	}
	for _, f := range in.Files {
		digest := f.Digest
		if digest == "" {
			if digest, err = digestFile(ctx, f); err != nil {
				return "", err
			}
		}
		fmt.Fprintf(hash, "%s %q\n", digest, f.Name)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

func digestFile(ctx context.Context, f File) (string, error) {
	r, err := f.Open()
	if err != nil {
		return "", err
	}
	defer r.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, contextReader{ctx, r}); err != nil {
		return "", fmt.Errorf("read %s: %w", f.Name, err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// contextReader stops reading when the context ends.
type contextReader struct {
	ctx context.Context //nolint:containedctx // lives for one copy
	r   io.Reader
}

// Read reads unless the context has ended.
func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
