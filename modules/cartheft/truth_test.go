package cartheft

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"vigie/data/sources/demo"
	"vigie/geoengine/forecast"
	"vigie/geoengine/hex"
)

// demoInput is what a run would read of the demonstration territory, whose truth is known.
func demoInput(t *testing.T, d *demo.Territory, until time.Time) *input {
	t.Helper()
	in := &input{thefts: &thefts{}, Territory: orb.MultiPolygon{d.Outline}}
	for _, e := range d.Events() {
		if e.Category != Category || !e.Reported.Before(until) {
			continue
		}
		_, offset := e.Start.Zone()
		in.Offset = offset
		in.take(stored{
			ref: e.Ref, category: e.Category, start: float64(e.Start.Unix()), end: float64(e.End.Unix()), reported: float64(e.Reported.Unix()), offset: offset,
			lon: &e.Position[0], lat: &e.Position[1], precision: float32(e.PrecisionM), area: communeOf(d, e.Position), discovery: e.Attributes,
		})
	}
	in.Locate = func(p orb.Point) string { return communeOf(d, p) }
	return in
}

func communeOf(d *demo.Territory, p orb.Point) string {
	if c := d.CommuneAt(p); c >= 0 {
		return "demo." + d.Communes[c].Code
	}
	return ""
}

// truthOf is what the territory expects in each cell in [from, to): its intensity at the middle, over a sample of the hours.
func truthOf(d *demo.Territory, cells []uint64, from, to time.Time) []float64 {
	truth := make([]float64, len(cells))
	all := 0.0
	for i, cell := range cells {
		at := hex.Center(cell)
		for hour := from; hour.Before(to); hour = hour.Add(113 * time.Hour) {
			truth[i] += d.Intensity(demo.KindTheft, at, hour) * hex.AreaM2(cell)
		}
		all += truth[i]
	}
	total := d.Expected(demo.KindTheft, from, to)
	for i := range truth {
		truth[i] *= total / all
	}
	return truth
}

// TestTruth measures a run on the demonstration territory against the rates that its thefts were drawn from: 33 months of
// reports, the three months after. The forecast must order the cells as the truth does, better than the count of the
// past, and be within a third of the truth in all, and within half of the truth's shape in each fifth of what it expects.
// docs/forecasts.md has the figures.
func TestTruth(t *testing.T) {
	t.Parallel()
	d := demo.New(demo.Config{Seed: 5})
	until := time.Date(2025, 10, 1, 0, 0, 0, 0, d.From.Location())
	in := demoInput(t, d, until)
	spec := forecast.Spec{Name: Name, Until: until, Horizon: "P3M", Seed: 1, Areas: []string{"demo"}, Options: map[string]string{"resolution": "9"}}
	r, err := makeRun(t.Context(), in, spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	cells := make([]uint64, len(r.Values))
	got, count := make([]float64, len(cells)), make([]float64, len(cells))
	for i := range r.Values {
		cells[i], got[i], count[i] = r.Values[i].Cell, r.Values[i].Expected, r.Values[i].Count
	}
	truth := truthOf(d, cells, r.From, r.To)
	ordered, past := spearman(got, truth), spearman(count, truth)
	t.Logf("%d cells, %d thefts: rank correlation with the truth %.3f, the count's %.3f; correlation %.3f, the count's %.3f", len(cells), r.Card.Inputs.Events,
		ordered, past, pearson(got, truth), pearson(count, truth))
	if ordered < 0.5 || ordered < past || pearson(got, truth) < 0.75 || !r.Card.Usable {
		t.Errorf("the forecast does not order the cells as the truth does: %s", r.Card.Verdict.EN)
	}
	ratios := fifths(got, truth)
	t.Logf("true over expected: %.2f in all; by fifths of what is expected, the highest first: %.2f", sum(truth)/sum(got), ratios)
	// The general level is the season's, too: what is compared cell by cell is the shape.
	all := sum(truth) / sum(got)
	if math.Abs(math.Log(all)) > math.Log(1.35) {
		t.Errorf("%.2f times what is expected is true", all)
	}
	for i, ratio := range ratios {
		if math.Abs(math.Log(ratio/all)) > math.Log(1.5) {
			t.Errorf("fifth %d: %.2f times what is expected is true, %.2f in all", i+1, ratio, all)
		}
	}
	night := 0.0 // most thefts in the street are at night: the hours must say so, though intervals blur them
	for hour, share := range r.Profiles[0] {
		if k := hour % 24; k >= 21 || k < 6 {
			night += share
		}
	}
	if night < 9.0/24+0.05 {
		t.Errorf("%.2f of the thefts are between 21 h and 6 h, no more than of the hours", night)
	}
}

// fifths are true over expected by classes of a fifth of all that is expected, the cells where most is expected first.
func fifths(expected, truth []float64) []float64 {
	order := make([]int, len(expected))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(expected[b], expected[a]) })
	var ratios []float64
	var f, y, passed float64
	total := sum(expected)
	for _, i := range order {
		f, y, passed = f+expected[i], y+truth[i], passed+expected[i]
		if passed >= total*float64(len(ratios)+1)/5-1e-9 {
			ratios = append(ratios, y/f)
			f, y = 0, 0
		}
	}
	return ratios
}

func sum(values []float64) (total float64) {
	for _, v := range values {
		total += v
	}
	return total
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
	out := make([]float64, len(v))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && v[order[j]] == v[order[i]] {
			j++
		}
		for k := i; k < j; k++ {
			out[order[k]] = float64(i+j-1) / 2
		}
		i = j
	}
	return out
}

func pearson(a, b []float64) float64 {
	var ma, mb float64
	n := float64(len(a))
	for i := range a {
		ma += a[i] / n
		mb += b[i] / n
	}
	var aa, bb, ab float64
	for i := range a {
		aa += (a[i] - ma) * (a[i] - ma)
		bb += (b[i] - mb) * (b[i] - mb)
		ab += (a[i] - ma) * (b[i] - mb)
	}
	return ab / math.Sqrt(aa*bb)
}

func spearman(a, b []float64) float64 { return pearson(ranks(a), ranks(b)) }
