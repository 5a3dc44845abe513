package bench

import (
	"fmt"

	"vigie/predict/hotspot"
	"vigie/predict/judge"
)

// theftTally collects what forecasts of the same origins caught.
type theftTally struct {
	grid     *hotspot.Grid
	names    []string
	hits     map[string][]float64 // by name and origin
	totals   []float64
	origin   int
	observed []float64
}

func newTheftTally(grid *hotspot.Grid) *theftTally {
	return &theftTally{grid: grid, hits: map[string][]float64{}, origin: -1}
}

// begin goes on to the next origin, where so much happened.
func (t *theftTally) begin(observed []float64, total float64) {
	t.totals = append(t.totals, total)
	t.at(len(t.totals)-1, observed, total)
}

// at goes back to an origin.
func (t *theftTally) at(origin int, observed []float64, _ float64) {
	t.origin, t.observed = origin, observed
}

// add judges one forecast at the origin.
func (t *theftTally) add(name string, scores []float64) {
	if t.hits[name] == nil {
		t.names = append(t.names, name)
	}
	hits, _ := judge.Capture(judge.Rank(scores, t.grid.Areas), t.grid.Areas, t.observed, theftMost*t.grid.Whole())
	t.hits[name] = append(t.hits[name], hits)
}

// results compare the first with all others, by the share of thefts that the best places caught; the log has the
// intervals of the differences, with Holm's correction.
func (t *theftTally) results(name string, options Options) []Result {
	ours, n := t.hits[t.names[0]], 0.
	for _, total := range t.totals {
		n += total
	}
	sum := func(values []float64) (s float64) {
		for _, v := range values {
			s += v
		}
		return s
	}
	var p []float64
	var differences []judge.Difference
	for _, other := range t.names[1:] {
		d := judge.PairedShare(ours, t.hits[other], t.totals, 2, 2000, options.Seed)
		differences, p = append(differences, d), append(p, d.P)
	}
	p = judge.Holm(p)
	results := []Result{}
	for k, other := range t.names[1:] {
		goal := 1.
		if other == "the law itself" { // the best there is: a tenth less is well done
			goal = 0.9
		}
		results = append(results, Higher(fmt.Sprintf("%s: thefts caught in %g %% of the area", name, 100*theftMost), "share", sum(ours)/n, sum(t.hits[other])/n, other, goal))
		d := differences[k]
		options.Log.Info("thefts", "case", name, "beside", other, "n", n, "ours", sum(ours), "theirs", sum(t.hits[other]), "difference", d.Mean, "low", d.Low, "high", d.High, "p", p[k])
	}
	return results
}
