package firestations

import (
	"fmt"
	"time"

	"vigie/geoengine"
)

// zoneNames are the zones in which territories may lie, in the order in which they are tried: France, then the others.
func zoneNames() []string {
	return []string{
		"Europe/Paris", "Indian/Reunion", "America/Martinique", "America/Cayenne", "Indian/Mayotte", "Pacific/Noumea", "Pacific/Tahiti", "America/Miquelon",
		"Europe/London", "Europe/Lisbon", "Europe/Athens", "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Sao_Paulo",
	}
}

// offsets are the offsets from UTC, in seconds, that events were stored with, by their instant.
type offsets map[int64]int

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
	return nil, fmt.Errorf("the calls are of several time zones, or of one that this program does not know: choose an area within one: %w", geoengine.ErrInvalid)
}

func (o offsets) fit(zone *time.Location) bool {
	for at, offset := range o {
		if _, got := time.Unix(at, 0).In(zone).Zone(); got != offset {
			return false
		}
	}
	return true
}

// perHours thins offsets: one call of so many hours does for all that share its offset.
const perHours = 6 * 3600

// add notes the offset of an instant.
func (o offsets) add(at int64, offset int) {
	slot := at - at%perHours
	if known, there := o[slot]; there && known != offset {
		slot = at // two offsets within six hours: the clocks change, or zones are mixed
	} else if there {
		return
	}
	o[slot] = offset
}
