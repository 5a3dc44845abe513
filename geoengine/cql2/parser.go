package cql2

import (
	"fmt"
	"slices"
	"strings"
)

// Parse reads the text encoding. The error is an *Error with the byte at which reading stopped.
func Parse(input string) (Expr, error) {
	tokens, err := lex(input)
	if err != nil {
		return Expr{}, err
	}
	p := &parser{grammar: newGrammar(), tokens: tokens}
	root, err := p.or()
	if err != nil {
		return Expr{}, err
	}
	if !p.at(tokenEnd, "") {
		return Expr{}, p.fail("%s is not expected here", p.here())
	}
	if !p.grammar.condition(root) {
		return Expr{}, &Error{Offset: 0, Message: "a condition is expected, not " + describe(root)}
	}
	return Expr{root, p.grammar}, nil
}

// parser descends the grammar: or, and, not, comparison, sum, product, power, operand.
type parser struct {
	*grammar
	tokens []token
	next   int
	depth  int
}

func (p *parser) peek() token { return p.tokens[p.next] }

// at tells whether the next token is of a kind with a value, keywords in any case; "" is any value.
func (p *parser) at(kind tokenKind, value string) bool {
	t := p.peek()
	return t.kind == kind && (value == "" || strings.EqualFold(t.value, value))
}

// take passes the next token if it is the one meant.
func (p *parser) take(kind tokenKind, value string) bool {
	if !p.at(kind, value) {
		return false
	}
	p.next++
	return true
}

func (p *parser) keyword(word string) bool { return p.take(tokenName, word) }
func (p *parser) symbol(s string) bool     { return p.take(tokenSymbol, s) }

func (p *parser) expect(s string) error {
	if !p.symbol(s) {
		return p.fail("%q is expected, not %s", s, p.here())
	}
	return nil
}

func (p *parser) fail(format string, args ...any) error {
	return &Error{Offset: p.peek().offset, Message: fmt.Sprintf(format, args...)}
}

// here describes the next token in errors.
func (p *parser) here() string {
	if t := p.peek(); t.kind != tokenEnd {
		return fmt.Sprintf("%.40q", t.value)
	}
	return "the end"
}

// deeper refuses to nest without end.
func (p *parser) deeper() (leave func(), err error) {
	if p.depth++; p.depth > MaxDepth {
		return nil, p.fail("the expression is nested deeper than %d", MaxDepth)
	}
	return func() { p.depth-- }, nil
}

// call makes an operator or function once its operands are read.
func (p *parser) call(offset int, op string, args ...node) (node, error) {
	c := call{op, args}
	return c, p.check(c, func(format string, args ...any) error {
		return &Error{Offset: offset, Message: fmt.Sprintf(format, args...)}
	})
}

// chain reads operands joined by a keyword into one call.
func (p *parser) chain(op string, operand func() (node, error)) (node, error) {
	offset := p.peek().offset
	first, err := operand()
	if err != nil {
		return nil, err
	}
	args := []node{first}
	for p.keyword(op) {
		arg, err := operand()
		if err != nil {
			return nil, err
		}
		args = append(args, arg)
	}
	if len(args) == 1 {
		return first, nil
	}
	return p.call(offset, op, args...)
}

func (p *parser) or() (node, error) { return p.chain("or", p.and) }

func (p *parser) and() (node, error) { return p.chain("and", p.not) }

func (p *parser) not() (node, error) {
	offset := p.peek().offset
	if !p.keyword("not") {
		return p.comparison()
	}
	leave, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer leave()
	arg, err := p.not()
	if err != nil {
		return nil, err
	}
	return p.call(offset, "not", arg)
}

func (p *parser) comparison() (node, error) {
	left, err := p.sum()
	if err != nil {
		return nil, err
	}
	offset := p.peek().offset
	for _, op := range []string{"=", "<>", "<=", ">=", "<", ">"} {
		if p.symbol(op) {
			right, err := p.sum()
			if err != nil {
				return nil, err
			}
			return p.call(offset, op, left, right)
		}
	}
	if p.keyword("is") {
		negated := p.keyword("not")
		if !p.keyword("null") {
			return nil, p.fail("NULL is expected, not %s", p.here())
		}
		return p.negate(offset, negated, "isNull", left)
	}
	negated := p.keyword("not")
	switch {
	case p.keyword("like"):
		return p.like(offset, negated, left)
	case p.keyword("between"):
		return p.between(offset, negated, left)
	case p.keyword("in"):
		return p.in(offset, negated, left)
	case negated:
		return nil, p.fail("LIKE, BETWEEN or IN is expected, not %s", p.here())
	}
	return left, nil
}

func (p *parser) negate(offset int, negated bool, op string, args ...node) (node, error) {
	n, err := p.call(offset, op, args...)
	if err != nil || !negated {
		return n, err
	}
	return p.call(offset, "not", n)
}

func (p *parser) like(offset int, negated bool, left node) (node, error) {
	pattern, err := p.operand()
	if err != nil {
		return nil, err
	}
	return p.negate(offset, negated, "like", left, pattern)
}

func (p *parser) between(offset int, negated bool, left node) (node, error) {
	low, err := p.sum()
	if err != nil {
		return nil, err
	}
	if !p.keyword("and") {
		return nil, p.fail("AND is expected, not %s", p.here())
	}
	high, err := p.sum()
	if err != nil {
		return nil, err
	}
	return p.negate(offset, negated, "between", left, low, high)
}

func (p *parser) in(offset int, negated bool, left node) (node, error) {
	values, err := p.list()
	if err != nil {
		return nil, err
	}
	return p.negate(offset, negated, "in", left, values)
}

// list reads values in parentheses.
func (p *parser) list() (list, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	leave, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer leave()
	values := list{}
	for first := true; !p.symbol(")"); first = false {
		if !first {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
		if len(values) == MaxValues {
			return nil, p.fail("the list has more than %d values", MaxValues)
		}
		value, err := p.sum()
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, nil
}

// binary reads operands joined by operators of one precedence, from the left.
func (p *parser) binary(operand func() (node, error), operators ...string) (node, error) {
	left, err := operand()
	for err == nil {
		t := p.peek()
		op := strings.ToLower(t.value)
		if t.kind != tokenSymbol && (t.kind != tokenName || op != "div") || !slices.Contains(operators, op) {
			return left, nil
		}
		p.next++
		var right node
		if right, err = operand(); err == nil {
			left, err = p.call(t.offset, op, left, right)
		}
	}
	return nil, err
}

func (p *parser) sum() (node, error) { return p.binary(p.product, "+", "-") }

func (p *parser) product() (node, error) { return p.binary(p.power, "*", "/", "%", "div") }

func (p *parser) power() (node, error) { return p.binary(p.operand, "^") }
