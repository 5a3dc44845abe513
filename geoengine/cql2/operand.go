package cql2

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// operand reads one value, property, function or parenthesis.
func (p *parser) operand() (node, error) {
	leave, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer leave()
	t := p.peek()
	switch t.kind {
	case tokenText:
		p.next++
		return text(t.value), nil
	case tokenNumber:
		p.next++
		return p.number(t, false)
	case tokenQuoted:
		p.next++
		return p.nameOrCall(t, true)
	case tokenName:
		p.next++
		return p.word(t)
	case tokenSymbol:
		switch {
		case p.symbol("-"):
			return p.negative(t.offset)
		case p.symbol("+"):
			if !p.at(tokenNumber, "") {
				return nil, p.fail("a number is expected, not %s", p.here())
			}
			return p.operand()
		case p.symbol("("):
			inner, err := p.or()
			if err != nil {
				return nil, err
			}
			return inner, p.expect(")")
		}
	case tokenEnd:
	}
	return nil, p.fail("a value is expected, not %s", p.here())
}

// negative reads what follows a minus: a number, or anything else times -1, as the standard's JSON has it.
func (p *parser) negative(offset int) (node, error) {
	if t := p.peek(); t.kind == tokenNumber {
		p.next++
		return p.number(t, true)
	}
	n, err := p.operand()
	if err != nil {
		return nil, err
	}
	return p.call(offset, "*", number{-1, true, -1}, n)
}

func (p *parser) number(t token, negative bool) (node, error) {
	written := t.value
	if negative {
		written = "-" + written
	}
	n, ok := parseNumber(written)
	if !ok {
		return nil, &Error{Offset: t.offset, Message: "the number is too large"}
	}
	return n, nil
}

func parseNumber(written string) (number, bool) {
	if exact, err := strconv.ParseInt(written, 10, 64); err == nil {
		return number{float64(exact), true, exact}, true
	}
	value, err := strconv.ParseFloat(written, 64)
	return number{value: value}, err == nil && !math.IsInf(value, 0) && !math.IsNaN(value)
}

// reserved tells whether a word cannot be a property unless it is quoted.
func reserved(word string) bool {
	return slices.Contains([]string{
		"and", "or", "not", "like", "between", "in", "is", "null", "true", "false", "div",
	}, strings.ToLower(word))
}

// word reads what begins with a name: true, false, a literal with a keyword, a function or a property.
func (p *parser) word(t token) (node, error) {
	lower := strings.ToLower(t.value)
	switch {
	case lower == "true" || lower == "false":
		return boolean(lower == "true"), nil
	case reserved(t.value):
		return nil, &Error{Offset: t.offset, Message: "a value is expected, not " + strings.ToUpper(t.value)}
	}
	if p.at(tokenSymbol, "(") || isGeometry(lower) && p.at(tokenName, "z") {
		switch {
		case lower == "date" || lower == "timestamp":
			return p.instant(t.offset, lower == "date")
		case lower == "interval":
			return p.interval()
		case lower == "bbox":
			return p.bbox(t.offset)
		case isGeometry(lower):
			return p.wkt(lower)
		}
	}
	return p.nameOrCall(t, false)
}

// nameOrCall reads a property, or a function if a parenthesis follows.
func (p *parser) nameOrCall(t token, quoted bool) (node, error) {
	if !p.at(tokenSymbol, "(") {
		if t.value == "" {
			return nil, &Error{Offset: t.offset, Message: "a name is expected"}
		}
		return property(t.value), nil
	}
	lower := strings.ToLower(t.value)
	name, known := p.canonical[lower]
	if known = known && !quoted; !known {
		name = t.value
	}
	p.next++
	args, err := p.arguments(known && p.byLower[lower].family == array)
	if err != nil {
		return nil, err
	}
	return p.call(t.offset, name, args...)
}

// arguments reads up to the closing parenthesis; where lists are meant, parentheses make one.
func (p *parser) arguments(lists bool) ([]node, error) {
	args := []node{}
	for first := true; !p.symbol(")"); first = false {
		if !first {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
		if len(args) == MaxValues {
			return nil, p.fail("more than %d operands", MaxValues)
		}
		var arg node
		var err error
		if lists && p.at(tokenSymbol, "(") {
			arg, err = p.list()
		} else {
			arg, err = p.or()
		}
		if err != nil {
			return nil, err
		}
		args = append(args, arg)
	}
	return args, nil
}

// instant reads ('2024-05-01') after DATE or TIMESTAMP.
func (p *parser) instant(offset int, date bool) (node, error) {
	p.next++
	t := p.peek()
	if !p.take(tokenText, "") {
		return nil, p.fail("a text such as '2024-05-01' is expected, not %s", p.here())
	}
	i, ok := parseInstant(t.value)
	if !ok || i.date != date {
		return nil, &Error{Offset: offset, Message: instantForm}
	}
	return i, p.expect(")")
}

const instantForm = "must be a date such as '2024-05-01' or a timestamp such as '2024-05-01T12:00:00Z'"

// parseInstant reads a date or an RFC 3339 timestamp, of which it drops the zeros at the end of the fraction.
func parseInstant(written string) (instant, bool) {
	if _, err := time.Parse(time.DateOnly, written); err == nil {
		return instant{written, true}, true
	}
	at, err := time.Parse(time.RFC3339Nano, written)
	return instant{at.Format(time.RFC3339Nano), false}, err == nil
}

// interval reads (start, end) after INTERVAL.
func (p *parser) interval() (node, error) {
	p.next++
	start, err := p.intervalEnd()
	if err != nil {
		return nil, err
	}
	if err := p.expect(","); err != nil {
		return nil, err
	}
	end, err := p.intervalEnd()
	if err != nil {
		return nil, err
	}
	return interval{start, end}, p.expect(")")
}

func (p *parser) intervalEnd() (node, error) {
	t := p.peek()
	n, err := p.operand()
	if err != nil {
		return nil, err
	}
	switch n := n.(type) {
	case text:
		if n == ".." {
			return open{}, nil
		}
		if i, ok := parseInstant(string(n)); ok {
			return i, nil
		}
	case property, instant:
		return n, nil
	case call:
		if p.byName[n.op].family == function {
			return n, nil
		}
	}
	return nil, &Error{Offset: t.offset, Message: "an end of an interval " + instantForm + ", '..', or a property"}
}
