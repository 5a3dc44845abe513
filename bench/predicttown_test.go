package bench

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigie/predict/hotspot"
	"vigie/predict/judge"
)

// The law of the made-up city expects as many thefts as come, where they come; nobody else can do better.
func TestTheftTownKeepsItsLaw(t *testing.T) {
	t.Parallel()
	town := newTheftTown(3, 6000, 8000, 730)
	if diff := cmp.Diff(town.events, newTheftTown(3, 6000, 8000, 730).events); diff != "" {
		t.Error("same seed, other thefts", diff)
	}
	grid, err := hotspot.NewHex(9, town.outline(), nil)
	if err != nil {
		t.Fatal(err)
	}
	f := newTheftFeatures(grid, town.events)
	var expected, observed, past []float64
	sumExpected, sumObserved := 0., 0.
	for _, origin := range judge.Origins(town.first+365, town.first+700, 28, 12) {
		want := town.truth(grid, origin, 28)
		got, total := f.happened(origin, 28)
		before, _ := f.happened(town.first, int(origin-town.first))
		expected, observed, past = append(expected, want...), append(observed, got...), append(past, before...)
		for _, w := range want {
			sumExpected += w
		}
		sumObserved += total
	}
	if ratio := sumObserved / sumExpected; math.Abs(ratio-1) > 0.06 { // about 2,700 thefts that come in clusters
		t.Errorf("%v thefts came, the law expects %v", sumObserved, sumExpected)
	}
	for _, bin := range judge.ReliabilityByMass(expected, observed, 5) {
		if math.Abs(bin.Ratio()-1) > 0.2 {
			t.Errorf("%+v: ratio %.2f", bin, bin.Ratio())
		}
	}
	most := float64(len(expected)) / 20
	best, _ := judge.Capture(judge.Rank(expected, nil), nil, observed, most)
	count, _ := judge.Capture(judge.Rank(past, nil), nil, observed, most)
	if best <= count {
		t.Errorf("the law hits %v, the count of the past %v", best, count)
	}
}

func TestTheftFeatures(t *testing.T) {
	t.Parallel()
	town := newTheftTown(3, 300, 3000, 400)
	grid, err := hotspot.NewHex(9, town.outline(), nil)
	if err != nil {
		t.Fatal(err)
	}
	f := newTheftFeatures(grid, town.events)
	origin := town.first + 200
	rows := f.before(origin)
	late := f.before(origin + 7)
	known := 0.
	for i := range grid.IDs {
		known += math.Expm1(float64(rows[i*theftColumns+12])) // all of the past, in the place
		if n := len(f.rings[0][i]); n > 6 || len(f.rings[1][i]) > 12 {
			t.Errorf("place %d has %d neighbours", i, n)
		}
	}
	want := 0.
	for _, e := range town.events {
		if max(e.Day, e.Reported) < origin {
			want++
		}
	}
	if math.Abs(known-want) > 0.01 {
		t.Errorf("%v thefts known, want %v", known, want)
	}
	if cmp.Equal(rows, late) {
		t.Error("a week changes nothing")
	}
	got, ok := decoded(f.fold(origin, []int{7}).Ask, len(rows))
	if !ok || math.Abs(got[12]-float64(rows[12])) > 0 {
		t.Errorf("features do not come back: %v", ok)
	}
	if _, ok := decoded("AAAA", 3); ok {
		t.Error("three bytes are three numbers")
	}
}
