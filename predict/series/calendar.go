package series

import (
	"fmt"
	"math"
	"slices"
	"time"

	"vigie/predict"
	"vigie/predict/judge"
)

// Span is a period of whole local days, both ends included.
type Span struct{ From, To judge.Day }

// Covariate is a figure known for each local day, such as the temperature at noon. It is used only where it is known
// from the first day learnt from to the last day forecast.
type Covariate struct {
	Name   string
	First  judge.Day
	Values []float64 // NaN: not known
}

// Calendar says what local days are like. Holidays, school holidays and weather are optional.
type Calendar struct {
	Zone     *time.Location // of the places; nil is UTC
	Holidays []judge.Day    // public holidays
	School   []Span         // school holidays
	Weather  []Covariate
}

// longest is the most days of an axis: 60 years.
const longest = 60 * 366

// axis is a run of local days and their hours that passed.
type axis struct {
	start   time.Time
	first   judge.Day
	begins  []int   // hour with which each day begins; one more, the end
	local   []uint8 // local hour of the day (0–23) of each hour
	weekday []uint8 // of each day, 0 is Monday; 6 (Sunday) does for the hours of holidays, see shape
	holiday []bool
	school  []bool
}

func (c Calendar) zone() *time.Location {
	if c.Zone == nil {
		return time.UTC
	}
	return c.Zone
}

// axis of at least so many hours and days from a local midnight, ended by a midnight. Days are made of the hours that passed, so
// they have 23 or 25 where clocks change.
func (c Calendar) axis(start time.Time, hours, days int) (*axis, error) {
	zone := c.zone()
	start = start.In(zone)
	a := &axis{start: start, first: judge.DayOf(start), begins: []int{0}}
	for day := 0; day < days || a.begins[day] < hours; day++ {
		midnight := time.Date(start.Year(), start.Month(), start.Day()+day+1, 0, 0, 0, 0, zone)
		end := int(midnight.Sub(start) / time.Hour)
		if midnight.Sub(start)%time.Hour != 0 || end <= a.begins[day] || end > a.begins[day]+25 || day > longest {
			return nil, fmt.Errorf("series: day %d from %s has no whole hours in %s: %w", day, start.Format(time.DateOnly), zone, predict.ErrShape)
		}
		for h := a.begins[day]; h < end; h++ {
			a.local = append(a.local, uint8(start.Add(time.Duration(h)*time.Hour).Hour()))
		}
		a.begins = append(a.begins, end)
	}
	n := len(a.begins) - 1
	a.weekday, a.holiday, a.school = make([]uint8, n), make([]bool, n), make([]bool, n)
	for d := range n {
		a.weekday[d] = uint8((int(judge.DateOf(a.first+judge.Day(d)).Weekday()) + 6) % 7)
	}
	for _, day := range c.Holidays {
		if d := int(day) - int(a.first); d >= 0 && d < n {
			a.holiday[d] = true
		}
	}
	for _, s := range c.School {
		for d := max(0, int(s.From)-int(a.first)); d <= int(s.To)-int(a.first) && d < n; d++ {
			a.school[d] = true
		}
	}
	return a, nil
}

func (a *axis) days() int { return len(a.begins) - 1 }

func (a *axis) time(hour int) time.Time { return a.start.Add(time.Duration(hour) * time.Hour) }

// likeDay is the weekday whose hours a day has: a public holiday has those of a Sunday.
func (a *axis) likeDay(d int) int {
	if a.holiday[d] {
		return 6
	}
	return int(a.weekday[d])
}

// midnight is the first local midnight at or after a time, and how many hours it is away.
func (c Calendar) midnight(t time.Time) (time.Time, int) {
	t = t.In(c.zone())
	m := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, c.zone())
	if m.Before(t) {
		m = time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, c.zone())
	}
	return m, int(math.Round(m.Sub(t).Hours()))
}

// known are the covariates that have a value on each day of an axis and vary there; the others are named.
func (c Calendar) known(a *axis) (columns [][]float64, names, left []string) {
	for _, w := range c.Weather {
		from := int(a.first) - int(w.First)
		ok := from >= 0 && from+a.days() <= len(w.Values)
		if ok {
			v := w.Values[from : from+a.days()]
			bad := slices.ContainsFunc(v, func(x float64) bool { return !(math.Abs(x) <= mostWeather) })
			if ok = !bad && slices.Min(v) < slices.Max(v); ok {
				columns, names = append(columns, standard(v)), append(names, w.Name)
			}
		}
		if !ok {
			left = append(left, w.Name)
		}
	}
	return columns, names, left
}

// mostWeather is beyond any figure of weather: what is above is not known.
const mostWeather = 1e9

// standard has mean 0 and standard deviation 1; beyond 3 it stays at 3, so that weather never seen is not followed into
// numbers never seen.
func standard(v []float64) []float64 {
	var mean, square float64
	for _, x := range v {
		mean += x / float64(len(v))
	}
	for _, x := range v {
		square += (x - mean) * (x - mean) / float64(len(v))
	}
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = min(max((x-mean)/math.Sqrt(square), -3), 3)
	}
	return out
}
