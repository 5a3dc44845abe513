package baac

import "math/bits"

// A codeList gives the slug of an official code; "" for one that says nothing (not given, undeterminable).
// Codes keep their meaning over all vintages; a code that came later simply never stands in older files.
type codeList []string

func (l codeList) slug(code int) string {
	if code < 0 || code >= len(l) {
		return ""
	}
	return l[code]
}

var (
	lights     = codeList{"", "daylight", "twilight", "night_unlit", "night_lighting_off", "night_lit"}
	builtUp    = codeList{"", "no", "yes"}
	junctions  = codeList{"", "none", "crossroads", "t_junction", "y_junction", "multiple_branches", "roundabout", "square", "level_crossing", "other"}
	weathers   = codeList{"", "normal", "light_rain", "heavy_rain", "snow_hail", "fog_smoke", "strong_wind", "dazzling", "overcast", "other"}
	collisions = codeList{"", "frontal", "rear", "side", "chain", "multiple", "other", "none"}
	roads      = codeList{"", "motorway", "national", "departmental", "communal", "off_network", "car_park", "metropolitan", "", "other"}
	traffics   = codeList{"", "one_way", "two_way", "separate_carriageways", "variable_lanes"}
	surfaces   = codeList{"", "dry", "wet", "puddles", "flooded", "snow", "mud", "ice", "oil", "other"}
	gradients  = codeList{"", "flat", "slope", "hilltop", "bottom"}
	curves     = codeList{"", "straight", "left", "right", "s_bend"}
	structures = codeList{"", "tunnel", "bridge", "interchange", "railway", "arranged_junction", "pedestrian_zone", "toll", "roadworks", "other"}
	situations = codeList{"", "carriageway", "emergency_lane", "shoulder", "pavement", "cycle_path", "special_lane", "", "other"}
	reserved   = codeList{"", "cycle_path", "cycle_lane", "reserved_lane"}
	users      = codeList{"", "driver", "passenger", "pedestrian", "pedestrian_on_wheels"}
	obstacles  = codeList{"", "parked_vehicle", "tree", "metal_barrier", "concrete_barrier", "other_barrier", "building",
		"sign_support", "post", "street_furniture", "parapet", "island", "kerb", "ditch", "other_on_carriageway",
		"other_on_roadside", "none_off_road", "culvert"}
	movingHits = codeList{"", "pedestrian", "vehicle", "", "rail_vehicle", "domestic_animal", "wild_animal", "", "", "other"}
	manoeuvres = codeList{"", "straight_on", "same_lane", "between_lanes", "reversing", "wrong_way", "crossing_median",
		"bus_lane", "bus_lane_contraflow", "merging", "u_turn", "lane_change_left", "lane_change_right",
		"drifting_left", "drifting_right", "turning_left", "turning_right", "overtaking_left", "overtaking_right",
		"crossing_road", "parking", "avoiding", "opening_door", "stopped", "parked", "on_pavement", "other"}
	// protections are the equipments that were worn; bit 0 is "some user wore none".
	protections = codeList{"none", "seat_belt", "helmet", "child_seat", "reflective_vest", "airbag", "gloves", "", "", "other"}
)

// vehicleKinds are the kinds that catv is reduced to; a vehicle set is a bit set over them.
var vehicleKinds = codeList{"", "bicycle", "moped", "light_quadricycle", "motorcycle", "car", "van", "heavy_vehicle",
	"bus", "coach", "tram", "train", "tractor", "special", "quad", "e_scooter", "unmotorised_device", "e_bike", "other"}

// vehicleKind is the index in vehicleKinds of each catv. Codes 04, 05, 06, 08, 09, 11, 12, 16, 18 and 19 left use in
// 2006; 41 to 43, 50, 60 and 80 came in 2018 and 2019.
var vehicleKind = [...]uint8{
	1: 1, 2: 2, 3: 3, 4: 4, 5: 4, 6: 4, 7: 5, 8: 5, 9: 5, 10: 6, 11: 6, 12: 6, 13: 7, 14: 7, 15: 7, 16: 7, 17: 7,
	18: 8, 19: 10, 20: 13, 21: 12, 30: 2, 31: 4, 32: 4, 33: 4, 34: 4, 35: 14, 36: 14, 37: 8, 38: 9, 39: 11, 40: 10,
	41: 2, 42: 4, 43: 4, 50: 15, 60: 16, 80: 17, 99: 18,
}

// bitSet is a set of codes 0 to 31.
type bitSet uint32

func (s *bitSet) add(code int) {
	if code >= 0 && code < 32 {
		*s |= 1 << code
	}
}

// each calls yield with the slug of every code in the set.
func (s bitSet) each(list codeList, yield func(slug string)) {
	for rest := uint32(s); rest != 0; rest &= rest - 1 {
		if slug := list.slug(bits.TrailingZeros32(rest)); slug != "" {
			yield(slug)
		}
	}
}
