package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigie/geoengine"
	"vigie/geoengine/geotest"
)

// fill puts one row into most tables, with a transaction number that lies in the future of any other cluster.
const fill = `
	insert into source values (1, 'small', 'A small file', 'p', 'l', 'u', false);
	insert into category values (1, 'road.accident');
	insert into event (zone, source, ref, category, severity, starts, ends, reported, utc_offset, geom, precision_m, weight,
			cell, area, attributes, fingerprint, xid)
		select 0, 1, 'ref ' || n, 1, 0, now(), now(), now(), 0, st_setsrid(st_point(1.4, 43.6), 4326), 1, 0, 0, '', '{"été": "d''août"}', n, 1 << 40
		from generate_series(1, 1000) n;
	insert into account (name, password, created) values ('durand', 'x', now())`

func rowsOf(t *testing.T, url string) map[string]int64 {
	t.Helper()
	store, err := geoengine.Open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	tables, err := countTables(context.Background(), store)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]int64{}
	for _, one := range tables {
		rows[one.Name] = one.Rows
	}
	delete(rows, "journal") // of which restores write
	return rows
}

func execute(t *testing.T, url, sql string) {
	t.Helper()
	store, err := geoengine.Open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if _, err := store.Pool.Exec(context.Background(), sql); err != nil {
		t.Fatal(err)
	}
}

func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	from, to := databaseURL(t), geotest.EmptyURL(t)
	execute(t, from, fill)
	want := rowsOf(t, from)
	file := filepath.Join(t.TempDir(), "vigie.dump")
	source, target := newWorld(t, "DATABASE_URL="+from), newWorld(t, "DATABASE_URL="+to)
	if made := must[backupReport](source, "db", "backup", file); made.Bytes == 0 {
		t.Errorf("%+v", made)
	}
	if got := source.vigie("db", "backup", file); got.code != exitFailed || !strings.Contains(got.errs, "never replaces") {
		t.Errorf("a second backup into the same file: %+v", got)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(file), ".*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	must[restoreReport](target, "db", "restore", file)
	if diff := cmp.Diff(want, rowsOf(t, to)); diff != "" {
		t.Error(diff)
	}
	execute(t, to, `do $$ begin assert not exists (select from event where xid <> 0); end $$`)
	execute(t, to, `do $$ begin assert (select count(*) from pg_indexes where tablename = 'event') > 2; end $$`)

	if got := target.vigie("db", "restore", file); got.code != exitFailed || !strings.Contains(got.errs, "--replace") {
		t.Errorf("restore over data: %+v", got)
	}
	execute(t, to, `delete from event where ref < 'ref 5'; insert into account (name, password, created) values ('second', 'x', now())`)
	must[restoreReport](target, "db", "restore", "--replace", file)
	if diff := cmp.Diff(want, rowsOf(t, to)); diff != "" {
		t.Error(diff)
	}
	brokenBackups(t, target, to, file)
}

// brokenBackups must leave the database as it is.
func brokenBackups(t *testing.T, target *world, to, file string) {
	t.Helper()
	want := rowsOf(t, to)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"truncated": whole[:len(whole)*2/3], "text": []byte("no backup"), "empty": nil} {
		broken := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(broken, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := target.vigie("db", "restore", "--replace", broken); got.code != exitFailed {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if diff := cmp.Diff(want, rowsOf(t, to)); diff != "" {
		t.Error(diff)
	}
}

func TestPasswordsAreKeptOffTheCommandLine(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"postgres://u:secret@h:5/d?sslmode=disable":    "postgres://u@h:5/d?sslmode=disable",
		"postgres://h/d?password=secret&user=u":        "postgres://h/d?user=u",
		"host=h password='se cr\\'et' user=u":          "host=h  user=u",
		"host=h PASSWORD = secret user=u":              "host=h  user=u",
		"postgres:///vigie?host=%2Ftmp%2Fa&user=vigie": "postgres:///vigie?host=%2Ftmp%2Fa&user=vigie",
	} {
		if got := withoutPassword(address); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
	for address, want := range map[string]string{
		"postgres://u@h:5/d?dbname=x":       "postgres://u@h:5/new?",
		"host=h dbname=d":                   "host=h dbname=d dbname='new'",
		"postgres:///d?host=%2Ftmp&user=me": "postgres:///new?host=%2Ftmp&user=me",
	} {
		if got := addressOf(address, "new"); strings.TrimSuffix(got, "?") != strings.TrimSuffix(want, "?") {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
}
