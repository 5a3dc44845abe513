package baac

import (
	"math"
	"strconv"
	"strings"

	"vigie/data"
)

// notGiven is the code for an empty, unreadable or -1 field.
const notGiven = -1

// columns are the positions in a header of the columns that a table is read for; -1 where the vintage has none.
type columns map[string]int

// columnsOf finds each name, or any of its other spellings.
func columnsOf(h *data.Header, names ...string) columns {
	c := make(columns, len(names))
	for _, name := range names {
		c[name] = h.Index(append([]string{name}, otherSpellings[name]...)...)
	}
	return c
}

var otherSpellings = map[string][]string{
	numAcc: {"Accident_Id", "AccidentId", "num_accident"},
	"long": {"lon", "longitude"},
	"lat":  {"latitude"},
	"int":  {"inter", "intersection"},
}

const numAcc = "Num_Acc"

// text returns a field without blanks, ordinary or unbreakable, around it.
func (c columns) text(row data.Row, name string) string {
	if i := c[name]; i >= 0 && i < len(row.Fields) {
		return strings.Trim(row.Fields[i], " \t\u00a0\u202f")
	}
	return ""
}

// code returns a coded field written 1, 01, 1.0 or 1,0; notGiven for anything else.
func (c columns) code(row data.Row, name string) int {
	n, ok := wholeNumber(c.text(row, name))
	if !ok || n < 0 || n > 9999 {
		return notGiven
	}
	return int(n)
}

// wholeNumber reads 7, 07, 7.0, 7,00 and -1 with blanks inside (2 019).
func wholeNumber(s string) (int64, bool) {
	whole, fraction, found := strings.Cut(strings.Replace(s, ",", ".", 1), ".")
	if found && strings.Trim(fraction, "0") != "" {
		return 0, false
	}
	if n, err := strconv.ParseInt(whole, 10, 64); err == nil {
		return n, true
	}
	n, err := strconv.ParseInt(dropBlanks(whole), 10, 64)
	return n, err == nil
}

func dropBlanks(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '\u00a0' || r == '\u202f' {
			return -1
		}
		return r
	}, s)
}

// coordinate reads 48,8962100, 48.89621, 4889621, -0123456; ok is false for anything that is no finite number.
func coordinate(s string) (value float64, ok bool) {
	value, err := strconv.ParseFloat(strings.Replace(dropBlanks(s), ",", ".", 1), 64)
	return value, err == nil && !math.IsNaN(value) && !math.IsInf(value, 0)
}

// number reads Num_Acc: 8 to 18 digits of which the first four are the year.
func (c columns) number(row data.Row) (uint64, bool) {
	s := dropBlanks(c.text(row, numAcc))
	s = strings.TrimSuffix(s, ".0")
	if len(s) < 8 || len(s) > 18 {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 64)
	return n, err == nil && yearOf(n) >= 1900 && yearOf(n) < 2100
}

// yearOf returns the first four digits of an accident's number.
func yearOf(number uint64) int {
	for number > 9999 {
		number /= 10
	}
	return int(number)
}

// clock reads hrmn: 1845, 845, 5 (00:05), 18:45, 18:45:00, 18h45. ok is false for an hour that no clock shows.
func clock(s string) (hour, minute int, ok bool) {
	s = strings.TrimSuffix(s, ".0")
	h, m, found := strings.Cut(strings.NewReplacer("h", ":", "H", ":").Replace(s), ":")
	if found {
		m, _, _ = strings.Cut(m, ":")
	} else {
		if s == "" || len(s) > 4 {
			return 0, 0, false
		}
		s = strings.Repeat("0", 4-len(s)) + s
		h, m = s[:2], s[2:]
	}
	hour, errHour := strconv.Atoi(strings.TrimSpace(h))
	minute, errMinute := strconv.Atoi(strings.TrimSpace(m))
	ok = errHour == nil && errMinute == nil && hour >= 0 && hour < 24 && minute >= 0 && minute < 60
	return hour, minute, ok
}
