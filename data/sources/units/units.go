// Package units reads where the services stand: gendarmerie brigades, motorised units, police stations and other public
// offices from the directory of the French administration, and fire stations. Which of the two tables a file holds is
// told by its columns. directory.go and firestations.go hold the words of each.
//
// Both tables say in dept_ok whether the position was checked to lie in the declared département: 1 it does, 0 it does
// not, empty it could not be checked. Only checked positions are kept; other units are stored without one, with the
// attribute position_note misplaced, unchecked or missing.
package units

import (
	"context"
	"fmt"
	"iter"
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"vigie/data"
	"vigie/data/sources/france"
	"vigie/geoengine"
)

// Name is the slug of the source.
const Name = "units"

// Source describes the units and reads them.
func Source() data.Source {
	return data.Source{
		Name:      Name,
		Title:     "Unités : gendarmerie, police, secours, administrations",
		Publisher: "DILA (annuaire de l'administration, service-public.fr); fire stations: private compilation of 2016",
		Licence:   "Licence Ouverte / Open Licence 2.0; fire stations: private source, internal tests only",
		URL:       "https://www.data.gouv.fr/fr/datasets/service-public-fr-annuaire-de-l-administration-base-de-donnees-locales/",
		Holds:     data.HoldsUnits,
		Hint:      "CSV of the directory (id, category, insee, name, lon, lat, …, dept_ok) and of fire stations (id, dept, centre, lon, lat, …, dept_ok)",
		Read:      Read,
	}
}

// table is one of the two forms.
type table struct {
	required []string
	unit     func(row data.Row) (*geoengine.Unit, error)
}

var tables = [...]table{
	{[]string{"id", "category", "insee", "name", "lon", "lat", "dept_ok"}, directoryUnit},
	{[]string{"id", "dept", "centre", "lon", "lat", "dept_ok"}, fireStation},
}

// Read yields one unit per row.
func Read(ctx context.Context, in data.Input) iter.Seq2[data.Record, error] {
	options := data.CSVOptions{Encoding: "auto", Required: []string{"id", "lon", "lat", "dept_ok"}}
	return data.Rows(ctx, in, options, func(row data.Row) (data.Record, error) {
		form, err := recognise(row.Header, row.At.File)
		if err != nil {
			return data.Record{}, err
		}
		unit, err := form.unit(row)
		return data.Record{At: row.At, Raw: row.Raw, Unit: unit}, err
	})
}

// recognise finds the table whose columns the header has.
func recognise(h *data.Header, file string) (*table, error) {
	for i := range tables {
		all := true
		for _, name := range tables[i].required {
			all = all && h.Index(name) >= 0
		}
		if all {
			return &tables[i], nil
		}
	}
	return nil, fmt.Errorf("read units: %s has the columns %s, which are neither the directory's (%s) nor the fire stations' (%s): %w",
		file, strings.Join(h.Names, ", "), strings.Join(tables[0].required, ", "), strings.Join(tables[1].required, ", "), geoengine.ErrInvalid)
}

// place sets the position by the rule of the package, or returns the note why there is none.
func place(row data.Row, u *geoengine.Unit) error {
	lon, lat, checked := row.Get("lon"), row.Get("lat"), row.Get("dept_ok")
	switch {
	case lon == "" && lat == "":
		note(u, "missing")
		return nil
	case checked == "0":
		note(u, "misplaced")
		return nil
	case checked == "":
		note(u, "unchecked")
		return nil
	case checked != "1":
		return row.Reject("unknown_value", "dept_ok %.40q is neither 1, 0 nor empty", checked)
	}
	x, errX := strconv.ParseFloat(lon, 64)
	y, errY := strconv.ParseFloat(lat, 64)
	if errX != nil || errY != nil || math.IsNaN(x) || math.IsNaN(y) {
		return row.Reject("bad_position", "lon %.40q, lat %.40q are not degrees", lon, lat)
	}
	u.Position, u.HasPosition = orb.Point{x, y}, true
	if err := geoengine.CheckPosition(u.Position); err != nil {
		return row.Reject("bad_position", "%v", err)
	}
	if !france.Holds(u.Position) {
		return row.Reject("bad_position", "lon %s, lat %s are far from any French territory: swapped?", lon, lat)
	}
	return nil
}

func note(u *geoengine.Unit, value string) {
	u.PrecisionM = 0
	set(u, "position_note", value)
}

func set(u *geoengine.Unit, key, value string) {
	if value != "" {
		u.Attributes = append(u.Attributes, geoengine.Attribute{Key: key, Value: value})
	}
}

// checkTexts rejects a row without identity or name, or with one that is too long.
func checkTexts(row data.Row, u *geoengine.Unit) error {
	switch {
	case u.Ref == "" || len(u.Ref) > 200:
		return row.Reject("missing_ref", "id %.40q must have 1 to 200 bytes", u.Ref)
	case u.Name == "" || len(u.Name) > 300:
		return row.Reject("missing_name", "name %.40q must have 1 to 300 bytes", u.Name)
	}
	return nil
}
