package series

import (
	"slices"
	"time"
)

// Roster is what crews cost and missed in weeks that have passed.
type Roster struct {
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	Shifts    int       `json:"shifts"`
	CrewHours int       `json:"crew_hours"`
	Calls     int       `json:"calls"`
	Missed    int       `json:"missed"` // calls that found no crew free
	Hours     int       `json:"hours"`  // with such a call
	Served    float64   `json:"served"` // 1 − Missed/Calls; 1 without calls
	Crews     []int     `json:"crews,omitempty"`
}

// learnWeeks of forecasts must have passed before the first suggestion of the past.
const learnWeeks = 4

// shift is a run of hours from first to before end, and the number of its hour of beginning.
type shift struct{ first, end, slot int }

// shifts are the whole ones between two hours of an axis.
func (a *axis) shifts(from, to int, begins []int) []shift {
	var out []shift
	open := -1
	slot := 0
	for h := from; h <= to && h <= len(a.local); h++ {
		now := 0 // an axis ends at midnight
		if h < len(a.local) {
			now = int(a.local[h])
		}
		next := slices.Index(begins, now)
		if next < 0 || h > 0 && now == int(a.local[h-1]) { // an hour that clocks repeat begins once
			continue
		}
		if open >= 0 {
			out = append(out, shift{open, h, slot})
		}
		open, slot = h, next
	}
	return out
}

// replay makes the suggestions of the past and counts what they would have cost and missed.
func (f *Fitted) replay(c *Crews, h *history, o CrewOptions) {
	a := f.p.axis
	busyMeans, busy := trailing(h.means, o.Busy), trailing(h.ys, o.Busy)
	var past []shift
	var crews []int
	for w := learnWeeks; w < f.weeks; w++ {
		from, to := a.begins[f.from+w*week], a.begins[f.from+(w+1)*week]
		at := h.shape(o.Busy, from-h.first, f.fade)
		for _, s := range a.shifts(from, min(to+23, len(a.local)), o.Shifts) {
			if s.first >= to || slices.Contains(h.seen[s.first-h.first:s.end-h.first], false) {
				continue
			}
			n, _ := need(h.means[s.first-h.first:s.end-h.first], busyMeans[s.first-h.first:s.end-h.first], at, o)
			past, crews = append(past, s), append(crews, n)
		}
	}
	c.Past = f.roster(past, crews, h, busy)
	c.Fixed = f.fixed(past, h, busy, o)
}

// roster counts what crews cost and missed.
func (f *Fitted) roster(shifts []shift, crews []int, h *history, busy []int) Roster {
	r := Roster{Shifts: len(shifts), Served: 1}
	for i, s := range shifts {
		if i == 0 {
			r.From = f.p.axis.time(s.first)
		}
		r.To = f.p.axis.time(s.end)
		r.CrewHours += crews[i] * (s.end - s.first)
		for at := s.first - h.first; at < s.end-h.first; at++ {
			missed := min(h.ys[at], max(0, busy[at]-crews[i]))
			r.Calls += h.ys[at]
			r.Missed += missed
			r.Hours += int(flag(missed > 0))
		}
	}
	if r.Calls > 0 {
		r.Served = 1 - float64(r.Missed)/float64(r.Calls)
	}
	return r
}

// fixed finds the cheapest number for each slot that reaches the service in it.
func (f *Fitted) fixed(shifts []shift, h *history, busy []int, o CrewOptions) Roster {
	numbers := make([]int, len(o.Shifts))
	crews := make([]int, len(shifts))
	for slot := range numbers {
		var mine []shift
		most := o.Least
		for _, s := range shifts {
			if s.slot == slot {
				mine = append(mine, s)
				most = max(most, slices.Max(busy[s.first-h.first:s.end-h.first]))
			}
		}
		same := make([]int, len(mine))
		for n := o.Least; n <= most; n++ {
			for i := range same {
				same[i] = n
			}
			if numbers[slot] = n; f.roster(mine, same, h, busy).Served >= o.Service {
				break
			}
		}
	}
	for i, s := range shifts {
		crews[i] = numbers[s.slot]
	}
	r := f.roster(shifts, crews, h, busy)
	r.Crews = numbers
	return r
}
