package data

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
)

// StoredReject is a rejected row as the store keeps it.
type StoredReject struct {
	Run    int64  `json:"run"`
	Seq    int64  `json:"seq"` // in reading order, from 1
	File   string `json:"file"`
	Line   int64  `json:"line"`
	Reason string `json:"reason"`
	Detail string `json:"detail"`
	Raw    string `json:"raw"` // at most MaxRaw bytes; what is not UTF-8 is replaced
}

// RejectQuery chooses rejects. The next page begins After the last Seq of this one.
type RejectQuery struct {
	Run    int64  // 0 is the latest run of the source
	Source string // used where Run is 0; "" is any source
	Reason string // "" is any
	After  int64
	Limit  int // 0 is 100
}

const (
	lastRun       = `select coalesce(max(id), 0) from import_run where $1 = '' or source = $1`
	runSource     = `select source from import_run where id = $1`
	selectRejects = `
		select run, seq, file, line, reason, detail, raw from import_reject
		where run = $1 and seq > $2 and ($3 = '' or reason = $3) order by seq limit $4`
	selectRetry = `select file, line from import_reject where run = $1`
	retryPassed = `
		delete from import_reject r using unnest($2::text[], $3::bigint[]) as p(file, line)
		where r.run = $1 and r.file = p.file and r.line = p.line`
	retryAgain = `
		update import_reject r set reason = a.reason, detail = a.detail, raw = a.raw
		from unnest($2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[]) as a(file, line, reason, detail, raw)
		where r.run = $1 and r.file = a.file and r.line = a.line`
)

// Rejects lists rejected rows in reading order. ErrMissing if there is no such run.
func Rejects(ctx context.Context, store *geoengine.Store, q RejectQuery) ([]StoredReject, error) {
	if q.Limit <= 0 {
		q.Limit = 100
	}
	if q.Run == 0 {
		if err := store.Pool.QueryRow(ctx, lastRun, q.Source).Scan(&q.Run); err != nil {
			return nil, fmt.Errorf("list rejects: %w", err)
		}
	}
	if _, err := sourceOfRun(ctx, store, q.Run); err != nil {
		return nil, fmt.Errorf("list rejects: %w", err)
	}
	rows, err := store.Pool.Query(ctx, selectRejects, q.Run, q.After, q.Reason, q.Limit)
	if err != nil {
		return nil, fmt.Errorf("list rejects: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[StoredReject])
	if err != nil {
		return nil, fmt.Errorf("list rejects: %w", err)
	}
	return found, nil
}

func sourceOfRun(ctx context.Context, store *geoengine.Store, run int64) (source string, err error) {
	err = store.Pool.QueryRow(ctx, runSource, run).Scan(&source)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", fmt.Errorf("import run %d: %w", run, geoengine.ErrMissing)
	}
	return source, err
}

// retrySet is where the rejected rows of a run begin.
type retrySet map[Position]bool

func loadRetrySet(ctx context.Context, store *geoengine.Store, run int64, source string) (retrySet, error) {
	of, err := sourceOfRun(ctx, store, run)
	if err != nil {
		return nil, fmt.Errorf("retry: %w", err)
	}
	if of != source {
		return nil, fmt.Errorf("retry: run %d is of source %s, not %s: %w", run, of, source, geoengine.ErrInvalid)
	}
	rows, err := store.Pool.Query(ctx, selectRetry, run)
	if err != nil {
		return nil, fmt.Errorf("retry: %w", err)
	}
	set := retrySet{}
	var at Position
	_, err = pgx.ForEachRow(rows, []any{&at.File, &at.Line}, func() error { set[at] = true; return nil })
	if err != nil {
		return nil, fmt.Errorf("retry: %w", err)
	}
	return set, nil
}

// choose leaves only the rows of the set to be done.
func (s retrySet) choose(b *batch) {
	b.passed = make([]bool, len(b.items))
	for i := range b.items {
		b.passed[i] = !s[Position{plain(b.items[i].at.File), b.items[i].at.Line}]
	}
	b.rejects = slices.DeleteFunc(b.rejects, func(r orderedReject) bool { return !s[Position{plain(r.At.File), r.At.Line}] })
}

// storeRejects keeps the rejects of a batch; a retry takes away those that passed, and renews the others.
func (m *importer) storeRejects(ctx context.Context, tx pgx.Tx, b *batch, rejects []orderedReject) error {
	if m.retry != nil {
		return m.renewRejects(ctx, tx, b, rejects)
	}
	if len(rejects) == 0 {
		return nil
	}
	seq := m.report.RejectedTotal()
	columns := []string{"run", "seq", "file", "line", "reason", "detail", "raw"}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"import_reject"}, columns, pgx.CopyFromSlice(len(rejects), func(i int) ([]any, error) {
		r := rejects[i]
		return []any{m.runRow.id, seq + int64(i) + 1, plain(r.At.File), r.At.Line, plain(r.Reason), plain(r.Detail), plain(string(r.Raw))}, nil
	}))
	if err != nil {
		return fmt.Errorf("keep the rejects: %w", err)
	}
	return nil
}

func (m *importer) renewRejects(ctx context.Context, tx pgx.Tx, b *batch, rejects []orderedReject) error {
	again := map[Position]bool{}
	var files, reasons, details, raws []string
	var lines []int64
	for _, r := range rejects {
		again[r.At] = true
		files, lines = append(files, plain(r.At.File)), append(lines, r.At.Line)
		reasons, details, raws = append(reasons, r.Reason), append(details, plain(r.Detail)), append(raws, plain(string(r.Raw)))
	}
	if _, err := tx.Exec(ctx, retryAgain, m.opt.RetryRun, files, lines, reasons, details, raws); err != nil {
		return fmt.Errorf("renew the rejects: %w", err)
	}
	var passedFiles []string
	var passedLines []int64
	for i, passed := range b.passed {
		if at := b.items[i].at; !passed && !again[at] {
			passedFiles, passedLines = append(passedFiles, plain(at.File)), append(passedLines, at.Line)
		}
	}
	if _, err := tx.Exec(ctx, retryPassed, m.opt.RetryRun, passedFiles, passedLines); err != nil {
		return fmt.Errorf("take away the rejects that passed: %w", err)
	}
	return nil
}

// plain makes a text that PostgreSQL can hold.
func plain(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
}
