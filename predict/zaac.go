package predict

import (
	"context"
	"fmt"
	"slices"
)

// Rule says when a stretch of road is a zone of accumulation of accidents.
type Rule struct {
	LengthM   float64
	Accidents float64 // with injuries, at least
	Serious   float64 // seriously injured people (killed or hospitalised), at least
}

// ZAAC is the historic French rule of the zone d'accumulation d'accidents corporels for data of so many years: on 500 m, 10
// injury accidents and 10 seriously injured people in 5 years (SETRA). The numbers are scaled to other lengths of time.
func ZAAC(years float64) Rule { return Rule{LengthM: 500, Accidents: 2 * years, Serious: 2 * years} }

// Stretches says which segments a zone touches: zones are paths of at most Rule.LengthM metres along the network, passing no
// node twice, that reach the numbers of the rule. Each event counts its Weight as accidents and its Serious.
type Stretches struct {
	In        []bool    // of each segment: an event on it belongs to a zone
	Accidents []float64 // of the zone with the most accidents that has an event on the segment; 0 where In is false
	Serious   []float64 // of the same zone
}

// Stretches applies a rule to a network. A zone may begin at an event without losing any, so paths are walked from each.
func (n *Network) Stretches(ctx context.Context, events []Event, rule Rule) (*Stretches, error) {
	if !(rule.LengthM > 0) || !(rule.Accidents > 0) || rule.Serious < 0 {
		return nil, fmt.Errorf("zones: the rule %+v: %w", rule, ErrShape)
	}
	if err := n.check(events); err != nil {
		return nil, err
	}
	out := &Stretches{In: make([]bool, len(n.length)), Accidents: make([]float64, len(n.length)), Serious: make([]float64, len(n.length))}
	on := make([][]int, len(n.length))
	for i, e := range events {
		on[e.Segment] = append(on[e.Segment], i)
	}
	w := &walking{n: n, events: events, on: on, rule: rule, out: out}
	for i, e := range events {
		if i%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		w.pieces = 0
		w.from(e, true)
		w.from(e, false)
		if w.pieces > mostPaths {
			return nil, fmt.Errorf("zones: more than %d stretches of %v m begin at one accident: %w", mostPaths, rule.LengthM, ErrDiverged)
		}
	}
	return out, nil
}

// walking is the walk of the paths from one event.
type walking struct {
	n      *Network
	events []Event
	on     [][]int // events of each segment
	rule   Rule
	out    *Stretches
	pieces int
	start  int32   // segment where the path begins
	left   []int32 // nodes that the path has passed
	path   []int32 // segments that have events of the path
}

// from walks from an event towards one end of its segment.
func (w *walking) from(e Event, forward bool) {
	length := w.n.length[e.Segment]
	var accidents, serious float64
	for _, j := range w.on[e.Segment] {
		ahead := w.events[j].Metres - e.Metres
		if !forward {
			ahead = -ahead
		}
		if ahead >= 0 && ahead <= w.rule.LengthM {
			accidents += w.events[j].Weight
			serious += w.events[j].Serious
		}
	}
	end, gone := int32(1), length-e.Metres
	if !forward {
		end, gone = 0, e.Metres
	}
	w.start, w.left, w.path = e.Segment, w.left[:0], append(w.path[:0], e.Segment)
	w.goOn(2*e.Segment+end, gone, accidents, serious)
}

// goOn goes on from an end of a segment, with what the path has so far.
func (w *walking) goOn(half int32, gone, accidents, serious float64) {
	if w.pieces++; w.pieces > mostPaths {
		return
	}
	node, last := w.n.ends[half/2][half%2], true
	if gone < w.rule.LengthM && !slices.Contains(w.left, node) {
		w.left = append(w.left, node)
		for _, next := range w.n.at(node) {
			if next/2 == half/2 || next/2 == w.start {
				continue
			}
			last = false
			a, s := w.within(next, w.rule.LengthM-gone)
			if a > 0 {
				w.path = append(w.path, next/2)
			}
			w.goOn(next^1, gone+w.n.length[next/2], accidents+a, serious+s)
			if a > 0 {
				w.path = w.path[:len(w.path)-1]
			}
		}
		w.left = w.left[:len(w.left)-1]
	}
	if last && accidents >= w.rule.Accidents && serious >= w.rule.Serious {
		w.mark(accidents, serious)
	}
}

// within sums the events in the first metres of a segment from one of its ends.
func (w *walking) within(half int32, metres float64) (accidents, serious float64) {
	for _, j := range w.on[half/2] {
		at := w.events[j].Metres
		if half%2 == 1 {
			at = w.n.length[half/2] - at
		}
		if at <= metres {
			accidents += w.events[j].Weight
			serious += w.events[j].Serious
		}
	}
	return accidents, serious
}

func (w *walking) mark(accidents, serious float64) {
	for _, s := range w.path {
		w.out.In[s] = true
		if accidents > w.out.Accidents[s] {
			w.out.Accidents[s], w.out.Serious[s] = accidents, serious
		}
	}
}

// AboveReference is the later rule: a stretch is a zone if its rate is at least times (3) the national reference of its
// kind of road. Exposure is in the unit of the reference (kilometres of road × years, or vehicles × kilometres). Ratio is
// the rate over the reference, low the lower bound of its exact 95 % interval: a low above 1 is more than chance.
func AboveReference(accidents, exposure, reference, times float64) (above bool, ratio, low float64, err error) {
	if !(exposure > 0) || !(reference > 0) || !(times > 0) || !(accidents >= 0) {
		return false, 0, 0, fmt.Errorf("rate of %v accidents on %v against %v: %w", accidents, exposure, reference, ErrShape)
	}
	least, _ := ExactRate(accidents, 0.95)
	expected := exposure * reference
	return accidents >= times*expected, accidents / expected, least / expected, nil
}
