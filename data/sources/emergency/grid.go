package emergency

import (
	"fmt"
	"slices"
	"strings"

	"vigie/geoengine"
)

// grid is a table of texts: {"columns":[…],"rows":[[…],…]}.
type grid struct {
	file    string
	columns []string
	rows    [][]string
}

func newGrid(file string, o object) (*grid, error) {
	g := &grid{file: file}
	columns, _ := o.get("columns")
	rows, _ := o.get("rows")
	var ok bool
	if g.columns, ok = texts(columns); !ok || len(o) != 2 || len(g.columns) == 0 {
		return nil, fmt.Errorf("read %s: a table must have columns and rows, and columns be a list of texts: %w", file, geoengine.ErrInvalid)
	}
	for i, column := range g.columns {
		if slices.Index(g.columns, column) != i {
			return nil, fmt.Errorf("read %s: the column %.40q stands twice: %w", file, column, geoengine.ErrInvalid)
		}
	}
	list, ok := rows.([]value)
	if !ok {
		return nil, fmt.Errorf("read %s: rows is not a list: %w", file, geoengine.ErrInvalid)
	}
	for i, row := range list {
		fields, ok := texts(row)
		if !ok || len(fields) != len(g.columns) {
			return nil, fmt.Errorf("read %s: row %d is not a list of %d texts: %w", file, i+1, len(g.columns), geoengine.ErrInvalid)
		}
		g.rows = append(g.rows, fields)
	}
	return g, nil
}

func texts(v value) ([]string, bool) {
	list, ok := v.([]value)
	all := make([]string, 0, len(list))
	for _, one := range list {
		s, text := one.(string)
		ok = ok && text
		all = append(all, s)
	}
	return all, ok
}

func (g *grid) index(column string) int { return slices.Index(g.columns, column) }

// get returns a field; "" if there is no such column.
func (g *grid) get(row int, column string) string {
	if i := g.index(column); i >= 0 {
		return strings.TrimSpace(g.rows[row][i])
	}
	return ""
}

func (g *grid) wrong(row int, what string) error {
	return fmt.Errorf("read %s: row %d: %s: %w", g.file, row+1, what, geoengine.ErrInvalid)
}

// insee tells whether s is the code of a commune: five digits, the second of which is a letter in Corse.
func insee(s string) bool {
	return len(s) == 5 && strings.Trim(s[:1]+s[2:], "0123456789") == "" && strings.Trim(s[1:2], "0123456789AB") == ""
}

// stationCode tells whether s may be the code of a station: capital letters and digits.
func stationCode(s string) bool {
	return s != "" && len(s) <= 20 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}
