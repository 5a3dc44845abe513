package checkpoints

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
	"vigie/geoengine/geotest"
	"vigie/geoengine/jobs"
	"vigie/module/moduletest"
	"vigie/modules/checkpoints/plan"
)

func TestHostileRequests(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.Person(t, "toulouse")
	p := s.made(t, b)
	path := "/api/checkpoints/plans/" + p.ID
	long := strings.Repeat("x", 600)
	for _, c := range []struct {
		name, method, target, body string
		want                       int
	}{
		{"no json", "POST", "/api/checkpoints/plans", `{`, 400},
		{"unknown member", "POST", "/api/checkpoints/plans", strings.Replace(request("x", "fr.76"), "{", `{"evil":1,`, 1), 422},
		{"huge body", "POST", "/api/checkpoints/plans", `{"title":"` + strings.Repeat("x", 1<<20) + `"}`, 413},
		{"huge small body", "POST", path + "/undo", `{"base":1,"x":"` + strings.Repeat("x", 1<<15) + `"}`, 413},
		{"long title", "POST", "/api/checkpoints/plans", request(long, "fr.76"), 422},
		{"control characters", "POST", "/api/checkpoints/plans", request("a\u202eb", "fr.76"), 422},
		{"no areas", "POST", "/api/checkpoints/plans", request("x"), 422},
		{"no area's path", "POST", "/api/checkpoints/plans", request("x", "fr.76'; drop table checkpoints_plan"), 422},
		{"wildcard", "POST", "/api/checkpoints/plans", request("x", "%"), 422},
		{"another territory", "POST", "/api/checkpoints/plans", request("x", "fr.76", "fr.11"), 404},
		{"a part of an area's name", "POST", "/api/checkpoints/plans", request("x", "fr.7"), 404},
		{"no uuid", "GET", "/api/checkpoints/plans/1", "", 404},
		{"other spelling of a uuid", "GET", "/api/checkpoints/plans/" + strings.ToUpper(p.ID), "", 404},
		{"traversal", "GET", "/api/checkpoints/plans/..%2f..%2fsession", "", 404},
		{"NUL", "GET", "/api/checkpoints/plans/%00", "", 404},
		{"unknown parameter", "GET", "/api/checkpoints/plans?scope=*", "", 422},
		{"repeated parameter", "GET", path + "?revision=1&revision=2", "", 422},
		{"revision that is none", "GET", path + "?revision=7", "", 404},
		{"negative revision", "GET", path + "?revision=-1", "", 422},
		{"cursor of nobody", "GET", "/api/checkpoints/plans?cursor=AAAA", "", 422},
		{"limit", "GET", "/api/checkpoints/plans?limit=100000", "", 422},
		{"no changes", "POST", path + "/changes", `{"base":1,"changes":[]}`, 422},
		{"null changes", "POST", path + "/changes", `{"base":1,"changes":null}`, 422},
		{"many changes", "POST", path + "/changes", `{"base":1,"changes":[` + strings.TrimSuffix(strings.Repeat(`{"op":"lock","post":"p1"},`, 501), ",") + `]}`, 422},
		{"no such post", "POST", path + "/changes", `{"base":1,"changes":[{"op":"lock","post":"p9"}]}`, 422},
		{"base 0", "POST", path + "/changes", `{"base":0,"changes":[{"op":"lock","post":"p1"}]}`, 422},
		{"empty reference", "POST", path + "/approval", `{"base":1,"reference":" ","authority":"y"}`, 422},
		{"control in reference", "POST", path + "/approval", `{"base":1,"reference":"a\u0000b","authority":"y"}`, 422},
		{"report of a draft", "PUT", path + "/reports/p1", `{"held":false,"from":"2026-12-04T22:15:00+01:00","to":"2026-12-04T23:45:00+01:00","checks":0,"positives":{"alcohol":0,"drugs":0},"offences":{"speed":0,"phone":0,"belt":0,"heavy":0,"papers":0,"other":0},"note":""}`, 409},
		{"report with a person", "PUT", path + "/reports/p1", `{"held":true,"name":"Dupont"}`, 422},
		{"close a draft", "POST", path + "/closing", `{"base":1}`, 409},
		{"place at sea", "PUT", "/api/checkpoints/places/lixel/8a0d6b5ad79ffff", `{"status":"safe","lit":"no"}`, 404},
		{"place that is none", "PUT", "/api/checkpoints/places/osm/node/12", `{"status":"safe","lit":"no"}`, 404},
		{"status that is none", "PUT", "/api/checkpoints/places/lixel/8a1969a36c07fff", `{"status":"perfect","lit":"no"}`, 422},
		{"hour that is none", "GET", "/api/checkpoints/risk?area=fr.76&hour=168", "", 422},
		{"places of others", "GET", "/api/checkpoints/places?area=fr.11", "", 404},
		{"no area", "GET", "/api/checkpoints/places", "", 422},
	} {
		a := s.Do(t, b, c.method, c.target, c.body)
		if a.Status != c.want || !bytes.Contains(a.Body, []byte(`"code"`)) {
			t.Errorf("%s: %d, not %d: %.200s", c.name, a.Status, c.want, a.Body)
		}
	}
	if a := s.Do(t, b, "POST", path+"/undo", `{"base":1}`, "Sec-Fetch-Site", "cross-site"); a.Status != http.StatusForbidden {
		t.Errorf("another site: %d", a.Status)
	}
	if a := s.Do(t, b, "POST", path+"/approval", `{"base":1,"reference":"x","authority":"y"}`, "Origin", "https://evil.example"); a.Status != http.StatusForbidden {
		t.Errorf("another origin: %d", a.Status)
	}
}

// TestRefusals tests that what package plan refuses arrives in the caller's language with its field.
func TestRefusals(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.Person(t, "toulouse")
	for lang, want := range map[string]string{"fr": "Choisissez une autre période.", "en": "Choose another period."} {
		a := s.Do(t, b, "POST", "/api/checkpoints/plans", request("refuse", "fr.76"), "Accept-Language", lang)
		var p struct{ Detail, Field, FR, EN string }
		a.Into(t, &p)
		if a.Status != 422 || p.Detail != want || p.Field != "from" || p.EN != "Choose another period." || a.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", lang, a.Status, a.Body)
		}
	}
	// Asked for as a job, it is the job's message.
	a := s.Do(t, b, "POST", "/api/checkpoints/plans", request("refuse", "fr.76"), "Prefer", "respond-async")
	var ref jobRef
	a.Into(t, &ref)
	if a.Status != http.StatusAccepted {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		body := string(s.Do(t, b, "GET", "/ogc/jobs/"+ref.Job, "").Body)
		if strings.Contains(body, `"failed"`) {
			if !strings.Contains(body, "Choisissez une autre période.") {
				t.Error(body)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(body)
		}
	}
}

// TestReportsNameNobody tests what a report refuses.
func TestReportsNameNobody(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 12, 4, 22, 0, 0, 0, time.UTC)
	post := plan.Post{Arrive: at, Leave: at.Add(100 * time.Minute)}
	good := postReport{Held: true, From: at, To: at.Add(time.Hour), Checks: 10, Positives: positives{Alcohol: 1}, Note: "Pluie, 3 équipes sur 4, PR 12+300"}
	for name, c := range map[string]struct {
		change func(r *postReport)
		field  string
	}{
		"good":           {func(*postReport) {}, ""},
		"plate":          {func(r *postReport) { r.Note = "contrôle de AB-123-CD" }, "note"},
		"plate together": {func(r *postReport) { r.Note = "ab123cd en fuite" }, "note"},
		"old plate":      {func(r *postReport) { r.Note = "1234 XY 31" }, "note"},
		"backwards":      {func(r *postReport) { r.To = r.From.Add(-time.Minute) }, "from"},
		"another day":    {func(r *postReport) { r.From, r.To = r.From.AddDate(0, 0, 2), r.To.AddDate(0, 0, 2) }, "from"},
		"too positive":   {func(r *postReport) { r.Positives.Drugs = 11 }, "positives"},
		"not held":       {func(r *postReport) { r.Held = false }, "held"},
	} {
		r := good
		c.change(&r)
		err := say("en", r.check(&post))
		var field string
		if err != nil {
			raw, _ := json.Marshal(err)
			var p struct{ Field string }
			_ = json.Unmarshal(raw, &p)
			field = p.Field
		}
		if field != c.field {
			t.Errorf("%s: %q (%v), not %q", name, field, err, c.field)
		}
	}
}

// TestRowSecurity tests that PostgreSQL itself shows a plan only where the scope covers all of its areas.
func TestRowSecurity(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	alice := s.Person(t, "alice")
	s.made(t, alice, "fr.76")
	s.made(t, alice, "fr.76.31", "fr.11")
	p := s.made(t, alice, "fr.76.31")
	if a := s.Do(t, alice, "POST", "/api/checkpoints/plans/"+p.ID+"/approval", `{"base":1,"reference":"x","authority":"y"}`); a.Status != 200 {
		t.Fatal(a.Status)
	}
	if a := s.Do(t, alice, "PUT", "/api/checkpoints/places/lixel/8a1969a36c07fff", `{"status":"safe","lit":"no"}`); a.Status != 200 && a.Status != 404 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	for _, c := range []struct {
		scope                      []string
		plans, revisions, decision int
	}{
		{nil, 3, 4, 1}, {[]string{}, 0, 0, 0}, {[]string{"fr.76"}, 2, 3, 1}, {[]string{"fr.76.31"}, 1, 2, 1}, {[]string{"fr.76.31", "fr.11"}, 2, 3, 1}, {[]string{"fr.7"}, 0, 0, 0},
		{[]string{"fr.76.31.31555"}, 0, 0, 0}, {[]string{"fr"}, 3, 4, 1}, {[]string{"fr_76"}, 0, 0, 0}, {[]string{"%"}, 0, 0, 0},
	} {
		var plans, revisions, decisions int
		err := s.Store.Read(t.Context(), geoengine.Rights{Scope: c.scope}, func(tx pgx.Tx) error {
			const sql = `select (select count(*) from checkpoints_plan), (select count(*) from checkpoints_revision), (select count(*) from checkpoints_decision)`
			return tx.QueryRow(t.Context(), sql).Scan(&plans, &revisions, &decisions)
		})
		if err != nil || plans != c.plans || revisions != c.revisions || decisions != c.decision {
			t.Errorf("scope %q: %d plans, %d revisions, %d decisions, %v", c.scope, plans, revisions, decisions, err)
		}
	}
	err := s.Store.Read(t.Context(), geoengine.AllRights(), func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `delete from checkpoints_plan`)
		return err
	})
	if err == nil {
		t.Error("a reader deletes plans")
	}
	for _, sql := range []string{`update checkpoints_revision set note = 'x'`, `update checkpoints_revision set seed = ''`, `update checkpoints_revision set body = '{}', seed = '', draws = null`} {
		if _, err := s.Store.Pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s: revisions are changed", sql)
		}
	}
}

// TestRetention tests what is erased when.
func TestRetention(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.Person(t, "toulouse")
	draft, signed := s.made(t, b), s.made(t, b)
	path := "/api/checkpoints/plans/" + signed.ID
	if a := s.Do(t, b, "POST", path+"/approval", `{"base":1,"reference":"x","authority":"y"}`); a.Status != 200 {
		t.Fatal(a.Status)
	}
	purge := func(after time.Duration) int {
		t.Helper()
		n, err := s.desk.store.purge(t.Context(), time.Now().Add(after))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := purge(keepDrafts - time.Hour); n != 0 {
		t.Errorf("%d plans are erased too soon", n)
	}
	if n := purge(keepDrafts + time.Hour); n != 1 || s.Do(t, b, "GET", "/api/checkpoints/plans/"+draft.ID, "").Status != 404 {
		t.Errorf("%d plans are erased", n)
	}
	purge(keepSeeds + time.Hour)
	var got planBody
	s.Do(t, b, "GET", path, "").Into(t, &got)
	if !strings.HasPrefix(got.Plan.Request.Seed, commitment) || got.Hash != signed.Hash {
		t.Errorf("the seed is %q, the hash %s was %s", got.Plan.Request.Seed, got.Hash, signed.Hash)
	}
	if n := purge(keepPlans + time.Hour); n != 1 {
		t.Errorf("%d plans are erased", n)
	}
	var left int
	const rest = `select (select count(*) from checkpoints_plan) + (select count(*) from checkpoints_revision) + (select count(*) from checkpoints_decision)`
	if err := s.Store.Pool.QueryRow(t.Context(), rest).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d rows are left, %v", left, err)
	}
}

// TestDismissedJobsLeaveNoPlan tests that a job that was dismissed while it ran makes no plan, and that one that runs
// again makes one.
func TestDismissedJobsLeaveNoPlan(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.Person(t, "toulouse")
	begun, go1 := make(chan struct{}, 4), make(chan struct{})
	var calls atomic.Int32
	s.shop.before = func(context.Context) error {
		if calls.Add(1) == 1 {
			begun <- struct{}{}
			<-go1 // goes on although its job is dismissed
		}
		return nil
	}
	a := s.Do(t, b, "POST", "/api/checkpoints/plans", request("x", "fr.76"), "Prefer", "respond-async")
	var ref jobRef
	a.Into(t, &ref)
	<-begun
	if a := s.Do(t, b, "DELETE", "/ogc/jobs/"+ref.Job, ""); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	close(go1)
	time.Sleep(200 * time.Millisecond)
	if a := s.Do(t, b, "GET", "/api/checkpoints/plans/"+ref.Job, ""); a.Status != 404 {
		t.Errorf("a dismissed job has made a plan: %d", a.Status)
	}
	// The same job twice: one plan, the first.
	id, err := jobs.ParseID(s.made(t, b).ID)
	if err != nil {
		t.Fatal(err)
	}
	first, err := s.desk.store.find(t.Context(), sight{}, id, 0)
	if err != nil {
		t.Fatal(err)
	}
	second := first.Shown
	second.Plan.Posts = nil
	if err := s.desk.store.create(t.Context(), first.record, second, false); err != nil {
		t.Fatal(err)
	}
	again, err := s.desk.store.find(t.Context(), sight{}, id, 0)
	if err != nil || len(again.Shown.Plan.Posts) != 2 || again.Last != 1 {
		t.Errorf("%+v %v", again, err)
	}
}

// TestVictim is the server that TestKilled kills; on its own it has nothing to do.
func TestVictim(t *testing.T) {
	geotest.AsVictim(t, func(store *geoengine.Store) {
		s := askOn(t, store)
		s.shop.before = func(ctx context.Context) error {
			geotest.Busy()
			<-ctx.Done() // until it is killed
			return ctx.Err()
		}
		s.Work(t)
	})
}

// TestKilled kills the server with kill -9 while it makes a plan; another one makes it.
func TestKilled(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	moduletest.Migrate(t, store, Module())
	seedWorld(t, store)
	enrolAll(t, store)
	server := geotest.StartVictim(t, store)
	front := askOn(t, store) // without background work: the victim does it
	b := front.Person(t, "toulouse")
	a := front.Do(t, b, "POST", "/api/checkpoints/plans", request("x", "fr.76"), "Prefer", "respond-async")
	var ref jobRef
	a.Into(t, &ref)
	server.AwaitBusy(t)
	server.Kill()
	if _, err := store.Pool.Exec(t.Context(), `update job set lease = clock_timestamp() - interval '1 s'`); err != nil { // rather than to wait for its end
		t.Fatal(err)
	}
	front.Work(t)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		got := front.Do(t, b, "GET", "/api/checkpoints/plans/"+ref.Job, "")
		if got.Status == http.StatusOK {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("no plan: %s", front.Do(t, b, "GET", "/ogc/jobs/"+ref.Job, "").Body)
		}
	}
	var plans int
	if err := store.Pool.QueryRow(t.Context(), `select count(*) from checkpoints_revision`).Scan(&plans); err != nil || plans != 1 {
		t.Errorf("%d revisions, %v", plans, err)
	}
}

// TestSealed tests that what is kept of a plan holds its seed's SHA-256, not the seed, and reads back as it was.
func TestSealed(t *testing.T) {
	t.Parallel()
	p := handPlan(plan.Request{Title: "x", Areas: []string{"fr"}, Seed: "0123abcd"})
	body, hash, seed, err := seal(&p)
	if err != nil || seed != "0123abcd" || bytes.Contains(body, []byte(seed)) {
		t.Fatalf("%q %v", seed, err)
	}
	back, err := unseal(body, seed)
	if err != nil || back.Request.Seed != seed || back.Draw.Seed != seed {
		t.Errorf("%+v %v", back.Request, err)
	}
	same, again, _, err := seal(&back)
	if err != nil || again != hash || !slices.Equal(same, body) {
		t.Errorf("hash %s, then %s", hex.EncodeToString(hash[:]), hex.EncodeToString(again[:]))
	}
	erased, err := unseal(body, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, again, seed, err := seal(&erased); err != nil || again != hash || seed != "" {
		t.Errorf("without its seed: hash %x, seed %q, %v", again, seed, err)
	}
}
