package patrol

import (
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigie/geoengine"
)

// grid makes n places; place i expects n−i events on 15,000 m².
func grid(n, profile int) []Place {
	list := make([]Place, n)
	for i := range list {
		list[i] = Place{Expected: float64(n - i), AreaM2: 15_000, Profile: profile}
	}
	return list
}

// nightly has all events between 22 h and 02 h, half of them in the first two hours.
func nightly() []float64 {
	profile := make([]float64, 168)
	for day := range 7 {
		profile[day*24+22], profile[day*24+23] = 0.25/7, 0.25/7
		profile[day*24], profile[day*24+1] = 0.25/7, 0.25/7
	}
	return profile
}

// TestSuggestAlwaysExplores holds the share of every size of suggestion within 5 to 10 %.
func TestSuggestAlwaysExplores(t *testing.T) {
	t.Parallel()
	places := grid(900, -1)
	for _, exploration := range []float64{0.05, 0.07, 0.1} {
		for hours := LeastHours; hours <= 300; hours++ {
			s, err := Suggest(Request{Places: places, Hours: hours, Exploration: exploration, Seed: uint64(hours)})
			if err != nil {
				t.Fatal(err)
			}
			explored := 0
			for _, v := range s.Visits {
				if v.Explore {
					explored++
				}
			}
			share := float64(explored) / float64(len(s.Visits))
			if len(s.Visits) != 4*hours || explored != s.Explore || share < LeastExploration || share > MostExploration {
				t.Fatalf("%d hours: %d visits, %d (%d) explored: %v", hours, len(s.Visits), explored, s.Explore, share)
			}
			if most := max(0.5/float64(len(s.Visits)), 0) + 1e-9; math.Abs(share-exploration) > most && explored != (len(s.Visits)+19)/20 && explored != len(s.Visits)/10 {
				t.Fatalf("%d hours: a share of %v, asked for %v", hours, share, exploration)
			}
		}
	}
}

// TestSuggestTakesTheBest compares with the shares worked out by hand.
func TestSuggestTakesTheBest(t *testing.T) {
	t.Parallel()
	places := grid(10, 0)
	places[9].AreaM2 = 15_000 / 40 // one event on a fortieth of the surface: the densest
	s, err := Suggest(Request{Places: places, Profiles: [][]float64{nightly()}, Hours: 6, Exploration: 0.1, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	if s.Slots != Slots || s.Explore != 2 {
		t.Fatalf("%d slots, %d explored", s.Slots, s.Explore)
	}
	var got [][2]int
	for _, v := range s.Visits[:22] {
		got = append(got, [2]int{v.Place, v.Slot})
	}
	var want [][2]int
	for _, place := range []int{9, 0} { // 14 slots of the densest, then the first 8 of the place with most events
		for day := range 7 {
			want = append(want, [2]int{place, day * 12}, [2]int{place, day*12 + 11})
		}
	}
	if diff := cmp.Diff(want[:22], got); diff != "" {
		t.Error(diff)
	}
	// All of one event, and 8 of the 14 slots of 10, of 55.
	if held := (1 + 10*8.0/14) / 55; math.Abs(s.Held-held) > 1e-9 || math.Abs(s.HeldPlaces-11.0/55) > 1e-9 || math.Abs(s.Even-22.0/840) > 1e-9 {
		t.Errorf("held %v, places %v, even %v; want %v", s.Held, s.HeldPlaces, s.Even, held)
	}
}

// TestSuggestWithoutHours holds that days are suggested where only they are known.
func TestSuggestWithoutHours(t *testing.T) {
	t.Parallel()
	s, err := Suggest(Request{Places: grid(50, -1), Hours: 5, Exploration: 0.05, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range s.Visits {
		if v.Slot >= Days {
			t.Errorf("slot %d of seven days", v.Slot)
		}
	}
	if s.Slots != Days || s.Visits[0].Place != 0 || s.Visits[7].Place != 1 {
		t.Errorf("%+v", s)
	}
}

// TestDrawIsEven holds that every place is explored as often as any other, whatever the forecast thinks of it, and as
// often as the suggestion says; and that the same seed draws the same.
func TestDrawIsEven(t *testing.T) {
	t.Parallel()
	places := grid(20, -1)
	seen := make([]float64, len(places))
	const runs = 8000
	drawn := 0.0
	for seed := range uint64(runs) {
		r := Request{Places: places, Hours: 10, Exploration: 0.1, Seed: seed}
		s, err := Suggest(r)
		if err != nil {
			t.Fatal(err)
		}
		once := map[int]bool{}
		for _, v := range s.Visits[len(s.Visits)-s.Explore:] {
			seen[v.Place]++
			drawn = v.Drawn
			if once[v.Place] {
				t.Fatalf("place %d is drawn twice", v.Place)
			}
			once[v.Place] = true
		}
		if seed < 20 {
			again, err := Suggest(r)
			if diff := cmp.Diff(s, again); err != nil || diff != "" {
				t.Fatal(err, diff)
			}
		}
	}
	if drawn != 4.0/20 {
		t.Errorf("a probability of %v is told, want 0.2", drawn)
	}
	square := 0.0
	for _, n := range seen {
		square += (n - runs*drawn) * (n - runs*drawn) / (runs * drawn)
	}
	if square > 43.8 { // the 0.1 % point of χ² with 19 degrees of freedom; without replacement it is smaller still
		t.Errorf("χ² %.1f: %v", square, seen)
	}
}

func TestSuggestRefuses(t *testing.T) {
	t.Parallel()
	good := Request{Places: grid(100, -1), Hours: 10, Exploration: 0.05}
	for name, change := range map[string]func(*Request){
		"no exploration":      func(r *Request) { r.Exploration = 0 },
		"little exploration":  func(r *Request) { r.Exploration = 0.0499 },
		"much exploration":    func(r *Request) { r.Exploration = 0.1001 },
		"no number":           func(r *Request) { r.Exploration = math.NaN() },
		"no hours":            func(r *Request) { r.Hours = 0 },
		"few hours":           func(r *Request) { r.Hours = 2 },
		"endless hours":       func(r *Request) { r.Hours = 1 << 40 },
		"no places":           func(r *Request) { r.Places = nil },
		"too few places":      func(r *Request) { r.Places = r.Places[:1] },
		"nothing expected":    func(r *Request) { r.Places = []Place{{0, 1, -1}, {0, 1, -1}} },
		"an infinite place":   func(r *Request) { r.Places = []Place{{math.Inf(1), 1, -1}} },
		"a place not there":   func(r *Request) { r.Places = []Place{{1, 0, -1}} },
		"an unknown profile":  func(r *Request) { r.Places = []Place{{1, 1, 0}} },
		"half a profile":      func(r *Request) { r.Profiles = [][]float64{make([]float64, 168)} },
		"a profile of 3":      func(r *Request) { r.Profiles = [][]float64{{0.5, 0.25, 0.25}} },
		"a negative share":    func(r *Request) { p := nightly(); p[0], p[5] = -p[0], 2*p[0]; r.Profiles = [][]float64{p} },
		"a profile that is 0": func(r *Request) { r.Profiles = [][]float64{nil} },
	} {
		r := good
		change(&r)
		if s, err := Suggest(r); !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
}
