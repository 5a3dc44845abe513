// Package tmja reads the annual average daily traffic (trafic moyen journalier annuel) of the national roads of France.
//
// A counted section of road becomes a unit of the kind Kind, half-way between its ends: its length, its vehicles a day and
// the year in which they were counted are attributes, and so are its ends, for accidents to be put on it.
package tmja

import (
	"context"
	"fmt"
	"iter"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"vigie/data"
	"vigie/geoengine"
)

// Name is the slug of the source, Kind that of its units.
const (
	Name = "tmja"
	Kind = "traffic.section"
)

// The attributes of a section: ends are "x y" in metres of Lambert-93 (EPSG:2154).
const (
	Road     = "road"             // A6, N104, D44
	Vehicles = "vehicles_per_day" // both directions
	LengthM  = "length_m"
	Year     = "year" // of the count
	Begin    = "begin"
	End      = "end"
)

// lambert93 is the reference system of the file.
const lambert93 = 2154

// Source describes the counts and reads them.
func Source() data.Source {
	return data.Source{
		Name:      Name,
		Title:     "Trafic moyen journalier annuel sur le réseau routier national",
		Publisher: "Ministère de la Transition écologique, Direction générale des infrastructures, des transports et des mobilités",
		Licence:   "Licence Ouverte / Open Licence 2.0",
		URL:       "https://www.data.gouv.fr/fr/datasets/trafic-moyen-journalier-annuel-sur-le-reseau-routier-national/",
		Holds:     data.HoldsUnits,
		Hint:      "the CSV of the publisher (route, longueur, xD, yD, xF, yF, anneeMesureTrafic, TMJA, …), Lambert-93",
		Read:      Read,
	}
}

// Read yields one unit per counted section; sections without a count are rejected as no_count.
func Read(ctx context.Context, in data.Input) iter.Seq2[data.Record, error] {
	options := data.CSVOptions{Encoding: "auto", Required: []string{"route", "longueur", "prD", "depPrD", "absD", "xD", "yD", "xF", "yF", "TMJA"}}
	return data.Rows(ctx, in, options, func(row data.Row) (data.Record, error) {
		unit, err := section(row)
		return data.Record{At: row.At, Raw: row.Raw, Unit: unit, EPSG: lambert93}, err
	})
}

func section(row data.Row) (*geoengine.Unit, error) {
	route := row.Get("route")
	u := &geoengine.Unit{
		Ref:  strings.Join([]string{route, row.Get("depPrD"), row.Get("concessionPrD"), row.Get("prD"), row.Get("absD")}, "/"),
		Kind: Kind, HasPosition: true,
	}
	if route == "" || len(u.Ref) > 200 {
		return nil, row.Reject("missing_ref", "route %.40q must have 1 to 200 bytes", route)
	}
	if row.Get("TMJA") == "" {
		return nil, row.Reject("no_count", "%s has no traffic count", route)
	}
	numbers := map[string]float64{}
	for column, most := range map[string]float64{"TMJA": 1e6, "longueur": 1e6, "xD": 2e6, "yD": 8e6, "xF": 2e6, "yF": 8e6} {
		v, err := number(row.Get(column))
		if err != nil || v < 0 || v > most {
			return nil, row.Reject("bad_number", "%s %.40q must be a number from 0 to %.0f", column, row.Get(column), most)
		}
		numbers[column] = v
	}
	if numbers["TMJA"] == 0 || numbers["longueur"] == 0 {
		return nil, row.Reject("no_count", "%s has no length or no vehicles", route)
	}
	begin, end := orb.Point{numbers["xD"], numbers["yD"]}, orb.Point{numbers["xF"], numbers["yF"]}
	u.Position = orb.Point{(begin[0] + end[0]) / 2, (begin[1] + end[1]) / 2}
	u.PrecisionM = math.Max(math.Hypot(begin[0]-end[0], begin[1]-end[1])/2, 1)
	u.Attributes = geoengine.Attributes{
		{Key: Road, Value: roadNumber(route)}, {Key: Vehicles, Value: plain(numbers["TMJA"])}, {Key: LengthM, Value: plain(numbers["longueur"])},
		{Key: Begin, Value: plain(begin[0]) + " " + plain(begin[1])}, {Key: End, Value: plain(end[0]) + " " + plain(end[1])},
	}
	u.Name = roadNumber(route) + " PR " + row.Get("prD")
	return u, optional(row, u)
}

// optional adds the year of the count, where it is told. The share of heavy vehicles (ratio_PL) is left: the file has it in
// per cent in some rows and in tenths of that in others, and does not say which.
func optional(row data.Row, u *geoengine.Unit) error {
	if year := row.Get("anneeMesureTrafic"); year != "" {
		at, err := time.Parse("2006", year)
		if err != nil || at.Before(geoengine.Earliest) || at.After(geoengine.Latest) {
			return row.Reject("bad_date", "anneeMesureTrafic %.40q is not a year of 1900 to 2100", year)
		}
		u.Attributes = append(u.Attributes, geoengine.Attribute{Key: Year, Value: year})
	}
	u.Attributes = u.Attributes.Normalise()
	return nil
}

// number reads a number with a decimal comma or point.
func number(s string) (float64, error) {
	v, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64)
	if err == nil && (math.IsNaN(v) || math.IsInf(v, 0)) {
		err = fmt.Errorf("%q is not a number", s)
	}
	return v, err
}

func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// roadNumber is the number as accidents name it: A0006 is A6, 31D0044 is D44; what has another form stays as it is.
func roadNumber(route string) string {
	s := strings.TrimLeft(route, "0123456789")
	letters := strings.TrimRight(s, "0123456789")
	if len(letters) == 1 {
		if digits := strings.TrimLeft(s[1:], "0"); digits != "" {
			return letters + digits
		}
	}
	if len(s) > 5 && strings.Trim(s[1:5], "0123456789") == "" { // A0006A: a carriageway or branch of it
		return s[:1] + strings.TrimLeft(s[1:5], "0") + s[5:]
	}
	return route
}
