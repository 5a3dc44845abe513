package features

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"vigie/api/door"
	"vigie/api/ogc"
	"vigie/api/problem"
	"vigie/geoengine/cql2"
	"vigie/geoengine/feature"
)

// itemParams describes the query parameters of a collection's items.
func itemParams(c feature.Collection) []*huma.Param {
	text := &huma.Schema{Type: huma.TypeString}
	least, most, fewest, many := float64(1), float64(feature.MaxLimit), 4, 6
	explode := false
	list := []*huma.Param{
		ogc.FormatParam(itemFormats()),
		{Name: "limit", In: "query", Description: "Features on a page; more than the highest are answered as the highest.", Explode: &explode, Style: "form",
			Schema: &huma.Schema{Type: huma.TypeInteger, Minimum: &least, Maximum: &most, Default: feature.StandardLimit}},
		{Name: "bbox", In: "query", Description: "Only features that touch this box: west, south, east, north (or with heights, which are ignored). West beyond east crosses the antimeridian.",
			Explode: &explode, Style: "form", Schema: &huma.Schema{Type: huma.TypeArray, MinItems: &fewest, MaxItems: &many, Items: &huma.Schema{Type: huma.TypeNumber}}},
		crsParam("bbox-crs", "Reference system of bbox."),
		{Name: "datetime", In: "query", Description: "Only features whose start lies in an instant or an interval: 2024-03-01T00:00:00Z, ../2024-03-01T00:00:00Z, 2024-03-01T00:00:00Z/..",
			Explode: &explode, Style: "form", Schema: text},
		crsParam("crs", "Reference system of the answer."),
		{Name: "cursor", In: "query", Description: "Where the page begins: from the link next of the page before.", Schema: text},
		{Name: "properties", In: "query", Description: "Only these properties, by name.", Explode: &explode, Style: "form", Schema: &huma.Schema{Type: huma.TypeArray, Items: text}},
		{Name: "filter", In: "query", Description: "Filter in CQL2.", Schema: text},
		{Name: "filter-lang", In: "query", Description: "Encoding of filter.", Schema: &huma.Schema{Type: huma.TypeString, Enum: []any{"cql2-text", "cql2-json"}, Default: "cql2-text"}},
		crsParam("filter-crs", "Reference system of the geometries in filter."),
	}
	for _, p := range c.Properties {
		if p.Kind != cql2.Interval {
			list = append(list, &huma.Param{Name: p.Name, In: "query", Description: "Only features with this value. " + p.EN + ".", Schema: propertySchema(p)})
		}
	}
	if c.Attributes {
		list = append(list, &huma.Param{Name: door.AttributePrefix + "KEY", In: "query", Description: "Only features whose attribute KEY has this value, or has it among others.", Schema: text})
	}
	return list
}

func crsParam(name, doc string) *huma.Param {
	uris := []any{}
	for _, c := range feature.Systems() {
		uris = append(uris, c.URI)
	}
	return &huma.Param{Name: name, In: "query", Description: doc, Schema: &huma.Schema{Type: huma.TypeString, Format: "uri", Enum: uris, Default: feature.CRS84().URI}}
}

func itemParam() *huma.Param {
	return &huma.Param{Name: "id", In: "path", Required: true, Description: "Identity of the feature.", Schema: &huma.Schema{Type: huma.TypeString}}
}

// propertySchema is the type of a property's parameter.
func propertySchema(p feature.Property) *huma.Schema {
	switch p.Kind {
	case cql2.Number:
		return &huma.Schema{Type: huma.TypeNumber}
	case cql2.Integer:
		return &huma.Schema{Type: huma.TypeInteger}
	case cql2.Boolean:
		return &huma.Schema{Type: huma.TypeBoolean}
	case cql2.Instant:
		return &huma.Schema{Type: huma.TypeString, Format: "date-time"}
	default:
		schema := &huma.Schema{Type: huma.TypeString}
		for _, value := range p.Enum {
			schema.Enum = append(schema.Enum, value)
		}
		return schema
	}
}

// parse turns the parameters into a query; keys are the attributes that a filter may name. What is wrong is told by
// parameter.
func parse(c feature.Collection, values url.Values, keys func() []string) (feature.Query, error) {
	q := feature.Query{Collection: c.ID, Limit: feature.StandardLimit, Cursor: values.Get("cursor")}
	var wrong problem.Fields
	try := func(name string, read func(text string) error) {
		if !values.Has(name) {
			return
		}
		if err := read(values.Get(name)); err != nil {
			wrong.Add("query."+name, strings.TrimSuffix(err.Error(), ": invalid"))
		}
	}
	try("limit", func(text string) (err error) { q.Limit, err = parseLimit(text); return err })
	try("crs", func(text string) (err error) { q.CRS, err = parseCRS(text); return err })
	boxCRS, filterCRS := feature.CRS84(), feature.CRS84()
	try("bbox-crs", func(text string) (err error) { boxCRS, err = parseCRS(text); return err })
	try("filter-crs", func(text string) (err error) { filterCRS, err = parseCRS(text); return err })
	try("bbox", func(text string) (err error) { q.Box, err = parseBox(text, boxCRS); return err })
	try("datetime", func(text string) error { return parsePeriod(text, &q) })
	try("properties", func(text string) error {
		q.Properties = []string{}
		if text != "" {
			q.Properties = strings.Split(text, ",")
		}
		_, err := feature.Columns(q, nil)
		return err
	})
	lang := "cql2-text"
	try("filter-lang", func(text string) error {
		if lang = text; lang != "cql2-text" && lang != "cql2-json" {
			return fmt.Errorf("must be cql2-text or cql2-json")
		}
		return nil
	})
	try("filter", func(text string) (err error) {
		if q.Filter, err = parseFilter(text, lang, filterCRS); err == nil {
			q.Attributes = keys()
		}
		return err
	})
	equals(c, values, &q, &wrong)
	if q.CRS == (feature.CRS{}) {
		q.CRS = feature.CRS84()
	}
	return q, wrong.Err()
}

// equals reads the plain parameters of properties.
func equals(c feature.Collection, values url.Values, q *feature.Query, wrong *problem.Fields) {
	var names []string
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		i := slices.IndexFunc(c.Properties, func(p feature.Property) bool { return p.Name == name })
		attribute := c.Attributes && strings.HasPrefix(name, door.AttributePrefix)
		if i < 0 && !attribute {
			continue
		}
		value := values.Get(name)
		if !attribute {
			p := c.Properties[i]
			_, err := p.Parse(value)
			if err == nil && p.Enum != nil && !slices.Contains(p.Enum, value) {
				err = fmt.Errorf("must be one of %s", strings.Join(p.Enum, ", "))
			}
			if err != nil {
				wrong.Add("query."+name, strings.TrimSuffix(strings.TrimPrefix(err.Error(), name+": "), ": invalid"))
				continue
			}
		}
		if name == door.AttributePrefix || len(name) > 200 {
			wrong.Add("query."+door.AttributePrefix, "must name an attribute")
			continue
		}
		q.Equal = append(q.Equal, feature.Equal{Name: name, Value: value})
	}
}

func parseLimit(text string) (int, error) {
	digits := strings.TrimLeft(text, "0")
	if text == "" || digits == "" || strings.Trim(text, "0123456789") != "" {
		return 0, fmt.Errorf("must be a whole number from 1")
	}
	if len(digits) > 5 {
		return feature.MaxLimit, nil
	}
	n, err := strconv.Atoi(digits)
	return min(n, feature.MaxLimit), err
}

func parseCRS(text string) (feature.CRS, error) {
	if text == "" {
		return feature.CRS{}, fmt.Errorf("must be a URI")
	}
	return feature.ParseCRS(text)
}

func parseBox(text string, crs feature.CRS) (*feature.Box, error) {
	parts := strings.Split(text, ",")
	if len(parts) > 6 {
		return nil, fmt.Errorf("must have 4 or 6 numbers")
	}
	numbers := make([]float64, len(parts))
	for i, part := range parts {
		n, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil || strings.ContainsAny(part, "xXpP_") {
			return nil, fmt.Errorf("%.40q is no number", part)
		}
		numbers[i] = n
	}
	box, err := feature.NewBox(numbers, crs)
	return &box, err
}

// parsePeriod reads an instant, or an interval of which at most one end is open.
func parsePeriod(text string, q *feature.Query) error {
	first, last, interval := strings.Cut(text, "/")
	if !interval {
		from, before, day, err := parseInstant(first)
		if err != nil {
			return err
		}
		if q.From = from; day {
			q.Before = before
		} else {
			q.To = from
		}
		return nil
	}
	open := func(s string) bool { return s == "" || s == ".." }
	if open(first) && open(last) {
		return fmt.Errorf("must not be open at both ends")
	}
	if !open(first) {
		from, _, _, err := parseInstant(first)
		if err != nil {
			return err
		}
		q.From = from
	}
	if !open(last) {
		to, before, day, err := parseInstant(last)
		if err != nil {
			return err
		}
		if to.Before(q.From) {
			return fmt.Errorf("ends before it begins")
		}
		if day {
			q.Before = before
		} else {
			q.To = to
		}
	}
	return nil
}

// parseInstant reads an instant, or a date, which is a whole day in UTC: before is then its end.
func parseInstant(text string) (at, before time.Time, day bool, err error) {
	if at, err = time.Parse(time.DateOnly, text); err == nil {
		return at, at.AddDate(0, 0, 1), true, checkYear(at)
	}
	// RFC 3339 allows lower case letters.
	if at, err = time.Parse(time.RFC3339Nano, strings.ToUpper(text)); err == nil {
		return at, time.Time{}, false, checkYear(at)
	}
	return at, before, false, fmt.Errorf("%.40q is no instant as in RFC 3339", text)
}

func checkYear(t time.Time) error {
	if year := t.UTC().Year(); year < 1 || year > 9998 {
		return fmt.Errorf("the year %d is out of reach", year)
	}
	return nil
}

func parseFilter(text, lang string, crs feature.CRS) (*cql2.Expr, error) {
	var expr cql2.Expr
	var err error
	if lang == "cql2-json" {
		expr, err = cql2.ParseJSON([]byte(text))
	} else {
		expr, err = cql2.Parse(text)
	}
	if err != nil {
		return nil, err
	}
	if crs != feature.CRS84() {
		expr = expr.InCRS(crs.SRID, crs.LatitudeFirst)
	}
	return &expr, nil
}
