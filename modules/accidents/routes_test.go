package accidents

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"vigie/data"
	"vigie/geoengine"
)

func csvFile(content string) []data.File {
	return []data.File{{Name: "population.csv", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }}}
}

func parse[T any](t *testing.T, status int, body string) (v T) {
	t.Helper()
	if status != http.StatusOK {
		t.Fatalf("%d %.300s", status, body)
	}
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%v: %.300s", err, body)
	}
	return v
}

// TestRatiosPerInhabitant goes from no figures to figures: first a refusal in words, then ratios of what has a denominator.
func TestRatiosPerInhabitant(t *testing.T) {
	t.Parallel()
	db, zone := newStore(t), paris(t)
	list := scatter(zone, 40, 2021, 2022)
	list = append(list, happening{at: orb.Point{1.46, 43.56}, starts: time.Date(2022, 5, 1, 1, 0, 0, 0, zone), severity: geoengine.SeverityDamage})
	store(t, db, "a", list)
	s := newSite(t, db)
	const target = "/api/accidents/ratios?area=fr.31&from=2021-01-01&to=2023-01-01"
	status, answer := s.get(t, "alice", target)
	if b := parse[RatiosBody](t, status, answer); b.Missing == nil || len(b.Areas) != 0 || b.Without != 2 {
		t.Errorf("without inhabitants: %s", answer)
	}
	report, err := ImportPopulation(t.Context(), db, csvFile("CODGEO;PMUN21\n31001;12 000\n31002;x\n99999;5\n"), 2021, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	want := PopulationReport{Year: 2021, Read: 3, Stored: 1, Rejected: map[string]int{"bad_number": 1, "unknown_area": 1}, Unknown: []string{"99999"}}
	if d := cmp.Diff(want, report); d != "" {
		t.Error(d)
	}
	status, answer = s.get(t, "alice", target)
	b := parse[RatiosBody](t, status, answer)
	west := 0
	for _, h := range list {
		if h.at.Lon() <= 1.45 {
			west++
		}
	}
	if b.Missing != nil || len(b.Areas) != 1 || b.Without != 1 || b.Areas[0].Count != west || b.Areas[0].Denominator != 12000 {
		t.Fatalf("one commune has inhabitants: %s", answer)
	}
	// One area stands for itself: its raw ratio, with Garwood's interval.
	first := b.Areas[0]
	raw := float64(west) / 12000 / b.Years * 1e5
	if math.Abs(first.Raw/raw-1) > 1e-4 || first.Ratio != first.Raw || first.Low >= first.Raw || first.High <= first.Raw {
		t.Errorf("ratio %+v, raw %v", first, raw)
	}
	// A département without a figure of its own needs those of all its communes.
	status, answer = s.get(t, "alice", target+"&level=departement")
	if b := parse[RatiosBody](t, status, answer); len(b.Areas) != 0 || b.Without != 1 {
		t.Errorf("a commune has no inhabitants: %s", answer)
	}
	if _, err := ImportPopulation(t.Context(), db, csvFile("code,population\n31002,8000\n"), 2021, time.Now()); err != nil {
		t.Fatal(err)
	}
	status, answer = s.get(t, "alice", target+"&level=departement")
	if b := parse[RatiosBody](t, status, answer); len(b.Areas) != 1 || b.Areas[0].Denominator != 20000 || b.Areas[0].Count != 80 {
		t.Errorf("the département: %s", answer)
	}
	status, answer = s.get(t, "west", "/api/accidents/ratios/outlines?area=fr.31.west&measure=severity")
	if shapes := parse[OutlinesBody](t, status, answer); len(shapes.Features) != 1 || shapes.Features[0].Geometry.Type != "Polygon" || shapes.Features[0].ID != "fr.31.west" {
		t.Errorf("outlines: %s", answer)
	}
}

func TestPopulationThatIsNone(t *testing.T) {
	t.Parallel()
	db := newStore(t)
	for name, c := range map[string]struct {
		content string
		year    int
	}{"no code": {"a,population\n1,2\n", 2021}, "no inhabitants": {"code,people\n31001,2\n", 2021}, "no year": {"code,population\n31001,2\n", 0}} {
		if _, err := ImportPopulation(t.Context(), db, csvFile(c.content), c.year, time.Now()); !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
}

func TestRatiosPerKm(t *testing.T) {
	t.Parallel()
	db, zone := newStore(t), paris(t)
	store(t, db, "a", scatter(zone, 40, 2021, 2022))
	s := newSite(t, db)
	status, answer := s.get(t, "alice", "/api/accidents/ratios?area=fr.31&per=km")
	if b := parse[RatiosBody](t, status, answer); b.Missing == nil {
		t.Errorf("no roads: %s", answer)
	}
	roads(t, db)
	status, answer = s.get(t, "alice", "/api/accidents/ratios?area=fr.31&per=km")
	b := parse[RatiosBody](t, status, answer)
	if len(b.Areas) != 2 || b.Missing != nil {
		t.Fatalf("roads: %s", answer)
	}
	km := b.Areas[0].Denominator + b.Areas[1].Denominator
	// 15 rows of 19 × 0.005° of longitude, 20 columns of 14 × 0.0045° of latitude.
	if want := 15*19*0.005*111.195*math.Cos(43.585*math.Pi/180) + 20*14*0.0045*111.195; math.Abs(km/want-1) > 0.01 {
		t.Errorf("%.1f km of road, want %.1f", km, want)
	}
}

// TestRatiosPerVehicleKm holds that only accidents on counted roads stand over the vehicle-kilometres of these.
func TestRatiosPerVehicleKm(t *testing.T) {
	t.Parallel()
	db, zone := newStore(t), paris(t)
	at := func(lon, lat float64, attributes string) happening {
		return happening{at: orb.Point{lon, lat}, starts: time.Date(2022, 3, 1, 8, 0, 0, 0, zone), severity: geoengine.SeveritySlight, weight: 0.005, attributes: attributes}
	}
	s := newSite(t, db)
	list := []happening{
		at(1.42, 43.5801, `{"road": "A6"}`), at(1.42, 43.5799, `{"road": "A6"}`), // on it
		at(1.42, 43.5801, `{"road": "D1"}`), at(1.42, 43.5801, `{}`), // another road, none
		at(1.42, 43.615, `{"road": "A6"}`), // 4 km away
	}
	first, last := at(1.41, 43.56, "{}"), at(1.41, 43.56, "{}")
	first.starts, last.starts = time.Date(2022, 1, 1, 8, 0, 0, 0, zone), time.Date(2022, 12, 31, 8, 0, 0, 0, zone)
	store(t, db, "a", append(list, first, last))
	if err := s.cube.Load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	status, answer := s.get(t, "alice", "/api/accidents/ratios?area=fr.31&per=vehicle_km")
	if b := parse[RatiosBody](t, status, answer); b.Missing == nil {
		t.Errorf("no counts: %s", answer)
	}
	run(t, db, `
		with e as (select st_transform(st_setsrid(st_makepoint(1.41, 43.58), 4326), 2154) a, st_transform(st_setsrid(st_makepoint(1.43, 43.58), 4326), 2154) b)
		insert into unit (zone, source, ref, kind, name, geom, precision_m, cell, area, attributes, fingerprint)
		select 1, 1, 'A6/1', 'traffic.section', 'A6', st_setsrid(st_makepoint(1.42, 43.58), 4326), 800, 0, 'fr.31.west',
			jsonb_build_object('road', 'A6', 'vehicles_per_day', '10000', 'length_m', '2000', 'year', '2019',
				'begin', st_x(a) || ' ' || st_y(a), 'end', st_x(b) || ' ' || st_y(b)), 0 from e`)
	status, answer = s.get(t, "alice", "/api/accidents/ratios?area=fr.31&per=vehicle_km")
	b := parse[RatiosBody](t, status, answer)
	if len(b.Areas) != 1 || b.Areas[0].Count != 2 || b.Areas[0].Denominator != 10000*2*365 || b.Without != 1 {
		t.Fatalf("counts: %s", answer)
	}
	if want := 2 / (10000.0 * 2 * 365) * 1e8; math.Abs(b.Areas[0].Raw/want-1) > 1e-3 {
		t.Errorf("ratio %v, want %v", b.Areas[0].Raw, want)
	}
}

// TestZAAC holds the exact rule: 10 accidents and 10 people killed or hospitalised on 500 m in 5 years, not one fewer.
func TestZAAC(t *testing.T) {
	t.Parallel()
	db, zone := newStore(t), paris(t)
	roads(t, db)
	var list []happening
	pile := func(lon float64, accidents, serious int) {
		for i := range accidents {
			h := happening{at: orb.Point{lon, 43.5525}, starts: time.Date(2019+i%5, 3, 1+i, 8, 0, 0, 0, zone), severity: geoengine.SeveritySlight, weight: 0.005}
			if i < serious {
				h.severity, h.attributes = geoengine.SeveritySerious, `{"hospitalised": "1"}`
			}
			list = append(list, h)
		}
	}
	pile(1.4101, 10, 10)
	pile(1.4401, 10, 9)
	pile(1.4701, 9, 9)
	first := happening{at: orb.Point{1.4101, 43.60}, starts: time.Date(2019, 1, 1, 8, 0, 0, 0, zone), severity: geoengine.SeveritySlight}
	last := first
	last.starts = time.Date(2023, 12, 31, 8, 0, 0, 0, zone)
	store(t, db, "a", append(list, first, last))
	s := newSite(t, db)
	status, answer := s.get(t, "alice", "/api/accidents/zaac?area=fr.31")
	b := parse[ZAACBody](t, status, answer)
	if len(b.Features) == 0 || b.Rule.Accidents != 10 || b.Rule.Serious != 10 || b.Rule.Scaled || b.From != "2019-01-01" || b.To != "2024-01-01" || b.Used != 29 || b.Unplaced != 2 {
		t.Fatalf("zones: %.600s", answer)
	}
	for _, f := range b.Features {
		if f.Properties.Area != "fr.31.west" || f.Properties.Accidents != 10 || f.Properties.Serious != 10 {
			t.Errorf("a zone that is none: %+v", f.Properties)
		}
	}
	status, answer = s.get(t, "alice", "/api/accidents/zaac?area=fr.31&from=2023-01-01&to=2024-01-01")
	if b := parse[ZAACBody](t, status, answer); !b.Rule.Scaled || b.Rule.Accidents != 2 {
		t.Errorf("one year: %.300s", answer)
	}
}

// TestWhoMayAsk holds territory, role and what is wrong with a question.
func TestWhoMayAsk(t *testing.T) {
	t.Parallel()
	db := newStore(t)
	store(t, db, "a", scatter(paris(t), 10, 2022))
	s := newSite(t, db)
	for _, c := range []struct {
		who, target string
		want        int
	}{
		{"west", "ratios?area=fr.31.west", 200}, {"west", "ratios?area=fr.31", 404}, {"west", "ratios?area=fr.31.east", 404}, {"west", "zaac?area=fr.31.east", 404},
		{"paris", "ratios?area=fr.31.west", 404}, {"paris", "ratios/outlines?area=fr.31.west", 404}, {"paris", "ratios?area=fr.75", 200},
		{"auditor", "ratios?area=fr.31", 403}, {"authority", "ratios?area=fr.31", 403}, {"auditor", "zaac?area=fr.31", 403},
		{"alice", "ratios", 422}, {"alice", "ratios?area=fr.99", 404}, {"alice", "ratios?area=" + url.QueryEscape("fr.3%"), 422}, {"alice", "ratios?area=fr.31&per=head", 422},
		{"alice", "ratios?area=fr.31&from=yesterday", 422}, {"alice", "ratios?area=fr.31&from=2024-01-01&to=2023-01-01", 422}, {"alice", "ratios?area=fr.31&from=1999-01-01&to=2000-01-01", 200},
		{"alice", "zaac?area=fr.31", 200}, {"alice", "ratios?area=fr&level=departement", 200},
	} {
		if status, answer := s.get(t, c.who, "/api/accidents/"+c.target); status != c.want || strings.Contains(answer, "NaN") {
			t.Errorf("%s asks %s: %d, want %d: %.200s", c.who, c.target, status, c.want, answer)
		}
	}
}

// TestNetworksAreLoadedOnce holds the cache: one loading for those who ask at once, and a failure is not kept.
func TestNetworksAreLoadedOnce(t *testing.T) {
	t.Parallel()
	db := newStore(t)
	nets := newNetworks(db)
	if _, err := nets.of(t.Context(), "fr.31"); !errors.Is(err, geoengine.ErrMissing) {
		t.Errorf("no roads: %v", err)
	}
	roads(t, db)
	first, err := nets.of(t.Context(), "fr.31")
	if err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := nets.of(gone, "fr.31.west"); err == nil {
		t.Error("who has gone gets an answer")
	}
	if again, err := nets.of(t.Context(), "fr.31"); err != nil || again != first {
		t.Errorf("loaded again: %v", err)
	}
}
