package jobs

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"vigie/geoengine"
)

// Schema is the part of JSON Schema in which inputs and outputs are described, and inputs are checked.
type Schema struct {
	Type             string     `json:"type,omitempty"` // string, number, integer, boolean, array, object; "" with OneOf or AllOf
	Format           string     `json:"format,omitempty"`
	Description      string     `json:"description,omitempty"`
	Enum             []string   `json:"enum,omitempty"`
	Default          any        `json:"default,omitempty"`
	Minimum          *float64   `json:"minimum,omitempty"`
	Maximum          *float64   `json:"maximum,omitempty"`
	MaxLength        int        `json:"maxLength,omitempty"` // bytes of a string; MaxText if zero
	MinItems         int        `json:"minItems,omitempty"`
	MaxItems         int        `json:"maxItems,omitempty"` // of an array; MaxItems if zero
	Items            *Schema    `json:"items,omitempty"`
	Properties       []Property `json:"-"` // of an object; without any, every member is accepted
	OneOf            []Schema   `json:"oneOf,omitempty"`
	AllOf            []Schema   `json:"allOf,omitempty"`
	ContentEncoding  string     `json:"contentEncoding,omitempty"` // base64
	ContentMediaType string     `json:"contentMediaType,omitempty"`
}

// Property is a member of an object.
type Property struct {
	Name     string
	Schema   Schema
	Required bool
}

// Limits of what a schema accepts where it says nothing.
const (
	MaxText  = 64 << 10 // bytes of a string
	MaxItems = 10_000   // of an array
	MaxDepth = 32       // of nesting
)

// Number returns a schema of a number or an integer between two bounds.
func Number(kind string, from, to float64) Schema {
	return Schema{Type: kind, Minimum: &from, Maximum: &to}
}

// MarshalJSON writes the schema as JSON Schema, properties in their order.
func (s Schema) MarshalJSON() ([]byte, error) {
	type plain Schema
	body, err := json.Marshal(plain(s))
	if err != nil || len(s.Properties) == 0 {
		return body, err
	}
	var members bytes.Buffer
	required := []string{}
	for i, p := range s.Properties {
		if p.Required {
			required = append(required, p.Name)
		}
		if i > 0 {
			members.WriteByte(',')
		}
		schema, err := json.Marshal(p.Schema)
		if err != nil {
			return nil, err
		}
		name, err := json.Marshal(p.Name)
		if err != nil {
			return nil, err
		}
		members.Write(name)
		members.WriteByte(':')
		members.Write(schema)
	}
	list, err := json.Marshal(required)
	if err != nil {
		return nil, err
	}
	body = body[:len(body)-1]
	if len(body) > 1 {
		body = append(body, ',')
	}
	body = append(body, `"properties":{`...)
	body = append(body, members.Bytes()...)
	body = append(body, `},"additionalProperties":false`...)
	if len(required) > 0 {
		body = append(body, `,"required":`...)
		body = append(body, list...)
	}
	return append(body, '}'), nil
}

// Check returns ErrInvalid, saying what is wrong and where, for a JSON value that the schema does not describe.
func (s *Schema) Check(raw json.RawMessage) error {
	value, err := decode(raw)
	if err != nil {
		return err
	}
	return s.check(value, "")
}

// decode reads one JSON value, numbers as they are written, that is not nested deeper than MaxDepth.
func decode(raw []byte) (any, error) {
	if err := checkDepth(raw); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, fmt.Errorf("is not JSON: %w", geoengine.ErrInvalid)
	}
	if decoder.More() {
		return nil, fmt.Errorf("is more than one JSON value: %w", geoengine.ErrInvalid)
	}
	return value, nil
}

// checkDepth counts brackets outside strings, before anything is built of them.
func checkDepth(raw []byte) error {
	depth, text, escaped := 0, false, false
	for _, c := range raw {
		switch {
		case escaped:
			escaped = false
		case text && c == '\\':
			escaped = true
		case c == '"':
			text = !text
		case text:
		case c == '{' || c == '[':
			if depth++; depth > MaxDepth {
				return fmt.Errorf("is nested deeper than %d: %w", MaxDepth, geoengine.ErrInvalid)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

func wrong(at, format string, args ...any) error {
	if at != "" {
		at = strings.TrimPrefix(at, ".") + ": "
	}
	return fmt.Errorf("%s%s: %w", at, fmt.Sprintf(format, args...), geoengine.ErrInvalid)
}

func (s *Schema) check(value any, at string) error {
	for i := range s.AllOf {
		if err := s.AllOf[i].check(value, at); err != nil {
			return err
		}
	}
	if len(s.OneOf) > 0 {
		var err error
		for i := range s.OneOf {
			if err = s.OneOf[i].check(value, at); err == nil {
				return nil
			}
		}
		return err
	}
	switch s.Type {
	case "":
		return nil
	case "string":
		return s.checkString(value, at)
	case "number", "integer":
		return s.checkNumber(value, at)
	case "boolean":
		if _, ok := value.(bool); !ok {
			return wrong(at, "must be true or false")
		}
	case "array":
		return s.checkArray(value, at)
	case "object":
		return s.checkObject(value, at)
	}
	return nil
}

func (s *Schema) checkString(value any, at string) error {
	text, ok := value.(string)
	longest := s.MaxLength
	if longest == 0 {
		longest = MaxText
	}
	switch {
	case !ok:
		return wrong(at, "must be a string")
	case len(text) > longest:
		return wrong(at, "is longer than %d bytes", longest)
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return wrong(at, "is not UTF-8 text")
	case len(s.Enum) > 0 && !slices.Contains(s.Enum, text):
		return wrong(at, "must be one of %s", strings.Join(s.Enum, ", "))
	}
	if s.ContentEncoding == "base64" {
		if _, err := Base64(text); err != nil {
			return wrong(at, "must be base64")
		}
	}
	switch s.Format {
	case "date-time":
		if _, err := time.Parse(time.RFC3339, text); err != nil {
			return wrong(at, "must be an RFC 3339 instant such as 2024-05-01T00:00:00Z")
		}
	case "uri":
		if strings.ContainsAny(text, " <>\"") {
			return wrong(at, "must be a URI")
		}
	}
	return nil
}

// Base64 reads base64, padded or not.
func Base64(text string) ([]byte, error) {
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
}

func (s *Schema) checkNumber(value any, at string) error {
	number, ok := value.(json.Number)
	if !ok {
		return wrong(at, "must be a number")
	}
	n, err := number.Float64()
	switch {
	case err != nil:
		return wrong(at, "is beyond what a number can hold")
	case s.Type == "integer" && n != math.Trunc(n):
		return wrong(at, "must be a whole number")
	case s.Minimum != nil && n < *s.Minimum:
		return wrong(at, "must be at least %g", *s.Minimum)
	case s.Maximum != nil && n > *s.Maximum:
		return wrong(at, "must be at most %g", *s.Maximum)
	}
	return nil
}

func (s *Schema) checkArray(value any, at string) error {
	list, ok := value.([]any)
	most := s.MaxItems
	if most == 0 {
		most = MaxItems
	}
	switch {
	case !ok:
		return wrong(at, "must be an array")
	case len(list) < s.MinItems:
		return wrong(at, "must have at least %d items", s.MinItems)
	case len(list) > most:
		return wrong(at, "has more than %d items", most)
	}
	if s.Items == nil {
		return nil
	}
	for i, item := range list {
		if err := s.Items.check(item, fmt.Sprintf("%s[%d]", at, i)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Schema) checkObject(value any, at string) error {
	members, ok := value.(map[string]any)
	if !ok {
		return wrong(at, "must be an object")
	}
	if len(s.Properties) == 0 {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		i := slices.IndexFunc(s.Properties, func(p Property) bool { return p.Name == name })
		if i < 0 {
			return wrong(at, "there is no member %.40q", name)
		}
		if err := s.Properties[i].Schema.check(members[name], at+"."+name); err != nil {
			return err
		}
	}
	for _, p := range s.Properties {
		if _, given := members[p.Name]; p.Required && !given {
			return wrong(at, "the member %s is missing", p.Name)
		}
	}
	return nil
}
