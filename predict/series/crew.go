package series

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"time"

	"vigie/predict"
)

// CrewOptions say what crews are wanted for.
type CrewOptions struct {
	Service float64 // share of calls that shall find a crew free at once; 0.95 by default
	Busy    int     // whole hours that a call keeps its crew, way back and making ready included; 1 by default, because calls do not say it
	Shifts  []int   // local hours at which shifts begin, ascending; 7 and 19 by default
	Least   int     // crews that are there in any case; 1 by default
}

// Crews is a suggestion for one place and kind, and what it would have been worth.
type Crews struct {
	Place   string  `json:"place"`
	Kind    string  `json:"kind"`
	Service float64 `json:"service"`
	Busy    int     `json:"busy_hours"`
	Shifts  []Shift `json:"shifts"`
	Past    Roster  `json:"past"`  // the same suggestions made week by week in the past, each from what was known before it
	Fixed   Roster  `json:"fixed"` // the cheapest unchanging numbers that reach the service in the same weeks, chosen afterwards: it knows what came
}

// Shift is what is suggested for one shift.
type Shift struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Calls  float64   `json:"calls"`      // expected
	Most   int       `json:"calls_most"` // not exceeded with the probability of the service level
	Crews  int       `json:"crews"`
	Served float64   `json:"served"` // expected share of calls that find a crew free
}

func (o CrewOptions) filled() (CrewOptions, error) {
	if o.Service == 0 {
		o.Service = 0.95
	}
	if o.Busy == 0 {
		o.Busy = 1
	}
	if o.Least == 0 {
		o.Least = 1
	}
	if len(o.Shifts) == 0 {
		o.Shifts = []int{7, 19}
	}
	switch {
	case !(o.Service >= 0.5 && o.Service <= 0.999):
		return o, fmt.Errorf("crews: a service level of %v is not within 0.5 and 0.999: %w", o.Service, predict.ErrShape)
	case o.Busy < 1 || o.Busy > 24 || o.Least < 0:
		return o, fmt.Errorf("crews: busy for %d hours (1 to 24), at least %d crews: %w", o.Busy, o.Least, predict.ErrShape)
	case !slices.IsSorted(o.Shifts) || o.Shifts[0] < 0 || o.Shifts[len(o.Shifts)-1] > 23 || len(slices.Compact(slices.Clone(o.Shifts))) < len(o.Shifts):
		return o, fmt.Errorf("crews: shifts begin at %v, want local hours that ascend within 0 and 23: %w", o.Shifts, predict.ErrShape)
	}
	return o, nil
}

// mostCrewCalls is how many calls an hour a place may have for which crews are suggested: more than all of Paris, and as
// many as the distribution of busy crews (masses) holds for a whole day.
const mostCrewCalls = 200

// Crews suggests how many crews each whole shift of the coming hours needs, so that the wanted share of calls finds one
// free. A crew is busy for Busy hours from its call on, so as many are busy in an hour as calls came in the last Busy hours,
// this one included (by whole hours, so on the safe side). The distribution of that number is bent by its own past
// forecasts. It fails with predict.ErrShape for what is not a place, kind, horizon or option.
func (f *Fitted) Crews(place, kind string, hours int, o CrewOptions) (*Crews, error) {
	o, err := o.filled()
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(f.targets, func(t target) bool { return t.place == place && t.kind == kind })
	if at < 0 {
		return nil, fmt.Errorf("crews: no series of place %q and kind %q: %w", place, kind, predict.ErrShape)
	}
	if hours < 1 || hours > f.ahead*24+1 {
		return nil, fmt.Errorf("crews: %d hours ahead, can forecast 1 to %d: %w", hours, f.ahead*24+1, predict.ErrShape)
	}
	c := &Crews{Place: place, Kind: kind, Service: o.Service, Busy: o.Busy}
	h := f.history(f.targets[at])
	if len(h.ys) > 0 && max(float64(slices.Max(h.ys)), slices.Max(h.means)) > mostCrewCalls {
		return nil, fmt.Errorf("crews: %s has up to %d calls an hour (%.0f expected), at most %d are meant: %w", place, slices.Max(h.ys), slices.Max(h.means), mostCrewCalls, predict.ErrShape)
	}
	f.replay(c, h, o)
	f.suggest(c, h, f.targets[at], hours, o)
	return c, nil
}

// history is what was forecast and what came, hour by hour, of the calibration.
type history struct {
	means []float64
	ys    []int
	seen  []bool
	first int // hour of the axis of the first
}

func (f *Fitted) history(t target) *history {
	h := &history{seen: f.hoursSeen(), first: f.p.axis.begins[f.from]}
	h.means, h.ys = f.pastHours(t)
	return h
}

// trailing sums the last size values up to each.
func trailing[T int | float64](v []T, size int) []T {
	out := make([]T, len(v))
	var sum T
	for i, x := range v {
		sum += x
		if i >= size {
			sum -= v[i-size]
		}
		out[i] = max(sum, 0)
	}
	return out
}

// shape learns the spread of sums of so many hours from the first end hours of the history.
func (h *history) shape(size, end int, fade float64) *spread {
	pairs := faded(window(h.means[:end], h.ys[:end], h.seen[:end], size), end, fade*24*week)
	var m moments
	for _, x := range pairs {
		m.add(float64(x.y), x.mean, x.weight)
	}
	s := &spread{alpha: m.alpha(moments{})}
	var own scores
	for _, x := range pairs {
		below, upTo := count{x.mean, s.alpha}.both(x.y)
		own.add(below, upTo, x.weight)
	}
	s.bend = newBend(&own, &scores{}, 0)
	return s
}

// need is the smallest number of crews that serves the wanted share of the calls of hours, and the share it serves. calls
// and busy are the means of each hour: of its calls, and of the crews busy in it, those of its own calls included.
func need(calls, busy []float64, s *spread, o CrewOptions) (crews int, served float64) {
	sum := 0.0
	masses := make([][]float64, len(busy))
	for i, mean := range busy {
		sum += calls[i]
		masses[i] = s.masses(mean)
	}
	serves := func(crews int) float64 {
		missed := 0.0
		for i, p := range masses {
			missed += lost(p, calls[i]/max(busy[i], 1e-12), crews)
		}
		if sum > 0 {
			return max(0, 1-missed/sum)
		}
		return 1
	}
	// More crews never miss more calls.
	const most = 10_000
	crews = o.Least + sort.Search(max(most-o.Least, 0), func(k int) bool { return serves(o.Least+k) >= o.Service })
	return crews, serves(crews)
}

// masses are the probabilities of 0, 1, 2, … up to where less than a millionth is left.
func (s *spread) masses(mean float64) (p []float64) {
	const rest, longest = 1e-6, 5000
	c, before := count{mean, s.alpha}, 0.0
	below, mass := 0.0, c.zero()
	for k := 0; k < longest; k++ {
		if mean < 30 {
			below += mass
			mass = c.next(mass, k)
		} else {
			below = c.below(k + 1)
		}
		now := s.bend.at(min(below, 1))
		p = append(p, max(0, now-before))
		if before = now; below >= 1-rest {
			break
		}
	}
	return p
}

// lost is how many calls of an hour find no crew: of w calls that keep crews busy, p[w] likely, each is of this hour with
// probability own, and those of this hour beyond the crews are lost.
func lost(p []float64, own float64, crews int) (sum float64) {
	own = min(own, 1)
	for w := crews + 1; w < len(p); w++ {
		over := float64(w - crews)
		if own == 1 {
			sum += p[w] * over
			continue
		}
		expected, mass := 0.0, math.Pow(1-own, float64(w))
		for k := 0; k <= w; k++ {
			expected += mass * min(float64(k), over)
			mass *= float64(w-k) / float64(k+1) * own / (1 - own)
		}
		sum += p[w] * expected
	}
	return sum
}

// suggest sets the shifts to come.
func (f *Fitted) suggest(c *Crews, h *history, t target, hours int, o CrewOptions) {
	first := f.p.axis.begins[f.p.axis.days()]
	coming := f.comingHours(t)
	// The hours just before are needed for crews still busy; they are forecast too where the day is not whole.
	lead := min(o.Busy-1, len(h.means))
	busy := trailing(append(slices.Clone(h.means[len(h.means)-lead:]), coming...), o.Busy)[lead:]
	at := h.shape(o.Busy, len(h.ys), f.fade)
	bySize := map[int]*spread{}
	for _, s := range f.long.shifts(first+f.p.rest, first+f.p.rest+hours, o.Shifts) {
		from, to := s.first-first, s.end-first
		size := to - from
		if bySize[size] == nil {
			bySize[size] = h.shape(size, len(h.ys), f.fade)
		}
		one := Shift{From: f.long.time(s.first), To: f.long.time(s.end)}
		for _, x := range coming[from:to] {
			one.Calls += x
		}
		fc := Forecast{count: count{one.Calls, bySize[size].alpha}, spread: bySize[size]}
		one.Most = fc.Whole(o.Service)
		one.Crews, one.Served = need(coming[from:to], busy[from:to], at, o)
		c.Shifts = append(c.Shifts, one)
	}
}
