package csv

import (
	"slices"

	"vigie/data"
)

// holds tells whether all conditions are true of the row.
func holds(conditions []Condition, row data.Row) bool {
	for i := range conditions {
		if !conditions[i].holds(row) {
			return false
		}
	}
	return true
}

func (c *Condition) holds(row data.Row) bool {
	text := field(row, c.Column)
	same := func(value string) bool { return comparable(value) == comparable(text) }
	switch {
	case c.Equals != nil && !same(*c.Equals),
		c.In != nil && !slices.ContainsFunc(c.In, same),
		slices.ContainsFunc(c.Not, same),
		c.like.given() && !c.like.matches(text),
		c.unlike.given() && c.unlike.matches(text),
		c.Empty != nil && *c.Empty != (text == ""):
		return false
	}
	if c.Min == nil && c.Max == nil {
		return true
	}
	n, ok := number(text, true)
	return ok && (c.Min == nil || n >= *c.Min) && (c.Max == nil || n <= *c.Max)
}
