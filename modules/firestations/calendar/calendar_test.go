package calendar

import (
	"context"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigie/data"
	"vigie/geoengine"
	"vigie/predict/judge"
	"vigie/predict/series"
)

func text(d judge.Day) string { return judge.DateOf(d).Format(time.DateOnly) }

// TestEaster holds the dates that almanacs print, with the earliest, the latest and the leap years of the tables.
func TestEaster(t *testing.T) {
	t.Parallel()
	for _, want := range []string{
		"1598-03-22", "1818-03-22", "1886-04-25", "1943-04-25", "1954-04-18", "1981-04-19", "2000-04-23", "2008-03-23", "2011-04-24", "2016-03-27", "2019-04-21",
		"2020-04-12", "2021-04-04", "2022-04-17", "2023-04-09", "2024-03-31", "2025-04-20", "2026-04-05", "2027-03-28", "2038-04-25", "2049-04-18", "2076-04-19", "2285-03-22",
	} {
		at, _ := time.Parse(time.DateOnly, want)
		if got := text(Easter(at.Year())); got != want {
			t.Errorf("Easter is on %s, want %s", got, want)
		}
	}
}

// TestHolidays holds the list of service-public.fr for 2024 (11 days, Ascension on 9 May), and what regions add.
func TestHolidays(t *testing.T) {
	t.Parallel()
	var got []string
	for _, h := range Holidays(2024, Mainland) {
		got = append(got, text(h.Day)[5:]+" "+h.Name)
	}
	want := []string{
		"01-01 Jour de l'an", "04-01 Lundi de Pâques", "05-01 Fête du travail", "05-08 Victoire de 1945", "05-09 Ascension", "05-20 Lundi de Pentecôte",
		"07-14 Fête nationale", "08-15 Assomption", "11-01 Toussaint", "11-11 Armistice de 1918", "12-25 Noël",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	added := map[Region]string{
		AlsaceMoselle: "03-29 12-26", Guadeloupe: "05-27", Martinique: "05-22", Guyane: "06-10", Reunion: "12-20", Mayotte: "04-27", Mainland: "",
	}
	for _, region := range Regions() {
		var more []string
		for _, h := range Holidays(2024, region) {
			if !strings.Contains(strings.Join(want, " "), text(h.Day)[5:]+" ") {
				more = append(more, text(h.Day)[5:])
			}
		}
		if got := strings.Join(more, " "); got != added[region] {
			t.Errorf("%s adds %s, want %s", region, got, added[region])
		}
	}
	if n := len(Days(day(2008, 1, 1), day(2008, 12, 31), Mainland)); n != 10 { // Ascension on 1 May
		t.Errorf("%d days in 2008, want 10", n)
	}
	if got := Days(day(2024, 12, 25), day(2025, 1, 1), Mainland); len(got) != 2 || Holidays(1500, Mainland) != nil {
		t.Errorf("%v", got)
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	cases := []struct {
		area   string
		region Region
		ok     bool
		zone   Zone
	}{
		{"fr", Mainland, true, ""}, {"fr.44", Mainland, true, ""}, {"fr.44.67", AlsaceMoselle, true, ZoneB}, {"fr.44.57.57463", AlsaceMoselle, true, ZoneB},
		{"fr.76.31", Mainland, true, ZoneC}, {"fr.84.69.69123", Mainland, true, ZoneA}, {"fr.94.2a", Mainland, true, ""}, {"fr.02.972", Martinique, true, ""},
		{"fr.11.91", Mainland, true, ZoneC}, {"demo.99.990", Mainland, false, ""}, {"br.poa", Mainland, false, ""}, {"", Mainland, false, ""}, {"frx.1.31", Mainland, false, ""},
	}
	for _, c := range cases {
		region, ok := RegionOf(c.area)
		if zone := ZoneOf(c.area); region != c.region || ok != c.ok || zone != c.zone {
			t.Errorf("%s: %s %v %q, want %s %v %q", c.area, region, ok, zone, c.region, c.ok, c.zone)
		}
	}
	count := map[Zone]int{}
	for d := 1; d <= 95; d++ {
		if d != 20 {
			count[ZoneOf("fr.xx."+string(rune('0'+d/10))+string(rune('0'+d%10)))]++
		}
	}
	// 96 départements of the mainland, 2 of them in Corse.
	if diff := cmp.Diff(map[Zone]int{ZoneA: 32, ZoneB: 41, ZoneC: 21}, count); diff != "" {
		t.Error(diff)
	}
}

// TestKnown holds what every calendar of the ministry keeps to: two weeks and a bit, from a Saturday, zones one after
// another in winter and spring, all together in autumn and at Christmas.
func TestKnown(t *testing.T) {
	t.Parallel()
	all := Known()
	if len(all) != 4*5*3 {
		t.Fatalf("%d periods, want 5 a year in 3 zones for 4 years", len(all))
	}
	starts := map[string]map[judge.Day]int{}
	for i, s := range all {
		if judge.DateOf(s.First).Weekday() != time.Saturday {
			t.Errorf("%s of zone %s begins on %s, no Saturday", s.Name, s.Zone, text(s.First))
		}
		if days := s.Last - s.First + 1; s.Name != "Été" && (days < 16 || days > 17) || s.Name == "Été" && (days < 56 || days > 60) {
			t.Errorf("%s of zone %s from %s has %d days", s.Name, s.Zone, text(s.First), days)
		}
		if i > 0 && all[i-1].Zone == s.Zone && s.First <= all[i-1].Last {
			t.Errorf("%s overlaps what is before", text(s.First))
		}
		key := s.Name + text(s.First)[:4]
		if starts[key] == nil {
			starts[key] = map[judge.Day]int{}
		}
		starts[key][s.First]++
	}
	for key, days := range starts {
		if want := map[bool]int{true: 3, false: 1}[strings.HasPrefix(key, "Hiver") || strings.HasPrefix(key, "Printemps")]; len(days) != want {
			t.Errorf("%s begins on %d days, want %d", key, len(days), want)
		}
	}
	from, to := day(2025, 1, 1), day(2025, 3, 31)
	got := Spans(all, ZoneC, from, to)
	want := []series.Span{{From: day(2024, 12, 21), To: day(2025, 1, 5)}, {From: day(2025, 2, 15), To: day(2025, 3, 2)}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !Covered(all, ZoneC, from, to) || Covered(all, ZoneC, day(2021, 1, 1), to) || Covered(all, ZoneC, from, day(2027, 1, 1)) {
		t.Error("what the table covers")
	}
	more := append(Known(), School{ZoneC, "Toussaint", day(2026, 10, 17), day(2026, 11, 1)})
	if !Covered(more, ZoneC, from, day(2026, 10, 31)) || Covered(more, ZoneA, from, day(2026, 10, 31)) {
		t.Error("what an imported year adds")
	}
}

func memory(content string) data.Input {
	return data.Input{Files: []data.File{{Name: "c.csv", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }}}}
}

func TestReadSchool(t *testing.T) {
	t.Parallel()
	got, err := ReadSchool(context.Background(), memory("zone;first;last;name\nb;2027-02-20;2027-03-07;Hiver\nA;2026-10-17;2026-11-01;Toussaint\n"))
	want := []School{{ZoneA, "Toussaint", day(2026, 10, 17), day(2026, 11, 1)}, {ZoneB, "Hiver", day(2027, 2, 20), day(2027, 3, 7)}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	for name, in := range map[string]string{
		"empty": "zone,first,last\n", "zone": "zone,first,last\nD,2026-10-17,2026-11-01\n", "no day": "zone,first,last\nA,2026-10-32,2026-11-01\n",
		"turned": "zone,first,last\nA,2026-11-01,2026-10-17\n", "overlap": "zone,first,last\nA,2026-10-17,2026-11-01\nA,2026-11-01,2026-11-02\n",
		"too long": "zone,first,last\nA,2026-01-01,2026-12-31\n", "column": "zone,first\nA,2026-01-01\n",
	} {
		if _, err := ReadSchool(context.Background(), memory(in)); !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
}

func TestReadWeather(t *testing.T) {
	t.Parallel()
	var hours strings.Builder
	hours.WriteString("time,temperature,rain,wind\n")
	for h := range 24 {
		hours.WriteString(time.Date(2026, 7, 1, h, 0, 0, 0, time.UTC).Format("2006-01-02T15:04") + ",20,0.5," + string(rune('0'+h%10)) + "\n")
	}
	hours.WriteString("2026-07-02 00:00,25,0,0\n")
	got, err := ReadWeather(context.Background(), memory(hours.String()))
	if err != nil || len(got) != 2 || got[0].Values != [3]float64{20, 12, 9} || !math.IsNaN(got[1].Values[0]) {
		t.Errorf("%v, %v", got, err)
	}
	got, err = ReadWeather(context.Background(), memory("day;temperature;wind\n2026-07-03;-1,5;\n2026-07-01;3;40\n"))
	if err != nil {
		t.Fatal(err)
	}
	covariates := Covariates(got)
	if len(covariates) != 2 || covariates[0].Name != "temperature" || covariates[0].First != day(2026, 7, 1) || covariates[0].Values[0] != 3 ||
		!math.IsNaN(covariates[0].Values[1]) || covariates[0].Values[2] != -1.5 || !math.IsNaN(covariates[1].Values[2]) {
		t.Errorf("%+v", covariates)
	}
	if Covariates(nil) != nil {
		t.Error("covariates of nothing")
	}
	for name, in := range map[string]string{
		"no day": "temperature\n3\n", "both": "day,time,rain\n2026-07-03,2026-07-03 00:00,1\n", "no measure": "day,sun\n2026-07-03,1\n", "hot": "day,temperature\n2026-07-03,99\n",
		"less than none": "day,rain\n2026-07-03,-1\n", "NaN": "day,rain\n2026-07-03,NaN\n", "twice": "day,rain\n2026-07-03,1\n2026-07-03,1\n",
		"hour twice": "time,rain\n2026-07-03 01:00,1\n2026-07-03 01:00,1\n", "no hour": "time,rain\n2026-07-03 24:00,1\n", "empty": "day,rain\n", "long ago": "day,rain\n1800-01-01,1\n",
	} {
		if _, err := ReadWeather(context.Background(), memory(in)); !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
}

func FuzzReadWeather(f *testing.F) {
	f.Add("day;temperature;wind\n2026-07-03;-1,5;\n2026-07-01;3;40\n")
	f.Add("time,temperature,rain,wind\n2026-07-01 00:00,1,2,3\n")
	f.Fuzz(func(t *testing.T, in string) {
		all, err := ReadWeather(context.Background(), memory(in))
		if err != nil {
			return
		}
		for _, w := range all {
			for i, m := range Measures() {
				if low, high := m.limits(); !math.IsNaN(w.Values[i]) && (w.Values[i] < low || w.Values[i] > 24*high) {
					t.Fatalf("%s is %v on %s", m, w.Values[i], text(w.Day))
				}
			}
		}
	})
}

func FuzzReadSchool(f *testing.F) {
	f.Add("zone;first;last;name\nB;2027-02-20;2027-03-07;Hiver\n")
	f.Fuzz(func(t *testing.T, in string) {
		all, err := ReadSchool(context.Background(), memory(in))
		for i, s := range all {
			if err != nil || s.Last < s.First || i > 0 && all[i-1].Zone == s.Zone && all[i-1].Last >= s.First {
				t.Fatalf("%+v, %v", all, err)
			}
		}
	})
}
