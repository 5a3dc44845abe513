package data

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
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
// Ends of line are LF or CRLF; a byte order mark is skipped, and one of UTF-16 heeded.
func Lines(r io.Reader, name string, maxLine int) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		scanner := newLineScanner(r, name, maxLine)
		for scanner.next() {
			line := Line{Position{name, scanner.number}, scanner.text}
			if err := checkLine(line, scanner.long, scanner.limit); err != nil {
				if !yield(Line{}, err) {
					return
				}
			} else if !yield(line, nil) {
				return
			}
		}
		if scanner.err != nil {
			yield(Line{}, scanner.err)
		}
	}
}

func checkLine(l Line, long bool, limit int) error {
	switch {
	case long:
		return Rejectf(l.At, clip(l.Text), "too_long", "the line has more than %d bytes", limit)
	case bytes.IndexByte(l.Text, 0) >= 0:
		return Rejectf(l.At, clip(l.Text), "bad_encoding", "holds a NUL byte: not a text")
	case !utf8.Valid(l.Text):
		return Rejectf(l.At, clip(l.Text), "bad_encoding", "is not valid UTF-8")
	}
	return nil
}

// clip returns what is kept of a rejected row.
func clip(raw []byte) []byte { return raw[:min(len(raw), MaxRaw)] }

// lineScanner reads physical lines in bounded memory.
type lineScanner struct {
	in     *bufio.Reader
	name   string
	limit  int
	number int64  // of the current line, from 1
	text   []byte // the current line without its end; its first limit bytes if long
	long   bool
	err    error // what ended the reading, but for the end of the file
	spill  []byte
}

func newLineScanner(r io.Reader, name string, limit int) *lineScanner {
	if limit <= 0 {
		limit = DefaultMaxLine
	}
	in := bufio.NewReaderSize(r, 256<<10)
	if head, _ := in.Peek(3); bytes.Equal(head, []byte("\xef\xbb\xbf")) {
		_, _ = in.Discard(3) // just peeked: cannot fail
	} else if len(head) >= 2 && (head[0] == 0xff && head[1] == 0xfe || head[0] == 0xfe && head[1] == 0xff) {
		decoder := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder()
		in = bufio.NewReaderSize(decoder.Reader(in), 256<<10)
	}
	return &lineScanner{in: in, name: name, limit: limit}
}

// next moves to the next line; false at the end or on an error.
func (s *lineScanner) next() bool {
	s.spill, s.long = s.spill[:0], false
	for {
		piece, err := s.in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			s.keep(piece)
			continue
		}
		if err != nil && !errors.Is(err, io.EOF) {
			s.err = fmt.Errorf("read %s after line %d: %w", s.name, s.number, err)
			return false
		}
		if err != nil && len(piece) == 0 && len(s.spill) == 0 {
			return false
		}
		s.finish(piece)
		return true
	}
}

func (s *lineScanner) keep(piece []byte) {
	room := s.limit + 2 - len(s.spill) // two more, for an end of line just beyond the limit
	if len(piece) > room {
		s.long = true
		piece = piece[:room]
	}
	s.spill = append(s.spill, piece...)
}

func (s *lineScanner) finish(piece []byte) {
	s.number++
	s.text = piece
	if len(s.spill) > 0 {
		s.keep(piece)
		s.text = s.spill
	}
	if !s.long {
		s.text = bytes.TrimSuffix(bytes.TrimSuffix(s.text, []byte("\n")), []byte("\r"))
	}
	if len(s.text) > s.limit {
		s.text, s.long = s.text[:s.limit], true
	}
}
