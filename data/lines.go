package data

import (
	"io"
	"iter"
)

// DefaultMaxLine bounds a line, in bytes, where the caller does not.
const DefaultMaxLine = 1 << 20

// Line is one line of a text file, without its end.
type Line struct {
	At   Position
	Text []byte // reused by the next iteration
}

// Lines reads a UTF-8 text line by line, never holding more than maxLine bytes (0 is DefaultMaxLine). A line that is
// longer, or that holds NUL or invalid UTF-8, is a *Reject, and reading goes on; any other error is the last.
// Ends of line are LF, CRLF; a byte order mark is skipped.
func Lines(r io.Reader, name string, maxLine int) iter.Seq2[Line, error] {
	return func(func(Line, error) bool) { panic("not yet") }
}
