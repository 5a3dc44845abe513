package demo

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/paulmach/orb"
)

// Occurrence is something that happened, as nobody but the generator knows it: the true time and place.
type Occurrence struct {
	Kind     Kind
	Law      string    // which law of the kind brought it about: commuting, leisure; street, car_park
	At       time.Time // to the minute
	Position orb.Point
	Commune  int // index in Communes
	Road     int // index in Roads; -1 off the road
	// Parent is the index, in the slice that Occurrences returned, of the theft that this one repeats; -1 if none,
	// or if that was before the first year.
	Parent int

	place xy
	born  int // number within the drawing, which parents are told by
	from  int // born of the parent; -1
}

// burnIn is how long before the first year thefts begin, so that the first weeks have near repeats too.
const burnIn = 90 * 24 * time.Hour

// Occurrences draws everything of a kind that happened in the territory's years, in order of time. The same Territory
// gives the same occurrences.
func (t *Territory) Occurrences(kind Kind) []Occurrence {
	var all []Occurrence
	for i := range t.components {
		if t.components[i].kind == kind {
			r := t.random(purposeOccurrence + uint64(i))
			drawn := t.draw(&t.components[i], r, len(all))
			all = append(all, drawn...)
		}
	}
	all = slices.DeleteFunc(all, func(o Occurrence) bool { return o.At.Before(t.From) || !o.At.Before(t.To) })
	slices.SortFunc(all, func(a, b Occurrence) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.born, b.born)) })
	index := make(map[int]int, len(all))
	for i := range all {
		index[all[i].born] = i
	}
	for i := range all {
		all[i].Parent = -1
		if parent, kept := index[all[i].from]; kept {
			all[i].Parent = parent
		}
	}
	return all
}

// draw draws from one law: a Poisson process on the time scale in which the rhythm is even, and a place for each.
func (t *Territory) draw(c *component, r *rand.Rand, born int) []Occurrence {
	from := t.From
	if c.kind == KindTheft {
		from = from.Add(-burnIn)
	}
	var all []Occurrence
	next := r.ExpFloat64()
	for hour := from; hour.Before(t.To); hour = hour.Add(time.Hour) {
		rate := c.perYear / hoursPerYear * c.rhythm.at(hour)
		for ; next < rate; next += r.ExpFloat64() {
			minute := time.Duration(int(next/rate*60)) * time.Minute
			o := Occurrence{Kind: c.kind, Law: c.name, At: hour.Add(minute), born: born + len(all), from: -1}
			t.put(&o, c, r)
			all = append(all, o)
		}
		next -= rate
	}
	if c.kind == KindTheft {
		for i := 0; i < len(all); i++ { // those that follow are appended, and followed in their turn
			all = append(all, t.followers(all[i], born+len(all), r)...)
		}
	}
	return all
}

// put draws the place by the law.
func (t *Territory) put(o *Occurrence, c *component, r *rand.Rand) {
	p := c.places[c.chooser.draw(r)]
	o.Road = int(p.road)
	if o.Road < 0 {
		t.stand(o, t.ground.within(int(p.cell), r))
		return
	}
	road := &t.Roads[o.Road]
	at := road.at(math.Max(0, math.Min(road.LengthM, p.along+stretchM*(r.Float64()-0.5))))
	if t.ground.cellAt(at) < 0 {
		at = p.at
	}
	t.stand(o, at)
}

func (t *Territory) stand(o *Occurrence, at xy) {
	o.place, o.Position, o.Commune = at, at.point(), t.communeAt(at)
}

// followers draws the near repeats of a theft.
func (t *Territory) followers(o Occurrence, born int, r *rand.Rand) []Occurrence {
	var all []Occurrence
	for range poisson(r, t.NearRepeat.Branching) {
		days := math.Round(r.ExpFloat64() * t.NearRepeat.MeanDelay.Hours() / 24)
		drift := time.Duration(int(r.NormFloat64()*120)) * time.Minute
		if days == 0 {
			drift = max(drift, -drift) // never before the first
		}
		next := Occurrence{Kind: o.Kind, Law: o.Law, At: o.At.AddDate(0, 0, int(days)).Add(drift), Road: -1, born: born + len(all), from: o.born}
		at := o.place
		for range 8 {
			moved := o.place.plus(xy{r.NormFloat64(), r.NormFloat64()}.times(t.NearRepeat.SigmaM))
			if t.ground.cellAt(moved) >= 0 {
				at = moved
				break
			}
		}
		t.stand(&next, at)
		if next.At.Before(t.To) {
			all = append(all, next)
		}
	}
	return all
}
