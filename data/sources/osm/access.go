package osm

import "strings"

// access is what tags say about who may drive somewhere.
type access uint8

const (
	open    access = iota
	private        // those who have business there
	closed         // no cars
)

// accessOf reads who may drive a car in a direction (forward or backward, as the line of a way is drawn; "" for a place
// that is no way): the most specific key that says something decides. Conditional access (by hour or weight) is not read.
func accessOf(t tags, direction string) access {
	for _, key := range [...]string{"motorcar", "motor_vehicle", "vehicle", "access"} {
		value := ""
		if direction != "" {
			value = t.get(key + ":" + direction)
		}
		if value == "" {
			value = t.get(key)
		}
		value, _, _ = strings.Cut(value, ";")
		switch strings.TrimSpace(value) {
		case "yes", "permissive", "designated", "official", "public", "unknown":
			return open
		case "private", "destination", "customers", "delivery", "permit", "permit_holders", "residents", "agricultural", "forestry",
			"employees", "members", "emergency", "tourist", "discouraged", "students":
			return private
		case "no", "use_sidepath", "psv", "bus", "military", "dismount":
			return closed
		}
	}
	switch t.get("service") {
	case "driveway", "emergency_access":
		if strings.HasPrefix(t.get("highway"), "service") {
			return private
		}
	}
	return open
}

// stops tells whether a node on a road lets no car through: a barrier that is always there, unless a tag says that cars
// may pass. Gates and lifting barriers may be opened and do not stop.
func stops(t tags) bool {
	switch t.get("barrier") {
	case "bollard", "block", "jersey_barrier", "planter", "log", "debris", "rock", "guard_rail", "fence", "wall", "ditch":
		for _, key := range [...]string{"motorcar", "motor_vehicle", "vehicle", "access"} {
			if t.get(key) != "" {
				return accessOf(t, "") == closed
			}
		}
		return true
	}
	return false
}
