package demo

import (
	"math"
	"time"

	"vigie/geoengine"
)

// rhythm is how often something happens in a month and at an hour of the week, 1 being the mean of each.
type rhythm struct {
	months [12]float64
	week   [168]float64 // hour 0 is Monday 00 h, local time
}

// newRhythm scales the shapes to a mean of 1. day is the shape of a weekday and night that of Friday 18 h to Sunday
// 24 h, by hour; days is the weight of each day, Monday first.
func newRhythm(months [12]float64, day, weekend [24]float64, days [7]float64) rhythm {
	r := rhythm{months: months}
	for h := range r.week {
		weekday, hour := h/24, h%24
		r.week[h] = day[hour] * days[weekday]
		if weekday > 4 || (weekday == 4 && hour >= 18) {
			r.week[h] = weekend[hour] * days[weekday]
		}
	}
	scale(r.months[:])
	scale(r.week[:])
	return r
}

func scale(values []float64) {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	for i := range values {
		values[i] *= float64(len(values)) / sum
	}
}

// at is the factor of the local time of an instant.
func (r *rhythm) at(t time.Time) float64 {
	_, offset := t.Zone()
	return r.months[t.Month()-1] * r.week[geoengine.LocalHour(t.Unix(), 0, offset)]
}

// bump is a shape over the day with peaks at the hours given, each with a height and a width in hours, over a floor.
func bump(floor float64, peaks ...[3]float64) (day [24]float64) {
	for h := range day {
		day[h] = floor
		for _, p := range peaks {
			away := math.Abs(math.Remainder(float64(h)+0.5-p[0], 24))
			day[h] += p[1] * math.Exp(-away*away/(2*p[2]*p[2]))
		}
	}
	return day
}

var (
	evenDays = [7]float64{1, 1, 1, 1, 1, 1, 1}
	summer   = [12]float64{0.75, 0.75, 0.9, 1, 1.05, 1.2, 1.25, 1.2, 1.1, 1.1, 0.9, 0.8}
	dark     = [12]float64{1.2, 1.1, 1, 0.95, 0.9, 0.85, 0.85, 0.9, 0.95, 1.05, 1.15, 1.2}
	winter   = [12]float64{1.15, 1.1, 1.05, 0.98, 0.95, 0.95, 0.98, 0.98, 0.92, 0.95, 0.98, 1.08}
	dry      = [12]float64{0.8, 0.75, 0.9, 1, 0.95, 1.15, 1.6, 1.6, 1.1, 0.8, 0.7, 0.8}
)

func commuting() rhythm {
	return newRhythm(winter, bump(0.12, [3]float64{8, 1, 1.1}, [3]float64{12.5, 0.5, 1.2}, [3]float64{17.6, 1.4, 1.6}),
		bump(0.12, [3]float64{11.5, 0.6, 2}, [3]float64{17, 0.7, 2.5}), [7]float64{1.02, 1.02, 1, 1.03, 1.15, 0.85, 0.6})
}

func leisure() rhythm {
	return newRhythm(summer, bump(0.25, [3]float64{16, 0.6, 3}, [3]float64{23, 0.3, 2}),
		bump(0.3, [3]float64{16, 1.2, 3}, [3]float64{1.5, 1.5, 2.2}), [7]float64{0.6, 0.6, 0.65, 0.75, 1.1, 1.5, 1.4})
}

func nightly() rhythm {
	return newRhythm(dark, bump(0.1, [3]float64{2.5, 1.5, 2.2}, [3]float64{22, 0.4, 1.5}),
		bump(0.12, [3]float64{3, 1.7, 2.4}), [7]float64{0.95, 0.9, 0.95, 1, 1.15, 1.2, 0.9})
}

func daily() rhythm {
	return newRhythm(dark, bump(0.06, [3]float64{15, 1, 3}, [3]float64{19.5, 0.7, 1.2}),
		bump(0.08, [3]float64{16, 1.2, 2.6}, [3]float64{22, 0.8, 1.6}), [7]float64{0.9, 0.9, 0.95, 1, 1.15, 1.3, 0.7})
}

func illness() rhythm {
	return newRhythm(winter, bump(0.45, [3]float64{10.5, 1, 2.2}, [3]float64{18, 0.9, 3}),
		bump(0.5, [3]float64{11, 0.9, 2.5}, [3]float64{18.5, 0.9, 3}, [3]float64{1, 0.45, 2}), [7]float64{1.04, 1, 0.98, 0.98, 1.02, 1.02, 0.97})
}

func burning() rhythm {
	return newRhythm(dry, bump(0.35, [3]float64{16, 1, 3.2}, [3]float64{20.5, 0.6, 1.6}),
		bump(0.4, [3]float64{16, 1.1, 3.2}, [3]float64{22, 0.7, 2}), [7]float64{0.97, 0.95, 0.97, 0.98, 1.02, 1.08, 1.05})
}

func assistance() rhythm {
	return newRhythm(summer, bump(0.3, [3]float64{11, 0.9, 3}, [3]float64{17, 0.7, 3}), bump(0.3, [3]float64{14, 0.9, 4}), evenDays)
}
