package api_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigie/api"
)

// summaryAnswer is the part of a summary that the tests read.
type summaryAnswer struct {
	Total, Positioned int
	Weight            float64
	Histogram         struct {
		From, To time.Time
		Bins     []int
	}
	HourGrid []int `json:"hour_grid"`
	Facets   map[string][]struct {
		Value string
		Count int
	}
	Version uint64
}

func sum(values []int) (total int) {
	for _, v := range values {
		total += v
	}
	return total
}

func TestMeta(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *api.Config) { c.StyleURL = "https://data.geopf.fr/style.json" })
	var meta struct {
		Version     uint64
		Resolutions []int
		Categories  []struct {
			Slug  string
			Count int
		}
		Severities []struct{ Slug string }
		Sources    []struct {
			Name, Publisher string
			Synthetic       bool
			Events          int
			LastReported    *time.Time `json:"last_reported"`
		}
		Period    struct{ From, To time.Time }
		Bounds    [4]float64
		Synthetic bool
		BaseMap   struct {
			StyleURL *string `json:"style_url"`
		} `json:"base_map"`
		Freshness *time.Time
	}
	s.get(t, s.person(t, "toulouse"), "/api/meta").into(t, &meta)
	last := time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC).Add(201 * time.Hour)
	if len(meta.Resolutions) != 9 || len(meta.Categories) != 2 || meta.Categories[0].Count != 100 || len(meta.Severities) != 6 ||
		len(meta.Sources) != 1 || meta.Sources[0].Events != 200 || !meta.Synthetic || !meta.Sources[0].Synthetic || meta.Version == 0 {
		t.Errorf("%+v", meta)
	}
	if meta.Freshness == nil || !meta.Freshness.Equal(last) {
		t.Errorf("freshness %v, want %v", meta.Freshness, last)
	}
	// Whole days of Paris, an hour ahead of UTC.
	from, to := time.Date(2024, 2, 29, 23, 0, 0, 0, time.UTC), time.Date(2024, 3, 9, 23, 0, 0, 0, time.UTC)
	if !meta.Period.From.Equal(from) || !meta.Period.To.Equal(to) {
		t.Errorf("period %v, want %v to %v", meta.Period, from, to)
	}
	if b := meta.Bounds; b[0] > 1.44 || b[2] < 1.44 || b[2] > 2 || b[1] > 43.6 || b[3] < 43.6 {
		t.Errorf("bounds %v are not Toulouse's", b)
	}
	if meta.BaseMap.StyleURL == nil {
		t.Error("no style")
	}
	var none struct {
		Sources []struct{}
		Period  *struct{}
		Bounds  *struct{}
	}
	s.get(t, s.person(t, "nowhere"), "/api/meta").into(t, &none)
	if len(none.Sources) > 0 || none.Period != nil || none.Bounds != nil {
		t.Errorf("who sees nothing is told of %+v", none)
	}
}

func TestSummary(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	alice := s.person(t, "alice")
	for _, c := range []struct {
		query                  string
		total, bins, histogram int
	}{
		{"", 307, 120, 307},
		{"?bins=10", 307, 10, 307},
		{"?area=fr.76", 200, 120, 200},
		{"?area=fr.76,fr.11", 300, 120, 300},
		{"?category=road", 153, 120, 153},
		{"?category=vehicle.theft&severity=fatal", 50, 120, 50},
		{"?source=test", 307, 120, 307},
		{"?source=other", 0, 120, 0},
		{"?attr.light=night", 101, 120, 101},
		{"?attr.light=night,day", 307, 120, 307},
		{"?bbox=1,43,2,44", 200, 120, 200},
		{"?from=2024-03-02&to=2024-03-03", 48, 120, 48},
		{"?from=2024-03-02&to=2024-03-03&bin_from=2024-03-01T00:00:00Z&bin_to=2024-04-01T00:00:00Z&bins=31", 48, 31, 307},
		{"?hours=0-167", 307, 120, 307},
		{"?hours=0", 2, 120, 2}, // 2024-03-04 00 h in the zone of the events
	} {
		var got summaryAnswer
		s.get(t, alice, "/api/summary"+c.query).into(t, &got)
		if got.Total != c.total || len(got.Histogram.Bins) != c.bins || sum(got.Histogram.Bins) != c.histogram {
			t.Errorf("%s: total %d, %d bins that hold %d", c.query, got.Total, len(got.Histogram.Bins), sum(got.Histogram.Bins))
		}
		if len(got.HourGrid) != 176 || got.Weight != 0.125*float64(c.total) || got.Positioned != c.total {
			t.Errorf("%s: %d hours, weight %v, %d with a position", c.query, len(got.HourGrid), got.Weight, got.Positioned)
		}
	}
	var got summaryAnswer
	s.get(t, alice, "/api/summary?category=vehicle.theft&hours=0-9").into(t, &got)
	if sum(got.HourGrid) != 154 {
		t.Errorf("the grid heeds hours: %d", sum(got.HourGrid))
	}
	categories := 0
	for _, v := range got.Facets["category"] {
		categories += v.Count
	}
	if categories <= got.Total || len(got.Facets["light"]) != 2 {
		t.Errorf("facets %v", got.Facets)
	}
}

// TestScope checks that each person's answers hold their territory only, whoever asked before.
func TestScope(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	people := map[string]*http.Client{}
	want := map[string]int{"alice": 307, "toulouse": 200, "paris": 100, "nowhere": 0}
	for name := range want {
		people[name] = s.person(t, name)
	}
	toulouse, paris := cellAt(1.44, 43.60, 7), cellAt(2.35, 48.85, 7)
	for range 2 { // the second time from caches
		tilesSeen := map[string]string{}
		for name, total := range want {
			var summary summaryAnswer
			s.get(t, people[name], "/api/summary").into(t, &summary)
			var cells struct{ Cells []struct{ Count int } }
			s.get(t, people[name], "/api/cells?res=5").into(t, &cells)
			inCells := 0
			for _, c := range cells.Cells {
				inCells += c.Count
			}
			var areas struct{ Areas []struct{ Count int } }
			s.get(t, people[name], "/api/area-counts?level=commune").into(t, &areas)
			var list struct{ Events []struct{} }
			s.get(t, people[name], "/api/events?limit=500").into(t, &list)
			if summary.Total != total || inCells != total || len(list.Events) != total {
				t.Errorf("%s: total %d, in cells %d, listed %d, want %d", name, summary.Total, inCells, len(list.Events), total)
			}
			inAreas := 0
			for _, a := range areas.Areas {
				inAreas += a.Count
			}
			if inAreas != min(total, 300) {
				t.Errorf("%s: %d in communes", name, inAreas)
			}
			for town, cell := range map[string]string{"toulouse": toulouse, "paris": paris} {
				var profile struct{ Total int }
				s.get(t, people[name], "/api/cells/"+cell).into(t, &profile)
				if sees := name == "alice" || name == town; (profile.Total > 0) != sees {
					t.Errorf("%s: %d events in the cell of %s", name, profile.Total, town)
				}
			}
			a := s.get(t, people[name], "/tiles/hexagons/0/0/0.mvt")
			if a.status != http.StatusOK {
				t.Errorf("%s: tile %d %s", name, a.status, a.body)
			}
			if other, same := tilesSeen[string(a.body)]; same {
				t.Errorf("%s and %s have the same tile", name, other)
			}
			tilesSeen[string(a.body)] = name
			// Another person's tag must not say that one's own tile is unchanged.
			if b := s.get(t, people["nowhere"], "/tiles/hexagons/0/0/0.mvt", "If-None-Match", a.header.Get("ETag")); name != "nowhere" && b.status != http.StatusOK {
				t.Errorf("nowhere with the tag of %s: %d", name, b.status)
			}
		}
	}
	if a := s.get(t, people["toulouse"], "/api/summary?area=fr.11"); a.status != http.StatusOK {
		t.Error(a.status)
	} else {
		var summary summaryAnswer
		a.into(t, &summary)
		if summary.Total != 0 {
			t.Errorf("toulouse sees %d events of Paris", summary.Total)
		}
	}
	hidden, absent := s.get(t, people["toulouse"], "/api/areas/fr.11"), s.get(t, people["toulouse"], "/api/areas/fr.nothing")
	hidden.body, absent.body = cutID(hidden.body), cutID(absent.body)
	if diff := cmp.Diff(string(absent.body), string(hidden.body)); diff != "" || hidden.status != http.StatusNotFound {
		t.Errorf("what is hidden (%d) is told from what is absent: %s", hidden.status, diff)
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	auditor := s.person(t, "auditor")
	for _, target := range []string{"/api/meta", "/api/summary", "/api/events", "/tiles/hexagons/0/0/0.mvt", "/tiles/hexagons.json", "/api/areas?q=a"} {
		if a := s.get(t, auditor, target); a.status != http.StatusForbidden {
			t.Errorf("%s: %d", target, a.status)
		}
	}
}

func TestCells(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	alice := s.person(t, "alice")
	var got struct {
		Cells []struct {
			H3       string
			Count    int
			Weight   float64
			Lon, Lat float64
			Area     *struct{ Path, Name string }
		}
		Truncated bool
		Total     int
	}
	s.get(t, alice, "/api/cells?res=9&limit=2").into(t, &got)
	if len(got.Cells) != 2 || !got.Truncated || got.Total != 3 || got.Cells[0].Count != 200 || got.Cells[1].Count != 100 {
		t.Fatalf("%+v", got)
	}
	if c := got.Cells[0]; c.Area == nil || c.Area.Name != "Toulouse" || c.H3 != cellAt(1.44, 43.60, 9) || c.Weight != 25 {
		t.Errorf("%+v", c)
	}
	var profile struct {
		H3       string
		Res      int
		Center   [2]float64
		AreaM2   float64 `json:"area_m2"`
		Area     struct{ Name string }
		Total    int
		Hours    []int
		Weekdays []int
		Months   []int
		HourGrid []int `json:"hour_grid"`
	}
	s.get(t, alice, "/api/cells/"+got.Cells[0].H3+"?category=road.accident").into(t, &profile)
	if profile.Total != 100 || profile.Res != 9 || profile.AreaM2 < 50_000 || profile.AreaM2 > 200_000 || profile.Area.Name != "Toulouse" ||
		sum(profile.Hours) != 100 || sum(profile.Weekdays) != 100 || profile.Months[2] != 100 || sum(profile.HourGrid) != 100 {
		t.Errorf("%+v", profile)
	}
	var counts struct {
		Areas []struct {
			Path, Name, Level, Code string
			Count                   int
		}
		Total int
	}
	s.get(t, alice, "/api/area-counts?level=region").into(t, &counts)
	if len(counts.Areas) != 2 || counts.Areas[0].Name != "Occitanie" || counts.Areas[0].Count != 200 || counts.Areas[1].Code != "11" {
		t.Errorf("%+v", counts)
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	alice := s.person(t, "alice")
	type page struct {
		Events []struct {
			Ref, Category, Severity string
			Start                   time.Time
			Lon                     *float64
			Area                    *struct{ Name string }
			Attributes              map[string][]string
		}
		Next *string
	}
	for query, want := range map[string]int{
		"": 307, "&cell=" + cellAt(1.44, 43.60, 3): 200, "&cell=" + cellAt(1.44, 43.60, 11): 200, "&bbox=1.43,43.59,1.45,43.61": 200,
		"&bbox=-40,30,10,60": 307, "&bbox=-180,-90,180,90": 307, "&bbox=2,48,3,49&category=vehicle": 50, "&attr.light=night&area=fr.11": 33,
		"&severity=fatal": 50, "&cell=" + cellAt(5, 45, 8): 0,
	} {
		seen, cursor := map[string]bool{}, ""
		for {
			var p page
			s.get(t, alice, "/api/events?limit=60"+query+cursor).into(t, &p)
			for i, e := range p.Events {
				if seen[e.Ref] || i > 0 && p.Events[i-1].Start.Before(e.Start) || e.Lon == nil || e.Attributes["light"] == nil {
					t.Fatalf("%s: %+v twice, or not newest first, or incomplete", query, e)
				}
				seen[e.Ref] = true
			}
			if p.Next == nil {
				break
			}
			cursor = "&cursor=" + *p.Next
		}
		if len(seen) != want {
			t.Errorf("%s: %d events, want %d", query, len(seen), want)
		}
	}
	// The newest few of many come from a recent period only.
	var p page
	s.get(t, alice, "/api/events?limit=5").into(t, &p)
	if len(p.Events) != 5 || p.Next == nil || p.Events[0].Ref != "fr.76.31.31555 200" || p.Events[0].Area.Name != "Toulouse" {
		t.Errorf("%+v", p)
	}
}

func TestAreas(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	for _, c := range []struct {
		person, query string
		want          []string
	}{
		{"alice", "?q=toul", []string{"fr.76.31.31555"}},
		{"alice", "?q=ile", []string{"fr.11"}},
		{"alice", "", []string{"fr"}},
		{"alice", "?parent=fr", []string{"fr.76", "fr.11"}},
		{"toulouse", "?q=paris", nil},
		{"toulouse", "", []string{"fr.76"}},
	} {
		var got struct {
			Areas []struct {
				Path   string
				Bounds *[4]float64
			}
		}
		s.get(t, s.person(t, c.person), "/api/areas"+c.query).into(t, &got)
		var paths []string
		for _, a := range got.Areas {
			paths = append(paths, a.Path)
			if a.Bounds == nil {
				t.Errorf("%s has no bounds", a.Path)
			}
		}
		if len(paths) != len(c.want) || fmt.Sprint(sorted(paths)) != fmt.Sprint(sorted(c.want)) {
			t.Errorf("%s %s: %v, want %v", c.person, c.query, paths, c.want)
		}
	}
	var one struct {
		Name   string
		Bounds [4]float64
	}
	s.get(t, s.person(t, "toulouse"), "/api/areas/fr.76.31.31555").into(t, &one)
	if one.Name != "Toulouse" || one.Bounds != [4]float64{1, 43, 2, 44} {
		t.Errorf("%+v", one)
	}
}
