package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"vigie/geoengine/embedded"
	"vigie/progress"
)

// dbCommand looks after the database.
type dbCommand struct {
	Migrate dbMigrateCommand `cmd:"" help:"Bring the schema up to date."`
	Status  dbStatusCommand  `cmd:"" help:"Show the schema version, sizes, rows and the embedded cluster."`
	Start   dbStartCommand   `cmd:"" help:"Start the embedded cluster and let it run."`
	Stop    dbStopCommand    `cmd:"" help:"Stop the embedded cluster."`
	Backup  dbBackupCommand  `cmd:"" help:"Write the whole database to one file."`
	Restore dbRestoreCommand `cmd:"" help:"Read a backup into the database."`
}

type dbMigrateCommand struct{}

// Run migrates.
func (c *dbMigrateCommand) Run(ctx context.Context, a *app) error {
	store, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer store.close(ctx)
	before, _, err := store.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	if err := migrateAll(ctx, store.Store); err != nil {
		return err
	}
	now, _, err := store.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	a.print(map[string]int32{"before": before, "schema": now}, func(w io.Writer) {
		if before == now {
			fmt.Fprintf(w, "The schema is up to date (%d).\n", now)
			return
		}
		fmt.Fprintf(w, "The schema went from %d to %d.\n", before, now)
	})
	return nil
}

type dbStatusCommand struct{}

type statusReport struct {
	Cluster *embedded.State `json:"cluster,omitempty"` // absent with DATABASE_URL
	Server  string          `json:"server,omitempty"`  // version of PostgreSQL
	PostGIS string          `json:"postgis,omitempty"`
	Schema  int32           `json:"schema"`
	Needs   int32           `json:"needs"`
	Bytes   int64           `json:"bytes"` // of the database on disk
	Tables  []tableReport   `json:"tables"`
}

type tableReport struct {
	Name  string `json:"name"`
	Rows  int64  `json:"rows"`
	Bytes int64  `json:"bytes"` // with its indexes
}

// Run reports.
func (c *dbStatusCommand) Run(ctx context.Context, a *app) error {
	report := statusReport{Tables: []tableReport{}}
	if a.config.DatabaseURL == "" {
		dir, err := a.config.dataFolder()
		if err != nil {
			return err
		}
		state, err := embedded.Inspect(dir)
		if err != nil {
			return err
		}
		report.Cluster = &state
	}
	if report.Cluster == nil || report.Cluster.Initialised {
		store, err := a.connect(ctx)
		if err != nil {
			return err
		}
		defer store.close(ctx)
		if err := report.read(ctx, store); err != nil {
			return err
		}
	}
	a.print(report, report.print)
	return nil
}

const selectDatabase = `
	select current_setting('server_version'), pg_database_size(current_database()),
		coalesce((select extversion from pg_extension where extname = 'postgis'), '')`

const selectTables = `
	select relname, pg_total_relation_size(c.oid) from pg_class c join pg_namespace n on n.oid = c.relnamespace
	where n.nspname = 'public' and c.relkind = 'r'
		and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
	order by relname`

func (r *statusReport) read(ctx context.Context, store *opened) (err error) {
	if r.Schema, r.Needs, err = store.SchemaVersion(ctx); err != nil {
		return err
	}
	if err := store.Pool.QueryRow(ctx, selectDatabase).Scan(&r.Server, &r.Bytes, &r.PostGIS); err != nil {
		return fmt.Errorf("read the state of the database: %w", err)
	}
	r.Tables, err = countTables(ctx, store.Store)
	return err
}

func (r statusReport) print(w io.Writer) {
	rows := [][]string{}
	if r.Cluster != nil {
		state := "not running"
		switch {
		case !r.Cluster.Initialised:
			state = "not made yet"
		case r.Cluster.Kept:
			state = fmt.Sprintf("running (process %d), kept running", r.Cluster.PID)
		case r.Cluster.Running:
			state = fmt.Sprintf("running (process %d)", r.Cluster.PID)
		}
		rows = append(rows, []string{"cluster", r.Cluster.Folder}, []string{"state", state})
	}
	if r.Server != "" {
		rows = append(rows, []string{"PostgreSQL", r.Server}, []string{"PostGIS", r.PostGIS},
			[]string{"schema", fmt.Sprintf("%d of %d", r.Schema, r.Needs)}, []string{"size", progress.Size(r.Bytes)})
	}
	table(w, rows)
	if len(r.Tables) == 0 {
		return
	}
	fmt.Fprintln(w)
	rows = [][]string{{"TABLE", "ROWS", "SIZE"}}
	for _, t := range r.Tables {
		rows = append(rows, []string{t.Name, progress.Group(t.Rows), progress.Size(t.Bytes)})
	}
	table(w, rows)
}

type dbStartCommand struct{}

var errExternal = errors.New("DATABASE_URL is set: that database is not ours to start or stop")

// Run starts the cluster for good.
func (c *dbStartCommand) Run(ctx context.Context, a *app) error {
	if a.config.DatabaseURL != "" {
		return usageError{errExternal}
	}
	store, err := a.open(ctx, false)
	if err != nil {
		return err
	}
	defer store.close(ctx)
	if err := store.cluster.Keep(); err != nil {
		return err
	}
	a.print(map[string]any{"url": store.url, "started": store.cluster.Started()}, func(w io.Writer) {
		fmt.Fprintf(w, "The cluster runs until vigie db stop: %s\n", store.url)
	})
	return nil
}

type dbStopCommand struct {
	Force bool `help:"Stop it also while other commands use it; a running vigie up starts it again."`
}

// Run stops the cluster.
func (c *dbStopCommand) Run(ctx context.Context, a *app) error {
	if a.config.DatabaseURL != "" {
		return usageError{errExternal}
	}
	dir, err := a.config.dataFolder()
	if err != nil {
		return err
	}
	before, err := embedded.Inspect(dir)
	if err != nil {
		return err
	}
	err = embedded.Halt(ctx, dir, c.Force, a.log)
	if errors.Is(err, embedded.ErrInUse) {
		return fmt.Errorf("%w; stop that first, or use --force", err)
	}
	if err != nil {
		return err
	}
	a.print(map[string]bool{"stopped": before.Running}, func(w io.Writer) {
		if before.Running {
			fmt.Fprintln(w, "The cluster is stopped.")
		} else {
			fmt.Fprintln(w, "The cluster was not running.")
		}
	})
	return nil
}
