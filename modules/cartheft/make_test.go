package cartheft

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"vigie/api/problem"
	"vigie/geoengine/forecast"
	"vigie/geoengine/hex"
)

// square is a territory of about 11 km × 8 km, of one area "a".
func square() *input {
	return &input{
		thefts: &thefts{Offset: 3600}, Borders: []borderLine{{Path: "a", Name: "A", Fingerprint: 1}}, Locate: func(orb.Point) string { return "a" },
		Territory: orb.MultiPolygon{{{{1.4, 43.5}, {1.5, 43.5}, {1.5, 43.6}, {1.4, 43.6}, {1.4, 43.5}}}},
	}
}

// until is a local midnight of day 20000.
func untilDay(day int) time.Time { return time.Unix(int64(day)*86400-3600, 0).UTC() }

const today = 20000 // 2024-10-04

// add adds a theft that was reported the day after.
func (in *input) add(day int, p orb.Point) {
	in.List = append(in.List, theft{Point: p, PrecisionM: 10, Day: int32(day), Reported: int32(day) + 1, From: int64(day) * 86400, To: int64(day)*86400 + 86400, Area: "a"})
}

// uneven adds thefts of some days, three a day, most of them in one corner.
func (in *input) uneven(r *rand.Rand, first, last int) {
	for day := first; day < last; day++ {
		for range 3 {
			p := orb.Point{1.4 + 0.1*r.Float64(), 43.5 + 0.1*r.Float64()}
			if r.Float64() < 0.6 {
				p = orb.Point{1.42 + 0.006*r.NormFloat64(), 43.53 + 0.004*r.NormFloat64()}
			}
			in.add(day, p)
		}
	}
}

// TestHostileInput holds that whatever the past looks like there is an honest answer or a refusal that says what to change,
// and never what must not be kept.
func TestHostileInput(t *testing.T) {
	t.Parallel()
	corner := orb.Point{1.42, 43.53}
	for _, c := range []struct {
		name    string
		fill    func(in *input, r *rand.Rand)
		refused bool
	}{
		{"nothing", func(*input, *rand.Rand) {}, true},
		{"three events", func(in *input, _ *rand.Rand) {
			for d := range 3 {
				in.add(today-100*d-5, corner)
			}
		}, true},
		{"all in a week", func(in *input, r *rand.Rand) { in.uneven(r, today-10, today-3) }, true},
		{"one point", func(in *input, _ *rand.Rand) {
			for d := range 700 {
				in.add(today-2-d, corner)
			}
		}, false},
		{"a constant series", func(in *input, _ *rand.Rand) {
			for d := range 700 {
				in.add(today-2-d, orb.Point{1.405 + 0.01*float64(d%10), 43.505 + 0.01*float64(d/10%10)})
			}
		}, false},
		{"a year's gap", func(in *input, r *rand.Rand) { in.uneven(r, today-900, today-600); in.uneven(r, today-200, today-2) }, false},
		{"future dates", func(in *input, r *rand.Rand) { in.uneven(r, today-500, today-2); in.uneven(r, today+10, today+300) }, false},
		{"nowhere more than elsewhere", func(in *input, r *rand.Rand) {
			for d := range 1000 {
				in.add(today-2-d/2, orb.Point{1.4 + 0.1*r.Float64(), 43.5 + 0.1*r.Float64()})
			}
		}, false},
		{"no precision", func(in *input, r *rand.Rand) {
			in.uneven(r, today-500, today-2)
			for i := range in.List {
				in.List[i].PrecisionM = 5000
			}
		}, true},
		{"all outside", func(in *input, _ *rand.Rand) {
			for d := range 700 {
				in.add(today-2-d, orb.Point{5, 45})
			}
		}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := square()
			c.fill(in, rand.New(rand.NewPCG(1, 2)))
			spec := forecast.Spec{Name: Name, Until: untilDay(today), Horizon: "P14D", Areas: []string{"a"}, Options: map[string]string{"resolution": "9"}}
			r, err := makeRun(t.Context(), in, spec, nil)
			var p *problem.Problem
			if c.refused {
				if !errors.As(err, &p) || p.FR == "" || p.EN == "" {
					t.Errorf("no refusal in words: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			checked(t, in, r, spec)
			if c.name != "a year's gap" && c.name != "future dates" && r.Card.Usable {
				t.Errorf("there is nothing to beat the count by, but: %s", r.Card.Verdict.EN)
			}
		})
	}
}

// checked puts a run into the form in which it would be kept, and refuses what must not be.
func checked(t *testing.T, in *input, r *forecast.Result, spec forecast.Spec) []byte {
	t.Helper()
	r.Spec, r.Model, r.Version, r.InputHash, r.Place = spec, "m", version, in.Hash(), forecast.Cells
	r.Canonical()
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	body, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if r.Card.Verdict.FR == "" || len(r.Card.Equity) == 0 || len(r.Card.Limits) == 0 {
		t.Errorf("a card that says nothing: %+v", r.Card)
	}
	return body
}

// TestSameBytes holds that a run is a function of its input and spec, whatever is done beside it, and that what was not
// known changes nothing.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	make := func(in *input) []byte {
		in.uneven(rand.New(rand.NewPCG(7, 7)), today-800, today-2)
		spec := forecast.Spec{Name: Name, Until: untilDay(today), Horizon: "P7D", Seed: 3, Areas: []string{"a"}, Options: map[string]string{"resolution": "9"}}
		r, err := makeRun(t.Context(), in, spec, nil)
		if err != nil {
			t.Fatal(err)
		}
		return checked(t, in, r, spec)
	}
	one := make(square())
	if !bytes.Equal(one, make(square())) {
		t.Error("the same input gives other bytes")
	}
	if square().Hash() == func() string { in := square(); in.Borders[0].Fingerprint = 2; return in.Hash() }() {
		t.Error("another border has the same hash")
	}
}

// TestAutomaticResolution holds that the resolutions that were tried are told with what they held.
func TestAutomaticResolution(t *testing.T) {
	t.Parallel()
	in := square()
	in.uneven(rand.New(rand.NewPCG(8, 8)), today-800, today-2)
	spec := forecast.Spec{Name: Name, Until: untilDay(today), Horizon: "P1M", Areas: []string{"a"}}
	fits, err := in.fits(t.Context(), spec, today, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(fits) != 4 {
		t.Fatalf("%d resolutions are tried, want 8 to 11", len(fits))
	}
	chosen := best(fits)
	for i := range fits {
		if fits[i].Usable == chosen.Usable && fits[i].share > chosen.share || fits[i].Usable && !chosen.Usable {
			t.Errorf("resolution %d holds %v, %d is chosen with %v", fits[i].resolution, fits[i].share, chosen.resolution, chosen.share)
		}
	}
	for i := range in.List {
		in.List[i].PrecisionM = 50 // enough for cells of resolution 10, not for 11
	}
	if got := in.tried(spec); len(got) != 3 || got[2] != 10 {
		t.Errorf("positions known to 50 m: %v are tried", got)
	}
}

// TestSliversDoNotLead holds that what the border leaves of a cell is not pointed out because it is small.
func TestSliversDoNotLead(t *testing.T) {
	t.Parallel()
	cells := hex.Descendants(nil, hex.Cell(1.44, 43.6, 8), 9)[:4]
	values := make([]forecast.Value, len(cells))
	areas := make([]float64, len(cells))
	for i, expected := range []float64{0.004, 3, 1, 3} { // the first is a sliver, the second two thirds of a cell
		values[i] = forecast.Value{Cell: cells[i], Expected: expected}
		areas[i] = hex.AreaM2(cells[i]) * []float64{0.0011, 0.67, 1, 1}[i]
	}
	rank(values, areas)
	for i, want := range []int{4, 1, 3, 2} {
		if values[i].Rank != want {
			t.Errorf("place %d has rank %d, want %d", i, values[i].Rank, want)
		}
	}
}
