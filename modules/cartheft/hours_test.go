package cartheft

import (
	"math"
	"testing"
	"time"
)

// at is a local second of the week that begins on Monday 2024-01-01.
func at(day, hour int) int64 {
	return time.Date(2024, 1, 1+day, hour, 0, 0, 0, time.UTC).Unix()
}

func TestSpread(t *testing.T) {
	t.Parallel()
	counts := make([]float64, week)
	spread(counts, at(0, 22)+1800, at(1, 1)) // Monday 22:30 to Tuesday 01:00: half an hour, an hour, an hour
	for hour, want := range map[int]float64{22: 0.2, 23: 0.4, 24: 0.4} {
		if math.Abs(counts[hour]-want) > 1e-12 {
			t.Errorf("hour %d: %v, want %v", hour, counts[hour], want)
		}
	}
	spread(counts, at(6, 23), at(7, 1)) // over the end of the week
	if counts[167] != 0.5 || counts[0] != 0.5 {
		t.Errorf("Sunday 23 h %v, Monday 0 h %v", counts[167], counts[0])
	}
	spread(counts, at(2, 5), at(2, 5))
	if counts[53] != 1 {
		t.Errorf("an instant: %v", counts[53])
	}
	early := make([]float64, week)
	spread(early, -1800, 1800) // 1969-12-31 23:30, a Wednesday
	if early[2*24+23] != 0.5 || early[3*24] != 0.5 {
		t.Errorf("before 1970: %v", early)
	}
}

func TestTellsHours(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		from, to int64
		want     bool
	}{
		{"a night", at(0, 20), at(1, 7), true},
		{"a day", at(0, 0), at(1, 0), false},
		{"an instant", at(0, 3), at(0, 3), true},
		{"a weekend", at(4, 18), at(7, 8), false},
		{"noon to noon", at(0, 12), at(1, 12), true},
	} {
		if got := tellsHours(&theft{From: c.from, To: c.to}); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestLearnHours compares with the truth that thefts were drawn from: one town at night, another by day, a few elsewhere.
func TestLearnHours(t *testing.T) {
	t.Parallel()
	var list []theft
	add := func(area string, n, hour int) {
		for i := range n {
			from := at(i%7, hour+i%3)
			list = append(list, theft{From: from, To: from + 3600, Area: area})
		}
	}
	add("a", 700, 1)
	add("b", 700, 13)
	add("c", 30, 13)
	h, err := learnHours(list)
	if err != nil {
		t.Fatal(err)
	}
	if len(h.profiles) != 3 || h.profileOf("a") == h.profileOf("b") || h.profileOf("c") != 0 || h.profileOf("nowhere") != 0 {
		t.Fatalf("%d profiles, %v", len(h.profiles), h.of)
	}
	night := func(profile []float64) (share float64) {
		sum := 0.0
		for hour, v := range profile {
			sum += v
			if k := hour % 24; k >= 1 && k < 4 {
				share += v
			}
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Errorf("a profile sums to %v", sum)
		}
		return share
	}
	if got := night(h.profiles[h.profileOf("a")]); got < 0.95 {
		t.Errorf("%.2f of the thefts of a are at night, want all", got)
	}
	if got := night(h.profiles[h.profileOf("b")]); got > 0.05 {
		t.Errorf("%.2f of the thefts of b are at night, want none", got)
	}
	if got := night(h.profiles[0]); math.Abs(got-700.0/1430) > 0.05 {
		t.Errorf("%.2f of all are at night", got)
	}
	few, err := learnHours(list[:50])
	if err != nil || few.profileOf("a") != -1 {
		t.Errorf("50 thefts have a profile: %v, %v", few, err)
	}
}
