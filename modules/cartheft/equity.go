package cartheft

import (
	"math"

	"vigie/geoengine/forecast"
	"vigie/geoengine/hex"
	"vigie/predict/patrol"
)

// equity audits the places pointed out, by area, in order of their paths. Events of areas that have no place are left out.
func equity(values []forecast.Value, flagged []bool, events map[string]int, names map[string]string) ([]forecast.Equity, error) {
	paths := areasOf(values)
	at := make(map[string]int, len(paths))
	tracts := make([]patrol.Tract, len(paths))
	for i, path := range paths {
		at[path] = i
		tracts[i].Events = events[path]
	}
	for i := range values {
		t := &tracts[at[values[i].Area]]
		t.AreaM2 += hex.AreaM2(values[i].Cell)
		if flagged[i] {
			t.Flagged++
		}
	}
	findings, err := patrol.Audit(tracts)
	if err != nil {
		return nil, err
	}
	list := make([]forecast.Equity, len(findings))
	for i, f := range findings {
		list[i] = forecast.Equity{
			Area: paths[i], Name: names[paths[i]], Flagged: f.Flagged, Events: f.Events, Surface: f.Surface, Ratio: f.Ratio,
			Low: f.Low, High: f.High, Alarm: string(f.Alarm),
		}
	}
	return list, nil
}

// flaggedShare is the share of the surface that counts as pointed out in the audit of a run: that of the usual budget.
const flaggedShare = 0.05

// flag marks the best places up to flaggedShare of the surface, at least one. Values must be ranked.
func flag(values []forecast.Value) []bool {
	flagged := make([]bool, len(values))
	total := 0.0
	byRank := make([]int, len(values)+1)
	for i := range values {
		total += hex.AreaM2(values[i].Cell)
		byRank[values[i].Rank] = i
	}
	used := 0.0
	for rank := 1; rank <= len(values); rank++ {
		i := byRank[rank]
		area := hex.AreaM2(values[i].Cell)
		if rank > 1 && used+area > math.Nextafter(flaggedShare*total, math.Inf(1)) {
			break
		}
		flagged[i] = true
		used += area
	}
	return flagged
}
