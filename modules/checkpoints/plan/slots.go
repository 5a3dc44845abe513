package plan

import (
	"math"
	"time"

	"github.com/paulmach/orb"
)

// slot is two hours on the clock from an even local hour. Where the clock goes forward it is shorter; where it goes
// back it still lasts SlotMinutes, for no check may be masked for longer.
type slot struct {
	start, end time.Time
	hours      []int // of the week that are in it
	night      bool  // the sun is below −6° at its beginning or end: end of civil twilight
}

func (s *slot) minutes() float64 { return s.end.Sub(s.start).Minutes() }

const slotsADay = 24 * 60 / SlotMinutes

// calendar are the slots from the first hour of day, numbered from 0; the first of the next day is slotsADay.
func calendar(day time.Time, days int, zone *time.Location, at orb.Point) []slot {
	slots := make([]slot, days*slotsADay)
	for i := range slots {
		hour := i * SlotMinutes / 60
		start := clock(day, hour, zone)
		end := clock(day, hour+SlotMinutes/60, zone)
		if longest := start.Add(SlotMinutes * time.Minute); end.After(longest) {
			end = longest
		}
		slots[i] = slot{start: start, end: end, night: altitude(start, at) < civil || altitude(end, at) < civil}
		for h := hour; h < hour+SlotMinutes/60; h++ {
			if clock(day, h, zone).Before(clock(day, h+1, zone)) {
				weekday := (int(day.Weekday()) + 6 + h/24) % 7
				slots[i].hours = append(slots[i].hours, weekday*24+h%24)
			}
		}
	}
	return slots
}

// clock is the first instant at which local clocks show hour (24 and more are on later days) of the day, or a later hour
// where they skip it.
func clock(day time.Time, hour int, zone *time.Location) time.Time {
	wall := time.Date(day.Year(), day.Month(), day.Day(), hour, 0, 0, 0, time.UTC)
	_, before := wall.Add(-24 * time.Hour).In(zone).Zone()
	_, after := wall.Add(24 * time.Hour).In(zone).Zone()
	// With the offset before a change, the instant is right up to the change; with the one after, from it on.
	early := wall.Add(-time.Duration(before) * time.Second).In(zone)
	if _, offset := early.Zone(); offset == before {
		return early
	}
	late := wall.Add(-time.Duration(after) * time.Second).In(zone)
	if _, offset := late.Zone(); offset == after {
		return late
	}
	change, _ := early.ZoneBounds()
	return change.In(zone)
}

// civil is the altitude of the sun at the end of civil twilight, in degrees.
const civil = -6

// altitude of the sun's centre in degrees at a place, by the low-precision formulae of the Astronomical Almanac (to
// 0.01° in position between 1950 and 2050), without refraction.
func altitude(t time.Time, at orb.Point) float64 {
	const rad = math.Pi / 180
	n := float64(t.Unix())/86400 + 2440587.5 - 2451545
	mean := 280.460 + 0.9856474*n
	anomaly := (357.528 + 0.9856003*n) * rad
	ecliptic := (mean + 1.915*math.Sin(anomaly) + 0.020*math.Sin(2*anomaly)) * rad
	tilt := (23.439 - 0.0000004*n) * rad
	ascension := math.Atan2(math.Cos(tilt)*math.Sin(ecliptic), math.Cos(ecliptic))
	declination := math.Asin(math.Sin(tilt) * math.Sin(ecliptic))
	sidereal := (18.697374558+24.06570982441908*n)*15 + at[0]
	hour := sidereal*rad - ascension
	lat := at[1] * rad
	return math.Asin(math.Sin(lat)*math.Sin(declination)+math.Cos(lat)*math.Cos(declination)*math.Cos(hour)) / rad
}
