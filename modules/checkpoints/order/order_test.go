package order

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"vigie/geoengine"
	"vigie/geoengine/road"
	"vigie/modules/checkpoints/plan"
	"vigie/predict/roadrisk"
)

func paris(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// example is an order of n posts of two units on a Friday night.
func example(t *testing.T, n int) Order {
	t.Helper()
	zone := paris(t)
	night := time.Date(2026, 12, 4, 20, 0, 0, 0, zone)
	o := Order{
		ID: "5b0ddf6e-9a8c-4c3e-8d55-2b6a3a7f8d10", Revision: 3, Hash: strings.Repeat("ab", 32), State: "draft", Made: night.AddDate(0, 0, -2), Zone: zone,
		Areas: []string{"Valmarne"},
		Units: map[string]Unit{
			"demo_units/bta1": {"Brigade de gendarmerie de Saint-Aubin", orb.Point{-30.01, 45.01}},
			"demo_units/pmo":  {"Peloton motorisé d'Évrecy <&>", orb.Point{-30.05, 45.04}},
		},
		Plan: plan.Plan{Request: plan.Request{Kind: roadrisk.Alcohol, Basis: plan.L2349, Title: "Nuit du 4 décembre – œuvre d'été"}, Draw: plan.Draw{Seed: "5eed5eed5eed"}},
		Lines: func(orb.Bound) []Line {
			var lines []Line
			for i := range 20 {
				lat := 44.95 + float64(i)*0.008
				lines = append(lines,
					Line{orb.LineString{{-30.2, lat}, {-30.1, lat + 0.003}, {-29.9, lat}}, road.Class(i % 8), fmt.Sprintf("D %d", 600+i)},
					Line{orb.LineString{{-30.1 + float64(i)*0.01, 44.9}, {-30.1 + float64(i)*0.01, 45.1}}, road.Residential, fmt.Sprintf("Rue %d", i)})
			}
			return lines
		},
	}
	for i := range n {
		unit, team := "demo_units/bta1", 1+i%2
		if i%3 == 2 {
			unit, team = "demo_units/pmo", 1
		}
		id := fmt.Sprintf("lixel/%d", i%max(1, n*2/3))
		start := night.Add(time.Duration(i/3) * 2 * time.Hour)
		o.Plan.Posts = append(o.Plan.Posts, plan.Post{
			ID: fmt.Sprintf("p%d", i+1), Unit: unit, Team: team, Slot: start, Site: id, Arrive: start.Add(14 * time.Minute),
			Leave: start.Add(110 * time.Minute), TravelSeconds: 14 * 60, HeldMinutes: 96, Expected: 1.25, Adds: 0.5, Origin: "proposed",
		})
		if i < max(1, n*2/3) {
			o.Plan.Sites = append(o.Plan.Sites, plan.Site{
				ID: id, Name: fmt.Sprintf("D %d – Saint-Rémy-en-l'Eau, lieu-dit « Le Carrefour de la Croix » %d", 600+i, i),
				Position: orb.Point{-30.09 + float64(i%11)*0.013, 45 + float64(i%7)*0.011}, Status: []plan.SiteStatus{plan.Safe, plan.Reconnoitre}[i%2],
				Lit: []string{"yes", "no", "unknown"}[i%3],
			})
		}
	}
	return o
}

func approved(o Order) Order {
	o.State = "approved"
	o.Approval = &Approval{
		By: "c.durand", At: o.Made.Add(time.Hour), Reference: "OS n° 1234/2026", Authority: "Chef d'escadron Durand, commandant l'EDSR",
		Instructions: "Liaison avec la police municipale.\nRenfort éthylotests.",
	}
	return o
}

// text is what a reader sees of a PDF, by poppler.
func text(t *testing.T, pdf []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "order.pdf")
	if err := os.WriteFile(path, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "pdftotext", "-layout", path, "-").Output()
	if err != nil {
		t.Fatalf("pdftotext (Debian package poppler-utils): %v", err)
	}
	return strings.Join(strings.Fields(string(out)), " ")
}

func TestPDF(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		order     Order
		says, not []string
	}{
		"draft": {example(t, 9), []string{
			"PROJET", "ne vaut pas ordre", "à compléter", "Valmarne", "vendredi 4 décembre 2026", "20 h 14 – 21 h 50", "Brigade de gendarmerie de Saint-Aubin, équipe 2",
			"Peloton motorisé d'Évrecy <&>", "L234-9", "à reconnaître", "14 min", "96 min", "45.00000° N, 30.09000° O", "œuvre d'été", "page 1 sur",
		}, []string{"Approuvé par", "5eed"}},
		"approved": {approved(example(t, 60)), []string{
			"Approuvé par c.durand le mercredi 2 décembre 2026 à 21 h 00", "OS n° 1234/2026", "Chef d'escadron Durand", "Renfort éthylotests.", "révision 3 (abababab", "samedi 5 décembre 2026",
		}, []string{"PROJET", "à compléter", "5eed"}},
		"english": {func() Order { o := approved(example(t, 4)); o.Lang = "en"; return o }(), []string{"Order of operations", "Friday 4 December 2026", "20:14 – 21:50", "30.09000° W"}, []string{"Consignes", "5eed"}},
		"empty":   {example(t, 0), []string{"PROJET"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var first, again bytes.Buffer
			if err := errors.Join(PDF(&first, c.order), PDF(&again, c.order)); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(first.Bytes(), again.Bytes()) {
				t.Error("the same order gives other bytes")
			}
			got := text(t, first.Bytes())
			for _, part := range c.says {
				if !strings.Contains(got, part) {
					t.Errorf("does not say %q:\n%s", part, got)
				}
			}
			for _, part := range c.not {
				if strings.Contains(got, part) {
					t.Errorf("says %q:\n%s", part, got)
				}
			}
			if path := os.Getenv("VIGIE_ORDER_OUT"); path != "" {
				if err := os.WriteFile(filepath.Join(path, name+".pdf"), first.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// Every post is in the document, however many there are.
func TestPDFHoldsEveryPost(t *testing.T) {
	t.Parallel()
	o := approved(example(t, 150))
	var pdf bytes.Buffer
	if err := PDF(&pdf, o); err != nil {
		t.Fatal(err)
	}
	got := text(t, pdf.Bytes())
	if n := strings.Count(got, "96 min"); n != 150 {
		t.Errorf("%d of 150 posts are in the table", n)
	}
	for i := range 100 {
		if !strings.Contains(got, fmt.Sprintf("%d. D %d", i+1, 600+i)) {
			t.Errorf("no sheet of site %d", i+1)
		}
	}
}

func TestDataFormats(t *testing.T) {
	t.Parallel()
	o := approved(example(t, 9))
	path := filepath.Join(t.TempDir(), "plan.gpkg")
	var gpxFile, kmlFile, jsonFile, calendar bytes.Buffer
	if err := errors.Join(GPX(&gpxFile, o), KML(&kmlFile, o), GeoJSON(&jsonFile, o), Calendar(&calendar, o), GeoPackage(path, o)); err != nil {
		t.Fatal(err)
	}
	pkg, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string][]byte{"gpx": gpxFile.Bytes(), "kml": kmlFile.Bytes(), "geojson": jsonFile.Bytes(), "ics": calendar.Bytes(), "gpkg": pkg} {
		if bytes.Contains(body, []byte("5eed")) {
			t.Errorf("%s holds the seed", name)
		}
	}
	var track gpx
	if err := xml.Unmarshal(gpxFile.Bytes(), &track); err != nil {
		t.Fatal(err)
	}
	if len(track.Points) != 9 || len(track.Routes) != 3 || len(track.Routes[0].Points) != 4 || track.Points[0].Lat != "45.0000000" {
		t.Errorf("gpx: %d points, %d routes: %s", len(track.Points), len(track.Routes), gpxFile.String())
	}
	if n := strings.Count(kmlFile.String(), "<Placemark>"); n != 11 || xml.Unmarshal(kmlFile.Bytes(), new(struct{})) != nil {
		t.Errorf("kml has %d placemarks", n)
	}
	var collection struct {
		Features []struct {
			ID         string
			Properties map[string]any
		}
		State string
	}
	if err := json.Unmarshal(jsonFile.Bytes(), &collection); err != nil {
		t.Fatal(err)
	}
	if len(collection.Features) != 9 || collection.State != "approved" || collection.Features[0].Properties["arrive"] != "2026-12-04T20:14:00+01:00" {
		t.Errorf("geojson: %s", jsonFile.String())
	}
	entries, err := ics.ParseCalendar(bytes.NewReader(calendar.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	begin, err := entries.Events()[0].GetStartAt()
	if err != nil || len(entries.Events()) != 9 || !begin.Equal(o.Plan.Posts[0].Arrive) {
		t.Errorf("calendar: %d events, the first at %s, %v", len(entries.Events()), begin, err)
	}
}

// An independent reader, GDAL, reads every data format.
func TestGDALReadsThem(t *testing.T) {
	t.Parallel()
	o, dir := approved(example(t, 9)), t.TempDir()
	if err := GeoPackage(filepath.Join(dir, "plan.gpkg"), o); err != nil {
		t.Fatal(err)
	}
	for name, write := range map[string]func(*bytes.Buffer) error{
		"plan.gpx": func(b *bytes.Buffer) error { return GPX(b, o) }, "plan.kml": func(b *bytes.Buffer) error { return KML(b, o) },
		"plan.geojson": func(b *bytes.Buffer) error { return GeoJSON(b, o) },
	} {
		var body bytes.Buffer
		if err := errors.Join(write(&body), os.WriteFile(filepath.Join(dir, name), body.Bytes(), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	for name, layer := range map[string]string{"plan.gpkg": "posts", "plan.gpx": "waypoints", "plan.kml": "vendredi 4 décembre 2026", "plan.geojson": "plan"} {
		out, err := exec.CommandContext(t.Context(), "ogrinfo", "-so", filepath.Join(dir, name), layer).CombinedOutput()
		if err != nil || strings.Contains(string(out), "Warning") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		count := map[bool]int{true: 6, false: 9}[name == "plan.kml"] // a folder for each day
		if !strings.Contains(string(out), fmt.Sprintf("Feature Count: %d", count)) {
			t.Errorf("%s: %s", name, out)
		}
	}
}

func TestGeoPackageHoldsTimesInUTC(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "plan.gpkg")
	if err := GeoPackage(path, example(t, 1)); err != nil {
		t.Fatal(err)
	}
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var got []string
	err = sqlitex.Execute(conn, "select arrive, unit_name from posts", &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		got = append(got, s.ColumnText(0), s.ColumnText(1))
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"2026-12-04T19:14:00.000Z", "Brigade de gendarmerie de Saint-Aubin"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestBrokenOrders(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*Order){
		"no id":        func(o *Order) { o.ID = "" },
		"no zone":      func(o *Order) { o.Zone = nil },
		"unknown site": func(o *Order) { o.Plan.Posts[1].Site = "elsewhere" },
		"unknown unit": func(o *Order) { o.Plan.Posts[1].Unit = "nobody" },
	} {
		o := example(t, 3)
		spoil(&o)
		for _, err := range []error{PDF(&bytes.Buffer{}, o), GPX(&bytes.Buffer{}, o), KML(&bytes.Buffer{}, o), GeoJSON(&bytes.Buffer{}, o), Calendar(&bytes.Buffer{}, o), GeoPackage(filepath.Join(t.TempDir(), "x.gpkg"), o)} {
			if !errors.Is(err, geoengine.ErrInvalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
