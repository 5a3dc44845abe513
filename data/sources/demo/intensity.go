package demo

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/paulmach/orb"
)

// Kind is a category of events of the territory.
type Kind string

// The kinds, with the categories' slugs.
const (
	KindAccident Kind = "road.accident"
	KindTheft    Kind = "vehicle.theft"
	KindMedical  Kind = "rescue.call.medical"
	KindFire     Kind = "rescue.call.fire"
	KindTraffic  Kind = "rescue.call.traffic"
	KindOther    Kind = "rescue.call.other"
)

// Kinds are all kinds.
func Kinds() []Kind {
	return []Kind{KindAccident, KindTheft, KindMedical, KindFire, KindTraffic, KindOther}
}

// NearRepeat is how a theft brings further ones about: each, whether or not it was itself brought about, is followed by
// a Poisson number of mean Branching, after an exponential delay of whole days, at a normal distance.
type NearRepeat struct {
	Branching float64       // mean number of direct followers
	MeanDelay time.Duration // before rounding to days; the hour of the day is that of the first, ± 2 h
	SigmaM    float64       // standard deviation in metres, east and north each
}

// Mass is a part of the truth: how many events a year are expected at a place, the seasons and hours together.
type Mass struct {
	Position orb.Point
	PerYear  float64
}

// place is a Mass on the ground: a cell, or a stretch of a road.
type place struct {
	at     xy
	weight float64
	cell   int32
	road   int32   // -1 in a cell
	along  float64 // metres from the road's beginning to the middle of the stretch
}

// stretchM is the length of the stretches that roads are cut into.
const stretchM = 50

// component is a law by which events of a kind happen: places, times the rhythm, independent of one another.
type component struct {
	kind    Kind
	name    string // an attribute's value in some kinds
	perYear float64
	rhythm  rhythm
	places  []place   // weights sum to 1
	byCell  []float64 // the same by cell
	chooser weigher
}

// hoursPerYear is the mean length of a year.
const hoursPerYear = 365.25 * 24

// Expected returns how many events of a kind are expected in [from, to) over the whole territory. With near repeats the
// figure is the stationary one, Branching included.
func (t *Territory) Expected(kind Kind, from, to time.Time) float64 {
	sum := 0.0
	for at := from.In(t.zone); at.Before(to); at = at.Add(time.Hour) {
		sum += t.Rate(kind, at)
	}
	return sum
}

// Rate returns the events of a kind expected per hour over the whole territory at an instant, near repeats included as
// in Expected.
func (t *Territory) Rate(kind Kind, at time.Time) float64 {
	sum := 0.0
	for i := range t.components {
		if c := &t.components[i]; c.kind == kind {
			sum += c.perYear / hoursPerYear * c.rhythm.at(at.In(t.zone))
		}
	}
	return sum * t.echo(kind)
}

// Intensity returns the events of a kind expected per km² and hour at a position and an instant: constant over each
// cell of the ground (0.25 km²), zero outside. Near repeats are counted where the first theft was.
func (t *Territory) Intensity(kind Kind, p orb.Point, at time.Time) float64 {
	cell := t.ground.cellAt(plane(p))
	if cell < 0 {
		return 0
	}
	sum := 0.0
	for i := range t.components {
		if c := &t.components[i]; c.kind == kind {
			sum += c.perYear / hoursPerYear * c.rhythm.at(at.In(t.zone)) * c.byCell[cell]
		}
	}
	return sum * t.echo(kind) / (t.ground.areas[cell] / 1e6)
}

// Masses returns the truth of a kind as places with the events expected there a year; summed over a hexagon, a commune
// or a road it tells what to expect there. Stretches of roads are 50 m, cells of the ground 0.25 km² (at their centre).
func (t *Territory) Masses(kind Kind) []Mass {
	var masses []Mass
	for i := range t.components {
		c := &t.components[i]
		if c.kind != kind {
			continue
		}
		for _, p := range c.places {
			masses = append(masses, Mass{p.at.point(), p.weight * c.perYear * t.echo(kind)})
		}
	}
	return masses
}

// echo is by how much near repeats multiply a kind.
func (t *Territory) echo(kind Kind) float64 {
	if kind == KindTheft {
		return 1 / (1 - t.NearRepeat.Branching)
	}
	return 1
}

// truth sets what happens: about 1,000 accidents, 4,000 thefts and 20,000 calls a year.
func (t *Territory) truth(r *rand.Rand) []component {
	people := func(power, uneven float64) []place {
		return t.populated(func(weight float64) float64 { return math.Pow(weight, power) * math.Exp(uneven*r.NormFloat64()) })
	}
	thefts := 4000 * (1 - t.NearRepeat.Branching)
	components := []component{
		{kind: KindAccident, name: "commuting", perYear: 620, rhythm: commuting(), places: t.roadside([4]float64{4, 9, 11, 40})},
		{kind: KindAccident, name: "leisure", perYear: 380, rhythm: leisure(), places: t.roadside([4]float64{2, 10, 26, 18})},
		{kind: KindTheft, name: "street", perYear: thefts * 0.6, rhythm: nightly(), places: people(1.15, 0.8)},
		{kind: KindTheft, name: "car_park", perYear: thefts * 0.4, rhythm: daily(), places: t.carParks(r)},
		{kind: KindMedical, perYear: 14000, rhythm: illness(), places: people(1, 0.25)},
		{kind: KindFire, perYear: 1700, rhythm: burning(), places: people(0.7, 0.6)},
		{kind: KindTraffic, perYear: 1900, rhythm: commuting(), places: t.roadside([4]float64{4, 9, 12, 40})},
		{kind: KindOther, perYear: 2400, rhythm: assistance(), places: people(0.9, 0.4)},
	}
	for i := range components {
		c := &components[i]
		c.perYear *= t.Config.Scale
		c.settle(len(t.ground.cells))
	}
	return components
}

// settle scales the weights to a sum of 1 and prepares the drawing.
func (c *component) settle(cells int) {
	c.chooser = newWeigher(len(c.places), func(i int) float64 { return c.places[i].weight })
	sum := c.chooser.total()
	c.byCell = make([]float64, cells)
	for i := range c.places {
		c.places[i].weight /= sum
		c.byCell[c.places[i].cell] += c.places[i].weight
	}
}

// populated returns the cells weighted by a function of their inhabitants.
func (t *Territory) populated(weight func(people float64) float64) []place {
	var places []place
	for i := range t.Communes {
		c := &t.Communes[i]
		members := t.ground.members[c.seed]
		built := make([]float64, len(members))
		sum := 0.0
		for k, cell := range members {
			built[k] = 0.004 + c.builtUp(t.ground.cells[cell].centre()) // few live outside the town, but some do
			sum += built[k]
		}
		for k, cell := range members {
			w := weight(float64(c.Population) * built[k] / sum)
			places = append(places, place{at: t.ground.cells[cell].centre(), weight: w, cell: cell, road: -1})
		}
	}
	return places
}

// carParks returns some ninety cells, of stations, shops and hospitals, in the larger towns.
func (t *Territory) carParks(r *rand.Rand) []place {
	all := t.populated(func(people float64) float64 { return people })
	slices.SortStableFunc(all, func(a, b place) int {
		switch {
		case a.weight > b.weight:
			return -1
		case a.weight < b.weight:
			return 1
		}
		return 0
	})
	all = all[:360]
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	all = all[:90]
	for i := range all {
		all[i].weight = math.Pow(all[i].weight, 0.5) * math.Exp(0.7*r.NormFloat64())
	}
	return all
}

// roadside returns the stretches of all roads, weighted by their traffic, their danger and the risk of their class per
// vehicle-kilometre.
func (t *Territory) roadside(risk [4]float64) []place {
	var places []place
	for i := range t.Roads {
		road := &t.Roads[i]
		stretches := int(math.Ceil(road.LengthM / stretchM))
		step := road.LengthM / float64(stretches)
		for s := range stretches {
			along := (float64(s) + 0.5) * step
			at := road.at(along)
			cell := t.ground.cellAt(at)
			if cell < 0 {
				continue
			}
			weight := risk[road.Class] * float64(road.Traffic) * road.hot * step
			places = append(places, place{at: at, weight: weight, cell: int32(cell), road: int32(i), along: along})
		}
	}
	return places
}

// at is the place at a distance in metres from the road's beginning.
func (r *Road) at(along float64) xy {
	for i := 1; i < len(r.line); i++ {
		step := r.line[i-1].to(r.line[i])
		if along <= step || i == len(r.line)-1 {
			return r.line[i-1].mix(r.line[i], math.Min(along/math.Max(step, 1e-9), 1))
		}
		along -= step
	}
	return r.line[0]
}
