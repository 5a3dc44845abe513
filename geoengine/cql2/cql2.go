// Package cql2 reads filters in the OGC Common Query Language (OGC 21-065r2), in its text and its JSON encoding, prints
// them in either, and translates them to parameterised SQL over declared properties. Read cql2.go, parser.go, then
// sql.go.
package cql2

import (
	"fmt"
	"slices"
	"strings"

	"vigie/geoengine"
)

// Limits of an expression. What exceeds them is refused before any work is done for it.
const (
	MaxBytes  = 64 << 10 // of an encoded expression
	MaxDepth  = 60       // of nesting, parentheses and geometries included
	MaxNodes  = 20_000   // operators, values and coordinates together
	MaxValues = 1_000    // of one list
)

// Error says what is wrong with an expression and where. It is a geoengine.ErrInvalid.
type Error struct {
	Offset  int    // bytes from the start of the text encoding, or of malformed JSON; -1 where Path tells
	Path    string // within the JSON encoding, e.g. args[1].op; "" in text
	Message string
}

// Error is the message with its place.
func (e *Error) Error() string {
	switch {
	case e.Offset >= 0:
		return fmt.Sprintf("at byte %d: %s", e.Offset, e.Message)
	case e.Path != "":
		return e.Path + ": " + e.Message
	default:
		return e.Message
	}
}

// Unwrap makes it a geoengine.ErrInvalid.
func (e *Error) Unwrap() error { return geoengine.ErrInvalid }

func wrong(format string, args ...any) *Error {
	return &Error{Offset: -1, Message: fmt.Sprintf(format, args...)}
}

// Expr is a filter. The zero Expr is empty; only Parse and ParseJSON make others.
type Expr struct {
	root    node
	grammar *grammar
}

// node is one of: property, text, number, boolean, instant, interval, geometry, list, call.
type node any

type (
	property string
	text     string
	boolean  bool
	list     []node

	// number is a JSON number; whole ones are kept exactly.
	number struct {
		value float64
		whole bool
		exact int64
	}
	// instant is a date (2024-05-01) or a timestamp (2024-05-01T00:00:00Z).
	instant struct {
		written string
		date    bool
	}
	// interval has ends that are instants, properties, functions, or open.
	interval struct{ start, end node }
	open     struct{}
	// call is an operator or a function, by its name in the JSON encoding.
	call struct {
		op   string
		args []node
	}
)

// operator is how many operands an operator has, and of which sort it is.
type operator struct {
	arity  int // -1: two or more
	family family
}

type family uint8

const (
	function family = iota
	logical
	comparison
	arithmetic
	textual // casei, accenti
	spatial
	temporal
	array
)

// operators lists every operator of the language by its name in JSON.
func operators() map[string]operator {
	ops := map[string]operator{
		"and": {-1, logical}, "or": {-1, logical}, "not": {1, logical},
		"like": {2, comparison}, "between": {3, comparison}, "in": {2, comparison}, "isNull": {1, comparison},
		"casei": {1, textual}, "accenti": {1, textual},
	}
	for _, op := range []string{"=", "<>", "<", ">", "<=", ">="} {
		ops[op] = operator{2, comparison}
	}
	for _, op := range []string{"+", "-", "*", "/", "%", "div", "^"} {
		ops[op] = operator{2, arithmetic}
	}
	for _, op := range []string{"contains", "crosses", "disjoint", "equals", "intersects", "overlaps", "touches", "within"} {
		ops["s_"+op] = operator{2, spatial}
	}
	for _, op := range []string{
		"after", "before", "contains", "disjoint", "during", "equals", "finishedBy", "finishes", "intersects", "meets",
		"metBy", "overlappedBy", "overlaps", "startedBy", "starts",
	} {
		ops["t_"+op] = operator{2, temporal}
	}
	for _, op := range []string{"equals", "contains", "containedBy", "overlaps"} {
		ops["a_"+op] = operator{2, array}
	}
	return ops
}

// grammar knows the operators, also by their lower-case name, as the text encoding writes them in any case.
type grammar struct {
	byName, byLower map[string]operator
	canonical       map[string]string // lower-case name → name
}

func newGrammar() *grammar {
	g := &grammar{byName: operators(), byLower: map[string]operator{}, canonical: map[string]string{}}
	for name, op := range g.byName {
		lower := strings.ToLower(name)
		g.byLower[lower], g.canonical[lower] = op, name
	}
	return g
}

// check refuses what the grammar does not let stand where it stands; at is the place of the call.
func (g *grammar) check(c call, fail func(format string, args ...any) error) error {
	op, known := g.byName[c.op]
	if !known {
		return nil // a function takes what it takes
	}
	switch {
	case op.arity < 0 && len(c.args) < 2:
		return fail("%s needs two operands or more", c.op)
	case op.arity >= 0 && len(c.args) != op.arity:
		return fail("%s needs %d operands and has %d", c.op, op.arity, len(c.args))
	}
	for i, arg := range c.args {
		if !g.fits(c.op, op, i, arg) {
			return fail("operand %d of %s must not be %s", i+1, c.op, describe(arg))
		}
	}
	return nil
}

// fits tells whether an argument may stand at a place of an operator.
func (g *grammar) fits(name string, op operator, place int, arg node) bool {
	named := is[property](arg) || g.isFamily(arg, function)
	switch op.family {
	case logical:
		return g.condition(arg)
	case arithmetic:
		return named || is[number](arg) || g.isFamily(arg, arithmetic)
	case textual:
		return named || is[text](arg) || g.isFamily(arg, textual)
	case spatial:
		return named || is[geometry](arg)
	case temporal:
		return named || is[instant](arg) || is[interval](arg)
	case array:
		return named || is[list](arg)
	case comparison, function:
	}
	return g.compares(name, place, arg)
}

// compares tells whether an argument may stand at a place of a comparison.
func (g *grammar) compares(name string, place int, arg node) bool {
	switch {
	case name == "in" && place == 1:
		values, isList := arg.(list)
		return isList && len(values) > 0 && !slices.ContainsFunc(values, func(v node) bool { return !g.scalar(v) })
	case name == "isNull":
		return g.scalar(arg) || is[geometry](arg) || is[interval](arg)
	case name == "like":
		return is[text](arg) || is[property](arg) && place == 0 || g.isFamily(arg, textual, function)
	}
	return g.scalar(arg)
}

// condition tells whether a node is true or false.
func (g *grammar) condition(n node) bool {
	return is[boolean](n) || g.isFamily(n, logical, comparison, spatial, temporal, array, function)
}

// scalar tells whether a node is one value.
func (g *grammar) scalar(n node) bool {
	return is[property](n) || is[text](n) || is[number](n) || is[boolean](n) || is[instant](n) ||
		g.isFamily(n, arithmetic, textual, function)
}

func (g *grammar) isFamily(n node, families ...family) bool {
	c, isCall := n.(call)
	return isCall && slices.Contains(families, g.byName[c.op].family) // an unknown name is a function: the zero family
}

func is[T any](n node) bool {
	_, ok := n.(T)
	return ok
}

// describe names a node in errors.
func describe(n node) string {
	switch n := n.(type) {
	case property:
		return fmt.Sprintf("the property %.60q", string(n))
	case text:
		return "a text"
	case number:
		return "a number"
	case boolean:
		return "true or false"
	case instant:
		return "a date or a timestamp"
	case interval:
		return "an interval"
	case geometry:
		return "a geometry"
	case list:
		return "a list"
	case call:
		return "the result of " + n.op
	default:
		return "nothing"
	}
}
