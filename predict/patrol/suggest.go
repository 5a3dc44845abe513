package patrol

import (
	"cmp"
	"container/heap"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"vigie/geoengine"
)

// The share of the visits that a suggestion spends on places drawn by chance. Less learns nothing of where nobody
// reports; more gives up too much of what is known.
const (
	LeastExploration = 0.05
	MostExploration  = 0.10
)

// VisitMinutes is the length of a visit: the effect of a stop in a hot spot grows up to 10 to 15 minutes and fades
// beyond (Koper, Just Enough Police Presence, Justice Quarterly 12, 1995).
const VisitMinutes = 15

// Visits in one hour of patrol.
const visitsPerHour = 60 / VisitMinutes

// LeastHours is the smallest suggestion: of fewer visits none is a whole 5 to 10 %. MostHours bounds it.
const (
	LeastHours = 3
	MostHours  = 2000
)

// A week is cut into slots of two hours, where the hours of thefts are known, or else into days.
const (
	Slots     = 84
	Days      = 7
	slotHours = 168 / Slots
)

// Place is a place that may be visited.
type Place struct {
	Expected float64 // events of its period, at least 0
	AreaM2   float64 // more than 0: places are ranked by events per area
	Profile  int     // number of its profile; −1 if its hours are not known
}

// Request is what a suggestion is made of.
type Request struct {
	Places      []Place
	Profiles    [][]float64 // shares of the 168 local hours of a week (0 is Monday 00 h), each summing to 1
	Hours       int         // of patrol in a week, LeastHours to MostHours
	Exploration float64     // LeastExploration to MostExploration
	Seed        uint64
}

// Visit is VisitMinutes in one place, somewhere within one slot of the week.
type Visit struct {
	Place int
	Slot  int // 0 begins on Monday 00 h; a day if Suggestion.Slots is Days
	// Held is the share of all expected events that fall into the place in that slot.
	Held float64
	// Explore is true for what chance has drawn. Drawn is the probability with which the place is in the draw of a
	// suggestion of this size; 0 for what the forecast has chosen.
	Explore bool
	Drawn   float64
}

// Suggestion is a week of visits: those that the forecast chooses, best first, then those drawn by chance.
type Suggestion struct {
	Visits  []Visit
	Slots   int // Slots, or Days where no hours are known
	Explore int // visits drawn by chance
	// Held is the share of the expected events in the places and slots that the forecast has chosen, HeldPlaces in these
	// places at any time, Even what as many visits to places and slots drawn evenly would hold.
	Held, HeldPlaces, Even float64
}

// Check says what is wrong with hours and exploration.
func Check(hours int, exploration float64) error {
	if hours < LeastHours || hours > MostHours {
		return fmt.Errorf("%d hours: a week of patrols has %d to %d: %w", hours, LeastHours, MostHours, geoengine.ErrInvalid)
	}
	if !(exploration >= LeastExploration && exploration <= MostExploration) {
		return fmt.Errorf("exploration %v: must be %v to %v, or patrols would only ever confirm the forecast: %w",
			exploration, LeastExploration, MostExploration, geoengine.ErrInvalid)
	}
	return nil
}

// Suggest chooses the visits of a week. The forecast's part takes the places and slots with most expected events per
// area, each once; equals by the number of the place, then of the slot. The explored places are drawn from all places,
// each with the same probability and without replacement, and each gets a slot by chance: what the forecast thinks of
// them does not count. The number drawn is the whole number nearest to the share asked for that lies within 5 to 10 %.
func Suggest(r Request) (*Suggestion, error) {
	if err := Check(r.Hours, r.Exploration); err != nil {
		return nil, err
	}
	total, err := r.check()
	if err != nil {
		return nil, err
	}
	visits := r.Hours * visitsPerHour
	explore := exploring(visits, r.Exploration)
	weeks := newWeeks(r.Profiles)
	if explore > len(r.Places) || visits-explore > len(r.Places)*weeks.slots {
		return nil, fmt.Errorf("%d visits and %d places: ask for fewer hours or a larger area: %w", visits, len(r.Places), geoengine.ErrInvalid)
	}
	s := &Suggestion{Slots: weeks.slots, Explore: explore, Even: float64(visits-explore) / float64(len(r.Places)*weeks.slots)}
	chosen := make([]bool, len(r.Places))
	for _, c := range best(r.Places, weeks, visits-explore) {
		p := &r.Places[c.place]
		held := p.Expected * weeks.share(p.Profile, c.slot) / total
		s.Visits = append(s.Visits, Visit{Place: c.place, Slot: c.slot, Held: held})
		s.Held += held
		if !chosen[c.place] {
			chosen[c.place] = true
			s.HeldPlaces += p.Expected / total
		}
	}
	s.Held, s.HeldPlaces = min(s.Held, 1), min(s.HeldPlaces, 1)
	random := rand.New(rand.NewPCG(r.Seed, 0x9A7201))
	for _, place := range draw(len(r.Places), explore, random) {
		slot := random.IntN(weeks.slots)
		p := &r.Places[place]
		s.Visits = append(s.Visits, Visit{
			Place: place, Slot: slot, Held: p.Expected * weeks.share(p.Profile, slot) / total,
			Explore: true, Drawn: float64(explore) / float64(len(r.Places)),
		})
	}
	return s, nil
}

// check returns the expected events of all places.
func (r *Request) check() (total float64, err error) {
	for i, profile := range r.Profiles {
		sum := 0.0
		for _, share := range profile {
			if !(share >= 0 && share <= 1) {
				return 0, fmt.Errorf("profile %d holds the share %v: must be 0 to 1: %w", i, share, geoengine.ErrInvalid)
			}
			sum += share
		}
		if len(profile) != 168 || math.Abs(sum-1) > 1e-6 {
			return 0, fmt.Errorf("profile %d has %d hours that sum to %v: must be 168 and sum to 1: %w", i, len(profile), sum, geoengine.ErrInvalid)
		}
	}
	for i := range r.Places {
		p := &r.Places[i]
		if !(p.Expected >= 0 && p.AreaM2 > 0) || math.IsInf(p.Expected, 0) || math.IsInf(p.AreaM2, 0) || p.Profile < -1 || p.Profile >= len(r.Profiles) {
			return 0, fmt.Errorf("place %d expects %v events on %v m² by profile %d: must be finite, a surface and a profile that there is: %w",
				i, p.Expected, p.AreaM2, p.Profile, geoengine.ErrInvalid)
		}
		total += p.Expected
	}
	if !(total > 0) || math.IsInf(total, 0) {
		return 0, fmt.Errorf("the forecast expects %v events in %d places: nothing to choose by: %w", total, len(r.Places), geoengine.ErrInvalid)
	}
	return total, nil
}

// exploring is how many of the visits are drawn by chance.
func exploring(visits int, share float64) int {
	// 5 and 10 % exactly, in whole numbers: floating point must not push a suggestion over the border.
	least, most := (visits+19)/20, visits/10
	return min(max(int(math.Round(share*float64(visits))), least), most)
}

// draw takes k of n things, each set of k with the same probability, in the order of the draw.
func draw(n, k int, random *rand.Rand) []int {
	moved := map[int]int{} // Fisher–Yates on a list that is written down only where it has changed
	at := func(i int) int {
		if v, there := moved[i]; there {
			return v
		}
		return i
	}
	drawn := make([]int, k)
	for i := range drawn {
		j := i + random.IntN(n-i)
		drawn[i], moved[j] = at(j), at(i)
	}
	return drawn
}

// weeks are profiles by slot.
type weeks struct {
	slots    int
	profiles [][]float64
	order    [][]int // slots of each profile, largest share first
	days     []int
}

func newWeeks(hourly [][]float64) *weeks {
	w := &weeks{slots: Slots}
	if len(hourly) == 0 {
		w.slots = Days
	}
	w.days = make([]int, w.slots)
	for i := range w.days {
		w.days[i] = i
	}
	for _, profile := range hourly {
		shares := make([]float64, Slots)
		for h, share := range profile {
			shares[h/slotHours] += share
		}
		order := slices.Clone(w.days)
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(shares[b], shares[a]) })
		w.profiles, w.order = append(w.profiles, shares), append(w.order, order)
	}
	return w
}

// share is that of a slot; every one is alike where hours are not known.
func (w *weeks) share(profile, slot int) float64 {
	if profile < 0 {
		return 1 / float64(w.slots)
	}
	return w.profiles[profile][slot]
}

// slotsOf are the slots of a profile, largest share first.
func (w *weeks) slotsOf(profile int) []int {
	if profile < 0 {
		return w.days
	}
	return w.order[profile]
}

// candidate is a place in a slot with its expected events per area.
type candidate struct {
	place, slot int
	density     float64
}

func better(a, b candidate) int {
	return cmp.Or(cmp.Compare(b.density, a.density), cmp.Compare(a.place, b.place), cmp.Compare(a.slot, b.slot))
}

// worst is a heap of candidates with the worst one on top.
type worst []candidate

func (w worst) Len() int           { return len(w) }
func (w worst) Less(i, j int) bool { return better(w[i], w[j]) > 0 }
func (w worst) Swap(i, j int)      { w[i], w[j] = w[j], w[i] }
func (w *worst) Push(x any)        { c, _ := x.(candidate); *w = append(*w, c) }
func (w *worst) Pop() any {
	last := (*w)[len(*w)-1]
	*w = (*w)[:len(*w)-1]
	return last
}

// best are the n best candidates, best first.
func best(places []Place, w *weeks, n int) []candidate {
	kept := make(worst, 0, n)
	for place := range places {
		p := &places[place]
		for _, slot := range w.slotsOf(p.Profile) {
			c := candidate{place, slot, p.Expected * w.share(p.Profile, slot) / p.AreaM2}
			if len(kept) < n {
				heap.Push(&kept, c)
				continue
			}
			if better(c, kept[0]) > 0 {
				break // the other slots of the place are no better
			}
			kept[0] = c
			heap.Fix(&kept, 0)
		}
	}
	slices.SortFunc(kept, better)
	return kept
}
