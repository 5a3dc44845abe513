package osm

import (
	"math"
	"strconv"
	"strings"

	"vigie/geoengine/road"
)

// defaults are the limits of a country's zones, in km/h: inside towns, outside, on motorways and on roads built like
// them; 0 where there is none for the whole country. From OpenStreetMap's wiki, "Default speed limits", for the
// countries around France.
type defaults struct{ urban, rural, motorway, trunk uint8 }

func defaultsOf(country string) defaults {
	switch country {
	case "FR":
		return defaults{50, 80, 130, 110}
	case "AD":
		return defaults{50, 90, 0, 0}
	case "BE":
		return defaults{50, 0, 120, 0} // outside towns 70 in Flanders, 90 in Wallonia
	case "CH":
		return defaults{50, 80, 120, 100}
	case "DE":
		return defaults{50, 100, 130, 0} // on motorways recommended
	case "ES":
		return defaults{50, 90, 120, 0}
	case "GB":
		return defaults{48, 97, 113, 113} // 30, 60, 70 mph
	case "IT":
		return defaults{50, 90, 130, 110}
	case "LU":
		return defaults{50, 90, 130, 90}
	case "MC":
		return defaults{50, 0, 0, 0}
	}
	return defaults{}
}

// zone reads a value such as FR:urban: the limit there (0 if not known), and whether it is inside a town.
func zone(value string) (kmh uint8, builtUp road.Known) {
	country, kind, found := strings.Cut(value, ":")
	if !found {
		return 0, road.Unknown
	}
	d := defaultsOf(strings.ToUpper(country))
	switch kind {
	case "urban":
		return d.urban, road.Yes
	case "rural":
		return d.rural, road.No
	case "motorway":
		return d.motorway, road.No
	case "trunk":
		return d.trunk, road.No
	case "living_street", "pedestrian_zone":
		return 20, road.Yes
	case "bicycle_road":
		return 30, road.Unknown
	case "walk":
		return walking, road.Yes
	}
	kind = strings.TrimPrefix(strings.TrimPrefix(kind, "zone"), ":")
	if n, err := strconv.Atoi(kind); err == nil && n >= 5 && n <= 130 {
		builtUp = road.Unknown
		if n <= 30 {
			builtUp = road.Yes
		}
		return uint8(n), builtUp
	}
	return 0, road.Unknown
}

const (
	walking   = 7   // km/h
	unlimited = 130 // km/h: recommended where there is no limit
	mile      = 1.609344
)

// limit reads one value of maxspeed, in km/h; 0 if it says none.
func limit(value string) uint8 {
	least := uint8(0)
	for _, v := range strings.Split(value, ";") {
		kmh := single(strings.TrimSpace(v))
		if kmh != 0 && (least == 0 || kmh < least) {
			least = kmh
		}
	}
	return least
}

func single(value string) uint8 {
	switch value {
	case "none":
		return unlimited
	case "walk":
		return walking
	}
	if kmh, _ := zone(value); kmh != 0 {
		return kmh
	}
	factor := 1.0
	number := value
	for _, unit := range [...]struct {
		suffix string
		factor float64
	}{{"mph", mile}, {"km/h", 1}, {"kmh", 1}, {"kph", 1}} {
		if before, found := strings.CutSuffix(value, unit.suffix); found {
			number, factor = before, unit.factor
			break
		}
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if v *= factor; err != nil || !(v >= 5 && v <= 200) {
		return 0
	}
	return uint8(math.Round(v))
}

// speeds reads the limits of a way in both directions, and whether it lies in a town.
func speeds(t tags) (forward, backward uint8, builtUp road.Known) {
	both := limit(t.get("maxspeed"))
	for _, key := range [...]string{"maxspeed", "maxspeed:type", "source:maxspeed", "zone:maxspeed", "zone:traffic"} {
		kmh, town := zone(t.get(key))
		if both == 0 {
			both = kmh
		}
		if builtUp == road.Unknown {
			builtUp = town
		}
	}
	forward, backward = both, both
	if kmh := limit(t.get("maxspeed:forward")); kmh != 0 {
		forward = kmh
	}
	if kmh := limit(t.get("maxspeed:backward")); kmh != 0 {
		backward = kmh
	}
	return forward, backward, builtUp
}
