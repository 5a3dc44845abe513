package baac

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"

	"vigie/data"
	"vigie/geoengine"
)

// A table is one of the four tables of a vintage.
type table int

const (
	characteristics table = iota
	places
	vehicles
	persons
	tableCount
)

var tableNames = [tableCount]string{"caracteristiques", "lieux", "vehicules", "usagers"}

// tableColumns are the columns by which a table is recognised, whatever the file's name; "a|b" is either.
var tableColumns = [tableCount][]string{
	{"Num_Acc|Accident_Id|AccidentId|num_accident", "jour", "mois", "dep", "lum"},
	{"Num_Acc|Accident_Id|AccidentId|num_accident", "catr"},
	{"Num_Acc|Accident_Id|AccidentId|num_accident", "catv", "manv"},
	{"Num_Acc|Accident_Id|AccidentId|num_accident", "grav", "catu"},
}

// tableFile is a file that was recognised.
type tableFile struct {
	data.File
	table table
	year  int // of its first accident
}

// A group is the files that are joined.
type group struct{ files [tableCount][]tableFile }

var errStopped = errors.New("the receiver wants no more")

type reader struct {
	ctx   context.Context
	yield func(data.Record, error) bool
	zones territory
}

// reject hands on a bad row; errStopped if the receiver wants no more.
func (r *reader) reject(bad *data.Reject) error {
	if !r.yield(data.Record{At: bad.At, Raw: bad.Raw}, bad) {
		return errStopped
	}
	return nil
}

// sort recognises the files and joins those of a year. Where a year has other tables but no caracteristiques, the
// files do not go by year, and all are joined together.
func (r *reader) sort(files []data.File) ([]group, error) {
	years := map[int]*group{}
	var all group
	var seen []string
	for _, f := range files {
		t, bad, err := recognise(f)
		if err != nil {
			return nil, err
		}
		if bad != nil {
			seen = append(seen, f.Name+" (none of the tables)")
			if err := r.reject(bad); err != nil {
				return nil, err
			}
			continue
		}
		seen = append(seen, fmt.Sprintf("%s (%s %d)", f.Name, tableNames[t.table], t.year))
		if years[t.year] == nil {
			years[t.year] = &group{}
		}
		g := years[t.year]
		g.files[t.table] = append(g.files[t.table], t)
		all.files[t.table] = append(all.files[t.table], t)
	}
	if len(all.files[characteristics]) == 0 {
		return nil, fmt.Errorf("read baac: the table caracteristiques is missing, with the columns %s; there is %s: %w",
			strings.Join(tableColumns[characteristics], ", "), orNothing(strings.Join(seen, ", ")), geoengine.ErrInvalid)
	}
	return byYear(years, all), nil
}

func orNothing(s string) string {
	if s == "" {
		return "no file"
	}
	return s
}

func byYear(years map[int]*group, all group) []group {
	var order []int
	for year, g := range years {
		if len(g.files[characteristics]) == 0 {
			return []group{all}
		}
		order = append(order, year)
	}
	sort.Ints(order)
	groups := make([]group, len(order))
	for i, year := range order {
		groups[i] = *years[year]
	}
	return groups
}

// recognise tells which table a file is by its columns, and its year by the first accident's number.
func recognise(f data.File) (tableFile, *data.Reject, error) {
	t := tableFile{File: f, table: tableCount}
	at := data.Position{File: f.Name, Line: 1}
	in, err := f.Open()
	if err != nil {
		return t, nil, fmt.Errorf("read baac: %w", err)
	}
	defer closeQuietly(in)
	for row, err := range data.CSV(in, f.Name, csvOptions(nil)) {
		var bad *data.Reject
		switch {
		case errors.As(err, &bad):
			continue
		case errors.Is(err, geoengine.ErrInvalid):
			return t, data.Rejectf(at, nil, "unknown_table", "%v", err), nil
		case err != nil:
			return t, nil, fmt.Errorf("read baac: %w", err)
		}
		if t.table = tableOf(row.Header); t.table == tableCount {
			return t, data.Rejectf(at, []byte(strings.Join(row.Header.Names, ",")), "unknown_table",
				"the columns are those of none of the tables %s", strings.Join(tableNames[:], ", ")), nil
		}
		if number, ok := columnsOf(row.Header, numAcc).number(row); ok {
			t.year = yearOf(number)
			return t, nil, nil
		}
	}
	if t.table == tableCount {
		return t, data.Rejectf(at, nil, "unknown_table", "the file has no readable row"), nil
	}
	return t, nil, nil
}

func tableOf(h *data.Header) table {
	for t, required := range tableColumns {
		found := true
		for _, names := range required {
			found = found && h.Index(strings.Split(names, "|")...) >= 0
		}
		if found {
			return table(t)
		}
	}
	return tableCount
}

func csvOptions(required []string) data.CSVOptions {
	return data.CSVOptions{Encoding: "auto", Trim: true, Required: required}
}

// rows calls use for every good row of a file, and hands on the bad ones.
func (r *reader) rows(f tableFile, use func(data.Row) error) error {
	in, err := f.Open()
	if err != nil {
		return fmt.Errorf("read baac: %w", err)
	}
	defer closeQuietly(in)
	for row, err := range data.CSV(in, f.Name, csvOptions(tableColumns[f.table])) {
		if err == nil {
			err = use(row)
		}
		var bad *data.Reject
		if errors.As(err, &bad) {
			err = r.reject(bad)
		}
		if err == nil {
			err = r.ctx.Err()
		}
		if errors.Is(err, errStopped) {
			return err
		}
		if err != nil {
			return fmt.Errorf("read baac %s: %w", tableNames[f.table], err)
		}
	}
	return nil
}

// closeQuietly closes what was only read.
func closeQuietly(c io.Closer) { _ = c.Close() }
