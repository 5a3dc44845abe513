package forecast

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"vigie/geoengine"
	"vigie/geoengine/hex"
)

// Limits of a result.
const (
	MaxValues = 4_000_000
	maxText   = 300 // bytes of a place, a label or a kind
	hoursWeek = 168
)

// Canonical puts a spec into its one form: areas ascending and without repeats, the time in UTC to the second.
func (s Spec) Canonical() Spec {
	s.Areas = slices.Compact(slices.Sorted(slices.Values(s.Areas)))
	if s.Areas == nil {
		s.Areas = []string{}
	}
	s.Until = s.Until.UTC().Truncate(time.Second)
	if len(s.Options) == 0 {
		s.Options = nil
	}
	return s
}

// OptionsText is the options as JSON with its keys in order, "{}" without any.
func (s *Spec) OptionsText() string {
	if len(s.Options) == 0 {
		return "{}"
	}
	text, err := json.Marshal(s.Options)
	if err != nil {
		panic(err) // a map of texts
	}
	return string(text)
}

// Canonical puts the result into the one form in which it is written: values in order, times in UTC to the microsecond,
// lists that are empty rather than absent.
func (r *Result) Canonical() {
	r.Spec = r.Spec.Canonical()
	utc := func(times ...*time.Time) {
		for _, t := range times {
			*t = t.UTC().Truncate(time.Microsecond)
		}
	}
	card := &r.Card
	utc(&r.From, &r.To, &card.Inputs.First, &card.Inputs.Last)
	for i := range r.Values {
		utc(&r.Values[i].From, &r.Values[i].To)
	}
	slices.SortStableFunc(r.Values, order)
	full(&r.Values)
	full(&card.Chosen)
	full(&card.Backtest)
	full(&card.Reliability)
	full(&card.Limits)
	full(&card.Inputs.Categories)
	if len(r.Profiles) == 0 {
		r.Profiles = nil
	}
}

func full[T any](list *[]T) {
	if *list == nil {
		*list = []T{}
	}
}

// order is that of values: by place, kind, begin and end.
func order(a, b Value) int {
	return cmp.Or(cmp.Compare(a.Cell, b.Cell), cmp.Compare(a.Place, b.Place), cmp.Compare(a.Kind, b.Kind), a.From.Compare(b.From), a.To.Compare(b.To))
}

// JSON is the result as it is written, in canonical form; the same result gives the same bytes.
func (r *Result) JSON() ([]byte, error) {
	r.Canonical()
	body, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("write a forecast: %w", err)
	}
	return body, nil
}

// Hash is the SHA-256 of JSON.
func (r *Result) Hash() (hash [sha256.Size]byte, err error) {
	body, err := r.JSON()
	return sha256.Sum256(body), err
}

// Check returns ErrInvalid, with the place and the number, for a result that must not be kept: numbers that are none,
// intervals that do not hold one another, places that are no places, values twice. The result must be in canonical form.
func (r *Result) Check() error {
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("forecast %s: "+format+": %w", append(append([]any{r.Spec.Name}, args...), geoengine.ErrInvalid)...)
	}
	switch {
	case r.Spec.Name == "" || r.Spec.Horizon == "" || r.Model == "" || r.Version == "" || r.InputHash == "":
		return wrong("name, horizon, model, version and hash of the input must be set")
	case !r.From.Before(r.To):
		return wrong("the period begins at %s and ends at %s", r.From, r.To)
	case len(r.Values) > MaxValues:
		return wrong("%d values: at most %d", len(r.Values), MaxValues)
	case !slices.Contains([]PlaceKind{Cells, Lixels, Units, Areas}, r.Place):
		return wrong("places of kind %q", r.Place)
	}
	for i, profile := range r.Profiles {
		if len(profile) != hoursWeek || slices.ContainsFunc(profile, bad) {
			return wrong("profile %d is not %d shares", i, hoursWeek)
		}
	}
	if err := r.Card.check(); err != nil {
		return wrong("card: %w", err)
	}
	for i := range r.Values {
		v := &r.Values[i]
		if err := v.check(r); err != nil {
			return wrong("value %d (%s): %w", i+1, v.name(), err)
		}
		if i > 0 && order(r.Values[i-1], *v) == 0 {
			return wrong("value %d (%s) is there twice", i+1, v.name())
		}
	}
	return nil
}

// bad tells whether a number is none, or below 0.
func bad(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) || v < 0 }

func (v *Value) name() string {
	if v.Cell != 0 {
		return hex.String(v.Cell)
	}
	return strconv.Quote(v.Place)
}

func (v *Value) check(r *Result) error {
	switch {
	case r.Place == Cells && !hex.Valid(v.Cell), r.Place != Cells && (v.Cell != 0 || v.Place == ""):
		return fmt.Errorf("no place of kind %s", r.Place)
	case max(len(v.Place), len(v.Label), len(v.Kind)) > maxText || !utf8.ValidString(v.Place+v.Label+v.Kind) || strings.ContainsRune(v.Place+v.Label+v.Kind, 0):
		return fmt.Errorf("a text of over %d bytes, not UTF-8, or with a zero", maxText)
	case v.Area != "" && !geoengine.ValidAreaPath(v.Area):
		return fmt.Errorf("area %.40q is no path", v.Area)
	case !v.From.Before(v.To) || v.From.Before(r.From) || v.To.After(r.To):
		return fmt.Errorf("from %s to %s is not within the period", v.From, v.To)
	case v.Rank < 0 || v.Rank > len(r.Values):
		return fmt.Errorf("rank %d", v.Rank)
	case v.Profile < -1 || v.Profile >= len(r.Profiles):
		return fmt.Errorf("profile %d of %d", v.Profile, len(r.Profiles))
	}
	return v.checkNumbers()
}

// checkNumbers refuses numbers that are none, and intervals that do not hold one another.
func (v *Value) checkNumbers() error {
	switch {
	case slices.ContainsFunc([]float64{v.Expected, v.Median, v.Low50, v.High50, v.Low80, v.High80, v.Low95, v.High95, v.Count}, bad):
		return fmt.Errorf("a number that is none, or below 0")
	case v.LastYear != -1 && bad(v.LastYear):
		return fmt.Errorf("last year %v", v.LastYear)
	case v.Low95 > v.Low80 || v.Low80 > v.Median || v.Median > v.High80 || v.High80 > v.High95:
		return fmt.Errorf("intervals [%v, %v], [%v, %v] around %v do not hold one another", v.Low80, v.High80, v.Low95, v.High95, v.Median)
	case (v.Low50 != 0 || v.High50 != 0) && (v.Low50 < v.Low80 || v.Low50 > v.Median || v.High50 < v.Median || v.High50 > v.High80):
		return fmt.Errorf("interval [%v, %v] of 50 %% is not between the median %v and [%v, %v]", v.Low50, v.High50, v.Median, v.Low80, v.High80)
	}
	return nil
}

// check refuses numbers that are none.
func (c *Card) check() error {
	numbers := []float64{c.Band.RatioLow, c.Band.RatioHigh, c.Band.Cover80Low, c.Band.Cover95Low}
	for _, row := range c.Backtest {
		numbers = append(numbers, row.Model, row.Baseline, row.Low, row.High, row.P)
	}
	for _, bin := range c.Reliability {
		numbers = append(numbers, bin.Forecast, bin.Observed)
	}
	for _, e := range c.Equity {
		numbers = append(numbers, e.Flagged, e.Events, e.Surface, e.Ratio, e.Low, e.High)
	}
	for _, n := range numbers {
		if math.IsNaN(n) || math.IsInf(n, 0) {
			return fmt.Errorf("holds %v", n)
		}
	}
	return nil
}

// StepOf is the duration of a value's period in ISO 8601: the horizon's for the whole period, else whole days and weeks
// whatever the clocks do (PT1H, P1D, P7D).
func (r *Result) StepOf(v *Value) string {
	if v.From.Equal(r.From) && v.To.Equal(r.To) && r.Spec.Horizon != "" {
		return r.Spec.Horizon
	}
	hours := v.To.Sub(v.From).Hours()
	const day = 24
	if days := math.Round(hours / day); days >= 1 && math.Abs(hours-days*day) <= 1 {
		return "P" + strconv.Itoa(int(days)) + "D"
	}
	if hours == math.Trunc(hours) {
		return "PT" + strconv.Itoa(int(hours)) + "H"
	}
	return "PT" + strconv.Itoa(int(math.Round(v.To.Sub(v.From).Minutes()))) + "M"
}
