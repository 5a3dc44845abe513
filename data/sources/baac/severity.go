package baac

import "vigie/geoengine"

// casualties are the users of an accident by outcome.
type casualties struct{ killed, hospitalised, slight, unhurt, unknown int }

// ascendingLeast is from how many casualties of a usagers file on its coding is told from their shares.
const ascendingLeast = 100

// ascending tells whether a usagers file was recoded from slight to grave: 1 unhurt, 2 slightly injured, 3 hospitalised,
// 4 killed. The official coding is 1 unhurt, 2 killed, 3 hospitalised, 4 slightly injured. In every vintage the slightly
// injured are more than ten times the killed, so that a file with more codes 2 than 4 has been recoded.
func ascending(gravity [5]int64) bool {
	return gravity[2]+gravity[3]+gravity[4] >= ascendingLeast && gravity[2] > gravity[4]
}

// casualties returns the outcome of the users of an accident; known is false if no usagers table speaks of it.
func (s *side) casualties(f *facts) (c casualties, known bool) {
	if f == nil || f.from[persons] == 0 {
		return c, false
	}
	n := f.gravity
	killed, slight := n[2], n[4]
	if ascending(s.gravity[f.from[persons]-1]) {
		killed, slight = slight, killed
	}
	return casualties{
		killed: int(killed), hospitalised: int(n[3]), slight: int(slight), unhurt: int(n[1]), unknown: int(n[0]),
	}, true
}

// severity is the worst outcome. Killed is death within 30 days (since 2005). An accident of which no casualty is
// known is of unknown severity.
func (c casualties) severity() geoengine.Severity {
	switch {
	case c.killed > 0:
		return geoengine.SeverityFatal
	case c.hospitalised > 0:
		return geoengine.SeveritySerious
	case c.slight > 0:
		return geoengine.SeveritySlight
	default:
		return geoengine.SeverityUnknown
	}
}

// weight is the sum of the official weights of the victims.
func (c casualties) weight() float64 {
	return float64(c.killed)*geoengine.SeverityFatal.Weight() +
		float64(c.hospitalised)*geoengine.SeveritySerious.Weight() +
		float64(c.slight)*geoengine.SeveritySlight.Weight()
}
