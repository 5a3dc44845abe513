package journal

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigie/geoengine"
)

// Period is a span of the calendar. The zero Period has no end: what it rules is kept.
type Period struct{ Years, Months, Days int }

// Retention says how long entries are kept: those of the classes named, and all others.
type Retention struct {
	Others  Period
	Classes map[string]Period
}

// StandardRetention is what French law asks of the journals of State files: three years.
func StandardRetention() Retention { return Retention{Others: Period{Years: 3}} }

// ParseRetention reads periods separated by commas, e.g. "3y" or "3y,read=18m,security=never": one for all entries and
// others by class, in years (y), months (m) and days (d). What is not said is three years. ErrInvalid says what is wrong.
func ParseRetention(text string) (Retention, error) {
	r := StandardRetention()
	said := false
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		class, span, named := strings.Cut(part, "=")
		if !named {
			class, span = "", part
		}
		period, err := parsePeriod(span)
		if err != nil {
			return Retention{}, err
		}
		_, twice := r.Classes[class]
		switch {
		case named && !slices.Contains(Classes(), class):
			return Retention{}, fmt.Errorf("retention: %.40q is no class of the journal; there are %s: %w", class,
				strings.Join(Classes(), ", "), geoengine.ErrInvalid)
		case twice || !named && said:
			return Retention{}, fmt.Errorf("retention: %.40q: said twice: %w", part, geoengine.ErrInvalid)
		case !named:
			r.Others, said = period, true
		case r.Classes == nil:
			r.Classes = map[string]Period{class: period}
		default:
			r.Classes[class] = period
		}
	}
	return r, nil
}

// Classes are the classes of entries.
func Classes() []string { return []string{"read", "security", "sensitive"} }

const longestPeriod = 200 * 366 // of years, months or days

func parsePeriod(text string) (Period, error) {
	if text == "never" {
		return Period{}, nil
	}
	var p Period
	wrong := fmt.Errorf("retention: %.40q: must be like 3y, 18m, 90d or never: %w", text, geoengine.ErrInvalid)
	if len(text) < 2 {
		return p, wrong
	}
	n, err := strconv.Atoi(text[:len(text)-1])
	if err != nil || n < 1 || n > longestPeriod || text[0] == '+' {
		return p, wrong
	}
	switch text[len(text)-1] {
	case 'y':
		p.Years = n
	case 'm':
		p.Months = n
	case 'd':
		p.Days = n
	default:
		return p, wrong
	}
	return p, nil
}

// String is what ParseRetention reads.
func (p Period) String() string {
	switch {
	case p == Period{}:
		return "never"
	case p.Days > 0:
		return strconv.Itoa(p.Days) + "d"
	case p.Months > 0:
		return strconv.Itoa(p.Months) + "m"
	}
	return strconv.Itoa(p.Years) + "y"
}

// before is the instant before which entries are past the period at now; false if there is none.
func (p Period) before(now time.Time) (time.Time, bool) {
	return now.UTC().AddDate(-p.Years, -p.Months, -p.Days).Truncate(time.Microsecond), p != Period{}
}

// rule is one condition for erasing: entries of the classes, or of all but the classes, from before an instant.
type rule struct {
	name    string // in the journal: class=read or class=others
	classes []string
	but     bool
	period  Period
	before  time.Time
}

// rules are the conditions at now, in a fixed order.
func (r Retention) rules(now time.Time) []rule {
	var all []rule
	named := slices.Sorted(maps.Keys(r.Classes))
	for _, class := range named {
		if before, ends := r.Classes[class].before(now); ends {
			all = append(all, rule{"class=" + class, []string{class}, false, r.Classes[class], before})
		}
	}
	if before, ends := r.Others.before(now); ends {
		if named == nil {
			named = []string{}
		}
		all = append(all, rule{"class=others", named, true, r.Others, before})
	}
	return all
}
