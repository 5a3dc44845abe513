package series

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigie/predict"
)

// identity bends nothing.
func identity() bend { return newBend(&scores{}, &scores{}, 0) }

// TestNeed against sums by hand: Poisson, one hour with 1 call and one with 3, crews busy for that hour; of Y calls c find a
// crew.
func TestNeed(t *testing.T) {
	t.Parallel()
	s := &spread{bend: identity()}
	found := func(mean float64, crews int) (sum float64) {
		for y := range 60 {
			sum += mass(mean, 0, y) * float64(min(y, crews))
		}
		return sum
	}
	for _, service := range []float64{0.5, 0.9, 0.95, 0.99} {
		got, served := need([]float64{1, 3}, []float64{1, 3}, s, CrewOptions{Service: service, Least: 1})
		want := 1
		for (found(1, want)+found(3, want))/4 < service {
			want++
		}
		if got != want || math.Abs(served-(found(1, want)+found(3, want))/4) > 1e-4 {
			t.Errorf("%v: %d crews serve %v, want %d and %v", service, got, served, want, (found(1, want)+found(3, want))/4)
		}
	}
	if got, _ := need([]float64{0, 0}, []float64{0, 0}, s, CrewOptions{Service: 0.9, Least: 2}); got != 2 {
		t.Errorf("without calls %d crews, want the least", got)
	}
}

// TestLost against chance drawn: calls of this hour and of the hours before.
func TestLost(t *testing.T) {
	t.Parallel()
	s := &spread{bend: identity()}
	random := rand.New(rand.NewPCG(5, 5))
	for _, c := range []struct {
		now, before float64
		crews       int
	}{{1, 2, 3}, {4, 1, 4}, {0.2, 3, 2}, {5, 0, 5}, {20, 25, 40}} {
		sum := 0.0
		const draws = 200_000
		for range draws {
			y, w := int(poisson(random, c.now)), int(poisson(random, c.before))
			sum += float64(min(y, max(0, y+w-c.crews))) / draws
		}
		if got := lost(s.masses(c.now+c.before), c.now/(c.now+c.before), c.crews); math.Abs(got-sum) > 0.02*c.now {
			t.Errorf("%+v: %v calls lost, of those drawn %v", c, got, sum)
		}
	}
}

func TestTrailing(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff([]int{1, 3, 6, 9, 12}, trailing([]int{1, 2, 3, 4, 5}, 3)); diff != "" {
		t.Error(diff)
	}
}

// TestRoster counts by hand: two crews, calls keep them for two hours.
func TestRoster(t *testing.T) {
	t.Parallel()
	a, err := (Calendar{}).axis(time.Date(2021, 1, 4, 0, 0, 0, 0, time.UTC), 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	f := &Fitted{p: &panel{axis: a}}
	h := &history{ys: []int{0, 1, 2, 0, 3, 1}}
	busy := trailing(h.ys, 2) // 0 1 3 2 3 4
	got := f.roster([]shift{{0, 3, 0}, {3, 6, 1}}, []int{2, 2}, h, busy)
	// Hour 2: three busy, one missed; hour 4: three calls, one missed; hour 5: four busy, its one call missed.
	want := Roster{From: a.time(0), To: a.time(6), Shifts: 2, CrewHours: 12, Calls: 7, Missed: 3, Hours: 3, Served: 1 - 3.0/7}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	fixed := f.fixed([]shift{{0, 3, 0}, {3, 6, 1}}, h, busy, CrewOptions{Service: 0.99, Least: 1, Shifts: []int{0, 3}})
	if diff := cmp.Diff([]int{3, 4}, fixed.Crews); diff != "" || fixed.Missed != 0 || fixed.CrewHours != 21 {
		t.Errorf("fixed crews %+v", fixed)
	}
}

func TestShifts(t *testing.T) {
	t.Parallel()
	z := zone(t, "Europe/Paris")
	a, err := (Calendar{Zone: z}).axis(time.Date(2021, 3, 27, 0, 0, 0, 0, z), 0, 3)
	if err != nil {
		t.Fatal(err)
	}
	got := a.shifts(0, len(a.local), []int{7, 19})
	want := []shift{{7, 19, 0}, {19, 30, 1}, {30, 42, 0}, {42, 54, 1}, {54, 66, 0}} // the night of the change has 11 hours
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(shift{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestCrewsReachTheService on drawn calls, in the past as promised for the future, and cost no more than a third above
// numbers that were chosen afterwards.
func TestCrewsReachTheService(t *testing.T) {
	t.Parallel()
	all, cal := made(t, "Europe/Paris", 60*7, 3, 1, 20, 15)
	f, err := Fit(t.Context(), all, cal, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []CrewOptions{{}, {Service: 0.8, Busy: 2}, {Service: 0.99, Busy: 3, Shifts: []int{0, 8, 16}}} {
		c, err := f.Crews("SBa", "fire", 72, o)
		if err != nil {
			t.Fatal(err)
		}
		if c.Past.Served < c.Service-0.01 || float64(c.Past.CrewHours) > 1.34*float64(c.Fixed.CrewHours) || c.Past.Shifts < 200 || c.Past.Calls != c.Fixed.Calls {
			t.Errorf("%+v: suggested %+v, fixed %+v", o, c.Past, c.Fixed)
		}
		for _, s := range c.Shifts {
			if s.Served < c.Service || s.Crews < 1 || float64(s.Most) < s.Calls*0.5 || s.To.Sub(s.From) < 8*time.Hour {
				t.Errorf("%+v: shift %+v", o, s)
			}
		}
		if len(c.Shifts) < 4 {
			t.Errorf("%+v: %d shifts", o, len(c.Shifts))
		}
	}
	for name, bad := range map[string]func() error{
		"place":   func() error { _, err := f.Crews("nowhere", "", 24, CrewOptions{}); return err },
		"hours":   func() error { _, err := f.Crews("", "", 9999, CrewOptions{}); return err },
		"service": func() error { _, err := f.Crews("", "", 24, CrewOptions{Service: 1}); return err },
		"busy":    func() error { _, err := f.Crews("", "", 24, CrewOptions{Busy: 25}); return err },
		"shifts":  func() error { _, err := f.Crews("", "", 24, CrewOptions{Shifts: []int{8, 8}}); return err },
	} {
		if err := bad(); !errors.Is(err, predict.ErrShape) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
