package plan

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
	_ "time/tzdata" // Europe/Paris wherever the test runs

	"github.com/paulmach/orb"

	"vigie/geoengine/road"
	"vigie/predict/roadrisk"
)

func paris(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// lattice is a world of n × n junctions, step metres apart, with roads of several classes, risk that is heavy in few
// places, units here and there and no known site.
func lattice(t testing.TB, n int, step float64, units int) World {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	at := make([]orb.Point, n*n)
	for i := range at {
		at[i] = orb.Point{2 + (float64(i%n)+rng.Float64()*0.3)*step/75_835, 47 + (float64(i/n)+rng.Float64()*0.3)*step/111_195}
	}
	var sections []road.Section
	join := func(a, b, row int) {
		class := road.Residential
		switch {
		case row%12 == 0:
			class = road.Primary
		case row%4 == 0:
			class = road.Tertiary
		}
		sections = append(sections, road.Section{Source: "t", Ref: fmt.Sprint(len(sections)), From: int64(a), To: int64(b),
			Line: orb.LineString{at[a], at[b]}, Class: class, Forward: true, Backward: true, Lit: road.Known(rng.IntN(3))})
	}
	for i := range at {
		if i%n+1 < n {
			join(i, i+1, i/n)
		}
		if i+n < len(at) {
			join(i, i+n, i%n)
		}
	}
	graph, err := road.New(sections, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := World{Graph: graph, Lixels: graph.Lixels(250, 500), Zone: paris(t), Areas: func(orb.Point) string { return "fr.1.a" }}
	s := &roadrisk.Surface{Kind: roadrisk.AnyKind, Lixels: w.Lixels, Profile: make([]int32, w.Lixels.Len()), Report: roadrisk.Report{Accidents: 5000}}
	for range w.Lixels.Len() {
		s.Expected = append(s.Expected, 0.002*math.Exp(1.2*rng.NormFloat64()))
	}
	profile := make([]float64, roadrisk.HoursOfWeek)
	for h := range profile {
		profile[h] = (1 + math.Sin(float64(h%24-12)/24*2*math.Pi)*0.6) / roadrisk.HoursOfWeek
	}
	s.Profiles = [][]float64{profile}
	w.Surface = s
	for i := range units {
		w.Units = append(w.Units, Home{Ref: fmt.Sprintf("t/%d", i), Name: fmt.Sprintf("Brigade %d", i), Position: at[rng.IntN(len(at))], Area: "fr.1.a"})
	}
	return w
}

// week asks for teams of each unit from 16 h to 2 h for some days.
func week(units, teams, days int) Request {
	first := time.Date(2026, 12, 4, 0, 0, 0, 0, time.UTC)
	r := Request{Areas: []string{"fr.1"}, Kind: roadrisk.AnyKind, From: first.Format(dateLayout), To: first.AddDate(0, 0, days-1).Format(dateLayout),
		Basis: R2331, Seed: "1"}
	for i := range units {
		r.Teams = append(r.Teams, Team{Unit: fmt.Sprintf("t/%d", i), Teams: max(1, teams/units+(teams%units-i+units-1)/units), Slots: 3, Earliest: 16, Latest: 26})
	}
	return r
}

func BenchmarkBuild(b *testing.B) {
	for _, c := range []struct{ n, units, teams, days int }{{70, 6, 10, 3}, {70, 6, 10, 7}, {110, 10, 16, 7}} {
		w := lattice(b, c.n, 700, c.units)
		b.Run(fmt.Sprintf("lixels=%d/units=%d/days=%d", w.Lixels.Len(), c.units, c.days), func(b *testing.B) {
			for b.Loop() {
				p, err := Build(context.Background(), w, week(c.units, c.teams, c.days))
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(p.instance.Options()), "options")
				b.ReportMetric(float64(len(p.instance.Covers)), "covers")
				b.ReportMetric(float64(len(p.instance.Conflicts)), "conflicts")
				b.ReportMetric(float64(len(p.instance.Weights)), "elements")
			}
		})
	}
}

func BenchmarkPropose(b *testing.B) {
	for _, c := range []struct{ n, units, teams, days int }{{70, 6, 10, 3}, {70, 6, 10, 7}} {
		w := lattice(b, c.n, 700, c.units)
		b.Run(fmt.Sprintf("lixels=%d/units=%d/days=%d", w.Lixels.Len(), c.units, c.days), func(b *testing.B) {
			p, err := Build(context.Background(), w, week(c.units, c.teams, c.days))
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				plan, solved, err := p.Propose(context.Background(), nil)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(plan.Posts)), "posts")
				b.ReportMetric(plan.Draw.Bits, "bits")
				b.ReportMetric(plan.Draw.Top, "top")
				b.ReportMetric(plan.Price.Share, "share")
				b.ReportMetric(100*plan.Price.Gap, "gap%")
				b.ReportMetric(solved.Strategy.Spread, "R")
				b.ReportMetric(solved.Strategy.Apart, "apart")
			}
		})
	}
}
