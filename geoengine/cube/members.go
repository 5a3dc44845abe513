package cube

import (
	"bytes"
	"errors"
)

var errJSON = errors.New("not a JSON object as PostgreSQL writes it")

// eachMember calls do with the key (a JSON string with its quotes) and the value of every member of a JSON object,
// as PostgreSQL prints it, without decoding either.
func eachMember(object []byte, do func(key, value []byte) error) error {
	s := bytes.TrimRight(trimmed(object), " \t\n\r")
	if len(s) < 2 || s[0] != '{' {
		return errJSON
	}
	s = trimmed(s[1:])
	if len(s) == 1 && s[0] == '}' {
		return nil
	}
	for {
		end := valueEnd(s)
		if end < 0 || s[0] != '"' {
			return errJSON
		}
		key := s[:end]
		s = trimmed(s[end:])
		if len(s) == 0 || s[0] != ':' {
			return errJSON
		}
		s = trimmed(s[1:])
		if end = valueEnd(s); end < 0 {
			return errJSON
		}
		if err := do(key, s[:end]); err != nil {
			return err
		}
		s = trimmed(s[end:])
		switch {
		case len(s) == 1 && s[0] == '}':
			return nil
		case len(s) == 0 || s[0] != ',':
			return errJSON
		}
		s = trimmed(s[1:])
	}
}

func trimmed(s []byte) []byte {
	for len(s) > 0 && (s[0] == ' ' || s[0] == '\t' || s[0] == '\n' || s[0] == '\r') {
		s = s[1:]
	}
	return s
}

// valueEnd returns the length of the JSON value at the start of s, -1 if it does not end.
func valueEnd(s []byte) int {
	if len(s) == 0 {
		return -1
	}
	switch s[0] {
	case '"':
		return stringEnd(s)
	case '{', '[':
		return bracketEnd(s)
	}
	if i := bytes.IndexAny(s, ",}] \t\r\n"); i > 0 {
		return i
	}
	return -1
}

func stringEnd(s []byte) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

func bracketEnd(s []byte) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			n := stringEnd(s[i:])
			if n < 0 {
				return -1
			}
			i += n - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}
