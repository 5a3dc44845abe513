package data

import (
	"io"
	"iter"
)

// CSVOptions say how a CSV file is written. The zero value is a UTF-8 file with a header and a separator to be found.
type CSVOptions struct {
	// Comma is the separator; 0 finds it among , ; tab and | from the first line.
	Comma rune
	// Encoding is utf-8 (default), latin-1, windows-1252, or auto: UTF-8 where a row is valid UTF-8, else Windows-1252.
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
	// MaxLine bounds a row in bytes; 0 is DefaultMaxLine.
	MaxLine int
}

// Row is one row of a CSV file.
type Row struct {
	At     Position // line where the row begins, the header being line 1
	Fields []string // decoded; the slice is reused by the next iteration, the strings are not
	Raw    []byte   // as it stood in the file, reused by the next iteration
	Header *Header
}

// Header is the columns of a CSV file.
type Header struct {
	Names []string
	index map[string]int
}

// Index returns the position of the first of the names that is a column, or -1.
// Names are compared without regard to case and surrounding blanks.
func (h *Header) Index(names ...string) int { panic("not yet") }

// Get returns the trimmed field of the first of the names that is a column, "" if there is none.
func (r Row) Get(names ...string) string { panic("not yet") }

// Reject makes a Reject of this row.
func (r Row) Reject(reason, format string, args ...any) *Reject {
	return Rejectf(r.At, r.Raw, reason, format, args...)
}

// CSV reads rows. A *Reject as error is one bad row (wrong number of fields, bad quotes, bad encoding, too long);
// reading goes on after it. Any other error is the last.
func CSV(r io.Reader, name string, options CSVOptions) iter.Seq2[Row, error] {
	return func(func(Row, error) bool) { panic("not yet") }
}
