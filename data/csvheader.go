package data

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"vigie/geoengine"
)

// separators are those tried where none is given, in order of preference.
const separators = ",;\t|"

// header finds the separator and reads the names of the columns.
func (c *csvReader) header() (*Header, error) {
	first, err := c.firstLine()
	if err != nil {
		return nil, err
	}
	if c.comma == 0 {
		c.comma = c.findComma(first)
	}
	if c.options.Columns != nil {
		h := newHeader(c.options.Columns)
		got, like := c.count(first, c.comma), c.likely(first)
		if got == 1 && len(h.Names) > 1 && c.count(first, like) > 1 {
			return nil, c.headerError(first, got, []string{strings.Join(h.Names, ", ")})
		}
		return h, c.checkMissing(h, first)
	}
	row, err := c.record()
	if err != nil {
		return nil, fmt.Errorf("read %s: the header: %w: %w", c.name, err, geoengine.ErrInvalid)
	}
	h := newHeader(row.Fields)
	for n := len(h.Names); n > 1 && h.Names[n-1] == ""; n-- {
		h.Names = h.Names[:n-1] // a separator at the end of the header line
	}
	if like := c.likely(first); len(h.Names) == 1 && len(c.options.Required) == 0 && c.count(first, like) > 1 {
		return nil, c.headerError(first, 1, nil)
	}
	return h, c.checkMissing(h, first)
}

func (c *csvReader) checkMissing(h *Header, first string) error {
	if gone := h.missing(c.options.Required); len(gone) > 0 {
		return c.headerError(first, len(h.Names), gone)
	}
	return nil
}

// firstLine returns the first line that is not blank, decoded, and leaves it to be read again.
func (c *csvReader) firstLine() (string, error) {
	for {
		line, err := c.line()
		if errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read %s: the file is empty%s: %w", c.name, c.expected(), geoengine.ErrInvalid)
		}
		if err != nil {
			return "", err
		}
		if len(strings.TrimSpace(string(line.text))) == 0 {
			continue
		}
		text, err := c.decode(nil, line.text)
		if err != nil || line.long {
			return "", fmt.Errorf("read %s: line %d is no header%s: %s: %w", c.name, line.number, c.expected(),
				describeBadLine(err, c.lines.limit), geoengine.ErrInvalid)
		}
		c.pending = append([]physicalLine{line.copy()}, c.pending...)
		return string(text), nil
	}
}

func describeBadLine(err error, limit int) string {
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("it has more than %d bytes", limit)
}

// count is the number of fields of the first line with a separator, quotes heeded as far as one line can.
func (c *csvReader) count(first string, comma byte) int {
	p := rowParser{comma: comma, trim: c.options.Trim}
	p.feed([]byte(first))
	n := len(p.spans)
	if p.state == stateQuoted {
		n++
	}
	return n
}

// likely is the separator that cuts the first line into most fields.
func (c *csvReader) likely(first string) byte {
	best := separators[0]
	for i := 1; i < len(separators); i++ {
		if c.count(first, separators[i]) > c.count(first, best) {
			best = separators[i]
		}
	}
	return best
}

// findComma is the separator that gives the required columns, or else most columns.
func (c *csvReader) findComma(first string) byte {
	if c.options.Columns == nil && len(c.options.Required) > 0 {
		for i := range len(separators) {
			p := rowParser{comma: separators[i], trim: c.options.Trim}
			p.feed([]byte(first))
			if p.state == stateDone && len(newHeader(p.fields(nil, first)).missing(c.options.Required)) == 0 {
				return separators[i]
			}
		}
	}
	return c.likely(first)
}

func (c *csvReader) expected() string {
	if len(c.options.Required) == 0 {
		return ""
	}
	return fmt.Sprintf(" (expected the columns %s)", strings.Join(c.options.Required, ", "))
}

func (c *csvReader) headerError(first string, got int, gone []string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "read %s: ", c.name)
	if len(gone) > 0 {
		fmt.Fprintf(&b, "the columns %s are missing: ", strings.Join(gone, ", "))
	}
	fmt.Fprintf(&b, "with the separator %s the first line has %d column(s)", separatorName(c.comma), got)
	if like := c.likely(first); like != c.comma {
		fmt.Fprintf(&b, "; it looks separated by %s, which gives %d", separatorName(like), c.count(first, like))
	}
	p := rowParser{comma: c.comma, trim: c.options.Trim}
	p.feed([]byte(first))
	names := p.fields(nil, first)
	fmt.Fprintf(&b, "; it has the columns %.2000q%s", names[:min(len(names), 40)], c.expected())
	return fmt.Errorf("%s: %w", b.String(), geoengine.ErrInvalid)
}

func separatorName(comma byte) string {
	if comma == '\t' {
		return "tab"
	}
	return fmt.Sprintf("%q", string(rune(comma)))
}
