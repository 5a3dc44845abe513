package bench

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigie/geoengine"
	"vigie/predict/judge"
)

func quiet() Options { return Options{Seed: 1, Log: slog.New(slog.DiscardHandler)} }

// Nobody can do better than the law; the tally says so, and that the count of the past is worse than it.
func TestTheftTally(t *testing.T) {
	t.Parallel()
	c, err := theftCaseOf("thefts", newTheftTown(2, 6000, 8000, 730), 9, 6)
	if err != nil {
		t.Fatal(err)
	}
	f := newTheftFeatures(c.grid, c.events)
	tally := newTheftTally(c.grid)
	for k, origin := range c.origins {
		observed, total := f.happened(origin, theftDays)
		tally.begin(observed, total)
		tally.add("law", c.truth(origin, theftDays))
		count, known := f.counted(origin)
		tally.add("count", count)
		if known <= 0 || known > float64(len(c.events)) || k > 0 && total <= 0 {
			t.Errorf("origin %d: %v known, %v came", origin, known, total)
		}
	}
	results := tally.results("thefts", quiet())
	if len(results) != 1 || results[0].PeerName != "count" || results[0].Ours <= results[0].Peer || results[0].Peer < 0.1 || results[0].Ours > 1 {
		t.Errorf("got %+v", results)
	}
}

// A forecast of what happens is better than one of what does not, by every mark.
func TestStationMarks(t *testing.T) {
	t.Parallel()
	days := [][]float64{{3, 4, 5, 4, 3, 2, 1, 4, 3, 5, 5, 3, 1, 1, 3, 5, 5, 4, 2, 2, 1}}
	folds := func(shift float64) []stationWeek {
		week := make(stationWeek, 1)
		for d := range 7 {
			y := days[0][14+d] + shift
			week[0] = append(week[0], [7]float64{y, y - 0.5, y + 0.5, y - 1, y + 1, y - 2, y + 2})
		}
		return []stationWeek{week}
	}
	good, bad := stationMarks(days, []int{14}, folds(0)), stationMarks(days, []int{14}, folds(4))
	if good.mase != 0 || good.cover80 != 1 || good.cover95 != 1 || bad.cover95 != 0 || bad.pinball <= good.pinball {
		t.Errorf("good %+v, bad %+v", good, bad)
	}
	scale, _ := judge.Scale(days[0][:14], 7)
	if diff := cmp.Diff(4/scale, bad.mase); diff != "" {
		t.Error(diff)
	}
}

func TestStationForecastIsOfItsDays(t *testing.T) {
	t.Parallel()
	calls := callCity(4, 3, 200, 30)
	if diff := cmp.Diff(calls, callCity(4, 3, 200, 30)); diff != "" {
		t.Error("same seed, other calls", diff)
	}
	week, err := stationForecast(t.Context(), calls, 190)
	if err != nil {
		t.Fatal(err)
	}
	for i := range calls {
		usual := 0.
		for _, n := range daily(calls[i].Counts[:24*190]) {
			usual += n / 190
		}
		for d, f := range week[i] {
			if f[0] < usual/3 || f[0] > 3*usual || f[5] > f[3] || f[3] > f[1] || f[1] > f[2] || f[2] > f[4] || f[4] > f[6] {
				t.Errorf("station %d, day %d: %v where %v are usual", i, d, f, usual)
			}
		}
	}
}

func TestPredictRefusesOtherFiles(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"neither":    "a,b\n1,2\n",
		"a few days": "occ_date,lon,lat\n2020-01-01,2.4,48.8\n2020-01-05,2.4,48.8\n",
		"no date":    "occ_date,lon,lat\nyesterday,2.4,48.8\n",
		"no thefts":  "occ_date,lon,lat\n",
		"no calls":   "lat,lng,desc,title,timeStamp\n",
	} {
		path := filepath.Join(t.TempDir(), "in.csv")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		options := quiet()
		options.Files = []string{path}
		if _, err := Predict(t.Context(), nil, options); !errors.Is(err, geoengine.ErrInvalid) || !strings.Contains(err.Error(), "in.csv") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
