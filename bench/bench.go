// Package bench measures Vigie beside its peers, in one run on one machine.
package bench

// Result is one row of a benchmark. Ratio says how many times better ours is, whichever way the unit goes.
type Result struct {
	Name     string  `json:"name"`
	Unit     string  `json:"unit"`
	Ours     float64 `json:"ours"`
	Peer     float64 `json:"peer"`
	PeerName string  `json:"peer_name"`
	Ratio    float64 `json:"ratio"`
	Goal     float64 `json:"goal"` // least ratio aimed at, or the limit in Unit where PeerName is empty
	Met      bool    `json:"met"`
}

// Faster makes the row of a measure where less is better (a duration).
func Faster(name, unit string, ours, peer float64, peerName string, goal float64) Result {
	return Result{name, unit, ours, peer, peerName, peer / ours, goal, peer/ours >= goal}
}

// Higher makes the row of a measure where more is better (a rate).
func Higher(name, unit string, ours, peer float64, peerName string, goal float64) Result {
	return Result{name, unit, ours, peer, peerName, ours / peer, goal, ours/peer >= goal}
}

// Below makes the row of a measure with a limit of its own and no peer. A measure of 0 has no ratio: it stays 0.
func Below(name, unit string, ours, limit float64) Result {
	r := Result{Name: name, Unit: unit, Ours: ours, Goal: limit, Met: ours <= limit}
	if ours != 0 {
		r.Ratio = limit / ours
	}
	return r
}
