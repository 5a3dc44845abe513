package csv

import (
	"strings"
	"time"

	"vigie/data"
	"vigie/geoengine"
)

// interval sets the times of an event.
func (m *Mapping) interval(event *geoengine.Event, row data.Row) error {
	var err error
	zone := m.zoneOf(event, row)
	if event.Start, event.End, err = clock(&m.Time.Start, row, "start", zone); err != nil {
		return err
	}
	if event.Start.IsZero() {
		return row.Reject("bad_date", "the columns %s are empty", strings.Join(m.Time.Start.Columns, ", "))
	}
	if m.Time.End != nil {
		_, end, err := clock(m.Time.End, row, "end", zone)
		switch {
		case err != nil:
			return err
		case end.IsZero():
		case end.Before(event.Start):
			return row.Reject("bad_date", "the end %s is before the start %s", end, event.Start)
		default:
			event.End = end
		}
	}
	event.Reported = event.End
	if m.Time.Reported != nil {
		_, reported, err := clock(m.Time.Reported, row, "reported", zone)
		switch {
		case err != nil:
			return err
		case reported.IsZero():
		case reported.Before(event.Start):
			return row.Reject("bad_date", "reported %s, before the start %s", reported, event.Start)
		default:
			event.Reported = reported
		}
	}
	if event.Start.Before(geoengine.Earliest) || event.End.After(geoengine.Latest) || event.Reported.After(geoengine.Latest) {
		return row.Reject("bad_date", "%s is outside 1900 to 2100", event.Start)
	}
	return nil
}

// zoneOf is the time zone of the first rule that holds, else the general one.
func (m *Mapping) zoneOf(event *geoengine.Event, row data.Row) *time.Location {
	for i := range m.Time.Zones {
		rule := &m.Time.Zones[i]
		if holds(rule.When, row) && (rule.Within == nil || (event.HasPosition && inBox(*rule.Within, event.Position))) {
			return rule.zone
		}
	}
	return m.zone
}

// clock reads one time by the first format that fits; zero times if its columns are all empty.
func clock(c *Clock, row data.Row, name string, zone *time.Location) (start, end time.Time, err error) {
	text := joined(c.Columns, row)
	if text != "" && c.extract.given() {
		text = firstGroup(c.extract, text)
	}
	if text == "" {
		return start, end, nil
	}
	for _, l := range c.layouts {
		if start, end, ok := l.parse(text, zone); ok {
			return start, end, nil
		}
	}
	return start, end, row.Reject("bad_date", "%s %.80q fits none of the formats %q", name, text, c.Formats)
}

// joined are the fields of columns that are not empty, with one blank between them.
func joined(columns []string, row data.Row) string {
	if len(columns) == 1 {
		return field(row, columns[0])
	}
	var filled []string
	for _, column := range columns {
		if text := field(row, column); text != "" {
			filled = append(filled, text)
		}
	}
	return strings.Join(filled, " ")
}
