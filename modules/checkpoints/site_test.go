package checkpoints

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/geoengine/geotest"
	"vigie/geoengine/jobs"
	"vigie/module/moduletest"
	"vigie/modules/checkpoints/plan"
	"vigie/predict/roadrisk"
)

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
	*moduletest.Site
	desk *desk
	shop *handShop
}

// newSite serves the module to alice (commander everywhere), toulouse and paris (commanders), operator, analyst and admin
// of fr.76, and others.
func newSite(t *testing.T) *site {
	t.Helper()
	store := geotest.New(t)
	moduletest.Migrate(t, store, Module())
	seedWorld(t, store)
	enrolAll(t, store)
	s := askOn(t, store)
	s.Work(t)
	return s
}

func enrolAll(t *testing.T, store *geoengine.Store) {
	t.Helper()
	moduletest.Enrol(t, store, [][3]string{
		{"alice", "commander", "*"}, {"toulouse", "commander", "fr.76"}, {"paris", "commander", "fr.11"}, {"operator", "operator", "fr.76"},
		{"analyst", "analyst", "fr.76"}, {"admin", "admin", "fr.76"}, {"haute-garonne", "commander", "fr.76.31"}, {"auditor", "auditor", "*"},
	})
}

// askOn is a server on a store, without the work beside it.
func askOn(t *testing.T, store *geoengine.Store) *site {
	t.Helper()
	host := moduletest.Host(t, store)
	d, err := open(host)
	if err != nil {
		t.Fatal(err)
	}
	shop := &handShop{}
	d.shop = shop
	return &site{moduletest.Serve(t, host, d.extension()), d, shop}
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
func (s *site) made(t *testing.T, b moduletest.Caller, areas ...string) planBody {
	t.Helper()
	if len(areas) == 0 {
		areas = []string{"fr.76.31"}
	}
	a := s.Do(t, b, http.MethodPost, "/api/checkpoints/plans", request("Nuit", areas...))
	if a.Status != http.StatusCreated {
		t.Fatalf("make: %d %s", a.Status, a.Body)
	}
	var p planBody
	a.Into(t, &p)
	return p
}
