package csv

import (
	"strconv"
	"strings"
	"time"
)

// fit reads text by the tokens, trying the longest number first.
func (l layout) fit(tokens []token, text string, p *parts) bool {
	if len(tokens) == 0 {
		return text == ""
	}
	t, rest := tokens[0], tokens[1:]
	size := 0
	switch t.kind {
	case '*':
		return l.fitAnything(rest, text, p)
	case 0:
		if strings.HasPrefix(text, t.literal) {
			size = len(t.literal)
		}
	case 'N':
		p.month, size = monthName(text)
	case 'A':
		var half string
		half, size = halfDay(text)
		p.noon, p.pm = true, half == "pm"
	case 'Z':
		p.offset, size = zoneOffset(text)
		p.hasOffset = true
	default:
		return l.fitNumber(t, rest, text, p)
	}
	return (size > 0 || t.kind == 0 && t.literal == "") && l.fit(rest, text[size:], p)
}

func (l layout) fitAnything(rest []token, text string, p *parts) bool {
	if len(rest) == 0 {
		return true
	}
	for skipped := range len(text) + 1 {
		if l.fit(rest, text[skipped:], p) {
			return true
		}
	}
	return false
}

func (l layout) fitNumber(t token, rest []token, text string, p *parts) bool {
	sign := 0
	if (t.kind == 'U' || t.kind == 'V') && strings.HasPrefix(text, "-") {
		sign = 1
	}
	digits := sign
	for digits < len(text) && digits-sign < t.most && text[digits] >= '0' && text[digits] <= '9' {
		digits++
	}
	for ; digits-sign >= t.least; digits-- {
		n, err := strconv.ParseInt(text[:digits], 10, 64)
		if err == nil && l.fit(rest, text[digits:], p.with(t.kind, n)) {
			return true
		}
	}
	return false
}

// halfDay reads AM, pm, a.m. and P.M.
func halfDay(text string) (half string, size int) {
	for _, form := range [...]string{"a.m.", "p.m.", "am", "pm"} {
		if len(text) >= len(form) && strings.EqualFold(text[:len(form)], form) {
			return strings.ReplaceAll(form, ".", ""), len(form)
		}
	}
	return "", 0
}

// with stores a number. A layout that fits later overwrites what a failed trial stored.
func (p *parts) with(kind byte, n int64) *parts {
	switch kind {
	case 'Y':
		p.year = int(n)
	case 'y':
		p.year = 2000 + int(n)
		if n > 68 {
			p.year -= 100
		}
	case 'M':
		p.month = int(n)
	case 'D':
		p.day = int(n)
	case 'H', 'h':
		p.hour = int(n)
	case 'K':
		p.hour, p.minute = int(n)/100, int(n)%100
	case 'm':
		p.minute = int(n)
	case 's':
		p.second = int(n)
	case 'U':
		p.unix = n
	case 'V':
		p.milli = n
	}
	return p
}

// zoneOffset reads Z, +02:00, -0330 or +02.
func zoneOffset(text string) (seconds, size int) {
	if strings.HasPrefix(text, "Z") {
		return 0, 1
	}
	for _, form := range [...]string{"-07:00", "-0700", "-07"} {
		if len(text) >= len(form) {
			if t, err := time.Parse(form, text[:len(form)]); err == nil {
				_, seconds = t.Zone()
				return seconds, len(form)
			}
		}
	}
	return 0, 0
}
