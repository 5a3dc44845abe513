package geoengine_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"vigie/geoengine"
)

func TestLocalHour(t *testing.T) {
	t.Parallel()
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	sunday := time.Date(2019, 6, 30, 23, 30, 0, 0, paris)
	_, summer := sunday.Zone()
	tests := []struct {
		name   string
		start  time.Time
		length time.Duration
		offset int
		want   int
	}{
		{"monday midnight", time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), 0, 0, 0},
		{"sunday last hour in summer time", sunday, 0, summer, 167},
		{"one hour", time.Date(2024, 1, 2, 5, 0, 0, 0, time.UTC), time.Hour, 0, 29},
		{"two hours of one day", time.Date(2024, 1, 2, 5, 0, 0, 0, time.UTC), 2 * time.Hour, 0, geoengine.HourWeekdayOnly + 1},
		{"a whole day", time.Date(2024, 1, 3, 0, 0, 0, 0, time.UTC), 24 * time.Hour, 0, geoengine.HourWeekdayOnly + 2},
		{"the day of the autumn change", time.Date(2024, 10, 26, 22, 0, 0, 0, time.UTC), 25 * time.Hour, 7200, geoengine.HourWeekdayOnly + 6},
		{"a night", time.Date(2024, 1, 3, 22, 0, 0, 0, time.UTC), 8 * time.Hour, 0, geoengine.HourUnknown},
		{"before 1970", time.Date(1969, 12, 31, 23, 0, 0, 0, time.UTC), 0, 0, 2*24 + 23},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := geoengine.LocalHour(test.start.Unix(), int64(test.length.Seconds()), test.offset)
			if got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

func TestLocalHourAgreesWithTimePackage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start := rapid.Int64Range(-2e9, 4e9).Draw(t, "start")
		offset := rapid.IntRange(-12*3600, 14*3600).Draw(t, "offset")
		local := time.Unix(start, 0).In(time.FixedZone("", offset))
		want := (int(local.Weekday())+6)%7*24 + local.Hour()
		if got := geoengine.LocalHour(start, 0, offset); got != want {
			t.Fatalf("%s: got %d, want %d", local, got, want)
		}
	})
}

func TestEventCheck(t *testing.T) {
	t.Parallel()
	day := time.Date(2020, 5, 4, 0, 0, 0, 0, time.UTC)
	good := geoengine.Event{Ref: "1", Category: "road.accident", Start: day, End: day.Add(24 * time.Hour), Weight: 1}
	tests := []struct {
		name   string
		change func(*geoengine.Event)
		bad    bool
	}{
		{"good", func(*geoengine.Event) {}, false},
		{"no ref", func(e *geoengine.Event) { e.Ref = "" }, true},
		{"category with a quote", func(e *geoengine.Event) { e.Category = "road'; drop table event" }, true},
		{"year 0", func(e *geoengine.Event) { e.Start = time.Time{} }, true},
		{"ends before it starts", func(e *geoengine.Event) { e.End = day.Add(-1) }, true},
		{"NaN weight", func(e *geoengine.Event) { e.Weight = math.NaN() }, true},
		{"NaN position", func(e *geoengine.Event) { e.HasPosition, e.Position = true, orb.Point{math.NaN(), 1} }, true},
		{"position off the Earth", func(e *geoengine.Event) { e.HasPosition, e.Position = true, orb.Point{2, 91} }, true},
		{"position unused", func(e *geoengine.Event) { e.Position = orb.Point{math.NaN(), 1} }, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			event := good
			test.change(&event)
			if err := event.Check(); errors.Is(err, geoengine.ErrInvalid) != test.bad {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestNormalise(t *testing.T) {
	t.Parallel()
	got := geoengine.Attributes{{"vehicle", "car"}, {"light", "day"}, {"vehicle", ""}, {"vehicle", "bus"}, {"vehicle", "car"}}.Normalise()
	want := geoengine.Attributes{{"light", "day"}, {"vehicle", "bus"}, {"vehicle", "car"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWithin(t *testing.T) {
	t.Parallel()
	tests := []struct {
		path  string
		paths []string
		want  bool
	}{
		{"fr.76.31", []string{"fr.76"}, true},
		{"fr.76", []string{"fr.76"}, true},
		{"fr.760", []string{"fr.76"}, false},
		{"fr", []string{"fr.76"}, false},
		{"", []string{"fr"}, false},
		{"fr.76.31", nil, false},
	}
	for _, test := range tests {
		if got := geoengine.Within(test.path, test.paths); got != test.want {
			t.Errorf("%q within %v: got %v", test.path, test.paths, got)
		}
	}
}

func TestSeverityNames(t *testing.T) {
	t.Parallel()
	for i, name := range geoengine.SeverityNames {
		got, err := geoengine.ParseSeverity(name)
		if err != nil || got != geoengine.Severity(i) || got.String() != name {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
	if _, err := geoengine.ParseSeverity("dead"); !errors.Is(err, geoengine.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}
