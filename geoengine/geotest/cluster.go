package geotest

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
	"vigie/geoengine/embedded"
)

// cluster is the shared cluster with the name of the migrated template.
type cluster struct {
	*embedded.Cluster
	template string
}

// open starts or joins the cluster once per process; a test process has no end at which to leave it.
var open = sync.OnceValues(func() (*cluster, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := embedded.StartThrowaway(ctx, Folder(), slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	hash, err := geoengine.SchemaHash()
	if err != nil {
		return nil, err
	}
	shared := &cluster{Cluster: c, template: "vigie_" + hash}
	return shared, shared.prepare(ctx)
})

func shared(t testing.TB) *cluster {
	t.Helper()
	c, err := open()
	if err != nil {
		t.Fatalf("geotest: %v", err)
	}
	return c
}

// Folder is where the shared cluster lives.
func Folder() string {
	if dir := os.Getenv("VIGIE_TEST_CLUSTER"); dir != "" {
		return dir
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("vigie-test-%d", os.Getuid()))
}

// prepare makes the template unless it is there, one process at a time, and drops what killed tests left behind.
func (c *cluster) prepare(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, c.DatabaseURL("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	const lock = `select pg_advisory_lock(7186501)` // released with the connection
	if _, err := conn.Exec(ctx, lock); err != nil {
		return err
	}
	if err := dropLeftovers(ctx, conn); err != nil {
		return err
	}
	var there bool
	const find = `select exists (select from pg_database where datname = $1)`
	if err := conn.QueryRow(ctx, find, c.template).Scan(&there); err != nil || there {
		return err
	}
	building := c.template + "_building"
	for _, sql := range []string{"drop database if exists " + building, "create database " + building} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	if err := c.migrate(ctx, building); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "alter database "+building+" rename to "+c.template)
	return err
}

func (c *cluster) migrate(ctx context.Context, name string) error {
	store, err := geoengine.Open(ctx, c.DatabaseURL(name))
	if err != nil {
		return err
	}
	defer store.Close()
	return store.Migrate(ctx)
}

// dropLeftovers drops the databases of test processes that live no more.
func dropLeftovers(ctx context.Context, conn *pgx.Conn) error {
	const list = `select datname, split_part(datname, '_', 2)::int from pg_database where datname ~ '^test_\d+_\d+$'`
	rows, err := conn.Query(ctx, list)
	if err != nil {
		return err
	}
	type database struct {
		Name string
		PID  int
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[database])
	if err != nil {
		return err
	}
	for _, d := range found {
		if syscall.Kill(d.PID, 0) != syscall.ESRCH {
			continue
		}
		if _, err := conn.Exec(ctx, "drop database if exists "+d.Name); err != nil {
			return err
		}
	}
	return nil
}
