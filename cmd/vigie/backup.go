package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"vigie/geoengine/journal"
	"vigie/progress"
)

// dbBackupCommand writes a backup.
type dbBackupCommand struct {
	File string `arg:"" type:"path" predictor:"file" help:"File to write; it must not exist."`
}

// Help shows examples.
func (c *dbBackupCommand) Help() string {
	return `Writes a consistent copy while servers and imports go on: pg_dump's custom format, compressed. The file appears under
its name only when it is whole, and never replaces another.

Example:
  vigie db backup /backup/vigie-2026-11-23.dump`
}

type backupReport struct {
	File    string  `json:"file"`
	Bytes   int64   `json:"bytes"`
	Seconds float64 `json:"seconds"`
}

// Run writes the backup.
func (c *dbBackupCommand) Run(ctx context.Context, a *app) error {
	begun := a.clock()
	if _, err := os.Lstat(c.File); err == nil {
		return fmt.Errorf("%s exists already; a backup never replaces a file", c.File)
	}
	store, err := a.open(ctx, false)
	if err != nil {
		return err
	}
	defer store.close(ctx)
	var bytes int64
	entry := journal.Entry{Operation: "db-backup", Act: "communication", Reference: "backup:" + filepath.Base(c.File)}
	err = a.journalled(ctx, store.Store, entry, func(ctx context.Context) (err error) {
		bytes, err = a.backup(ctx, store, c.File)
		return err
	})
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	report := backupReport{c.File, bytes, a.clock().Sub(begun).Seconds()}
	a.print(report, func(w io.Writer) {
		fmt.Fprintf(w, "Backed up to %s (%s in %s).\n", c.File, progress.Size(bytes), progress.Duration(a.clock().Sub(begun)))
	})
	return nil
}

// backup dumps into a temporary file beside the target and links it into place.
func (a *app) backup(ctx context.Context, store *opened, path string) (int64, error) {
	tools, err := store.tools(ctx)
	if err != nil {
		return 0, err
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.part")
	if err != nil {
		return 0, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	counted := &countingWriter{to: file, task: "backup", report: a.progress}
	if err := tools.run(ctx, counted, "pg_dump", "-Fc", "--no-owner", "--no-acl", "--dbname="+tools.address); err != nil {
		return 0, err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return 0, err
	}
	if err := tools.run(ctx, io.Discard, "pg_restore", "--list", file.Name()); err != nil {
		return 0, fmt.Errorf("the file just written cannot be read: %w", err)
	}
	if err := os.Link(file.Name(), path); errors.Is(err, os.ErrExist) {
		return 0, fmt.Errorf("%s exists already", path)
	} else if err != nil { // a file system without links
		if err := os.Rename(file.Name(), path); err != nil {
			return 0, err
		}
	}
	counted.finish()
	return counted.n, syncFolder(filepath.Dir(path))
}

func syncFolder(path string) error {
	folder, err := os.Open(path) // #nosec G304 -- the user's own choice
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// countingWriter reports how much went through.
type countingWriter struct {
	to     io.Writer
	task   string
	report progress.Func
	n      int64
	told   time.Time
}

// Write passes p on.
func (w *countingWriter) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	w.n += int64(n)
	if now := time.Now(); now.Sub(w.told) > 100*time.Millisecond {
		w.told = now
		w.report.Report(progress.Update{Task: w.task, Unit: progress.Bytes, Done: w.n})
	}
	return n, err
}

func (w *countingWriter) finish() {
	w.report.Report(progress.Update{Task: w.task, Unit: progress.Bytes, Done: w.n, Finished: true})
}
