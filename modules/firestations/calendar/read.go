package calendar

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"vigie/data"
	"vigie/geoengine"
	"vigie/predict/judge"
)

// ReadSchool reads school holidays from CSV files with the columns zone (A, B, C), first and last (days as 2026-10-17, both
// without school) and, if there, name. One bad row refuses the whole: half a calendar would be worse than none. The
// periods of a zone must not overlap.
func ReadSchool(ctx context.Context, in data.Input) ([]School, error) {
	var all []School
	err := rows(ctx, in, []string{"zone", "first", "last"}, func(row data.Row) error {
		s := School{Zone: Zone(strings.ToUpper(row.Get("zone"))), Name: row.Get("name")}
		var err error
		if s.First, err = readDay(row, "first"); err != nil {
			return err
		}
		if s.Last, err = readDay(row, "last"); err != nil {
			return err
		}
		switch {
		case s.Zone != ZoneA && s.Zone != ZoneB && s.Zone != ZoneC:
			return row.Reject("unknown_value", "zone %.20q is neither A, B nor C", s.Zone)
		case s.Last < s.First || s.Last-s.First > 100:
			return row.Reject("bad_date", "last must be 0 to 100 days after first")
		case len(s.Name) > 80:
			return row.Reject("too_long", "name has more than 80 bytes")
		}
		all = append(all, s)
		return nil
	})
	if err != nil {
		return nil, err
	}
	sortSchool(all)
	for i := 1; i < len(all); i++ {
		if all[i].Zone == all[i-1].Zone && all[i].First <= all[i-1].Last {
			return nil, fmt.Errorf("school holidays: those of zone %s that begin on %s overlap those before: %w",
				all[i].Zone, judge.DateOf(all[i].First).Format(time.DateOnly), geoengine.ErrInvalid)
		}
	}
	return all, nil
}

// Measure names what weather is told by.
type Measure string

// The measures.
const (
	Temperature Measure = "temperature" // °C, mean of the day
	Rain        Measure = "rain"        // mm, sum of the day
	Wind        Measure = "wind"        // km/h, highest of the day
)

// Measures lists them.
func Measures() []Measure { return []Measure{Temperature, Rain, Wind} }

// limits are what a measure may be, of an hour or a day. The coldest and hottest ever measured are −89 and 57 °C, the
// most rain in a day is 1,825 mm (Cilaos, La Réunion, 1966), the strongest gust 408 km/h.
func (m Measure) limits() (low, high float64) {
	switch m {
	case Temperature:
		return -95, 60
	case Rain:
		return 0, 2000
	default:
		return 0, 450
	}
}

// Weather is one local day.
type Weather struct {
	Day    judge.Day
	Values [3]float64 // of Measures; NaN where it is not known
}

// ReadWeather reads CSV files with the column day (2026-10-17) or time (2026-10-17 14:00, local wall clock) and at least
// one of temperature, rain and wind; an empty field is not known. Hours are put together to days: mean temperature, sum of
// rain, highest wind; a day of which fewer than 20 hours are known is not known. One bad row refuses the whole.
func ReadWeather(ctx context.Context, in data.Input) ([]Weather, error) {
	days := map[judge.Day]*dayOfHours{}
	err := rows(ctx, in, nil, func(row data.Row) error { return addWeather(days, row) })
	if err != nil {
		return nil, err
	}
	return together(days), nil
}

// dayOfHours gathers the hours of a day, or the day itself.
type dayOfHours struct {
	whole bool
	seen  [24]bool
	n     [3]int
	sum   [3]float64
	high  [3]float64
}

func addWeather(days map[judge.Day]*dayOfHours, row data.Row) error {
	hourly := row.Header.Index("time") >= 0
	if hourly == (row.Header.Index("day") >= 0) {
		return fmt.Errorf("weather: %s must have either a column day or a column time: %w", row.At.File, geoengine.ErrInvalid)
	}
	var day judge.Day
	hour := 0
	if hourly {
		at, err := time.Parse("2006-01-02 15:04", strings.Replace(row.Get("time"), "T", " ", 1))
		if err != nil || !ordinary(at) {
			return row.Reject("bad_date", "time %.40q is not a local time like 2026-10-17 14:00", row.Get("time"))
		}
		day, hour = judge.DayOf(at), at.Hour()
	} else {
		var err error
		if day, err = readDay(row, "day"); err != nil {
			return err
		}
	}
	d := days[day]
	if d == nil {
		d = &dayOfHours{whole: !hourly}
		days[day] = d
	} else if !hourly || d.whole || d.seen[hour] {
		return row.Reject("duplicate_ref", "the day or hour stands twice")
	}
	d.seen[hour] = true
	return d.add(row)
}

func (d *dayOfHours) add(row data.Row) error {
	columns := 0
	for i, m := range Measures() {
		if row.Header.Index(string(m)) < 0 {
			continue
		}
		columns++
		text := row.Get(string(m))
		if text == "" {
			continue
		}
		low, high := m.limits()
		v, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
		if err != nil || !(v >= low && v <= high) {
			return row.Reject("bad_number", "%s %.40q is not a number of %g to %g", m, text, low, high)
		}
		if d.n[i] == 0 || v > d.high[i] {
			d.high[i] = v
		}
		d.n[i]++
		d.sum[i] += v
	}
	if columns == 0 {
		return fmt.Errorf("weather: %s has none of the columns temperature, rain, wind: %w", row.At.File, geoengine.ErrInvalid)
	}
	return nil
}

// leastHours of a day must be known; clocks that change take one away.
const leastHours = 20

func together(days map[judge.Day]*dayOfHours) []Weather {
	var all []Weather
	for day, d := range days {
		w := Weather{Day: day}
		for i, m := range Measures() {
			switch {
			case d.n[i] == 0 || !d.whole && d.n[i] < leastHours:
				w.Values[i] = math.NaN()
			case m == Temperature:
				w.Values[i] = d.sum[i] / float64(d.n[i])
			case m == Rain:
				w.Values[i] = d.sum[i]
			default:
				w.Values[i] = d.high[i]
			}
		}
		all = append(all, w)
	}
	sortWeather(all)
	return all
}

func readDay(row data.Row, column string) (judge.Day, error) {
	at, err := time.Parse(time.DateOnly, row.Get(column))
	if err != nil || !ordinary(at) {
		return 0, row.Reject("bad_date", "%s %.40q is not a day like 2026-10-17", column, row.Get(column))
	}
	return judge.DayOf(at), nil
}

func ordinary(at time.Time) bool {
	return !at.Before(geoengine.Earliest) && at.Before(geoengine.Latest)
}

// rows reads tables of which every row must be right: the first that is not ends it, with ErrInvalid.
func rows(ctx context.Context, in data.Input, required []string, each func(data.Row) error) error {
	n := 0
	options := data.CSVOptions{Encoding: "auto", Required: required}
	for _, err := range data.Rows(ctx, in, options, func(row data.Row) (data.Record, error) {
		n++
		return data.Record{}, each(row)
	}) {
		reject := (*data.Reject)(nil)
		if errors.As(err, &reject) {
			return fmt.Errorf("%w: %w", reject, geoengine.ErrInvalid)
		}
		if err != nil {
			return err
		}
	}
	if n == 0 {
		return fmt.Errorf("the file has no row: %w", geoengine.ErrInvalid)
	}
	return nil
}
