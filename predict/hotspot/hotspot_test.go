package hotspot

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"vigie/predict/judge"
)

// start is 2020-01-01.
const start judge.Day = 18262

// square is a territory of about so many metres each way around a place in France.
func square(metres float64) orb.MultiPolygon {
	half := metres / 2 / 111195
	x, y := 2.35, 48.85
	wide := half / math.Cos(y*math.Pi/180)
	return orb.MultiPolygon{{{{x - wide, y - half}, {x + wide, y - half}, {x + wide, y + half}, {x - wide, y + half}, {x - wide, y - half}}}}
}

// city makes thefts: hot addresses that last, a centre that is denser, and an even rest.
func city(seed uint64, days, perDay int, hot float64) []Event {
	r := rand.New(rand.NewPCG(seed, 1))
	at := func(spread float64) orb.Point {
		return orb.Point{2.35 + spread*r.NormFloat64(), 48.85 + spread*.66*r.NormFloat64()}
	}
	addresses := make([]orb.Point, 60)
	for i := range addresses {
		addresses[i] = at(.02)
	}
	var out []Event
	for d := range days {
		for range perDay {
			p := at(.012)
			switch u := r.Float64(); {
			case u < hot:
				p = addresses[int(60*r.Float64()*r.Float64())]
			case u < .6:
				p = orb.Point{2.31 + .08*r.Float64(), 48.825 + .05*r.Float64()}
			}
			day := start + judge.Day(d)
			out = append(out, Event{p, day, day + judge.Day(r.IntN(3))})
		}
	}
	return out
}

func TestAnEventHasRoomForNothingOfAPerson(t *testing.T) {
	t.Parallel()
	var got []string
	for f := range reflect.TypeFor[Event]().Fields() {
		got = append(got, f.Name+" "+f.Type.String())
	}
	if diff := cmp.Diff([]string{"Point orb.Point", "Day int32", "Reported int32"}, got); diff != "" {
		t.Fatal(diff)
	}
}

// Numbers of PROJ 9 (pyproj) for the same cones.
func TestPlaneAgreesWithPROJ(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		plane Plane
		at    orb.Point
		want  orb.Point
	}{
		{"Oregon North", OregonNorth(), orb.Point{-122.667962, 45.560806}, orb.Point{2330772.9664278743, 212752.5338540306}},
		{"Oregon North, far", OregonNorth(), orb.Point{-117, 42.5}, orb.Point{2787882.66513806, -123446.39528080591}},
		{"south", NewPlane(-33.5, -33.5, -33.5, 151, 0, 0), orb.Point{151.3, -33.8}, orb.Point{27780.56191872875, -33315.11787808577}},
	} {
		got := c.plane.On(c.at)
		if math.Hypot(got[0]-c.want[0], got[1]-c.want[1]) > .001 {
			t.Errorf("%s: %v on the plane, want %v", c.name, got, c.want)
		}
		back := c.plane.Off(got)
		if math.Abs(back[0]-c.at[0]) > 1e-9 || math.Abs(back[1]-c.at[1]) > 1e-9 {
			t.Errorf("%s: back at %v, want %v", c.name, back, c.at)
		}
	}
}

// Numbers of SciPy's nbinom.ppf and poisson.ppf.
func TestQuantileAgreesWithSciPy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mean, shape, p float64
		want           int
	}{
		{.3, .5, .9, 1}, {.3, .5, .975, 2}, {5, 2, .1, 1}, {5, 2, .9, 11}, {40, 3, .975, 98}, {.01, .4, .99, 0},
		{4.2, math.Inf(1), .9, 7}, {4.2, math.Inf(1), .025, 1}, {0, 1, .9, 0},
	} {
		if got := Quantile(c.mean, c.shape, c.p); got != c.want {
			t.Errorf("quantile %g of mean %g, shape %g: %d, want %d", c.p, c.mean, c.shape, got, c.want)
		}
	}
}

func TestGridsHaveExactAreas(t *testing.T) {
	t.Parallel()
	territory := square(3000)
	plane := LocalPlane(orb.Point{2.35, 48.85})
	turned, err := NewRectangles(Rectangle{Width: 80, Height: 150, East: 13, North: -7, Turn: .4}, plane, territory, nil)
	if err != nil {
		t.Fatal(err)
	}
	hexagons, err := NewHex(9, territory, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := 0. // slivers under a thousandth of a place are left out; shoelace on the plane, which is true to scale here
	ring := territory[0][0]
	for i := range ring[:len(ring)-1] {
		a, b := plane.On(ring[i]), plane.On(ring[i+1])
		want += (a[0]*b[1] - b[0]*a[1]) / 2
	}
	if got := turned.Whole(); math.Abs(got/want-1) > 1e-5 {
		t.Errorf("rectangles: %.0f m², want %.0f", got, want)
	}
	if got := hexagons.Whole(); math.Abs(got/want-1) > 4e-3 { // H3 takes areas on the sphere
		t.Errorf("hexagons: %.0f m², want %.0f", got, want)
	}
	for _, g := range []*Grid{turned, hexagons} {
		for i, p := range g.Middles {
			if got := g.Locate(p); got != int32(i) {
				t.Fatalf("the middle of place %d is located in %d", i, got)
			}
		}
		if got := g.Locate(orb.Point{3, 48.85}); got != -1 {
			t.Errorf("a position outside is located in %d", got)
		}
	}
}

func TestAHoleHasNoPlaces(t *testing.T) {
	t.Parallel()
	outer, hole := square(3000)[0][0], square(1000)[0][0]
	g, err := NewRectangles(Rectangle{Width: 100, Height: 100}, LocalPlane(orb.Point{2.35, 48.85}), orb.MultiPolygon{{outer, hole}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := g.Whole() / 8e6; math.Abs(got-1) > .01 {
		t.Errorf("%.3f of the area around the hole", got)
	}
	if g.Locate(orb.Point{2.35, 48.85}) >= 0 {
		t.Error("the middle of the hole is a place")
	}
}

// A forecast knows nothing of what is reported later: whatever happens then, the forecast is the same to the last bit.
func TestForecastKnowsNothingOfTheFuture(t *testing.T) {
	t.Parallel()
	events := city(1, 700, 5, .3)
	until := start + 600
	grid, err := NewHex(9, square(9000), nil)
	if err != nil {
		t.Fatal(err)
	}
	var past []Event
	for _, e := range events {
		if e.Reported < until {
			past = append(past, e)
		}
	}
	var got [2][]byte
	for i, in := range [][]Event{events, past} {
		f, err := Fit(t.Context(), in, grid, until, Options{Workers: 1 + i})
		if err != nil {
			t.Fatal(err)
		}
		if got[i], err = json.Marshal(struct {
			F any
			C any
		}{finiteShapes(f.Forecast(30)), f.Choices}); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(got[0], got[1]) {
		t.Error("the forecast changes with what was reported later, or with the number of workers")
	}
}

func finiteShapes(forecasts []CellForecast) []CellForecast {
	for i := range forecasts {
		forecasts[i].Shape = min(forecasts[i].Shape, 1e9)
	}
	return forecasts
}

func TestForecastFindsWhatLasts(t *testing.T) {
	t.Parallel()
	events := city(2, 900, 8, .35)
	until := start + 870
	grid, err := NewHex(9, square(9000), nil)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Fit(t.Context(), events, grid, until, Options{})
	if err != nil {
		t.Fatal(err)
	}
	expected, happened, top, hits := 0., 0., 0., 0.
	observed := map[uint64]float64{}
	for _, e := range events {
		if i := grid.Locate(e.Point); i >= 0 && e.Day >= until && e.Day < until+28 {
			observed[grid.IDs[i]]++
			happened++
		}
	}
	for _, c := range f.Forecast(28) {
		expected += c.Mean
		if int(c.Rank) <= len(grid.IDs)/10 {
			top, hits = top+c.Mean, hits+observed[c.Cell]
		}
	}
	if ratio := happened / expected; ratio < .8 || ratio > 1.25 {
		t.Errorf("%.0f thefts expected, %.0f happened", expected, happened)
	}
	if hits < .3*happened || math.Abs(hits-top) > 5*math.Sqrt(top) {
		t.Errorf("a tenth of the places: %.0f thefts expected, %.0f of %.0f happened", top, hits, happened)
	}
}

// Where every place is alike nothing beats the count, and the forecast says so.
func TestNoUsableSignal(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(4, 4))
	var events []Event
	box := square(6000).Bound()
	for d := range 800 {
		for range 4 {
			p := orb.Point{box.Left() + r.Float64()*(box.Right()-box.Left()), box.Bottom() + r.Float64()*(box.Top()-box.Bottom())}
			events = append(events, Event{p, start + judge.Day(d), start + judge.Day(d)})
		}
	}
	grid, err := NewHex(9, square(6000), nil)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Fit(t.Context(), events, grid, start+800, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if f.Usable || f.Model != Count {
		t.Errorf("usable %v by %q where there is no signal: %+v", f.Usable, f.Model, f.Choices)
	}
}

func TestBadInputIsRefusedOrAnswered(t *testing.T) {
	t.Parallel()
	one := func(n int, step judge.Day) []Event {
		var out []Event
		for i := range n {
			d := start + judge.Day(i)*step
			out = append(out, Event{orb.Point{2.35, 48.85}, d, d})
		}
		return out
	}
	gap := append(city(5, 200, 3, .3), func() []Event {
		later := city(6, 200, 3, .3)
		for i := range later {
			later[i].Day += 565
			later[i].Reported += 565
		}
		return later
	}()...)
	future := append(city(7, 300, 3, .3), Event{orb.Point{2.35, 48.85}, start + 5000, start + 5000})
	for _, c := range []struct {
		name   string
		events []Event
		until  judge.Day
		ground orb.MultiPolygon
		err    error
	}{
		{"no events", nil, start + 100, square(4000), ErrFew},
		{"three events", one(3, 30), start + 100, square(4000), ErrFew},
		{"a short past", one(30, 1), start + 30, square(4000), ErrFew},
		{"all before the first", one(300, 1), start - 5, square(4000), ErrFew},
		{"not a number", append(one(300, 1), Event{Point: orb.Point{math.NaN(), 48}, Day: start, Reported: start}), start + 300, square(4000), ErrInvalid},
		{"all events at one point", one(300, 1), start + 300, square(4000), nil},
		{"one cell", one(300, 1), start + 300, square(60), nil},
		{"a year's gap", gap, start + 765, square(9000), nil},
		{"future dates", future, start + 300, square(9000), nil},
		{"a constant series", one(500, 7), start + 3500, square(4000), nil},
		{"nobody drew a territory", city(8, 300, 3, .3), start + 300, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			grid, err := NewHex(9, c.ground, Positions(city(8, 50, 3, .3), start+50))
			if err != nil {
				t.Fatal(err)
			}
			f, err := Fit(t.Context(), c.events, grid, c.until, Options{})
			if !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if err != nil {
				return
			}
			for _, days := range []int{7, 90} {
				for _, v := range f.Forecast(days) {
					if !finite(v.Mean) || v.Mean < 0 || !finite(v.Count) || v.Count < 0 || math.IsNaN(v.Shape) || v.Shape <= 0 || v.Rank < 1 {
						t.Fatalf("forecast %+v", v)
					}
				}
			}
		})
	}
}
