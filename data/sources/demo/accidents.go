package demo

import (
	"math/rand/v2"
	"strconv"

	"vigie/geoengine"
)

// accident describes an accident in the keys and values of source baac.
func (t *Territory) accident(e *geoengine.Event, o *Occurrence, set func(key, value string), r *rand.Rand) {
	road := &t.Roads[o.Road]
	e.PrecisionM = 10
	weather := t.weatherOf(o.At)
	surface := map[string]string{"light_rain": "wet", "heavy_rain": "puddles", "snow_hail": "snow"}[weather]
	if surface == "" {
		surface = "dry"
	}
	light := lightOf(o.At, road.BuiltUp)
	set("road", road.Name)
	set("road_class", road.Class.String())
	set("speed_limit", strconv.Itoa(road.SpeedLimit))
	set("weather", weather)
	set("surface", surface)
	set("light", light)
	set("built_up", map[bool]string{true: "yes", false: "no"}[road.BuiltUp])
	set("junction", t.junction(road, r))
	vehicles, collision := crash(road, r)
	set("collision", collision)
	set("vehicles", strconv.Itoa(len(vehicles)))
	for _, v := range vehicles {
		set("vehicle", v)
		set("user", "driver")
	}
	if road.BuiltUp && len(vehicles) == 1 && r.Float64() < 0.5 {
		set("user", "pedestrian")
		set("hit", "pedestrian")
	}
	t.casualties(e, road, light, vehicles, set, r)
}

// crash draws the vehicles and how they met.
func crash(road *Road, r *rand.Rand) (vehicles []string, collision string) {
	n := 1
	if r.Float64() < 0.62 {
		n = 2
	}
	if n == 2 && r.Float64() < 0.15 {
		n = 3
	}
	soft := 1.0 // two-wheelers and the like, which the motorway has few of
	if road.Class == Motorway {
		soft = 0.03
	}
	for range n {
		vehicles = append(vehicles, choose(r, option{"car", 62}, option{"motorcycle", 4 + 12*soft}, option{"van", 7},
			option{"heavy_vehicle", 4}, option{"bicycle", 7 * soft}, option{"moped", 7 * soft}, option{"e_scooter", 2 * soft}, option{"bus", 1}, option{"tractor", soft}))
	}
	switch n {
	case 1:
		collision = choose(r, option{"none", 6}, option{"other", 4})
	case 2:
		collision = choose(r, option{"side", 38}, option{"rear", 28}, option{"frontal", 22}, option{"other", 12})
	default:
		collision = choose(r, option{"chain", 5}, option{"multiple", 5})
	}
	return vehicles, collision
}

func (t *Territory) junction(road *Road, r *rand.Rand) string {
	switch {
	case road.Class == Motorway:
		return "none"
	case road.BuiltUp:
		return choose(r, option{"none", 50}, option{"crossroads", 22}, option{"t_junction", 16}, option{"roundabout", 8}, option{"square", 4})
	}
	return choose(r, option{"none", 78}, option{"crossroads", 10}, option{"t_junction", 7}, option{"roundabout", 4}, option{"y_junction", 1})
}

// casualties draws the victims; the gravest and the sum of their weights are the event's. Speed, darkness and two
// wheels make it worse.
func (t *Territory) casualties(e *geoengine.Event, road *Road, light string, vehicles []string, set func(key, value string), r *rand.Rand) {
	killed, serious := 0.018, 0.16
	switch {
	case road.BuiltUp:
		killed, serious = 0.007, 0.12
	case road.Class == National || road.Class == Departmental:
		killed, serious = 0.036, 0.24
	}
	if light == "night_unlit" {
		killed, serious = killed*1.6, serious*1.15
	}
	for _, v := range vehicles {
		if v == "motorcycle" || v == "bicycle" {
			killed, serious = killed*1.3, serious*1.2
		}
	}
	var victims [4]int // killed, hospitalised, slight, unhurt
	for i := range len(vehicles) + r.IntN(2) {
		draw := r.Float64()
		switch {
		case draw < killed:
			victims[0]++
		case draw < killed+serious:
			victims[1]++
		case i == 0 || draw < killed+serious+0.35: // at least one is hurt
			victims[2]++
		default:
			victims[3]++
		}
	}
	for i, key := range [...]string{"killed", "hospitalised", "slight", "unhurt"} {
		if victims[i] > 0 {
			set(key, strconv.Itoa(victims[i]))
		}
	}
	severities := [...]geoengine.Severity{geoengine.SeverityFatal, geoengine.SeveritySerious, geoengine.SeveritySlight}
	for i := len(severities) - 1; i >= 0; i-- {
		if victims[i] > 0 {
			e.Severity = severities[i]
			e.Weight += float64(victims[i]) * severities[i].Weight()
		}
	}
}
