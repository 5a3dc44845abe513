package roadrisk

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/geoengine/road"
)

// ladder is a road of n sections of 300 m along a meridian, with a side street of 300 m at every junction.
func ladder(t *testing.T, n int) *Network {
	t.Helper()
	const step = 300.0 / metresOfLat
	var sections []road.Section
	at := func(i int) orb.Point { return orb.Point{2, 48 + step*float64(i)} }
	for i := range n {
		side := orb.Point{2 + step/math.Cos(48*math.Pi/180), at(i)[1]}
		sections = append(sections,
			road.Section{Source: "t", Ref: fmt.Sprint("m", i), From: int64(i), To: int64(i + 1), Line: orb.LineString{at(i), at(i + 1)}, Class: road.Secondary, Forward: true, Backward: true, BuiltUp: road.No},
			road.Section{Source: "t", Ref: fmt.Sprint("s", i), From: int64(i), To: int64(1000 + i), Line: orb.LineString{at(i), side}, Class: road.Residential, Forward: true, Backward: true, BuiltUp: road.Yes})
	}
	graph, err := road.New(sections, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	network, err := Prepare(t.Context(), graph, graph.Lixels(250, 500), nil)
	if err != nil {
		t.Fatal(err)
	}
	return network
}

func year(y int) Period {
	return Period{time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(y+1, 1, 1, 0, 0, 0, 0, time.UTC)}
}

// slight is an accident at the centre of a lixel.
func slight(n *Network, lixel int, at time.Time) Accident {
	return Accident{Position: n.Lixels.List[lixel].Centre.Position, HasPosition: true, Start: at, HourKnown: true, Weight: 0.005, Severity: geoengine.SeveritySlight}
}

func TestReports(t *testing.T) {
	t.Parallel()
	n := ladder(t, 20)
	noon := time.Date(2020, 5, 4, 12, 30, 0, 0, time.UTC) // a Monday
	var all []Accident
	for i := range 60 {
		all = append(all, slight(n, i%n.Lixels.Len(), noon))
	}
	hourless, far, nowhere, damage, late := slight(n, 0, noon), slight(n, 0, noon), slight(n, 0, noon), slight(n, 0, noon), slight(n, 0, noon.AddDate(1, 0, 0))
	hourless.HourKnown, far.Position, nowhere.HasPosition, damage.Severity, damage.Weight = false, orb.Point{3, 48}, false, geoengine.SeverityDamage, 0
	all = append(all, hourless, far, nowhere, damage, late)
	surfaces, err := n.Build(t.Context(), all, Options{Periods: []Period{year(2020)}})
	if err != nil {
		t.Fatal(err)
	}
	got := surfaces[AnyKind].Report
	want := Report{Accidents: 61, Unplaced: 2, WithoutHour: 1, Outside: 1, Damage: 1, Years: 366 / 365.25, From: year(2020).From, To: year(2020).To, MeanWeight: 0.005, Weighted: true, Model: ModelName}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Report{}, "Hash", "Coefficients", "Terms", "Errors", "Dispersion"), cmpopts.EquateApprox(1e-9, 0)); diff != "" {
		t.Error(diff)
	}
	for kind, s := range surfaces {
		for g, profile := range s.Profiles {
			sum := 0.0
			for _, share := range profile {
				sum += share
			}
			if math.Abs(sum-1) > 1e-9 {
				t.Errorf("%s: profile %d sums to %v", kind, g, sum)
			}
		}
		for i := range s.Expected {
			if !(s.Low[i] <= s.Expected[i] && s.Expected[i] <= s.High[i]) || s.Expected[i] < 0 {
				t.Fatalf("%s: lixel %d: %v not within %v to %v", kind, i, s.Expected[i], s.Low[i], s.High[i])
			}
		}
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	n := ladder(t, 20)
	some := []Accident{slight(n, 3, time.Date(2020, 5, 4, 12, 0, 0, 0, time.UTC))}
	for name, c := range map[string]struct {
		accidents []Accident
		options   Options
	}{
		"no period":      {some, Options{}},
		"empty period":   {some, Options{Periods: []Period{{year(2020).To, year(2020).From}}}},
		"overlap":        {some, Options{Periods: []Period{year(2020), year(2020)}}},
		"no accidents":   {nil, Options{Periods: []Period{year(2020)}}},
		"of other years": {some, Options{Periods: []Period{year(2021)}}},
		"unknown kind":   {some, Options{Periods: []Period{year(2020)}, Kinds: []Kind{"bicycles"}}},
	} {
		if _, err := n.Build(t.Context(), c.accidents, c.options); !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Prepare(t.Context(), nil, nil, nil); !errors.Is(err, geoengine.ErrInvalid) {
		t.Errorf("no network: %v", err)
	}
}

// TestEmpiricalBayes holds the formula of the Highway Safety Manual on the surface: w·μ + (1−w)·observed.
func TestEmpiricalBayes(t *testing.T) {
	t.Parallel()
	n := ladder(t, 60)
	random := rand.New(rand.NewPCG(3, 4))
	var all []Accident
	counts := make([]float64, n.Lixels.Len())
	for i := range counts {
		rate := 2 * random.ExpFloat64() // a gamma mixture of shape 1
		for at := random.ExpFloat64(); at < rate; at += random.ExpFloat64() {
			all = append(all, slight(n, i, time.Date(2021, 3, 1+random.IntN(28), random.IntN(24), 0, 0, 0, time.UTC)))
			counts[i]++
		}
	}
	surfaces, err := n.Build(t.Context(), all, Options{Periods: []Period{year(2021)}, Kinds: []Kind{AnyKind}})
	if err != nil {
		t.Fatal(err)
	}
	s := surfaces[AnyKind]
	for i, observed := range counts {
		mu := s.Model[i] * s.Report.Years
		w := 1 / (1 + mu/s.Report.Dispersion)
		if want := (w*mu + (1-w)*observed) / s.Report.Years; math.Abs(s.Counts[i]/want-1) > 1e-9 {
			t.Fatalf("lixel %d with %v accidents, %v expected: %v, want %v", i, observed, mu, s.Counts[i], want)
		}
	}
	if s.Report.Dispersion < 0.5 || s.Report.Dispersion > 2 {
		t.Errorf("φ is %v, the truth is 1", s.Report.Dispersion)
	}
}

// TestSeverityIsPooled holds that one death moves the expectation of its lixel no more than that of the others alike,
// and that night, where the data are enough, is graver than day.
func TestSeverityIsPooled(t *testing.T) {
	t.Parallel()
	n := ladder(t, 40)
	random := rand.New(rand.NewPCG(5, 6))
	var all []Accident
	for i := range 4000 {
		a := slight(n, i%n.Lixels.Len(), time.Date(2022, 2, 7+random.IntN(5), 12, 0, 0, 0, time.UTC))
		if i%4 == 0 {
			a.Start = time.Date(2022, 2, 8+random.IntN(3), 23, 30, 0, 0, time.UTC)
		}
		if i%40 == 0 || i%40 == 1 && i%4 != 0 && i%400 == 1 { // 10 % of the night's, 0.3 % of the day's
			a.Severity, a.Weight = geoengine.SeverityFatal, 1
		}
		all = append(all, a)
	}
	p := n.Place(all, []Period{year(2022)}, 0)
	s := pooledSeverity(p.Accidents, n.stratum)
	night, day := s.mean*s.block[1], s.mean*s.block[0]
	if night < 0.07 || night > 0.13 || day > 0.02 {
		t.Errorf("mean weight %v by night, %v by day; the truth is 0.1045 and 0.0083", night, day)
	}
}

func TestBetweenness(t *testing.T) {
	t.Parallel()
	n := ladder(t, 4) // 9 nodes: every junction is a source
	flow, err := betweenness(t.Context(), n.Graph)
	if err != nil {
		t.Fatal(err)
	}
	// A side street carries into its dead end the trips from the 8 other junctions, each by exp(−t/900), over 9 sources.
	for e := range road.Edge(n.Graph.Edges()) {
		_, to := n.Graph.Ends(e)
		first, end := n.Graph.Out(to)
		if end-first != 1 || n.Graph.Section(e).Class != road.Residential {
			continue
		}
		want := 0.0
		ends := []road.Spot{n.Graph.SpotAt(e, n.Graph.Metres(e))}
		for node := range road.Node(n.Graph.Nodes()) {
			if node == to {
				continue
			}
			out, _ := n.Graph.Out(node)
			times, err := n.Graph.Matrix(t.Context(), []road.Spot{n.Graph.SpotAt(out, 0)}, ends)
			if err != nil {
				t.Fatal(err)
			}
			want += math.Exp(-float64(times[0][0])/tripSeconds) / float64(n.Graph.Nodes())
		}
		if math.Abs(flow[e]/want-1) > 0.01 {
			t.Errorf("edge %d carries %v, want %v", e, flow[e], want)
		}
	}
}

func TestZones(t *testing.T) {
	t.Parallel()
	n := ladder(t, 60)
	var all []Accident
	at := time.Date(2020, 6, 1, 8, 0, 0, 0, time.UTC)
	for i := range n.Lixels.Len() {
		if i%7 == 0 {
			all = append(all, slight(n, i, at))
		}
	}
	const hot = 41
	for range 12 {
		a := slight(n, hot, at)
		a.Serious = 1
		all = append(all, a)
	}
	for _, near := range n.near[hot] {
		for range 4 {
			if near.Metres <= hotWithinM {
				all = append(all, slight(n, int(near.Lixel), at))
			}
		}
	}
	z, err := n.Zones(t.Context(), all, ZoneOptions{Periods: []Period{year(2018), year(2019), year(2020), year(2021), year(2022)}, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for i := range z.ZAAC {
		if z.ZAAC[i] && i != hot && z.Accidents[i] == 0 {
			t.Errorf("lixel %d is in a historic zone without an accident", i)
		}
		if z.Density[i] > z.Density[hot] {
			t.Errorf("lixel %d is denser than the one with 12 accidents", i)
		}
	}
	if !z.ZAAC[hot] || !z.Hot[hot] {
		t.Errorf("12 accidents with 12 seriously injured on 300 m in 5 years, more around: zone %v, hot %v (q %v)", z.ZAAC[hot], z.Hot[hot], z.Q[hot])
	}
	mass, weight := 0.0, 0.0
	for i := range z.Density {
		mass += z.Density[i] * n.Lixels.List[i].Metres / 1000 * 5
	}
	for range all {
		weight += 0.005
	}
	if math.Abs(mass/weight-1) > 0.01 {
		t.Errorf("the density holds %v, the accidents weigh %v", mass, weight)
	}
}

func TestFromEvent(t *testing.T) {
	t.Parallel()
	saturdayNight, mondayNoon := time.Date(2024, 6, 2, 2, 0, 0, 0, time.UTC), time.Date(2024, 6, 3, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		start      time.Time
		severity   geoengine.Severity
		attributes geoengine.Attributes
		want       map[Kind]float64
	}{
		"weekend night, alone": {saturdayNight, geoengine.SeverityFatal, geoengine.Attributes{{Key: "vehicle", Value: "car"}, {Key: "vehicles", Value: "1"}},
			map[Kind]float64{AnyKind: 1, Alcohol: 0.584 * 1.28, Speed: 0.40, Belt: 1 - 0.9*0.79, Heavy: 0}},
		"Monday noon, two, a lorry": {mondayNoon, geoengine.SeveritySlight, geoengine.Attributes{{Key: "vehicle", Value: "car"}, {Key: "vehicle", Value: "heavy_vehicle"}, {Key: "vehicles", Value: "2"}},
			map[Kind]float64{AnyKind: 1, Alcohol: 0.125 * 0.72, Speed: 0.27, Belt: 0.10, Heavy: 1}},
		"the source knows": {mondayNoon, geoengine.SeveritySlight, geoengine.Attributes{{Key: "alcohol", Value: "yes"}, {Key: "phone", Value: "yes"}, {Key: "speeding", Value: "no"}},
			map[Kind]float64{AnyKind: 1, Alcohol: 1, Speed: 0, Belt: 1, Heavy: 0.05}},
		"no belt": {mondayNoon, geoengine.SeveritySlight, geoengine.Attributes{{Key: "protection", Value: "none"}, {Key: "user", Value: "driver"}, {Key: "vehicle", Value: "car"}},
			map[Kind]float64{AnyKind: 1, Alcohol: 0.125, Speed: 0.27, Belt: 1, Heavy: 0}},
		"a cyclist wears none": {mondayNoon, geoengine.SeveritySlight, geoengine.Attributes{{Key: "protection", Value: "none"}, {Key: "vehicle", Value: "bicycle"}},
			map[Kind]float64{AnyKind: 1, Alcohol: 0.125, Speed: 0.27, Belt: 0.10, Heavy: 0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := FromEvent(&geoengine.Event{Start: c.start, End: c.start, Severity: c.severity, Attributes: c.attributes})
			if diff := cmp.Diff(c.want, got.Relevance, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
				t.Error(diff)
			}
		})
	}
	day := time.Date(2024, 6, 3, 0, 0, 0, 0, time.UTC)
	if a := FromEvent(&geoengine.Event{Start: day, End: day.AddDate(0, 0, 1)}); a.HourKnown || a.Hour() != -1 || a.Relevance[Alcohol] != 0.304 {
		t.Errorf("a day without an hour: %+v", a)
	}
}
