package demo

import (
	"math"
	"testing"
	"time"

	"vigie/geoengine"
)

// chiSquare tells by how many standard deviations the sum over cells with an expectation of 10 or more of
// (got-want)²/want is off that of Poisson counts.
func chiSquare(got, want []float64) float64 {
	sum, n := 0.0, 0.0
	for i := range got {
		if want[i] >= 10 {
			sum += (got[i] - want[i]) * (got[i] - want[i]) / want[i]
			n++
		}
	}
	return (sum - n) / math.Sqrt(2*n)
}

// TestOccurrencesFollowTheTruth compares counts by commune and by hour of the week with the stated intensities.
func TestOccurrencesFollowTheTruth(t *testing.T) {
	t.Parallel()
	d := standard()
	for _, kind := range Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			gotWhere, wantWhere := make([]float64, len(d.Communes)), make([]float64, len(d.Communes))
			gotWhen, wantWhen := make([]float64, 168), make([]float64, 168)
			gotMonth, wantMonth := make([]float64, 12), make([]float64, 12)
			for _, o := range d.Occurrences(kind) {
				gotWhere[o.Commune]++
				gotWhen[hourOfWeek(o.At)]++
				gotMonth[o.At.Month()-1]++
			}
			years := d.To.Sub(d.From).Hours() / hoursPerYear
			for _, m := range d.Masses(kind) {
				wantWhere[d.CommuneAt(m.Position)] += m.PerYear * years
			}
			for at := d.From; at.Before(d.To); at = at.Add(time.Hour) {
				wantWhen[hourOfWeek(at)] += d.Rate(kind, at)
				wantMonth[at.Month()-1] += d.Rate(kind, at)
			}
			limit := 4.0
			if kind == KindTheft {
				limit = 25 // near repeats make counts more uneven than Poisson's and drift by hours and metres
			}
			for name, off := range map[string]float64{"communes": chiSquare(gotWhere, wantWhere), "hours": chiSquare(gotWhen, wantWhen), "months": chiSquare(gotMonth, wantMonth)} {
				if off > limit || off < -4 {
					t.Errorf("%s: off by %.1f standard deviations", name, off)
				}
			}
		})
	}
}

func hourOfWeek(t time.Time) int {
	_, offset := t.Zone()
	return geoengine.LocalHour(t.Unix(), 0, offset)
}

// TestIntensity holds that the intensity, summed over the ground, is the rate.
func TestIntensity(t *testing.T) {
	t.Parallel()
	d := standard()
	at := time.Date(2024, 7, 12, 21, 30, 0, 0, d.zone)
	for _, kind := range Kinds() {
		sum, masses := 0.0, 0.0
		for cell := range d.ground.cells {
			sum += d.Intensity(kind, d.ground.cells[cell].centre().point(), at) * d.ground.areas[cell] / 1e6
		}
		for _, m := range d.Masses(kind) {
			masses += m.PerYear
		}
		if rate := d.Rate(kind, at); math.Abs(sum-rate) > 1e-9*rate || rate <= 0 {
			t.Errorf("%s: the intensities sum to %v, the rate is %v", kind, sum, rate)
		}
		if years := d.To.Sub(d.From).Hours() / hoursPerYear; math.Abs(masses*years/d.Expected(kind, d.From, d.To)-1) > 0.01 {
			t.Errorf("%s: masses sum to %v a year, %v expected in %v years", kind, masses, d.Expected(kind, d.From, d.To), years)
		}
	}
	if d.Intensity(KindTheft, geoFar, at) != 0 {
		t.Error("thefts outside the territory")
	}
}

var geoFar = xy{200000, 0}.point()

// TestNearRepeats holds that followers are as many, as near and as soon as NearRepeat says, and that they show: pairs
// within 300 m and a week are more often than chance has it, which two draws of the background tell.
func TestNearRepeats(t *testing.T) {
	t.Parallel()
	d := standard()
	thefts := d.Occurrences(KindTheft)
	followers, metres, days := 0.0, 0.0, 0.0
	for i, o := range thefts {
		if o.Parent < 0 {
			continue
		}
		parent := &thefts[o.Parent]
		if o.Parent >= i || o.At.Before(parent.At) {
			t.Fatalf("theft %d at %v follows %d at %v", i, o.At, o.Parent, parent.At)
		}
		followers++
		away := o.place.to(parent.place)
		metres += away * away
		days += o.At.Sub(parent.At).Hours() / 24
	}
	if share := followers / float64(len(thefts)); math.Abs(share-d.NearRepeat.Branching) > 0.03 {
		t.Errorf("%.3f of the thefts follow another, want %.2f", share, d.NearRepeat.Branching)
	}
	if sigma := math.Sqrt(metres / followers / 2); math.Abs(sigma/d.NearRepeat.SigmaM-1) > 0.05 {
		t.Errorf("followers lie %.0f m off, want %.0f", sigma, d.NearRepeat.SigmaM)
	}
	if mean := days / followers; math.Abs(mean/(d.NearRepeat.MeanDelay.Hours()/24)-1) > 0.1 {
		t.Errorf("followers come after %.1f days, want %v", mean, d.NearRepeat.MeanDelay)
	}
	// Knox: pairs near in space and time, against pairs near in space whose delay is five weeks off.
	soon, later := 0.0, 0.0
	for i := range thefts {
		for k := i + 1; k < len(thefts); k++ {
			delay := thefts[k].At.Sub(thefts[i].At)
			if delay > 42*24*time.Hour {
				break
			}
			if thefts[i].place.to(thefts[k].place) > 300 {
				continue
			}
			if delay < 7*24*time.Hour {
				soon++
			} else if delay > 35*24*time.Hour {
				later++
			}
		}
	}
	if soon < 1.15*later || later == 0 {
		t.Errorf("%v near pairs within a week, %v five weeks later: no near repeats show", soon, later)
	}
}
