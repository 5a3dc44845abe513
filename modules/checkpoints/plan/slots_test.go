package plan

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

func TestCalendarOverClockChanges(t *testing.T) {
	t.Parallel()
	type row struct {
		Start, End string
		Hours      []int
	}
	for _, tt := range []struct {
		day  string
		slot int
		want row
	}{
		{"2026-12-04", 9, row{"2026-12-04T18:00:00+01:00", "2026-12-04T20:00:00+01:00", []int{4*24 + 18, 4*24 + 19}}},
		{"2026-12-06", 12, row{"2026-12-07T00:00:00+01:00", "2026-12-07T02:00:00+01:00", []int{0, 1}}}, // Sunday to Monday
		{"2026-03-29", 1, row{"2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00", []int{6*24 + 3}}},
		{"2026-03-28", 13, row{"2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00", []int{6*24 + 3}}},
		{"2026-10-25", 0, row{"2026-10-25T00:00:00+02:00", "2026-10-25T02:00:00+02:00", []int{6 * 24, 6*24 + 1}}},
		{"2026-10-25", 1, row{"2026-10-25T02:00:00+02:00", "2026-10-25T03:00:00+01:00", []int{6*24 + 2, 6*24 + 3}}},
		{"2026-10-25", 2, row{"2026-10-25T04:00:00+01:00", "2026-10-25T06:00:00+01:00", []int{6*24 + 4, 6*24 + 5}}},
	} {
		day, err := time.ParseInLocation(dateLayout, tt.day, paris(t))
		if err != nil {
			t.Fatal(err)
		}
		s := calendar(day, 2, paris(t), orb.Point{2, 47})[tt.slot]
		got := row{s.start.Format(time.RFC3339), s.end.Format(time.RFC3339), s.hours}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s slot %d:\n%s", tt.day, tt.slot, diff)
		}
	}
}

// TestAltitude compares with closed forms: on the meridian the sun stands at 90° − latitude + declination, and at the
// equator on an equinox it rises six hours before that. The equation of time was −1.8 min on 21 June, +2 min on
// 21 December, −7.5 min on 20 March.
func TestAltitude(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		at   string
		lat  float64
		want float64
	}{
		{"2026-06-21T12:01:50Z", 51.48, 90 - 51.48 + 23.44},
		{"2026-12-21T11:58:00Z", 51.48, 90 - 51.48 - 23.44},
		{"2026-06-21T00:01:50Z", 47, -(90 - 47 - 23.44)},
		{"2026-03-20T06:07:30Z", 0, 0},
		{"2026-03-20T18:07:20Z", 0, 0},
	} {
		at, err := time.Parse(time.RFC3339, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := altitude(at, orb.Point{0, tt.lat}); math.Abs(got-tt.want) > 0.15 {
			t.Errorf("%s at %g°: %.2f°, want %.2f°", tt.at, tt.lat, got, tt.want)
		}
	}
}

func TestLevels(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		c    float64
		want uint8
	}{{1, 5}, {0.9, 5}, {0.65, 4}, {0.5, 3}, {0.3, 2}, {0.125, 1}, {0.0881, 1}, {0.08, 0}, {0, 0}} {
		if got := level(tt.c); got != tt.want {
			t.Errorf("level(%g) = %d, want %d", tt.c, got, tt.want)
		}
	}
	if got := fade(900); math.Abs(got-0.5) > 1e-12 {
		t.Errorf("900 m leave %g, want a half", got)
	}
}
