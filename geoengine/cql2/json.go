package cql2

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// ParseJSON reads the JSON encoding. The error is an *Error with the byte, for malformed JSON, or the path at which
// reading stopped.
func ParseJSON(input []byte) (Expr, error) {
	switch {
	case len(input) > MaxBytes:
		return Expr{}, wrong("the expression has more than %d bytes", MaxBytes)
	case !utf8.Valid(input):
		return Expr{}, wrong("the expression is not UTF-8 text")
	}
	decoder := json.NewDecoder(bytes.NewReader(input))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		var syntax *json.SyntaxError
		offset := decoder.InputOffset()
		if errors.As(err, &syntax) {
			offset = max(syntax.Offset-1, 0)
		}
		return Expr{}, &Error{Offset: int(offset), Message: "is not well-formed JSON"}
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Expr{}, &Error{Offset: int(decoder.InputOffset()), Message: "more follows the expression"}
	}
	d := &decode{grammar: newGrammar()}
	root, err := d.node(value, "", 0)
	if err != nil {
		return Expr{}, err
	}
	if !d.condition(root) {
		return Expr{}, wrong("a condition is expected, not %s", describe(root))
	}
	return Expr{root, d.grammar}, nil
}

// decode turns JSON values into nodes.
type decode struct {
	*grammar
	nodes int
}

func at(path, format string, args ...any) error {
	return &Error{Offset: -1, Path: path, Message: fmt.Sprintf(format, args...)}
}

func below(path, key string) string {
	if path == "" || strings.HasPrefix(key, "[") {
		return path + key
	}
	return path + "." + key
}

func (d *decode) count(path string, depth int) error {
	if d.nodes++; d.nodes > MaxNodes {
		return at(path, "the expression has more than %d values", MaxNodes)
	}
	if depth > MaxDepth {
		return at(path, "the expression is nested deeper than %d", MaxDepth)
	}
	return nil
}

func (d *decode) node(value any, path string, depth int) (node, error) {
	if err := d.count(path, depth); err != nil {
		return nil, err
	}
	switch value := value.(type) {
	case string:
		if strings.ContainsRune(value, 0) {
			return nil, at(path, "a text must not hold the character 0")
		}
		return text(value), nil
	case bool:
		return boolean(value), nil
	case json.Number:
		n, ok := parseNumber(value.String())
		if !ok {
			return nil, at(path, "the number is too large")
		}
		return n, nil
	case []any:
		return d.list(value, path, depth)
	case map[string]any:
		return d.object(value, path, depth)
	default:
		return nil, at(path, "null is no value: use the operator isNull")
	}
}

func (d *decode) list(values []any, path string, depth int) (node, error) {
	if len(values) > MaxValues {
		return nil, at(path, "the list has more than %d values", MaxValues)
	}
	nodes := make(list, len(values))
	for i, value := range values {
		var err error
		if nodes[i], err = d.node(value, below(path, fmt.Sprintf("[%d]", i)), depth+1); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

func (d *decode) object(object map[string]any, path string, depth int) (node, error) {
	for _, key := range []string{"op", "property", "date", "timestamp", "interval", "bbox", "type"} {
		value, has := object[key]
		if !has {
			continue
		}
		at1 := below(path, key)
		switch key {
		case "op":
			return d.call(object, path, depth)
		case "interval":
			return d.interval(value, at1, depth)
		case "bbox":
			return d.bbox(value, at1)
		case "type":
			return d.geometry(object, path, depth)
		}
		written, isText := value.(string)
		if !isText || written == "" || strings.ContainsRune(written, 0) {
			return nil, at(at1, "must be a text that is not empty")
		}
		if key == "property" {
			return property(written), nil
		}
		i, ok := parseInstant(written)
		if !ok || i.date != (key == "date") {
			return nil, at(at1, "%s", instantForm)
		}
		return i, nil
	}
	return nil, at(path, "an object must have op, property, date, timestamp, interval, bbox or type, and has %.100q",
		strings.Join(slices.Sorted(maps.Keys(object)), ", "))
}

func (d *decode) call(object map[string]any, path string, depth int) (node, error) {
	op, isText := object["op"].(string)
	if !isText || op == "" || strings.ContainsRune(op, 0) {
		return nil, at(below(path, "op"), "must be the name of an operator or a function")
	}
	given, isList := object["args"].([]any)
	if !isList {
		return nil, at(below(path, "args"), "must be the list of operands of %.60s", op)
	}
	if canonical, known := d.canonical[strings.ToLower(op)]; known {
		op = canonical
	}
	if op == "between" && len(given) == 2 { // an earlier draft had [value, [low, high]]
		if bounds, nested := given[1].([]any); nested {
			given = append(given[:1:1], bounds...)
		}
	}
	args, err := d.list(given, below(path, "args"), depth)
	if err != nil {
		return nil, err
	}
	c := call{op: op}
	if nodes, ok := args.(list); ok {
		c.args = nodes
	}
	return c, d.check(c, func(format string, args ...any) error { return at(path, format, args...) })
}

func (d *decode) interval(value any, path string, depth int) (node, error) {
	ends, isList := value.([]any)
	if !isList || len(ends) != 2 {
		return nil, at(path, "must be a list of two ends")
	}
	var nodes [2]node
	for i, end := range ends {
		place := below(path, fmt.Sprintf("[%d]", i))
		n, err := d.node(end, place, depth+1)
		if err != nil {
			return nil, err
		}
		switch n := n.(type) {
		case text:
			if n == ".." {
				nodes[i] = open{}
			} else if instant, ok := parseInstant(string(n)); ok {
				nodes[i] = instant
			}
		case property, instant:
			nodes[i] = n
		case call:
			if d.byName[n.op].family == function {
				nodes[i] = n
			}
		}
		if nodes[i] == nil {
			return nil, at(place, "an end of an interval %s, '..', or a property", instantForm)
		}
	}
	return interval{nodes[0], nodes[1]}, nil
}

func (d *decode) bbox(value any, path string) (node, error) {
	edges, err := d.position(value, path)
	if err != nil {
		return nil, err
	}
	g := geometry{kind: boxKind, positions: []position{edges}}
	if err := g.check(); err != nil {
		return nil, at(path, "%s", err)
	}
	return g, nil
}

// position reads a list of numbers.
func (d *decode) position(value any, path string) (position, error) {
	values, isList := value.([]any)
	if !isList || len(values) > 6 {
		return nil, at(path, "must be a list of numbers")
	}
	numbers := make(position, len(values))
	for i, v := range values {
		if err := d.count(path, 0); err != nil {
			return nil, err
		}
		written, isNumber := v.(json.Number)
		n, ok := parseNumber(written.String())
		if !isNumber || !ok {
			return nil, at(path, "must be a list of numbers")
		}
		numbers[i] = n.value
	}
	return numbers, nil
}

func (d *decode) geometry(object map[string]any, path string, depth int) (node, error) {
	kind, _ := object["type"].(string)
	s, known := shapeOf(kind)
	if !known || kind != s.kind || s.kind == ring {
		return nil, at(below(path, "type"), "there is no geometry of the type %.40q", kind)
	}
	if s.parts != "*" {
		return d.shape(s, object["coordinates"], below(path, "coordinates"), depth+1)
	}
	path = below(path, "geometries")
	members, isList := object["geometries"].([]any)
	if !isList {
		return nil, at(path, "must be a list of geometries")
	}
	g := geometry{kind: s.kind}
	for i, value := range members {
		place := below(path, fmt.Sprintf("[%d]", i))
		member, err := d.node(value, place, depth+1)
		if err != nil {
			return nil, err
		}
		part, isShape := member.(geometry)
		if !isShape || part.kind == boxKind {
			return nil, at(place, "must be a geometry")
		}
		g.nested = append(g.nested, part)
	}
	if err := g.check(); err != nil {
		return nil, at(path, "%s", err)
	}
	return g, nil
}

// shape reads the coordinates of one kind of geometry.
func (d *decode) shape(s shape, value any, path string, depth int) (geometry, error) {
	g := geometry{kind: s.kind}
	if err := d.count(path, depth); err != nil {
		return g, err
	}
	values, isList := value.([]any)
	if !isList {
		return g, at(path, "must be a list")
	}
	if s.kind == "Point" {
		values = []any{value}
	}
	for i, v := range values {
		place := below(path, fmt.Sprintf("[%d]", i))
		if s.parts == "" {
			position, err := d.position(v, place)
			if err != nil {
				return g, err
			}
			g.positions = append(g.positions, position)
			continue
		}
		inner, _ := shapeOf(s.parts)
		part, err := d.shape(inner, v, place, depth+1)
		if err != nil {
			return g, err
		}
		g.nested = append(g.nested, part)
	}
	if err := g.check(); err != nil {
		return g, at(path, "%s", err)
	}
	return g, nil
}
