package main

import (
	"strings"
	"testing"

	"vigie/geoengine/geotest"
)

// TestBacktestFirestations runs the protocol on the real calls, few weeks of it: the goals that were set must be met there.
func TestBacktestFirestations(t *testing.T) {
	t.Parallel()
	calls := geotest.Shared(t, "rescue/montgomery_911_to_2016-07-15.csv.gz")
	r := must[firestationsReport](newWorld(t), "backtest", "firestations", "--file", calls, "--weeks", "4", "--draws", "200", "--holiday", "2016-05-30,2016-07-04")
	if r.Calls+r.Left != 83884 { // 83,920 rows, 36 of them published twice
		t.Errorf("%d calls and %d left out, want 83,884", r.Calls, r.Left)
	}
	if len(r.Goals) != 4 || len(r.Reports) != 1 || len(r.Crews) < 40 {
		t.Fatalf("%d goals, %d reports, crews of %d stations", len(r.Goals), len(r.Reports), len(r.Crews))
	}
	for _, g := range r.Goals {
		if !g.Met {
			t.Errorf("%s (%s): %.3f", g.Goal, g.Of, g.Got)
		}
	}
	suggested, fixed := 0, 0
	for _, c := range r.Crews {
		suggested, fixed = suggested+c.Past.CrewHours, fixed+c.Fixed.CrewHours
		if c.Past.Served < 0.9 {
			t.Errorf("%s: suggested %+v, fixed %+v", c.Station, c.Past, c.Fixed)
		}
	}
	if suggested > fixed {
		t.Errorf("%d crew hours are suggested, unchanging numbers take %d", suggested, fixed)
	}
}

// TestBacktestEssonne holds 2017 out of the yearly operations.
func TestBacktestEssonne(t *testing.T) {
	t.Parallel()
	folder := "rescue/sdis91/"
	files := geotest.Shared(t, folder+"nombreParCom.js.gz") + "," + geotest.Shared(t, folder+"repartitionZonesCommunes.js.gz")
	w := newWorld(t)
	r := must[essonneReport](w, "backtest", "firestations", "--essonne", files)
	if r.Stations.Year != 2017 || r.Stations.Places != 34 || r.Communes.Places != 196 || r.Stations.Observed < 73641 || r.Stations.Observed > 73643 || r.Left != 0 {
		t.Errorf("stations %+v, communes %+v, %d left out", r.Stations, r.Communes, r.Left)
	}
	if r.Stations.MAE >= r.Stations.Last || r.Communes.MAE >= r.Communes.Last {
		t.Errorf("mean errors %.1f and %.1f, those of the year before %.1f and %.1f", r.Stations.MAE, r.Communes.MAE, r.Stations.Last, r.Communes.Last)
	}
	if out := w.vigie("backtest", "firestations", "--essonne", files); out.code != exitDone || !strings.Contains(out.out, "2018") {
		t.Errorf("for people: %d %s", out.code, out.errs)
	}
}

func TestBacktestFirestationsRefuses(t *testing.T) {
	t.Parallel()
	calls := geotest.Shared(t, "rescue/montgomery_911_to_2016-07-15.csv.gz")
	for _, c := range []struct{ line, says string }{
		{"backtest firestations", "--file, or --essonne"},
		{"backtest firestations --file a --essonne b", "--file, or --essonne"},
		{"backtest firestations --file " + calls + " --zone Mars/Olympus", "--zone"},
		{"backtest firestations --file " + calls + " --holiday yesterday", "--holiday yesterday"},
		{"backtest firestations --file " + calls + " --until later", "--until later"},
		{"backtest firestations --file " + calls + " --weeks 40", "40 weeks held out"},
		{"backtest firestations --file " + calls + " --until 2015-12-01", "nothing to learn from"},
	} {
		if r := newWorld(t).vigie(strings.Fields(c.line)...); r.code == exitDone || !strings.Contains(r.errs, c.says) {
			t.Errorf("%s: exit %d, says %s, want %q", c.line, r.code, r.errs, c.says)
		}
	}
}
