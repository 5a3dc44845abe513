package firestations

import (
	"fmt"
	"time"
)

// A run of days without any call in the whole territory is a gap in the data, not quiet, if that many calls were to be
// expected in it: chance gives none of 30 once in 10^13. The model leaves such days out, too (predict/series).
const (
	gapCalls = 30
	gapDays  = 7
)

// leastCalls is what a forecast needs to say anything.
const leastCalls = 100

// gaps marks the days of a history that lie in a gap. daily are the calls of each day.
func gaps(daily []int) (missing []bool, days int) {
	total, busy := 0, 0
	for _, n := range daily {
		total += n
		if n > 0 {
			busy++
		}
	}
	missing = make([]bool, len(daily))
	for at := 0; at < len(daily); at++ {
		end := at
		for end < len(daily) && daily[end] == 0 {
			end++
		}
		if length := end - at; length >= gapDays && length*total >= gapCalls*busy {
			for ; at < end; at++ {
				missing[at] = true
				days++
			}
		}
		at = max(at, end)
	}
	return missing, days
}

// fresh refuses a forecast that would begin long after the last call that is known: the calls since are missing, not few.
func fresh(last, until time.Time, perDay float64) error {
	silent := until.Sub(last).Hours() / 24
	if silent < gapDays || silent*perDay < gapCalls {
		return nil
	}
	from := midnights(last, 0).Format(time.RFC3339)
	return wrong("until",
		fmt.Sprintf("Le dernier appel connu est du %s, %.0f jours avant : importez ce qui manque, ou prévoyez à partir du %s.", last.Format("02/01/2006"), silent, from),
		fmt.Sprintf("The last call known is of %s, %.0f days before: import what is missing, or forecast from %s.", last.Format(time.DateOnly), silent, from))
}
