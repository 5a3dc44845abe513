package geoengine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vigie/geoengine"
	"vigie/geoengine/geotest"
)

// refs are the refs that a statement returns under the rights.
func refs(t *testing.T, store *geoengine.Store, rights geoengine.Rights, sql string, args ...any) (found []string) {
	t.Helper()
	err := store.Read(t.Context(), rights, func(tx pgx.Tx) error {
		rows, err := tx.Query(t.Context(), sql, args...)
		if err != nil {
			return err
		}
		found, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(found)
	return found
}

func mustExec(t *testing.T, store *geoengine.Store, sql string, args ...any) {
	t.Helper()
	if _, err := store.Pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(sql, err)
	}
}

// TestReadShowsTheRightsOnly reads without any filter of ours: what comes back is what PostgreSQL lets through.
func TestReadShowsTheRightsOnly(t *testing.T) {
	t.Parallel()
	store, r := geotest.New(t), rand.New(rand.NewPCG(1, 2))
	events := someEvents(r, 400)
	storeEvents(t, store, events)
	mustExec(t, store, `insert into unit select zone, source, ref, 'brigade', 'u', geom, 0, cell, area, '{}', null, 0 from event`)
	all := func(values ...string) []string { return values }
	scopes := [][]string{
		nil, {}, {"fr"}, all("fr.76"), all("fr.7"), all("fr.76_31"), all("fr.76.31", "demo"), all("fr.76.31.31555", "fr.76.31.31555"),
		all("%"), all("_"), all("*"), all("fr.%"), all("fr.76',fr.7"), all("fr.76,demo.1"), all(`fr\`), all(""), all("."), all("FR.76"),
	}
	opens := [][]string{
		nil, {}, all("road"), all("road.accident"), all("road.accident.bicycle"), all("vehicle.theft", "road_accident"), all("1"), all("*"), all(""), all("0"),
	}
	valid := func(paths []string) []string { // what is no path covers nothing
		if paths == nil {
			return nil
		}
		return slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return !geoengine.ValidAreaPath(p) })
	}
	for _, scope := range scopes {
		for _, open := range opens {
			rights := geoengine.Rights{Scope: scope, Open: open}
			wantEvents, wantUnits := []string{}, []string{}
			for _, e := range events {
				if scope != nil && !geoengine.Within(e.area, valid(scope)) {
					continue
				}
				wantUnits = append(wantUnits, e.Ref)
				if open == nil || geoengine.Within(e.Category, slices.DeleteFunc(slices.Clone(open), func(s string) bool { return s == "" })) {
					wantEvents = append(wantEvents, e.Ref)
				}
			}
			slices.Sort(wantEvents)
			slices.Sort(wantUnits)
			if diff := gocmp.Diff(wantEvents, refs(t, store, rights, `select ref from event`)); diff != "" {
				t.Errorf("%q: events: %s", rights, diff)
			}
			if diff := gocmp.Diff(wantUnits, refs(t, store, rights, `select ref from unit`)); diff != "" {
				t.Errorf("%q: units: %s", rights, diff)
			}
		}
	}
}

// TestEitherLayerSuffices takes away one layer at a time: the row security, then the filters of the statement.
func TestEitherLayerSuffices(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	events := someEvents(rand.New(rand.NewPCG(3, 4)), 400)
	storeEvents(t, store, events)
	limited := geoengine.EventList{Limit: geoengine.MaxEvents, Query: geoengine.Query{Scope: []string{"fr.76"}, Open: []string{"road"}}}
	want := []string{}
	for _, e := range events {
		if geoengine.Within(e.area, limited.Scope) && geoengine.Within(e.Category, limited.Open) {
			want = append(want, e.Ref)
		}
	}
	slices.Sort(want)
	list := func() (found []string) {
		t.Helper()
		page, err := store.Events(t.Context(), limited)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Events {
			found = append(found, e.Ref)
		}
		slices.Sort(found)
		return found
	}
	if diff := gocmp.Diff(want, list()); diff != "" {
		t.Error("both: ", diff)
	}
	if diff := gocmp.Diff(want, refs(t, store, limited.Rights(), `select ref from event`)); diff != "" {
		t.Error("row security alone: ", diff)
	}
	mustExec(t, store, `alter table event disable row level security`)
	if diff := gocmp.Diff(want, list()); diff != "" {
		t.Error("the statement alone: ", diff)
	}
	if found := refs(t, store, limited.Rights(), `select ref from event`); len(found) != len(events) {
		t.Errorf("the row security was still there: %d of %d events", len(found), len(events))
	}
}

// TestReadKnowsNewCategories lets a category appear after its sisters were read.
func TestReadKnowsNewCategories(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	storeEvents(t, store, someEvents(rand.New(rand.NewPCG(5, 6)), 10))
	open := geoengine.Rights{Open: []string{"new"}}
	add := func(id int, slug string) {
		mustExec(t, store, `insert into category values ($1, $2)`, id, slug)
		mustExec(t, store, `insert into event select zone, source, $2, $1, severity, starts, ends, reported, utc_offset, geom, precision_m,
			weight, cell, area, attributes, fingerprint, xid from event limit 1`, id, slug)
	}
	steps := []struct {
		id   int
		slug string
		want []string
	}{
		{9, "newer.secret", nil}, {12, "new.open", []string{"new.open"}}, {13, "secret", []string{"new.open"}},
		{1000, "new", []string{"new", "new.open"}}, {11, "new.older", []string{"new", "new.older", "new.open"}},
	}
	if got := refs(t, store, open, `select ref from event`); len(got) > 0 {
		t.Errorf("before: %q", got)
	}
	for _, step := range steps {
		add(step.id, step.slug)
		slices.Sort(step.want)
		for range 3 { // from each connection, with and without a memory of the categories
			if got := refs(t, store, open, `select ref from event`); !slices.Equal(got, step.want) {
				t.Errorf("after %s: %q, want %q", step.slug, got, step.want)
			}
		}
	}
	mustExec(t, store, `update category set slug = 'renamed' where slug = 'new'`)
	if got := refs(t, store, open, `select ref from event`); !slices.Equal(got, []string{"new.older", "new.open"}) {
		t.Errorf("after a renaming: %q", got)
	}
}

// oneConnection is a store whose pool has one connection, so that each user of it follows on the other.
func oneConnection(t *testing.T, url string) *geoengine.Store {
	t.Helper()
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.MaxConns = 1
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	store := &geoengine.Store{Pool: pool}
	t.Cleanup(store.Close)
	return store
}

// TestReadLeavesNothingBehind looks at the connection after reads that end in every way.
func TestReadLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	store := oneConnection(t, geotest.URL(t))
	failure := errors.New("of the caller")
	rights := geoengine.Rights{Scope: []string{"fr.76"}, Open: []string{"road"}}
	ways := map[string]func() error{
		"well":     func() error { return store.Read(t.Context(), rights, func(pgx.Tx) error { return nil }) },
		"an error": func() error { return store.Read(t.Context(), rights, func(pgx.Tx) error { return failure }) },
		"bad SQL": func() error {
			return store.Read(t.Context(), rights, func(tx pgx.Tx) error {
				_, err := tx.Exec(t.Context(), "select 1/0")
				return err
			})
		},
		"cancelled": func() error {
			ctx, cancel := context.WithCancel(t.Context())
			return store.Read(ctx, rights, func(tx pgx.Tx) error {
				cancel()
				_, err := tx.Exec(ctx, "select pg_sleep(10)")
				return err
			})
		},
		"panic": func() (err error) {
			defer func() { err = fmt.Errorf("recovered %v", recover()) }()
			return store.Read(t.Context(), rights, func(pgx.Tx) error { panic("of the caller") })
		},
		"rows left open": func() error {
			return store.Read(t.Context(), rights, func(tx pgx.Tx) error {
				_, err := tx.Query(t.Context(), "select generate_series(1, 100000)") //nolint:sqlclosecheck // the mistake that is tested
				return err
			})
		},
		"the transaction taken over": func() error {
			return store.Read(t.Context(), rights, func(tx pgx.Tx) error {
				return errors.Join(tx.Commit(t.Context()), tx.Rollback(t.Context()))
			})
		},
	}
	for name, way := range ways {
		err := way()
		if (err == nil) != (name == "well") {
			t.Errorf("%s: %v", name, err)
		}
		if name == "an error" && err != failure { //nolint:errorlint // as it is
			t.Errorf("%s: changed to %v", name, err)
		}
		var user, session, scope, open string
		const look = `select current_user, session_user, coalesce(current_setting('vigie.scope', true), ''), coalesce(current_setting('vigie.open', true), '')`
		if err := store.Pool.QueryRow(t.Context(), look).Scan(&user, &session, &scope, &open); err != nil {
			t.Fatal(name, err)
		}
		if user != session || scope != "" || open != "" {
			t.Errorf("%s: the connection comes back as %s with scope %q, open %q", name, user, scope, open)
		}
	}
}
