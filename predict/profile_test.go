package predict

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestConcentration(t *testing.T) {
	t.Parallel()
	prior := []float64{0.3, 0.25, 0.25, 0.2}
	counts := [][]float64{{10, 2, 3, 5}, {1, 8, 4, 2}, {3, 3, 9, 1}, {6, 1, 0, 7}}
	got, err := Concentration(counts, prior)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(7.516213192599624, got, near(1e-6)); diff != "" {
		t.Error("peer", diff)
	}
	want := (10 + got*0.3) / (20 + got)
	if diff := cmp.Diff(want, Shrink(counts, prior, got)[0][0], near(1e-12)); diff != "" {
		t.Error(diff)
	}
	alike, err := Concentration([][]float64{{30, 25, 25, 20}, {60, 50, 50, 40}}, prior)
	if err != nil {
		t.Fatal(err)
	}
	if alike < 1e6 {
		t.Errorf("groups that differ less than chance: concentration %v", alike)
	}
	for name, bad := range map[string]struct {
		counts [][]float64
		prior  []float64
		want   error
	}{
		"nothing":           {nil, prior, ErrEmpty},
		"width":             {[][]float64{{1, 2}}, prior, ErrShape},
		"prior":             {counts, []float64{1, 1, 1, 1}, ErrShape},
		"impossible events": {counts, []float64{0, 0.5, 0.3, 0.2}, ErrShape},
		"negative":          {[][]float64{{-1, 2, 1, 1}}, prior, ErrShape},
	} {
		if _, err := Concentration(bad.counts, bad.prior); !errors.Is(err, bad.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLogRiseMeetsItsSeries(t *testing.T) {
	t.Parallel()
	for _, n := range []float64{0.5, 1, 3, 40} {
		for _, x := range []float64{0.99e5, 1.01e5, 1e8} {
			exact := 0.0 // n whole: a product
			if n != math.Floor(n) {
				continue
			}
			for j := range int(n) {
				exact += math.Log(x + float64(j))
			}
			if got := logRise(x, n); math.Abs(got-exact) > 1e-8 {
				t.Errorf("log Γ(%v+%v)/Γ: %v, want %v", x, n, got, exact)
			}
		}
	}
}

func TestWeekProfiles(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	// Two kinds of group: nights of Friday and Saturday, and working hours; one of each with many events, one with few.
	truth := make([][]float64, 2)
	for k := range truth {
		truth[k] = make([]float64, 168)
		for h := range truth[k] {
			hour, day := h%24, h/24
			truth[k][h] = 1
			if k == 0 && day >= 4 && day < 6 && (hour >= 21 || hour < 4) || k == 1 && day < 5 && hour >= 7 && hour < 19 {
				truth[k][h] = 12
			}
		}
		total := sum(truth[k])
		for h := range truth[k] {
			truth[k][h] /= total
		}
	}
	counts := make([][]float64, 4)
	for g, events := range []int{4000, 4000, 30, 30} {
		counts[g] = make([]float64, 168)
		for range events {
			at := random.Float64()
			for h, p := range truth[g%2] {
				if at -= p; at < 0 {
					counts[g][h]++
					break
				}
			}
		}
	}
	week, err := WeekProfiles(counts)
	if err != nil {
		t.Fatal(err)
	}
	distance := func(a, b []float64) (d float64) {
		for h := range a {
			d += math.Abs(a[h]-b[h]) / 2
		}
		return d
	}
	for g, profile := range week.Groups {
		if s := sum(profile); math.Abs(s-1) > 1e-9 {
			t.Errorf("group %d sums to %v", g, s)
		}
		raw := Shrink(counts[g:g+1], even(168), 1e-9)[0]
		// With 30 events shrinking must help much; with 4,000 it must not cost much.
		most := 1.2
		if g >= 2 {
			most = 0.6
		}
		if ours, theirs := distance(profile, truth[g%2]), distance(raw, truth[g%2]); ours > most*theirs {
			t.Errorf("group %d: shrunk profile is %.3f from the truth, the raw one %.3f", g, ours, theirs)
		}
		for h, p := range profile {
			if p <= 0 {
				t.Errorf("group %d says hour %d is impossible", g, h)
			}
		}
	}
	empty, err := WeekProfiles([][]float64{make([]float64, 168)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(even(168), empty.Groups[0], near(1e-12)); diff != "" {
		t.Error("no event", diff)
	}
	if _, err := WeekProfiles([][]float64{{1, 2}}); !errors.Is(err, ErrShape) {
		t.Errorf("two hours: %v", err)
	}
}
