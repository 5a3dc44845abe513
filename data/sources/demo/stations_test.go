package demo

import (
	"math"
	"testing"
)

// TestStations holds that every call names a station that is a unit, as often as the truth says, and that a town with a
// station is answered from it.
func TestStations(t *testing.T) {
	t.Parallel()
	d := standard()
	if len(d.Stations) != 42 {
		t.Fatalf("%d stations, want 42", len(d.Stations))
	}
	index := map[string]int{}
	for i := range d.Stations {
		s := &d.Stations[i]
		index[s.ID()] = i
		if got := d.StationAt(d.Communes[s.Commune].Centre); d.Stations[got].Commune != s.Commune {
			t.Errorf("%s is answered from %s", d.Communes[s.Commune].Name, d.Stations[got].Name)
		}
	}
	counts := map[Kind][]float64{}
	for _, kind := range []Kind{KindMedical, KindFire, KindTraffic, KindOther} {
		counts[kind] = make([]float64, len(d.Stations))
	}
	for _, e := range d.Events() {
		kind := Kind(e.Category)
		for _, a := range e.Attributes {
			if a.Key == "station" {
				i, known := index[a.Value]
				if !known || counts[kind] == nil {
					t.Fatalf("a %s names %s", e.Category, a.Value)
				}
				counts[kind][i]++
			}
		}
	}
	for kind, got := range counts {
		shares, want, sum := d.StationShares(kind), make([]float64, len(got)), 0.0
		for i := range want {
			want[i] = d.Expected(kind, d.From, d.To) * shares[i]
			sum += shares[i]
		}
		if off := chiSquare(got, want); math.Abs(off) > 4 || math.Abs(sum-1) > 1e-9 {
			t.Errorf("%s: off by %.1f standard deviations, shares sum to %v", kind, off, sum)
		}
	}
	if d.StationAt(geoFar) != -1 {
		t.Error("a station answers outside the territory")
	}
}

// TestSoonest compares the way of the stations with Bellman and Ford's over all roads.
func TestSoonest(t *testing.T) {
	t.Parallel()
	d := standard()
	from := map[int]bool{}
	for i := range d.Stations {
		from[d.Stations[i].Commune] = true
	}
	at := make([]float64, len(d.Nodes))
	for n := range at {
		at[n] = math.Inf(1)
		if from[n] {
			at[n] = 0
		}
	}
	for changed := true; changed; {
		changed = false
		for i := range d.Roads {
			road := &d.Roads[i]
			seconds := road.LengthM / (float64(road.SpeedLimit) / 3.6)
			for _, way := range [2][2]int{{road.From, road.To}, {road.To, road.From}} {
				if at[way[0]]+seconds < at[way[1]] {
					at[way[1]], changed = at[way[0]]+seconds, true
				}
			}
		}
	}
	alone := func(commune int) float64 { // how soon the commune's own station is there
		for n := range at {
			at[n] = math.Inf(1)
		}
		at[d.answers[commune]] = 0
		for changed := true; changed; {
			changed = false
			for i := range d.Roads {
				road := &d.Roads[i]
				seconds := road.LengthM / (float64(road.SpeedLimit) / 3.6)
				for _, way := range [2][2]int{{road.From, road.To}, {road.To, road.From}} {
					if at[way[0]]+seconds < at[way[1]] {
						at[way[1]], changed = at[way[0]]+seconds, true
					}
				}
			}
		}
		return at[commune]
	}
	best := append([]float64{}, at...)
	for _, commune := range []int{0, 57, 123, 200, 299} {
		if got := alone(commune); math.Abs(got-best[commune]) > 1e-6 {
			t.Errorf("%s is reached after %.0f s, best is %.0f", d.Communes[commune].Name, got, best[commune])
		}
	}
}
