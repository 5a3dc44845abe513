package csv

import (
	"fmt"
	"strings"
	"time"

	"vigie/data/sources/localtime"
	"vigie/geoengine"
)

// A layout is a compiled date format: YYYY-MM-DD HH:mm and the like.
type layout struct {
	text   string
	tokens []token
	has    map[byte]bool // the kinds of tokens in it
}

// A token is one part of a layout: a kind (Y M N D H h m s f A Z U V) with its least and most digits, or a literal.
type token struct {
	kind        byte
	least, most int
	literal     string
}

// words are the letters of a layout and what they stand for, the longest first.
var words = []struct {
	text string
	token
}{
	{"unix_ms", token{kind: 'V', least: 1, most: 15}},
	{"unix", token{kind: 'U', least: 1, most: 12}},
	{"Hmm", token{kind: 'K', least: 1, most: 4}}, // 1845, 845, 45 and 5 after midnight
	{"YYYY", token{kind: 'Y', least: 4, most: 4}},
	{"MMMM", token{kind: 'N'}},
	{"MMM", token{kind: 'N'}},
	{"YY", token{kind: 'y', least: 2, most: 2}},
	{"MM", token{kind: 'M', least: 2, most: 2}},
	{"DD", token{kind: 'D', least: 2, most: 2}},
	{"HH", token{kind: 'H', least: 2, most: 2}},
	{"hh", token{kind: 'h', least: 2, most: 2}},
	{"mm", token{kind: 'm', least: 2, most: 2}},
	{"ss", token{kind: 's', least: 2, most: 2}},
	{"M", token{kind: 'M', least: 1, most: 2}},
	{"D", token{kind: 'D', least: 1, most: 2}},
	{"H", token{kind: 'H', least: 1, most: 2}},
	{"h", token{kind: 'h', least: 1, most: 2}},
	{"m", token{kind: 'm', least: 1, most: 2}},
	{"s", token{kind: 's', least: 1, most: 2}},
	{"f", token{kind: 'f', least: 1, most: 9}},
	{"A", token{kind: 'A'}},
	{"Z", token{kind: 'Z'}},
	{"*", token{kind: '*'}},
}

// compile reads a layout. A part in 'single quotes' and every character that is no word stands for itself.
func compile(text string) (layout, error) {
	l := layout{text: text, has: map[byte]bool{}}
	for rest := text; rest != ""; {
		if rest[0] == '\'' {
			literal, after, closed := strings.Cut(rest[1:], "'")
			if !closed {
				return l, fmt.Errorf("format %q: a quote is not closed: %w", text, geoengine.ErrInvalid)
			}
			l.tokens = append(l.tokens, token{literal: literal})
			rest = after
			continue
		}
		next := token{literal: rest[:1]}
		size := 1
		for _, w := range words {
			if strings.HasPrefix(rest, w.text) {
				next, size = w.token, len(w.text)
				break
			}
		}
		l.tokens = append(l.tokens, next)
		l.has[next.kind] = true
		if next.kind == 'K' {
			l.has['H'], l.has['m'] = true, true
		}
		rest = rest[size:]
	}
	return l, l.check()
}

// check refuses a layout that does not name a day, month, year or instant without gaps between them.
func (l layout) check() error {
	if strings.Count(l.text, "*") > 2 {
		return fmt.Errorf("format %q: more than two *: %w", l.text, geoengine.ErrInvalid)
	}
	year, month := l.has['Y'] || l.has['y'], l.has['M'] || l.has['N']
	hour := l.has['H'] || l.has['h']
	switch {
	case l.has['U'] || l.has['V']:
		return nil
	case !year:
		return fmt.Errorf("format %q: has no year (YYYY or YY): %w", l.text, geoengine.ErrInvalid)
	case l.has['D'] && !month, hour && !l.has['D'], l.has['m'] && !hour, l.has['s'] && !l.has['m']:
		return fmt.Errorf("format %q: names a small unit without the larger one: %w", l.text, geoengine.ErrInvalid)
	case l.has['h'] != l.has['A']:
		return fmt.Errorf("format %q: h and A (AM or PM) belong together: %w", l.text, geoengine.ErrInvalid)
	}
	return nil
}

// parts are the numbers read from a date.
type parts struct {
	year, month, day, hour, minute, second int
	unix, milli                            int64
	pm, noon                               bool
	offset                                 int // seconds
	hasOffset                              bool
}

// parse reads text by the layout; ok is false if it is not written so. The interval is as long as the smallest unit
// that the layout names, down to the hour; from the minute on it is an instant.
func (l layout) parse(text string, zone *time.Location) (start, end time.Time, ok bool) {
	p := parts{month: 1, day: 1}
	if !l.fit(l.tokens, text, &p) {
		return start, end, false
	}
	if l.has['U'] || l.has['V'] {
		at := time.Unix(p.unix, 0)
		if l.has['V'] {
			at = time.UnixMilli(p.milli)
		}
		return at.In(zone), at.In(zone), true
	}
	if p.noon {
		if p.hour < 1 || p.hour > 12 {
			return start, end, false
		}
		p.hour %= 12
		if p.pm {
			p.hour += 12
		}
	}
	start, err := localtime.Date(p.year, p.month, p.day, p.hour, p.minute, p.second, zone)
	if err != nil {
		return start, end, false
	}
	if p.hasOffset {
		utc := time.Date(p.year, time.Month(p.month), p.day, p.hour, p.minute, p.second, 0, time.UTC)
		start = utc.Add(-time.Duration(p.offset) * time.Second).In(zone)
	}
	return l.interval(start, p, zone)
}

func (l layout) interval(start time.Time, p parts, zone *time.Location) (time.Time, time.Time, bool) {
	next := func(years, months, days int) time.Time {
		wall := time.Date(p.year, time.Month(p.month), p.day, 0, 0, 0, 0, time.UTC)
		return localtime.At(wall.AddDate(years, months, days), zone)
	}
	switch {
	case l.has['m']:
		return start, start, true
	case l.has['H'] || l.has['h']:
		return start, start.Add(time.Hour), true
	case l.has['D']:
		return start, next(0, 0, 1), true
	case l.has['M'] || l.has['N']:
		return start, next(0, 1, 0), true
	default:
		return start, next(1, 0, 0), true
	}
}
