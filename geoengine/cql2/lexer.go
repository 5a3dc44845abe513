package cql2

import (
	"strings"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokenEnd    tokenKind = iota
	tokenName             // identifier or keyword
	tokenQuoted           // "identifier"
	tokenText
	tokenNumber
	tokenSymbol
)

// token is one word of the text encoding.
type token struct {
	kind   tokenKind
	value  string // unescaped
	offset int
}

// lex cuts the text encoding into tokens.
func lex(input string) ([]token, error) {
	if len(input) > MaxBytes {
		return nil, wrong("the expression has more than %d bytes", MaxBytes)
	}
	if !utf8.ValidString(input) || strings.ContainsRune(input, 0) {
		return nil, wrong("the expression is not UTF-8 text")
	}
	var tokens []token
	for at := 0; ; {
		at += len(input[at:]) - len(strings.TrimLeft(input[at:], " \t\r\n\f\v\u0085\u00a0"))
		if at == len(input) {
			return append(tokens, token{tokenEnd, "", at}), nil
		}
		t, end, err := next(input, at)
		if err != nil {
			return nil, err
		}
		if len(tokens) >= MaxNodes {
			return nil, wrong("the expression has more than %d words", MaxNodes)
		}
		tokens = append(tokens, t)
		at = end
	}
}

// next reads the token that begins at a byte, and tells where it ends.
func next(input string, at int) (t token, end int, err error) {
	r, size := utf8.DecodeRuneInString(input[at:])
	switch {
	case r == '\'':
		return quoted(input, at, tokenText, `'`)
	case r == '"':
		return quoted(input, at, tokenQuoted, `"`)
	case r >= '0' && r <= '9', r == '.' && at+1 < len(input) && input[at+1] >= '0' && input[at+1] <= '9':
		end = numberEnd(input, at)
		return token{tokenNumber, input[at:end], at}, end, nil
	case startsName(r):
		end = at + size
		for end < len(input) {
			r, size := utf8.DecodeRuneInString(input[end:])
			if !startsName(r) && r != '.' && (r < '0' || r > '9') && (r < 0x300 || r > 0x36f) && r != 0x203f && r != 0x2040 {
				break
			}
			end += size
		}
		return token{tokenName, input[at:end], at}, end, nil
	}
	for _, symbol := range []string{"<=", ">=", "<>", "(", ")", ",", "=", "<", ">", "+", "-", "*", "/", "%", "^"} {
		if strings.HasPrefix(input[at:], symbol) {
			return token{tokenSymbol, symbol, at}, at + len(symbol), nil
		}
	}
	return t, 0, &Error{Offset: at, Message: "there is no such character in an expression"}
}

// startsName tells whether a name may begin with r (the rule identifierStart of OGC 21-065r2).
func startsName(r rune) bool {
	switch {
	case r == ':' || r == '_' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z':
		return true
	case r < 0xc0 || r == 0xd7 || r == 0xf7 || r >= 0x300 && r <= 0x36f || r == 0x37e || r == utf8.RuneError:
		return false
	}
	for _, span := range [][2]rune{
		{0xc0, 0x1fff}, {0x200c, 0x200d}, {0x2070, 0x218f}, {0x2c00, 0x2fef}, {0x3001, 0xd7ff}, {0xf900, 0xfdcf},
		{0xfdf0, 0xfffc}, {0x10000, 0xeffff},
	} {
		if r >= span[0] && r <= span[1] {
			return true
		}
	}
	return false
}

// quoted reads up to the closing quote. A quote within is doubled, or in texts follows a backslash.
func quoted(input string, at int, kind tokenKind, quote string) (token, int, error) {
	var value strings.Builder
	for i := at + 1; i < len(input); i++ {
		switch {
		case kind == tokenText && strings.HasPrefix(input[i:], `\'`):
			value.WriteByte('\'')
			i++
		case input[i] != quote[0]:
			value.WriteByte(input[i])
		case strings.HasPrefix(input[i+1:], quote):
			value.WriteByte(quote[0])
			i++
		default:
			return token{kind, value.String(), at}, i + 1, nil
		}
	}
	return token{}, 0, &Error{Offset: at, Message: "the quote is not closed"}
}

// numberEnd is where the unsigned number that begins at a byte ends.
func numberEnd(input string, at int) int {
	digits := func(i int) int {
		for i < len(input) && input[i] >= '0' && input[i] <= '9' {
			i++
		}
		return i
	}
	end := digits(at)
	if end < len(input) && input[end] == '.' {
		end = digits(end + 1)
	}
	if end < len(input) && (input[end] == 'e' || input[end] == 'E') {
		exponent := end + 1
		if exponent < len(input) && (input[exponent] == '+' || input[exponent] == '-') {
			exponent++
		}
		if last := digits(exponent); last > exponent {
			end = last
		}
	}
	return end
}
