// Package geotest gives every test a fresh PostGIS database of its own, and if need be a victim: another process on it,
// to be killed.
//
// All test processes of a user share one throw-away cluster, which goes on running for the next run;
// VIGIE_TEST_CLUSTER names another folder for it. A database is a copy of a template that is migrated once.
package geotest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
)

// patience bounds the making of a database: the first waits for initdb, others for their turn on a loaded machine.
const patience = 5 * time.Minute

// databases counts those of this process, for their names.
var databases atomic.Int64

// New returns a store on a fresh migrated database, dropped when the test ends.
func New(t testing.TB) *geoengine.Store {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	store, err := geoengine.Open(ctx, URL(t))
	if err != nil {
		t.Fatalf("geotest: %v", err)
	}
	t.Cleanup(store.Close)
	return store
}

// URL returns the address of a fresh migrated database, dropped when the test ends.
func URL(t testing.TB) string {
	t.Helper()
	return create(t, " template "+shared(t).template)
}

// EmptyURL returns the address of a fresh database without a schema, dropped when the test ends.
func EmptyURL(t testing.TB) string {
	t.Helper()
	return create(t, "")
}

func create(t testing.TB, template string) string {
	t.Helper()
	c := shared(t)
	name := fmt.Sprintf("test_%d_%d", os.Getpid(), databases.Add(1))
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := c.exec(ctx, "create database "+name+template); err != nil {
		t.Fatalf("geotest: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := c.exec(ctx, "drop database if exists "+name+" with (force)"); err != nil {
			t.Errorf("geotest: %v", err)
		}
	})
	return c.DatabaseURL(name)
}

// Programs is the folder of the cluster's PostgreSQL programs, for example pg_dump.
func Programs(t testing.TB) string {
	t.Helper()
	return filepath.Dir(shared(t).Program("postgres"))
}

// Shared returns the absolute path of a file of shared/data beside the repository, and fails if it is not there.
func Shared(t testing.TB, rel string) string {
	t.Helper()
	root, err := repository()
	if err != nil {
		t.Fatalf("geotest: %v", err)
	}
	path := filepath.Join(filepath.Dir(root), "shared", "data", filepath.FromSlash(rel))
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("geotest: shared data: %v", err)
	}
	return path
}

// repository walks up from the working directory, a test's package folder, to the one with go.mod.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no go.mod above the working directory")
		}
		dir = filepath.Dir(dir)
	}
}

// exec runs one statement outside a transaction on the cluster's maintenance database.
func (c *cluster) exec(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, c.DatabaseURL("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql); err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	return nil
}
