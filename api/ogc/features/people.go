package features

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"vigie/api/ogc"
	"vigie/geoengine"
	"vigie/geoengine/feature"
)

// describe is a feature as people read it.
func describe(lang string, c feature.Collection, columns []feature.Property, row *feature.Row) ogc.Table {
	table := ogc.Table{
		Caption: ogc.Text{FR: c.FR, EN: c.EN},
		Head:    []ogc.Text{{FR: "Propriété", EN: "Property"}, {FR: "Nom dans l’API", EN: "Name in the API"}, {FR: "Valeur", EN: "Value"}},
	}
	for i, value := range row.Values {
		table.Rows = append(table.Rows, []ogc.Cell{{Text: ogc.Text{FR: columns[i].FR, EN: columns[i].EN}.In(lang)}, {Text: columns[i].Name, Code: true}, readable(lang, value, offsetOf(columns, row))})
	}
	for _, a := range row.Attributes {
		table.Rows = append(table.Rows, []ogc.Cell{{Text: a.Key}, {Text: feature.AttributePrefix + a.Key, Code: true}, {Text: a.Value}})
	}
	return table
}

// readable is a value as people read it: instants in the local time of the place.
func readable(lang string, value any, offset int64) ogc.Cell {
	switch v := value.(type) {
	case nil:
		return ogc.Cell{}
	case time.Time:
		local := v.Add(time.Duration(offset) * time.Second)
		return ogc.Cell{Text: fmt.Sprintf("%d %s %d, %s", local.Day(), month(lang, local.Month()), local.Year(), local.Format("15:04"))}
	case float64:
		return ogc.Cell{Text: strconv.FormatFloat(v, 'g', -1, 64), Number: true}
	case int64:
		return ogc.Cell{Text: strconv.FormatInt(v, 10), Number: true}
	case bool:
		if v {
			return ogc.Cell{Text: ogc.Text{FR: "oui", EN: "yes"}.In(lang)}
		}
		return ogc.Cell{Text: ogc.Text{FR: "non", EN: "no"}.In(lang)}
	default:
		return ogc.Cell{Text: fmt.Sprint(v)}
	}
}

// month is a month's short name.
func month(lang string, m time.Month) string {
	if lang == "en" {
		return m.String()[:3]
	}
	french := [...]string{"janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."}
	return french[m-1]
}

// offsetOf is what to add to UTC for the local time of a feature, in seconds; 0 where it does not say.
func offsetOf(columns []feature.Property, row *feature.Row) int64 {
	for i, value := range row.Values {
		if columns[i].Name == "utc_offset" {
			offset, _ := value.(int64)
			return offset
		}
	}
	return 0
}

func attributeList(attributes []geoengine.Attribute) string {
	parts := make([]string, len(attributes))
	for i, a := range attributes {
		parts[i] = a.Key + ": " + a.Value
	}
	return strings.Join(parts, " · ")
}

// webAddress is an address that a page may link to, "" for any other.
func webAddress(text string) string {
	if strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://") {
		return text
	}
	return ""
}
