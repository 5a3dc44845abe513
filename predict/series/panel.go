package series

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"vigie/predict"
)

// panel is all series beside one another, by whole local days.
type panel struct {
	cal    Calendar
	axis   *axis // of the days learnt from
	skip   int   // hours before the first midnight, left out
	rest   int   // hours after the last midnight, left out of learning: no whole day
	places []string
	kinds  []string
	rows   []row     // by kind and place
	first  []int     // first row of each kind, and one more: the end
	total  [][]int32 // hours of each kind, all places
	seen   []bool    // days with data: a long silence of all places is a hole, not a calm
	notes  []string
}

// row is one place and kind.
type row struct {
	place, kind int
	hours       []int32 // from the first midnight, as long as the axis
	days        []float64
}

// mostHourly is more than any place can have in an hour; with more the tails of distributions lose their digits.
const mostHourly = 100_000

// newPanel checks the series and cuts them into local days.
func newPanel(all []Series, cal Calendar) (*panel, error) {
	if len(all) == 0 {
		return nil, fmt.Errorf("series: none: %w", predict.ErrEmpty)
	}
	start, n := all[0].Start, len(all[0].Counts)
	if local := start.In(cal.zone()); local.Minute() != 0 || local.Second() != 0 || local.Nanosecond() != 0 {
		return nil, fmt.Errorf("series: the first hour begins at %s, not on a whole hour of %s: %w", local, cal.zone(), predict.ErrShape)
	}
	p := &panel{cal: cal}
	for i, s := range all {
		switch {
		case s.Place == "":
			return nil, fmt.Errorf("series %d: no place; the empty one stands for all: %w", i+1, predict.ErrShape)
		case !s.Start.Equal(start) || len(s.Counts) != n:
			return nil, fmt.Errorf("series of %s: %d hours from %s, the first has %d from %s; make them alike: %w", s.Place, len(s.Counts), s.Start, n, start, predict.ErrShape)
		}
		for h, y := range s.Counts {
			if y < 0 || y > mostHourly {
				return nil, fmt.Errorf("series of %s: %d calls in hour %d, want 0 to %d: %w", s.Place, y, h+1, mostHourly, predict.ErrShape)
			}
		}
		p.places, p.kinds = append(p.places, s.Place), append(p.kinds, s.Kind)
	}
	slices.Sort(p.places)
	slices.Sort(p.kinds)
	p.places, p.kinds = slices.Compact(p.places), slices.Compact(p.kinds)
	if len(p.kinds) > 1 && p.kinds[0] == "" {
		return nil, fmt.Errorf("series: some have a kind and some have none; the empty one stands for all: %w", predict.ErrShape)
	}
	midnight, skip := cal.midnight(start)
	p.skip = skip
	var err error
	if p.axis, err = cal.axis(midnight, n-skip, 0); err != nil {
		return nil, err
	}
	p.axis.cut(n - skip)
	p.rest = n - skip - p.axis.begins[p.axis.days()]
	if p.axis.days() < LeastDays {
		return nil, fmt.Errorf("series: %d whole days, need %d: four weeks to learn from and four to see how far off that is: %w", p.axis.days(), LeastDays, predict.ErrEmpty)
	}
	return p, p.fill(all)
}

// cut leaves whole days within so many hours.
func (a *axis) cut(hours int) {
	days := a.days()
	for days > 0 && a.begins[days] > max(hours, 0) {
		days--
	}
	a.begins, a.local = a.begins[:days+1], a.local[:a.begins[days]]
	a.weekday, a.holiday, a.school = a.weekday[:days], a.holiday[:days], a.school[:days]
}

// fill sorts the series by kind and place and sums them.
func (p *panel) fill(all []Series) error {
	n := len(p.axis.local)
	for _, s := range all {
		place, _ := slices.BinarySearch(p.places, s.Place)
		kind, _ := slices.BinarySearch(p.kinds, s.Kind)
		hours := s.Counts[p.skip : p.skip+n]
		p.rows = append(p.rows, row{place: place, kind: kind, hours: hours, days: p.axis.daily(hours)})
	}
	slices.SortFunc(p.rows, func(a, b row) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.place, b.place)) })
	p.total = make([][]int32, len(p.kinds))
	calls := int64(0)
	for i, r := range p.rows {
		if i > 0 && p.rows[i-1].kind == r.kind && p.rows[i-1].place == r.place {
			return fmt.Errorf("series: %s %s is there twice: %w", p.places[r.place], p.kinds[r.kind], predict.ErrShape)
		}
		for len(p.first) <= r.kind {
			p.first = append(p.first, i)
			p.total[r.kind] = make([]int32, n)
		}
		for h, y := range r.hours {
			p.total[r.kind][h] += y
			calls += int64(y)
		}
	}
	p.first = append(p.first, len(p.rows))
	if calls == 0 {
		return fmt.Errorf("series: not one call in %d days: %w", p.axis.days(), predict.ErrEmpty)
	}
	p.holes()
	return nil
}

func (a *axis) daily(hours []int32) []float64 {
	days := make([]float64, a.days())
	for d := range days {
		for _, y := range hours[a.begins[d]:a.begins[d+1]] {
			days[d] += float64(y)
		}
	}
	return days
}

// The rule for holes: what chance gives less than once in a billion, seen from two weeks at least.
const (
	chanceOfHole = 1e-9
	leastOutside = 14
)

// holes finds runs of days without one call anywhere that chance does not give, by the share of such days outside of them,
// the longest run first. They are left out as days without data.
func (p *panel) holes() {
	n := p.axis.days()
	p.seen = make([]bool, n)
	sum := make([]float64, n)
	for _, t := range p.total {
		for d, y := range p.axis.daily(t) {
			sum[d] += y
		}
	}
	type run struct{ from, to int }
	var runs []run
	empty := 0
	for d := range sum {
		p.seen[d] = true
		if sum[d] > 0 {
			continue
		}
		empty++
		if len(runs) > 0 && runs[len(runs)-1].to == d {
			runs[len(runs)-1].to++
		} else {
			runs = append(runs, run{d, d + 1})
		}
	}
	slices.SortStableFunc(runs, func(a, b run) int { return cmp.Compare(b.to-b.from, a.to-a.from) })
	lost := 0
	for _, r := range runs {
		size := r.to - r.from
		outside := n - lost - size
		share := float64(empty-lost-size+1) / float64(outside+2)
		if outside < leastOutside || math.Pow(share, float64(size)) >= chanceOfHole {
			break
		}
		lost += size
		for d := r.from; d < r.to; d++ {
			p.seen[d] = false
		}
	}
	if lost > 0 {
		p.notes = append(p.notes, fmt.Sprintf("%d of %d days without a single call anywhere are taken for days without data", lost, n))
	}
}
