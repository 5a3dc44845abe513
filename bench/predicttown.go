package bench

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/paulmach/orb"

	"vigie/predict/hotspot"
	"vigie/predict/judge"
)

// theftTown is a made-up city whose thefts follow a known law: clusters of every width whose strength wanders from quarter
// to quarter, single addresses, a part that may happen anywhere, a season, and near repeats (a theft brings 0.25 others, a
// few hundred metres and a few weeks away at most). So what can be known beforehand at best is known.
type theftTown struct {
	side     float64 // of the square, metres
	plane    hotspot.Plane
	first    judge.Day
	days     int
	perDay   float64 // thefts that no other brought
	clusters []theftCluster
	events   []hotspot.Event
}

type theftCluster struct {
	at     [2]float64
	width  float64   // standard deviation in metres; 0 is an address
	levels []float64 // share of thefts, by quarter
}

// Of near repeats: how many one theft brings, how far and how long after (metres in each direction, mean days).
const (
	repeatShare  = 0.25
	repeatMetres = 120
	repeatDays   = 10
)

const quarter = 91

func newTheftTown(seed uint64, n int, side float64, days int) *theftTown {
	random := rand.New(rand.NewPCG(seed, 0x70E7))
	t := &theftTown{side: side, plane: hotspot.LocalPlane(orb.Point{2.4, 48.8}), first: 16071, days: days, perDay: float64(n) * (1 - repeatShare) / float64(days)}
	wide := int(60 * max(side/20_000, 0.2))
	for i := range 4 * wide {
		c := theftCluster{at: [2]float64{side * (0.1 + 0.8*random.Float64()), side * (0.1 + 0.8*random.Float64())}}
		share := math.Pow(1-random.Float64(), -0.6)
		if i < wide {
			c.width, share = 80*math.Exp(2.2*random.Float64()), 12*share
		}
		wander := 0.
		for range days/quarter + 1 {
			c.levels = append(c.levels, share*math.Exp(wander))
			wander = 0.9*wander + 0.3*random.NormFloat64()
		}
		t.clusters = append(t.clusters, c)
	}
	t.even()
	t.draw(random, n)
	return t
}

// even scales the clusters so that they have four fifths of all thefts in each quarter; the rest may happen anywhere.
func (t *theftTown) even() {
	for q := range t.clusters[0].levels {
		sum := 0.
		for _, c := range t.clusters {
			sum += c.levels[q]
		}
		for _, c := range t.clusters {
			c.levels[q] *= 0.8 / sum
		}
	}
}

// season is how many times the mean there is on a day.
func season(day float64) float64 { return 1 + 0.25*math.Cos(2*math.Pi*(day-15)/365.25) }

// draw makes n thefts, each with those that it brings.
func (t *theftTown) draw(random *rand.Rand, n int) {
	type theft struct{ x, y, day float64 }
	var stack []theft
	for len(t.events) < n {
		day := random.Float64() * float64(t.days)
		if 1.25*random.Float64() > season(day) {
			continue
		}
		at := t.place(random, int(day)/quarter)
		stack = append(stack[:0], theft{at[0], at[1], day})
		for len(stack) > 0 && len(t.events) < n {
			e := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if e.day >= float64(t.days) || e.x < 0 || e.y < 0 || e.x >= t.side || e.y >= t.side {
				continue
			}
			on := t.first + judge.Day(e.day)
			late := judge.Day(math.Min(-math.Log(1-random.Float64())*1.2, 60))
			t.events = append(t.events, hotspot.Event{Point: t.plane.Off(orb.Point{e.x, e.y}), Day: on, Reported: on + late})
			for random.Float64() < repeatShare/(1+repeatShare) { // geometric, mean repeatShare
				stack = append(stack, theft{
					e.x + repeatMetres*random.NormFloat64(), e.y + repeatMetres*random.NormFloat64(),
					e.day - math.Log(1-random.Float64())*repeatDays,
				})
			}
		}
	}
	slices.SortFunc(t.events, func(a, b hotspot.Event) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Point[0], b.Point[0]), cmp.Compare(a.Point[1], b.Point[1]))
	})
}

func (t *theftTown) place(random *rand.Rand, q int) [2]float64 {
	u := random.Float64()
	for _, c := range t.clusters {
		if u -= c.levels[q]; u < 0 {
			return [2]float64{c.at[0] + c.width*random.NormFloat64(), c.at[1] + c.width*random.NormFloat64()}
		}
	}
	return [2]float64{t.side * random.Float64(), t.side * random.Float64()}
}

// outline is the territory, longitude and latitude.
func (t *theftTown) outline() orb.MultiPolygon {
	ring := orb.Ring{}
	for _, c := range [][2]float64{{0, 0}, {1, 0}, {1, 1}, {0, 1}, {0, 0}} {
		ring = append(ring, t.plane.Off(orb.Point{c[0] * t.side, c[1] * t.side}))
	}
	return orb.MultiPolygon{{ring}}
}

// repeatsLast is how many days it takes until the repeats of a theft, and theirs, have fallen to a 1/e.
const repeatsLast = repeatDays / (1 - repeatShare)

// truth is what is expected in each place from a day on by somebody who knows the law and all that happened before.
// Repeats of repeats are taken to lie where the first do.
func (t *theftTown) truth(g *hotspot.Grid, from judge.Day, days int) []float64 {
	want := make([]float64, len(g.IDs))
	at := make([][2]float64, len(g.IDs))
	for i, p := range g.Middles {
		at[i] = t.plane.On(p)
	}
	rates := make([]float64, len(t.clusters)) // thefts in the period
	anywhere := 0.
	for d := range days {
		day := int(from-t.first) + d
		// Those that no other brought, with all that they bring until then (Hawkes 1971, an exponential kernel).
		rate := t.perDay * season(float64(day)) * (1 + repeatShare/(1-repeatShare)*(1-math.Exp(-(float64(d)+0.5)/repeatsLast)))
		anywhere += 0.2 * rate
		for k, c := range t.clusters {
			rates[k] += rate * c.levels[min(day/quarter, len(c.levels)-1)]
		}
	}
	for i, a := range g.Areas {
		want[i] = anywhere * a / (t.side * t.side)
	}
	for k, c := range t.clusters {
		if place := g.Locate(t.plane.Off(orb.Point(c.at))); c.width == 0 && place >= 0 {
			want[place] += rates[k] * (1 - repeatShare)
			t.spread(want, at, g.Areas, c.at, repeatMetres, rates[k]*repeatShare)
		} else if c.width > 0 {
			t.spread(want, at, g.Areas, c.at, math.Hypot(c.width, repeatMetres*repeatShare), rates[k])
		}
	}
	for _, e := range t.events {
		if age := float64(from - e.Day); age > 0 && age < 8*repeatsLast {
			left := math.Exp((0.5-age)/repeatsLast) - math.Exp((0.5-age-float64(days))/repeatsLast)
			t.spread(want, at, g.Areas, t.plane.On(e.Point), repeatMetres, repeatShare/(1-repeatShare)*left)
		}
	}
	return want
}

// spread adds a Gaussian mass to places by the density in their middles, scaled so that nothing is lost between them.
func (t *theftTown) spread(want []float64, at [][2]float64, areas []float64, centre [2]float64, width, mass float64) {
	sum := 0.
	var near []int
	var parts []float64
	for i, p := range at {
		if dx, dy := p[0]-centre[0], p[1]-centre[1]; math.Abs(dx) < 4*width && math.Abs(dy) < 4*width {
			part := areas[i] * math.Exp(-(dx*dx+dy*dy)/(2*width*width))
			near, parts, sum = append(near, i), append(parts, part), sum+part
		}
	}
	for k, i := range near {
		want[i] += mass * parts[k] / sum
	}
}
