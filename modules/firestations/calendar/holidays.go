// Package calendar says which days are public holidays and school holidays in France, and reads weather: what a forecast
// of rescue calls may take into account. It is pure: no database, no clock.
package calendar

import (
	"slices"
	"strings"
	"time"

	"vigie/predict/judge"
)

// Region is where a calendar of public holidays holds.
type Region string

// The regions. Mainland is France without what follows; Alsace-Moselle is the Bas-Rhin, the Haut-Rhin and the Moselle.
const (
	Mainland      Region = "france"
	AlsaceMoselle Region = "alsace_moselle"
	Guadeloupe    Region = "guadeloupe"
	Martinique    Region = "martinique"
	Guyane        Region = "guyane"
	Reunion       Region = "reunion"
	Mayotte       Region = "mayotte"
)

// Regions lists them.
func Regions() []Region {
	return []Region{Mainland, AlsaceMoselle, Guadeloupe, Martinique, Guyane, Reunion, Mayotte}
}

// Holiday is a public holiday.
type Holiday struct {
	Day  judge.Day
	Name string // in French
}

// fixed is a holiday of each year.
type fixed struct {
	month time.Month
	day   int
	name  string
}

// Holidays returns the public holidays of a year in order: those of the code du travail, article L3133-1; for
// Alsace-Moselle also Good Friday and 26 December (article L3134-13); for the overseas départements also the day on
// which slavery ended there (law 83-550). Easter after the anonymous Gregorian algorithm (Meeus, Astronomical
// Algorithms, chapter 8); years before 1583 have none.
func Holidays(year int, region Region) []Holiday {
	if year < 1583 {
		return nil
	}
	list := []fixed{
		{time.January, 1, "Jour de l'an"}, {time.May, 1, "Fête du travail"}, {time.May, 8, "Victoire de 1945"}, {time.July, 14, "Fête nationale"},
		{time.August, 15, "Assomption"}, {time.November, 1, "Toussaint"}, {time.November, 11, "Armistice de 1918"}, {time.December, 25, "Noël"},
	}
	const abolition = "Abolition de l'esclavage"
	switch region {
	case AlsaceMoselle:
		list = append(list, fixed{time.December, 26, "Saint-Étienne"})
	case Guadeloupe:
		list = append(list, fixed{time.May, 27, abolition})
	case Martinique:
		list = append(list, fixed{time.May, 22, abolition})
	case Guyane:
		list = append(list, fixed{time.June, 10, abolition})
	case Reunion:
		list = append(list, fixed{time.December, 20, abolition})
	case Mayotte:
		list = append(list, fixed{time.April, 27, abolition})
	case Mainland:
	}
	var all []Holiday
	for _, f := range list {
		all = append(all, Holiday{day(year, f.month, f.day), f.name})
	}
	easter := Easter(year)
	all = append(all, Holiday{easter + 1, "Lundi de Pâques"}, Holiday{easter + 39, "Ascension"}, Holiday{easter + 50, "Lundi de Pentecôte"})
	if region == AlsaceMoselle {
		all = append(all, Holiday{easter - 2, "Vendredi saint"})
	}
	slices.SortStableFunc(all, func(a, b Holiday) int { return int(a.Day - b.Day) })
	return all
}

// Days are the days of Holidays of the years of a period, both ends included, in order and without repeats: the Ascension
// may fall on 8 May.
func Days(from, to judge.Day, region Region) []judge.Day {
	var days []judge.Day
	for year := judge.DateOf(from).Year(); year <= judge.DateOf(to).Year(); year++ {
		for _, h := range Holidays(year, region) {
			if h.Day >= from && h.Day <= to {
				days = append(days, h.Day)
			}
		}
	}
	return slices.Compact(days)
}

// Easter is Easter Sunday of a year from 1583 on.
func Easter(year int) judge.Day {
	a, b, c := year%19, year/100, year%100
	d, e, f := b/4, b%4, (b+8)/25
	g := (b - f + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return day(year, time.Month(n/31), n%31+1)
}

func day(year int, month time.Month, d int) judge.Day {
	return judge.DayOf(time.Date(year, month, d, 0, 0, 0, 0, time.UTC))
}

// RegionOf is the region whose holidays hold in an area path (fr.REGION.DEPARTEMENT.…); ok is false outside France, and
// for France as a whole and the collectivities that have their own.
func RegionOf(area string) (region Region, ok bool) {
	switch departement(area) {
	case "57", "67", "68":
		return AlsaceMoselle, true
	case "971":
		return Guadeloupe, true
	case "972":
		return Martinique, true
	case "973":
		return Guyane, true
	case "974":
		return Reunion, true
	case "976":
		return Mayotte, true
	case "":
		return Mainland, area == "fr" || strings.HasPrefix(area, "fr.")
	}
	return Mainland, true
}

// departement is the département of an area path; "" above it or outside France.
func departement(area string) string {
	parts := strings.Split(area, ".")
	if len(parts) < 3 || parts[0] != "fr" {
		return ""
	}
	return strings.ToUpper(parts[2])
}
