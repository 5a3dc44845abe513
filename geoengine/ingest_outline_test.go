package geoengine_test

import (
	"testing"

	"vigie/geoengine/geotest"
)

func TestOutline(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	const insert = `insert into area (id, path, parent, level, code, name, source, fingerprint, geom)
		values ($1::int, $2, $3, '', '', '', 1, 0, case when $4 then st_multi(st_makeenvelope($1::int, 40, $1::int + 1, 41, 4326)) end)`
	for i, area := range []struct {
		path, parent string
		has          bool
	}{{"fr", "", false}, {"fr.1", "fr", false}, {"fr.1.a", "fr.1", true}, {"fr.1.b", "fr.1", true}, {"fr.2", "fr", true}, {"de", "", false}} {
		if _, err := store.Pool.Exec(t.Context(), insert, i, area.path, area.parent, area.has); err != nil {
			t.Fatal(err)
		}
	}
	const describe = `select string_agg(path || ' ' || coalesce(st_astext(st_envelope(outline)), '-') || ' ' || coalesce(st_numgeometries(outline), 0), E'\n' order by path) from area`
	want := "de - 0\nfr POLYGON((2 40,2 41,5 41,5 40,2 40)) 1\nfr.1 POLYGON((2 40,2 41,4 41,4 40,2 40)) 1\nfr.1.a - 0\nfr.1.b - 0\nfr.2 - 0"
	for range 2 {
		if err := store.Outline(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		var got string
		if err := store.Pool.QueryRow(t.Context(), describe).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

func TestMigrateTwice(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	has, needs, err := store.SchemaVersion(t.Context())
	if err != nil || has != needs || needs < 1 {
		t.Errorf("has %d, needs %d, %v", has, needs, err)
	}
}
