package firestations

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/module/moduletest"
)

func serve(t *testing.T, store *geoengine.Store) *moduletest.Site {
	t.Helper()
	moduletest.Enrol(t, store, [][3]string{
		{"alice", "commander", "*"}, {"essonne", "commander", "fr.11.91"}, {"communes", "commander", "fr.11.91.91002"}, {"marne", "commander", "fr.11.77"},
		{"analyst", "analyst", "*"}, {"auditor", "auditor", "*"},
	})
	host := moduletest.Host(t, store)
	extension, err := Module().Start(host)
	if err != nil {
		t.Fatal(err)
	}
	return moduletest.Serve(t, host, extension)
}

// get decodes an answer.
func get[T any](t *testing.T, s *moduletest.Site, who moduletest.Caller, target string) (value T) {
	t.Helper()
	s.Get(t, who, target, &value)
	return value
}

// stored makes a run and keeps it as made at a time.
func stored(t *testing.T, store *geoengine.Store, spec forecast.Spec, made time.Time) *forecast.Result {
	t.Helper()
	r, err := run(t, store, spec)
	if err != nil {
		t.Fatal(err)
	}
	id, err := forecast.NewID(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := forecast.New(store).Save(t.Context(), r, forecast.Origin{ID: id, Author: "test", At: made, Feeds: []string{Category}}); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestPages shows stations to those who may see them: what the stored runs say, and what happened.
func TestPages(t *testing.T) {
	t.Parallel()
	store := ground(t)
	from, day, until := at(t, "2023-10-01"), at(t, "2024-11-20"), at(t, "2024-11-21")
	days := int(until.Sub(from).Hours()/24) + 3
	write911(t, store, "a", steady(from, days, 30, "a", "fr.11.91.91001", 1))
	write911(t, store, "b", steady(from, days, 4, "b", "fr.11.77", 2))
	write911(t, store, "z", steady(from, days, 2, "far", "fr.11.91.91002", 3))
	spec := func(until time.Time) forecast.Spec {
		return forecast.Spec{Areas: []string{"fr.11.77", "fr.11.91"}, Until: until, Horizon: "P14D", Seed: 1}
	}
	stored(t, store, spec(until), until.Add(time.Minute))
	s := serve(t, store)
	essonne, marne, alice := s.Person(t, "essonne"), s.Person(t, "marne"), s.Person(t, "alice")
	if p := get[page](t, s, alice, "/api/firestations/stations/test%2Fa"); p.Yesterday != nil {
		t.Errorf("yesterday without a run of yesterday: %+v", p.Yesterday)
	}
	before := stored(t, store, spec(day), day.Add(time.Minute))
	observed := 0
	if err := store.Pool.QueryRow(t.Context(), `select count(*) from event where attributes ->> 'station' = 'a' and starts >= $1 and starts < $2`, day, until).Scan(&observed); err != nil {
		t.Fatal(err)
	}

	t.Run("page", func(t *testing.T) {
		t.Parallel()
		p := get[page](t, s, alice, "/api/firestations/stations/"+url.PathEscape("test/a"))
		if p.Station.Label != "Centre A" || p.Station.AreaName != "Abbéville" || p.Station.Lon == nil || *p.Station.Lon != 2.2 || p.Card == nil || p.Partial || len(p.Next48h) != 48 || len(p.Next14d) != 14 || len(p.Weeks) != 2 {
			t.Fatalf("%+v", p)
		}
		if len(p.Kinds) != 1 || p.Kinds[0].Kind != "medical" || len(p.Kinds[0].Next14d) != 14 || !p.Next48h[0].From.Equal(until) || p.Next14d[0].LastYear < 0 {
			t.Errorf("%+v", p.Kinds)
		}
		for _, x := range append(p.Next48h, p.Next14d...) {
			if x.Low95 > x.Low80 || x.Low80 > x.Low50 || x.Low50 > x.Median || x.Median > x.High50 || x.High50 > x.High80 || x.High80 > x.High95 {
				t.Fatalf("%+v", x)
			}
		}
		y := p.Yesterday
		if y == nil || y.Observed != observed || y.Retrospective || !y.From.Equal(day) || !y.To.Equal(until) || len(y.Hours) != 24 || y.Run.ID == p.Run.ID {
			t.Fatalf("yesterday %+v, observed %d", y, observed)
		}
		sum := 0
		for _, h := range y.Hours {
			sum += h.Observed
		}
		kept := before.Values[0]
		for _, v := range before.Values {
			if v.Place == "test/a" && v.Kind == "" && v.From.Equal(day) && before.StepOf(&v) == "P1D" {
				kept = v
			}
		}
		if sum != observed || y.Day.Expected != rounded(kept.Expected) {
			t.Errorf("hours sum to %d of %d, expected %v, the earlier run has kept %v", sum, observed, y.Day.Expected, kept.Expected)
		}
	})
	t.Run("list", func(t *testing.T) {
		t.Parallel()
		ids := func(who moduletest.Caller, target string) string {
			var list []string
			for _, one := range get[stationsBody](t, s, who, target).Stations {
				list = append(list, one.ID)
				if one.Today == nil || one.Yesterday == nil || one.Today.Expected <= 0 {
					t.Errorf("%+v", one)
				}
			}
			return strings.Join(list, " ")
		}
		for _, c := range []struct {
			who          moduletest.Caller
			target, want string
		}{
			{alice, "", "test/a test/b test/far"}, {alice, "?area=fr.11.77", "test/b"}, {essonne, "", "test/a test/far"}, {marne, "", "test/b"},
			{s.Person(t, "communes"), "", "test/far"},
		} {
			if got := ids(c.who, "/api/firestations/stations"+c.target); got != c.want {
				t.Errorf("%s: %q, want %q", c.target, got, c.want)
			}
		}
	})
	t.Run("crews", func(t *testing.T) {
		t.Parallel()
		low := get[crewsBody](t, s, alice, "/api/firestations/stations/test%2Fa/crews?service=0.8")
		high := get[crewsBody](t, s, alice, "/api/firestations/stations/test%2Fa/crews?service=0.99&kind=medical&busy=2&shifts=8,20")
		if len(low.Crews) != 27 || low.Changed || low.Missed.Share > 0.25 || low.Year.To.Sub(low.Year.From) < 300*24*time.Hour {
			t.Errorf("%d shifts, %+v", len(low.Crews), low)
		}
		if high.Cost.CrewHours <= low.Cost.CrewHours || high.Missed.Share >= low.Missed.Share || high.Missed.Share > 0.02 || len(high.Baseline.Crews) != 2 {
			t.Errorf("%+v and %+v", low.Cost, high)
		}
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		for _, c := range []struct {
			who    moduletest.Caller
			target string
			status int
			says   string
		}{
			{essonne, "/test%2Fb", 404, ""}, {marne, "/test%2Fa", 404, ""}, {marne, "/test%2Fa/crews", 404, ""}, {alice, "/test%2Fnone", 404, ""}, {alice, "/none", 404, ""}, {alice, "/%00", 404, ""}, {alice, "/a%ff%2Fb", 404, ""}, {alice, "/" + strings.Repeat("x", 400), 422, ""}, {alice, "/test%2Fa%27--", 404, ""},
			{alice, "/test%2Fa/crews?service=NaN", 422, ""}, {alice, "/test%2Fa/crews?kind=%00", 422, ""},
			{essonne, "?area=fr.11.77", 404, ""}, {alice, "?area=no%20path", 422, "area"}, {alice, "?areas=fr", 422, ""},
			{alice, "/test%2Fa/crews?service=0.4", 422, "service"}, {alice, "/test%2Fa/crews?kind=none", 422, "genre"}, {alice, "/test%2Fa/crews?shifts=19,7", 422, "croissantes"}, {alice, "/test%2Fa/crews?shifts=7,30", 422, "croissantes"},
			{alice, "/test%2Fa/crews?busy=0", 422, "busy"},
			{s.Person(t, "analyst"), "", 403, "un par un"}, {s.Person(t, "analyst"), "/test%2Fa", 403, "un par un"}, {s.Person(t, "analyst"), "/test%2Fa/crews", 403, "un par un"},
			{s.Person(t, "auditor"), "", 403, ""}, {moduletest.Caller{}, "", 401, ""},
		} {
			a := s.Do(t, c.who, http.MethodGet, "/api/firestations/stations"+c.target, "")
			if body := string(a.Body); a.Status != c.status || !strings.Contains(body, c.says) || strings.Contains(body, `"expected":`) {
				t.Errorf("%s: %d %.200s, want %d with %q", c.target, a.Status, body, c.status, c.says)
			}
		}
	})
	t.Run("partial", func(t *testing.T) {
		t.Parallel()
		if p := get[page](t, s, essonne, "/api/firestations/stations/test%2Fa"); p.Card != nil || !p.Partial {
			t.Errorf("the card of a run that reaches beyond the territory is shown: %+v", p.Card)
		}
	})
	t.Run("actual", func(t *testing.T) {
		t.Parallel()
		counts, err := actual(t.Context(), store, before)
		if err != nil {
			t.Fatal(err)
		}
		for i := range before.Values {
			v := &before.Values[i]
			if v.Place == "test/a" && v.Kind == "" && v.From.Equal(day) && before.StepOf(v) == "P1D" && counts[i] != float64(observed) {
				t.Errorf("%v calls, want %d", counts[i], observed)
			}
			if v.To.After(until.AddDate(0, 0, 3)) && counts[i] != -1 {
				t.Fatalf("%v calls are known of %v to %v", counts[i], v.From, v.To)
			}
		}
	})
}
