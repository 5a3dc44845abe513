package patrol

import (
	"fmt"
	"math"

	"vigie/geoengine"
	"vigie/predict"
)

// The alarm of the audit is the four-fifths rule of the United States' Uniform Guidelines on Employee Selection Procedures
// (29 CFR § 1607.4 D), turned both ways: a rate below four fifths of another is taken as evidence of adverse impact. It is
// about the selection of persons for work. No law says such a thing of places: it is a borrowed bar that makes people look.
const (
	FourFifths  = 0.8
	FiveFourths = 1 / FourFifths
)

// Tract is an area with what is pointed out in it and what happened in it.
type Tract struct {
	Flagged int // places pointed out
	Events  int // reported
	AreaM2  float64
}

// Alarm says that an area's share of what is pointed out is out of proportion to its share of the events.
type Alarm string

// The alarms.
const (
	NoAlarm Alarm = ""
	Over    Alarm = "over"  // pointed out more than its events explain
	Under   Alarm = "under" // less
)

// Finding compares shares of one area.
type Finding struct {
	Flagged float64 // share of the places pointed out
	Events  float64 // share of the reported events
	Surface float64
	Ratio   float64 // Flagged over Events; 0 without events
	// Low and High hold the ratio with the events' share within its exact interval, 95 % for all areas together
	// (Clopper & Pearson; Bonferroni); High is −1 where there is no upper limit.
	Low, High float64
	Alarm     Alarm
}

// Audit compares, for each area, its share of the places pointed out with its share of the reported events and of the
// surface. There is an alarm only where the whole interval lies beyond four fifths, or five fourths, and where one place
// more or less would not bring it back. An audit of reports cannot see what nobody reports: that is what explored visits
// are for.
func Audit(tracts []Tract) ([]Finding, error) {
	var flagged, events int
	surface := 0.0
	for i, t := range tracts {
		if t.Flagged < 0 || t.Events < 0 || !(t.AreaM2 >= 0) || math.IsInf(t.AreaM2, 0) {
			return nil, fmt.Errorf("area %d has %d places pointed out, %d events and %v m²: must be 0 or more: %w", i, t.Flagged, t.Events, t.AreaM2, geoengine.ErrInvalid)
		}
		flagged, events, surface = flagged+t.Flagged, events+t.Events, surface+t.AreaM2
	}
	findings := make([]Finding, len(tracts))
	for i, t := range tracts {
		f := &findings[i]
		f.Flagged, f.Events, f.Surface = over(float64(t.Flagged), float64(flagged)), over(float64(t.Events), float64(events)), over(t.AreaM2, surface)
		f.Ratio = over(f.Flagged, f.Events)
		f.High = -1
		if events == 0 || flagged == 0 {
			continue
		}
		low, high := predict.ExactShare(t.Events, events, 1-0.05/float64(len(tracts)))
		f.Low = f.Flagged / high
		if low > 0 {
			f.High = f.Flagged / low
		}
		one := 1 / float64(flagged)
		switch {
		case (f.Flagged-one)/high > FiveFourths:
			f.Alarm = Over
		case low > 0 && (f.Flagged+one)/low < FourFifths:
			f.Alarm = Under
		}
	}
	return findings, nil
}

// over is a/b, 0 for b = 0.
func over(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
