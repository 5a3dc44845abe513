package api_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vigie/api"
	"vigie/api/identity"
	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/disclosure"
	"vigie/geoengine/geotest"
	"vigie/geoengine/hex"
)

// The worlds of the probes. All hold the same that the callers may see, with the same accounts. What nobody of the
// callers may see differs: in the second world the events and units of the other territories, in the third the
// events in their own territory of categories that are closed to some.
const (
	worldOne = iota
	worldOtherTerritory
	worldClosedCategories
	worlds
)

// world is a server with its data.
type world struct {
	number  int
	api     *api.Server
	handler http.Handler
	store   *geoengine.Store
	cookies map[string]*http.Cookie // of the sessions, by caller
	keys    map[string]string       // of the machines, by caller
	jobs    map[string]string       // ids, which are random, → names that are the same in every world
}

// name gives a job a name: an id of the same form, which no other job has.
func (w *world) name(id, of string) {
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte(of)))
	w.jobs[id] = sum[:8] + "-" + sum[8:12] + "-4" + sum[13:16] + "-8" + sum[17:20] + "-" + sum[20:32]
}

// translate puts the ids of this world's jobs in the place of their names.
func (w *world) translate(target string) string {
	for id, name := range w.jobs {
		target = strings.ReplaceAll(target, name, id)
	}
	return target
}

// nameJobs is the reverse of translate.
func (w *world) nameJobs(body []byte) []byte {
	for id, name := range w.jobs {
		body = bytes.ReplaceAll(body, []byte(id), []byte(name))
	}
	return body
}

// caller is who asks.
type caller struct {
	name       string
	grants     []geoengine.AccountGrant
	machine    bool
	restricted bool // some categories are closed to them: the third world must look the same too
}

func everyCaller() []caller {
	grant := func(role string, areas ...string) geoengine.AccountGrant {
		return geoengine.AccountGrant{Role: role, Areas: areas}
	}
	return []caller{
		{name: "occitanie", grants: []geoengine.AccountGrant{grant("commander", "fr.76")}},
		{name: "toulouse", grants: []geoengine.AccountGrant{grant("commander", "fr.76.31.31555", "fr.76.32")}},
		{name: "analyst", grants: []geoengine.AccountGrant{grant("analyst", "fr.76")}, restricted: true},
		{name: "operator", grants: []geoengine.AccountGrant{grant("operator", "fr.76.31.31555")}, restricted: true},
		{name: "both", grants: []geoengine.AccountGrant{grant("commander", "fr.76.31"), grant("analyst", "fr.76.82")}, restricted: true},
		{name: "qgis", grants: []geoengine.AccountGrant{grant("analyst", "fr.76.31", "fr.76.32")}, machine: true, restricted: true},
		{name: "elsewhere", grants: []geoengine.AccountGrant{grant("commander", "fr.99")}},
		{name: "signs", grants: []geoengine.AccountGrant{grant("authority", "fr.76")}, restricted: true},
		{name: "prefect", grants: []geoengine.AccountGrant{grant("admin", "fr.76")}},
		{name: "nobody", restricted: true},
	}
}

// everything is the caller who sees all, to warm caches and to find out what there is to guess.
const everything = "everything"

// place is a group of events.
type place struct {
	area     string
	lon, lat float64
	events   int
	prefix   string // of the refs
	category int    // 0 is all of the ordinary ones in turn
	source   int
	extra    string // attributes beside those of all, JSON
}

// ours are the events that the callers may see; the one at the border shares its cells with hidden ones.
func ours() []place {
	return []place{
		{"fr.76.31.31555", 1.44, 43.60, 170, "t", 0, 1, `{}`},
		{"fr.76.31.31069", 1.38, 43.63, 60, "b", 0, 2, `{"road": "ring"}`},
		{"fr.76.82.82121", 1.35, 44.02, 60, "m", 0, 1, `{}`},
		{"fr.76.32.32001", -0.0003, 43.70, 40, "g", 0, 1, `{}`},
	}
}

// theirs are the events that no caller may see, in the first world or in the second.
func theirs(second bool) []place {
	if !second {
		return []place{
			{"fr.11.75.75056", 2.35, 48.85, 150, "p", 0, 1, `{}`},
			{"fr.75.40.40001", 0.0003, 43.70, 40, "l", 0, 1, `{}`},
			{"fr.75.40.40002", 1.44, 43.60, 25, "x", 0, 2, `{}`}, // a wrong position, in the middle of ours
			{"", -30, 40, 5, "s", 0, 1, `{}`},
		}
	}
	return []place{
		{"fr.11.75.75056", 2.35, 48.85, 61, "SECRET-p", 0, 1, `{"SECRETKEY": "SECRETVALUE"}`},
		{"fr.11.75.75056", 2.31, 48.88, 33, "SECRET-k", 6, 3, `{"light": "SECRETLIGHT"}`},
		{"fr.75.40.40001", 0.0003, 43.70, 97, "SECRET-l", 0, 1, `{}`},
		{"fr.75.40.40002", 1.44, 43.60, 60, "SECRET-x", 0, 3, `{}`},
		{"fr.75.33.33063", -0.57, 44.84, 300, "SECRET-b", 0, 1, `{}`},
		{"", -30, 40, 9, "SECRET-s", 6, 3, `{}`},
		{"", 1.44, 43.60, 11, "SECRET-n", 1, 1, `{}`},
	}
}

// closedCategory has no rule of small counts.
const closedCategory = 5

// closed are events within our territory of a category without a rule, which only commanders and administrators of
// everything see.
func closed(third bool) []place {
	if third {
		return []place{
			{"fr.76.31.31555", 1.44, 43.60, 57, "SECRET-c", closedCategory, 1, `{"SECRETKEY": "SECRETVALUE"}`},
			{"fr.76.82.82121", 1.36, 44.03, 31, "SECRET-d", closedCategory, 3, `{}`},
		}
	}
	return []place{{"fr.76.31.31555", 1.44, 43.60, 20, "c", closedCategory, 1, `{}`}}
}

const (
	probeAreas = `insert into area (id, path, parent, level, code, name, source, fingerprint, geom) values
		(1, 'fr', '', 'country', 'fr', 'France', 1, 0, null),
		(2, 'fr.76', 'fr', 'region', '76', 'Occitanie', 1, 0, st_multi(st_makeenvelope(0, 42.5, 4, 45, 4326))),
		(3, 'fr.76.31', 'fr.76', 'departement', '31', 'Haute-Garonne', 1, 0, st_multi(st_makeenvelope(1, 43.4, 2, 43.9, 4326))),
		(4, 'fr.76.31.31555', 'fr.76.31', 'commune', '31555', 'Toulouse', 1, 0, st_multi(st_makeenvelope(1.4, 43.5, 1.5, 43.7, 4326))),
		(5, 'fr.76.31.31069', 'fr.76.31', 'commune', '31069', 'Blagnac', 1, 0, st_multi(st_makeenvelope(1.3, 43.6, 1.4, 43.7, 4326))),
		(6, 'fr.76.82', 'fr.76', 'departement', '82', 'Tarn-et-Garonne', 1, 0, st_multi(st_makeenvelope(1, 43.9, 2, 44.3, 4326))),
		(7, 'fr.76.82.82121', 'fr.76.82', 'commune', '82121', 'Montauban', 1, 0, st_multi(st_makeenvelope(1.3, 43.95, 1.45, 44.1, 4326))),
		(8, 'fr.76.32', 'fr.76', 'departement', '32', 'Gers', 1, 0, st_multi(st_makeenvelope(0, 43.3, 1, 44, 4326))),
		(9, 'fr.76.32.32001', 'fr.76.32', 'commune', '32001', 'Aignan', 1, 0, st_multi(st_makeenvelope(0, 43.6, 0.2, 43.8, 4326))),
		(10, 'fr.11', 'fr', 'region', '11', 'Île-de-France', 1, 0, st_multi(st_makeenvelope(2, 48, 3, 49, 4326))),
		(11, 'fr.11.75', 'fr.11', 'departement', '75', 'Paris', 1, 0, null),
		(12, 'fr.11.75.75056', 'fr.11.75', 'commune', '75056', 'Paris', 1, 0, st_multi(st_makeenvelope(2, 48, 3, 49, 4326))),
		(13, 'fr.75', 'fr', 'region', '75', 'Nouvelle-Aquitaine', 1, 0, st_multi(st_makeenvelope(-2, 42.5, 0, 46, 4326))),
		(14, 'fr.75.40', 'fr.75', 'departement', '40', 'Landes', 1, 0, null),
		(15, 'fr.75.40.40001', 'fr.75.40', 'commune', '40001', 'Aire', 1, 0, st_multi(st_makeenvelope(-0.2, 43.6, 0, 43.8, 4326)))`
	// frozenClock makes the version of the data, which begins with the time of the database, the same in every world.
	frozenClock = `create schema frozen; create function frozen.clock_timestamp() returns timestamptz immutable language sql
		as $$ select timestamptz '2026-01-02 03:04:05Z' $$; grant usage on schema frozen to public`
	probePlaces = `
		insert into event (zone, source, ref, category, severity, starts, ends, reported, utc_offset, geom, precision_m, weight,
			cell, area, attributes, fingerprint, xid)
		select z.zone, $3, $4 || '-' || n, case when $5 = 0 then 1 + n % 4 else $5 end, n % 6, t, t + interval '20 minutes', t + interval '1 hour',
		       3600, st_setsrid(st_makepoint(lon, lat), 4326), 10, 0.125, c.cell, $1, jsonb_build_object('light',
		       case n % 3 when 0 then 'night' else 'day' end, 'vehicle', array['car', case n % 2 when 0 then 'bus' else 'bicycle' end]) || $6::jsonb, n, 0
		from unnest($2::bigint[], $7::float8[], $8::float8[]) with ordinality c(cell, lon, lat, n)
		join zone z on z.cell = ($9::bigint[])[n]
		cross join lateral (select timestamptz '2024-03-01 00:00Z' + n * interval '97 minutes' t) t`
	probeUnits = `
		insert into unit (zone, source, ref, kind, name, geom, precision_m, cell, area, attributes, fingerprint)
		select z.zone, 1, $4 || '-unit-' || n, case n % 2 when 0 then 'brigade' else 'radar' end, 'Unit ' || $4 || n,
		       st_setsrid(st_makepoint(lon, lat), 4326), 10, c.cell, $1, '{}', 0
		from unnest($2::bigint[], $5::float8[], $6::float8[]) with ordinality c(cell, lon, lat, n) join zone z on z.cell = ($3::bigint[])[n]`
)

// fill writes a group of events, some metres apart from one another, and a unit for every tenth of them.
func (p place) fill(ctx context.Context, tx pgx.Tx) error {
	r := rand.New(rand.NewPCG(uint64(len(p.area)), uint64(p.events)))
	cells, zones := make([]int64, p.events), make([]int64, p.events)
	lons, lats := make([]float64, p.events), make([]float64, p.events)
	for i := range p.events {
		lons[i], lats[i] = p.lon+(r.Float64()-0.5)*0.0004, p.lat+(r.Float64()-0.5)*0.02
		cell := hex.Cell(lons[i], lats[i], geoengine.CellResolution)
		cells[i], zones[i] = int64(cell), int64(hex.Parent(cell, geoengine.ZoneResolution))
		if _, err := tx.Exec(ctx, `insert into zone select coalesce(max(zone), 0) + 1, $1 from zone having not exists (select from zone where cell = $1)`, zones[i]); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, probePlaces, p.area, cells, p.source, p.prefix, p.category, p.extra, lons, lats, zones); err != nil {
		return err
	}
	if p.category == closedCategory {
		return nil // units are of no category: they would differ in what everybody sees
	}
	n := (p.events + 9) / 10
	_, err := tx.Exec(ctx, probeUnits, p.area, cells[:n], zones[:n], p.prefix, lons[:n], lats[:n])
	return err
}

// probeClock stands still between rounds, so that every world tells the same time.
type probeClock struct{ at atomic.Int64 }

func newProbeClock() *probeClock {
	c := &probeClock{}
	c.at.Store(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixNano())
	return c
}

func (c *probeClock) now() time.Time             { return time.Unix(0, c.at.Load()).UTC() }
func (c *probeClock) advance(step time.Duration) { c.at.Add(int64(step)) }

// sameRandom is a source of random bytes that is the same in every world.
type sameRandom struct {
	mu sync.Mutex
	r  *rand.ChaCha8
}

func (s *sameRandom) Read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.r.Read(b)
}

// newWorld builds a world and logs everybody in.
func newWorld(t *testing.T, number int, clock *probeClock) *world {
	t.Helper()
	w := &world{number: number, cookies: map[string]*http.Cookie{}, keys: map[string]string{}, jobs: map[string]string{}}
	w.store = openWorld(t)
	err := pgx.BeginFunc(t.Context(), w.store.Pool, func(tx pgx.Tx) error {
		for _, sql := range []string{
			`insert into source values (1, 'test', 'Test events', 'us', 'none', 'https://example.org', true), (2, 'other', 'More', 'us', 'none', '', false)`,
			`insert into category values (1, 'road.accident'), (2, 'vehicle.theft'), (3, 'rescue.call.fire'), (4, 'road.accident.bicycle'), (5, 'burglary.home')`,
			probeAreas, `insert into area_part select id, (st_dump(geom)).geom from area where geom is not null`,
		} {
			if _, err := tx.Exec(t.Context(), sql); err != nil {
				return err
			}
		}
		if number != worldOne {
			_, err := tx.Exec(t.Context(), `insert into source values (3, 'SECRETSOURCE', 'SECRET', 'SECRET', '', '', false); insert into category values (6, 'secretly.kept')`)
			if err != nil {
				return err
			}
		}
		for _, places := range [][]place{ours(), theirs(number == worldOtherTerritory), closed(number == worldClosedCategories)} {
			for _, p := range places {
				if err := p.fill(t.Context(), tx); err != nil {
					return fmt.Errorf("%s: %w", p.area, err)
				}
			}
		}
		if number == worldClosedCategories { // what protected events say beyond their number, and the hour that is told
			const shift = "case when extract(minute from starts) < 57 then interval '3 minutes' else interval '-3 minutes' end"
			_, err := tx.Exec(t.Context(), `update event set ref = 'SECRET-' || ref, attributes = '{"SECRETKEY": "SECRETVALUE"}', weight = 7, severity = 5,
				starts = starts + `+shift+`, ends = ends + `+shift+`, reported = reported + interval '1 day', precision_m = 99
				where category in (2, 3) and area like 'fr.76.%'`)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	publisher := disclosure.NewPublisher(w.store, zone, clock.now)
	for _, family := range disclosure.Standard().Protected() {
		if _, published, err := publisher.Publish(t.Context(), family, 2024, false); err != nil || !published {
			t.Fatalf("publish %v: %v, error %v", family, published, err)
		}
	}
	w.buildRoads(t)
	w.serve(t, clock)
	return w
}

// openWorld returns a store whose statements are counted by request.
func openWorld(t *testing.T) *geoengine.Store {
	t.Helper()
	url := geotest.URL(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), frozenClock); err != nil {
		t.Fatal(err)
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	config.ConnConfig.RuntimeParams["search_path"] = "frozen, public, pg_catalog"
	config.ConnConfig.Tracer = workTracer{}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	store := &geoengine.Store{Pool: pool}
	t.Cleanup(store.Close)
	return store
}

// serve starts the server and logs everybody in; the second and third world have other accounts besides.
func (w *world) serve(t *testing.T, clock *probeClock) {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	events := cube.New(w.store, log)
	if err := events.Load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	random := &sameRandom{r: rand.NewChaCha8([32]byte{1})}
	var err error
	w.api, err = api.New(api.Config{
		Store: w.store, Cube: events, Log: log, Clock: clock.now, Random: random, Build: "test", Heartbeat: time.Hour,
		Frontend:   fstest.MapFS{"index.html": {Data: []byte("<!doctype html>")}, "assets/app-123.js": {Data: []byte("plain")}},
		Extensions: w.extensions(t, events, log, clock, random),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.handler = w.api.Handler()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.api.Work(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	accounts := identity.NewAccounts(w.store, random, clock.now)
	people := append(everyCaller(), caller{name: everything, grants: []geoengine.AccountGrant{
		{Role: "admin", Areas: []string{geoengine.Everywhere}}, {Role: "auditor", Areas: []string{geoengine.Everywhere}},
	}})
	for _, who := range people {
		w.enrol(t, accounts, who, clock)
	}
	if w.number != worldOne {
		w.hide(t, clock)
	}
}

// hide adds an account that is not in the first world, with a session of its own. Its random numbers are its own too.
func (w *world) hide(t *testing.T, clock *probeClock) {
	t.Helper()
	random := &sameRandom{r: rand.NewChaCha8([32]byte{byte(w.number), 2})}
	accounts, sessions := identity.NewAccounts(w.store, random, clock.now), identity.NewSessions(w.store, random, clock.now)
	if err := accounts.CreateAccount(t.Context(), "secret-agent", "analyst", []string{"fr.11"}, password); err != nil {
		t.Fatal(err)
	}
	if _, _, err := sessions.OpenFor(t.Context(), "secret-agent", netip.MustParseAddr("192.0.2.99"), "SECRET"); err != nil {
		t.Fatal(err)
	}
	if err := accounts.CreateClient(t.Context(), "secret-machine", "SECRET", []geoengine.AccountGrant{{Role: "analyst", Areas: []string{"fr.11"}}}, nil); err != nil {
		t.Fatal(err)
	}
}

// enrol makes an account or a machine, and logs it in.
func (w *world) enrol(t *testing.T, accounts *identity.Accounts, who caller, clock *probeClock) {
	t.Helper()
	switch {
	case len(who.grants) == 0:
		return
	case who.machine:
		if err := accounts.CreateClient(t.Context(), who.name, who.name, who.grants, nil); err != nil {
			t.Fatal(err)
		}
		key, _, err := accounts.AddKey(t.Context(), who.name, clock.now().AddDate(1, 0, 0))
		if err != nil {
			t.Fatal(err)
		}
		w.keys[who.name] = key
		return
	}
	if err := accounts.CreateAccountOf(t.Context(), who.name, who.grants, password); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/session", strings.NewReader(`{"name":"`+who.name+`","password":"`+password+`"}`))
	r.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	w.handler.ServeHTTP(answer, r)
	cookies := answer.Result().Cookies()
	if answer.Code != http.StatusOK || len(cookies) == 0 {
		t.Fatalf("log-in of %s: %d %s", who.name, answer.Code, answer.Body)
	}
	w.cookies[who.name] = cookies[0]
}

// work counts what one request asked of the database.
type work struct{ statements, rows atomic.Int64 }

type workKey struct{}

// workTracer counts statements and rows into the work of their request.
type workTracer struct{}

// TraceQueryStart counts a statement.
func (workTracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	if w, ok := ctx.Value(workKey{}).(*work); ok {
		w.statements.Add(1)
	}
	return ctx
}

// TraceQueryEnd counts its rows.
func (workTracer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	if w, ok := ctx.Value(workKey{}).(*work); ok {
		w.rows.Add(data.CommandTag.RowsAffected())
	}
}
