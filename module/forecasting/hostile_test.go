package forecasting

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"vigie/api/identity"
	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/geoengine/geotest"
	"vigie/geoengine/jobs"
	"vigie/geoengine/journal"
	"vigie/module"
	"vigie/module/moduletest"
)

func TestHostileRequests(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.Person(t, "toulouse")
	id := s.ran(t, b, "fr.76")
	other := s.ran(t, s.Person(t, "paris"), "fr.11")
	run, values := "/api/forecasts/runs/"+id, "/api/forecasts/runs/"+id+"/values"
	const post = "/api/forecasts/thefts/runs"
	many := strings.TrimSuffix(strings.Repeat(`"fr.76",`, 60), ",")
	for _, c := range []struct {
		name, method, target, body string
		want                       int
	}{
		{"no json", "POST", post, `{`, 400},
		{"unknown member", "POST", post, `{"areas":["fr.76"],"horizon":"P7D","scope":"*"}`, 422},
		{"huge body", "POST", post, `{"horizon":"` + strings.Repeat("x", 1<<20) + `"}`, 413},
		{"no horizon", "POST", post, `{"areas":["fr.76"]}`, 422},
		{"another horizon", "POST", post, `{"areas":["fr.76"],"horizon":"P100Y"}`, 422},
		{"many areas", "POST", post, `{"areas":[` + many + `],"horizon":"P7D"}`, 422},
		{"null areas", "POST", post, `{"areas":null,"horizon":"P7D"}`, 422},
		{"no path", "POST", post, `{"areas":["fr.76'; drop table forecast_run"],"horizon":"P7D"}`, 422},
		{"wildcard", "POST", post, `{"areas":["%"],"horizon":"P7D"}`, 422},
		{"an area that there is not", "POST", post, `{"areas":["fr.76.99"],"horizon":"P7D"}`, 404},
		{"another territory", "POST", post, `{"areas":["fr.76","fr.11"],"horizon":"P7D"}`, 404},
		{"a part of a name", "POST", post, `{"areas":["fr.7"],"horizon":"P7D"}`, 404},
		{"everything", "POST", post, `{"horizon":"P7D"}`, 422},
		{"the future", "POST", post, `{"areas":["fr.76"],"horizon":"P7D","until":"2200-01-01T00:00:00Z"}`, 422},
		{"before time", "POST", post, `{"areas":["fr.76"],"horizon":"P7D","until":"0900-01-01T00:00:00Z"}`, 422},
		{"no time", "POST", post, `{"areas":["fr.76"],"horizon":"P7D","until":"yesterday"}`, 422},
		{"large seed", "POST", post, `{"areas":["fr.76"],"horizon":"P7D","seed":18446744073709551615}`, 422},
		{"negative seed", "POST", post, `{"areas":["fr.76"],"horizon":"P7D","seed":-1}`, 422},
		{"unknown option", "POST", post, `{"areas":["fr.76"],"horizon":"P7D","options":{"evil":"1"}}`, 422},
		{"unknown value", "POST", post, `{"areas":["fr.76"],"horizon":"P7D","options":{"kernel":"evil"}}`, 422},
		{"no such forecast", "POST", "/api/forecasts/evil/runs", `{"areas":["fr.76"],"horizon":"P7D"}`, 405},
		{"no uuid", "GET", "/api/forecasts/runs/1", "", 404},
		{"other spelling of a uuid", "GET", "/api/forecasts/runs/" + strings.ToUpper(id), "", 404},
		{"another's run", "GET", "/api/forecasts/runs/" + other, "", 404},
		{"another's values", "GET", "/api/forecasts/runs/" + other + "/values", "", 404},
		{"another's tile", "GET", "/tiles/forecasts/" + other + "/9/259/176.mvt", "", 404},
		{"another's decisions", "POST", "/api/forecasts/runs/" + other + "/decisions", `{"decision":"followed"}`, 404},
		{"traversal", "GET", "/api/forecasts/runs/..%2f..%2fsession", "", 404},
		{"NUL", "GET", "/api/forecasts/runs/%00", "", 404},
		{"unknown parameter", "GET", values + "?scope=*", "", 422},
		{"repeated parameter", "GET", values + "?kind=a&kind=b", "", 422},
		{"huge page", "GET", values + "?limit=100000", "", 422},
		{"negative page", "GET", values + "?limit=-1", "", 422},
		{"no number", "GET", values + "?rank=x", "", 422},
		{"rank 0", "GET", values + "?rank=0", "", 422},
		{"no path of values", "GET", values + "?area=%25", "", 422},
		{"another's values by area", "GET", values + "?area=fr.11", "", 200},
		{"no cell", "GET", values + "?place=zz", "", 422},
		{"NUL kind", "GET", values + "?kind=%00", "", 422},
		{"long kind", "GET", values + "?kind=" + strings.Repeat("x", 400), "", 422},
		{"no time of values", "GET", values + "?from=now", "", 422},
		{"far time", "GET", values + "?to=9999-01-01T00:00:00Z", "", 422},
		{"cursor of nobody", "GET", values + "?cursor=AAAA", "", 422},
		{"cursor before the first", "GET", values + "?cursor=di0x", "", 422},
		{"form", "GET", values + "?f=xml", "", 422},
		{"cursor of runs", "GET", post + "?cursor=AAAA", "", 422},
		{"cursor of another's run", "GET", post + "?cursor=" + other, "", 422},
		{"pages of runs", "GET", post + "?limit=100000", "", 422},
		{"tile that there is not", "GET", "/tiles/forecasts/" + id + "/3/100/1.mvt", "", 422},
		{"tile of another form", "GET", "/tiles/forecasts/" + id + "/3/1/1.png", "", 422},
		{"deep tile", "GET", "/tiles/forecasts/" + id + "/40/1/1.mvt", "", 422},
		{"the whole world", "GET", "/tiles/forecasts/" + id + "/0/0/0.mvt", "", 200},
		{"time of a tile", "GET", "/tiles/forecasts/" + id + "/3/4/2.mvt?at=x", "", 422},
		{"decision", "POST", run + "/decisions", `{"decision":"maybe"}`, 422},
		{"note of commands", "POST", run + "/decisions", `{"decision":"followed","note":"a\u202eb"}`, 422},
		{"long note", "POST", run + "/decisions", `{"decision":"followed","note":"` + strings.Repeat("x", 1001) + `"}`, 422},
		{"NUL place", "POST", run + "/decisions", `{"decision":"followed","places":["\u0000"]}`, 422},
		{"process without horizon", "POST", "/ogc/processes/forecast-thefts/execution", `{"inputs":{"areas":["fr.76"]}}`, 400},
		{"process of the future", "POST", "/ogc/processes/forecast-thefts/execution", `{"inputs":{"areas":["fr.76"],"horizon":"P7D","until":"2200-01-01T00:00:00Z"}}`, 400},
	} {
		a := s.Do(t, b, c.method, c.target, c.body)
		if a.Status != c.want {
			t.Errorf("%s: %d, not %d: %.300s", c.name, a.Status, c.want, a.Body)
		}
		if a.Status >= 400 && !strings.HasPrefix(c.target, "/ogc") && !strings.Contains(a.Header.Get("Content-Type"), "problem+json") {
			t.Errorf("%s: %s", c.name, a.Header.Get("Content-Type"))
		}
		if strings.Contains(string(a.Body), "SQLSTATE") || strings.Contains(string(a.Body), "pgx") {
			t.Errorf("%s tells of the database: %s", c.name, a.Body)
		}
	}
	if a := s.Do(t, b, "POST", post, `{"areas":["fr.76"],"horizon":"P7D"}`, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"); a.Status != http.StatusForbidden {
		t.Errorf("from another site: %d", a.Status)
	}
	var page struct{ Values []map[string]any }
	s.Get(t, b, values+"?area=fr.11", &page)
	if len(page.Values) != 0 {
		t.Errorf("values of Paris: %v", page.Values)
	}
}

// TestIncomplete tests that a forecaster that is not declared in full is refused.
func TestIncomplete(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(f *Forecaster){
		"name": func(f *Forecaster) { f.Name = "Runs" }, "reserved": func(f *Forecaster) { f.Name = "runs" }, "model": func(f *Forecaster) { f.Version = "" },
		"categories": func(f *Forecaster) { f.Categories = nil }, "horizons": func(f *Forecaster) { f.Horizons = nil }, "place": func(f *Forecaster) { f.Place = "person" },
		"actual": func(f *Forecaster) { f.Actual = nil }, "option": func(f *Forecaster) { f.Options = []Option{{Name: "x"}} },
	} {
		f := (&fake{}).forecaster()
		change(&f)
		if _, err := Extension(module.Host{}, []Forecaster{f}); err == nil {
			t.Errorf("without a %s: no error", name)
		}
	}
}

// TestVictim is the server that TestKilled kills; on its own it has nothing to do.
func TestVictim(t *testing.T) {
	geotest.AsVictim(t, func(store *geoengine.Store) {
		k := &fake{before: func(ctx context.Context) error {
			geotest.Busy()
			<-ctx.Done() // until it is killed
			return ctx.Err()
		}}
		askOn(t, store, k, &stood{at: startNow()}).Work(t)
	})
}

// TestKilled kills the server with kill -9 in the middle of a run; another one makes it, once.
func TestKilled(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	seed(t, store)
	server := geotest.StartVictim(t, store)
	front := askOn(t, store, &fake{}, &stood{at: startNow()}) // without background work: the victim does it
	b := front.Person(t, "toulouse")
	a := front.Do(t, b, "POST", "/api/forecasts/thefts/runs", `{"areas":["fr.76"],"horizon":"P7D"}`, "Prefer", "respond-async")
	var made struct{ Job string }
	if a.Into(t, &made); a.Status != http.StatusAccepted {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	server.AwaitBusy(t)
	server.Kill()
	if runs, values := front.rows(t); runs+values != 0 {
		t.Errorf("the killed run has left %d runs, %d values", runs, values)
	}
	run(t, store, `update job set lease = clock_timestamp() - interval '1 s'`) // rather than to wait for its end
	front.Work(t)
	front.await(t, b, made.Job)
	if runs, values := front.rows(t); runs != 1 || values == 0 {
		t.Errorf("%d runs, %d values", runs, values)
	}
}

// rows counts what is kept.
func (s *site) rows(t *testing.T) (runs, values int) {
	t.Helper()
	if err := s.Store.Pool.QueryRow(t.Context(), `select (select count(*) from forecast_run), (select count(*) from forecast_value)`).Scan(&runs, &values); err != nil {
		t.Fatal(err)
	}
	return runs, values
}

// await waits for a run.
func (s *site) await(t *testing.T, b moduletest.Caller, id string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if s.Do(t, b, "GET", "/api/forecasts/runs/"+id, "").Status == http.StatusOK {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("no run: %s", s.Do(t, b, "GET", "/ogc/jobs/"+id, "").Body)
		}
	}
}

// TestDismissed tests that a job that was dismissed while it ran keeps no run.
func TestDismissed(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	seed(t, store)
	begun, on := make(chan struct{}, 1), make(chan struct{})
	k := &fake{before: func(context.Context) error {
		begun <- struct{}{}
		<-on // goes on although its job is dismissed
		return nil
	}}
	s := askOn(t, store, k, &stood{at: startNow()})
	stop := s.Work(t)
	b := s.Person(t, "toulouse")
	var made struct{ Job string }
	s.Do(t, b, "POST", "/api/forecasts/thefts/runs", `{"areas":["fr.76"],"horizon":"P7D"}`, "Prefer", "respond-async").Into(t, &made)
	<-begun
	if a := s.Do(t, b, "DELETE", "/ogc/jobs/"+made.Job, ""); a.Status != http.StatusOK {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	close(on)
	stop() // once its work is done
	if runs, values := s.rows(t); runs+values != 0 {
		t.Errorf("%d runs, %d values", runs, values)
	}
}

// TestOneSchedule lets two servers look after one schedule at the same time: one run, not two; and one more in the week
// after.
func TestOneSchedule(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	seed(t, store)
	clock := &stood{at: startNow()}
	plan := forecast.Scheduled{Name: "thefts", Area: "fr.76", Horizon: "P7D", Options: map[string]string{"kernel": "none"}, Author: "cli:test", At: startNow()}
	if err := forecast.New(store).Plan(t.Context(), plan); err != nil {
		t.Fatal(err)
	}
	a, b := askOn(t, store, &fake{}, clock), askOn(t, store, &fake{}, clock)
	log := journal.New(store, rand.Reader, clock.now)
	defer log.Close()
	both := func() {
		t.Helper()
		errs := make(chan error, 8)
		for i := range cap(errs) {
			go func() { errs <- []*site{a, b}[i%2].desk.look(t.Context(), log) }()
		}
		for range cap(errs) {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
	}
	count := func(want int) {
		t.Helper()
		var n int
		if err := store.Pool.QueryRow(t.Context(), `select count(*) from job where owner = '' and process = 'forecast-thefts'`).Scan(&n); err != nil || n != want {
			t.Errorf("%d jobs, not %d: %v", n, want, err)
		}
	}
	both()
	count(1)
	a.Work(t)
	deadline := time.Now().Add(20 * time.Second)
	for runs := 0; runs == 0 && time.Now().Before(deadline); runs, _ = a.rows(t) {
		time.Sleep(50 * time.Millisecond)
	}
	var until time.Time
	var author string
	if err := store.Pool.QueryRow(t.Context(), `select until, author from forecast_run`).Scan(&until, &author); err != nil || !until.Equal(time.Date(2026, 3, 1, 23, 0, 0, 0, time.UTC)) || author != "" {
		t.Errorf("until %v by %q: %v", until, author, err) // Monday of that week, Paris time
	}
	run(t, store, `delete from job`) // jobs expire, runs stay
	both()
	count(0)
	clock.move(7 * 24 * time.Hour)
	both()
	count(1)
	clock.move(365 * 24 * time.Hour) // no event for a year: the run of where the data ends, once
	both()
	count(2)
	clock.move(7 * 24 * time.Hour)
	both()
	count(2)
}

// TestDrift scores runs once reports have come in, again when late ones have, and raises the alarm when what happens
// leaves the band.
func TestDrift(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.Person(t, "toulouse")
	log := journal.New(s.Store, rand.Reader, s.clock.now)
	defer log.Close()
	look := func() {
		t.Helper()
		if err := s.desk.look(t.Context(), log); err != nil {
			t.Fatal(err)
		}
	}
	scores := func(id string) []forecast.Score {
		t.Helper()
		var got runBody
		s.Get(t, b, "/api/forecasts/runs/"+id, &got)
		return got.Scores
	}
	first := s.ran(t, b, "fr.76")
	thefts(t, s.Store, "w1", "fr.76.31.31555", 1.44, 43.6, 6, startNow(), 6) // about what is expected of a week
	s.clock.move(8 * 24 * time.Hour)
	look()
	if got := scores(first); len(got) != 0 {
		t.Fatalf("scored before reports have come in: %+v", got)
	}
	s.clock.move(2 * 24 * time.Hour)
	look()
	look()
	got := scores(first)
	if len(got) != 1 || got[0].Observed != 6 || got[0].Step != "P7D" || !got[0].InBand || got[0].Drift == nil || !got[0].Drift.InBand || got[0].Cover80 < 0.5 || got[0].Hits < got[0].Baseline {
		t.Fatalf("scores: %+v", got)
	}
	thefts(t, s.Store, "late", "fr.76.31.31555", 1.44, 43.6, 1, startNow(), 6)
	s.clock.move(8 * 24 * time.Hour)
	look()
	if got = scores(first); len(got) != 2 || got[0].Observed != 6 || got[1].Observed != 7 {
		t.Fatalf("scored again: %+v", got)
	}
	var alerts struct{ Alerts []alertBody }
	if s.Get(t, b, "/api/forecasts/alerts", &alerts); len(alerts.Alerts) != 0 {
		t.Errorf("alerts: %+v", alerts)
	}
	second := s.ran(t, b, "fr.76")
	thefts(t, s.Store, "wave", "fr.76.31.31555", 1.44, 43.6, 90, s.clock.now(), 6)
	s.clock.move(12 * 24 * time.Hour)
	look()
	if got = scores(second); len(got) != 1 || got[0].InBand || got[0].Drift.InBand || got[0].Drift.Runs != 2 {
		t.Fatalf("after the wave: %+v", got)
	}
	if s.Get(t, b, "/api/forecasts/alerts", &alerts); len(alerts.Alerts) != 1 || alerts.Alerts[0].Run != second || !strings.Contains(alerts.Alerts[0].Text.FR, "97 observés") {
		t.Errorf("alerts: %+v", alerts)
	}
	var list struct{ Forecasts []forecastBody }
	if s.Get(t, b, "/api/forecasts", &list); list.Forecasts[0].Alert == nil {
		t.Error("the list has no alert")
	}
	part := s.Person(t, "haute-garonne")
	if s.Get(t, part, "/api/forecasts/alerts", &alerts); len(alerts.Alerts) != 0 {
		t.Errorf("alerts over areas beyond: %+v", alerts)
	}
	var got2 runBody
	if s.Get(t, part, "/api/forecasts/runs/"+second, &got2); len(got2.Scores) != 0 || got2.Alert != nil {
		t.Errorf("scores over areas beyond: %+v", got2.Scores)
	}
	var lines int
	if err := s.Store.Pool.QueryRow(t.Context(), `select count(*) from journal where operation = 'forecast-alert' and reference like '%' || $1`, second).Scan(&lines); err != nil || lines != 1 {
		t.Errorf("%d lines of the alert in the journal, %v", lines, err)
	}
}

// TestDatabaseRestart ends every connection in the middle of a run: the run is made all the same, once.
func TestDatabaseRestart(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	seed(t, store)
	k := &fake{}
	k.before = func(ctx context.Context) error {
		if k.made.Load() == 1 {
			_, _ = store.Pool.Exec(ctx, `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()`) // its own connection ends, too
		}
		return nil
	}
	s := askOn(t, store, k, &stood{at: startNow()})
	b := s.Person(t, "toulouse")
	s.Work(t)
	var made struct{ Job string }
	s.Do(t, b, "POST", "/api/forecasts/thefts/runs", `{"areas":["fr.76"],"horizon":"P7D"}`, "Prefer", "respond-async").Into(t, &made)
	deadline := time.Now().Add(40 * time.Second)
	for time.Now().Before(deadline) {
		time.Sleep(100 * time.Millisecond)
		_, _ = store.Pool.Exec(t.Context(), `update job set lease = clock_timestamp() - interval '1 s' where status = 'running' and attempt = 1`) // rather than to wait for its end
		var runs int
		if err := store.Pool.QueryRow(t.Context(), `select count(*) from forecast_run`).Scan(&runs); err == nil && runs == 1 {
			return
		}
	}
	t.Fatalf("no run: %s", s.Do(t, b, "GET", "/ogc/jobs/"+made.Job, "").Body)
}

// TestJudge holds scores against ones made by hand.
func TestJudge(t *testing.T) {
	t.Parallel()
	f := (&fake{}).forecaster()
	from := startNow()
	r := &forecast.Result{Spec: forecast.Spec{Horizon: "P7D"}, Place: forecast.Units, From: from, To: from.AddDate(0, 0, 7)}
	for i := range 40 {
		r.Values = append(r.Values, forecast.Value{
			Place: fmt.Sprintf("u/%02d", i), From: r.From, To: r.To, Expected: float64(i), Median: 2, Low80: 1, High80: 4, Low95: 0, High95: 6, Count: float64(40 - i),
		})
	}
	actual := make([]float64, 40)
	actual[39], actual[38], actual[0], actual[5] = 3, 5, 2, -1 // the best two, the baseline's best, and one that is not known
	scores, err := Judge(&f, r, actual)
	if err != nil || len(scores) != 1 {
		t.Fatal(scores, err)
	}
	got := scores[0]
	// Of 39 values two are within [1, 4], and all within [0, 6]; 5 % of 39 places are 2.
	if got.Observed != 10 || got.Expected != 775 || got.Values != 39 || got.Cover80 != 2.0/39 || got.Cover95 != 1 || got.Hits != 0.8 || got.Baseline != 0.2 {
		t.Errorf("%+v", got)
	}
	// Loss of y = 3: (0.025·3 + 0.1·2 + 0.5·1 + 0.1·1 + 0.025·3) / 5.
	if loss := pinball(&r.Values[39], 3); loss < 0.19-1e-12 || loss > 0.19+1e-12 {
		t.Errorf("pinball %v", loss)
	}
	if _, err := Judge(&f, r, actual[:3]); err == nil {
		t.Error("too few counts")
	}
	raw, err := json.Marshal(scores)
	if err != nil || !strings.Contains(string(raw), `"cover95":1`) {
		t.Errorf("%s %v", raw, err)
	}
}

// TestSlot tests where scheduled runs begin: local midnights, weeks from Monday, also when clocks change.
func TestSlot(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	const day = 24 * time.Hour
	for _, c := range []struct {
		now   string
		every time.Duration
		want  string
	}{
		{"2026-03-04T12:00:00Z", 7 * day, "2026-03-02T00:00:00+01:00"}, {"2026-03-02T00:00:00+01:00", 7 * day, "2026-03-02T00:00:00+01:00"}, {"2026-03-01T23:59:59+01:00", 7 * day, "2026-02-23T00:00:00+01:00"},
		{"2026-03-29T12:00:00+02:00", day, "2026-03-29T00:00:00+01:00"}, {"2026-04-01T00:30:00+02:00", 7 * day, "2026-03-30T00:00:00+02:00"}, {"2026-03-04T13:59:00+01:00", 6 * time.Hour, "2026-03-04T12:00:00+01:00"},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		if got := slot(now, c.every, zone).Format(time.RFC3339); got != c.want {
			t.Errorf("%s every %v: %s, not %s", c.now, c.every, got, c.want)
		}
	}
}

// TestRetention tests that runs are erased three years after the end of their period.
func TestRetention(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.ran(t, s.Person(t, "toulouse"), "fr.76")
	if n, err := s.desk.store.Purge(t.Context(), startNow().AddDate(3, 0, 0).Add(-keepRuns)); err != nil || n != 0 {
		t.Errorf("%d runs erased too soon, %v", n, err)
	}
	if n, err := s.desk.store.Purge(t.Context(), startNow().AddDate(3, 0, 8).Add(-keepRuns)); err != nil || n != 1 {
		t.Errorf("%d runs erased, %v", n, err)
	}
	if Kept().For != keepRuns {
		t.Error("what is declared is not what is done")
	}
}

// TestNobodyIsTheHouse tests that no account or client can have the name of the schedule's owner.
func TestNobodyIsTheHouse(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	accounts := identity.NewAccounts(store, rand.Reader, time.Now)
	house := jobs.House()
	if err := accounts.CreateClient(t.Context(), house.Name, "x", []geoengine.AccountGrant{{Role: "analyst", Areas: []string{"fr"}}}, nil); err == nil {
		t.Error("a client has the name of the house")
	}
	if err := accounts.CreateAccount(t.Context(), house.Name, "analyst", []string{"fr"}, moduletest.Password); err == nil {
		t.Error("an account has the name of the house")
	}
}
