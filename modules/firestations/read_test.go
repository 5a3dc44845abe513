package firestations

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"vigie/api/problem"
	"vigie/data/sources/emergency"
	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/modules/firestations/calendar"
	"vigie/predict/judge"
)

// fake is a call written by hand.
type fake struct {
	at       time.Time
	reported time.Time // at if zero
	length   time.Duration
	kind     string // rescue.call.medical if empty
	station  string
	area     string
	lon, lat float64
}

// ground makes a store with two départements, a unit in each, and one source.
func ground(t *testing.T) *geoengine.Store {
	t.Helper()
	store := open(t)
	for _, sql := range []string{
		`insert into source values (1, 'test', 'Test', 'us', 'none', 'https://example.org', true)`,
		`insert into category values (1, 'rescue.call.medical'), (2, 'rescue.call.fire.house'), (3, 'rescue.call'), (4, 'rescue.callers')`,
		`insert into area (id, path, parent, level, code, name, source, fingerprint, geom) values
			(1, 'fr', '', 'country', 'fr', 'France', 1, 0, null),
			(3, 'fr.11.91', 'fr.11', 'departement', '91', 'Essonne', 1, 0, st_multi(st_makeenvelope(2, 48, 3, 49, 4326))),
			(4, 'fr.11.91.91001', 'fr.11.91', 'commune', '91001', 'Abbéville', 1, 0, st_multi(st_makeenvelope(2, 48, 2.5, 49, 4326))),
			(5, 'fr.11.91.91002', 'fr.11.91', 'commune', '91002', 'Bis', 1, 0, st_multi(st_makeenvelope(2.5, 48, 3, 49, 4326))),
			(6, 'fr.11.77', 'fr.11', 'departement', '77', 'Seine-et-Marne', 1, 0, st_multi(st_makeenvelope(3, 48, 4, 49, 4326)))`,
		`insert into unit (zone, source, ref, kind, name, geom, precision_m, cell, area, attributes, fingerprint) values
			(1, 1, 'a', 'fire.station', 'Centre A', st_setsrid(st_makepoint(2.2, 48.5), 4326), 10, 1, 'fr.11.91.91001', '{}', 0),
			(1, 1, 'b', 'fire.station', 'Centre B', st_setsrid(st_makepoint(3.2, 48.5), 4326), 10, 1, 'fr.11.77', '{}', 0),
			(1, 1, 'x', 'gendarmerie.brigade', 'Brigade', null, 10, 1, 'fr.11.91.91001', '{}', 0)`,
	} {
		if _, err := store.Pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

const insertFake = `
	insert into event (zone, source, ref, category, severity, starts, ends, reported, utc_offset, geom, precision_m, weight, cell, area, attributes, fingerprint, xid)
	select 1, 1, $1 || '-' || n, c, 0, s, s + make_interval(secs => l), r, o, case when x = 0 then null else st_setsrid(st_makepoint(x, y), 4326) end, 0, 0, 0, a, w::jsonb, 0, 1
	from unnest($2::int[], $3::int[], $4::timestamptz[], $5::float8[], $6::timestamptz[], $7::int[], $8::float8[], $9::float8[], $10::text[], $11::text[])
		as u(n, c, s, l, r, o, x, y, a, w)`

var categories = map[string]int32{"": 1, "rescue.call.medical": 1, "rescue.call.fire.house": 2, "rescue.call": 3, "rescue.callers": 4}

func write911(t *testing.T, store *geoengine.Store, batch string, all []fake) {
	t.Helper()
	var (
		numbers, kinds, offsets []int32
		starts, reported        []time.Time
		lengths, xs, ys         []float64
		areas, attributes       []string
	)
	for i, f := range all {
		if f.reported.IsZero() {
			f.reported = f.at
		}
		_, offset := f.at.Zone()
		attribute := `{}`
		if f.station != "" {
			attribute = fmt.Sprintf(`{"station": %q}`, f.station)
		}
		numbers, kinds, offsets = append(numbers, int32(i)), append(kinds, categories[f.kind]), append(offsets, int32(offset))
		starts, reported, lengths = append(starts, f.at), append(reported, f.reported), append(lengths, f.length.Seconds())
		xs, ys, areas, attributes = append(xs, f.lon), append(ys, f.lat), append(areas, f.area), append(attributes, attribute)
	}
	if _, err := store.Pool.Exec(t.Context(), insertFake, pgx.QueryExecModeCacheDescribe, batch, numbers, kinds, starts, lengths, reported, offsets, xs, ys, areas, attributes); err != nil {
		t.Fatal(err)
	}
}

// steady are calls at random times, so many a day on average, of one station.
func steady(from time.Time, days int, perDay float64, station, area string, seed uint64) []fake {
	r := rand.New(rand.NewPCG(seed, 5))
	var all []fake
	for at := from; ; {
		at = at.Add(time.Duration(r.ExpFloat64() / perDay * 24 * float64(time.Hour)))
		if !at.Before(from.AddDate(0, 0, days)) {
			return all
		}
		all = append(all, fake{at: at, station: station, area: area})
	}
}

func at(t *testing.T, day string) time.Time {
	t.Helper()
	when, err := time.ParseInLocation(time.DateOnly, day, paris(t))
	if err != nil {
		t.Fatal(err)
	}
	return when
}

func essonne(until time.Time) forecast.Spec {
	return forecast.Spec{Areas: []string{"fr.11.91"}, Until: until, Horizon: "P7D", Seed: 1}
}

// TestBadInput holds that bad input gets an honest answer or a clear refusal, and never a number that is none (Make's Check
// refuses those).
func TestBadInput(t *testing.T) {
	t.Parallel()
	from, until := at(t, "2024-01-01"), at(t, "2025-01-01")
	days := int(judge.DayOf(until) - judge.DayOf(from))
	var hourly, sameHour []fake
	for h := from; h.Before(until); h = h.Add(time.Hour) {
		hourly = append(hourly, fake{at: h, station: "a", area: "fr.11.91.91001"})
		if h.Hour() == 3 {
			sameHour = append(sameHour, fake{at: h, station: "a", area: "fr.11.91.91001", lon: 2.2, lat: 48.5})
		}
	}
	gap := append(steady(from.AddDate(-2, 0, 0), 365, 6, "a", "fr.11.91.91001", 1), steady(from, days, 6, "a", "fr.11.91.91001", 2)...)
	abroad := steady(from, days, 6, "a", "fr.11.91.91001", 3)
	for i := range abroad {
		if i%2 == 0 {
			abroad[i].at = abroad[i].at.In(time.FixedZone("", -5*3600))
		}
	}
	cases := []struct {
		name    string
		calls   []fake
		refused string // "" is a forecast
		usable  bool
		says    string // on the card
	}{
		{name: "nothing", refused: "0 calls"},
		{name: "three events", calls: hourly[:3], refused: "3 calls"},
		{name: "fifty days", calls: steady(until.AddDate(0, 0, -50), 50, 6, "a", "fr.11.91.91001", 4), refused: "whole days"},
		{name: "one station, all at one point, one hour of the day", calls: sameHour},
		{name: "a constant series", calls: hourly},
		{name: "ordinary", calls: steady(from, days, 6, "a", "fr.11.91.91001", 5), usable: true},
		{name: "a year's gap", calls: gap, usable: true, says: "held for missing data"},
		{name: "nothing of late", calls: steady(from, days-40, 6, "a", "fr.11.91.91001", 6), refused: "The last call known is of 2024-11-2"},
		{name: "several zones", calls: abroad, refused: "several time zones"},
		{name: "no station and no area", calls: steady(from, days, 6, "", "", 7), refused: "0 calls"},
		{name: "too short to be judged", calls: steady(until.AddDate(0, 0, -61), 61, 6, "a", "fr.11.91.91001", 8), says: "history is too short"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			store := ground(t)
			write911(t, store, "c", c.calls)
			r, err := run(t, store, essonne(until))
			if c.refused != "" {
				var told *problem.Problem
				if !errors.Is(err, geoengine.ErrInvalid) || !strings.Contains(err.Error(), c.refused) || !errors.As(err, &told) || told.FR == "" || told.Status != 422 {
					t.Errorf("%v, want ErrInvalid with %q, also in French", err, c.refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if text := fmt.Sprintf("%+v", r.Card); r.Card.Usable != c.usable && c.usable || !strings.Contains(text, c.says) {
				t.Errorf("usable %v, want %v with %q: %s", r.Card.Usable, c.usable, c.says, text)
			}
			for i := range r.Values {
				if v := &r.Values[i]; v.Expected > 200 || v.High95 > 300 || v.Place != "test/a" || v.Label != "Centre A" {
					t.Fatalf("%+v", v)
				}
			}
		})
	}
}

// TestFuture holds that what is not known until a time changes nothing: later calls, and earlier ones that were reported
// later. The same input gives the same bytes.
func TestFuture(t *testing.T) {
	t.Parallel()
	store := ground(t)
	from, until := at(t, "2024-01-01"), at(t, "2024-06-01").Add(10*time.Hour+20*time.Minute)
	write911(t, store, "known", steady(from, 152, 5, "a", "fr.11.91.91001", 1))
	hash := func() string {
		r, err := run(t, store, essonne(until))
		if err != nil {
			t.Fatal(err)
		}
		sum, err := r.Hash()
		if err != nil {
			t.Fatal(err)
		}
		if first := at(t, "2024-06-01").Add(11 * time.Hour); !r.From.Equal(first) || !r.To.Equal(at(t, "2024-06-09")) {
			t.Fatalf("from %v to %v", r.From, r.To)
		}
		return fmt.Sprintf("%x %s", sum, r.InputHash)
	}
	first := hash()
	late := steady(from, 100, 3, "a", "fr.11.91.91001", 2)
	for i := range late {
		late[i].reported = until
	}
	write911(t, store, "late", late)
	write911(t, store, "future", steady(until, 400, 9, "a", "fr.11.91.91001", 3))
	if again := hash(); again != first {
		t.Errorf("%s, then %s", first, again)
	}
	write911(t, store, "one", []fake{{at: from.AddDate(0, 1, 0), station: "a", area: "fr.11.91.91001"}})
	if again := hash(); again == first {
		t.Error("a call more is the same input")
	}
}

// TestPlaces holds which place each call counts for, and what is said of those that count for none.
func TestPlaces(t *testing.T) {
	t.Parallel()
	store := ground(t)
	tables, err := emergency.Essonne(t.Context(), memory("t.js",
		`var z = {"columns":["ope_nom_commune","NORD","SUD","ope_code_insee","somme"],"rows":[["BIS","75.0","25.0","91002","20"]]}`))
	if err != nil {
		t.Fatal(err)
	}
	sectors, err := emergency.Essonne(t.Context(), memory("s.js",
		`var c = {"columns":["geom"],"rows":[["{\"geometry\":{\"coordinates\":[[[\"2.0\",\"48.0\"],[\"2.1\",\"48.0\"],[\"2.1\",\"48.1\"],[\"2.0\",\"48.0\"]]],\"type\":\"Polygon\"},\"properties\":{\"codeDepartement\":\"91\",\"CS_COD\":\"NORD\"}}"]]}`))
	if err != nil {
		t.Fatal(err)
	}
	tables.Sectors = sectors.Sectors
	for range 2 { // twice changes nothing
		if err := KeepEssonne(t.Context(), store, tables); err != nil {
			t.Fatal(err)
		}
	}
	from, until := at(t, "2024-01-01"), at(t, "2024-04-14")
	var all []fake
	for i := range 1200 {
		f := fake{at: from.Add(time.Duration(i+24) * 2 * time.Hour), area: "fr.11.91.91002"}
		switch i % 12 {
		case 0, 1, 2:
			f.station = "a"
		case 3:
			f.station, f.kind = "test/a", "rescue.call.fire.house"
		case 4:
			f.station = "b" // of another département
		case 5:
			f.station = "of the wood" // no unit
		case 6:
			f.lon, f.lat = 2.09, 48.02 // in the sector
		case 7:
			f.area = "" // nowhere, and outside the areas of the run
		case 8:
			f.area = "fr.11.91.91001" // no shares there
		case 9:
			f.length = 24 * time.Hour
		case 10:
			f.kind = "rescue.callers" // another category
		}
		all = append(all, f)
	}
	all = append(all, fake{at: from.Add(48*time.Hour + time.Minute), station: "a", area: "fr.11.77"}) // the station's call, elsewhere
	write911(t, store, "c", all)
	count := func(by string) (map[string]int, []string) {
		spec := essonne(until)
		spec.Options = map[string]string{optionBy: by}
		spec.Areas = append([]string{}, spec.Areas...)
		given, err := read(context.Background(), store, spec, nil)
		if err != nil {
			t.Fatal(err)
		}
		in, _ := given.(*input)
		got := map[string]int{}
		for _, s := range in.series {
			for _, n := range s.Counts {
				got[s.Place+" "+s.Kind] += int(n)
			}
		}
		var refused []string
		for _, r := range in.refused {
			refused = append(refused, fmt.Sprintf("%d %s", r.N, r.Reason.EN))
		}
		return got, refused
	}
	got, refused := count(byStation)
	shared := got["sdis91/NORD medical"] + got["sdis91/SUD medical"]
	if nord := got["sdis91/NORD medical"] - 100; shared != 200 || nord < 60 || nord > 90 { // 100 in its sector, three of four of the other 100
		t.Errorf("%d of %d calls by sector and shares are the north's", nord, shared)
	}
	delete(got, "sdis91/NORD medical")
	delete(got, "sdis91/SUD medical")
	if diff := cmp.Diff(map[string]int{"test/a medical": 301, "test/a fire": 100, "test/of the wood medical": 100}, got); diff != "" {
		t.Error(diff)
	}
	want := []string{"100 calls that name no station, in no known sector", "100 calls given to a station of another territory", "100 calls whose hour is not known"}
	if diff := cmp.Diff(want, refused); diff != "" {
		t.Error(diff)
	}
	got, _ = count(byCommune)
	if diff := cmp.Diff(map[string]int{"fr.11.91.91001 medical": 100, "fr.11.91.91002 medical": 700, "fr.11.91.91002 fire": 100, "fr.11.77 medical": 1}, got); diff != "" {
		t.Error(diff)
	}
}

// TestDays holds what a run knows of its days: only what was known then.
func TestDays(t *testing.T) {
	t.Parallel()
	store := ground(t)
	from, until := at(t, "2024-01-01"), at(t, "2024-04-10")
	write911(t, store, "c", steady(from, 100, 8, "a", "fr.11.91.91001", 1))
	var weather []calendar.Weather
	for day := judge.DayOf(from); day < judge.DayOf(until)+20; day++ {
		weather = append(weather, calendar.Weather{Day: day, Values: [3]float64{float64(day % 10), 0, math.NaN()}})
	}
	say := func(spec forecast.Spec) (*input, string) {
		given, err := read(context.Background(), store, spec, nil)
		if err != nil {
			t.Fatal(err)
		}
		in, _ := given.(*input)
		return in, fmt.Sprint(in.days.optional)
	}
	if in, text := say(essonne(until)); len(in.days.weather) != 0 || len(in.days.school) == 0 || len(in.days.holidays) < 4 || !strings.Contains(text, "used (zone C)") {
		t.Errorf("%+v", in.days)
	}
	keepWeather := func(area string, known time.Time, shift float64) {
		for i := range weather {
			weather[i].Values[0] += shift
		}
		if err := KeepWeather(t.Context(), store, area, known, weather); err != nil {
			t.Fatal(err)
		}
	}
	keepWeather("", until.AddDate(0, 0, -1), 0)
	keepWeather("fr.11.91", until.Add(-time.Hour), 1)
	keepWeather("fr.11.91", until.Add(time.Hour), 50) // known too late
	keepWeather("fr.11.77", until.Add(-time.Minute), 50)
	in, _ := say(essonne(until))
	if len(in.days.weather) != 2 || in.days.weather[0].Values[len(in.days.weather[0].Values)-1] != float64((judge.DayOf(until)+19)%10)+1 {
		t.Errorf("%+v", in.days.weather)
	}
	r, err := run(t, store, essonne(until))
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprint(r.Card.Limits); strings.Contains(text, "température") || !strings.Contains(text, "(pluie) écartée") {
		t.Errorf("%s", text)
	}
	spec := essonne(until)
	spec.Options = map[string]string{optionHolidays: none, optionSchool: none, optionWeather: none}
	if in, _ := say(spec); len(in.days.holidays)+len(in.days.school)+len(in.days.weather) != 0 || len(in.days.optional) != 3 {
		t.Errorf("%+v", in.days)
	}
	school := []calendar.School{{Zone: calendar.ZoneC, Name: "Toussaint", First: judge.DayOf(at(t, "2026-10-17")), Last: judge.DayOf(at(t, "2026-11-01"))}}
	for range 2 {
		if err := KeepSchool(t.Context(), store, school); err != nil {
			t.Fatal(err)
		}
	}
	if err := KeepWeather(t.Context(), store, "no path!", until, weather); !errors.Is(err, geoengine.ErrInvalid) {
		t.Errorf("%v, want ErrInvalid", err)
	}
}
