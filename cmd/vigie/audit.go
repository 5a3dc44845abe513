package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"
	"time"

	"vigie/geoengine"
	"vigie/geoengine/journal"
	"vigie/progress"
)

// auditCommand reads the journal.
type auditCommand struct {
	Verify auditVerifyCommand `cmd:"" help:"Check that nothing in the journal was changed, put in, moved or taken away."`
	Search auditSearchCommand `cmd:"" help:"Show entries, newest first."`
	Export auditExportCommand `cmd:"" help:"Write entries to a file that can be verified without the database."`
	Root   auditRootCommand   `cmd:"" help:"Print the end of the chain as SEQ:HASH, to be noted elsewhere."`
	Purge  auditPurgeCommand  `cmd:"" help:"Erase entries whose retention has ended; the chain stays whole."`
}

// Help says what it is about.
func (c *auditCommand) Help() string {
	return `The journal says who did what, when, why, to which data and with which outcome. Each entry is chained to the one before it
by SHA-256. Note its root elsewhere now and then (another machine, a printed page): with it, verify also finds a
journal that was cut off or written anew. Searching, exporting and purging are themselves in the journal; say why with --why.

Examples:
  vigie audit root >> /mnt/elsewhere/roots
  vigie audit verify --root "$(tail -1 /mnt/elsewhere/roots)"
  vigie audit search --account durand --from 2026-11-01
  vigie audit export --output journal.csv --why "inspection 12/2026" && vigie audit verify --file journal.csv`
}

type auditVerifyCommand struct {
	Root string `help:"Root noted elsewhere; the journal must still hold it." placeholder:"SEQ:HASH"`
	From int64  `default:"1" help:"Trust the entries before this one." placeholder:"SEQ"`
	File string `type:"existingfile" predictor:"file" help:"Verify a whole export (CSV or JSON lines) instead of the database."`
}

type verification struct {
	journal.Report
	Root    string  `json:"root"`
	Seconds float64 `json:"seconds"`
}

// Run verifies; a broken journal is exit code 1.
func (c *auditVerifyCommand) Run(ctx context.Context, a *app) error {
	begun := a.clock()
	root, err := optionalRoot(c.Root)
	if err != nil {
		return err
	}
	report, err := c.verify(ctx, a, root)
	if err != nil {
		return err
	}
	a.display.Close()
	v := verification{report, report.Root.String(), a.clock().Sub(begun).Seconds()}
	a.print(v, v.print)
	if !report.OK {
		return exitStatus(exitFailed)
	}
	return nil
}

func optionalRoot(text string) (*journal.Root, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // no root was noted
	}
	root, err := journal.ParseRoot(text)
	if err != nil {
		return nil, usageError{err}
	}
	return &root, nil
}

func (c *auditVerifyCommand) verify(ctx context.Context, a *app, root *journal.Root) (journal.Report, error) {
	if c.File != "" {
		if c.From > 1 {
			return journal.Report{}, usagef("audit verify: --from is for the database; a file is verified whole")
		}
		return verifyFile(c.File, root)
	}
	store, err := a.open(ctx, false)
	if err != nil {
		return journal.Report{}, err
	}
	defer store.close(ctx)
	j := journal.New(store.Store, rand.Reader, a.clock)
	defer j.Close()
	return j.Verify(ctx, c.From, root, func(done, total int64) {
		a.progress.Report(progress.Update{Task: "verify the journal", Unit: "entries", Done: done, Total: total, Finished: done == total})
	})
}

func verifyFile(name string, root *journal.Root) (journal.Report, error) {
	file, err := os.Open(name) // #nosec G304 -- the user names it
	if err != nil {
		return journal.Report{}, err
	}
	defer file.Close()
	v := journal.NewVerifier(journal.Root{}, root)
	for row, err := range journal.Read(file) {
		if err != nil {
			return journal.Report{}, fmt.Errorf("%s: %w", name, err)
		}
		if !v.Add(row) {
			break
		}
	}
	return v.Report(), nil
}

func (v verification) print(w io.Writer) {
	if v.Broken != nil {
		fmt.Fprintf(w, "The journal is broken at entry %d: %s.\n", v.Broken.Seq, v.Broken.Why)
		fmt.Fprintf(w, "%s entries before it are whole.\n", progress.Group(v.Entries))
		return
	}
	fmt.Fprintf(w, "The journal is whole: %s entries, %s of them erased by retention.\nRoot: %s\n",
		progress.Group(v.Entries), progress.Group(v.Erased), v.Root)
}

// auditFilter is which entries are meant.
type auditFilter struct {
	From      string `help:"Entries from this time on: 2026-11-01, or RFC 3339." placeholder:"TIME"`
	To        string `help:"Entries before this time." placeholder:"TIME"`
	Account   string `help:"Account, client, or cli:NAME of a system user."`
	Operation string `help:"Id of the operation, for example events."`
	Act       string `help:"collection, modification, consultation, communication, interconnection, erasure or access."`
	Class     string `help:"read, security or sensitive."`
	Outcome   string `help:"begun, an HTTP status, done, failed or broken."`
	Reference string `help:"The whole reference of the data."`
	Request   string `help:"Id of the request."`
}

func (f *auditFilter) filter() (journal.Filter, error) {
	found := journal.Filter{
		Account: f.Account, Operation: f.Operation, Act: f.Act, Class: f.Class, Outcome: f.Outcome, Reference: f.Reference,
		RequestID: f.Request,
	}
	var errs [2]error
	found.From, errs[0] = auditTime("--from", f.From)
	found.To, errs[1] = auditTime("--to", f.To)
	return found, errors.Join(errs[:]...)
}

func auditTime(name, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if at, err := time.ParseInLocation(time.DateOnly, text, time.Local); err == nil {
		return at, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, usagef("%s %q: must be a day such as 2026-11-01, or RFC 3339", name, text)
	}
	return at, nil
}

type auditSearchCommand struct {
	auditFilter `embed:""`
	Limit       int `default:"100" help:"How many to show."`
}

// Run shows entries.
func (c *auditSearchCommand) Run(ctx context.Context, a *app) error {
	f, err := c.filter()
	if err != nil {
		return err
	}
	if c.Limit < 1 {
		return usagef("audit search: --limit must be at least 1")
	}
	records := []journal.Record{}
	err = a.audited(ctx, journal.Entry{Operation: "journal-search", Class: "read", Act: "consultation"}, func(ctx context.Context, j *journal.Journal) error {
		cursor := int64(0)
		for len(records) < c.Limit {
			rows, next, err := j.Search(ctx, f, cursor, min(1000, c.Limit-len(records)))
			if err != nil {
				return err
			}
			for _, row := range rows {
				records = append(records, row.Record())
			}
			if cursor = next; next == 0 {
				break
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	a.display.Close()
	a.print(map[string]any{"entries": records}, func(w io.Writer) { printRecords(w, records) })
	return nil
}

func printRecords(w io.Writer, records []journal.Record) {
	rows := [][]string{{"SEQ", "AT", "ACCOUNT", "OPERATION", "ACT", "REFERENCE", "OUTCOME", "REASON"}}
	for _, r := range records {
		at := r.At
		if t, err := time.Parse(time.RFC3339Nano, r.At); err == nil {
			at = t.Local().Format("2006-01-02 15:04:05")
		}
		if r.ErasedBy != 0 {
			at = fmt.Sprintf("erased by %d", r.ErasedBy)
		}
		rows = append(rows, []string{
			strconv.FormatInt(r.Seq, 10), at, r.Account, r.Operation, r.Act, shorten(r.Reference), r.Outcome, shorten(r.Reason),
		})
	}
	table(w, rows)
}

// audited opens the store and runs what reads the journal; that it was read is in the journal before.
func (a *app) audited(ctx context.Context, e journal.Entry, do func(context.Context, *journal.Journal) error) error {
	store, err := a.open(ctx, false)
	if err != nil {
		return err
	}
	defer store.close(ctx)
	e.Reference = "journal"
	return a.journalled(ctx, store.Store, e, func(ctx context.Context) error {
		j := journal.New(store.Store, rand.Reader, a.clock)
		defer j.Close()
		return do(ctx, j)
	})
}

type auditExportCommand struct {
	auditFilter `embed:""`
	Output      string `short:"o" type:"path" help:"File to write, which must not exist; default: standard output."`
	Lines       bool   `help:"JSON lines instead of CSV."`
}

// Run exports.
func (c *auditExportCommand) Run(ctx context.Context, a *app) (err error) {
	f, err := c.filter()
	if err != nil {
		return err
	}
	out := a.out
	if c.Output != "" {
		file, err := os.OpenFile(c.Output, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("audit export: %w", err)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		out = file
	}
	var n int64
	err = a.audited(ctx, journal.Entry{Operation: "journal-export", Class: "read", Act: "communication"}, func(ctx context.Context, j *journal.Journal) error {
		var err error
		n, err = journal.Write(out, counted(a, j.Rows(ctx, f)), c.Lines)
		return err
	})
	if err != nil {
		return err
	}
	a.display.Close()
	if c.Output != "" {
		a.print(map[string]any{"entries": n, "output": c.Output}, func(w io.Writer) {
			fmt.Fprintf(w, "%s entries written to %s\n", progress.Group(n), c.Output)
		})
	}
	return nil
}

// counted reports how many rows have passed.
func counted(a *app, rows iter.Seq2[journal.Row, error]) iter.Seq2[journal.Row, error] {
	return func(yield func(journal.Row, error) bool) {
		const step = 20_000
		var n int64
		for row, err := range rows {
			if !yield(row, err) {
				return
			}
			if n++; n%step == 0 {
				a.progress.Report(progress.Update{Task: "export the journal", Unit: "entries", Done: n})
			}
		}
		a.progress.Report(progress.Update{Task: "export the journal", Unit: "entries", Done: n, Finished: true})
	}
}

type auditRootCommand struct{}

// Run prints the root.
func (c *auditRootCommand) Run(ctx context.Context, a *app) error {
	store, err := a.open(ctx, false)
	if err != nil {
		return err
	}
	defer store.close(ctx)
	j := journal.New(store.Store, rand.Reader, a.clock)
	defer j.Close()
	root, err := j.Root(ctx)
	if err != nil {
		return err
	}
	a.display.Close()
	a.print(map[string]any{"seq": root.Seq, "hash": root.Hash}, func(w io.Writer) { fmt.Fprintln(w, root) })
	return nil
}

type auditPurgeCommand struct {
	Retention string `help:"How long entries are kept, for example 3y or 3y,read=18m; default: VIGIE_JOURNAL_RETENTION." placeholder:"PERIODS"`
	DryRun    bool   `help:"Count what would be erased."`
}

// Run purges.
func (c *auditPurgeCommand) Run(ctx context.Context, a *app) error {
	text := c.Retention
	if text == "" {
		text = a.config.Retention
	}
	retention, err := journal.ParseRetention(text)
	if err != nil {
		return usageError{err}
	}
	store, err := a.open(ctx, false)
	if err != nil {
		return err
	}
	defer store.close(ctx)
	purged, err := c.purge(ctx, a, store.Store, retention)
	if err != nil {
		return err
	}
	a.display.Close()
	a.print(map[string]any{"dry_run": c.DryRun, "rules": purged}, func(w io.Writer) {
		head := "ERASED"
		if c.DryRun {
			head = "WOULD BE ERASED"
		}
		rows := [][]string{{"RULE", "KEPT FOR", "BEFORE", head}}
		for _, p := range purged {
			rows = append(rows, []string{p.Rule, p.Period, p.Before.Local().Format("2006-01-02 15:04:05"), progress.Group(p.Entries)})
		}
		table(w, rows)
	})
	return nil
}

func (c *auditPurgeCommand) purge(ctx context.Context, a *app, store *geoengine.Store, retention journal.Retention) ([]journal.Purged, error) {
	j := journal.New(store, rand.Reader, a.clock)
	defer j.Close()
	if c.DryRun {
		return j.Due(ctx, retention)
	}
	by, err := a.entry(journal.Entry{})
	if err != nil {
		return nil, err
	}
	return j.Purge(ctx, retention, by, func(done int64) {
		a.progress.Report(progress.Update{Task: "purge the journal", Unit: "entries", Done: done})
	})
}
