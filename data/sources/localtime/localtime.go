// Package localtime turns the wall-clock dates that publishers write into instants, with one documented answer for
// the hours that a change of the clocks skips or repeats.
package localtime

import (
	"fmt"
	"time"

	"vigie/geoengine"
)

// Date returns the instant at which the clocks of the zone show this date and time; its location is the zone.
//
// An hour that the clocks show twice is the first of the two. An hour that the clocks skip is read as if they had
// not yet changed: 02:30 in the night of the spring change is the instant shown as 03:30.
// A date or time that no calendar has (31 February, 24:00, the year 0) is ErrInvalid.
func Date(year, month, day, hour, minute, second int, zone *time.Location) (time.Time, error) {
	wall := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	y, m, d := wall.Date()
	switch {
	case year < 1 || year > 9999 || y != year || int(m) != month || d != day:
		return time.Time{}, fmt.Errorf("date %04d-%02d-%02d: not in the calendar: %w", year, month, day, geoengine.ErrInvalid)
	case hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59:
		return time.Time{}, fmt.Errorf("time %02d:%02d:%02d: not on a clock: %w", hour, minute, second, geoengine.ErrInvalid)
	}
	return At(wall, zone), nil
}

// Day returns the 24-hour interval, or 23 or 25 on the days of a change, from midnight to the next midnight.
func Day(year, month, day int, zone *time.Location) (start, end time.Time, err error) {
	start, err = Date(year, month, day, 0, 0, 0, zone)
	if err != nil {
		return start, start, err
	}
	next := time.Date(year, time.Month(month), day+1, 0, 0, 0, 0, time.UTC)
	return start, At(next, zone), nil
}

// At reads the wall clock of a time in UTC as that of the zone, by the rules of Date.
func At(wall time.Time, zone *time.Location) time.Time {
	before := wall.Add(-offset(wall.Add(-24*time.Hour), zone))
	if shows(before.In(zone), wall) {
		return before.In(zone)
	}
	after := wall.Add(-offset(wall.Add(24*time.Hour), zone))
	if shows(after.In(zone), wall) {
		return after.In(zone)
	}
	return before.In(zone)
}

func offset(at time.Time, zone *time.Location) time.Duration {
	_, seconds := at.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}

func shows(local, wall time.Time) bool {
	_, seconds := local.Zone()
	return local.Unix()+int64(seconds) == wall.Unix()
}
