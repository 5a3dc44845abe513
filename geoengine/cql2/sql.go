package cql2

import (
	"fmt"
	"slices"
	"strings"
)

// Kind is the type of a property.
type Kind uint8

// The kinds, with the type of the SQL expression.
const (
	String   Kind = iota + 1 // text
	Number                   // a float
	Integer                  // any integer
	Boolean                  // boolean
	Instant                  // timestamptz
	Date                     // date
	Interval                 // timestamptz, with Property.End
	Geometry                 // geometry in EPSG:4326
	Strings                  // text[]
)

// String names the kind in errors.
func (k Kind) String() string {
	names := [...]string{"", "a text", "a number", "a whole number", "true or false", "a timestamp", "a date", "an interval", "a geometry", "a set of texts"}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Property is one declared property of what is filtered.
type Property struct {
	Name string
	Kind Kind
	SQL  string // expression in terms of the statement's tables, of the Kind's type; never from a request
	End  string // of an Interval: expression of its end
}

// SQL translates the expression to a boolean SQL expression. bind adds a parameter to the statement and returns its
// placeholder ($n); nothing of the expression itself becomes text of the statement. A property that is not declared,
// a function (there are none) and operands whose kinds do not fit are an *Error.
//
// Dates stand for their UTC day. Case-insensitive comparison folds by lower(upper(x)) in the collation und-x-icu,
// accent-insensitive by dropping the combining marks of the NFD form. Spatial relations are planar, in degrees. An
// overflow or a bad mathematical argument remains an SQL error of class 22, which the caller maps to ErrInvalid; a
// division by zero is null.
func (e Expr) SQL(properties []Property, bind func(value any) string) (string, error) {
	t := &translator{grammar: e.grammar, properties: properties, bind: bind}
	term, err := t.term(e.root)
	if err != nil {
		return "", err
	}
	if term.kind != Boolean {
		return "", wrong("a condition is expected, not %s", term.kind)
	}
	return term.sql, nil
}

// translator holds what a translation needs.
type translator struct {
	*grammar
	properties []Property
	bind       func(any) string
}

// term is a translated node.
type term struct {
	sql  string
	end  string // of an interval, and of an instant that is a whole day
	kind Kind
}

func (t *translator) term(n node) (term, error) {
	switch n := n.(type) {
	case property:
		return t.property(n)
	case text:
		return term{sql: t.bind(string(n)) + "::text", kind: String}, nil
	case number:
		if n.whole {
			return term{sql: t.bind(n.exact) + "::bigint", kind: Integer}, nil
		}
		return term{sql: t.bind(n.value) + "::float8", kind: Number}, nil
	case boolean:
		return term{sql: t.bind(bool(n)) + "::boolean", kind: Boolean}, nil
	case instant:
		return t.instant(n)
	case interval:
		return t.interval(n)
	case geometry:
		return t.geometry(n)
	case list:
		return t.strings(n)
	case call:
		return t.call(n)
	default:
		return term{}, wrong("the expression is empty")
	}
}

func (t *translator) property(name property) (term, error) {
	i := slices.IndexFunc(t.properties, func(p Property) bool { return p.Name == string(name) })
	if i < 0 {
		const shown = 30
		names := []string{}
		for _, p := range t.properties[:min(len(t.properties), shown)] {
			names = append(names, p.Name)
		}
		return term{}, wrong("there is no property %.60q; there are %s", string(name), strings.Join(names, ", "))
	}
	p := t.properties[i]
	return term{"(" + p.SQL + ")", p.End, p.Kind}, nil
}

func (t *translator) instant(i instant) (term, error) {
	at := t.bind(i.written) + "::text"
	if i.date {
		return term{at + "::date", "", Date}, nil
	}
	return term{at + "::timestamptz", "", Instant}, nil
}

// terms translates operands in order.
func (t *translator) terms(nodes []node) ([]term, error) {
	found := make([]term, len(nodes))
	for i, n := range nodes {
		var err error
		if found[i], err = t.term(n); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// strings translates a list of texts to a text array.
func (t *translator) strings(values list) (term, error) {
	texts := make([]string, len(values))
	for i, v := range values {
		value, isText := v.(text)
		if !isText {
			return term{}, wrong("a set must hold texts, not %s", describe(v))
		}
		texts[i] = string(value)
	}
	return term{sql: t.bind(texts) + "::text[]", kind: Strings}, nil
}

func (t *translator) call(c call) (term, error) {
	switch t.byName[c.op].family {
	case logical:
		return t.logical(c)
	case comparison:
		return t.comparison(c)
	case arithmetic:
		return t.arithmetic(c)
	case textual:
		return t.textual(c)
	case spatial:
		return t.spatial(c)
	case temporal:
		return t.temporal(c)
	case array:
		return t.array(c)
	case function:
	}
	return term{}, wrong("there is no function %.60q", c.op)
}

func (t *translator) logical(c call) (term, error) {
	args, err := t.terms(c.args)
	if err != nil {
		return term{}, err
	}
	parts := make([]string, len(args))
	for i, arg := range args {
		if arg.kind != Boolean {
			return term{}, wrong("operand %d of %s must be a condition, not %s", i+1, c.op, arg.kind)
		}
		parts[i] = arg.sql
	}
	if c.op == "not" {
		return term{sql: "(not " + parts[0] + ")", kind: Boolean}, nil
	}
	return term{sql: "(" + strings.Join(parts, " "+c.op+" ") + ")", kind: Boolean}, nil
}

func (t *translator) comparison(c call) (term, error) {
	switch c.op {
	case "isNull":
		arg, err := t.term(c.args[0])
		return term{sql: "(" + arg.sql + " is null)", kind: Boolean}, err
	case "in":
		return t.in(c)
	case "like":
		return t.like(c)
	}
	args, err := t.terms(c.args)
	if err != nil {
		return term{}, err
	}
	for _, arg := range args[1:] {
		if err := comparable(c.op, args[0], arg); err != nil {
			return term{}, err
		}
	}
	sqls := make([]string, len(args))
	for i, arg := range args {
		sqls[i] = instantOf(arg)
	}
	if c.op == "between" {
		return term{sql: "(" + sqls[0] + " between " + sqls[1] + " and " + sqls[2] + ")", kind: Boolean}, nil
	}
	return term{sql: "(" + sqls[0] + " " + c.op + " " + sqls[1] + ")", kind: Boolean}, nil
}

// comparable refuses to compare what has no common order.
func comparable(op string, a, b term) error {
	class := func(k Kind) Kind {
		switch k {
		case Integer:
			return Number
		case Date:
			return Instant
		case String, Number, Boolean, Instant, Interval, Geometry, Strings:
		}
		return k
	}
	switch {
	case a.kind == Geometry || a.kind == Interval || a.kind == Strings:
		return wrong("%s does not compare %s: use a spatial, temporal or array operator", op, a.kind)
	case class(a.kind) != class(b.kind):
		return wrong("%s does not compare %s with %s", op, a.kind, b.kind)
	}
	return nil
}

// instantOf is a term in a form that compares with others of its class: a date as the beginning of its UTC day.
func instantOf(a term) string {
	if a.kind == Date {
		return "(" + a.sql + "::timestamp at time zone 'UTC')"
	}
	return a.sql
}

func (t *translator) in(c call) (term, error) {
	values, _ := c.args[1].(list)
	args, err := t.terms(append([]node{c.args[0]}, values...))
	if err != nil {
		return term{}, err
	}
	sqls := make([]string, len(args))
	for i, arg := range args {
		if err := comparable("in", args[0], arg); err != nil {
			return term{}, err
		}
		sqls[i] = instantOf(arg)
	}
	return term{sql: "(" + sqls[0] + " in (" + strings.Join(sqls[1:], ", ") + "))", kind: Boolean}, nil
}

func (t *translator) like(c call) (term, error) {
	pattern := c.args[1]
	for {
		inner, isCall := pattern.(call)
		if !isCall || len(inner.args) != 1 {
			break
		}
		pattern = inner.args[0]
	}
	written, isText := pattern.(text)
	if !isText {
		return term{}, wrong("the pattern of like must be a text, not %s", describe(pattern))
	}
	if backslashes := len(written) - len(strings.TrimRight(string(written), `\`)); backslashes%2 == 1 {
		return term{}, wrong(`the pattern of like ends with a \ that escapes nothing`)
	}
	args, err := t.terms(c.args)
	if err != nil {
		return term{}, err
	}
	if args[0].kind != String || args[1].kind != String {
		return term{}, wrong("like compares texts, not %s with %s", args[0].kind, args[1].kind)
	}
	return term{sql: "(" + args[0].sql + " like " + args[1].sql + ")", kind: Boolean}, nil
}

func (t *translator) textual(c call) (term, error) {
	arg, err := t.term(c.args[0])
	if err != nil {
		return term{}, err
	}
	if arg.kind != String {
		return term{}, wrong("%s takes a text, not %s", c.op, arg.kind)
	}
	if c.op == "casei" {
		return term{sql: `lower(upper(` + arg.sql + ` collate "und-x-icu"))`, kind: String}, nil
	}
	return term{sql: `regexp_replace(normalize(` + arg.sql + `, NFD), U&'[\0300-\036F]', '', 'g')`, kind: String}, nil
}

func (t *translator) arithmetic(c call) (term, error) {
	args, err := t.terms(c.args)
	if err != nil {
		return term{}, err
	}
	for _, arg := range args {
		if arg.kind != Number && arg.kind != Integer {
			return term{}, wrong("%s takes numbers, not %s", c.op, arg.kind)
		}
	}
	a, b := args[0].sql+"::float8", args[1].sql+"::float8"
	sql := "(" + a + " " + c.op + " " + b + ")"
	switch c.op {
	case "/":
		sql = "(" + a + " / nullif(" + b + ", 0))"
	case "div":
		sql = "trunc(" + a + " / nullif(" + b + ", 0))"
	case "%":
		sql = "mod(" + a + "::numeric, nullif(" + b + "::numeric, 0))::float8"
	case "^":
		sql = "power(" + a + ", " + b + ")"
	}
	return term{sql: sql, kind: Number}, nil
}
