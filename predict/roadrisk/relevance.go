package roadrisk

import (
	"slices"
	"strconv"

	"vigie/geoengine"
)

// FromEvent makes an accident of a stored event.
//
// Its relevance to each kind of control is taken from attributes where they tell, else from published shares by hour:
//
//   - alcohol: attribute alcohol or drugs, "yes" 1 and "no" 0. The public BAAC files do not hold it. Else the share of
//     fatal accidents of known level in which a driver was over 0.5 g/l: on weekdays 12.5 % by day and 37.5 % by
//     night, on weekends 24.8 % and 58.4 %, in all 30.4 % (ONISR, fiche L'alcool, 16 October 2013, figures of 2012);
//     of single vehicles more, of several fewer, in the ratio of 66 % to 37 % (NHTSA DOT HS 811 523, 0 h to 3 h).
//   - speed: attribute speeding. Else the share of drivers over the limit in fatal accidents outside towns: 40 % from
//     20 h to 5 h, 27 % in daylight (ONISR, VOIESUR).
//   - phone_belt: attribute phone or seat_belt; protection=none says that somebody wore nothing, in a vehicle that has
//     belts. Else a telephone in one injury accident of ten, and no belt on 21 % of the killed (ONISR, bilan 2015).
//   - heavy: the vehicles. Where the source does not tell any, 5 %: a constant, which only scales the surface.
//
// The shares of fatal accidents are used for all: they place the kinds against one another in time, and overstate
// alcohol in slight accidents (10.8 % of injury accidents in 2009). docs/placement.md says what follows from that.
func FromEvent(e *geoengine.Event) Accident {
	a := Accident{
		Position: e.Position, HasPosition: e.HasPosition, PrecisionM: e.PrecisionM, Start: e.Start, Weight: e.Weight,
		Severity: e.Severity,
	}
	a.HourKnown = hourKnown(e)
	facts := factsOf(e.Attributes)
	a.Road = facts.first("road")
	a.Serious = facts.serious(e.Severity)
	a.Relevance = map[Kind]float64{
		AnyKind: 1,
		Alcohol: facts.alcohol(a.Hour()),
		Speed:   facts.speed(a.Hour()),
		Belt:    facts.belt(e.Severity),
		Heavy:   facts.heavy(),
	}
	return a
}

// hourKnown tells whether the hour of the event is known.
func hourKnown(e *geoengine.Event) bool {
	_, offset := e.Start.Zone()
	return geoengine.LocalHour(e.Start.Unix(), int64(e.End.Sub(e.Start).Seconds()), offset) < HoursOfWeek
}

// The published shares; see FromEvent.
const (
	alcoholAll          = 0.304
	alcoholWeekDay      = 0.125
	alcoholWeekNight    = 0.375
	alcoholWeekendDay   = 0.248
	alcoholWeekendNight = 0.584
	singleFactor        = 1.28 // 66 % against 37 %, around their geometric mean scaled so that a third are single
	severalFactor       = 0.72
	speedNight          = 0.40
	speedDay            = 0.27
	speedAll            = 0.30
	phoneShare          = 0.10
	unbeltedFatal       = 0.21
	heavyUnknown        = 0.05
)

// serious is how many people were killed or hospitalised; where the source counts none, one if the worst outcome says so.
func (f facts) serious(worst geoengine.Severity) (people float64) {
	for _, key := range [...]string{"killed", "hospitalised"} {
		if n, err := strconv.Atoi(f.first(key)); err == nil && n > 0 {
			people += float64(n)
		}
	}
	if people == 0 && worst >= geoengine.SeveritySerious {
		return 1
	}
	return people
}

// facts are the attributes of an event by key.
type facts map[string][]string

func factsOf(attributes geoengine.Attributes) facts {
	f := make(facts, len(attributes))
	for _, a := range attributes {
		f[a.Key] = append(f[a.Key], a.Value)
	}
	return f
}

func (f facts) first(key string) string {
	if len(f[key]) > 0 {
		return f[key][0]
	}
	return ""
}

// told returns 1 or 0 if one of the keys says yes or no; a yes counts more.
func (f facts) told(keys ...string) (share float64, known bool) {
	for _, key := range keys {
		for _, value := range f[key] {
			switch value {
			case "yes", "true", "1", "positive":
				return 1, true
			case "no", "false", "0", "negative":
				known = true
			}
		}
	}
	return 0, known
}

func (f facts) alcohol(hour int) float64 {
	if share, known := f.told("alcohol", "drugs"); known {
		return share
	}
	share := alcoholAll
	if hour >= 0 {
		share = alcoholAt(hour)
	}
	switch f.first("vehicles") {
	case "":
		return share
	case "1":
		return min(1, share*singleFactor)
	}
	return share * severalFactor
}

// alcoholAt is the share at an hour of the week. Night is 20 h to 6 h; the weekend's nights are those that begin on
// Friday, Saturday and Sunday.
func alcoholAt(hour int) float64 {
	day, clock := hour/24, hour%24
	night := clock >= 20 || clock < 6
	evening := day // on which the night began
	if clock < 6 {
		evening = (day + 6) % 7
	}
	switch {
	case night && evening >= 4:
		return alcoholWeekendNight
	case night:
		return alcoholWeekNight
	case day >= 5:
		return alcoholWeekendDay
	}
	return alcoholWeekDay
}

func (f facts) speed(hour int) float64 {
	if share, known := f.told("speeding", "speed"); known {
		return share
	}
	switch clock := hour % 24; {
	case hour < 0:
		return speedAll
	case clock >= 20 || clock < 5:
		return speedNight
	}
	return speedDay
}

func (f facts) belt(severity geoengine.Severity) float64 {
	if share, known := f.told("phone", "seat_belt_missing"); known && share == 1 {
		return 1
	}
	if unworn, known := f.unbelted(); known {
		if unworn {
			return 1
		}
		return phoneShare
	}
	if severity == geoengine.SeverityFatal {
		return 1 - (1-phoneShare)*(1-unbeltedFatal)
	}
	return phoneShare
}

// unbelted tells whether somebody in a vehicle that has belts wore nothing. protection=none may be a cyclist's: where
// there are both kinds of vehicles it says nothing.
func (f facts) unbelted() (unworn, known bool) {
	worn, vehicles := f["protection"], f["vehicle"]
	if len(worn) == 0 || len(vehicles) == 0 {
		return false, false
	}
	if !slices.Contains(worn, "none") {
		return false, true
	}
	for _, v := range vehicles {
		switch v {
		case "car", "van", "heavy_vehicle", "bus", "coach":
		default:
			return false, false
		}
	}
	return !slices.Contains(f["user"], "pedestrian"), !slices.Contains(f["user"], "pedestrian")
}

func (f facts) heavy() float64 {
	vehicles := f["vehicle"]
	if len(vehicles) == 0 {
		return heavyUnknown
	}
	for _, v := range vehicles {
		switch v {
		case "heavy_vehicle", "bus", "coach":
			return 1
		}
	}
	return 0
}
