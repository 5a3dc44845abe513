package data

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"vigie/geoengine"
)

// fault is why a record cannot be stored; the zero fault is none.
type fault struct{ reason, detail string }

func faultf(reason, format string, args ...any) fault {
	return fault{reason, fmt.Sprintf(format, args...)}
}

// maxAttributes bounds the attributes of a record, in bytes.
const maxAttributes = 256 << 10

// checkEvent fills in what follows from the source and says why an event cannot be stored.
func checkEvent(e *geoengine.Event, source string) fault {
	e.Source = source
	e.Attributes = e.Attributes.Normalise()
	if e.Reported.IsZero() {
		e.Reported = e.End
	}
	if f := checkIdentity(e.Ref); f.reason != "" {
		return f
	}
	if !geoengine.ValidSlug(e.Category) {
		return faultf("bad_category", "category %.80q: must be a dotted slug of a–z, 0–9 and _", e.Category)
	}
	if int(e.Severity) >= len(geoengine.SeverityNames) {
		return faultf("unknown_value", "severity %d", e.Severity)
	}
	if f := checkTimes(e); f.reason != "" {
		return f
	}
	if !(e.Weight >= 0 && e.Weight <= math.MaxFloat32) {
		return faultf("bad_weight", "weight %v: must be finite and at least 0", e.Weight)
	}
	if f := checkPlace(e.HasPosition, e.Position, e.PrecisionM); f.reason != "" {
		return f
	}
	return checkAttributes(e.Attributes)
}

func checkIdentity(ref string) fault {
	switch {
	case strings.TrimSpace(ref) == "":
		return fault{"missing_ref", "the record has no ref"}
	case len(ref) > 200:
		return faultf("bad_ref", "ref %.80q… has %d bytes, more than 200", ref, len(ref))
	}
	return checkText("ref", ref)
}

func checkTimes(e *geoengine.Event) fault {
	const form = "2006-01-02T15:04:05Z07:00"
	switch {
	case e.Start.Before(geoengine.Earliest) || e.Start.After(geoengine.Latest):
		return faultf("bad_date", "start %s: outside 1900 to 2100", e.Start.Format(form))
	case e.End.Before(e.Start) || e.End.After(geoengine.Latest):
		return faultf("bad_date", "end %s: before the start %s or after 2100", e.End.Format(form), e.Start.Format(form))
	case e.Reported.Before(e.Start) || e.Reported.After(geoengine.Latest):
		return faultf("bad_date", "reported %s: before the start %s or after 2100", e.Reported.Format(form), e.Start.Format(form))
	}
	return fault{}
}

func checkPlace(has bool, p orb.Point, precision float64) fault {
	if !(precision >= 0 && precision <= math.MaxFloat32) {
		return faultf("bad_position", "precision %v m: must be finite and at least 0", precision)
	}
	if !has || geoengine.CheckPosition(p) == nil {
		return fault{}
	}
	if math.Abs(p.Lat()) > 90 && math.Abs(p.Lat()) <= 180 && math.Abs(p.Lon()) <= 90 {
		return faultf("bad_position", "longitude %v, latitude %v: not degrees on Earth; swapped?", p.Lon(), p.Lat())
	}
	return faultf("bad_position", "longitude %v, latitude %v: not degrees within ±180, ±90", p.Lon(), p.Lat())
}

func checkAttributes(attributes geoengine.Attributes) fault {
	size := 0
	for _, a := range attributes {
		size += len(a.Key) + len(a.Value)
		if f := checkText("attribute "+a.Key, a.Value); f.reason != "" {
			return f
		}
		if f := checkText("the name of an attribute", a.Key); f.reason != "" {
			return f
		}
	}
	if size > maxAttributes {
		return faultf("too_long", "the attributes have %d bytes, more than %d", size, maxAttributes)
	}
	return fault{}
}

// checkText refuses what PostgreSQL cannot hold as text.
func checkText(field, text string) fault {
	if strings.IndexByte(text, 0) >= 0 || !utf8.ValidString(text) {
		return faultf("bad_encoding", "%s %.80q: holds a NUL or is not valid UTF-8", field, text)
	}
	return fault{}
}

func checkUnit(u *geoengine.Unit, source string) fault {
	u.Source = source
	u.Attributes = u.Attributes.Normalise()
	if f := checkIdentity(u.Ref); f.reason != "" {
		return f
	}
	if !geoengine.ValidSlug(u.Kind) {
		return faultf("unknown_value", "kind %.80q: must be a dotted slug", u.Kind)
	}
	if f := checkText("name", u.Name); f.reason != "" {
		return f
	}
	if !u.Since.IsZero() && (u.Since.Before(geoengine.Earliest) || u.Since.After(geoengine.Latest)) {
		return faultf("bad_date", "since %s: outside 1900 to 2100", u.Since.Format("2006-01-02"))
	}
	if f := checkPlace(u.HasPosition, u.Position, u.PrecisionM); f.reason != "" {
		return f
	}
	return checkAttributes(u.Attributes)
}

func checkArea(a *geoengine.Area, source string) fault {
	a.Source = source
	switch {
	case a.Path == "":
		return fault{"missing_ref", "the area has no path"}
	case !geoengine.ValidSlug(a.Path):
		return faultf("bad_ref", "path %.100q: must be codes of a–z, 0–9 and _ joined by dots, at most 80 bytes", a.Path)
	case a.Level == "" || a.Name == "":
		return faultf("missing_value", "area %s has no level or no name", a.Path)
	}
	for _, text := range []string{a.Level, a.Code, a.Name} {
		if f := checkText("area "+a.Path, text); f.reason != "" {
			return f
		}
	}
	for _, polygon := range a.Geometry {
		for _, ring := range polygon {
			for _, p := range ring {
				if f := checkPlace(true, p, 0); f.reason != "" {
					return f
				}
			}
		}
	}
	return fault{}
}
