// Package filter reads the filter parameters that every operation shares: from, to, hours, category, severity,
// source, area, attr.KEY and bbox. It is strict: what it cannot read is an error that names the parameter.
package filter

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/paulmach/orb"

	"vigie/api/problem"
	"vigie/geoengine"
)

// Limits of a filter.
const (
	MaxValues     = 200 // values of one parameter
	MaxValueBytes = 200 // bytes of one value
	MaxAttributes = 20  // attribute keys
)

// Parser reads filters. Days without a time begin at midnight in its zone.
type Parser struct{ zone *time.Location }

// NewParser returns a parser whose days are those of zone.
func NewParser(zone *time.Location) *Parser { return &Parser{zone: zone} }

// Params describes the filter parameters for the API document.
func Params() []*huma.Param {
	repeated := func(name, doc string) *huma.Param {
		return &huma.Param{Name: name, In: "query", Description: doc, Schema: &huma.Schema{
			Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString},
		}}
	}
	text := func(name, doc string) *huma.Param {
		return &huma.Param{Name: name, In: "query", Description: doc, Schema: &huma.Schema{Type: huma.TypeString}}
	}
	return []*huma.Param{
		text("from", "Events that start at or after this instant (RFC 3339), or day (YYYY-MM-DD, from local midnight)."),
		text("to", "Events that start before this instant, or before this day begins."),
		text("hours", "Local hours of the week, 0 (Monday 00 h) to 167, as ranges: 8-9,32-33."),
		repeated("category", "Category slugs, each with its dotted descendants; repeat or separate by commas."),
		repeated("severity", "Severities: unknown, damage, injury, slight, serious, fatal."),
		repeated("source", "Source names."),
		repeated("area", "Area paths, each with its descendants, e.g. fr.76.31."),
		repeated(attributePrefix+"KEY", `Accepted values of the attribute KEY, e.g. attr.light=night. A comma within a value is written \,.`),
		text("bbox", "Box west,south,east,north in degrees, WGS 84."),
	}
}

const attributePrefix = "attr."

// Parse reads the filter among the parameters and leaves the others alone. The error is a problem.Fields.
func (p *Parser) Parse(values url.Values) (geoengine.Query, error) {
	var (
		q     geoengine.Query
		wrong problem.Fields
	)
	q.From = p.instant(values, "from", &wrong)
	q.To = p.instant(values, "to", &wrong)
	if !q.From.IsZero() && !q.To.IsZero() && q.To.Before(q.From) {
		wrong.Add("query.to", "is before from")
	}
	q.Hours = parseHours(values.Get("hours"), &wrong)
	q.Categories = list(values, "category", &wrong, func(v string) error {
		return unless(geoengine.ValidSlug(v), "must be a dotted slug such as road.accident")
	})
	for _, slug := range list(values, "severity", &wrong, nil) {
		severity, err := geoengine.ParseSeverity(slug)
		if err != nil {
			wrong.Add("query.severity", "must be one of "+strings.Join(geoengine.SeverityNames[:], ", "))
			break
		}
		q.Severities = append(q.Severities, severity)
	}
	q.Sources = list(values, "source", &wrong, nil)
	q.Areas = list(values, "area", &wrong, func(v string) error {
		return unless(geoengine.ValidAreaPath(v), "must be a dotted path such as fr.76.31")
	})
	q.Attributes = attributes(values, &wrong)
	q.Box = Box(values, &wrong)
	return q, wrong.Err()
}

// Instant reads one parameter as an instant or a day; the zero time if it is absent.
func (p *Parser) Instant(values url.Values, name string) (time.Time, error) {
	var wrong problem.Fields
	return p.instant(values, name, &wrong), wrong.Err()
}

func (p *Parser) instant(values url.Values, name string, wrong *problem.Fields) time.Time {
	v := values.Get(name)
	if v == "" {
		return time.Time{}
	}
	t, err := time.ParseInLocation(time.DateOnly, v, p.zone)
	if err != nil {
		t, err = time.Parse(time.RFC3339, v)
	}
	if err != nil {
		wrong.Add("query."+name, "must be an RFC 3339 instant such as 2024-05-01T00:00:00Z, or a day such as 2024-05-01")
		return time.Time{}
	}
	if t.Before(geoengine.Earliest) || t.After(geoengine.Latest) {
		wrong.Add("query."+name, "must lie in 1900 to 2100")
		return time.Time{}
	}
	return t
}

func parseHours(text string, wrong *problem.Fields) geoengine.Hours {
	var hours geoengine.Hours
	if text == "" {
		return hours
	}
	parts := strings.Split(text, ",")
	if len(parts) > 168 {
		wrong.Add("query.hours", "has more than 168 ranges")
		return hours
	}
	for _, part := range parts {
		first, last, isRange := strings.Cut(part, "-")
		a, errA := hour(first)
		b, errB := a, error(nil)
		if isRange {
			b, errB = hour(last)
		}
		if errA != nil || errB != nil || b < a {
			wrong.Add("query.hours", "must be hours of the week 0 to 167 or rising ranges of them, such as 8-9,32-33")
			return geoengine.Hours{}
		}
		for h := a; h <= b; h++ {
			hours.Set(h)
		}
	}
	return hours
}

// hour reads 0 to 167, digits only.
func hour(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 8)
	if err != nil || n > 167 {
		return 0, fmt.Errorf("hour %.10q: %w", text, geoengine.ErrInvalid)
	}
	return int(n), nil
}

// list reads a repeatable, comma-separated parameter: sorted, without repeats.
func list(values url.Values, name string, wrong *problem.Fields, check func(string) error) []string {
	given := values[name]
	if len(given) == 0 {
		return nil
	}
	var found []string
	for _, text := range given {
		parts, err := split(text)
		if err == nil && len(found)+len(parts) > MaxValues {
			err = fmt.Errorf("has more than %d values", MaxValues)
		}
		for _, v := range parts {
			if err == nil {
				err = checkValue(v)
			}
			if err == nil && check != nil {
				err = check(v)
			}
		}
		if err != nil {
			wrong.Add("query."+name, err.Error())
			return nil
		}
		found = append(found, parts...)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// split separates values at commas. A comma within a value is written \, and a backslash \\.
func split(text string) ([]string, error) {
	if !strings.ContainsRune(text, '\\') {
		return strings.Split(text, ","), nil
	}
	parts, value, escaped := []string{}, []byte{}, false
	for i := range len(text) {
		switch c := text[i]; {
		case escaped && c != ',' && c != '\\':
			return nil, fmt.Errorf(`has a \ before neither , nor \`)
		case !escaped && c == '\\':
			escaped = true
			continue
		case !escaped && c == ',':
			parts, value = append(parts, string(value)), value[:0]
			continue
		default:
			value = append(value, c)
		}
		escaped = false
	}
	if escaped {
		return nil, fmt.Errorf(`ends with a \`)
	}
	return append(parts, string(value)), nil
}

func checkValue(v string) error {
	switch {
	case v == "":
		return fmt.Errorf("has an empty value")
	case len(v) > MaxValueBytes:
		return fmt.Errorf("has a value of more than %d bytes", MaxValueBytes)
	case !utf8.ValidString(v) || strings.ContainsRune(v, 0):
		return fmt.Errorf("has a value that is not UTF-8 text")
	}
	return nil
}

// attributes reads every attr.KEY.
func attributes(values url.Values, wrong *problem.Fields) map[string][]string {
	var found map[string][]string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		key, ok := strings.CutPrefix(name, attributePrefix)
		if !ok {
			continue
		}
		if err := checkValue(key); err != nil {
			wrong.Add("query.attr", "the key "+err.Error())
			continue
		}
		if len(found) == MaxAttributes {
			wrong.Add("query.attr", "has more than "+strconv.Itoa(MaxAttributes)+" keys")
			return nil
		}
		if accepted := list(values, name, wrong, nil); accepted != nil {
			if found == nil {
				found = map[string][]string{}
			}
			found[key] = accepted
		}
	}
	return found
}

// Box reads bbox; nil if it is absent. A box across the antimeridian is refused: ask for its two halves.
func Box(values url.Values, wrong *problem.Fields) *orb.Bound {
	text := values.Get("bbox")
	if text == "" {
		return nil
	}
	parts := strings.Split(text, ",")
	var edges [4]float64
	for i := range edges {
		var err error
		if len(parts) != len(edges) {
			err = geoengine.ErrInvalid
		} else {
			edges[i], err = strconv.ParseFloat(parts[i], 64)
		}
		if err != nil {
			wrong.Add("query.bbox", "must be four numbers: west,south,east,north in degrees")
			return nil
		}
	}
	box := &orb.Bound{Min: orb.Point{edges[0], edges[1]}, Max: orb.Point{edges[2], edges[3]}}
	switch {
	case geoengine.CheckPosition(box.Min) != nil || geoengine.CheckPosition(box.Max) != nil:
		wrong.Add("query.bbox", "must lie within ±180, ±90 degrees")
	case edges[0] > edges[2]:
		wrong.Add("query.bbox", "west must not be east of east; a box across the antimeridian must be asked for in two halves")
	case edges[1] > edges[3]:
		wrong.Add("query.bbox", "south must not be north of north")
	default:
		return box
	}
	return nil
}

func unless(ok bool, message string) error {
	if ok {
		return nil
	}
	return fmt.Errorf("%s", message)
}
