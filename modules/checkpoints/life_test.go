package checkpoints

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigie/geoengine"
	"vigie/module/moduletest"
)

func TestLifeOfAPlan(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	commander, operator := s.Person(t, "toulouse"), s.Person(t, "operator")
	p := s.made(t, commander)
	if p.Revision != 1 || p.State != Draft || p.Author != "toulouse" || len(p.Plan.Posts) != 2 || p.Plan.Request.Seed == "" || p.Plan.Draw.Seed != p.Plan.Request.Seed {
		t.Errorf("made: %+v", p)
	}
	if p.Units["test/b1"].Name != "Brigade de Toulouse" || p.Names["fr.76.31"] != "Haute-Garonne" {
		t.Errorf("words: %v %v", p.Units, p.Names)
	}
	if diff := cmp.Diff([]string{"change", "propose", "approve", "refuse"}, p.May); diff != "" {
		t.Error(diff)
	}
	path := "/api/checkpoints/plans/" + p.ID
	step := func(b moduletest.Caller, method, what, body string, want int) planBody {
		t.Helper()
		a := s.Do(t, b, method, path+what, body)
		if a.Status != want {
			t.Fatalf("%s: %d %s", what, a.Status, a.Body)
		}
		var got planBody
		if want < 300 {
			a.Into(t, &got)
		}
		return got
	}
	preview := step(commander, "POST", "/changes", `{"base":1,"preview":true,"changes":[{"op":"remove","post":"p2"}]}`, 200)
	if !preview.Preview || len(preview.Plan.Posts) != 1 || preview.Revision != 1 {
		t.Errorf("preview: %+v", preview)
	}
	if got := step(commander, "GET", "", "", 200); got.Revision != 1 || len(got.Plan.Posts) != 2 {
		t.Errorf("a preview was kept: %+v", got)
	}
	step(commander, "POST", "/changes", `{"base":1,"changes":[{"op":"lock","post":"p1"}],"note":"connu"}`, 200)
	changed := step(commander, "POST", "/changes", `{"base":2,"changes":[{"op":"remove","post":"p2"}]}`, 200)
	if changed.Revision != 3 || len(changed.Plan.Posts) != 1 || !slices.Contains(changed.May, "undo") {
		t.Errorf("changed: %+v", changed)
	}
	once := step(commander, "POST", "/undo", `{"base":3}`, 200)
	if once.Revision != 4 || len(once.Plan.Posts) != 2 || !once.Plan.Posts[0].Locked {
		t.Errorf("undone once: %+v", once)
	}
	twice := step(commander, "POST", "/undo", `{"base":4}`, 200)
	if twice.Revision != 5 || twice.Plan.Posts[0].Locked || slices.Contains(twice.May, "undo") {
		t.Errorf("undone twice: %+v", twice)
	}
	step(commander, "POST", "/undo", `{"base":5}`, 409)
	redrawn := step(commander, "POST", "/proposal", `{"base":5}`, 200)
	if redrawn.Revision != 6 || redrawn.Plan.Request.Seed == p.Plan.Request.Seed {
		t.Errorf("redrawn: %+v", redrawn)
	}
	step(operator, "GET", "", "", 404) // drafts are not for operators
	approved := step(commander, "POST", "/approval", `{"base":6,"reference":"2026/17","authority":"Cne Martin, OPJ","instructions":"Gilets.\nCônes."}`, 200)
	if approved.State != Approved || approved.Revision != 7 || approved.Approval == nil || approved.Approval.By != "toulouse" || approved.Approval.Revision != 6 {
		t.Errorf("approved: %+v", approved)
	}
	if approved.Hash != redrawn.Hash {
		t.Errorf("the content of what was signed has changed: %s, %s", redrawn.Hash, approved.Hash)
	}
	for _, what := range []string{"/changes", "/undo", "/proposal", "/approval", "/refusal"} {
		body := `{"base":7}`
		switch what {
		case "/changes":
			body = `{"base":7,"changes":[{"op":"lock","post":"p1"}]}`
		case "/approval":
			body = `{"base":7,"reference":"x","authority":"y"}`
		case "/refusal":
			body = `{"base":7,"reason":"trop tard"}`
		}
		step(commander, "POST", what, body, 409)
	}
	seen := step(operator, "GET", "", "", 200)
	if diff := cmp.Diff([]string{"report"}, seen.May); diff != "" {
		t.Error(diff)
	}
	step(operator, "GET", "?revision=2", "", 404) // of the time when it was a draft
	report := `{"held":true,"from":"2026-12-04T22:15:00+01:00","to":"2026-12-04T23:45:00+01:00","checks":80,"positives":{"alcohol":3,"drugs":1},"offences":{"speed":0,"phone":2,"belt":1,"heavy":0,"papers":4,"other":0},"note":"pluie"}`
	step(operator, "PUT", "/reports/p1", report, 200)
	step(operator, "PUT", "/reports/p1", strings.Replace(report, `"checks":80`, `"checks":82`, 1), 200)
	var reports struct {
		Reports []reportBody `json:"reports"`
		Totals  reportTotals `json:"totals"`
	}
	s.Do(t, operator, "GET", path+"/reports", "").Into(t, &reports)
	if len(reports.Reports) != 1 || reports.Totals.Checks != 82 || reports.Totals.Missing != 1 || reports.Totals.Hours != 1.5 {
		t.Errorf("reports: %+v", reports)
	}
	closed := step(commander, "POST", "/closing", `{"base":7}`, 200)
	if closed.State != Executed {
		t.Errorf("closed: %+v", closed)
	}
	var history struct{ Revisions []historyLine }
	s.Do(t, commander, "GET", path+"/history", "").Into(t, &history)
	acts := ""
	for _, line := range history.Revisions {
		acts += fmt.Sprint(line.Revision, " ", line.Act, " ", line.State, " ", line.Note, "\n")
	}
	want := "1 proposed draft \n2 changed draft connu\n3 changed draft \n4 undone draft \n5 undone draft \n6 redrawn draft \n7 approved approved \n8 closed executed \n"
	if diff := cmp.Diff(want, acts); diff != "" {
		t.Error(diff)
	}
	s.journal(t, p.ID, redrawn.Hash)
}

// journal checks what the journal knows of the life of a plan, and that it holds none of its content.
func (s *site) journal(t *testing.T, id, hash string) {
	t.Helper()
	var signed, content bool
	const sql = `select bool_or(operation = 'checkpoints-approve' and outcome = '200' and act = 'modification' and reference like '%' || $2 || '%' and reference like '%' || $1 || '%'),
		bool_or(j::text like '%OPJ%' or j::text like '%pluie%' or j::text like '%Gilets%') from journal j`
	if err := s.Store.Pool.QueryRow(t.Context(), sql, id, hash).Scan(&signed, &content); err != nil || !signed || content {
		t.Errorf("signed with its hash: %v; holds content: %v; %v", signed, content, err)
	}
	for operation, least := range map[string]int{"checkpoints-make": 2, "checkpoints-change": 4, "checkpoints-report": 4, "checkpoints-plan": 1, "checkpoints-close": 2} {
		var n int
		if err := s.Store.Pool.QueryRow(t.Context(), `select count(*) from journal where operation = $1`, operation).Scan(&n); err != nil || n < least {
			t.Errorf("%s: %d lines, %v", operation, n, err)
		}
	}
}

func TestStaleBases(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.Person(t, "toulouse")
	p := s.made(t, b)
	path := "/api/checkpoints/plans/" + p.ID
	if a := s.Do(t, b, "POST", path+"/changes", `{"base":1,"changes":[{"op":"lock","post":"p1"}]}`); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	for what, body := range map[string]string{
		"/changes": `{"base":1,"changes":[{"op":"lock","post":"p2"}]}`, "/undo": `{"base":1}`, "/proposal": `{"base":9}`,
		"/approval": `{"base":1,"reference":"x","authority":"y"}`, "/refusal": `{"base":1,"reason":"non merci"}`,
	} {
		a := s.Do(t, b, "POST", path+what, body, "Accept-Language", "en")
		if a.Status != http.StatusConflict || !strings.Contains(string(a.Body), `"conflict"`) || !strings.Contains(string(a.Body), "Somebody has changed this plan") {
			t.Errorf("%s: %d %s", what, a.Status, a.Body)
		}
	}
	results := make(chan int, 8)
	for range cap(results) { // all at once on one base: one wins
		go func() {
			results <- s.Do(t, b, "POST", path+"/changes", `{"base":2,"changes":[{"op":"lock","post":"p2"}]}`).Status
		}()
	}
	won := 0
	for range cap(results) {
		switch status := <-results; status {
		case 200:
			won++
		case 409:
		default:
			t.Errorf("status %d", status)
		}
	}
	if won != 1 {
		t.Errorf("%d changes of one base were kept", won)
	}
}

// TestWhoMay goes through every operation with every role, in and out of the territory.
func TestWhoMay(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	toulouse := s.Person(t, "toulouse")
	robot := s.Machine(t, "robot", geoengine.AccountGrant{Role: "commander", Areas: []string{"fr.76"}})
	who := map[string]moduletest.Caller{"toulouse": toulouse, "robot": robot}
	for _, name := range []string{"paris", "haute-garonne", "operator", "analyst", "admin", "auditor"} {
		who[name] = s.Person(t, name)
	}
	who["nobody"] = moduletest.Caller{}
	draft, signed := s.made(t, toulouse, "fr.76"), s.made(t, toulouse, "fr.76")
	if a := s.Do(t, toulouse, "POST", "/api/checkpoints/plans/"+signed.ID+"/approval", `{"base":1,"reference":"x","authority":"y"}`); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	const report = `{"held":false,"from":"2026-12-04T22:15:00+01:00","to":"2026-12-04T23:45:00+01:00","checks":0,"positives":{"alcohol":0,"drugs":0},"offences":{"speed":0,"phone":0,"belt":0,"heavy":0,"papers":0,"other":0},"note":""}`
	d, g := "/api/checkpoints/plans/"+draft.ID, "/api/checkpoints/plans/"+signed.ID
	// What each gets: of fr.76, which haute-garonne holds a part of only.
	for _, c := range []struct {
		method, target, body string
		want                 map[string]int
	}{
		{"GET", d, "", map[string]int{"toulouse": 200, "robot": 200, "paris": 404, "haute-garonne": 404, "operator": 404, "analyst": 200, "admin": 200, "auditor": 403, "nobody": 401}},
		{"GET", g, "", map[string]int{"toulouse": 200, "robot": 200, "paris": 404, "haute-garonne": 404, "operator": 200, "analyst": 200, "admin": 200, "auditor": 403, "nobody": 401}},
		{"GET", g + "/history", "", map[string]int{"toulouse": 200, "paris": 404, "haute-garonne": 404, "operator": 200, "analyst": 200, "auditor": 403, "nobody": 401}},
		{"GET", d + "/reports", "", map[string]int{"toulouse": 200, "paris": 404, "operator": 404, "analyst": 200}},
		{"GET", d + "/sites?post=p1", "", map[string]int{"toulouse": 200, "robot": 200, "paris": 404, "haute-garonne": 404, "operator": 403, "analyst": 403, "admin": 403}},
		{"GET", g + "/plan.geojson", "", map[string]int{"toulouse": 200, "paris": 404, "haute-garonne": 404, "operator": 200, "analyst": 200, "auditor": 403, "nobody": 401}},
		{"POST", d + "/changes", `{"base":1,"preview":true,"changes":[{"op":"lock","post":"p1"}]}`, map[string]int{"toulouse": 200, "robot": 200, "paris": 404, "haute-garonne": 404, "operator": 403, "analyst": 403, "admin": 403, "auditor": 403, "nobody": 401}},
		{"POST", d + "/undo", `{"base":1}`, map[string]int{"paris": 404, "haute-garonne": 404, "operator": 403, "analyst": 403, "admin": 403, "nobody": 401, "toulouse": 409}},
		{"POST", d + "/proposal", `{"base":1}`, map[string]int{"paris": 404, "haute-garonne": 404, "operator": 403, "analyst": 403, "admin": 403, "nobody": 401}},
		{"POST", d + "/approval", `{"base":1,"reference":"x","authority":"y"}`, map[string]int{"robot": 403, "paris": 404, "haute-garonne": 404, "operator": 403, "analyst": 403, "admin": 403, "auditor": 403, "nobody": 401}},
		{"POST", d + "/refusal", `{"base":1,"reason":"non merci"}`, map[string]int{"robot": 403, "paris": 404, "haute-garonne": 404, "operator": 403, "analyst": 403, "admin": 403, "nobody": 401}},
		{"POST", g + "/closing", `{"base":2}`, map[string]int{"robot": 403, "paris": 404, "haute-garonne": 404, "operator": 403, "analyst": 403, "admin": 403, "nobody": 401}},
		{"PUT", g + "/reports/p1", report, map[string]int{"toulouse": 200, "operator": 200, "paris": 404, "haute-garonne": 404, "analyst": 403, "admin": 403, "auditor": 403, "nobody": 401}},
		{"PUT", g + "/reports/p99", report, map[string]int{"toulouse": 404, "paris": 404}},
		{"POST", "/api/checkpoints/plans", request("x", "fr.76"), map[string]int{"paris": 404, "haute-garonne": 404, "operator": 403, "analyst": 403, "admin": 403, "auditor": 403, "nobody": 401}},
		{"PUT", "/api/checkpoints/places/lixel/8a1969a36c07fff", `{"status":"safe","lit":"yes"}`, map[string]int{"paris": 404, "analyst": 403, "admin": 403, "auditor": 403, "nobody": 401}},
	} {
		for name, want := range c.want {
			if a := s.Do(t, who[name], c.method, c.target, c.body); a.Status != want {
				t.Errorf("%s %s as %s: %d, not %d: %.200s", c.method, strings.ReplaceAll(strings.ReplaceAll(c.target, draft.ID, "DRAFT"), signed.ID, "SIGNED"), name, a.Status, want, a.Body)
			}
		}
	}
	for name, want := range map[string]int{"toulouse": 2, "alice": 2, "paris": 0, "haute-garonne": 0, "operator": 1, "analyst": 2, "admin": 2} {
		b, there := who[name]
		if !there {
			b = s.Person(t, name)
		}
		var list struct{ Plans []planLine }
		s.Do(t, b, "GET", "/api/checkpoints/plans", "").Into(t, &list)
		if len(list.Plans) != want {
			t.Errorf("%s sees %d plans, not %d", name, len(list.Plans), want)
		}
	}
}
