package csv

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"vigie/geoengine"
)

// The closed lists of the mapping's words.
const (
	headerPresent, headerAbsent, headerMaybe = "present", "absent", "maybe"
	orderLonLat, orderLatLon                 = "lon_lat", "lat_lon"
	outsideReject, outsideNoPosition         = "reject", "no_position"
)

// taken are the names of other sources, which a mapping must not bear.
var taken = []string{Name, "baac", "areas", "units", "radars", "demo", "demo_areas", "demo_units", "demo_roads"}

// check compiles what the mapping says and refuses what cannot work.
func (m *Mapping) check() error {
	switch {
	case !geoengine.ValidSlug(m.Name) || strings.Contains(m.Name, "."):
		return m.errorAt("name", "%q must be a slug: a–z, 0–9 and _", m.Name)
	case slices.Contains(taken, m.Name):
		return m.errorAt("name", "%q is the name of another source", m.Name)
	case m.Title == "":
		return m.errorAt("title", "is missing: the map shows it")
	case m.Publisher == "" || m.Licence == "":
		return m.errorAt("publisher, licence", "are missing: `vigie sources` shows them (write unknown if they are)")
	}
	for _, step := range []func() error{
		m.checkFile, m.checkRef, m.checkTimes, m.checkPlace, m.checkCategory, m.checkSeverity, m.checkWeight, m.checkAttributes,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return m.checkConditions("keep", m.Keep)
}

func (m *Mapping) checkFile() error {
	f := &m.File
	switch size := utf8.RuneCountInString(f.Separator); {
	case f.Separator == "" || f.Separator == "auto":
	case f.Separator == "tab" || f.Separator == "\t":
		f.comma = '\t'
	case size == 1 && f.Separator[0] < 0x7f && f.Separator != `"`:
		f.comma = rune(f.Separator[0])
	default:
		return m.errorAt("file.separator", "%q must be auto, tab or one ASCII character", f.Separator)
	}
	if f.Encoding == "" {
		f.Encoding = "auto"
	}
	if f.Header == "" {
		f.Header = headerPresent
	}
	switch {
	case !slices.Contains([]string{"auto", "utf-8", "latin-1", "windows-1252"}, f.Encoding):
		return m.errorAt("file.encoding", "%q must be auto, utf-8, latin-1 or windows-1252", f.Encoding)
	case !slices.Contains([]string{headerPresent, headerAbsent, headerMaybe}, f.Header):
		return m.errorAt("file.header", "%q must be present, absent or maybe", f.Header)
	case f.Header == headerPresent && len(f.Columns) > 0:
		return m.errorAt("file.columns", "are named, but the header is present: say header: absent or maybe")
	case f.Header != headerPresent && len(f.Columns) == 0:
		return m.errorAt("file.columns", "must name the columns when the header is %s", f.Header)
	case f.SkipLines < 0 || f.SkipLines > 10000:
		return m.errorAt("file.skip_lines", "%d must be 0 to 10000", f.SkipLines)
	}
	return nil
}

func (m *Mapping) checkRef() error {
	switch {
	case m.Ref.Hash == (len(m.Ref.Columns) > 0):
		return m.errorAt("ref", "give either columns or hash: true")
	case m.Group != nil && m.Ref.Hash:
		return m.errorAt("group", "needs ref.columns: rows with the same ref are joined")
	case m.Group == nil:
		return nil
	case m.Group.Rows != "" && !attributeKey(m.Group.Rows):
		return m.errorAt("group.rows", "%q must be a slug", m.Group.Rows)
	}
	for key, conditions := range m.Group.Counts {
		if !attributeKey(key) {
			return m.errorAt("group.counts", "%q must be a slug", key)
		}
		if err := m.checkConditions("group.counts."+key, conditions); err != nil {
			return err
		}
	}
	return nil
}

func attributeKey(key string) bool { return geoengine.ValidSlug(key) && !strings.Contains(key, ".") }

func (m *Mapping) checkTimes() error {
	var err error
	if m.zone, err = m.loadZone("time.zone", m.Time.Zone); err != nil {
		return err
	}
	for i := range m.Time.Zones {
		rule, key := &m.Time.Zones[i], fmt.Sprintf("time.zones[%d]", i)
		if rule.zone, err = m.loadZone(key+".zone", rule.Zone); err != nil {
			return err
		}
		if len(rule.When) == 0 && rule.Within == nil {
			return m.errorAt(key, "needs when or within")
		}
		if err := m.checkConditions(key+".when", rule.When); err != nil {
			return err
		}
	}
	for key, clock := range map[string]*Clock{"time.start": &m.Time.Start, "time.end": m.Time.End, "time.reported": m.Time.Reported} {
		if clock == nil {
			continue
		}
		if err := m.checkClock(key, clock); err != nil {
			return err
		}
	}
	return nil
}

func (m *Mapping) loadZone(key, name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, m.errorAt(key, "is missing: the zone of the local times, such as Europe/Paris or UTC")
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, m.errorAt(key, "%q is no time zone such as Europe/Paris or UTC", name)
	}
	return zone, nil
}

func (m *Mapping) checkClock(key string, c *Clock) (err error) {
	if len(c.Columns) == 0 || len(c.Formats) == 0 {
		return m.errorAt(key, "needs columns and formats")
	}
	if c.extract, err = m.pattern(key+".extract", c.Extract); err != nil {
		return err
	}
	for _, format := range c.Formats {
		l, err := compile(format)
		if err != nil {
			return m.errorAt(key+".formats", "%v", err)
		}
		c.layouts = append(c.layouts, l)
	}
	return nil
}
