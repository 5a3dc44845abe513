// Package geoengine is the heart of Vigie: events, areas, units and queries, and their PostGIS store.
//
// Positions are WGS 84 in longitude, latitude order, in degrees. Times are instants; the location of a
// time.Time carries the local zone of the place. Read event.go, query.go, then store.go.
package geoengine

import (
	"fmt"
	"math"
	"sort"
	"strings"
	"time"

	"github.com/paulmach/orb"
)

// CellResolution is the H3 resolution at which events are stored; coarser cells are its parents.
const CellResolution = 11

// ZoneResolution is the H3 resolution of a zone, the unit by which big tables are distributed.
const ZoneResolution = 3

// Severity is the worst outcome of an event, in ascending order.
type Severity uint8

// The severities. Injury is an injury whose gravity the source does not give.
const (
	SeverityUnknown Severity = iota
	SeverityDamage
	SeverityInjury
	SeveritySlight
	SeveritySerious
	SeverityFatal
)

// SeverityNames are the slugs of the severities, indexed by Severity.
var SeverityNames = [...]string{"unknown", "damage", "injury", "slight", "serious", "fatal"}

// String returns the slug.
func (s Severity) String() string {
	if int(s) < len(SeverityNames) {
		return SeverityNames[s]
	}
	return fmt.Sprintf("severity(%d)", uint8(s))
}

// ParseSeverity returns the severity of a slug; ErrInvalid names an unknown one.
func ParseSeverity(slug string) (Severity, error) {
	for i, name := range SeverityNames {
		if name == slug {
			return Severity(i), nil
		}
	}
	return 0, fmt.Errorf("severity %q: %w", slug, ErrInvalid)
}

// Weight is the official socio-economic weight of one victim relative to a death: killed 1, hospitalised 0.125,
// slight 0.005 (Quinet report, values of 2016). An injury of unknown gravity counts as slight; damage and unknown as 0.
func (s Severity) Weight() float64 {
	switch s {
	case SeverityFatal:
		return 1
	case SeveritySerious:
		return 0.125
	case SeveritySlight, SeverityInjury:
		return 0.005
	default:
		return 0
	}
}

// Attribute is one readable fact about an event. A repeated key is a set of values.
type Attribute struct{ Key, Value string }

// Attributes are sorted by key, then value, without repeats; Normalise makes them so.
type Attributes []Attribute

// Normalise sorts the attributes, drops empty values and repeats, and returns the result in place.
func (a Attributes) Normalise() Attributes {
	sort.Slice(a, func(i, j int) bool {
		return a[i].Key < a[j].Key || (a[i].Key == a[j].Key && a[i].Value < a[j].Value)
	})
	kept := a[:0]
	for _, next := range a {
		if next.Value != "" && (len(kept) == 0 || kept[len(kept)-1] != next) {
			kept = append(kept, next)
		}
	}
	return kept
}

// Event is something that happened somewhere at some time.
type Event struct {
	Source   string // slug of the source; with Ref the natural identity
	Ref      string // identity within the source, 1 to 200 bytes
	Category string // dotted slug: road.accident, vehicle.theft, rescue.call.fire
	Severity Severity
	Weight   float64 // severity weight, at least 0
	// Start and End bound the time at which it happened, End not before Start. The location of Start is the
	// local zone of the place. A day without an hour is a 24 h interval [00:00, next 00:00).
	Start, End time.Time
	Reported   time.Time // when it was known; never before Start
	// Position is longitude, latitude; meaningful only if HasPosition.
	Position    orb.Point
	HasPosition bool
	PrecisionM  float64 // radius in metres within which the true place lies; 0 is unknown
	Attributes  Attributes
}

// Earliest and Latest bound the times that an event may have: 1900 to 2100, UTC.
var (
	Earliest = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
	Latest   = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

// Check returns ErrInvalid, with the field and the value, for an event that must not be stored.
func (e *Event) Check() error {
	switch {
	case e.Ref == "" || len(e.Ref) > 200:
		return fmt.Errorf("ref %.40q: must have 1 to 200 bytes: %w", e.Ref, ErrInvalid)
	case !ValidSlug(e.Category):
		return fmt.Errorf("category %.40q: must be a dotted slug: %w", e.Category, ErrInvalid)
	case e.Start.Before(Earliest) || e.Start.After(Latest):
		return fmt.Errorf("start %s: outside 1900 to 2100: %w", e.Start.Format(time.RFC3339), ErrInvalid)
	case e.End.Before(e.Start) || e.End.After(Latest):
		return fmt.Errorf("end %s: before the start or after 2100: %w", e.End.Format(time.RFC3339), ErrInvalid)
	case math.IsNaN(e.Weight) || math.IsInf(e.Weight, 0) || e.Weight < 0:
		return fmt.Errorf("weight %v: must be finite and at least 0: %w", e.Weight, ErrInvalid)
	case e.HasPosition:
		return CheckPosition(e.Position)
	}
	return nil
}

// CheckPosition returns ErrInvalid unless p is a finite longitude, latitude in degrees within ±180, ±90.
func CheckPosition(p orb.Point) error {
	if !(math.Abs(p.Lon()) <= 180 && math.Abs(p.Lat()) <= 90) {
		return fmt.Errorf("position %v, %v: not a longitude, latitude in degrees: %w", p.Lon(), p.Lat(), ErrInvalid)
	}
	return nil
}

// ValidSlug tells whether s is a dotted slug: parts of a–z, 0–9 and _ joined by dots, at most 80 bytes.
func ValidSlug(s string) bool {
	if s == "" || len(s) > 80 {
		return false
	}
	for part := range strings.SplitSeq(s, ".") {
		if part == "" || strings.Trim(part, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			return false
		}
	}
	return true
}

// The codes of LocalHour beyond the 168 hours of the week.
const (
	HourWeekdayOnly = 168 // + weekday (0 Monday): the day is known, the hour is not
	HourUnknown     = 175 // neither is known
)

// LocalHour returns the local hour of the week, 0 (Monday 00 h) to 167, of an interval known to one hour;
// HourWeekdayOnly + weekday for one known to the day (the day of the autumn clock change has 25 hours);
// HourUnknown for a longer one.
// start is a Unix time in seconds, length in seconds, offset the local zone's offset from UTC in seconds.
func LocalHour(start, length int64, offset int) int {
	local := start + int64(offset)
	day := floorDiv(local, 86400)
	weekday := int(((day+3)%7 + 7) % 7) // 1970-01-01 was a Thursday
	switch {
	case length <= 3600:
		return weekday*24 + int((local-day*86400)/3600)
	case floorDiv(local+length-1, 86400) == day, local == day*86400 && length <= 25*3600:
		return HourWeekdayOnly + weekday
	default:
		return HourUnknown
	}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
