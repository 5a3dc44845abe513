package cartheft

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigie/geoengine"
	"vigie/geoengine/jobs"
	"vigie/module/moduletest"
)

func ask(run jobs.ID, hours int, exploration float64) string {
	return fmt.Sprintf(`{"run":%q,"hours":%d,"exploration":%v}`, run, hours, exploration)
}

// TestSuggestions walks through the life of a suggestion.
func TestSuggestions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.save(t, true)
	commander := s.Person(t, "haute-garonne")
	made := s.Do(t, commander, http.MethodPost, "/api/cartheft/suggestions", ask(id, 10, 0.08))
	if made.Status != http.StatusCreated {
		t.Fatalf("%d %s", made.Status, made.Body)
	}
	var b suggestionBody
	made.Into(t, &b)
	if len(b.Slots) != 40 || b.Explored != 0.075 || b.ExplorationHours != 0.75 || b.Precision != "hours" || b.Run != id.String() || len(b.Areas) != 1 || b.Areas[0] != "fr.31" {
		t.Errorf("%+v", b)
	}
	explored := 0
	for i, v := range b.Slots {
		if v.Why == "exploration" {
			explored++
			if v.Probability <= 0 || i < 37 {
				t.Errorf("visit %d: %+v", i, v)
			}
		}
		if v.Hour < 0 || v.Hour > 22 || v.Hour%2 != 0 || v.Day < 0 || v.Day > 6 || v.AreaName == "" || v.Rank < 1 {
			t.Errorf("visit %d: %+v", i, v)
		}
	}
	if explored != 3 || b.Slots[0].Rank != 1 || b.Held <= b.Even || len(b.Equity) != 2 {
		t.Errorf("%d explored, %+v", explored, b)
	}
	s.seenAgain(t, commander, b)
	s.decided(t, commander, b)
}

// seenAgain holds that what is kept is what was shown, and that its seed gives its explored places again.
func (s *site) seenAgain(t *testing.T, who moduletest.Caller, b suggestionBody) {
	t.Helper()
	var again suggestionBody
	s.Do(t, who, http.MethodGet, "/api/cartheft/suggestions/"+b.ID, "").Into(t, &again)
	if diff := cmp.Diff(b, again, cmp.AllowUnexported(suggestionBody{})); diff != "" {
		t.Error(diff)
	}
	run, err := jobs.ParseID(b.Run)
	if err != nil {
		t.Fatal(err)
	}
	values, err := s.desk.values(t.Context(), geoengine.Rights{}, run)
	if err != nil {
		t.Fatal(err)
	}
	seed, err := strconv.ParseUint(b.Seed, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	found, err := s.desk.forecasts.Find(t.Context(), geoengine.Rights{}, run)
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := s.desk.compose(t.Context(), geoengine.Rights{}, &found, values, &record{Hours: b.Hours, Exploration: b.Exploration}, seed)
	if diff := cmp.Diff(b.Slots, drawn.Slots); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func (s *site) decided(t *testing.T, who moduletest.Caller, b suggestionBody) {
	t.Helper()
	path := "/api/cartheft/suggestions/" + b.ID + "/decisions"
	a := s.Do(t, who, http.MethodPost, path, `{"decision":"partly","note":"Deux équipages seulement."}`)
	if a.Status != http.StatusCreated {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	var got suggestionBody
	s.Do(t, who, http.MethodGet, "/api/cartheft/suggestions/"+b.ID, "").Into(t, &got)
	if len(got.Decisions) != 1 || got.Decisions[0].Decision != "partly" || got.Decisions[0].Person != "haute-garonne" || got.Decisions[0].Note != "Deux équipages seulement." {
		t.Errorf("%+v", got.Decisions)
	}
	// It is in the journal, with the hash of what was decided on.
	var n int
	if err := s.Store.Pool.QueryRow(t.Context(), `select count(*) from journal where operation = 'cartheft-decide' and reference like '%' || $1 || '%' and reference like '%' || $2 || '%'`, b.ID, b.Hash).Scan(&n); err != nil {
		t.Fatal(err)
	}
	if n == 0 {
		t.Error("the decision is not in the journal")
	}
	// A machine's key may read, and may not decide.
	key := s.Machine(t, "planner", geoengine.AccountGrant{Role: "commander", Areas: []string{"fr.31"}})
	if a := s.Do(t, key, http.MethodGet, "/api/cartheft/suggestions/"+b.ID, ""); a.Status != http.StatusOK {
		t.Errorf("a client reads: %d %s", a.Status, a.Body)
	}
	if a := s.Do(t, key, http.MethodPost, path, `{"decision":"followed"}`); a.Status != http.StatusForbidden {
		t.Errorf("a client decides: %d %s", a.Status, a.Body)
	}
}

// TestSuggestionsRefuse holds the borders of what may be asked, and who may.
func TestSuggestionsRefuse(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.save(t, false)
	alice := s.Person(t, "alice")
	for name, c := range map[string]struct {
		body   string
		status int
		says   string
	}{
		"no exploration":     {ask(id, 10, 0), 422, "5 à 10 %"},
		"little exploration": {ask(id, 10, 0.049), 422, "5 à 10 %"},
		"much exploration":   {ask(id, 10, 0.11), 422, "5 à 10 %"},
		"no hours":           {ask(id, 0, 0.05), 422, "heures"},
		"a million hours":    {ask(id, 1_000_000, 0.05), 422, "heures"},
		"too many hours":     {ask(id, 2000, 0.05), 422, "heures"},
		"no run":             {ask(jobs.ID{1}, 10, 0.05), 404, ""},
		"no id":              {`{"run":"x","hours":10,"exploration":0.05}`, 404, ""},
		"its own seed":       {`{"run":"` + id.String() + `","hours":10,"exploration":0.05,"seed":1}`, 422, ""},
		"nothing":            {`{}`, 422, ""},
	} {
		a := s.Do(t, alice, http.MethodPost, "/api/cartheft/suggestions", c.body)
		var p struct{ FR string }
		a.Into(t, &p)
		if a.Status != c.status || !strings.Contains(p.FR, c.says) {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	for who, status := range map[string]int{"paris": 404, "analyst": 403, "operator": 403, "auditor": 403} {
		if a := s.Do(t, s.Person(t, who), http.MethodPost, "/api/cartheft/suggestions", ask(id, 10, 0.05)); a.Status != status {
			t.Errorf("%s: %d %s", who, a.Status, a.Body)
		}
	}
	for _, path := range []string{"/api/cartheft/suggestions/x", "/api/cartheft/suggestions/" + id.String(), "/api/cartheft/suggestions?run=x"} {
		if a := s.Do(t, alice, http.MethodGet, path, ""); a.Status != 404 {
			t.Errorf("%s: %d", path, a.Status)
		}
	}
	if a := s.Do(t, alice, http.MethodGet, "/api/cartheft/suggestions?cursor=zzz", ""); a.Status != 422 {
		t.Errorf("a cursor that is none: %d", a.Status)
	}
}

// TestSuggestionsKeepToTheTerritory holds that a commander of a part gets places of that part alone, that days are said to
// be days, and that lists page.
func TestSuggestionsKeepToTheTerritory(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.save(t, false)
	west := s.Person(t, "west")
	var b suggestionBody
	s.Do(t, west, http.MethodPost, "/api/cartheft/suggestions", ask(id, 3, 0.1)).Into(t, &b)
	if b.Precision != "days" || len(b.Warnings) != 1 || len(b.Areas) != 1 || b.Areas[0] != "fr.31.west" || len(b.Slots) != 12 {
		t.Fatalf("%+v", b)
	}
	for _, v := range b.Slots {
		if v.Area != "fr.31.west" || v.Hour != -1 {
			t.Errorf("%+v", v)
		}
	}
	whole := s.Person(t, "haute-garonne")
	var all suggestionBody
	s.Do(t, whole, http.MethodPost, "/api/cartheft/suggestions", ask(id, 3, 0.1)).Into(t, &all)
	if a := s.Do(t, west, http.MethodGet, "/api/cartheft/suggestions/"+all.ID, ""); a.Status != 404 {
		t.Errorf("a suggestion for more than one's territory: %d", a.Status)
	}
	if a := s.Do(t, s.Person(t, "analyst"), http.MethodGet, "/api/cartheft/suggestions", ""); a.Status != 403 {
		t.Errorf("thefts are closed to analysts, their suggestions are not: %d", a.Status)
	}
	for who, want := range map[string][]string{"west": {b.ID}, "haute-garonne": {all.ID, b.ID}, "alice": {all.ID, b.ID}, "paris": nil} {
		var got []string
		reader := s.Person(t, who)
		for next := ""; ; {
			var page struct {
				Suggestions []struct{ ID string }
				Next        string
			}
			a := s.Do(t, reader, http.MethodGet, "/api/cartheft/suggestions?limit=1&run="+id.String()+"&cursor="+next, "")
			if a.Into(t, &page); a.Status != http.StatusOK {
				t.Fatalf("%s: %d %s", who, a.Status, a.Body)
			}
			for _, line := range page.Suggestions {
				got = append(got, line.ID)
			}
			if next = page.Next; next == "" {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", who, diff)
		}
	}
}

// TestNothingIsOverwritten holds that suggestions and decisions are only added, and that the retention alone erases.
func TestNothingIsOverwritten(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.save(t, true)
	alice := s.Person(t, "alice")
	var b suggestionBody
	s.Do(t, alice, http.MethodPost, "/api/cartheft/suggestions", ask(id, 10, 0.05)).Into(t, &b)
	if a := s.Do(t, alice, http.MethodPost, "/api/cartheft/suggestions/"+b.ID+"/decisions", `{"decision":"followed"}`); a.Status != http.StatusCreated {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	for _, sql := range []string{
		`update cartheft_suggestion set hours = 1`, `delete from cartheft_suggestion`, `truncate cartheft_suggestion`,
		`update cartheft_decision set note = ''`, `delete from cartheft_decision`, `truncate cartheft_decision`,
	} {
		if _, err := s.Store.Pool.Exec(t.Context(), sql); err == nil || !strings.Contains(err.Error(), "only ever added") {
			t.Errorf("%s: %v", sql, err)
		}
	}
	now := time.Now()
	if n, err := s.desk.store.purge(t.Context(), now.Add(keepSuggestions-time.Hour)); err != nil || n != 0 {
		t.Errorf("%d erased too soon, %v", n, err)
	}
	if n, err := s.desk.store.purge(t.Context(), now.Add(keepSuggestions+time.Hour)); err != nil || n != 1 {
		t.Errorf("%d erased, %v", n, err)
	}
	var left int
	if err := s.Store.Pool.QueryRow(t.Context(), `select count(*) from cartheft_decision`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d decisions left, %v", left, err)
	}
}

// TestSuggestionsOfClosedThefts holds that nobody learns of thefts through suggestions to whom thefts are closed.
func TestSuggestionsOfClosedThefts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.save(t, true)
	alice := s.Person(t, "alice")
	var b suggestionBody
	s.Do(t, alice, http.MethodPost, "/api/cartheft/suggestions", ask(id, 10, 0.05)).Into(t, &b)
	for _, rights := range []geoengine.Rights{{Open: []string{"road.accident"}}, {Scope: []string{}}, {Scope: []string{"fr.31.west"}}} {
		key, err := jobs.ParseID(b.ID)
		if err != nil {
			t.Fatal(err)
		}
		if r, err := s.desk.store.find(t.Context(), rights, key); err == nil {
			raw, _ := json.Marshal(r.Body)
			t.Errorf("%+v sees %.80s", rights, raw)
		}
	}
}
