package geoengine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"vigie/bench"
	"vigie/geoengine"
	"vigie/geoengine/geotest"
	"vigie/geoengine/hex"
)

// TestReaderCannotBypass speaks SQL as the role itself, as an injection into a read would.
func TestReaderCannotBypass(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	storeEvents(t, store, someEvents(rand.New(rand.NewPCG(7, 8)), 200))
	mustExec(t, store, `insert into unit select zone, source, ref, 'brigade', 'u', geom, 0, cell, area, '{}', null, 0 from event`)
	mustExec(t, store, `insert into event_retracted select zone, source, category, severity, starts, ends, utc_offset, weight, cell, area,
		attributes, xid, 0, now() from event`)
	as := func(before []string, sql string) (n int, err error) {
		tx, err := store.Pool.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback(t.Context())
		for _, s := range append([]string{"set local role vigie_reader"}, before...) {
			if _, err := tx.Exec(t.Context(), s); err != nil {
				return 0, err
			}
		}
		rows, err := tx.Query(t.Context(), sql)
		if err != nil {
			return 0, err
		}
		defer rows.Close()
		for rows.Next() {
			n++
		}
		return n, rows.Err()
	}
	const scopeAll, openAll = `set local vigie.scope = '*'`, `set local vigie.open = '*'`
	if n, err := as([]string{scopeAll, openAll}, "select from event"); err != nil || n != 200 {
		t.Fatalf("with every right: %d events, error %v", n, err)
	}
	for name, before := range map[string][]string{
		"no settings": nil, "scope only": {scopeAll}, "open only": {openAll},
		"empty":      {`set local vigie.scope = ''`, `set local vigie.open = ''`},
		"empty open": {scopeAll, `set local vigie.open = ''`}, "empty scope": {openAll, `set local vigie.scope = ''`},
		"default": {`set local vigie.scope to default`, `set local vigie.open to default`}, "reset": {`reset all`, scopeAll},
		"zeros": {scopeAll, `set local vigie.open = '0000'`}, "commas": {openAll, `set local vigie.scope = ',,,'`},
		"not the marker": {`set local vigie.scope = '**'`, openAll},
	} {
		if n, err := as(before, "select from event"); err != nil || n != 0 {
			t.Errorf("%s: %d events, error %v", name, n, err)
		}
		if n, err := as(append(before, `set local vigie.scope = ''`), "select from unit"); err != nil || n != 0 {
			t.Errorf("%s: %d units, error %v", name, n, err)
		}
	}
	for _, sql := range []string{
		"insert into event select * from event", "update event set area = ''", "delete from event", "truncate event",
		"insert into category values (99, 'x')", "update area set path = 'x'", "delete from unit", "create table t ()",
		"alter table event disable row level security", "drop policy reader on event",
		"alter policy reader on event using (true)", "create policy mine on event using (true)", "alter table event owner to vigie_reader",
		"select * from account", "select * from session", "select * from import_run", "select * from import_reject",
		"select * from event_retracted", "select * from schema_version", "select * from pg_authid", "select * from pg_statistic",
		"select pg_read_file('/etc/passwd')", "copy event to '/tmp/x'", "copy (select 1) to program 'true'", "select lo_import('/etc/passwd')",
		"grant select on account to vigie_reader", "alter role vigie_reader superuser", "create role mallory", "set session authorization postgres",
		"set local session_replication_role = replica", "create function f() returns int language sql security definer as 'select 1'",
		"listen vigie_events; select * from account", "lock table event", "vacuum event", "select nextval('import_run_id_seq')",
	} {
		_, err := as([]string{scopeAll, openAll}, sql)
		var failure *pgconn.PgError
		if !errors.As(err, &failure) {
			t.Errorf("%s: not refused: %v", sql, err)
			continue
		}
		// No right; two statements at once; not in a transaction; no such user.
		if !slices.Contains([]string{"42501", "42601", "0A000", "25001", "22023"}, failure.Code) {
			t.Errorf("%s: refused for another reason: %v", sql, err)
		}
	}
	// row_security = off is no way round: PostgreSQL then refuses the statement.
	if n, err := as([]string{"set local row_security = off"}, "select from event"); err == nil || n != 0 {
		t.Errorf("row_security = off: %d events, error %v", n, err)
	}
	// What the planner knows of values stays hidden too.
	if n, err := as([]string{scopeAll}, "select from pg_stats where tablename in ('event', 'unit')"); err != nil || n != 0 {
		t.Errorf("statistics: %d rows, error %v", n, err)
	}
	// A table that is added later is not readable until somebody lists it in grantReads.
	readable := map[string]bool{
		"event": true, "unit": true, "area": true, "area_part": true, "source": true, "category": true, "zone": true,
		"road_network": true, "road_section": true, "road_restriction": true, "road_site": true, "road_overview": true,
		"forecast_run": true, "forecast_value": true, "forecast_score": true, "forecast_decision": true,
	}
	rows, err := store.Pool.Query(t.Context(), `select c.relname from pg_class c where c.relkind in ('r', 'v', 'm', 'p', 'f') and c.relnamespace = 'public'::regnamespace
		and has_any_column_privilege('vigie_reader', c.oid, 'select') and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if !readable[name] {
			t.Errorf("%s may be read by callers: is that meant?", name)
		}
		delete(readable, name)
	}
	if len(readable) > 0 {
		t.Errorf("not readable: %v", readable)
	}
}

// TestPoliciesAreReadyForCitus looks at the policies themselves.
func TestPoliciesAreReadyForCitus(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	rows, err := store.Pool.Query(t.Context(), `select polrelid::regclass::text, pg_get_expr(polqual, polrelid), polqual::text, polroles::regrole[]::text[], polpermissive
		from pg_policy order by 1`)
	if err != nil {
		t.Fatal(err)
	}
	type policy struct {
		Table, Expression, Tree string
		Roles                   []string
		Permissive              bool
	}
	policies, err := pgx.CollectRows(rows, pgx.RowToStructByPos[policy])
	if err != nil {
		t.Fatal(err)
	}
	tables := []string{}
	for _, p := range policies {
		tables = append(tables, p.Table)
		if strings.Contains(p.Tree, "SUBLINK") || strings.Contains(strings.ToLower(p.Expression), "select") {
			t.Errorf("%s: a subquery in %s", p.Table, p.Expression)
		}
		if strings.Contains(p.Expression, "zone") {
			t.Errorf("%s: shards must be chosen by parameters: %s", p.Table, p.Expression)
		}
		if len(p.Roles) != 1 || p.Roles[0] != geoengine.Reader {
			t.Errorf("%s: for %q", p.Table, p.Roles)
		}
		if strings.Count(p.Expression, "current_setting(") != strings.Count(p.Expression, ", true)") {
			t.Errorf("%s: an absent setting must be null, not an error: %s", p.Table, p.Expression)
		}
	}
	if got := strings.Join(tables, " "); got != "event event_retracted forecast_decision forecast_run forecast_score forecast_value unit" {
		t.Errorf("policies on %s", got)
	}
}

// node is a node of PostgreSQL's plan.
type node struct {
	Type    string  `json:"Node Type"`
	Table   string  `json:"Relation Name"`
	Index   string  `json:"Index Name"`
	Cond    string  `json:"Index Cond"`
	Rows    float64 `json:"Actual Rows"`
	Loops   float64 `json:"Actual Loops"`
	Removed float64 `json:"Rows Removed by Filter"`
	Plans   []node  `json:"Plans"`
}

// touched says how a table was read: by which nodes, and how many of its rows.
func (n node) touched(table string) (how []string, rows float64, cond string) {
	if n.Table == table || strings.HasPrefix(n.Index, table+"_") {
		how, cond = append(how, n.Type), n.Cond
		rows = (n.Rows + n.Removed) * n.Loops
	}
	for _, child := range n.Plans {
		h, r, c := child.touched(table)
		how, rows, cond = append(how, h...), max(rows, r), cond+c
	}
	return how, rows, cond
}

func parsePlan(t *testing.T, text string) node {
	t.Helper()
	var plans []struct{ Plan node }
	if err := json.Unmarshal([]byte(text), &plans); err != nil {
		t.Fatal(err)
	}
	return plans[0].Plan
}

// TestCellsAreStillIndexed reads few cells of many events: under row security as before, only their rows are touched.
func TestCellsAreStillIndexed(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	const all = 20_000
	if err := bench.Load(t.Context(), store, all, 1, nil); err != nil {
		t.Fatal(err)
	}
	mustExec(t, store, `insert into unit select zone, source, ref, 'brigade', 'u', geom, 0, cell, area, '{}', null, 0 from event`)
	mustExec(t, store, `analyze unit`)
	center := bench.LoadBox.Center()
	first, last := hex.Range(hex.Parent(hex.Cell(center.Lon(), center.Lat(), geoengine.CellResolution), 5), geoengine.CellResolution)
	cells := []geoengine.CellRange{{First: first, Last: last}}
	var inCells float64
	if err := store.Pool.QueryRow(t.Context(), `select count(*) from event where cell between $1 and $2`, int64(first), int64(last)).Scan(&inCells); err != nil {
		t.Fatal(err)
	}
	if inCells == 0 || inCells > all/20 {
		t.Fatalf("the test wants few rows in its cells, and has %v", inCells)
	}
	for name, rights := range map[string]geoengine.Rights{
		"everything": geoengine.AllRights(), "one territory": {Scope: []string{"bench.r0"}}, "some categories": {Open: []string{"road.accident"}},
		"both": {Scope: []string{"bench.r0", "bench.r1"}, Open: []string{"road.accident", "rescue.call"}}, "nothing": geoengine.NoRights(),
	} {
		period := geoengine.Query{From: bench.LoadStart.AddDate(0, 1, 0), To: bench.LoadStart.AddDate(0, 11, 0)} // most of the year
		text, err := geoengine.ExplainEvents(t.Context(), store, geoengine.EventList{Query: rights.Limit(period), Cells: cells, Limit: 100})
		if err != nil {
			t.Fatal(name, err)
		}
		units, err := geoengine.ExplainUnits(t.Context(), store, rights, cells)
		if err != nil {
			t.Fatal(name, err)
		}
		for table, text := range map[string]string{"event": text, "unit": units} {
			how, rows, cond := parsePlan(t, text).touched(table)
			if strings.Contains(fmt.Sprint(how), "Seq Scan") || rows > inCells {
				t.Errorf("%s: %s: %v reads %v rows for the %v in the cells: %s", name, table, how, rows, inCells, text)
			}
			if !strings.Contains(cond, "zone") || !strings.Contains(cond, "cell") {
				t.Errorf("%s: %s: the index is asked for %q", name, table, cond)
			}
		}
	}
}

// login makes a user of the database server for one test and returns the address of the store with that user, and
// its name.
func login(t *testing.T, store *geoengine.Store, address, what, options string) (string, string) {
	t.Helper()
	name := fmt.Sprintf("test_%d_%s", os.Getpid(), what)
	mustExec(t, store, "create role "+name+" login "+options)
	t.Cleanup(func() {
		for _, sql := range []string{"drop owned by " + name, "drop role " + name} {
			if _, err := store.Pool.Exec(context.Background(), sql); err != nil {
				t.Error(err)
			}
		}
	})
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	query.Set("user", name)
	u.User, u.RawQuery = nil, query.Encode()
	return u.String(), name
}

// TestLimitedLogin reads through a user that is limited itself: not even leaving the role shows more.
func TestLimitedLogin(t *testing.T) {
	t.Parallel()
	address := geotest.URL(t)
	store, err := geoengine.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	storeEvents(t, store, someEvents(rand.New(rand.NewPCG(9, 10)), 100))
	if err := store.OpenReader(t.Context(), address); !errors.Is(err, geoengine.ErrDenied) {
		t.Errorf("the owner as reader: %v", err)
	}
	limited, name := login(t, store, address, "web", "noinherit")
	if err := store.OpenReader(t.Context(), limited); err == nil || !strings.Contains(err.Error(), "grant vigie_reader to \""+name+"\"") {
		t.Errorf("a user that may not take the role: %v", err)
	}
	mustExec(t, store, "grant vigie_reader to "+name)
	if err := store.OpenReader(t.Context(), limited); err != nil {
		t.Fatal(err)
	}
	if found := refs(t, store, geoengine.AllRights(), "select ref from event"); len(found) != 100 {
		t.Errorf("%d of 100 events", len(found))
	}
	if page, err := store.Events(t.Context(), geoengine.EventList{Limit: 500}); err != nil || len(page.Events) != 100 {
		t.Errorf("%d of 100 events, %v", len(page.Events), err)
	}
	for _, escape := range []string{
		"reset role", "set role none", "set local role none", "select set_config('role', 'none', true)", "reset session authorization", "discard all",
	} {
		var n int
		err := store.Read(t.Context(), geoengine.NoRights(), func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), escape); err != nil {
				return err
			}
			return tx.QueryRow(t.Context(), "select count(*) from event").Scan(&n)
		})
		if err == nil || n > 0 {
			t.Errorf("%s: %d events, error %v", escape, n, err)
		}
	}
	for _, role := range []string{"vigie", "postgres", "pg_read_all_data"} {
		err := store.Read(t.Context(), geoengine.NoRights(), func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), "set local role "+role)
			return err
		})
		if err == nil {
			t.Errorf("it may become %s", role)
		}
	}
}

// TestReaderIsMissingOrUnsafe names what an administrator must run.
func TestReaderIsMissingOrUnsafe(t *testing.T) {
	t.Parallel()
	good := geoengine.ReaderState{Exists: true, Usable: true, Protected: true, User: `o"w`}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	tests := map[string]struct {
		change func(*geoengine.ReaderState)
		want   string
	}{
		"missing":  {func(s *geoengine.ReaderState) { s.Exists = false }, `create role vigie_reader nologin noinherit; grant vigie_reader to "o""w"`},
		"powerful": {func(s *geoengine.ReaderState) { s.Powerful = true }, "alter role vigie_reader nosuperuser nobypassrls"},
		"unusable": {func(s *geoengine.ReaderState) { s.Usable = false }, `grant vigie_reader to "o""w"`},
		"off":      {func(s *geoengine.ReaderState) { s.Protected = false }, "enable row level security"},
	}
	for name, test := range tests {
		state := good
		test.change(&state)
		if err := state.Check(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A user without CREATEROLE, as on a managed database, to whom nobody granted the role.
	address := geotest.URL(t)
	owner, err := geoengine.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(owner.Close)
	managed, name := login(t, owner, address, "managed", "")
	store, err := geoengine.Open(t.Context(), managed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	want := `grant vigie_reader to "` + name + `"`
	if err := store.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("migrate: %v", err)
	}
	if err := store.Read(t.Context(), geoengine.AllRights(), func(pgx.Tx) error { return nil }); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("read: %v", err)
	}
	mustExec(t, owner, "grant vigie_reader to "+name)
	if err := store.EnsureReader(t.Context()); err != nil {
		t.Error(err)
	}
	mustExec(t, owner, "alter table unit disable row level security")
	if state, err := owner.ReaderState(t.Context()); err != nil || state.Check() == nil {
		t.Errorf("with row-level security off: %+v, %v", state, err)
	}
}
