package cartheft

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/geoengine/hex"
)

// noon is noon UTC of a day of 2025.
func noon(month time.Month, d int) time.Time { return time.Date(2025, month, d, 12, 0, 0, 0, time.UTC) }

// TestReadKnowsOnlyWhatWasReported holds what reaches a model: reported thefts of the territory, known before the day.
func TestReadKnowsOnlyWhatWasReported(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	until := noon(3, 1)
	event(t, store, "a", 2, 1.41, 43.55, noon(1, 1), 10, noon(1, 2), `{"vehicle":"car"}`)
	event(t, store, "b", 3, 1.51, 43.55, noon(1, 3), 10, noon(1, 4), `{"discovery":"victim"}`)
	event(t, store, "late", 2, 1.41, 43.55, noon(2, 1), 10, noon(3, 2), `{}`)
	event(t, store, "at that time", 2, 1.41, 43.55, noon(2, 1), 10, until, `{}`)
	event(t, store, "future", 2, 1.41, 43.55, noon(4, 1), 10, noon(4, 2), `{}`)
	event(t, store, "patrol", 2, 1.41, 43.55, noon(1, 5), 10, noon(1, 6), `{"discovery":["patrol","victim"]}`)
	event(t, store, "shouted", 2, 1.41, 43.55, noon(1, 5), 10, noon(1, 6), `{"DISCOVERY":"Patrol"}`)
	event(t, store, "accident", 1, 1.41, 43.55, noon(1, 5), 10, noon(1, 6), `{}`)
	event(t, store, "outside", 2, 1.71, 43.55, noon(1, 5), 10, noon(1, 6), `{}`)
	for _, c := range []struct {
		areas   []string
		days    []int32
		refused int
	}{
		{nil, []int32{20089, 20091, 20093}, 2}, // 2025-01-01, -03, -05
		{[]string{"fr.31"}, []int32{20089, 20091}, 2},
		{[]string{"fr.31.east"}, []int32{20091}, 0},
	} {
		in, err := read(t.Context(), store, forecast.Spec{Areas: c.areas, Until: until}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var days []int32
		for i := range in.List {
			days = append(days, in.List[i].Day)
		}
		refused := 0
		for _, one := range in.Refused.list() {
			refused += one.N
		}
		if diff := cmp.Diff(c.days, days); diff != "" || refused != c.refused {
			t.Errorf("%v: %d refused, %s", c.areas, refused, diff)
		}
		again, err := read(t.Context(), store, forecast.Spec{Areas: c.areas, Until: until}, nil)
		if err != nil || again.Hash() != in.Hash() {
			t.Errorf("%v: read again the hash is another one: %v", c.areas, err)
		}
	}
	before, err := read(t.Context(), store, forecast.Spec{Areas: []string{"fr.31"}, Until: until}, nil)
	if err != nil {
		t.Fatal(err)
	}
	// What became known later changes nothing; an older report does.
	event(t, store, "later", 2, 1.41, 43.55, noon(2, 1), 10, noon(5, 1), `{}`)
	same, err := read(t.Context(), store, forecast.Spec{Areas: []string{"fr.31"}, Until: until}, nil)
	if err != nil || same.Hash() != before.Hash() {
		t.Errorf("a later report changes the input: %v", err)
	}
	event(t, store, "older", 2, 1.41, 43.55, noon(1, 1), 10, noon(1, 2), `{}`)
	other, err := read(t.Context(), store, forecast.Spec{Areas: []string{"fr.31"}, Until: until}, nil)
	if err != nil || other.Hash() == before.Hash() {
		t.Errorf("one theft more changes no hash: %v", err)
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	if _, err := read(t.Context(), store, forecast.Spec{Areas: []string{"fr.99"}, Until: noon(1, 1)}, nil); !errors.Is(err, geoengine.ErrMissing) {
		t.Errorf("an area without an outline: %v", err)
	}
	if _, err := read(t.Context(), store, forecast.Spec{Options: map[string]string{"category": "road.accident"}}, nil); err == nil {
		t.Error("accidents are read")
	}
	gone, stop := context.WithCancel(t.Context())
	stop()
	if _, err := read(gone, store, forecast.Spec{Until: noon(1, 1)}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	// A country without a shape of its own is that of its parts.
	in, err := read(t.Context(), store, forecast.Spec{Areas: []string{"fr"}, Until: noon(1, 1)}, nil)
	if err != nil || len(in.Territory) != 1 {
		t.Errorf("%d polygons, %v", len(in.Territory), err)
	}
}

// TestActual holds that what happened is counted as what was learnt from.
func TestActual(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	at := func(hour int) time.Time { return time.Date(2025, 3, 3, hour, 0, 0, 0, time.UTC) }
	event(t, store, "first", 2, 1.41, 43.55, at(0), 1, noon(3, 9), `{}`)
	event(t, store, "second", 2, 1.41, 43.55, at(60), 1, noon(9, 9), `{}`)
	event(t, store, "elsewhere", 2, 1.45, 43.52, at(10), 1, noon(3, 9), `{}`)
	event(t, store, "before", 2, 1.41, 43.55, at(-2), 0.5, noon(3, 9), `{}`) // 23 h local, of the day before
	event(t, store, "over midnight", 2, 1.41, 43.55, at(-3), 4, noon(3, 9), `{}`)
	event(t, store, "after", 2, 1.41, 43.55, at(7*24), 1, noon(3, 20), `{}`)
	event(t, store, "patrol", 2, 1.41, 43.55, at(10), 1, noon(3, 9), `{"discovery":"patrol"}`)
	from := time.Date(2025, 3, 2, 23, 0, 0, 0, time.UTC) // midnight of 3 March, local
	r := &forecast.Result{Spec: forecast.Spec{Areas: []string{"fr.31"}}, From: from, To: from.AddDate(0, 0, 7)}
	for _, p := range [][2]float64{{1.41, 43.55}, {1.45, 43.52}, {1.58, 43.52}} {
		r.Values = append(r.Values, forecast.Value{Cell: hex.Cell(p[0], p[1], 10), From: r.From, To: r.To})
	}
	got, err := actual(t.Context(), store, r)
	if diff := cmp.Diff([]float64{3, 1, 0}, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if got, err := actual(t.Context(), store, &forecast.Result{}); err != nil || len(got) != 0 {
		t.Errorf("no values: %v, %v", got, err)
	}
}

func TestHorizons(t *testing.T) {
	t.Parallel()
	f, err := Forecaster()
	if err != nil {
		t.Fatal(err)
	}
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ from, horizon, to string }{
		{"2026-03-28", "P7D", "2026-04-04"}, // the clocks change
		{"2026-03-28", "P14D", "2026-04-11"},
		{"2026-04-01", "P1M", "2026-05-01"},
		{"2026-01-31", "P1M", "2026-02-28"},
		{"2025-12-31", "P2M", "2026-02-28"},
		{"2026-11-30", "P3M", "2027-02-28"},
	} {
		from, err := time.ParseInLocation(time.DateOnly, c.from, paris)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range f.Horizons {
			if h.Name == c.horizon {
				if got := h.End(from.UTC()).In(paris).Format(time.DateTime); got != c.to+" 00:00:00" {
					t.Errorf("%s + %s is %s, want %s", c.from, c.horizon, got, c.to)
				}
			}
		}
	}
}

func TestPeriod(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 3, 31, 22, 0, 0, 0, time.UTC) // midnight in summer; the last report was in winter
	if first, length := period(from, from.AddDate(0, 0, 30), 3600); first != 20544 || length != 30 {
		t.Errorf("%d, %d days; want 2026-04-01, 30", first, length)
	}
	portland := time.Date(2017, 3, 1, 8, 0, 0, 0, time.UTC)
	if first, _ := period(portland, portland.AddDate(0, 0, 7), -8*3600); first != 17226 {
		t.Errorf("%d, want 2017-03-01", first)
	}
}
