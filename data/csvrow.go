package data

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"vigie/geoengine"
)

// physicalLine is a line as it stands in the file.
type physicalLine struct {
	number int64
	text   []byte
	long   bool
}

func (l physicalLine) copy() physicalLine {
	l.text = bytes.Clone(l.text)
	return l
}

type csvReader struct {
	lines   *lineScanner
	pending []physicalLine // lines to read again: those after an unclosed quote
	name    string
	options CSVOptions
	decode  func(dst, line []byte) ([]byte, error)
	comma   byte
	parser  rowParser
	text    []byte // the decoded row
	raw     []byte // the row of several lines
	fields  []string
}

func (c *csvReader) line() (physicalLine, error) {
	if len(c.pending) > 0 {
		line := c.pending[0]
		c.pending = c.pending[1:]
		return line, nil
	}
	if c.lines.next() {
		return physicalLine{c.lines.number, c.lines.text, c.lines.long}, nil
	}
	if c.lines.err != nil {
		return physicalLine{}, c.lines.err
	}
	return physicalLine{}, io.EOF
}

// record reads one row; the error is io.EOF at the end, a *Reject for a bad row.
func (c *csvReader) record() (Row, error) {
	var line physicalLine
	var err error
	for {
		if line, err = c.line(); err != nil {
			return Row{}, err
		}
		if len(bytes.TrimSpace(line.text)) > 0 {
			break
		}
	}
	at := Position{c.name, line.number}
	if line.long {
		return Row{At: at}, Rejectf(at, clip(line.text), "too_long", "the line has more than %d bytes", c.lines.limit)
	}
	if c.text, err = c.decode(c.text[:0], line.text); err != nil {
		return Row{At: at}, Rejectf(at, clip(line.text), "bad_encoding", "%v", err)
	}
	c.parser.reset(c.comma, c.options.Trim)
	c.parser.feed(c.text)
	raw := line.text
	if c.parser.state == stateQuoted {
		if raw, err = c.more(line); err != nil {
			return Row{At: at}, err
		}
	}
	if c.parser.state != stateDone {
		return Row{At: at}, Rejectf(at, clip(raw), "bad_quotes", "a quote is not closed, or is followed by something else than the separator")
	}
	c.fields = c.parser.fields(c.fields[:0], string(c.text))
	return Row{At: at, Fields: c.fields, Raw: raw}, nil
}

// more appends the lines that an open quote runs over. If the quote never closes, the first line alone is the bad
// row, and the others are read again as rows of their own.
func (c *csvReader) more(first physicalLine) ([]byte, error) {
	c.raw = append(c.raw[:0], first.text...)
	var taken []physicalLine
	for c.parser.state == stateQuoted {
		line, err := c.line()
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if err == nil {
			taken = append(taken, line.copy())
			c.raw = append(append(c.raw, '\n'), line.text...)
			if !line.long && len(c.raw) <= c.lines.limit {
				if c.text, err = c.decode(append(c.text, '\n'), line.text); err == nil {
					c.parser.feed(c.text)
					continue
				}
			}
		}
		c.parser.state = stateBad
	}
	if c.parser.state == stateBad {
		c.pending = append(taken, c.pending...)
		return c.raw[:len(first.text)], nil
	}
	return c.raw, nil
}

type parseState uint8

const (
	stateDone   parseState = iota // the row is complete at the end of the text fed so far
	stateQuoted                   // the text ends inside quotes
	stateBad
)

// span is a field in the row's text; doubled says that it holds doubled quotes.
type span struct {
	from, to int
	doubled  bool
}

// rowParser cuts the text of a row, which may grow by lines, into fields.
type rowParser struct {
	comma byte
	trim  bool
	state parseState
	pos   int // where parsing goes on
	open  span
	spans []span
}

func (p *rowParser) reset(comma byte, trim bool) {
	*p = rowParser{comma: comma, trim: trim, spans: p.spans[:0]}
}

// feed parses text from where it stopped; text must begin with what was fed before.
func (p *rowParser) feed(text []byte) {
	if p.state == stateQuoted && !p.quoted(text) {
		return
	}
	for p.state == stateDone && p.pos <= len(text) {
		start := p.pos
		if p.trim {
			start += blanks(text[start:])
		}
		if start < len(text) && text[start] == '"' {
			p.open = span{from: start + 1}
			p.pos = start + 1
			p.state = stateQuoted
			if !p.quoted(text) {
				return
			}
			continue
		}
		end := len(text)
		if i := bytes.IndexByte(text[p.pos:], p.comma); i >= 0 {
			end = p.pos + i
		}
		p.spans = append(p.spans, span{from: p.pos, to: end})
		p.pos = end + 1
	}
}

// quoted reads on inside quotes; it tells whether they closed.
func (p *rowParser) quoted(text []byte) bool {
	for {
		i := bytes.IndexByte(text[p.pos:], '"')
		if i < 0 {
			p.pos = len(text)
			return false
		}
		end := p.pos + i
		after := end + 1
		if after < len(text) && text[after] == '"' {
			p.open.doubled = true
			p.pos = after + 1
			continue
		}
		if p.trim {
			after += blanks(text[after:])
		}
		if after < len(text) && text[after] != p.comma {
			p.state = stateBad
			return false
		}
		p.open.to = end
		p.spans = append(p.spans, p.open)
		p.pos, p.state = after+1, stateDone
		return true
	}
}

func blanks(text []byte) int {
	return len(text) - len(bytes.TrimLeft(text, " "))
}

// fields appends the fields of the complete row.
func (p *rowParser) fields(dst []string, text string) []string {
	for _, s := range p.spans {
		field := text[s.from:s.to]
		if s.doubled {
			field = strings.ReplaceAll(field, `""`, `"`)
		}
		if p.trim {
			field = strings.TrimSpace(field)
		}
		dst = append(dst, field)
	}
	return dst
}

// newDecoder returns a function that appends a line as UTF-8.
func newDecoder(encoding string) (func(dst, line []byte) ([]byte, error), error) {
	switch strings.ToLower(encoding) {
	case "", "utf-8", "utf8":
		return appendUTF8, nil
	case "latin-1", "latin1", "iso-8859-1":
		return single(charmap.ISO8859_1), nil
	case "windows-1252", "cp1252":
		return single(charmap.Windows1252), nil
	case "auto":
		other := single(charmap.Windows1252)
		return func(dst, line []byte) ([]byte, error) {
			if utf8.Valid(line) {
				return appendUTF8(dst, line)
			}
			return other(dst, line)
		}, nil
	}
	return nil, fmt.Errorf("encoding %q: must be utf-8, latin-1, windows-1252 or auto: %w", encoding, geoengine.ErrInvalid)
}

var errNUL = errors.New("holds a NUL byte: not a text")

func appendUTF8(dst, line []byte) ([]byte, error) {
	if bytes.IndexByte(line, 0) >= 0 {
		return dst, errNUL
	}
	if !utf8.Valid(line) {
		return dst, errors.New("is not valid UTF-8 (another encoding, such as latin-1?)")
	}
	return append(dst, line...), nil
}

func single(charset *charmap.Charmap) func(dst, line []byte) ([]byte, error) {
	return func(dst, line []byte) ([]byte, error) {
		if bytes.IndexByte(line, 0) >= 0 {
			return dst, errNUL
		}
		for _, b := range line {
			if b < utf8.RuneSelf {
				dst = append(dst, b)
			} else {
				dst = utf8.AppendRune(dst, charset.DecodeByte(b))
			}
		}
		return dst, nil
	}
}
