package roadrisk

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"vigie/geoengine"
	"vigie/geoengine/road"
)

// Period is from one local midnight to another: From is in it, To is not.
type Period struct{ From, To time.Time }

// hoursPerYear is the mean length of a year.
const hoursPerYear = 365.25 * 24

// years is the length of several periods that do not overlap.
func years(periods []Period) float64 {
	sum := 0.0
	for _, p := range periods {
		sum += p.To.Sub(p.From).Hours() / hoursPerYear
	}
	return sum
}

// checkPeriods sorts the periods and refuses empty or overlapping ones.
func checkPeriods(periods []Period) ([]Period, error) {
	if len(periods) == 0 {
		return nil, fmt.Errorf("risk: no period of accidents: %w", geoengine.ErrInvalid)
	}
	sorted := slices.Clone(periods)
	slices.SortFunc(sorted, func(a, b Period) int { return a.From.Compare(b.From) })
	for i, p := range sorted {
		if !p.From.Before(p.To) {
			return nil, fmt.Errorf("risk: the period from %s to %s is empty: %w", p.From.Format(time.DateOnly), p.To.Format(time.DateOnly), geoengine.ErrInvalid)
		}
		if i > 0 && p.From.Before(sorted[i-1].To) {
			return nil, fmt.Errorf("risk: two periods overlap at %s: %w", p.From.Format(time.DateOnly), geoengine.ErrInvalid)
		}
	}
	return sorted, nil
}

// Placed is an accident on the network.
type Placed struct {
	Accident
	Lixel int
	Spot  road.Spot
	Hour  int // of the week; -1 if unknown
}

// Placement is accidents on a network, and what could not be put there.
type Placement struct {
	Accidents []Placed // somebody hurt, or severity unknown
	Damage    []Placed // with damage only
	Unplaced  int      // of both: without a position, or too far from every road
	Outside   int      // of both: outside the periods
}

// Place snaps accidents that happened in the periods to lixels. Nearest is not always right: the road's name counts, and
// roads that nothing leads to do not (road.Graph.Snap). WithinM zero is 100 m; a position known less precisely than
// that may be as far off as it says.
func (n *Network) Place(accidents []Accident, periods []Period, withinM float64) *Placement {
	if withinM <= 0 {
		withinM = 100
	}
	return place(accidents, periods, func(a *Accident) (Placed, bool) {
		spot, found := n.snap(a, withinM)
		if !found {
			return Placed{}, false
		}
		lixel := n.Lixels.Of(spot)
		return Placed{Accident: *a, Lixel: lixel, Spot: spot, Hour: a.Hour()}, lixel >= 0
	})
}

// place sorts accidents into those that have a place, and those that are outside the periods or have none.
func place(accidents []Accident, periods []Period, find func(*Accident) (Placed, bool)) *Placement {
	placement := &Placement{}
	for i := range accidents {
		a := &accidents[i]
		if !slices.ContainsFunc(periods, func(p Period) bool { return !a.Start.Before(p.From) && a.Start.Before(p.To) }) {
			placement.Outside++
			continue
		}
		placed, found := find(a)
		switch {
		case !found:
			placement.Unplaced++
		case a.damage():
			placement.Damage = append(placement.Damage, placed)
		default:
			placement.Accidents = append(placement.Accidents, placed)
		}
	}
	return placement
}

// inside leaves out what was put outside the territory.
func (p *Placement) inside(marks []bool) *Placement {
	if marks == nil {
		return p
	}
	for _, list := range []*[]Placed{&p.Accidents, &p.Damage} {
		before := len(*list)
		*list = slices.DeleteFunc(*list, func(a Placed) bool { return !marks[a.Lixel] })
		p.Unplaced += before - len(*list)
	}
	return p
}

// snap finds the place of an accident on the network.
func (n *Network) snap(a *Accident, withinM float64) (road.Spot, bool) {
	if !a.HasPosition {
		return road.Spot{}, false
	}
	options := road.SnapOptions{WithinM: max(withinM, min(a.PrecisionM, maxSnapM)), Name: a.Road}
	if a.PrecisionM > 0 {
		options.SigmaM = max(a.PrecisionM/2, leastSigmaM)
	}
	return n.Graph.Snap(a.Position, options)
}

const (
	maxSnapM    = 500 // a commune's centre is no place on a road
	leastSigmaM = 5
)

// hourless is how many accidents have no hour.
func hourless(accidents []Placed) int {
	count := 0
	for i := range accidents {
		if accidents[i].Hour < 0 {
			count++
		}
	}
	return count
}

// byLixel sums a value of the accidents over lixels.
func byLixel(accidents []Placed, lixels int, value func(*Placed) float64) []float64 {
	sums := make([]float64, lixels)
	for i := range accidents {
		sums[accidents[i].Lixel] += value(&accidents[i])
	}
	return sums
}

func one(*Placed) float64 { return 1 }

// extent is from the first beginning to the last end.
func extent(periods []Period) (from, to time.Time) {
	last := slices.MaxFunc(periods, func(a, b Period) int { return cmp.Compare(a.To.Unix(), b.To.Unix()) })
	return periods[0].From, last.To
}
