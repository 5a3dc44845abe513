package firestations

import (
	"math"
	"testing"
	"time"

	"vigie/data/sources/demo"
	"vigie/geoengine/forecast"
	"vigie/predict/series"
)

// TestTruth forecasts the demonstration, whose laws are known, and holds the forecast against these laws, not against one
// draw of them: how often an interval holds a Poisson count of the true mean, and how far the mean is off.
func TestTruth(t *testing.T) {
	t.Parallel()
	store := open(t)
	territory(t, store, 1)
	until := time.Date(2025, 6, 2, 0, 0, 0, 0, paris(t))
	d := demo.New(demo.Config{})
	var areas []string
	for i := 0; i < len(d.Stations); i += 3 { // a third of them does
		areas = append(areas, d.Communes[d.Stations[i].Commune].Path())
	}
	r, err := run(t, store, forecast.Spec{Areas: areas, Until: until, Horizon: "P14D", Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	type sum struct{ cover50, cover80, cover95, expected, truth, off, base, n float64 }
	sums := map[string]*sum{}
	law := newLaw(d)
	for i := range r.Values {
		v := &r.Values[i]
		mean := law.mean(v)
		key := r.StepOf(v) + " " + v.Kind
		s := sums[key]
		if s == nil {
			s = &sum{}
			sums[key] = s
		}
		s.cover50 += poissonCover(mean, v.Low50, v.High50)
		s.cover80 += poissonCover(mean, v.Low80, v.High80)
		s.cover95 += poissonCover(mean, v.Low95, v.High95)
		s.expected += v.Expected
		s.truth += mean
		s.off += math.Abs(v.Expected - mean)
		s.base += math.Abs(v.Count - mean)
		s.n++
	}
	for key, s := range sums {
		t.Logf("%-14s n %5.0f  cover %.3f %.3f %.3f  mean %.3f of truth, off %.3f, week before %.3f", key, s.n, s.cover50/s.n, s.cover80/s.n, s.cover95/s.n, s.expected/s.truth, s.off/s.truth, s.base/s.truth)
		if s.off >= s.base {
			t.Errorf("%s: the forecast is off by %.3f of the truth, the week before by %.3f", key, s.off/s.truth, s.base/s.truth)
		}
	}
	for _, key := range []string{"PT1H ", "P1D ", "P1D medical"} {
		s := sums[key]
		if s == nil {
			t.Fatalf("no values of %q", key)
		}
		for _, c := range [...]struct{ got, low, high float64 }{{s.cover50 / s.n, 0.47, 0.53}, {s.cover80 / s.n, 0.78, 0.82}, {s.cover95 / s.n, 0.94, 0.965}} {
			if c.got < c.low || c.got > c.high {
				t.Errorf("%s: an interval holds %.3f of what the truth gives, want %.2f to %.3f", key, c.got, c.low, c.high)
			}
		}
		if ratio := s.expected / s.truth; ratio < 0.95 || ratio > 1.05 {
			t.Errorf("%s: %.3f of the truth is expected", key, ratio)
		}
	}
	if !r.Card.Usable || len(r.Card.Backtest) == 0 || len(r.Card.Reliability) < 5 || r.Card.Inputs.Places < 14 {
		t.Errorf("card %+v", r.Card)
	}
}

// law tells how many calls are to be expected.
type law struct {
	territory *demo.Territory
	station   map[string]int
	shares    map[demo.Kind][]float64
}

func newLaw(d *demo.Territory) *law {
	l := &law{d, map[string]int{}, map[demo.Kind][]float64{}}
	for i := range d.Stations {
		l.station[d.Stations[i].ID()] = i
	}
	for _, kind := range []demo.Kind{demo.KindMedical, demo.KindFire, demo.KindTraffic, demo.KindOther} {
		l.shares[kind] = d.StationShares(kind)
	}
	return l
}

func (l *law) mean(v *forecast.Value) float64 {
	sum := 0.0
	for kind, shares := range l.shares {
		if v.Kind == "" || v.Kind == kindOf(string(kind)) {
			sum += l.territory.Expected(kind, v.From, v.To) * shares[l.station[v.Place]]
		}
	}
	return sum
}

// poissonCover is how much of a Poisson count of a mean an interval holds.
func poissonCover(mean, low, high float64) float64 {
	sum, p := 0.0, math.Exp(-mean)
	for y := 0; float64(y) <= high+1; y++ {
		if y > 0 {
			p *= mean / float64(y)
		}
		sum += p * series.Covered(y, low, high)
	}
	return sum
}
