package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
	"vigie/geoengine/journal"
	"vigie/progress"
)

// dbRestoreCommand reads a backup.
type dbRestoreCommand struct {
	File    string `arg:"" type:"existingfile" predictor:"file" help:"Backup made by vigie db backup."`
	Replace bool   `help:"Replace what the database holds; without it only an empty one is restored into."`
	Jobs    int    `default:"2" help:"How many tables to restore at once."`
}

// Help says what happens to the old database.
func (c *dbRestoreCommand) Help() string {
	return `Restores into a new database, brings its schema up to date, checks it, and only then puts it in the place of the
old one: a restore that fails or is interrupted leaves everything as it was. Running servers reconnect and load the
restored data. The role needs the right to create databases (the embedded cluster's has it).

Example:
  vigie db restore --replace /backup/vigie-2026-11-23.dump`
}

type restoreReport struct {
	File    string        `json:"file"`
	Schema  int32         `json:"schema"`
	Tables  []tableReport `json:"tables"`
	Seconds float64       `json:"seconds"`
}

// Run restores.
func (c *dbRestoreCommand) Run(ctx context.Context, a *app) error {
	begun := a.clock()
	store, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer store.close(ctx)
	if !c.Replace {
		if err := mustBeEmpty(ctx, store); err != nil {
			return err
		}
	}
	r, err := newRestorer(ctx, a, store, c)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	report, err := r.restoreJournalled(ctx)
	if err != nil {
		return fmt.Errorf("restore %s: %w", c.File, err)
	}
	report.Seconds = a.clock().Sub(begun).Seconds()
	a.display.Close()
	a.print(report, func(w io.Writer) {
		fmt.Fprintf(w, "Restored %s in %s:\n", c.File, progress.Duration(a.clock().Sub(begun)))
		rows := [][]string{}
		for _, t := range report.Tables {
			rows = append(rows, []string{"  " + t.Name, progress.Group(t.Rows)})
		}
		table(w, rows)
	})
	return nil
}

// emptyTables are those that hold what people brought; the others come with the schema.
var emptyTables = [...]string{"event", "area", "unit", "import_run", "account"}

func mustBeEmpty(ctx context.Context, store *opened) error {
	for _, name := range emptyTables {
		var filled bool
		err := store.Pool.QueryRow(ctx, "select exists (select from "+pgx.Identifier{"public", name}.Sanitize()+")").Scan(&filled)
		if isUndefinedTable(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("look into the database: %w", err)
		}
		if filled {
			return fmt.Errorf("the database is not empty (table %s): use --replace to give up what it holds, after vigie db backup", name)
		}
	}
	return nil
}

// restorer builds a new database beside the old one and swaps them.
type restorer struct {
	app   *app
	store *opened
	tools pgTools
	args  *dbRestoreCommand
	old   string // name of the database
	fresh string // name while it is being built
	admin *pgx.Conn

	purges   *pgx.Conn     // keeps the old journal from being purged
	carried  bool          // the old journal is in the new database
	replaced *journal.Root // end of an old journal that is given up
}

func newRestorer(ctx context.Context, a *app, store *opened, args *dbRestoreCommand) (*restorer, error) {
	tools, err := store.tools(ctx)
	if err != nil {
		return nil, err
	}
	name := store.Pool.Config().ConnConfig.Database
	return &restorer{app: a, store: store, tools: tools, args: args, old: name, fresh: name + "_restoring"}, nil
}

// restoreLock keeps two restores of one database apart.
const restoreLock = `select pg_try_advisory_lock(7186502, hashtext($1))`

func (r *restorer) run(ctx context.Context) (restoreReport, error) {
	report := restoreReport{File: r.args.File}
	if err := r.tools.run(ctx, io.Discard, "pg_restore", "--list", r.args.File); err != nil {
		return report, fmt.Errorf("this is not a whole backup: %w", err)
	}
	admin, err := r.connectTo(ctx, "postgres")
	if err != nil {
		return report, err
	}
	defer admin.Close(context.WithoutCancel(ctx))
	r.admin = admin
	var mine bool
	if err := admin.QueryRow(ctx, restoreLock, r.old).Scan(&mine); err != nil || !mine {
		return report, errors.Join(err, fmt.Errorf("another restore is under way: %w", geoengine.ErrBusy))
	}
	if err := r.exec(ctx, "drop database if exists %s with (force)", r.fresh); err != nil {
		return report, err
	}
	if err := r.exec(ctx, "create database %s template template0 encoding 'UTF8'", r.fresh); err != nil {
		return report, err
	}
	report.Schema, report.Tables, err = r.build(ctx)
	if err != nil {
		return report, errors.Join(err, r.exec(context.WithoutCancel(ctx), "drop database if exists %s with (force)", r.fresh))
	}
	return report, r.swap(context.WithoutCancel(ctx))
}

// build fills the new database and checks it.
func (r *restorer) build(ctx context.Context) (int32, []tableReport, error) {
	stop := r.showSize(ctx)
	err := r.fill(ctx)
	stop(err == nil)
	if err != nil {
		return 0, nil, err
	}
	store, err := geoengine.Open(ctx, addressOf(r.store.url, r.fresh))
	if err != nil {
		return 0, nil, err
	}
	defer store.Close()
	if err := migrateAll(ctx, store); err != nil {
		return 0, nil, err
	}
	if err := checkSchema(ctx, store); err != nil {
		return 0, nil, err
	}
	if err := r.carryJournal(ctx, store); err != nil {
		return 0, nil, fmt.Errorf("keep the journal: %w", err)
	}
	if _, err := store.Pool.Exec(ctx, "analyze"); err != nil {
		return 0, nil, err
	}
	tables, err := countTables(ctx, store)
	if err != nil {
		return 0, nil, err
	}
	has, _, err := store.SchemaVersion(ctx)
	return has, tables, err
}

// fill restores the data before the indexes, so that the transaction numbers, which mean nothing in this server, are
// cleared in one rewrite without them (the cube's change feed would take them for news).
func (r *restorer) fill(ctx context.Context) error {
	if err := r.store.EnsureReader(ctx); err != nil { // the policies of the backup name it, and backups hold no roles
		return err
	}
	restore := func(section string) error {
		return r.tools.run(ctx, io.Discard, "pg_restore", "--exit-on-error", "--no-owner", "--no-acl", "--section="+section,
			fmt.Sprintf("--jobs=%d", max(1, r.args.Jobs)), "--dbname="+withoutPassword(addressOf(r.store.url, r.fresh)), r.args.File)
	}
	if err := restore("pre-data"); err != nil {
		return err
	}
	if err := restore("data"); err != nil {
		return err
	}
	conn, err := r.connectTo(ctx, r.fresh)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, sql := range []string{"truncate event_retracted", "alter table event alter column xid type bigint using 0"} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("this is not a backup of vigie: %w", err)
		}
	}
	return restore("post-data")
}

// swap puts the new database into the old one's place. Connections to either end; those who reconnect in between are
// ended again.
func (r *restorer) swap(ctx context.Context) error {
	r.store.Close()
	_ = r.purges.Close(ctx) // the connections to the old database end
	before := r.old + "_before_restore"
	if err := r.exec(ctx, "drop database if exists %s with (force)", before); err != nil {
		return err
	}
	if err := r.rename(ctx, r.old, before); err != nil {
		return err
	}
	if err := r.carryTail(ctx, before, r.fresh); err != nil {
		return errors.Join(err, r.rename(ctx, before, r.old))
	}
	if err := r.rename(ctx, r.fresh, r.old); err != nil {
		return errors.Join(err, r.rename(ctx, before, r.old))
	}
	return r.exec(ctx, "drop database if exists %s with (force)", before)
}

const endConnections = `select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()`

func (r *restorer) rename(ctx context.Context, from, to string) error {
	var err error
	for range 200 {
		if _, err = r.admin.Exec(ctx, endConnections, from); err != nil {
			return fmt.Errorf("end the connections to %s: %w", from, err)
		}
		if err = r.exec(ctx, "alter database %s rename to "+pgx.Identifier{to}.Sanitize(), from); err == nil {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return err
}

// exec runs a statement with one name in it.
func (r *restorer) exec(ctx context.Context, format, name string) error {
	sql := strings.Replace(format, "%s", pgx.Identifier{name}.Sanitize(), 1)
	if _, err := r.admin.Exec(ctx, sql); err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	return nil
}

func (r *restorer) connectTo(ctx context.Context, name string) (*pgx.Conn, error) {
	config := r.store.Pool.Config().ConnConfig.Copy()
	config.Database = name
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to database %s: %w", name, err)
	}
	return conn, nil
}

// showSize reports how large the new database is, until stopped.
func (r *restorer) showSize(ctx context.Context) (stop func(done bool)) {
	info, err := os.Stat(r.args.File)
	if err != nil || r.app.progress == nil {
		return func(bool) {}
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	task := fmt.Sprintf("restore %s of backup", progress.Size(info.Size()))
	var size int64
	go func() {
		defer close(ended)
		conn, err := r.connectTo(ctx, "postgres")
		if err != nil {
			return
		}
		defer conn.Close(context.WithoutCancel(ctx))
		for ctx.Err() == nil {
			if conn.QueryRow(ctx, "select pg_database_size($1)", r.fresh).Scan(&size) != nil {
				return
			}
			r.app.progress.Report(progress.Update{Task: task, Unit: progress.Bytes, Done: size})
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}()
	return func(done bool) {
		cancel()
		<-ended
		r.app.progress.Report(progress.Update{Task: task, Unit: progress.Bytes, Done: size, Finished: done})
	}
}
