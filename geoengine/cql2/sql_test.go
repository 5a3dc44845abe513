package cql2_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
	"vigie/geoengine/cql2"
	"vigie/geoengine/geotest"
)

// things is a small table: n, name, size, sunny, since, day, lasting from–to, tags, place.
const things = `
	(values
		(1, 'Straße', 1.5::float8, true, timestamptz '2024-05-01 10:00Z', date '2024-05-01', timestamptz '2024-05-01Z', timestamptz '2024-05-03Z',
		 array['a', 'b'], st_setsrid(st_point(1, 1), 4326)),
		(2, 'Beyoncé', 2, false, '2024-05-02 00:00Z', '2024-05-02', '2024-05-02Z', '2024-05-04Z', array['b'], st_setsrid(st_point(2.3, 48.8), 4326)),
		(3, 'a_b%c', null, null, '2024-06-01 00:00Z', '2024-06-01', '2024-05-03Z', '2024-05-05Z', array[]::text[], null),
		(4, 'it''s', -4, true, '1999-12-31 23:59:59Z', '1999-12-31', '1999-12-31Z', '2000-01-01Z', array['a', 'b', 'c'], st_setsrid(st_point(179.5, 0), 4326))
	) t (n, name, size, sunny, since, day, since_from, until, tags, place)`

func properties() []cql2.Property {
	return []cql2.Property{
		{Name: "n", Kind: cql2.Integer, SQL: "t.n"}, {Name: "name", Kind: cql2.String, SQL: "t.name"},
		{Name: "size", Kind: cql2.Number, SQL: "t.size"}, {Name: "sunny", Kind: cql2.Boolean, SQL: "t.sunny"},
		{Name: "since", Kind: cql2.Instant, SQL: "t.since"}, {Name: "day", Kind: cql2.Date, SQL: "t.day"},
		{Name: "lasting", Kind: cql2.Interval, SQL: "t.since_from", End: "t.until"},
		{Name: "tags", Kind: cql2.Strings, SQL: "t.tags"}, {Name: "place", Kind: cql2.Geometry, SQL: "t.place"},
	}
}

func matches(t *testing.T, store *geoengine.Store, e cql2.Expr) (string, error) {
	t.Helper()
	var args []any
	condition, err := e.SQL(properties(), func(value any) string {
		args = append(args, value)
		return fmt.Sprintf("$%d", len(args))
	})
	if err != nil {
		return "", err
	}
	rows, err := store.Pool.Query(t.Context(), "select n::text from "+things+" where "+condition+" order by n", args...)
	if err != nil {
		return "", err
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return strings.Join(found, " "), err
}

func TestSQL(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	for written, want := range map[string]string{
		"n = 1":                                   "1",
		"n <> 1 and n < 4":                        "2 3",
		"size > 1 or sunny = true":                "1 2 4",
		"not (size > 1)":                          "4",
		"size is null":                            "3",
		"size is not null and n in (1,3)":         "1",
		"n between 2 and 3":                       "2 3",
		"n not between 2 and 3":                   "1 4",
		"name like 'a\\_b\\%c'":                   "3",
		"name like '_t''s'":                       "4",
		"casei(name) = casei('STRASSE')":          "1",
		"casei(name) like casei('BEY%')":          "2",
		"accenti(name) = accenti('Beyonce')":      "2",
		"casei(accenti(name)) = casei('beyonce')": "2",
		"name in ('it''s', 'x')":                  "4",
		"size * 2 = 3":                            "1",
		"size / 0 = 1":                            "",
		"size ^ 2 = 16":                           "4",
		"7 div n = 3":                             "2",
		"7 % n = 1":                               "2 3",
		"-n = -2":                                 "2",
		"n - 1 - 1 = 2":                           "4",
		"since >= date('2024-05-02')":             "2 3",
		"since = timestamp('2024-05-01T12:00:00+02:00')":                                   "1",
		"day = date('2024-05-01')":                                                         "1",
		"day < timestamp('2024-05-01T00:00:01Z')":                                          "1 4",
		"t_after(since, date('2024-05-01'))":                                               "2 3",
		"t_intersects(since, date('2024-05-01'))":                                          "1",
		"t_during(since, interval('2024-05-01','..'))":                                     "1 2 3",
		"t_before(since, interval('2000-01-01','..'))":                                     "4",
		"t_intersects(lasting, interval('2024-05-03T12:00:00Z','2024-05-03T13:00:00Z'))":   "2 3",
		"t_contains(lasting, interval('2024-05-03T12:00:00Z','2024-05-03T13:00:00Z'))":     "2 3",
		"t_meets(lasting, interval('2024-05-03T00:00:00Z','2024-05-09T00:00:00Z'))":        "1",
		"t_metBy(lasting, interval('2024-05-01T00:00:00Z','2024-05-02T00:00:00Z'))":        "2",
		"t_overlaps(lasting, interval('2024-05-02T12:00:00Z','2024-05-09T00:00:00Z'))":     "1 2",
		"t_overlappedBy(lasting, interval('2024-05-01T12:00:00Z','2024-05-04T12:00:00Z'))": "3",
		"t_starts(lasting, interval('2024-05-01T00:00:00Z','2024-05-09T00:00:00Z'))":       "1",
		"t_startedBy(lasting, interval('2024-05-01T00:00:00Z','2024-05-02T00:00:00Z'))":    "1",
		"t_finishes(lasting, interval('2024-04-01T00:00:00Z','2024-05-03T00:00:00Z'))":     "1",
		"t_finishedBy(lasting, interval('2024-05-02T00:00:00Z','2024-05-03T00:00:00Z'))":   "1",
		"t_equals(lasting, interval('2024-05-01T00:00:00Z','2024-05-03T00:00:00Z'))":       "1",
		"t_disjoint(lasting, interval('2024-05-04T12:00:00Z','..'))":                       "1 2 4",
		"a_contains(tags, ('a','b'))":                                                      "1 4",
		"a_containedBy(tags, ('a','b'))":                                                   "1 2 3",
		"a_overlaps(tags, ('c','x'))":                                                      "4",
		"a_equals(tags, ('b','a'))":                                                        "1",
		"a_equals(tags, ())":                                                               "3",
		"s_intersects(place, BBOX(0,0,2,2))":                                               "1",
		"s_intersects(place, BBOX(170,-1,-170,1))":                                         "4",
		"s_within(place, POLYGON((0 0,3 0,3 50,0 50,0 0)))":                                "1 2",
		"s_disjoint(place, POINT(1 1))":                                                    "2 4",
		"s_equals(POINT(1 1), place)":                                                      "1",
		"s_contains(GEOMETRYCOLLECTION(POINT(1 1)), place) or n = 1":                       "error",
		"s_intersects(place, GEOMETRYCOLLECTION(POINT(1 1), POINT(9 9)))":                  "1",
		"s_intersects(place, POLYGON((0 0,2 2,2 0,0 2,0 0)))":                              "1", // a bow tie is made valid
		"place is null": "3",
		"true":          "1 2 3 4",
		"false or n=1":  "1",
	} {
		e, err := cql2.Parse(written)
		if err != nil {
			t.Errorf("%s: %v", written, err)
			continue
		}
		got, err := matches(t, store, e)
		if err != nil {
			got = "error"
			if !errors.Is(err, geoengine.ErrInvalid) {
				t.Errorf("%s: %v", written, err)
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", written, got, want)
		}
	}
	e, err := cql2.Parse("s_intersects(place, BBOX(648000, 6850000, 649000, 6860000))") // near Paris, in Lambert-93
	if err != nil {
		t.Fatal(err)
	}
	if got, err := matches(t, store, e.InCRS(2154, false)); got != "2" || err != nil {
		t.Errorf("Lambert-93: %q %v", got, err)
	}
}

func TestSQLRefuses(t *testing.T) {
	t.Parallel()
	for written, where := range map[string]string{
		"password = 'x'":                 `there is no property "password"; there are n, name`,
		`"t.name" = 'x'`:                 "there is no property",
		"pg_sleep(5)":                    `there is no function "pg_sleep"`,
		"name = 5":                       "= does not compare a text with a whole number",
		"name between 1 and 2":           "between does not compare a text",
		"n in (1, 'x')":                  "in does not compare a whole number with a text",
		"place = 5":                      "use a spatial, temporal or array operator",
		"name + 1 = 2":                   "+ takes numbers, not a text",
		"s_intersects(name, POINT(1 1))": "s_intersects takes geometries, not a text",
		"t_after(name, since)":           "a text is no date",
		"a_contains(name, ('a'))":        "takes sets of texts, not a text",
		"a_contains(tags, (1))":          "a set must hold texts, not a number",
		`name like 'x\'`:                 "",
		`name like 'x\\\\\'' or n=1`:     "",
		"casei(n) = 'x'":                 "casei takes a text, not a whole number",
		"sunny(n) and n = 1":             "there is no function",
		"name like name2()":              "the pattern of like must be a text",
	} {
		e, err := cql2.Parse(written)
		if err == nil {
			_, err = e.SQL(properties(), func(any) string { return "$1" })
		}
		if where == "" && err == nil {
			continue
		}
		if err == nil || !strings.Contains(err.Error(), where) || !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%s: %v, want %s", written, err, where)
		}
	}
}

// TestNothingOfARequestIsInTheStatement checks that texts, names and numbers of an expression never become SQL.
func TestNothingOfARequestIsInTheStatement(t *testing.T) {
	t.Parallel()
	const mark = "x'; drop table event --"
	e, err := cql2.ParseJSON([]byte(`{"op":"and","args":[
		{"op":"like","args":[{"property":"name"},"` + mark + `"]},
		{"op":"in","args":[{"property":"name"},["` + mark + `"]]},
		{"op":"a_overlaps","args":[{"property":"tags"},["` + mark + `"]]},
		{"op":">","args":[{"property":"size"},424242.5]},
		{"op":"t_after","args":[{"property":"since"},{"timestamp":"2042-01-01T00:00:00Z"}]},
		{"op":"s_within","args":[{"property":"place"},{"bbox":[11.5,12.5,13.5,14.5]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	var bound []any
	sql, err := e.SQL(properties(), func(value any) string {
		bound = append(bound, value)
		return "$1"
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"drop", "424242", "2042", "11.5"} {
		if strings.Contains(sql, secret) {
			t.Errorf("%s is in %s", secret, sql)
		}
	}
	if diff := cmp.Diff(6, len(bound)); diff != "" {
		t.Error(diff)
	}
}
