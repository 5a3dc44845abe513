package tiles

import (
	"fmt"
	"strings"
	"time"

	"vigie/geoengine"
)

// Interval is a datetime parameter: from From, exclusive of To; a zero time is open.
type Interval struct{ From, To time.Time }

// Period reads the datetime parameter of the OGC API: an RFC 3339 instant or day (UTC), or two of them separated by /,
// of which one may be .. or empty. Both ends belong to it, to the microsecond, the day to its last. "" is all time.
// ErrInvalid says what is wrong.
func Period(text string) (i Interval, err error) {
	if text == "" {
		return i, nil
	}
	first, last, isInterval := strings.Cut(text, "/")
	if !isInterval {
		last = first
	}
	if i.From, _, err = moment(first, isInterval); err != nil {
		return Interval{}, err
	}
	if _, i.To, err = moment(last, isInterval); err != nil {
		return Interval{}, err
	}
	if i.From.IsZero() && i.To.IsZero() {
		return i, fmt.Errorf("datetime: one end of the interval must be given: %w", geoengine.ErrInvalid)
	}
	if !i.From.IsZero() && !i.To.IsZero() && !i.From.Before(i.To) {
		return Interval{}, fmt.Errorf("datetime: the interval ends before it begins: %w", geoengine.ErrInvalid)
	}
	return i, nil
}

// moment returns where an instant or a day begins, and where it is over.
func moment(text string, mayBeOpen bool) (begins, over time.Time, err error) {
	if mayBeOpen && (text == "" || text == "..") {
		return time.Time{}, time.Time{}, nil
	}
	if begins, err = time.Parse(time.DateOnly, text); err == nil {
		over = begins.AddDate(0, 0, 1)
	} else if begins, err = time.Parse(time.RFC3339, text); err == nil {
		begins = begins.UTC().Truncate(time.Microsecond)
		over = begins.Add(time.Microsecond)
	} else {
		return begins, over, fmt.Errorf("datetime %.60q: must be an RFC 3339 instant or day, or two of them as a/b: %w", text, geoengine.ErrInvalid)
	}
	if begins.Before(geoengine.Earliest) || over.After(geoengine.Latest) {
		return begins, over, fmt.Errorf("datetime %.60q: must lie in 1900 to 2100: %w", text, geoengine.ErrInvalid)
	}
	return begins, over, nil
}

// Narrow returns the query within the interval.
func (i Interval) Narrow(q geoengine.Query) geoengine.Query {
	if q.From.Before(i.From) {
		q.From = i.From
	}
	if !i.To.IsZero() && (q.To.IsZero() || i.To.Before(q.To)) {
		q.To = i.To
	}
	if !q.From.IsZero() && !q.To.IsZero() && q.To.Before(q.From) {
		q.To = q.From // nothing
	}
	return q
}
