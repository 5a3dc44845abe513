package csv

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// draft writes the mapping, with a word to the person on what cannot be known from a file.
func (g *guess) draft() string {
	var b strings.Builder
	name := mappingName(g.file)
	fmt.Fprintf(&b, "# A draft, guessed from the first %d rows of %s. Check every line: docs/import.md explains the keys.\n", g.rows, oneLine(g.file))
	fmt.Fprintf(&b, "name: %s\ntitle: %s # what the map shows\n", name, quoted(oneLine(g.file)))
	b.WriteString("publisher: unknown # say who publishes it\nlicence: unknown # and under which terms\n\n")
	if g.ref != nil {
		fmt.Fprintf(&b, "ref: {columns: [%s]}\n\n", quoted(g.ref.name))
	} else {
		b.WriteString("ref:\n  hash: true # no column identifies a row: equal rows are different records\n\n")
	}
	g.draftTime(&b)
	g.draftPlace(&b)
	b.WriteString("category: {constant: road.accident} # road.accident, vehicle.theft, rescue.call.fire, …\n")
	g.draftSeverity(&b)
	g.draftAttributes(&b)
	return b.String()
}

func (g *guess) draftTime(b *strings.Builder) {
	columns := quoted(g.date.name)
	if g.hour != nil {
		columns += ", " + quoted(g.hour.name)
	}
	formats := make([]string, len(g.date.formats))
	for i, format := range g.date.formats {
		formats[i] = quoted(format)
	}
	note := ""
	if strings.HasPrefix(g.date.formats[0], "D/M") || strings.HasPrefix(g.date.formats[0], "M/D") {
		note = " # day before month, or month before day?"
	}
	fmt.Fprintf(b, "time:\n  zone: UTC # say the zone of the local times, such as Europe/Paris\n  start:\n    columns: [%s]\n    formats: [%s]%s\n\n",
		columns, strings.Join(formats, ", "), note)
}

func (g *guess) draftPlace(b *strings.Builder) {
	switch {
	case g.point != nil:
		fmt.Fprintf(b, "position:\n  point: %s\n  order: lat_lon # or lon_lat\n\n", quoted(g.point.name))
	case g.lon != nil:
		fmt.Fprintf(b, "position:\n  lon: %s\n  lat: %s\n", quoted(g.lon.name), quoted(g.lat.name))
		if slices.ContainsFunc(g.lon.values, func(s string) bool { return strings.Contains(s, ",") }) {
			b.WriteString("  decimal_comma: true\n")
		}
		if math.Abs(g.lat.high) > 90 || math.Abs(g.lat.low) > 90 || math.Abs(g.lon.high) > 180 || math.Abs(g.lon.low) > 180 {
			b.WriteString("  # these are no degrees: say the reference system (epsg: 2154) or a scale (scale: 0.00001)\n  outside: no_position\n\n")
			return
		}
		margin := func(low, high float64) float64 { return math.Max(0.2, (high-low)/2) }
		mx, my := margin(g.lon.low, g.lon.high), margin(g.lat.low, g.lat.high)
		fmt.Fprintf(b, "  within: [[%s, %s, %s, %s]] # where the file's positions lie, and a margin\n  outside: reject # or no_position\n\n",
			tenths(g.lon.low-mx), tenths(g.lat.low-my), tenths(g.lon.high+mx), tenths(g.lat.high+my))
	}
}

func tenths(f float64) string { return strconv.FormatFloat(math.Round(f*10)/10, 'f', 1, 64) }

// severityWords are texts by which a column of severities is known.
var severityWords = map[string]string{
	"fatal": "fatal", "mortel": "fatal", "serious": "serious", "grave": "serious", "slight": "slight", "leger": "slight",
	"injury": "injury", "damage": "damage", "property_damage_only": "damage", "pdo": "damage", "fatal_injury": "fatal",
	"property_damage": "damage", "personal_injury": "injury", "serious_injury": "serious", "slight_injury": "slight",
	"minor_injury": "slight", "non_injury": "damage", "no_injury": "damage",
}

func (g *guess) draftSeverity(b *strings.Builder) {
	for _, c := range g.columns {
		table := map[string]string{}
		for value := range c.distinct {
			if severity, known := severityWords[slug(value)]; known {
				table[value] = severity
			}
		}
		if len(c.distinct) > fewValues || 2*len(table) < len(c.distinct) || len(table) < 2 {
			continue
		}
		var entries []string
		for _, value := range sortedKeys(table) {
			entries = append(entries, quoted(value)+": "+table[value])
		}
		fmt.Fprintf(b, "\nseverity:\n  column: %s\n  table: {%s}\n  default: unknown\n", quoted(c.name), strings.Join(entries, ", "))
		return
	}
	b.WriteString("\n# severity: fatal, serious, slight, injury, damage: from a column, or from numbers of victims\n")
}

func (g *guess) draftAttributes(b *strings.Builder) {
	used := []*column{g.ref, g.date, g.hour, g.lon, g.lat, g.point}
	b.WriteString("\nattributes:")
	written := map[string]bool{}
	for _, c := range g.columns {
		key := slug(c.name)
		if key == "" || written[key] || slices.Contains(used, c) || len(c.distinct) < 2 || len(c.distinct) > min(fewValues, g.rows/2) {
			continue
		}
		written[key] = true
		values := sortedKeys(c.distinct)
		slices.SortStableFunc(values, func(x, y string) int { return c.distinct[y] - c.distinct[x] })
		fmt.Fprintf(b, "\n  %s: {column: %s, slug: true} # %s", quoted(key), quoted(c.name), oneLine(strings.Join(values[:min(5, len(values))], " · ")))
	}
	if len(written) == 0 {
		b.WriteString(" {}")
	}
	b.WriteString("\n")
}

// quoted writes a text as a YAML string in double quotes.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) || r == 0x2028 || r == 0x2029 || r == 0xfeff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// oneLine is a text for a comment.
func oneLine(s string) string {
	s = clean(strings.ToValidUTF8(s, "?"))
	return strings.Map(func(r rune) rune {
		if r == 0x2028 || r == 0x2029 || r == 0x85 || r == 0xfeff {
			return ' '
		}
		return r
	}, s)
}
