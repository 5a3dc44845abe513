package csv

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"vigie/data"
)

// maxValue is the longest attribute value in bytes; the rest is cut off.
const maxValue = 200

// pattern is a regular expression; the zero value is none.
type pattern struct{ expression *regexp.Regexp }

func (p pattern) given() bool { return p.expression != nil }

func (p pattern) matches(text string) bool { return p.expression.MatchString(text) }

// fileColumn is the name under which the name of the file itself can be used like a column.
const fileColumn = "$file"

// field returns the field of a column ("a|b" is the first that the file has), without blanks around it.
func field(row data.Row, column string) string {
	if column == fileColumn {
		return baseName(row.At.File)
	}
	i := row.Header.Index(column)
	if i < 0 && strings.Contains(column, "|") {
		i = row.Header.Index(strings.Split(column, "|")...)
	}
	if i < 0 || i >= len(row.Fields) {
		return ""
	}
	return strings.Trim(row.Fields[i], " \t\r\n\u00a0\u202f")
}

// baseName is the file's name without folder, archive and the ending of its compression, so that a record keeps its
// identity wherever and however the file is kept.
func baseName(file string) string {
	file = file[strings.LastIndexAny(file, `/\!`)+1:]
	for _, ending := range [...]string{".gz", ".bz2", ".zst", ".zip"} {
		if short := strings.TrimSuffix(file, ending); short != "" {
			file = short
		}
	}
	return file
}

// comparable is what of a text counts when values are compared: not its case, and of a number only its worth, so that
// 1, 01 and 1.0 are the same.
func comparable(s string) string {
	digits, points := 0, 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r == '.' && digits > 0:
			points++
		default:
			return strings.ToLower(s)
		}
	}
	if digits == 0 || points > 1 {
		return s
	}
	if points == 1 {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if s = strings.TrimLeft(s, "0"); s == "" || s[0] == '.' {
		s = "0" + s
	}
	return s
}

// resolve calls yield with every value that v takes from the row; unknown is a field that the value's table and rules do
// not provide for, "" if there is none.
func (v *Value) resolve(row data.Row, yield func(string)) (unknown string) {
	if !holds(v.When, row) {
		return ""
	}
	if v.Constant != "" {
		yield(v.Constant)
		return ""
	}
	text := field(row, v.Column)
	if v.extract.given() {
		text = firstGroup(v.extract, text)
	}
	pieces := [1]string{text}
	all := pieces[:]
	if v.Split != "" {
		all = strings.Split(text, v.Split)
	}
	for _, piece := range all {
		value, ok := v.one(strings.TrimSpace(piece))
		switch {
		case value != "":
			yield(clean(v.Prefix + value))
		case v.Default != "":
			yield(v.Default)
		case !ok:
			unknown = piece
		}
	}
	return unknown
}

// one translates one text; "" if it says nothing. ok is false if it says something that was not provided for.
func (v *Value) one(text string) (value string, ok bool) {
	if text == "" || v.empty[comparable(text)] {
		return "", true
	}
	if given, found := v.table[comparable(text)]; found {
		return given, true
	}
	for _, rule := range v.Match {
		if rule.like.matches(text) {
			return rule.Gives, true
		}
	}
	switch {
	case v.Number != nil:
		return v.Number.write(text)
	case v.Slug:
		value = slug(text)
		return value, value != ""
	case v.Keep || (len(v.table) == 0 && len(v.Match) == 0):
		return text, true
	default:
		return "", false
	}
}

// resolve calls yield with the values of all facts; unknown is the first field that was not provided for.
func (f Facts) resolve(row data.Row, yield func(string)) (unknown string) {
	for i := range f {
		if text := f[i].resolve(row, yield); unknown == "" {
			unknown = text
		}
	}
	return unknown
}

// columns names the columns of the facts, for messages.
func (f Facts) columns() string {
	var names []string
	for _, v := range f {
		if v.Column != "" && !slices.Contains(names, v.Column) {
			names = append(names, v.Column)
		}
	}
	return strings.Join(names, ", ")
}

func firstGroup(p pattern, text string) string {
	found := p.expression.FindStringSubmatch(text)
	switch {
	case found == nil:
		return ""
	case len(found) == 1:
		return strings.TrimSpace(found[0])
	}
	for _, group := range found[1:] {
		if group != "" {
			return strings.TrimSpace(group)
		}
	}
	return ""
}

// clean drops control characters and what is beyond maxValue.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	if len(s) <= maxValue {
		return s
	}
	cut := maxValue
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut]
}

// folded are letters with marks and what a slug writes for them.
var folded = strings.NewReplacer(
	"à", "a", "á", "a", "â", "a", "ã", "a", "ä", "a", "å", "a", "æ", "ae", "ç", "c", "è", "e", "é", "e", "ê", "e", "ë", "e",
	"ì", "i", "í", "i", "î", "i", "ï", "i", "ñ", "n", "ò", "o", "ó", "o", "ô", "o", "õ", "o", "ö", "o", "ø", "o", "œ", "oe",
	"ß", "ss", "ù", "u", "ú", "u", "û", "u", "ü", "u", "ý", "y", "ÿ", "y",
)

// slug writes a text in a–z, 0–9 and _: "Raining (without high winds)" is raining_without_high_winds.
func slug(text string) string {
	var b strings.Builder
	gap := false
	for _, r := range folded.Replace(strings.ToLower(text)) {
		if (r >= 'a' && r <= 'z') || (r >= '0' && r <= '9') {
			if gap && b.Len() > 0 {
				b.WriteByte('_')
			}
			gap = false
			b.WriteRune(r)
		} else {
			gap = true
		}
		if b.Len() >= 70 {
			break
		}
	}
	return b.String()
}

// number reads 1234.5, 1 234,5 and 1.234,5 (with a decimal comma) and -7; ok is false for anything that is no finite number.
func number(text string, decimalComma bool) (value float64, ok bool) {
	text = strings.Map(func(r rune) rune {
		if r == ' ' || r == '\u00a0' || r == '\u202f' {
			return -1
		}
		return r
	}, text)
	if whole, fraction, found := strings.Cut(text, ","); decimalComma && found {
		text = strings.ReplaceAll(whole, ".", "") + "." + fraction
	}
	value, err := strconv.ParseFloat(text, 64)
	return value, err == nil && !math.IsNaN(value) && !math.IsInf(value, 0)
}

// write writes a number, "" if it is outside the bounds; ok is false if the text is no number.
func (n *Number) write(text string) (string, bool) {
	value, ok := number(text, n.DecimalComma)
	if !ok {
		return "", false
	}
	if n.Factor != 0 {
		value *= n.Factor
	}
	if (n.Min != nil && value < *n.Min) || (n.Max != nil && value > *n.Max) {
		return "", true
	}
	return strconv.FormatFloat(value, 'f', n.Decimals, 64), true
}
