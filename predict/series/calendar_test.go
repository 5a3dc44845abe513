package series

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigie/predict"
	"vigie/predict/judge"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestAxis(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone  string
		start [3]int
		days  int
		sizes []int // hours of each day
		local []uint8
	}{
		{"Europe/Paris", [3]int{2021, 3, 27}, 3, []int{24, 23, 24}, []uint8{0, 1, 3, 4}},
		{"Europe/Paris", [3]int{2021, 10, 30}, 3, []int{24, 25, 24}, []uint8{0, 1, 2, 2, 3}},
		{"America/New_York", [3]int{2016, 3, 12}, 2, []int{24, 23}, []uint8{0, 1, 3}},
		{"Indian/Reunion", [3]int{2021, 3, 27}, 2, []int{24, 24}, []uint8{0, 1, 2, 3}},
		{"Asia/Kolkata", [3]int{2021, 3, 27}, 2, []int{24, 24}, []uint8{0, 1, 2}},
	} {
		z := zone(t, c.zone)
		cal := Calendar{Zone: z}
		a, err := cal.axis(time.Date(c.start[0], time.Month(c.start[1]), c.start[2], 0, 0, 0, 0, z), 0, c.days)
		if err != nil {
			t.Fatal(err)
		}
		var sizes []int
		for d := range a.days() {
			sizes = append(sizes, a.begins[d+1]-a.begins[d])
		}
		if diff := cmp.Diff(c.sizes, sizes); diff != "" {
			t.Errorf("%s: hours of days (-want +got):\n%s", c.zone, diff)
		}
		if diff := cmp.Diff(c.local, a.local[24:24+len(c.local)]); diff != "" {
			t.Errorf("%s: local hours of the second day (-want +got):\n%s", c.zone, diff)
		}
	}
	z := zone(t, "Australia/Lord_Howe") // clocks change by half an hour
	if _, err := (Calendar{Zone: z}).axis(time.Date(2021, 3, 1, 0, 0, 0, 0, z), 0, 60); !errors.Is(err, predict.ErrShape) {
		t.Errorf("days of half hours give %v", err)
	}
}

func TestAxisKnowsDays(t *testing.T) {
	t.Parallel()
	day := func(d int) judge.Day { return judge.DayOf(time.Date(2021, 1, 4+d, 0, 0, 0, 0, time.UTC)) }
	cal := Calendar{
		Holidays: []judge.Day{day(-1), day(2), day(99), math.MinInt32, math.MaxInt32}, School: []Span{{math.MinInt32, day(0)}, {day(4), math.MaxInt32}, {day(3), day(2)}},
		Weather: []Covariate{
			{Name: "known", First: day(-2), Values: []float64{9, 9, 1, 2, 3, 4, 5, 6, 7, 8}},
			{Name: "short", First: day(0), Values: []float64{1, 2, 3}},
			{Name: "late", First: day(1), Values: make([]float64, 90)},
			{Name: "holed", First: day(0), Values: []float64{1, 2, math.NaN(), 4, 5, 6, 7}},
			{Name: "constant", First: day(0), Values: make([]float64, 90)},
		},
	}
	a, err := cal.axis(time.Date(2021, 1, 4, 0, 0, 0, 0, time.UTC), 0, 7)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]uint8{0, 1, 2, 3, 4, 5, 6}, a.weekday); diff != "" {
		t.Errorf("weekdays (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]bool{false, false, true, false, false, false, false}, a.holiday); diff != "" {
		t.Errorf("holidays (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]bool{true, false, false, false, true, true, true}, a.school); diff != "" {
		t.Errorf("school holidays (-want +got):\n%s", diff)
	}
	columns, names, left := cal.known(a)
	if diff := cmp.Diff([][]string{{"known"}, {"short", "late", "holed", "constant"}}, [][]string{names, left}); diff != "" {
		t.Errorf("weather used and left out (-want +got):\n%s", diff)
	}
	if got := columns[0]; math.Abs(got[0]+1.5) > 1e-9 || math.Abs(got[3]) > 1e-9 {
		t.Errorf("standard values are %v, want −1.5 … 0 … 1.5", got)
	}
}
