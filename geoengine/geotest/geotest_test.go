package geotest_test

import (
	"context"
	"testing"

	"vigie/geoengine/geotest"
)

func TestDatabasesAreFreshAndApart(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	one, two := geotest.New(t), geotest.New(t)
	const add = `insert into source values (1, 'x', 't', 'p', 'l', 'u', false)`
	if _, err := one.Pool.Exec(ctx, add); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := two.Pool.QueryRow(ctx, `select count(*) from source`).Scan(&n); err != nil || n != 0 {
		t.Fatalf("the other database has %d sources, error %v", n, err)
	}
	has, needs, err := two.SchemaVersion(ctx)
	if err != nil || has != needs {
		t.Fatalf("schema %d of %d, error %v", has, needs, err)
	}
}

func TestSharedData(t *testing.T) {
	t.Parallel()
	if path := geotest.Shared(t, "README.md"); path == "" {
		t.Fatal("no path")
	}
}
