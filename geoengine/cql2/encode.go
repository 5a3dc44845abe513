package cql2

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// JSON is the expression in the JSON encoding.
func (e Expr) JSON() []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(jsonOf(e.root)); err != nil {
		panic(fmt.Sprintf("an expression of finite numbers and UTF-8 has a JSON encoding: %v", err))
	}
	return bytes.TrimRight(out.Bytes(), "\n")
}

func jsonOf(n node) any {
	switch n := n.(type) {
	case property:
		return map[string]any{"property": string(n)}
	case number:
		return json.Number(n.String())
	case instant:
		if n.date {
			return map[string]any{"date": n.written}
		}
		return map[string]any{"timestamp": n.written}
	case interval:
		return map[string]any{"interval": []any{jsonEnd(n.start), jsonEnd(n.end)}}
	case geometry:
		if n.kind == boxKind {
			return map[string]any{"bbox": n.positions[0]}
		}
		return n.geoJSON()
	case list:
		return jsonList(n)
	case call:
		// Operator first, as people read it; encoding/json would sort the keys of a map.
		return struct {
			Op   string `json:"op"`
			Args []any  `json:"args"`
		}{n.op, jsonList(n.args)}
	default:
		return n
	}
}

func jsonList(nodes []node) []any {
	values := make([]any, len(nodes))
	for i, n := range nodes {
		values[i] = jsonOf(n)
	}
	return values
}

func jsonEnd(n node) any {
	switch n := n.(type) {
	case open:
		return ".."
	case instant:
		return n.written
	default:
		return jsonOf(n)
	}
}

// String is the number as JSON writes it.
func (n number) String() string {
	if n.whole {
		return strconv.FormatInt(n.exact, 10)
	}
	return float(n.value)
}

func float(v float64) string {
	short := strconv.FormatFloat(v, 'f', -1, 64)
	if len(short) > 24 {
		short = strconv.FormatFloat(v, 'e', -1, 64)
	}
	if !strings.ContainsAny(short, ".e") {
		short += ".0" // or it would be read as a whole number
	}
	return short
}

// The precedence of what is printed; an operand of a lower one needs parentheses.
const (
	precedenceOr = iota
	precedenceAnd
	precedenceNot
	precedenceComparison
	precedenceSum
	precedenceProduct
	precedencePower
	precedenceOperand
)

// Text is the expression in the text encoding, with no more parentheses than are needed.
func (e Expr) Text() string { return printer{e.grammar}.node(e.root) }

// printer writes the text encoding.
type printer struct{ *grammar }

func precedence(n node) int {
	c, isCall := n.(call)
	if !isCall {
		return precedenceOperand
	}
	switch c.op {
	case "or":
		return precedenceOr
	case "and":
		return precedenceAnd
	case "not":
		return precedenceNot
	case "=", "<>", "<", ">", "<=", ">=", "like", "between", "in", "isNull":
		return precedenceComparison
	case "+", "-":
		return precedenceSum
	case "*", "/", "%", "div":
		return precedenceProduct
	case "^":
		return precedencePower
	default:
		return precedenceOperand
	}
}

// within prints an operand that must bind at least so tightly.
func (p printer) within(n node, least int) string {
	if precedence(n) < least {
		return "(" + p.node(n) + ")"
	}
	return p.node(n)
}

func (p printer) node(n node) string {
	switch n := n.(type) {
	case property:
		return printedName(string(n))
	case text:
		return printedText(string(n))
	case number:
		return n.String()
	case boolean:
		return strings.ToUpper(strconv.FormatBool(bool(n)))
	case instant:
		if n.date {
			return "DATE('" + n.written + "')"
		}
		return "TIMESTAMP('" + n.written + "')"
	case interval:
		return "INTERVAL(" + p.end(n.start) + ", " + p.end(n.end) + ")"
	case geometry:
		return n.wkt()
	case list:
		return "(" + p.list(n) + ")"
	case call:
		return p.call(n)
	default:
		return ""
	}
}

func (p printer) end(n node) string {
	switch n := n.(type) {
	case open:
		return "'..'"
	case instant:
		return "'" + n.written + "'"
	default:
		return p.node(n)
	}
}

func (p printer) list(nodes []node) string {
	parts := make([]string, len(nodes))
	for i, n := range nodes {
		parts[i] = p.node(n)
	}
	return strings.Join(parts, ", ")
}

// printedName quotes a name unless it reads as one.
func printedName(name string) string {
	tokens, err := lex(name)
	if err == nil && len(tokens) == 2 && tokens[0].kind == tokenName && tokens[0].value == name && !reserved(name) {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// printedFunction quotes the name of a function also where, before a parenthesis, it would begin a literal.
func printedFunction(name string) string {
	switch lower := strings.ToLower(name); {
	case lower == "date", lower == "timestamp", lower == "interval", lower == "bbox", isGeometry(lower):
		return `"` + name + `"`
	}
	return printedName(name)
}

// printedText quotes a text. A quote is doubled, but after a backslash, where the two would read as one, it is escaped
// by another. The grammar has no way to write a text that ends with a backslash.
func printedText(value string) string {
	var out strings.Builder
	out.WriteByte('\'')
	for i := range len(value) {
		switch {
		case value[i] != '\'':
			out.WriteByte(value[i])
		case i > 0 && value[i-1] == '\\':
			out.WriteString(`\'`)
		default:
			out.WriteString(`''`)
		}
	}
	out.WriteByte('\'')
	return out.String()
}

func (p printer) call(c call) string {
	joined := func(word string, least int) string {
		parts := make([]string, len(c.args))
		for i, arg := range c.args {
			parts[i] = p.within(arg, least)
		}
		return strings.Join(parts, " "+word+" ")
	}
	switch own := precedence(c); {
	case c.op == "or" || c.op == "and":
		return joined(strings.ToUpper(c.op), own+1)
	case c.op == "not":
		return "NOT " + p.within(c.args[0], own+1)
	case c.op == "isNull":
		return p.within(c.args[0], own+1) + " IS NULL"
	case c.op == "between":
		return p.within(c.args[0], own+1) + " BETWEEN " + p.within(c.args[1], own+1) + " AND " + p.within(c.args[2], own+1)
	case c.op == "like":
		return p.within(c.args[0], own+1) + " LIKE " + p.within(c.args[1], precedenceOperand)
	case c.op == "in":
		return p.within(c.args[0], own+1) + " IN " + p.node(c.args[1])
	case own == precedenceOperand:
		name := c.op
		if _, known := p.byName[name]; known {
			name = strings.ToUpper(name)
		} else {
			name = printedFunction(name)
		}
		return name + "(" + p.list(c.args) + ")"
	default: // binary, read from the left
		return p.within(c.args[0], own) + " " + c.op + " " + p.within(c.args[1], own+1)
	}
}

// wkt is the geometry in well-known text.
func (g geometry) wkt() string {
	if g.kind == boxKind {
		return "BBOX(" + joinFloats(g.positions[0], ", ") + ")"
	}
	return strings.ToUpper(g.kind) + g.wktBody()
}

func (g geometry) wktBody() string {
	var parts []string
	for _, at := range g.positions {
		parts = append(parts, joinFloats(at, " "))
	}
	for _, part := range g.nested {
		if g.kind == "GeometryCollection" {
			parts = append(parts, part.wkt())
		} else {
			parts = append(parts, part.wktBody())
		}
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

func joinFloats(values []float64, separator string) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strings.Join(parts, separator)
}
