package csv

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"vigie/data"
	"vigie/geoengine"
)

// identity is the hash of a row.
type identity [16]byte

// maxGroups bounds the events that are held in memory while rows are joined that may stand anywhere in a file.
const maxGroups = 5_000_000

// builder makes events of the rows of one file.
type builder struct {
	mapping *Mapping
	yield   func(data.Record, error) bool
	seen    map[identity]int // how often a row without identity has come
	groups  []*joining       // in order of appearance
	byRef   map[string]*joining
}

// joining is an event to which rows are still added.
type joining struct {
	at     data.Position
	event  *geoengine.Event
	rows   int
	counts map[string]int
}

func (b *builder) reject(bad *data.Reject) error {
	if !b.yield(data.Record{At: bad.At, Raw: bad.Raw}, bad) {
		return errStopped
	}
	return nil
}

func (b *builder) emit(at data.Position, raw []byte, event *geoengine.Event) error {
	event.Attributes = event.Attributes.Normalise()
	record := data.Record{At: at, Raw: raw, Event: event}
	if p := b.mapping.Position; p != nil {
		record.EPSG = p.EPSG
	}
	if !b.yield(record, nil) {
		return errStopped
	}
	return nil
}

// add makes an event of a row, or joins the row to the event of its ref.
func (b *builder) add(row data.Row) error {
	event, err := b.mapping.event(row)
	if err != nil {
		return err
	}
	if event.Ref, err = b.ref(row); err != nil {
		return err
	}
	if b.mapping.Group == nil {
		return b.emit(row.At, row.Raw, event)
	}
	return b.join(row, event)
}

// event makes everything of the event but its ref.
func (m *Mapping) event(row data.Row) (*geoengine.Event, error) {
	event := &geoengine.Event{Source: m.Name}
	if p := m.Position; p != nil {
		var err error
		if event.Position, event.HasPosition, err = p.locate(row); err != nil {
			return nil, err
		}
		if event.HasPosition {
			event.PrecisionM = p.Precision
		}
	}
	if err := m.interval(event, row); err != nil {
		return nil, err
	}
	unknown := m.Category.resolve(row, func(slug string) {
		if event.Category == "" {
			event.Category = slug
		}
	})
	if !geoengine.ValidSlug(event.Category) {
		return nil, row.Reject("unknown_value", "category: %s: %.80q is not provided for", m.Category.columns(), unknown+event.Category)
	}
	if err := m.grade(event, row); err != nil {
		return nil, err
	}
	for key, facts := range m.Attributes {
		facts.resolve(row, func(value string) {
			event.Attributes = append(event.Attributes, geoengine.Attribute{Key: key, Value: value})
		})
	}
	return event, nil
}

// grade sets severity and weight.
func (m *Mapping) grade(event *geoengine.Event, row data.Row) error {
	given := false
	var wrong string
	unknown := m.Severity.resolve(row, func(slug string) {
		severity, err := geoengine.ParseSeverity(slug)
		if err != nil {
			wrong = slug
		}
		given = true
		event.Severity = max(event.Severity, severity)
	})
	if wrong != "" || (!given && unknown != "") {
		return row.Reject("unknown_value", "severity: %s: %.80q is not provided for", m.Severity.columns(), wrong+unknown)
	}
	if m.Weight == nil {
		event.Weight = event.Severity.Weight()
		return nil
	}
	event.Weight = m.Weight.Constant
	for _, column := range sortedKeys(m.Weight.Sum) {
		text := field(row, column)
		if text == "" {
			continue
		}
		n, ok := number(text, m.Weight.DecimalComma)
		if !ok || n < 0 {
			return row.Reject("bad_number", "weight: %s %.80q is no number of at least 0", column, text)
		}
		event.Weight += n * m.Weight.Sum[column]
	}
	return nil
}

// ref is the identity of the row's event.
func (b *builder) ref(row data.Row) (string, error) {
	r := &b.mapping.Ref
	if r.Hash {
		return b.hash(row), nil
	}
	separator := "-"
	if r.Separator != nil {
		separator = *r.Separator
	}
	texts := make([]string, len(r.Columns))
	for i, column := range r.Columns {
		if texts[i] = field(row, column); texts[i] == "" {
			return "", row.Reject("missing_ref", "the column %s is empty", column)
		}
	}
	ref := strings.Join(texts, separator)
	if len(ref) > 200 {
		return "", row.Reject("missing_ref", "the ref %.40q… has %d bytes, more than 200", ref, len(ref))
	}
	return ref, nil
}

// hash is a ref for a row without identity: a hash of its fields in the order of the header, and a number from the
// second row on that is the same in one file.
func (b *builder) hash(row data.Row) string {
	sum := sha256.Sum256([]byte(strings.Join(row.Fields, "\x1f")))
	id := identity(sum[:16])
	b.seen[id]++
	text := hex.EncodeToString(id[:])
	if n := b.seen[id]; n > 1 {
		return text + "-" + strconv.Itoa(n)
	}
	return text
}

// join adds a row to its event, or begins one.
func (b *builder) join(row data.Row, event *geoengine.Event) error {
	group := b.mapping.Group
	j := b.byRef[event.Ref]
	if j == nil {
		if group.Adjacent {
			if err := b.flush(); err != nil {
				return err
			}
		}
		if len(b.groups) == maxGroups {
			return fmt.Errorf("%s: more than %d groups: sort the file by ref and say adjacent: true: %w", row.At, maxGroups, geoengine.ErrInvalid)
		}
		j = &joining{at: row.At, event: event, counts: make(map[string]int, len(group.Counts))}
		if b.byRef == nil {
			b.byRef = map[string]*joining{}
		}
		b.byRef[event.Ref] = j
		b.groups = append(b.groups, j)
	} else {
		j.event.Severity = max(j.event.Severity, event.Severity)
		j.event.Weight += event.Weight
		j.event.Attributes = append(j.event.Attributes, event.Attributes...).Normalise()
		if !j.event.HasPosition && event.HasPosition {
			j.event.Position, j.event.HasPosition, j.event.PrecisionM = event.Position, true, event.PrecisionM
		}
	}
	j.rows++
	for key, conditions := range group.Counts {
		if holds(conditions, row) {
			j.counts[key]++
		}
	}
	return nil
}

// flush yields the joined events.
func (b *builder) flush() error {
	for _, j := range b.groups {
		counted := func(key string, n int) {
			if key != "" && n > 0 {
				j.event.Attributes = append(j.event.Attributes, geoengine.Attribute{Key: key, Value: strconv.Itoa(n)})
			}
		}
		counted(b.mapping.Group.Rows, j.rows)
		for key, n := range j.counts {
			counted(key, n)
		}
		if err := b.emit(j.at, nil, j.event); err != nil {
			return err
		}
	}
	b.groups, b.byRef = b.groups[:0], nil
	return nil
}
