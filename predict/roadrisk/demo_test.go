package roadrisk

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"

	"vigie/data/sources/demo"
	"vigie/geoengine/road"
)

// demoWorld is the fictional département on its own network, with its truth by lixel.
type demoWorld struct {
	network   *Network
	accidents []Accident
	periods   []Period
	truth     []float64 // accidents a year
	hours     []float64 // shares of the week, of the whole territory
}

func newDemoWorld(t *testing.T) *demoWorld {
	t.Helper()
	territory := demo.New(demo.Config{})
	var sections []road.Section
	for _, s := range territory.Sections() {
		sections = append(sections, *s)
	}
	graph, err := road.New(sections, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	network, err := Prepare(t.Context(), graph, graph.Lixels(250, 500), nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &demoWorld{network: network, periods: []Period{{territory.From, territory.To}}, truth: make([]float64, network.Lixels.Len()), hours: make([]float64, HoursOfWeek)}
	for _, e := range territory.Events() {
		if e.Category == string(demo.KindAccident) {
			w.accidents = append(w.accidents, FromEvent(e))
		}
	}
	for _, m := range territory.Masses(demo.KindAccident) {
		if spot, found := graph.Snap(m.Position, road.SnapOptions{}); found {
			w.truth[network.Lixels.Of(spot)] += m.PerYear
		}
	}
	total := 0.0
	for at := territory.From; at.Before(territory.To); at = at.Add(time.Hour) {
		a := Accident{Start: at, HourKnown: true}
		rate := territory.Rate(demo.KindAccident, at)
		w.hours[a.Hour()] += rate
		total += rate
	}
	for h := range w.hours {
		w.hours[h] /= total
	}
	return w
}

// rankCorrelation is Spearman's.
func rankCorrelation(a, b []float64) float64 {
	ra, rb := ranks(a), ranks(b)
	mean := float64(len(a)-1) / 2
	var ab, aa, bb float64
	for i := range ra {
		ab += (ra[i] - mean) * (rb[i] - mean)
		aa += (ra[i] - mean) * (ra[i] - mean)
		bb += (rb[i] - mean) * (rb[i] - mean)
	}
	return ab / math.Sqrt(aa*bb)
}

func ranks(v []float64) []float64 {
	order := make([]int, len(v))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case v[a] < v[b]:
			return -1
		case v[a] > v[b]:
			return 1
		}
		return 0
	})
	r := make([]float64, len(v))
	for i := 0; i < len(order); {
		k := i
		for k < len(order) && v[order[k]] == v[order[i]] {
			k++
		}
		for _, j := range order[i:k] {
			r[j] = float64(i+k-1) / 2 // ties share their mean rank
		}
		i = k
	}
	return r
}

// deviance is Poisson's, of the truth against what was expected.
func deviance(expected, truth []float64) float64 {
	sum := 0.0
	for i, mu := range truth {
		lambda := max(expected[i], 1e-6)
		if mu > 0 {
			sum += mu * math.Log(mu/lambda)
		}
		sum += lambda - mu
	}
	return 2 * sum
}

// TestRecoversTheTruth compares the surface with the intensity that the demonstration drew its accidents from: it must
// rank roads better than raw counts and than the model without neighbours or without Bayes, be closer to the truth than
// they are, and its intervals must hold the truth about as often as they say.
func TestRecoversTheTruth(t *testing.T) {
	t.Parallel()
	w := newDemoWorld(t)
	build := func(m Model) *Surface {
		m.Counts = true // the truth of the demonstration is about counts
		surfaces, err := w.network.Build(context.Background(), w.accidents, Options{Periods: w.periods, Kinds: []Kind{AnyKind}, Model: m})
		if err != nil {
			t.Fatal(err)
		}
		return surfaces[AnyKind]
	}
	s := build(Model{})
	raw := byLixel(w.network.Place(w.accidents, w.periods, 0).Accidents, len(w.truth), one)
	for i := range raw {
		raw[i] /= 3
	}
	held, long, total, expected := 0.0, 0.0, 0.0, 0.0
	for i, mu := range w.truth {
		total += mu
		expected += s.Expected[i]
		if w.network.Lixels.List[i].Metres < 200 {
			continue // the truth comes in stretches of 50 m, which are rounded to one lixel or the next
		}
		long++
		if s.Low[i] <= mu && mu <= s.High[i] {
			held++
		}
	}
	held /= long
	ours, own := rankCorrelation(s.Expected, w.truth), rankCorrelation(raw, w.truth)
	t.Logf("%d lixels, %d accidents: rank correlation %.3f (raw counts %.3f), deviance %.0f (raw %.0f), 90 %% intervals hold %.1f %%, %v: %.3v",
		len(w.truth), s.Report.Accidents, ours, own, deviance(s.Expected, w.truth), deviance(raw, w.truth), 100*held, s.Report.Terms, s.Report.Coefficients)
	if ours < own+0.15 {
		t.Errorf("rank correlation with the truth %.3f, raw counts %.3f", ours, own)
	}
	if held < 0.80 || held > 0.97 {
		t.Errorf("intervals of 90 %% hold the truth on %.1f %% of the lixels", 100*held)
	}
	if math.Abs(expected/total-1) > 0.05 {
		t.Errorf("%.0f accidents a year expected, the truth is %.0f", expected, total)
	}
	for _, m := range []Model{{NoNeighbours: true}, {NoBayes: true, NoNeighbours: true}, {NoCentrality: true}, {NoBayes: true}} {
		less := build(m)
		t.Logf("%s: rank correlation %.3f, deviance %.0f", m, rankCorrelation(less.Expected, w.truth), deviance(less.Expected, w.truth))
		if m.NoNeighbours && deviance(less.Expected, w.truth) <= deviance(s.Expected, w.truth) {
			t.Errorf("%s is nearer to the truth than the whole model", m)
		}
	}
	off := 0.0
	for h, share := range w.hours {
		sum := 0.0
		for i := range s.Expected {
			sum += s.At(i, h)
		}
		off += math.Abs(sum/expected - share)
	}
	t.Logf("hours: %.3f of the week is in another hour than in truth", off/2)
	if off/2 > 0.12 {
		t.Errorf("the profiles put %.3f of the week in other hours than the truth", off/2)
	}
}
