package emergency

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"vigie/geoengine"
)

// Bounds of a script.
const (
	maxScript = 32 << 20 // bytes: the values of one are held at once
	maxDepth  = 32
)

// value is a value of a script: object, []value, string, float64, bool or nil.
type value any

// member is one key of an object, in the order of the file.
type member struct {
	key   string
	value value
}

type object []member

// get returns the value of a key; ok is false if there is none.
func (o object) get(key string) (v value, ok bool) {
	for i := range o {
		if o[i].key == key {
			return o[i].value, true
		}
	}
	return nil, false
}

// script is one assignment: var name = value;
type script struct {
	name  string
	value value
}

// parseScript reads a file that is exactly one "var name = value;" (the semicolon may be missing). Values are those of JSON,
// but a key may be a plain name or a whole number without quotes. Nothing is ever evaluated: whatever else JavaScript
// knows (calls, operators, comments, other quotes, trailing commas) is ErrInvalid with its line.
func parseScript(r io.Reader, name string) (script, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxScript+1))
	if err != nil {
		return script{}, fmt.Errorf("read %s: %w", name, err)
	}
	if len(text) > maxScript {
		return script{}, fmt.Errorf("read %s: more than %d bytes: %w", name, maxScript, geoengine.ErrInvalid)
	}
	p := &scriptParser{file: name, text: strings.TrimPrefix(string(text), "\ufeff")}
	if !utf8.ValidString(p.text) {
		return script{}, fmt.Errorf("read %s: is not valid UTF-8: %w", name, geoengine.ErrInvalid)
	}
	s := p.script()
	return s, p.err
}

// scriptParser stands at a place in the text; after the first error nothing moves any more.
type scriptParser struct {
	file string
	text string
	at   int
	err  error
}

func (p *scriptParser) fail(format string, args ...any) {
	if p.err == nil {
		line := 1 + strings.Count(p.text[:min(p.at, len(p.text))], "\n")
		p.err = fmt.Errorf("read %s:%d: %s: %w", p.file, line, fmt.Sprintf(format, args...), geoengine.ErrInvalid)
	}
}

func (p *scriptParser) blanks() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

// peek is the next byte that is not blank; 0 at the end or after an error.
func (p *scriptParser) peek() byte {
	if p.err != nil {
		return 0
	}
	p.blanks()
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

func (p *scriptParser) expect(c byte) {
	if got := p.peek(); got != c {
		p.fail("%s where %q must be", p.found(), c)
		return
	}
	p.at++
}

// found says what stands here.
func (p *scriptParser) found() string {
	if p.at >= len(p.text) {
		return "the file ends"
	}
	r, _ := utf8.DecodeRuneInString(p.text[p.at:])
	return fmt.Sprintf("%q", r)
}

func (p *scriptParser) script() (s script) {
	p.blanks()
	if word := p.word(); word != "var" {
		p.fail("it must begin with var")
		return s
	}
	p.blanks()
	if s.name = p.word(); s.name == "" {
		p.fail("%s where a name must be", p.found())
	}
	p.expect('=')
	s.value = p.value(0)
	if p.peek() == ';' {
		p.at++
	}
	if p.peek() != 0 || p.err == nil && p.at < len(p.text) {
		p.fail("%s after the only value", p.found())
	}
	return s
}

// word reads letters, digits and _; it does not begin with a digit.
func (p *scriptParser) word() string {
	start := p.at
	for p.err == nil && p.at < len(p.text) {
		c := p.text[p.at]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$'
		if !letter && (c < '0' || c > '9' || p.at == start) {
			break
		}
		p.at++
	}
	return p.text[start:p.at]
}

func (p *scriptParser) value(depth int) value {
	if depth > maxDepth {
		p.fail("more than %d values in one another", maxDepth)
		return nil
	}
	switch c := p.peek(); {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		return p.string()
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	case p.err != nil:
		return nil
	}
	start := p.at
	switch p.word() {
	case "true":
		return true
	case "false":
		return false
	case "null":
		return nil
	}
	p.at = start
	p.fail("%s where a value must be: an object, a list, a string in double quotes, a number, true, false or null", p.found())
	return nil
}

func (p *scriptParser) object(depth int) value {
	o, keys := object{}, map[string]bool{}
	p.expect('{')
	if p.peek() == '}' {
		p.at++
		return o
	}
	for p.err == nil {
		key := p.key()
		if keys[key] {
			p.fail("the key %.40q stands twice", key)
		}
		keys[key] = true
		p.expect(':')
		o = append(o, member{key, p.value(depth + 1)})
		if p.peek() != ',' {
			p.expect('}')
			return o
		}
		p.at++
	}
	return o
}

// key reads a key: in double quotes, a name, or a whole number without sign or leading zero.
func (p *scriptParser) key() string {
	c := p.peek()
	if c == '"' {
		return p.string()
	}
	start := p.at
	if c >= '0' && c <= '9' {
		for p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
			p.at++
		}
		if key := p.text[start:p.at]; len(key) == 1 || key[0] != '0' {
			return key
		}
	} else if key := p.word(); key != "" {
		return key
	}
	p.at = start
	p.fail("%s where a key must be", p.found())
	return ""
}

func (p *scriptParser) array(depth int) value {
	list := []value{}
	p.expect('[')
	if p.peek() == ']' {
		p.at++
		return list
	}
	for p.err == nil {
		list = append(list, p.value(depth+1))
		if p.peek() != ',' {
			p.expect(']')
			return list
		}
		p.at++
	}
	return list
}

// number reads a number of JSON.
func (p *scriptParser) number() value {
	start := p.at
	for p.at < len(p.text) && strings.IndexByte("+-.0123456789eE", p.text[p.at]) >= 0 {
		p.at++
	}
	text := p.text[start:p.at]
	digits := strings.TrimPrefix(text, "-")
	leading := len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9'
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || leading || digits[0] == '.' || digits[0] == '+' || strings.HasSuffix(digits, ".") || strings.Contains(digits, ".e") || strings.Contains(digits, ".E") {
		p.at = start
		p.fail("%.40q is not a number", text)
		return nil
	}
	return v
}

// string reads a string in double quotes with the escapes of JSON.
func (p *scriptParser) string() string {
	p.at++ // the quote
	var b strings.Builder
	for p.at < len(p.text) {
		c := p.text[p.at]
		switch {
		case c == '"':
			p.at++
			return b.String()
		case c < ' ':
			p.fail("a string runs over the end of its line")
			return ""
		case c == '\\':
			if !p.escape(&b) {
				return ""
			}
		default:
			b.WriteByte(c)
			p.at++
		}
	}
	p.fail("a string has no end")
	return ""
}

// escapes are those of one letter.
const escapes = "\"\"\\\\//b\bf\fn\nr\rt\t"

func (p *scriptParser) escape(b *strings.Builder) bool {
	if p.at+1 < len(p.text) {
		c := p.text[p.at+1]
		for i := 0; i < len(escapes); i += 2 {
			if escapes[i] == c {
				b.WriteByte(escapes[i+1])
				p.at += 2
				return true
			}
		}
		if c == 'u' {
			first, ok := p.unit(p.at)
			if ok && utf16.IsSurrogate(first) {
				second, _ := p.unit(p.at + 6)
				if first = utf16.DecodeRune(first, second); first == utf8.RuneError {
					ok = false
				}
				p.at += 6
			}
			if ok {
				b.WriteRune(first)
				p.at += 6
				return true
			}
		}
	}
	p.fail("an escape that JSON does not know")
	return false
}

// unit reads the four digits of \uXXXX that begins at a place.
func (p *scriptParser) unit(at int) (rune, bool) {
	if at+6 > len(p.text) || p.text[at] != '\\' || p.text[at+1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(p.text[at+2:at+6], 16, 16)
	return rune(n), err == nil
}
