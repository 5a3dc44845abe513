package geojson

import (
	"fmt"

	"vigie/geoengine"
)

// byte reads one byte and counts lines.
func (s *splitter) byte() (byte, error) {
	c, err := s.in.ReadByte()
	if c == '\n' && err == nil {
		s.line++
	}
	return c, err
}

// next returns the next byte that is not blank.
func (s *splitter) next() (byte, error) {
	for {
		c, err := s.byte()
		if err != nil || (c != ' ' && c != '\t' && c != '\r' && c != '\n') {
			return c, err
		}
	}
}

func (s *splitter) expect(want byte) error {
	c, err := s.next()
	if err == nil && c != want {
		err = fmt.Errorf("%q where %q was expected: %w", c, want, geoengine.ErrInvalid)
	}
	return err
}

// value reads into s.text the value that begins with c, to its end by brackets and quotes, well-formed or not.
func (s *splitter) value(c byte) error {
	s.text, s.long = append(s.text[:0], c), false
	switch c {
	case '"':
		return s.quoted()
	case '{', '[':
		return s.nested()
	}
	for { // a number or a word: up to what may follow it
		ahead, err := s.in.Peek(1)
		if err != nil {
			return err
		}
		if c := ahead[0]; c == ',' || c == ']' || c == '}' || c <= ' ' {
			return nil
		}
		if _, err := s.keep(); err != nil {
			return err
		}
	}
}

// keep reads a byte into s.text, as long as there is room.
func (s *splitter) keep() (byte, error) {
	c, err := s.byte()
	if err == nil && len(s.text) < MaxBytes {
		s.text = append(s.text, c)
	} else if err == nil {
		s.long = true
	}
	return c, err
}

func (s *splitter) quoted() error {
	for {
		c, err := s.keep()
		if err == nil && c == '\\' {
			_, err = s.keep()
		}
		if err != nil || c == '"' {
			return err
		}
	}
}

func (s *splitter) nested() error {
	for depth := 1; depth > 0; {
		c, err := s.keep()
		if err != nil {
			return err
		}
		switch c {
		case '"':
			if err := s.quoted(); err != nil {
				return err
			}
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
	}
	return nil
}
