package backtest

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/geoengine/road"
	"vigie/predict/roadrisk"
)

// town is a grid of n × n streets, 400 m apart.
func town(t *testing.T, n int) *road.Graph {
	t.Helper()
	const step = 400 / 111_195.0
	at := func(i, j int) orb.Point { return orb.Point{float64(i) * step, float64(j) * step} }
	var sections []road.Section
	add := func(i, j, k, l int, class road.Class) {
		sections = append(sections, road.Section{
			Source: "town", Ref: fmt.Sprintf("%d/%d/%d/%d", i, j, k, l), From: int64(i*n + j), To: int64(k*n + l), Line: orb.LineString{at(i, j), at(k, l)},
			Class: class, Forward: true, Backward: true,
		})
	}
	for i := range n {
		for j := range n {
			class := road.Residential
			if j == n/2 {
				class = road.Primary
			}
			if i+1 < n {
				add(i, j, i+1, j, class)
			}
			if j+1 < n {
				add(i, j, i, j+1, road.Residential)
			}
		}
	}
	graph, err := road.New(sections, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return graph
}

// crashes are accidents of some years: most on the main road on Friday and Saturday nights.
func crashes(g *road.Graph, seed uint64, years ...int) []roadrisk.Accident {
	random := rand.New(rand.NewPCG(seed, 1))
	lixels := g.Lixels(250, 500)
	var main []int
	for i := range lixels.List {
		if lixels.List[i].Class == road.Primary {
			main = append(main, i)
		}
	}
	var all []roadrisk.Accident
	for _, year := range years {
		for range 400 {
			lixel, day, hour := random.IntN(lixels.Len()), random.IntN(365), random.IntN(24)
			if random.IntN(10) < 6 {
				lixel, hour = main[random.IntN(len(main))], 20+random.IntN(4)
				for weekday := time.Sunday; weekday != time.Friday && weekday != time.Saturday; {
					day = random.IntN(364)
					weekday = time.Date(year, 1, 1+day, 0, 0, 0, 0, time.UTC).Weekday()
				}
			}
			a := roadrisk.Accident{
				Position: lixels.List[lixel].Centre.Position, HasPosition: true, PrecisionM: 5, HourKnown: true,
				Start: time.Date(year, 1, 1+day, hour, random.IntN(60), 0, 0, time.UTC), Severity: geoengine.SeveritySlight, Relevance: map[roadrisk.Kind]float64{roadrisk.AnyKind: 1},
			}
			if random.IntN(20) == 0 {
				a.Severity = geoengine.SeveritySerious
			}
			a.Weight = a.Severity.Weight()
			all = append(all, a)
		}
	}
	return all
}

func input(t *testing.T) Input {
	t.Helper()
	g := town(t, 12)
	return Input{Name: "town", Graph: g, Lixels: g.Lixels(250, 500), Accidents: crashes(g, 1, 2020, 2021, 2022), Train: []int{2020, 2021}, Test: 2022}
}

func score(t *testing.T, r *Report, name string, budget int) Score {
	t.Helper()
	for _, s := range r.Outcome.Scores {
		if s.Name == name && s.Budget == budget && s.Yardstick == r.Yardsticks[0].Name && s.Measure == byAccident {
			return s
		}
	}
	t.Fatalf("no score of %s", name)
	return Score{}
}

func TestRun(t *testing.T) {
	t.Parallel()
	in := input(t)
	options := Options{Budgets: []int{6, 12}, Draws: 200}
	r, err := Run(t.Context(), in, options)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Run(t.Context(), in, options)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, again); diff != "" {
		t.Errorf("the same question has another answer: %s", diff)
	}
	for _, s := range r.Outcome.Scores {
		if !(s.Share.Value >= 0 && s.Share.Value <= 1 && s.Share.Low <= s.Share.Value+1e-9 && s.Share.Value <= s.Share.High+1e-9) {
			t.Errorf("%+v", s)
		}
	}
	plan, chance, truth := score(t, r, "plan", 12), score(t, r, "uniform", 12), score(t, r, "all-knowing", 12)
	if plan.Ratio.Value != 1 || plan.Share.Value < 3*chance.Share.Value || truth.Share.Value < 0.8*plan.Share.Value {
		t.Errorf("plan %+v, chance %+v, all-knowing %+v", plan, chance, truth)
	}
	if r.Inner == nil || r.Inner.Test != 2021 || r.Inner.Train[0] != 2020 || len(r.Inner.Entrants) <= len(r.Outcome.Entrants) {
		t.Errorf("inner year: %+v", r.Inner)
	}
	if len(r.Goals) != 4 || r.Goals[0].Want != 1.5 || r.Goals[2].Want != 1.2 || r.Goals[0].Budget != 12 {
		t.Errorf("goals: %+v", r.Goals)
	}
}

// What is chosen does not depend on the year to be judged by.
func TestNobodyKnowsTheTestYear(t *testing.T) {
	t.Parallel()
	in := input(t)
	network, err := roadrisk.Prepare(t.Context(), in.Graph, in.Lixels, nil)
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWeek(t.Context(), network, nil)
	if err != nil {
		t.Fatal(err)
	}
	chosen := func(accidents []roadrisk.Accident) map[string][][]post {
		in.Accidents = accidents
		s, err := newSplit(network, w, in, Options{Budgets: []int{10}}.orDefaults())
		if err != nil {
			t.Fatal(err)
		}
		all, err := s.contenders(t.Context(), Kernels{KernelChoice{Metres: 500}, KernelChoice{Metres: 500}}, false)
		if err != nil {
			t.Fatal(err)
		}
		posts := map[string][][]post{}
		for _, c := range all {
			posts[c.Name] = c.choices
		}
		return posts
	}
	train := crashes(in.Graph, 1, 2020, 2021)
	one := chosen(append(train[:len(train):len(train)], crashes(in.Graph, 2, 2022)...))
	other := chosen(append(train[:len(train):len(train)], crashes(in.Graph, 3, 2022)...))
	for name := range one {
		same := cmp.Equal(one[name], other[name], cmp.AllowUnexported(post{}))
		if same == (name == "all-knowing") {
			t.Errorf("%s: the same with another test year: %v", name, same)
		}
	}
}

// What posts cover is what the definition says, by looking at every accident for itself.
func TestCovered(t *testing.T) {
	t.Parallel()
	in := input(t)
	network, err := roadrisk.Prepare(t.Context(), in.Graph, in.Lixels, nil)
	if err != nil {
		t.Fatal(err)
	}
	placed := network.Place(crashes(in.Graph, 4, 2022), []roadrisk.Period{wholeYear(2022, time.UTC)}, 0).Accidents
	j, err := newJury(network, placed)
	if err != nil {
		t.Fatal(err)
	}
	posts := []post{{5, 56}, {40, 57}, {41, 68}}
	exact := 0
	for _, y := range yardsticks() {
		got := j.covered(posts, y)
		for i := range j.accidents {
			want := 0.0
			for _, p := range posts {
				from := in.Lixels.List[p.lixel].Centre.Position
				to := j.accidents[i].Spot.Position
				metres := (math.Abs(from[0]-to[0]) + math.Abs(from[1]-to[1])) * 111_195 // the streets are a grid at the equator
				if hour := y.hour(int(p.slot), j.accidents[i].Hour); hour > 0 && metres > 1 {
					want = max(want, hour*y.distance(metres))
				} else if metres <= 1 {
					want = max(want, hour)
				}
			}
			if got[i] > want+0.02 { // streets are never shorter than the way along the grid
				t.Errorf("%s: accident %d is covered by %.3f, more than %.3f", y.Name, i, got[i], want)
			}
			if atEdge(in, &j.accidents[i], posts, y) {
				continue
			}
			exact++
			if math.Abs(got[i]-want) > 0.02 {
				t.Errorf("%s: accident %d is covered by %.3f, not %.3f", y.Name, i, got[i], want)
			}
		}
	}
	if exact < 300 {
		t.Errorf("only %d accidents were compared exactly", exact)
	}
}

// atEdge tells whether an accident lies where a way round a block, or the end of the reach, makes the measure of this
// test another one.
func atEdge(in Input, a *roadrisk.Placed, posts []post, y Yardstick) bool {
	for _, p := range posts {
		from, to := in.Lixels.List[p.lixel].Centre.Position, a.Spot.Position
		east, north := math.Abs(from[0]-to[0])*111_195, math.Abs(from[1]-to[1])*111_195
		if math.Abs(east+north-y.ReachM) < 5 || math.Min(east, north) < 205 {
			return true
		}
	}
	return false
}

func TestYardsticks(t *testing.T) {
	t.Parallel()
	halo := yardsticks()[0]
	for metres, want := range map[float64]float64{0: 1, 900: 0.5, 1800: 0.25, 3001: 0} {
		if got := halo.distance(metres); math.Abs(got-want) > 1e-9 {
			t.Errorf("%g m: %g, want %g", metres, got, want)
		}
	}
	for hour, want := range map[int]float64{0: 1, 1: 1, 2: 0.5, 167: 0.5, 3: 0, 166: 0} { // slot 0, round the week
		if got := halo.hour(0, hour); got != want {
			t.Errorf("hour %d: %g, want %g", hour, got, want)
		}
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*Input){
		"no train":       func(in *Input) { in.Train = nil },
		"future":         func(in *Input) { in.Train = []int{2020, 2022} },
		"empty year":     func(in *Input) { in.Train = []int{2019, 2020} },
		"empty test":     func(in *Input) { in.Test = 2023 },
		"no accidents":   func(in *Input) { in.Accidents = nil },
		"nothing placed": func(in *Input) { in.Accidents[0].Position = orb.Point{50, 50}; in.Accidents = in.Accidents[:1] },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := input(t)
			spoil(&in)
			if _, err := Run(t.Context(), in, Options{Budgets: []int{5}, Draws: 10}); !errors.Is(err, geoengine.ErrInvalid) {
				t.Errorf("%v", err)
			}
		})
	}
}
