package accidents

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"gonum.org/v1/gonum/stat/distuv"

	"vigie/geoengine"
	"vigie/predict/roadrisk"
)

// TestRatesHoldTheTruth draws areas whose rates are known: the intervals hold them, and the shrunk rates are nearer.
func TestRatesHoldTheTruth(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(4, 4))
	const areas = 400
	truth, counts, exposures := make([]float64, areas), make([]float64, areas), make([]float64, areas)
	for i := range truth {
		exposures[i] = math.Exp(3 * random.Float64())
		truth[i] = distuv.Gamma{Alpha: 3, Beta: 3 / 0.8, Src: random}.Rand()
		counts[i] = distuv.Poisson{Lambda: truth[i] * exposures[i], Src: random}.Rand()
	}
	held, ours, theirs := 0.0, 0.0, 0.0
	for i, r := range rates(counts, exposures) {
		if r.low <= truth[i] && truth[i] <= r.high {
			held++
		}
		ours += (r.value - truth[i]) * (r.value - truth[i])
		theirs += (r.raw - truth[i]) * (r.raw - truth[i])
	}
	if share := held / areas; share < 0.92 || share > 0.98 {
		t.Errorf("the 95 %% intervals hold %.1f %% of the true rates", 100*share)
	}
	if ours > 0.7*theirs {
		t.Errorf("squared error %.2f shrunk, %.2f raw", ours, theirs)
	}
}

func TestRatesOfFew(t *testing.T) {
	t.Parallel()
	// Garwood 1936: 3 events have an exact 95 % interval of 0.619 to 8.767, none of 0 to 3.689.
	got := rates([]float64{3, 0}, []float64{2, 1})
	for i, want := range []rate{{raw: 1.5, value: 1.5, low: 0.619 / 2, high: 8.767 / 2}, {high: 3.689}} {
		if d := cmp.Diff(want, got[i], cmp.AllowUnexported(rate{}), cmpopts.EquateApprox(0, 0.001)); d != "" {
			t.Error(d)
		}
	}
	for name, counts := range map[string][]float64{"nothing anywhere": make([]float64, 8), "all alike": {10, 10, 10, 10, 10, 10}} {
		exposures := make([]float64, len(counts))
		for i := range exposures {
			exposures[i] = 10
		}
		for _, r := range rates(counts, exposures) {
			if math.IsNaN(r.value) || r.low < 0 || !(r.high > r.value) || math.IsInf(r.high, 0) {
				t.Errorf("%s: %+v", name, r)
			}
		}
	}
	if got := rates(nil, nil); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

func TestWeigh(t *testing.T) {
	t.Parallel()
	list := rates([]float64{100, 0}, []float64{10, 10})
	weigh(list, []float64{100, 0}, []float64{2, 0})
	if d := cmp.Diff(0.2, list[0].raw, cmpopts.EquateApprox(1e-9, 0)); d != "" || list[1].value != 0 || list[1].high <= 0 {
		t.Errorf("%+v", list)
	}
	none := rates([]float64{0, 0}, []float64{1, 1})
	weigh(none, []float64{0, 0}, []float64{0, 0})
	if none[0] != (rate{weight: none[0].weight}) {
		t.Errorf("no accident: %+v", none[0])
	}
}

func TestLevel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		counts    []float64
		low, high float64
	}{
		{[]float64{100}, 1, 1}, {nil, 1, 1}, {[]float64{0, 0}, 1, 1},
		{[]float64{100, 104, 96, 100}, 1, 1},            // no more than chance
		{[]float64{5000, 4500, 4000, 3500}, 0.82, 0.83}, // 3,500 of a mean of 4,250
		{[]float64{5, 4, 3, 2}, 1, 1},                   // the same fall, of few
		{[]float64{1000, 1000, 1000, 2000}, 1.5, 1.6},   // all but the last year itself
	} {
		factor, variance := level(c.counts)
		if factor < c.low || factor > c.high || variance < 0 {
			t.Errorf("%v: level %v (variance %v), want %v to %v", c.counts, factor, variance, c.low, c.high)
		}
	}
}

func TestSeason(t *testing.T) {
	t.Parallel()
	zone := paris(t)
	year := roadrisk.Period{From: time.Date(2022, 1, 1, 0, 0, 0, 0, zone), To: time.Date(2023, 1, 1, 0, 0, 0, 0, zone)}
	var list []roadrisk.Accident
	for month := range 12 {
		n := 1000
		if month == 6 {
			n = 2000
		}
		for range n {
			list = append(list, roadrisk.Accident{Start: time.Date(2022, time.Month(month+1), 15, 8, 0, 0, 0, zone), Severity: geoengine.SeveritySlight})
		}
	}
	months, err := season(list, []roadrisk.Period{year}, zone)
	if err != nil {
		t.Fatal(err)
	}
	at := func(m time.Month, n int) time.Time { return time.Date(2023, m, n, 0, 0, 0, 0, zone) }
	july, all := shareOf(months, at(7, 1), at(8, 1), zone), shareOf(months, at(1, 1), time.Date(2024, 1, 1, 0, 0, 0, 0, zone), zone)
	if math.Abs(july-2000.0/13000) > 0.005 || math.Abs(all-1) > 1e-9 {
		t.Errorf("July holds %v of a year, the year %v", july, all)
	}
	flat, err := season(nil, []roadrisk.Period{year}, zone)
	if err != nil || math.Abs(shareOf(flat, at(3, 1), at(4, 1), zone)-31.0/365) > 1e-9 {
		t.Errorf("without accidents March holds %v: %v", flat, err)
	}
}

func TestToChord(t *testing.T) {
	t.Parallel()
	a, b := [2]float64{2, 48}, [2]float64{2.1, 48}
	for _, c := range []struct {
		p    [2]float64
		want float64
	}{{[2]float64{2.05, 48}, 0}, {[2]float64{2.05, 48.01}, 1112}, {[2]float64{1.99, 48}, 744}, {[2]float64{2.1, 47.99}, 1112}} {
		if got := toChord(c.p, a, b); math.Abs(got-c.want) > 3 {
			t.Errorf("%v: %v m, want %v", c.p, got, c.want)
		}
	}
	if got := toChord([2]float64{2, 48.01}, a, a); math.Abs(got-1112) > 3 {
		t.Errorf("a section without length: %v m", got)
	}
}
