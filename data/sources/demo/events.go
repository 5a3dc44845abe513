package demo

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"vigie/geoengine"
)

// Events are what happened as a source would publish it, in order of their beginning: accidents in the words of the
// official accident tables, thefts known by an interval and reported later, calls to the fire and rescue service.
func (t *Territory) Events() []*geoengine.Event {
	var events []*geoengine.Event
	for k, kind := range Kinds() {
		r := t.random(purposeDetails + uint64(k)<<32)
		numbers := map[int]int{}
		for _, o := range t.Occurrences(kind) {
			year := o.At.Year()
			numbers[year]++
			e := &geoengine.Event{
				Category: string(kind), Ref: fmt.Sprintf("%s-%d-%06d", refPrefix(kind), year, numbers[year]),
				Start: o.At, End: o.At, Reported: o.At, Position: o.Position, HasPosition: true,
			}
			set := func(key, value string) {
				e.Attributes = append(e.Attributes, geoengine.Attribute{Key: key, Value: value})
			}
			set("commune", t.Communes[o.Commune].Code)
			set("departement", "990")
			switch kind {
			case KindAccident:
				t.accident(e, &o, set, r)
			case KindTheft:
				theft(e, &o, set, r)
				if e.Start.Before(t.From) { // the publisher's years begin there
					e.Start = t.From
				}
			default:
				rescue(e, kind, set, r)
				e.Attributes = append(e.Attributes, t.answered(&o))
			}
			e.Attributes = e.Attributes.Normalise()
			events = append(events, e)
		}
	}
	slices.SortFunc(events, func(a, b *geoengine.Event) int { return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Ref, b.Ref)) })
	return events
}

func refPrefix(kind Kind) string {
	switch kind {
	case KindAccident:
		return "acc"
	case KindTheft:
		return "vol"
	case KindMedical:
		return "med"
	case KindFire:
		return "feu"
	case KindTraffic:
		return "avp"
	case KindOther:
		return "div"
	}
	return string(kind)
}

// option is a value with its weight.
type option struct {
	value  string
	weight float64
}

func choose(r *rand.Rand, options ...option) string {
	sum := 0.0
	for _, o := range options {
		sum += o.weight
	}
	at := r.Float64() * sum
	for _, o := range options {
		if at -= o.weight; at < 0 {
			return o.value
		}
	}
	return options[len(options)-1].value
}

// theft makes an interval around the true time, from when the vehicle was last seen to when it was missed, and the time
// of the report. What is stolen at night is missed in the morning.
func theft(e *geoengine.Event, o *Occurrence, set func(key, value string), r *rand.Rand) {
	before, after := 20+r.ExpFloat64()*90, 10+r.ExpFloat64()*60 // minutes
	if o.Law == "street" {
		before = 60 + r.ExpFloat64()*240
		after = r.ExpFloat64()*150 + 60*float64((24+7-o.At.Hour())%24)*0.8
	}
	e.Start = o.At.Add(-time.Duration(before) * time.Minute)
	e.End = o.At.Add(time.Duration(after) * time.Minute)
	e.Reported = e.End.Add(time.Duration(30+r.ExpFloat64()*600) * time.Minute)
	e.Severity, e.PrecisionM = geoengine.SeverityDamage, 50
	set("place", map[string]string{"street": choose(r, option{"street", 7}, option{"private", 3}), "car_park": "car_park"}[o.Law])
	set("vehicle", choose(r, option{"car", 62}, option{"motorcycle", 11}, option{"moped", 14}, option{"van", 9}, option{"heavy_vehicle", 1}, option{"quad", 3}))
	set("method", choose(r, option{"electronic", 45}, option{"forced", 30}, option{"keys", 15}, option{"unknown", 10}))
	set("recovered", choose(r, option{"no", 6}, option{"yes", 4}))
}

// rescue gives a call its subject.
func rescue(e *geoengine.Event, kind Kind, set func(key, value string), r *rand.Rand) {
	e.PrecisionM = 30
	var subject string
	switch kind {
	case KindMedical:
		subject = choose(r, option{"malaise", 40}, option{"fall", 27}, option{"chest_pain", 9}, option{"breathing", 9}, option{"carence", 9}, option{"cardiac_arrest", 3}, option{"childbirth", 1}, option{"assault", 2})
	case KindFire:
		vegetation := 8.0
		if m := e.Start.Month(); m >= time.June && m <= time.September {
			vegetation = 45
		}
		subject = choose(r, option{"dwelling", 22}, option{"vehicle", 22}, option{"rubbish", 28}, option{"chimney", 6}, option{"industry", 4}, option{"vegetation", vegetation})
	case KindTraffic:
		subject = choose(r, option{"car", 60}, option{"motorcycle", 20}, option{"bicycle", 10}, option{"pedestrian", 7}, option{"heavy_vehicle", 3})
	default:
		subject = choose(r, option{"flooding", 16}, option{"fallen_tree", 12}, option{"animal", 16}, option{"door_opening", 22}, option{"insects", 14}, option{"gas", 8}, option{"pollution", 6}, option{"lift", 6})
	}
	set("subject", subject)
	set("engines", choose(r, option{"1", 75}, option{"2", 18}, option{"3", 7}))
}
