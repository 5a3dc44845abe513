package data

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"vigie/geoengine"
)

// CSVOptions say how a CSV file is written. The zero value is a UTF-8 file with a header and a separator to be found.
type CSVOptions struct {
	// Comma is the separator, an ASCII character; 0 finds it among , ; tab and | from the first line.
	Comma rune
	// Encoding is utf-8 (default), latin-1, windows-1252, or auto: UTF-8 where a line is valid UTF-8, else Windows-1252.
	// A byte order mark is skipped, and one of UTF-16 heeded, whatever the encoding.
	Encoding string
	// Columns are the names where the file has no header; nil reads the header.
	Columns []string
	// Required are columns that must be there; "a|b" is satisfied by either. Their absence ends the reading with
	// an error that names the file, the missing columns and the separator that the file seems to have.
	Required []string
	// Short accepts rows with fewer fields than the header: the missing ones are empty.
	Short bool
	// Trim removes blanks around every field, also before an opening quote.
	Trim bool
	// MaxLine bounds a row in bytes, over all its lines; 0 is DefaultMaxLine.
	MaxLine int
}

// Row is one row of a CSV file.
type Row struct {
	At     Position // line where the row begins, the header being line 1
	Fields []string // decoded, as many as the header has names; the slice is reused, the strings are not
	Raw    []byte   // as it stood in the file, reused by the next iteration
	Header *Header
}

// Header is the columns of a CSV file.
type Header struct {
	Names []string // without surrounding blanks
	index map[string]int
}

func newHeader(names []string) *Header {
	h := &Header{Names: make([]string, len(names)), index: make(map[string]int, 2*len(names))}
	add := func(key string, i int) {
		if _, taken := h.index[key]; !taken {
			h.index[key] = i
		}
	}
	for i, name := range names {
		h.Names[i] = strings.TrimSpace(name)
		add(h.Names[i], i)
	}
	for i, name := range h.Names {
		add(strings.ToLower(name), i)
	}
	return h
}

// Index returns the position of the first of the names that is a column, or -1.
// Names are compared without regard to case and surrounding blanks; of two equal columns the first counts.
func (h *Header) Index(names ...string) int {
	for _, name := range names {
		if i, ok := h.index[name]; ok {
			return i
		}
		if i, ok := h.index[strings.ToLower(strings.TrimSpace(name))]; ok {
			return i
		}
	}
	return -1
}

// missing returns the required columns that are not there.
func (h *Header) missing(required []string) []string {
	var gone []string
	for _, r := range required {
		if h.Index(strings.Split(r, "|")...) < 0 {
			gone = append(gone, r)
		}
	}
	return gone
}

// Get returns the field, without surrounding blanks, of the first of the names that is a column; "" if there is none.
func (r Row) Get(names ...string) string {
	if i := r.Header.Index(names...); i >= 0 {
		return strings.TrimSpace(r.Fields[i])
	}
	return ""
}

// Reject makes a Reject of this row.
func (r Row) Reject(reason, format string, args ...any) *Reject {
	return Rejectf(r.At, r.Raw, reason, format, args...)
}

// CSV reads rows. Fields in quotes may hold separators, doubled quotes and line ends; a quote inside an unquoted field
// is an ordinary character; blank lines are passed over; surplus empty fields at the end of a row are dropped.
// A *Reject as error is one bad row (wrong_fields, bad_quotes, bad_encoding, too_long); reading goes on after it.
// Any other error is the last.
func CSV(r io.Reader, name string, options CSVOptions) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		decode, err := newDecoder(options.Encoding)
		if err == nil && options.Comma > 0x7e {
			err = fmt.Errorf("separator %q: must be an ASCII character: %w", options.Comma, geoengine.ErrInvalid)
		}
		if err != nil {
			yield(Row{}, fmt.Errorf("read %s: %w", name, err))
			return
		}
		reader := &csvReader{
			lines: newLineScanner(r, name, options.MaxLine), name: name, options: options,
			decode: decode, comma: byte(options.Comma),
		}
		reader.run(yield)
	}
}

func (c *csvReader) run(yield func(Row, error) bool) {
	header, err := c.header()
	if err != nil {
		yield(Row{}, err)
		return
	}
	for {
		row, err := c.record()
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil {
			row.Header = header
			err = c.fit(&row)
		}
		var reject *Reject
		if !yield(row, err) || (err != nil && !errors.As(err, &reject)) {
			return
		}
	}
}

// fit makes the fields as many as the header's names, or says why it cannot.
func (c *csvReader) fit(row *Row) error {
	want, got := len(row.Header.Names), len(row.Fields)
	for got > want && strings.TrimSpace(row.Fields[got-1]) == "" {
		got--
	}
	if got > want || (got < want && !c.options.Short) {
		return Rejectf(row.At, clip(row.Raw), "wrong_fields", "has %d fields, the header %d", len(row.Fields), want)
	}
	row.Fields = row.Fields[:got]
	for len(row.Fields) < want {
		row.Fields = append(row.Fields, "")
	}
	c.fields = row.Fields
	return nil
}
