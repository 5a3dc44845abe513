package firestations

import (
	"fmt"
	"time"
)

// zoneNames are the zones in which territories may lie, in the order in which they are tried: France, then the others.
func zoneNames() []string {
	return []string{
		"Europe/Paris", "Indian/Reunion", "America/Martinique", "America/Cayenne", "Indian/Mayotte", "Pacific/Noumea", "Pacific/Tahiti", "America/Miquelon",
		"Europe/London", "Europe/Lisbon", "Europe/Athens", "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Sao_Paulo",
	}
}

// offsets are the offsets from UTC, in seconds, that events were stored with. Of each six hours one event does for all that
// share its offset.
type offsets map[slot]int64

type slot struct {
	sixHours int64
	offset   int // of the event at the instant that is kept
}

const sixHours = 6 * 3600

func (o offsets) add(at int64, offset int) { o[slot{at / sixHours, offset}] = at }

// zone finds the zone whose clocks showed the offsets: events keep an offset and no name. The first that fits counts.
// ErrInvalid if none does: calls of several zones cannot be put on one clock.
func (o offsets) zone() (*time.Location, error) {
	for _, name := range zoneNames() {
		zone, err := time.LoadLocation(name)
		if err != nil {
			return nil, fmt.Errorf("zone %s: %w", name, err)
		}
		if o.fit(zone) {
			return zone, nil
		}
	}
	return nil, wrong("areas", "Les appels sont de plusieurs fuseaux horaires, ou d'un fuseau inconnu : choisissez un territoire d'un seul fuseau.",
		"The calls are of several time zones, or of one that is not known: choose an area within one.")
}

func (o offsets) fit(zone *time.Location) bool {
	for s, at := range o {
		if _, got := time.Unix(at, 0).In(zone).Zone(); got != s.offset {
			return false
		}
	}
	return true
}
