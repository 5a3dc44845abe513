package cartheft

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"vigie/api"
	"vigie/api/identity"
	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/forecast"
	"vigie/geoengine/geotest"
	"vigie/geoengine/hex"
	"vigie/geoengine/jobs"
	"vigie/module"
)

const password = "correct horse battery"

// site is a running server with the module's own operations.
type site struct {
	*httptest.Server
	desk  *desk
	store *geoengine.Store
}

// newStore is a database with the module's tables, two communes (west and east of 1.5°) and accounts.
func newStore(t *testing.T) *geoengine.Store {
	t.Helper()
	store := geotest.New(t)
	m := Module()
	schema, ok := m.Schema()
	if !ok {
		t.Fatal("no tables")
	}
	if err := store.MigrateModule(t.Context(), schema); err != nil {
		t.Fatal(err)
	}
	run(t, store,
		`insert into source values (1, 'test', 'Test events', 'us', 'none', 'https://example.org', true)`,
		`insert into category values (1, 'road.accident'), (2, 'vehicle.theft'), (3, 'vehicle.theft.moped')`,
		`insert into area (id, path, parent, level, code, name, source, fingerprint, geom) values
			(1, 'fr', '', 'country', 'fr', 'France', 1, 0, null),
			(2, 'fr.31', 'fr', 'departement', '31', 'Haute-Garonne', 1, 0, st_multi(st_makeenvelope(1.4, 43.5, 1.6, 43.6, 4326))),
			(3, 'fr.31.west', 'fr.31', 'commune', 'west', 'Ouestville', 1, 0, st_multi(st_makeenvelope(1.4, 43.5, 1.5, 43.6, 4326))),
			(4, 'fr.31.east', 'fr.31', 'commune', 'east', 'Estville', 1, 0, st_multi(st_makeenvelope(1.5, 43.5, 1.6, 43.6, 4326)))`,
		`insert into area_part select id, (st_dump(geom)).geom from area where geom is not null`)
	return store
}

func run(t *testing.T, store *geoengine.Store, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		if _, err := store.Pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
}

// event inserts one event of a category (by number) that began at a time and took so many hours.
func event(t *testing.T, store *geoengine.Store, ref string, category int, lon, lat float64, starts time.Time, hours float64, reported time.Time, attributes string) {
	t.Helper()
	area := "fr.31.west"
	if lon > 1.5 {
		area = "fr.31.east"
	}
	if lon > 1.6 {
		area = ""
	}
	const sql = `
		insert into event (zone, source, ref, category, severity, starts, ends, reported, utc_offset, geom, precision_m, weight, cell, area, attributes, fingerprint, xid)
		values (1, 1, $1, $2, 0, $3, $4, $5, 3600, st_setsrid(st_makepoint($6, $7), 4326), 10, 0, $8, $9, $10::jsonb, 0, 0)`
	if _, err := store.Pool.Exec(t.Context(), sql, ref, category, starts, starts.Add(time.Duration(hours*float64(time.Hour))), reported, lon, lat,
		int64(hex.Cell(lon, lat, geoengine.CellResolution)), area, attributes); err != nil {
		t.Fatal(err)
	}
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{store: newStore(t)}
	accounts := identity.NewAccounts(s.store, rand.Reader, time.Now)
	for _, a := range []struct{ name, role, area string }{
		{"alice", "commander", "*"}, {"haute-garonne", "commander", "fr.31"}, {"west", "commander", "fr.31.west"}, {"paris", "commander", "fr.75"},
		{"analyst", "analyst", "fr.31"}, {"operator", "operator", "fr.31"}, {"auditor", "auditor", "*"},
	} {
		if err := accounts.CreateAccount(t.Context(), a.name, a.role, []string{a.area}, password); err != nil {
			t.Fatal(err)
		}
	}
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	events := cube.New(s.store, log)
	s.desk = open(module.Host{Store: s.store, Cube: events, Log: log, Clock: time.Now, Random: rand.Reader})
	server, err := api.New(api.Config{
		Store: s.store, Cube: events, Log: log, Clock: time.Now, Random: rand.Reader, Build: "test",
		Extensions: []api.Extension{s.desk.extend(api.Extension{})},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewServer(server.Handler())
	t.Cleanup(s.Close)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Work(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s
}

// save keeps a run of both communes: cells of resolution 9, most thefts in the west, with hours or without.
func (s *site) save(t *testing.T, hours bool) jobs.ID {
	t.Helper()
	from := time.Now().UTC().Truncate(24 * time.Hour)
	r := &forecast.Result{
		Spec:  forecast.Spec{Name: Name, Areas: []string{"fr.31"}, Until: from, Horizon: "P7D"},
		Model: "by hand", Version: "1", InputHash: "00", Place: forecast.Cells, From: from, To: from.AddDate(0, 0, 7),
		Card: forecast.Card{Usable: true},
	}
	profile := -1
	if hours {
		profile = 0
		r.Profiles = [][]float64{make([]float64, week)}
		for hour := range r.Profiles[0] {
			r.Profiles[0][hour] = 1.0 / week
		}
	}
	cells := hex.Cells(nil, nil, 9)
	for lon := 1.41; lon < 1.6; lon += 0.008 {
		for lat := 43.51; lat < 43.6; lat += 0.008 {
			cells = append(cells, hex.Cell(lon, lat, 9))
		}
	}
	for i, cell := range cells {
		v := forecast.Value{Cell: cell, Area: "fr.31.west", From: r.From, To: r.To, Expected: 1 / float64(i+1), Profile: profile, Rank: i + 1, LastYear: -1, High80: 1, High95: 2}
		if hex.Center(cell).Lon() > 1.5 {
			v.Area = "fr.31.east"
		}
		r.Values = append(r.Values, v)
	}
	id, err := forecast.NewID(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.desk.forecasts.Save(t.Context(), r, forecast.Origin{ID: id, Author: "test", At: from, Feeds: Categories()}); err != nil {
		t.Fatal(err)
	}
	return id
}

// answer is what a request got.
type answer struct {
	status int
	body   []byte
}

func (a answer) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		t.Fatalf("%v: %d %.300s", err, a.status, a.body)
	}
}

// browser is a person's, or a machine's key.
type browser struct {
	client *http.Client
	key    string
}

func (s *site) person(t *testing.T, name string) browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := browser{client: &http.Client{Jar: jar}}
	if a := s.do(t, b, http.MethodPost, "/api/session", fmt.Sprintf(`{"name":%q,"password":%q}`, name, password)); a.status != http.StatusOK {
		t.Fatalf("log-in of %s: %d %s", name, a.status, a.body)
	}
	return b
}

func (s *site) machine(t *testing.T, name string, grants ...geoengine.AccountGrant) browser {
	t.Helper()
	accounts := identity.NewAccounts(s.store, rand.Reader, time.Now)
	if err := accounts.CreateClient(t.Context(), name, name, grants, nil); err != nil {
		t.Fatal(err)
	}
	key, _, err := accounts.AddKey(t.Context(), name, time.Now().AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	return browser{client: &http.Client{}, key: key}
}

func (s *site) do(t *testing.T, b browser, method, target, body string, header ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if b.key != "" {
		r.Header.Set("Authorization", "Bearer "+b.key)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	client := b.client
	if client == nil {
		client = &http.Client{}
	}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, got}
}
