package patrol

import (
	"errors"
	"math"
	"testing"

	"vigie/geoengine"
	"vigie/predict"
)

func TestAudit(t *testing.T) {
	t.Parallel()
	tracts := []Tract{
		{Flagged: 60, Events: 300, AreaM2: 1e6}, // 60 % of the places, 30 % of the events
		{Flagged: 30, Events: 300, AreaM2: 2e6}, // in proportion
		{Flagged: 0, Events: 380, AreaM2: 4e6},  // nothing, with 38 % of the events
		{Flagged: 5, Events: 20, AreaM2: 2e6},   // more than its events say, but one could not know
		{Flagged: 5, Events: 0, AreaM2: 1e6},    // no events at all
	}
	got, err := Audit(tracts)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []Alarm{Over, NoAlarm, Under, NoAlarm, Over} {
		f := got[i]
		if f.Alarm != want {
			t.Errorf("area %d: %q, want %q: %+v", i, f.Alarm, want, f)
		}
		if f.High >= 0 && (f.Low > f.Ratio || f.High < f.Ratio) {
			t.Errorf("area %d: the ratio %v is not within %v to %v", i, f.Ratio, f.Low, f.High)
		}
		for _, v := range []float64{f.Flagged, f.Events, f.Surface, f.Ratio, f.Low, f.High} {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("area %d: %+v", i, f)
			}
		}
	}
	low, high := predict.ExactShare(300, 1000, 0.99)
	if f := got[0]; math.Abs(f.Ratio-2) > 1e-12 || math.Abs(f.Low-0.6/high) > 1e-12 || math.Abs(f.High-0.6/low) > 1e-12 || math.Abs(f.Surface-0.1) > 1e-12 {
		t.Errorf("%+v", f)
	}
	if f := got[4]; f.Ratio != 0 || f.High != -1 {
		t.Errorf("without events: %+v", f)
	}
}

// TestAuditOfNothing holds that there is an answer where nothing is pointed out or nothing happened.
func TestAuditOfNothing(t *testing.T) {
	t.Parallel()
	for _, tracts := range [][]Tract{nil, {{}}, {{Flagged: 3}}, {{Events: 3}}, {{Flagged: 1, Events: 1, AreaM2: 1}}} {
		got, err := Audit(tracts)
		if err != nil || len(got) != len(tracts) {
			t.Fatal(got, err)
		}
		for _, f := range got {
			if f.Alarm != NoAlarm || math.IsNaN(f.Ratio+f.Low+f.High) {
				t.Errorf("%+v: %+v", tracts, f)
			}
		}
	}
	for _, bad := range []Tract{{Flagged: -1}, {Events: -1}, {AreaM2: math.NaN()}} {
		if _, err := Audit([]Tract{bad}); !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// TestAuditSeldomCriesWolf holds the error of all alarms together: areas whose places follow their true rates.
func TestAuditSeldomCriesWolf(t *testing.T) {
	t.Parallel()
	l := Loop{Rates: []float64{0.5, 0.3, 0.1, 0.1}, Trials: 200, Rounds: 1, Reports: all(4, 1)}
	cries := 0
	const runs = 400
	for seed := range uint64(runs) {
		urn := Urn{Balls: []float64{1, 1, 1, 1}, Reported: 1}
		if _, err := l.Run(&urn, seed); err != nil {
			t.Fatal(err)
		}
		var tracts []Tract
		for i, balls := range urn.Balls {
			tracts = append(tracts, Tract{Flagged: int(1000 * l.Rates[i]), Events: int(balls) - 1, AreaM2: 1})
		}
		findings, err := Audit(tracts)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range findings {
			if f.Alarm != NoAlarm {
				cries++
				break
			}
		}
	}
	if cries > runs/20 {
		t.Errorf("%d false alarms in %d audits", cries, runs)
	}
}
