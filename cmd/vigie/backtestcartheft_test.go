package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/predict/hotspot"
	"vigie/predict/judge"
)

func TestPlainTheftsAreRead(t *testing.T) {
	t.Parallel()
	text := "\ufeffOCC_DATE,lon,lat,reported_date,discovery\n" +
		"2020-01-02,2.35,48.85,2020-01-05,victim\n" + // reported later
		"2020-01-03T10:00:00,2.36,48.85,,\n" +
		"2020-01-04,2.36,48.85,2020-01-01,\n" + // reported before it happened: as it happened
		"2020-01-05,2.36,48.85,,patrol\n" + // refused
		"not a day,2.36,48.85,,\n" +
		"2020-01-06,0,0,,\n" +
		"2020-01-07,NaN,48.85,,\n"
	var got readThefts
	if err := got.plain(t.Context(), strings.NewReader(text), "thefts.csv"); err != nil {
		t.Fatal(err)
	}
	const second = 18263 // 2020-01-02 in days since 1970-01-01
	want := []hotspot.Event{
		{Point: orb.Point{2.35, 48.85}, Day: second, Reported: second + 3},
		{Point: orb.Point{2.36, 48.85}, Day: second + 1, Reported: second + 1},
		{Point: orb.Point{2.36, 48.85}, Day: second + 2, Reported: second + 2},
	}
	if diff := cmp.Diff(want, got.events); diff != "" {
		t.Error(diff)
	}
	if got.refused != 1 || got.rejected != 3 || len(got.why) != 1 || !strings.Contains(got.why[0], "line 5") {
		t.Errorf("%d refused (%q), %d rejected; want 1 of line 5 and 3", got.refused, got.why, got.rejected)
	}
	var bad readThefts
	if err := bad.plain(t.Context(), strings.NewReader("date,x,y\n"), "other.csv"); !errors.Is(err, geoengine.ErrInvalid) {
		t.Errorf("other columns: %v, want ErrInvalid", err)
	}
}

func TestBoundaries(t *testing.T) {
	t.Parallel()
	square := orb.MultiPolygon{{{{2, 48}, {3, 48}, {3, 49}}}}
	for _, c := range []struct {
		name, text string
		want       orb.MultiPolygon
		err        error
	}{
		{"corners", "lon,lat\n2,48\n3,48\n3,49\n", square, nil},
		{"polygon", `{"type":"Polygon","coordinates":[[[2,48],[3,48],[3,49]]]}`, square, nil},
		{"feature", `{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[[2,48],[3,48],[3,49]]]}}`, square, nil},
		{"collection", `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"MultiPolygon","coordinates":[[[[2,48],[3,48],[3,49]]]]}}]}`, square, nil},
		{"a line", `{"type":"LineString","coordinates":[[2,48],[3,48]]}`, nil, geoengine.ErrInvalid},
		{"two corners", "lon,lat\n2,48\n3,48\n", nil, geoengine.ErrInvalid},
		{"metres", "lon,lat\n2000,48\n3000,48\n3000,49\n", nil, geoengine.ErrInvalid},
		{"words", "lon,lat\n2,north\n", nil, geoengine.ErrInvalid},
		{"nothing", "", nil, geoengine.ErrInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := parseBoundary(strings.NewReader(c.text), c.name)
			if !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzBoundary(f *testing.F) {
	for _, seed := range []string{"lon,lat\n2,48\n3,48\n3,49\n", "x,y\n7600000,700000\n7600001,700000\n7600001,700001\n", `{"type":"Polygon","coordinates":[]}`, `{"type":"Feature","geometry":null}`, "{", "\xff"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := parseBoundary(bytes.NewReader(raw), "fuzz")
		if err == nil && len(got) == 0 {
			t.Error("no error, and no polygon")
		}
	})
}

func FuzzPlainThefts(f *testing.F) {
	f.Add("occ_date,lon,lat\n2020-01-02,2.35,48.85\n")
	f.Add("occ_date,lon,lat,category\n2020-01-02,1e400,-91,road.accident\n\"")
	f.Fuzz(func(t *testing.T, text string) {
		var got readThefts
		if got.plain(t.Context(), strings.NewReader(text), "fuzz") != nil {
			return
		}
		for _, e := range got.events {
			if geoengine.CheckPosition(e.Point) != nil || e.Reported < e.Day {
				t.Errorf("%+v", e)
			}
		}
	})
}

// The commands from file to JSON, on a city whose thefts are always at the same three blocks.
func TestBacktestCartheftCommands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, boundary := filepath.Join(dir, "thefts.csv"), filepath.Join(dir, "city.csv")
	var text strings.Builder
	text.WriteString("occ_date,lon,lat\n")
	for d := range 400 {
		day := judge.DateOf(judge.Day(18262 + d)).Format("2006-01-02")
		for k := range 3 {
			fmt.Fprintf(&text, "%s,%.3f,48.85\n", day, 2.34+.01*float64(k))
		}
	}
	for path, content := range map[string]string{file: text.String(), boundary: "lon,lat\n2.32,48.83\n2.38,48.83\n2.38,48.87\n2.32,48.87\n"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w := newWorld(t)
	replay := must[hotspot.Replayed](w, "backtest", "cartheft", "nij", "--file", file, "--boundary", boundary, "--until", "2020-10-31")
	if len(replay.Rows) == 0 || replay.Rows[0].Total != 21 || replay.Rows[0].Hits != 21 {
		t.Errorf("replay: %+v", replay.Rows)
	}
	args := []string{"backtest", "cartheft", "--file", file, "--boundary", boundary, "--origins", "10", "--horizons", "30", "--offsets", "0", "--resolution", "9"}
	if r := must[hotspot.Report](w, args...); len(r.Horizons) != 1 || r.Horizons[0].Origins != 10 || r.Usable {
		t.Errorf("back-test: usable %v, %d horizons: nothing can beat the count here", r.Usable, len(r.Horizons))
	}
	if out := w.vigie(args...); out.code != exitDone || !strings.Contains(out.out, "no usable signal") {
		t.Errorf("for people: %d %s %s", out.code, out.out, out.errs)
	}
	if out := w.vigie("backtest", "cartheft", "--file", file, "--resolution", "3"); out.code != exitUsage {
		t.Errorf("resolution 3: exit %d %s", out.code, out.errs)
	}
}
