package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vigie/geoengine/geotest"
	"vigie/modules/accidents"
	"vigie/modules/accidents/backtest"
)

// TestBacktestAccidents judges a year of a real city on cells: the curve rises, and the model captures more than the count
// of the same segment-hours.
func TestBacktestAccidents(t *testing.T) {
	t.Parallel()
	file := geotest.Shared(t, "accidents/edinburgh_2010_2012.csv.gz")
	w := newWorld(t)
	args := []string{"backtest", "accidents", "--accidents", file, "--mapping", "edinburgh_accidents", "--train", "2010,2011", "--test", "2012", "--draws", "100"}
	r := must[backtest.Report](w, args...)
	if r.Outcome == nil || r.Outcome.Ground != "cells" || r.Outcome.Train < 2000 || r.Inner == nil || len(r.Goals) < 3 {
		t.Fatalf("report %+v", r)
	}
	last := 0.0
	for _, p := range r.Outcome.Accidents[0].Points {
		if p.Share.Value <= last {
			t.Errorf("the curve does not rise: %+v", p)
		}
		last = p.Share.Value
	}
	for _, g := range r.Goals {
		if strings.HasSuffix(g.Name, "over counts") && g.Got.Low <= 1 {
			t.Errorf("%s: %+v", g.Name, g.Got)
		}
	}
	if out := w.vigie(args...); out.code != exitDone || !strings.Contains(out.out, "13 %") || !strings.Contains(out.out, "all-knowing") {
		t.Errorf("for people: %d %s %s", out.code, out.out, out.errs)
	}
}

func TestBacktestAccidentsRefuses(t *testing.T) {
	t.Parallel()
	file := geotest.Shared(t, "accidents/edinburgh_2010_2012.csv.gz")
	for _, c := range []struct{ line, says string }{
		{"--train 2010 --test 2011 --resolution 3", "resolution 3"},
		{"--train 2010 --test 2011 --least 10", "lixels of 10"},
		{"--train 2011 --test 2010", "not before the test"},
		{"--train 2001 --test 2002", "accidents"},
		{"--train 2010 --test 2011 --draws 5", "5 draws"},
		{"--train 2010 --test 2011 --budgets 0.2,0.1", "ascending"},
	} {
		args := append([]string{"backtest", "accidents", "--accidents", file, "--mapping", "edinburgh_accidents"}, strings.Fields(c.line)...)
		if out := newWorld(t).vigie(args...); out.code == exitDone || !strings.Contains(out.errs, c.says) {
			t.Errorf("%s: %d %s", c.line, out.code, out.errs)
		}
	}
}

func TestAccidentsPopulation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "DATABASE_URL="+databaseURL(t))
	folder := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	areas := write("communes.geojson", `{"type":"Feature","properties":{"code":"31555","nom":"Toulouse"},"geometry":{"type":"Polygon","coordinates":[[[1.3,43.5],[1.5,43.5],[1.5,43.7],[1.3,43.7],[1.3,43.5]]]}}`)
	if out := w.vigie("db", "migrate"); out.code != exitDone {
		t.Fatal(out.errs)
	}
	if out := w.vigie("import", "areas", areas); out.code != exitDone {
		t.Fatal(out.errs)
	}
	people := write("people.csv", "insee,ptot\n31555,498003\n75056,5\n")
	r := must[accidents.PopulationReport](w, "accidents", "population", people, "--year", "2021")
	if r.Read != 2 || r.Stored != 1 || r.Rejected["unknown_area"] != 1 {
		t.Errorf("%+v", r)
	}
	if out := w.vigie("accidents", "population", people, "--year", "2021"); out.code != exitDone || !strings.Contains(out.out, "75056") {
		t.Errorf("for people: %s %s", out.out, out.errs)
	}
	if out := w.vigie("accidents", "population", people, "--year", "20"); out.code == exitDone {
		t.Errorf("the year 20: %s", out.out)
	}
}
