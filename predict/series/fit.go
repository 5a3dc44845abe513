package series

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// leads are how many weeks ahead forecasts are judged; what is further ahead is as the last.
const leads = 2

// Fitted is what was learnt. It is safe for use by many at once.
type Fitted struct {
	p        *panel
	long     *axis // the days learnt from and those that can be forecast
	pools    []*pooled
	targets  []target
	from     int     // first day of the calibration
	weeks    int     // of the calibration
	ahead    int     // days
	fade     float64 // half-life of past forecasts in weeks; 0: none
	past     [leads][][]float64
	coming   [][]float64 // of each row, the mean of each day after the last
	spreads  [][steps]spread
	Notes    []string // what could not be used, and why
	Columns  []string // of the regressions of kinds, as many as any of them bears
	Origins  int      // forecasts of the past by which intervals were made
	Places   []string
	Kinds    []string
	FirstDay time.Time // local midnight of the first day learnt from
	End      time.Time // of the hours given: forecasts begin then
}

// The distributions that are kept for each series: hours, then days and weeks by how far ahead.
const (
	hourly = iota
	daily1
	daily2
	weekly1
	weekly2
	steps
)

// target is something that is forecast: a place or all (""), a kind or all ("").
type target struct {
	place, kind string
	rows        []int
	pool        int
}

// spread is the shape of a distribution around its mean.
type spread struct {
	alpha float64
	bend  bend
}

// Fit learns from the hours of all series. It fails with predict.ErrShape or predict.ErrEmpty; the messages say which
// series and why. Fewer than LeastDays whole days are refused.
func Fit(ctx context.Context, all []Series, cal Calendar, o Options) (*Fitted, error) {
	o, err := o.filled()
	if err != nil {
		return nil, err
	}
	p, err := newPanel(all, cal)
	if err != nil {
		return nil, err
	}
	n := p.axis.days()
	f := &Fitted{p: p, ahead: o.Ahead, fade: max(o.Fade, 0), Notes: p.notes, Places: p.places, Kinds: p.kinds, FirstDay: p.axis.start}
	f.End = p.axis.time(len(p.axis.local) + p.rest)
	days := n + o.Ahead + int(flag(p.rest > 0))
	if f.long, err = cal.axis(p.axis.start, 0, days); err != nil {
		return nil, err
	}
	d, left := p.design(f.long)
	for _, name := range left {
		f.Notes = append(f.Notes, fmt.Sprintf("%s is not used: it is not known on every day from %s for %d days after the end, or never varies", name, p.axis.start.Format(time.DateOnly), o.Ahead))
	}
	for kind := range p.kinds {
		pool, err := p.pool(kind, o.Apart)
		if err != nil {
			return nil, fmt.Errorf("series: %s: %w", p.kinds[kind], err)
		}
		f.pools = append(f.pools, pool)
	}
	f.weeks = min(o.Calibrate, (n-firstOrigin)/week)
	f.from, f.Origins = n-f.weeks*week, f.weeks
	if err := f.walk(ctx, d, o); err != nil {
		return nil, err
	}
	f.aim()
	return f, f.calibrate(ctx)
}

// walk forecasts the weeks of the calibration, each by what was known before it, and then the days to come.
func (f *Fitted) walk(ctx context.Context, d *design, o Options) error {
	p, n := f.p, f.p.axis.days()
	for lead := range f.past {
		f.past[lead] = make([][]float64, len(p.rows))
		for r := range p.rows {
			f.past[lead][r] = make([]float64, n-f.from)
		}
	}
	f.coming = make([][]float64, len(p.rows))
	for kind := range p.kinds {
		days := p.axis.daily(p.total[kind])
		var l *level
		for origin := f.from; origin <= n; origin += week {
			if err := ctx.Err(); err != nil {
				return err
			}
			l = p.newLevel(d, days, origin, o, l)
			split := p.split(kind, origin, f.pools[kind])
			if origin == n {
				f.come(kind, l, split)
				break
			}
			for i := range p.first[kind+1] - p.first[kind] {
				for t := origin; t < min(origin+leads*week, n); t++ {
					f.past[(t-origin)/week][p.first[kind]+i][t-f.from] = l.at(t) * split[i*week+f.long.likeDay(t)]
				}
			}
		}
	}
	return nil
}

// come forecasts the days to come of one kind.
func (f *Fitted) come(kind int, l *level, split []float64) {
	n := f.p.axis.days()
	for i := range f.p.first[kind+1] - f.p.first[kind] {
		mean := make([]float64, f.long.days()-n)
		for t := range mean {
			mean[t] = l.at(n+t) * split[i*week+f.long.likeDay(n+t)]
		}
		f.coming[f.p.first[kind]+i] = mean
	}
	for _, c := range l.columns {
		if name := l.design.names[c]; !slices.Contains(f.Columns, name) {
			f.Columns = append(f.Columns, name)
		}
	}
}

// aim lists what is forecast: places and all together, kinds and all together.
func (f *Fitted) aim() {
	p := f.p
	index := map[[2]string]int{}
	add := func(place, kind string, row int) {
		key := [2]string{place, kind}
		at, ok := index[key]
		if !ok {
			at = len(f.targets)
			index[key] = at
			f.targets = append(f.targets, target{place: place, kind: kind})
		}
		t := &f.targets[at]
		if len(t.rows) == 0 || t.rows[len(t.rows)-1] != row { // a place without kinds is both
			t.rows = append(t.rows, row)
		}
	}
	for i, r := range p.rows {
		for _, place := range []string{"", p.places[r.place]} {
			add(place, "", i)
			add(place, p.kinds[r.kind], i)
		}
	}
	slices.SortFunc(f.targets, func(a, b target) int {
		return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.kind, b.kind))
	})
	f.gather()
}

// gather puts series into pools of their like: all places together apart from single ones, all kinds apart from single
// ones, and single ones in thirds by their size.
func (f *Fitted) gather() {
	for class := range 4 {
		var at []int
		var size []float64
		for i, t := range f.targets {
			if class == 2*int(flag(t.place == ""))+int(flag(t.kind == "")) {
				at, size = append(at, i), append(size, f.size(t))
			}
		}
		sorted := slices.Clone(size)
		slices.Sort(sorted)
		for k, i := range at {
			f.targets[i].pool = 3 * class
			if class < 2 {
				rank, _ := slices.BinarySearch(sorted, size[k])
				f.targets[i].pool += 3 * rank / len(sorted)
			}
		}
	}
}

// size is how many calls a target had.
func (f *Fitted) size(t target) (sum float64) {
	for _, r := range t.rows {
		for _, y := range f.p.rows[r].days {
			sum += y
		}
	}
	return sum
}
