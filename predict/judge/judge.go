// Package judge tells how good forecasts are: the one back-test of all of them.
//
// A back-test walks over origins (days on which somebody could have asked), each time learns from what was reported
// before the origin and is judged by what happened after it (Walk). Places are ranked and a fixed area is spent on them
// (Rank, Capture, PAI, PEI); counts over time are judged by the errors and by the intervals (MASE, Pinball, Coverage,
// PIT, CRPS); both by what was expected against what happened (Reliability). One forecast is called better than another
// only by their paired differences over the same origins (Paired), corrected for how many were tried (Holm).
//
// Nothing here reads a clock or a random source of its own; where chance is needed the caller passes a seed. No answer is
// NaN or infinite: what has no value, such as a share of nothing, is 0 or said by a second result.
package judge

import (
	"math"
	"time"
)

// Day is a day of the local calendar, counted from 1970-01-01 (day 0). It has no zone: 2017-03-01 is the same number
// everywhere.
type Day = int32

// DayOf is the day of a time in the time's own zone.
func DayOf(t time.Time) Day {
	year, month, day := t.Date()
	return Day(math.Floor(float64(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix()) / 86400))
}

// DateOf is the beginning of a day as a time in UTC; use its year, month and day.
func DateOf(d Day) time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// AddMonths is the same day of the month some months later (earlier if negative), or the last of the month where that has
// no such day: 31 January and a month are 28 or 29 February.
func AddMonths(d Day, months int) Day {
	year, month, day := DateOf(d).Date()
	last := time.Date(year, month+time.Month(months)+1, 0, 0, 0, 0, 0, time.UTC)
	return DayOf(time.Date(last.Year(), last.Month(), min(day, last.Day()), 0, 0, 0, 0, time.UTC))
}

// Origins are up to n days, step days apart, ascending; the latest is last and none is before first. The training data of
// an origin end on the day before it, its forecast begins on it: to judge a horizon of h days fully, last is the first day
// without data less h.
func Origins(first, last Day, step, n int) []Day {
	if step <= 0 || n <= 0 || last < first {
		return nil
	}
	n = int(min(int64(n), (int64(last)-int64(first))/int64(step)+1))
	days := make([]Day, n)
	for i := range days {
		days[i] = Day(int64(last) - int64(n-1-i)*int64(step))
	}
	return days
}
