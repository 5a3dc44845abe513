package geoengine

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"
)

// Query says which events are meant. Zero fields do not restrict; fields combine by AND, values of one field by OR.
type Query struct {
	Box        *orb.Bound // WGS 84; cells whose centre is in it
	Areas      []string   // area paths, each with its descendants
	From, To   time.Time  // the event's Start in [From, To)
	Hours      Hours      // local hours of the week
	Categories []string   // slugs, each with its dotted descendants
	Severities []Severity
	Sources    []string
	Attributes map[string][]string // key → accepted values
	// Scope are the area paths that the caller may see, set by the door and never by the caller.
	// nil is everything; an empty slice is nothing. It combines with Areas by AND.
	Scope []string
	// Open are the category slugs, each with its dotted descendants, of which the caller may read single events and
	// exact counts, set by the door like Scope: nil is every category; an empty slice is none. It combines with
	// Categories by AND. Categories beyond it are answered by package disclosure only.
	Open []string
}

// Hours is a set of local hours of the week, hour 0 is Monday 00 h–01 h. The zero value is no restriction.
// An event whose hour is not known matches only the zero value.
type Hours [3]uint64

// Set adds an hour of the week, 0 to 167.
func (h *Hours) Set(hour int) { h[hour>>6] |= 1 << (hour & 63) }

// Has tells whether the hour of the week, 0 to 167, is in the set.
func (h Hours) Has(hour int) bool { return hour < 168 && h[hour>>6]>>(hour&63)&1 == 1 }

// All tells whether the set does not restrict.
func (h Hours) All() bool { return h == Hours{} }

// Within tells whether path is one of the dotted paths, or a descendant of one.
func Within(path string, paths []string) bool {
	return slices.ContainsFunc(paths, func(p string) bool {
		return strings.HasPrefix(path, p) && (len(path) == len(p) || path[len(p)] == '.')
	})
}

// Check returns ErrInvalid, naming the field, for a query that cannot be answered.
func (q *Query) Check() error {
	if !q.From.IsZero() && !q.To.IsZero() && q.To.Before(q.From) {
		return fmt.Errorf("to %s is before from %s: %w", q.To.Format(time.RFC3339), q.From.Format(time.RFC3339), ErrInvalid)
	}
	if q.Box != nil {
		if err := CheckPosition(q.Box.Min); err != nil {
			return fmt.Errorf("bbox: %w", err)
		}
		if err := CheckPosition(q.Box.Max); err != nil {
			return fmt.Errorf("bbox: %w", err)
		}
	}
	for _, c := range q.Categories {
		if !ValidSlug(c) {
			return fmt.Errorf("category %.40q: must be a dotted slug: %w", c, ErrInvalid)
		}
	}
	return nil
}

// Key returns a canonical form of the query, rights included: equal keys, and only they, mean the same answer at one
// version of the data.
func (q *Query) Key() string {
	canonical := *q
	for _, list := range []*[]string{&canonical.Areas, &canonical.Categories, &canonical.Sources, &canonical.Scope, &canonical.Open} {
		if *list != nil {
			*list = slices.Compact(slices.Sorted(slices.Values(*list)))
			if *list == nil {
				*list = []string{}
			}
		}
	}
	canonical.Severities = slices.Compact(slices.Sorted(slices.Values(canonical.Severities)))
	canonical.Attributes = make(map[string][]string, len(q.Attributes))
	for key, values := range q.Attributes {
		canonical.Attributes[key] = slices.Compact(slices.Sorted(slices.Values(values)))
	}
	canonical.From, canonical.To = canonical.From.UTC(), canonical.To.UTC()
	key, err := json.Marshal(canonical)
	if err != nil {
		panic(fmt.Sprintf("a query checked by Check has a key: %v", err)) // NaN in a box
	}
	return string(key)
}
