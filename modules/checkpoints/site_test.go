package checkpoints

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
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"vigie/api"
	"vigie/api/identity"
	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/geotest"
	"vigie/geoengine/jobs"
	"vigie/module"
	"vigie/modules/checkpoints/plan"
	"vigie/predict/roadrisk"
)

const password = "correct horse battery"

// handShop gives problems whose plans are made by hand: two posts at sites a and b, of which each change is counted.
type handShop struct {
	mu     sync.Mutex
	built  int
	before func(ctx context.Context) error // of a proposal; may be nil
}

func (s *handShop) build(_ context.Context, _ geoengine.Rights, request plan.Request, _ jobs.ID, _ telling) (bench, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.built++
	if request.Title == "refuse" {
		return nil, &plan.Refusal{Code: "period", Field: "from", FR: "Choisissez une autre période.", EN: "Choose another period."}
	}
	return &handBench{request, s.before}, nil
}

func (s *handShop) kept(ctx context.Context, rights geoengine.Rights, request plan.Request, of jobs.ID) (bench, error) {
	return s.build(ctx, rights, request, of, nil)
}

func (s *handShop) check(context.Context, geoengine.Rights, *plan.Request) error { return nil }

func (s *handShop) forget() {}

type handBench struct {
	request plan.Request
	before  func(ctx context.Context) error
}

// handPlan is a plan made by hand.
func handPlan(request plan.Request) plan.Plan {
	slot := time.Date(2026, 12, 4, 22, 0, 0, 0, time.FixedZone("", 3600))
	post := func(id, site string, at time.Time) plan.Post {
		return plan.Post{ID: id, Unit: "test/b1", Team: 1, Slot: at, Site: site, Arrive: at.Add(10 * time.Minute), Leave: at.Add(110 * time.Minute), HeldMinutes: 100, Expected: 2, Adds: 1.5, Origin: "proposed"}
	}
	return plan.Plan{
		Request: request,
		Posts:   []plan.Post{post("p1", "test/a", slot), post("p2", "lixel/8a1969a36c07fff", slot.Add(2*time.Hour))},
		Sites: []plan.Site{
			{ID: "test/a", Name: "D 1, aire", Position: orb.Point{1.44, 43.6}, Area: "fr.76.31.31555", Status: plan.Safe, Lit: "yes"},
			{ID: "lixel/8a1969a36c07fff", Name: "D 2", Position: orb.Point{1.45, 43.61}, Area: "fr.76.31.31555", Status: plan.Reconnoitre, Lit: "unknown"},
		},
		Price: plan.Price{Value: 3.8, Optimum: 4, Bound: 4, Share: 0.95}, Draw: plan.Draw{Seed: request.Seed, Bits: 3.2},
		Warnings: []plan.Warning{},
	}
}

func (b *handBench) propose(ctx context.Context, tell telling) (proposal, error) {
	tell.say(50, "calcul", "solving")
	if b.before != nil {
		if err := b.before(ctx); err != nil {
			return proposal{}, err
		}
	}
	return proposal{plan: handPlan(b.request), certificate: json.RawMessage(`{"leaves":[1]}`), draws: json.RawMessage(`[[0,1]]`)}, nil
}

func (b *handBench) change(p plan.Plan, changes []plan.Change) (plan.Plan, error) {
	p.Posts = slices.Clone(p.Posts)
	for _, c := range changes {
		i := slices.IndexFunc(p.Posts, func(post plan.Post) bool { return post.ID == c.Post })
		if i < 0 {
			return p, &plan.Refusal{Code: "post", Field: "changes", FR: "Ce poste n'existe pas.", EN: "There is no such post."}
		}
		switch c.Op {
		case "lock":
			p.Posts[i].Locked = true
		case "remove":
			p.Posts = slices.Delete(p.Posts, i, i+1)
		}
		p.Price.Value -= 0.1
	}
	return p, nil
}

func (b *handBench) alternatives(p plan.Plan, _ string) ([]alternative, error) {
	return []alternative{{Site: p.Sites[0], Value: 3.8, Adds: 1.5, Reachable: true}, {Site: p.Sites[1], Value: 3.1, Adds: 0.8}}, nil
}

func (b *handBench) sites() []plan.Site { return handPlan(b.request).Sites }

// site is a running server with the module.
type site struct {
	*httptest.Server
	desk  *desk
	shop  *handShop
	api   *api.Server
	store *geoengine.Store
}

// newSite serves the module to alice (commander everywhere), toulouse and paris (commanders), operator, analyst and admin
// of fr.76, and others.
func newSite(t *testing.T) *site {
	t.Helper()
	store := geotest.New(t)
	migrateHere(t, store)
	seedWorld(t, store)
	enrolAll(t, store)
	return serveOn(t, store)
}

func enrolAll(t *testing.T, store *geoengine.Store) {
	t.Helper()
	accounts := identity.NewAccounts(store, rand.Reader, time.Now)
	for _, a := range []struct{ name, role, area string }{
		{"alice", "commander", "*"}, {"toulouse", "commander", "fr.76"}, {"paris", "commander", "fr.11"}, {"operator", "operator", "fr.76"},
		{"analyst", "analyst", "fr.76"}, {"admin", "admin", "fr.76"}, {"haute-garonne", "commander", "fr.76.31"}, {"auditor", "auditor", "*"},
	} {
		if err := accounts.CreateAccount(t.Context(), a.name, a.role, []string{a.area}, password); err != nil {
			t.Fatal(err)
		}
	}
}

// serveOn serves a store.
func serveOn(t *testing.T, store *geoengine.Store) *site {
	t.Helper()
	s := askOn(t, store)
	s.work(t)
	return s
}

// askOn is serveOn without the work beside the server.
func askOn(t *testing.T, store *geoengine.Store) *site {
	t.Helper()
	s := &site{store: store, shop: &handShop{}}
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	events := cube.New(s.store, log)
	var err error
	if s.desk, err = open(module.Host{Store: s.store, Cube: events, Log: log, Clock: time.Now, Random: rand.Reader}); err != nil {
		t.Fatal(err)
	}
	s.desk.shop = s.shop
	s.api, err = api.New(api.Config{Store: s.store, Cube: events, Log: log, Clock: time.Now, Random: rand.Reader, Build: "test", Extensions: []api.Extension{s.desk.extension()}})
	if err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewServer(s.api.Handler())
	t.Cleanup(s.Close)
	return s
}

// work does the work beside the server until the test ends.
func (s *site) work(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.api.Work(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func migrateHere(t *testing.T, store *geoengine.Store) {
	t.Helper()
	m := Module()
	schema, ok := m.Schema()
	if !ok {
		t.Fatal("no tables")
	}
	if err := store.MigrateModule(t.Context(), schema); err != nil {
		t.Fatal(err)
	}
}

// seedWorld writes two territories with a unit each.
func seedWorld(t *testing.T, store *geoengine.Store) {
	t.Helper()
	for _, sql := range []string{
		`insert into source values (1, 'test', 'Test events', 'us', 'none', 'https://example.org', true)`,
		`insert into category values (1, 'road.accident')`,
		`insert into area (id, path, parent, level, code, name, source, fingerprint, geom) values
			(1, 'fr', '', 'country', 'fr', 'France', 1, 0, null),
			(2, 'fr.76', 'fr', 'region', '76', 'Occitanie', 1, 0, st_multi(st_makeenvelope(0, 42, 4, 45, 4326))),
			(3, 'fr.76.31', 'fr.76', 'departement', '31', 'Haute-Garonne', 1, 0, st_multi(st_makeenvelope(0.5, 42.5, 2, 44, 4326))),
			(4, 'fr.76.31.31555', 'fr.76.31', 'commune', '31555', 'Toulouse', 1, 0, st_multi(st_makeenvelope(1, 43, 2, 44, 4326))),
			(5, 'fr.11', 'fr', 'region', '11', 'Île-de-France', 1, 0, st_multi(st_makeenvelope(2, 48, 3, 49, 4326)))`,
		`insert into area_part select id, (st_dump(geom)).geom from area where geom is not null`,
		`insert into unit (zone, source, ref, kind, name, geom, precision_m, cell, area, attributes, fingerprint) values
			(1, 1, 'b1', 'gendarmerie.brigade', 'Brigade de Toulouse', st_setsrid(st_makepoint(1.44, 43.6), 4326), 10, 1, 'fr.76.31.31555', '{}', 0),
			(1, 1, 'b2', 'gendarmerie.brigade', 'Brigade de Paris', st_setsrid(st_makepoint(2.35, 48.85), 4326), 10, 1, 'fr.11', '{}', 0)`,
	} {
		if _, err := store.Pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
}

// answer is what a request got.
type answer struct {
	status int
	header http.Header
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
	return answer{response.StatusCode, response.Header, got}
}

// request is a request for a plan.
func request(title string, areas ...string) string {
	raw, err := json.Marshal(plan.Request{
		Title: title, Areas: areas, Kind: roadrisk.Alcohol, From: "2026-12-04", To: "2026-12-05", Basis: plan.L2349,
		Teams: []plan.Team{{Unit: "test/b1", Teams: 1, Slots: 2, Earliest: 20, Latest: 28}},
	})
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// made makes a plan of fr.76.31 and returns it.
func (s *site) made(t *testing.T, b browser, areas ...string) planBody {
	t.Helper()
	if len(areas) == 0 {
		areas = []string{"fr.76.31"}
	}
	a := s.do(t, b, http.MethodPost, "/api/checkpoints/plans", request("Nuit", areas...))
	if a.status != http.StatusCreated {
		t.Fatalf("make: %d %s", a.status, a.body)
	}
	var p planBody
	a.into(t, &p)
	return p
}
