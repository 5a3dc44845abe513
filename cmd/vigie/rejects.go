package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"vigie/data"
	"vigie/geoengine"
	"vigie/progress"
)

type importRejectsCommand struct {
	RunID  int64  `name:"run" help:"Number of the import; default: the latest."`
	Source string `predictor:"source" help:"Latest import of this source."`
	Reason string `help:"Only this reason."`
	Limit  int    `default:"100" help:"How many to show; 0 is all."`
	Output string `short:"o" type:"path" help:"Write them all to this CSV file instead, which must not exist."`
	Retry  bool   `help:"Import the rejected rows again, with the files named, after a mapping or the program was mended."`

	Inputs  []string `arg:"" optional:"" name:"input" predictor:"file" help:"With --retry: the files of that import."`
	Year    int      `help:"With --retry: as in the import."`
	Mapping string   `help:"With --retry: as in the import, or a mended one."`
	Level   string   `help:"With --retry: as in the import."`
	Root    string   `help:"With --retry: as in the import."`
}

// Help shows examples.
func (c *importRejectsCommand) Help() string {
	return `Examples:
  vigie import rejects
  vigie import rejects --run 12 --reason bad_date --json
  vigie import rejects --run 12 --output rejects.csv
  vigie import rejects --run 12 --retry --mapping mended.yaml thefts.csv.gz`
}

// Run lists, writes or retries rejected rows.
func (c *importRejectsCommand) Run(ctx context.Context, a *app) error {
	if !c.Retry && len(c.Inputs) > 0 {
		return usagef("import rejects: files are only for --retry")
	}
	store, err := a.open(ctx, false)
	if err != nil {
		return err
	}
	defer store.close(ctx)
	switch {
	case c.Retry:
		return c.retry(ctx, a, store)
	case c.Output != "":
		n := 0
		err := writeRejects(c.Output, func(add func(data.StoredReject) error) error {
			return handleRejects(ctx, store, c.query(), 0, func(r data.StoredReject) error { n++; return add(r) })
		})
		if err != nil {
			return err
		}
		a.print(map[string]any{"rows": n, "output": c.Output}, func(w io.Writer) {
			fmt.Fprintf(w, "%s rejected rows written to %s\n", progress.Group(int64(n)), c.Output)
		})
		return nil
	}
	return c.list(ctx, a, store)
}

func (c *importRejectsCommand) query() data.RejectQuery {
	return data.RejectQuery{Run: c.RunID, Source: c.Source, Reason: c.Reason}
}

func (c *importRejectsCommand) list(ctx context.Context, a *app, store *opened) error {
	all := []data.StoredReject{}
	rows := [][]string{{"RUN", "WHERE", "REASON", "DETAIL", "ROW"}}
	err := handleRejects(ctx, store, c.query(), c.Limit, func(r data.StoredReject) error {
		all = append(all, r)
		rows = append(rows, []string{
			strconv.FormatInt(r.Run, 10), data.Position{File: r.File, Line: r.Line}.String(), r.Reason, shorten(r.Detail), shorten(r.Raw),
		})
		return nil
	})
	if err != nil {
		return err
	}
	a.print(map[string]any{"rejects": all}, func(w io.Writer) {
		if len(all) == 0 {
			fmt.Fprintln(w, "No rejected rows.")
			return
		}
		table(w, rows)
	})
	return nil
}

// rejectingRun is the source of a run, or of the latest one, and its number.
const rejectingRun = `
	select id, source from import_run
	where ($1 = 0 or id = $1) and ($2 = '' or source = $2)
	order by id desc limit 1`

func (c *importRejectsCommand) retry(ctx context.Context, a *app, store *opened) error {
	if len(c.Inputs) == 0 {
		return usagef("import rejects --retry: name the files of that import, as they are or mended")
	}
	var name string
	err := store.Pool.QueryRow(ctx, rejectingRun, c.RunID, c.Source).Scan(&c.RunID, &name)
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("import rejects: no such import: %w", geoengine.ErrMissing)
	}
	if err != nil {
		return fmt.Errorf("import rejects: %w", err)
	}
	if c.Mapping != "" {
		name = mappedName
	}
	source, err := findSource(name)
	if err != nil {
		return fmt.Errorf("import %d was read with a mapping: name it with --mapping (%w)", c.RunID, err)
	}
	files, cleanup, err := data.OpenInput(ctx, c.Inputs, data.Limits{Progress: a.progress})
	if err != nil {
		return err
	}
	defer cleanup()
	options := data.Options{Mapping: c.Mapping, Year: c.Year, Level: c.Level, Root: c.Root}
	var report data.Report
	err = a.journalled(ctx, store.Store, collection("import-retry", name), func(ctx context.Context) (err error) {
		report, err = data.Import(ctx, store.Store, source, data.Input{Files: files, Options: options},
			data.ImportOptions{Progress: a.progress, RetryRun: c.RunID})
		return err
	})
	if err != nil {
		return err
	}
	a.display.Close()
	a.print(report, func(w io.Writer) { printReport(w, report) })
	return nil
}

// rejectsPage is how many rejects are fetched at a time.
const rejectsPage = 1000

// handleRejects passes the chosen rejects on, a page at a time; limit 0 is all.
func handleRejects(ctx context.Context, store *opened, q data.RejectQuery, limit int, each func(data.StoredReject) error) error {
	for n := 0; ; {
		q.Limit = rejectsPage
		if limit > 0 {
			q.Limit = min(rejectsPage, limit-n)
		}
		if q.Limit == 0 {
			return nil
		}
		page, err := data.Rejects(ctx, store.Store, q)
		if err != nil {
			return err
		}
		for _, reject := range page {
			if err := each(reject); err != nil {
				return err
			}
			q.Run, q.After = reject.Run, reject.Seq
		}
		if n += len(page); len(page) < q.Limit {
			return nil
		}
	}
}

func writeRejects(path string, fill func(add func(data.StoredReject) error) error) (err error) {
	file, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write the rejects: %w", err)
	}
	defer func() {
		if err = errors.Join(err, file.Close()); err != nil {
			err = fmt.Errorf("write the rejects: %w", errors.Join(err, os.Remove(file.Name())))
		}
	}()
	writer := csv.NewWriter(file)
	if err := writer.Write([]string{"run", "file", "line", "reason", "detail", "raw"}); err != nil {
		return err
	}
	err = fill(func(r data.StoredReject) error {
		return writer.Write([]string{
			strconv.FormatInt(r.Run, 10), r.File, strconv.FormatInt(r.Line, 10), r.Reason, r.Detail, r.Raw,
		})
	})
	writer.Flush()
	return errors.Join(err, writer.Error())
}

// shorten makes a raw row fit a line of a terminal.
func shorten(raw string) string {
	raw = strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, raw), "?")
	if runes := []rune(raw); len(runes) > 100 {
		return string(runes[:100]) + "…"
	}
	return raw
}
