package feature

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"

	"vigie/geoengine"
	"vigie/geoengine/cql2"
)

// targets are what rows are scanned into, used again for each.
type targets struct {
	list       []any
	keys       []any
	ids        []string
	geometry   []byte
	x, y       *float64
	values     []any
	attributes []byte
	statement  *statement
	result     Row
}

func newTargets(s *statement) *targets {
	l := &s.collection.layout
	t := &targets{statement: s, ids: make([]string, len(l.identity))}
	for _, cast := range l.casts {
		if cast == "int" {
			t.keys = append(t.keys, new(int32))
		} else {
			t.keys = append(t.keys, new(string))
		}
	}
	t.list = append(t.list, t.keys...)
	for i := range t.ids {
		t.list = append(t.list, &t.ids[i])
	}
	t.list = append(t.list, &t.geometry)
	if s.points() {
		t.list = append(t.list, &t.x, &t.y)
	}
	for _, p := range s.columns {
		var target any
		switch p.Kind {
		case cql2.Number:
			target = new(pgtype.Float8)
		case cql2.Integer:
			target = new(pgtype.Int8)
		case cql2.Boolean:
			target = new(pgtype.Bool)
		case cql2.Instant:
			target = new(pgtype.Timestamptz)
		default:
			target = new(pgtype.Text)
		}
		t.values = append(t.values, target)
	}
	t.list = append(t.list, t.values...)
	if s.attributes {
		t.list = append(t.list, &t.attributes)
	}
	t.result.Values = make([]any, len(t.values))
	return t
}

// key is that of the row scanned last.
func (t *targets) key() cursor {
	c := make(cursor, len(t.keys))
	for i, key := range t.keys {
		switch key := key.(type) {
		case *int32:
			c[i] = *key
		case *string:
			c[i] = *key
		}
	}
	return c
}

// row turns what was scanned into a feature.
func (t *targets) row() (*Row, error) {
	t.result.ID, t.result.Geometry, t.result.Point = formatID(t.ids), t.geometry, nil
	if t.x != nil && t.y != nil {
		t.result.Point = &[2]float64{*t.x, *t.y}
	}
	for i, value := range t.values {
		t.result.Values[i] = nil
		switch v := value.(type) {
		case *pgtype.Float8:
			if v.Valid {
				t.result.Values[i] = v.Float64
			}
		case *pgtype.Int8:
			if v.Valid {
				t.result.Values[i] = v.Int64
			}
		case *pgtype.Bool:
			if v.Valid {
				t.result.Values[i] = v.Bool
			}
		case *pgtype.Timestamptz:
			if v.Valid {
				t.result.Values[i] = v.Time.UTC()
			}
		case *pgtype.Text:
			if v.Valid {
				t.result.Values[i] = v.String
			}
		}
	}
	if t.statement.attributes {
		var err error
		if t.result.Attributes, err = t.statement.readAttributes(t.result.Attributes[:0], t.attributes); err != nil {
			return nil, err
		}
	}
	return &t.result, nil
}

// readAttributes reads the stored object, of which the wanted keys.
func (s *statement) readAttributes(found []geoengine.Attribute, stored []byte) ([]geoengine.Attribute, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(stored, &object); err != nil {
		return nil, fmt.Errorf("attributes: %w", err)
	}
	for key, raw := range object {
		if s.query.Properties != nil && !slices.Contains(s.query.Properties, AttributePrefix+key) {
			continue
		}
		found = append(found, geoengine.Attribute{Key: key, Value: attributeText(raw)})
	}
	slices.SortFunc(found, func(a, b geoengine.Attribute) int { return strings.Compare(a.Key, b.Key) })
	return found, nil
}

// attributeText is a stored value as text. What is neither a text nor an array (another program's numbers) stays as
// it is written.
func attributeText(raw json.RawMessage) string {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return one
	}
	var several []any
	if json.Unmarshal(raw, &several) != nil {
		return string(raw)
	}
	texts := make([]string, len(several))
	for i, v := range several {
		texts[i] = fmt.Sprint(v)
	}
	return strings.Join(texts, manyValues)
}

// validText tells whether PostgreSQL can hold a text.
func validText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
