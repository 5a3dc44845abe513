package localtime_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vigie/data/sources/localtime"
	"vigie/geoengine"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestDate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, zone string
		at         [6]int
		want       string
	}{
		{"winter", "Europe/Paris", [6]int{2013, 2, 19, 17, 15, 0}, "2013-02-19T17:15:00+01:00"},
		{"summer", "Europe/Paris", [6]int{2013, 7, 19, 17, 15, 0}, "2013-07-19T17:15:00+02:00"},
		{"skipped hour", "Europe/Paris", [6]int{2013, 3, 31, 2, 30, 0}, "2013-03-31T03:30:00+02:00"},
		{"after the skip", "Europe/Paris", [6]int{2013, 3, 31, 3, 30, 0}, "2013-03-31T03:30:00+02:00"},
		{"the day after the skip", "Europe/Paris", [6]int{2013, 4, 1, 1, 0, 0}, "2013-04-01T01:00:00+02:00"},
		{"repeated hour", "Europe/Paris", [6]int{2013, 10, 27, 2, 30, 0}, "2013-10-27T02:30:00+02:00"},
		{"after the repeat", "Europe/Paris", [6]int{2013, 10, 27, 3, 0, 0}, "2013-10-27T03:00:00+01:00"},
		{"midnight is skipped", "America/Sao_Paulo", [6]int{2013, 10, 20, 0, 10, 0}, "2013-10-20T01:10:00-02:00"},
		{"overseas", "Indian/Reunion", [6]int{2019, 7, 1, 0, 0, 0}, "2019-07-01T00:00:00+04:00"},
		{"leap day", "UTC", [6]int{2020, 2, 29, 23, 59, 59}, "2020-02-29T23:59:59Z"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := test.at
			got, err := localtime.Date(a[0], a[1], a[2], a[3], a[4], a[5], zone(t, test.zone))
			if err != nil || got.Format(time.RFC3339) != test.want {
				t.Errorf("got %s, %v; want %s", got.Format(time.RFC3339), err, test.want)
			}
		})
	}
}

func TestDateRefusesTheImpossible(t *testing.T) {
	t.Parallel()
	for _, a := range [][6]int{
		{0, 1, 1, 0, 0, 0}, {2019, 2, 29, 0, 0, 0}, {2019, 13, 1, 0, 0, 0}, {2019, 0, 1, 0, 0, 0}, {2019, 4, 31, 0, 0, 0},
		{2019, 1, 0, 0, 0, 0}, {2019, 1, 1, 24, 0, 0}, {2019, 1, 1, 0, 60, 0}, {2019, 1, 1, 0, 0, -1}, {10000, 1, 1, 0, 0, 0},
	} {
		if _, err := localtime.Date(a[0], a[1], a[2], a[3], a[4], a[5], time.UTC); !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%v: got %v, want ErrInvalid", a, err)
		}
	}
}

func TestDayLength(t *testing.T) {
	t.Parallel()
	for day, want := range map[int]time.Duration{30: 24 * time.Hour, 31: 23 * time.Hour} {
		start, end, err := localtime.Day(2013, 3, day, zone(t, "Europe/Paris"))
		if err != nil || end.Sub(start) != want {
			t.Errorf("%d March: %s, %v; want %s", day, end.Sub(start), err, want)
		}
	}
}

// TestAtInvertsTheClock says that an instant comes back from its wall clock, unless the clocks show that hour twice.
func TestAtInvertsTheClock(t *testing.T) {
	t.Parallel()
	paris := zone(t, "Europe/Paris")
	rapid.Check(t, func(t *rapid.T) {
		instant := time.Unix(rapid.Int64Range(0, 3e9).Draw(t, "unix"), 0).In(paris)
		_, seconds := instant.Zone()
		wall := instant.Add(time.Duration(seconds) * time.Second).UTC()
		if got := localtime.At(wall, paris); !got.Equal(instant) && !got.Equal(instant.Add(-time.Hour)) {
			t.Fatalf("%s came back as %s", instant, got)
		}
	})
}
