package osm

import (
	"strconv"
	"strings"

	"vigie/geoengine/road"
)

// classOf returns the class that a value of highway says, and whether it is a slip road; ok is false for what cars do not
// drive on: paths, steps, construction, races.
func classOf(highway string) (class road.Class, link, ok bool) {
	highway, link = strings.CutSuffix(highway, "_link")
	if highway == "road" { // of a kind not known yet
		return road.Unclassified, link, true
	}
	for i, name := range road.ClassNames {
		if name == highway {
			class = road.Class(i)
			return class, link, !link || class <= road.Tertiary
		}
	}
	return 0, false, false
}

// describe returns what the tags of a way say of a road, without place; ok is false if it is none that is driven on.
func describe(t tags) (s road.Section, ok bool) {
	class, link, ok := classOf(t.get("highway"))
	if !ok || t.get("area") == "yes" || t.get("impassable") == "yes" || t.get("smoothness") == "impassable" {
		return road.Section{}, false
	}
	junction := t.get("junction")
	s = road.Section{
		Class: class, Link: link,
		Name: t.get("name"), Number: numbers(t.get("ref")),
		Roundabout: junction == "roundabout" || junction == "circular",
		Bridge:     isSet(t.get("bridge")), Tunnel: isSet(t.get("tunnel")),
		Lit: lit(t), Lanes: lanes(t.get("lanes")),
	}
	forward, backward := accessOf(t, "forward"), accessOf(t, "backward")
	s.Forward, s.Backward = directions(t, s.Class == road.Motorway && !link || s.Roundabout)
	s.Forward, s.Backward = s.Forward && forward != closed, s.Backward && backward != closed
	if !s.Forward && !s.Backward {
		return road.Section{}, false
	}
	if (!s.Forward || forward == private) && (!s.Backward || backward == private) {
		s.Access = road.Destination
	}
	s.SpeedForward, s.SpeedBackward, s.BuiltUp = speeds(t)
	if s.Class == road.LivingStreet {
		s.BuiltUp = road.Yes // the sign of such a zone stands in towns only
	}
	return s, true
}

// directions tells in which directions the way is one-way, implied or said.
func directions(t tags, implied bool) (forward, backward bool) {
	value := t.first("oneway:motorcar", "oneway:motor_vehicle", "oneway:vehicle", "oneway")
	switch value {
	case "yes", "true", "1":
		return true, false
	case "-1", "reverse":
		return false, true
	case "no", "false", "0", "alternating": // signals let each direction through in turn
		return true, true
	case "reversible": // which direction, the hour decides
		return false, false
	}
	return true, !implied
}

// numbers puts one road's numbers into one form: "D 606;E 15".
func numbers(ref string) string {
	if !strings.Contains(ref, ";") {
		return strings.TrimSpace(ref)
	}
	var kept []string
	for _, number := range strings.Split(ref, ";") {
		if number = strings.TrimSpace(number); number != "" {
			kept = append(kept, number)
		}
	}
	return strings.Join(kept, ";")
}

// isSet tells whether a tag says that there is such a thing, of whatever kind.
func isSet(value string) bool { return value != "" && value != "no" && value != "false" }

func lit(t tags) road.Known {
	switch t.get("lit") {
	case "yes", "24/7", "automatic", "limited", "interval", "sunset-sunrise", "dusk-dawn":
		return road.Yes
	case "no", "disused":
		return road.No
	}
	return road.Unknown
}

// lanes reads a count of lanes; of several values the least.
func lanes(value string) uint8 {
	least := 0
	for _, v := range strings.Split(value, ";") {
		n, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		if err != nil || !(n >= 1 && n <= 30) {
			continue
		}
		if least == 0 || int(n) < least {
			least = int(n)
		}
	}
	return uint8(least)
}
