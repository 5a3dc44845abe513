package calendar

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"vigie/predict/judge"
	"vigie/predict/series"
)

// Zone is a zone of school holidays: A, B or C; "" is none (Corse and overseas have their own).
type Zone string

// The zones of the mainland.
const (
	ZoneA Zone = "A"
	ZoneB Zone = "B"
	ZoneC Zone = "C"
)

// Zones lists them.
func Zones() []Zone { return []Zone{ZoneA, ZoneB, ZoneC} }

// School is a period of school holidays in a zone, from the first day without school to the last.
type School struct {
	Zone        Zone
	Name        string
	First, Last judge.Day
}

// KnownFrom and KnownTo bound the days for which Known is complete: the school years 2022–2023 to 2025–2026.
func KnownFrom() judge.Day { return day(2022, time.September, 1) }

// KnownTo is the last day, see KnownFrom.
func KnownTo() judge.Day { return day(2026, time.August, 31) }

// period is one period of the table: first Saturday and day of return, as orders print them.
type period struct {
	zones        string
	name         string
	first, again string
}

// periods are after the orders of the ministry of education that fix the school calendars of these years, written down by
// hand.
func periods() []period {
	return []period{
		{"ABC", "Toussaint", "2022-10-22", "2022-11-07"}, {"ABC", "Noël", "2022-12-17", "2023-01-03"},
		{"A", "Hiver", "2023-02-04", "2023-02-20"}, {"B", "Hiver", "2023-02-11", "2023-02-27"}, {"C", "Hiver", "2023-02-18", "2023-03-06"},
		{"A", "Printemps", "2023-04-08", "2023-04-24"}, {"B", "Printemps", "2023-04-15", "2023-05-02"}, {"C", "Printemps", "2023-04-22", "2023-05-09"},
		{"ABC", "Été", "2023-07-08", "2023-09-04"},
		{"ABC", "Toussaint", "2023-10-21", "2023-11-06"}, {"ABC", "Noël", "2023-12-23", "2024-01-08"},
		{"C", "Hiver", "2024-02-10", "2024-02-26"}, {"A", "Hiver", "2024-02-17", "2024-03-04"}, {"B", "Hiver", "2024-02-24", "2024-03-11"},
		{"C", "Printemps", "2024-04-06", "2024-04-22"}, {"A", "Printemps", "2024-04-13", "2024-04-29"}, {"B", "Printemps", "2024-04-20", "2024-05-06"},
		{"ABC", "Été", "2024-07-06", "2024-09-02"},
		{"ABC", "Toussaint", "2024-10-19", "2024-11-04"}, {"ABC", "Noël", "2024-12-21", "2025-01-06"},
		{"B", "Hiver", "2025-02-08", "2025-02-24"}, {"C", "Hiver", "2025-02-15", "2025-03-03"}, {"A", "Hiver", "2025-02-22", "2025-03-10"},
		{"B", "Printemps", "2025-04-05", "2025-04-22"}, {"C", "Printemps", "2025-04-12", "2025-04-28"}, {"A", "Printemps", "2025-04-19", "2025-05-05"},
		{"ABC", "Été", "2025-07-05", "2025-09-01"},
		{"ABC", "Toussaint", "2025-10-18", "2025-11-03"}, {"ABC", "Noël", "2025-12-20", "2026-01-05"},
		{"A", "Hiver", "2026-02-07", "2026-02-23"}, {"B", "Hiver", "2026-02-14", "2026-03-02"}, {"C", "Hiver", "2026-02-21", "2026-03-09"},
		{"A", "Printemps", "2026-04-04", "2026-04-20"}, {"B", "Printemps", "2026-04-11", "2026-04-27"}, {"C", "Printemps", "2026-04-18", "2026-05-04"},
		{"ABC", "Été", "2026-07-04", "2026-09-01"},
	}
}

// Known is our own table of school holidays, in order of zone and first day.
func Known() []School {
	var all []School
	for _, p := range periods() {
		for _, zone := range p.zones {
			first, errFirst := time.Parse(time.DateOnly, p.first)
			again, errAgain := time.Parse(time.DateOnly, p.again)
			if errFirst != nil || errAgain != nil {
				panic(fmt.Sprintf("school holidays %s %s", p.name, p.first)) // a slip in the table above
			}
			all = append(all, School{Zone(zone), p.name, judge.DayOf(first), judge.DayOf(again) - 1})
		}
	}
	sortSchool(all)
	return all
}

func sortSchool(all []School) {
	slices.SortStableFunc(all, func(a, b School) int {
		if a.Zone != b.Zone {
			return strings.Compare(string(a.Zone), string(b.Zone))
		}
		return int(a.First - b.First)
	})
}

// Spans are the holidays of one zone that meet a period.
func Spans(all []School, zone Zone, from, to judge.Day) []series.Span {
	var spans []series.Span
	for _, s := range all {
		if s.Zone == zone && s.Last >= from && s.First <= to {
			spans = append(spans, series.Span{From: s.First, To: s.Last})
		}
	}
	return spans
}

// Covered tells whether a table of holidays says something of all of a period: our own table does for its years, an
// imported one from its first holiday to its last. Beyond, no holidays would only mean that none are known.
func Covered(all []School, zone Zone, from, to judge.Day) bool {
	if from >= KnownFrom() && to <= KnownTo() {
		return true
	}
	first, last := judge.Day(1<<31-1), judge.Day(-1<<31)
	for _, s := range all {
		if s.Zone == zone {
			first, last = min(first, s.First), max(last, s.Last)
		}
	}
	if last >= KnownFrom() && first <= KnownTo() { // what is imported goes on from our own table
		first, last = min(first, KnownFrom()), max(last, KnownTo())
	}
	return from >= first && to <= last
}

// ZoneOf is the zone of an area path (fr.REGION.DEPARTEMENT.…) since 2016: the académie of its département. "" where there
// is none: Corse, overseas, a région, another country.
func ZoneOf(area string) Zone {
	code := departement(area)
	switch {
	case code == "" || len(code) != 2 || code == "2A" || code == "2B":
		return ""
	case slices.Contains(strings.Fields("01 03 07 15 16 17 19 21 23 24 25 26 33 38 39 40 42 43 47 58 63 64 69 70 71 73 74 79 86 87 89 90"), code):
		return ZoneA // Besançon, Bordeaux, Clermont-Ferrand, Dijon, Grenoble, Limoges, Lyon, Poitiers
	case slices.Contains(strings.Fields("09 11 12 30 31 32 34 46 48 65 66 75 77 78 81 82 91 92 93 94 95"), code):
		return ZoneC // Créteil, Montpellier, Paris, Toulouse, Versailles
	case strings.Trim(code, "0123456789") == "" && code >= "01" && code <= "95":
		return ZoneB // the rest of the mainland
	}
	return ""
}
