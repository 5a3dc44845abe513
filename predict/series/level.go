package series

import (
	"math"
	"slices"
)

// What a regression may hold.
const (
	eventsPerColumn = 20  // calls that each column of the regression needs
	yearsForSeason  = 1.5 // of history, for one pair of waves of the year; twice as much for two
	memoryYears     = 3   // what is older says nothing of the level any more
	leastHoliday    = 2   // public holidays seen
	leastSchool     = 14  // days of school holidays seen, and as many others
	firstOrigin     = 28  // days learnt from before a forecast is judged
	week            = 7
)

// level is how many calls of one kind all places have together each day.
type level struct {
	effects []float64
	columns []int // of the design
	smooth  float64
	model   string
	design  *design
}

// design is what is known of each day, the days forecast included.
type design struct {
	columns [][]float64
	names   []string
	holiday int // number of the column
	school  int
	waves   [2]int // of their first columns
	weather int    // of the first; those after it too
}

// design has every column that any regression might use.
func (p *panel) design(a *axis) (d *design, left []string) {
	n := a.days()
	d = &design{}
	add := func(name string, value func(day int) float64) int {
		v := make([]float64, n)
		for day := range v {
			v[day] = value(day)
		}
		d.columns, d.names = append(d.columns, v), append(d.names, name)
		return len(d.columns) - 1
	}
	add("level", func(int) float64 { return 1 })
	for w, name := range []string{"Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"} {
		add(name, func(day int) float64 { return flag(int(a.weekday[day]) == w+1) })
	}
	d.holiday = add("public holiday", func(day int) float64 { return flag(a.holiday[day]) })
	d.school = add("school holiday", func(day int) float64 { return flag(a.school[day]) })
	const year = 365.2425
	for k := range d.waves {
		turn := 2 * math.Pi * float64(k+1) / year
		d.waves[k] = add("wave of the year", func(day int) float64 { return math.Sin(turn * float64(int(a.first)+day)) })
		add("wave of the year", func(day int) float64 { return math.Cos(turn * float64(int(a.first)+day)) })
	}
	weather, names, left := p.cal.known(a)
	d.weather = len(d.columns)
	d.columns, d.names = append(d.columns, weather...), append(d.names, names...)
	return d, left
}

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// use are the columns that so many days and calls can bear, most useful first dropped last.
func (d *design) use(from, to int, calls float64) []int {
	const year = 365.2425
	use := []int{0}
	bear := int(calls / eventsPerColumn)
	if bear >= 7 {
		use = append(use, 1, 2, 3, 4, 5, 6)
	}
	count := func(column int) (n int) {
		for _, v := range d.columns[column][from:to] {
			n += int(v)
		}
		return n
	}
	if count(d.holiday) >= leastHoliday && len(use) < bear {
		use = append(use, d.holiday)
	}
	if n := count(d.school); n >= leastSchool && to-from-n >= leastSchool && len(use) < bear {
		use = append(use, d.school)
	}
	for k, wave := range d.waves {
		if float64(to-from) >= float64(k+1)*yearsForSeason*year && len(use)+1 < bear {
			use = append(use, wave, wave+1)
		}
	}
	for c := d.weather; c < len(d.columns) && len(use) < bear; c++ {
		use = append(use, c)
	}
	return use
}

// newLevel learns from the days before origin, going on from the level of a week before, if there is one.
func (p *panel) newLevel(d *design, days []float64, origin int, o Options, before *level) *level {
	from := max(0, origin-memoryYears*366)
	l := &level{design: d, model: o.Model, smooth: 1}
	calls := 0.0
	for _, y := range days[from:origin] {
		calls += y
	}
	l.columns = d.use(from, origin, calls)
	if before != nil && slices.Equal(before.columns, l.columns) {
		l.effects = slices.Clone(before.effects)
	}
	tamed := slices.Clone(days[:origin])
	alpha := p.regress(l, tamed, from, calls)
	if o.Tame > 0 {
		cut := false
		for t := from; t < origin; t++ {
			mu := l.fitted(t)
			if most := mu + o.Tame*math.Sqrt(mu+alpha*mu*mu); tamed[t] > most {
				tamed[t], cut = most, true
			}
		}
		if cut {
			p.regress(l, tamed, from, calls)
		}
	}
	l.smooth = p.smoothed(l, tamed, from)
	return l
}

// regress fits the columns, or only the level where that does not settle; it gives the dispersion.
func (p *panel) regress(l *level, days []float64, from int, calls float64) float64 {
	r := regression{effects: l.effects}
	for t := from; t < len(days); t++ {
		if p.seen[t] {
			row := make([]float64, len(l.columns))
			for i, c := range l.columns {
				row[i] = l.design.columns[c][t]
			}
			r.rows, r.y = append(r.rows, row), append(r.y, days[t])
		}
	}
	if calls > 0 && r.fit() {
		l.effects = r.effects
		return r.alpha
	}
	l.columns = l.columns[:1]
	l.effects = []float64{math.Log((calls + half) / float64(max(len(r.y), 1)))}
	return 0
}

// fitted is what the regression expects on a day.
func (l *level) fitted(day int) float64 {
	sum := 0.0
	for i, c := range l.columns {
		sum += l.effects[i] * l.design.columns[c][day]
	}
	return math.Exp(min(sum, 25))
}

// at is the mean of a day after the origin.
func (l *level) at(day int) float64 {
	switch l.model {
	case Regression:
		return l.fitted(day)
	case Smoothing:
		return l.fitted(day) * l.smooth
	default:
		return l.fitted(day) * (1 + l.smooth) / 2
	}
}

// smoothed is the level of late over that of the regression: counts over expectations, both fading with the half-life
// that has served best for the weeks before (the steady model for counts of Harvey & Fernandes 1989, whose mean is
// exponential smoothing). Three days of the expectation keep it near 1 where there is little.
func (p *panel) smoothed(l *level, days []float64, from int) float64 {
	best, chosen := math.Inf(-1), 1.0
	expected := make([]float64, len(days))
	mean := 0.0
	for t := from; t < len(days); t++ {
		expected[t] = l.fitted(t)
		mean += expected[t] / float64(len(days)-from)
	}
	prior := 3 * mean
	for _, half := range []float64{7, 14, 28, 56, 112} {
		fade := math.Exp2(-1 / half)
		up, down, score := 0.0, 0.0, 0.0
		for t := from; t < len(days); t++ {
			if (len(days)-t)%week == 0 && t-from >= firstOrigin {
				now := (up + prior) / (down + prior)
				for d := t; d < t+week; d++ {
					if p.seen[d] {
						score += days[d]*math.Log(now*expected[d]) - now*expected[d]
					}
				}
			}
			up, down = up*fade, down*fade
			if p.seen[t] {
				up, down = up+days[t], down+expected[t]
			}
		}
		if score > best {
			best, chosen = score, (up+prior)/(down+prior)
		}
	}
	return chosen
}
