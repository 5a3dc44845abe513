package cql2_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/geoengine/cql2"
)

func TestTextIsPrintedShort(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"a=1 and (b=2 and c=3)":               "a = 1 AND (b = 2 AND c = 3)",
		"a=1 or b=2 and not (c=3 or d=4)":     "a = 1 OR b = 2 AND NOT (c = 3 OR d = 4)",
		"a - (b - c) > -2 * -d":               "a - (b - c) > -2 * (-1 * d)",
		"(a - b) - c > 2^3":                   "a - b - c > 2 ^ 3",
		"a NOT BETWEEN 1 AND 2.50":            "NOT a BETWEEN 1 AND 2.5",
		"a is not null":                       "NOT a IS NULL",
		`"Select" = 'it''s' or "a""b"=1`:      `Select = 'it''s' OR "a""b" = 1`,
		`"and" = true`:                        `"and" = TRUE`,
		"s_intersects(g,MULTIPOINT(1 2,3 4))": "S_INTERSECTS(g, MULTIPOINT((1 2), (3 4)))",
		"s_within(g, point z (1 2 3))":        "S_WITHIN(g, POINT(1 2 3))",
		"t_during(t, interval('..',b))":       "T_DURING(t, INTERVAL('..', b))",
		"a_equals(tags, ())":                  "A_EQUALS(tags, ())",
		"été > .5e1":                          "été > 5.0",
		"foo()":                               "foo()",
		`x = 'back\'slash'`:                   `x = 'back''slash'`,
		"date >= DATE('2024-02-29')":          "date >= DATE('2024-02-29')",
	} {
		e, err := cql2.Parse(written)
		if err != nil {
			t.Errorf("%s: %v", written, err)
			continue
		}
		if got := e.Text(); got != want {
			t.Errorf("%s: %s, want %s", written, got, want)
		}
	}
}

func TestWrongTextSaysWhere(t *testing.T) {
	t.Parallel()
	for written, where := range map[string]string{
		"":                                      "at byte 0: a value is expected, not the end",
		"a":                                     "at byte 0: a condition is expected",
		"a =":                                   "at byte 3: a value is expected",
		"a = 'open":                             "at byte 4: the quote is not closed",
		"a = 1 b":                               `at byte 6: "b" is not expected here`,
		"a = 1 ; drop table event":              "at byte 6: there is no such character",
		"(a = 1":                                `at byte 6: ")" is expected`,
		"a like 5":                              "operand 2 of like must not be a number",
		"a in ()":                               "operand 2 of in must not be a list",
		"a between 1 or 2":                      "AND is expected",
		"a is 5":                                "NULL is expected",
		"a not 5":                               "LIKE, BETWEEN or IN is expected",
		"not 5":                                 "operand 1 of not must not be a number",
		"a and b = 1":                           `operand 1 of and must not be the property "a"`,
		"(a = 1) = (b = 2)":                     "operand 1 of = must not be the result of =",
		"a + 'x' = 1":                           "operand 2 of + must not be a text",
		"s_intersects(g, 5)":                    "operand 2 of s_intersects must not be a number",
		"s_intersects(g)":                       "needs 2 operands and has 1",
		"t_before(a, DATE('2024-13-01'))":       "must be a date",
		"t_before(a, TIMESTAMP('2024-12-01'))":  "must be a date such",
		"t_during(a, INTERVAL('x', '..'))":      "an end of an interval must be",
		"s_within(g, POLYGON((0 0, 1 1, 0 1)))": "needs 4 positions and has 3",
		"s_within(g, POLYGON((0 0, 1 1, 0 1, 5 5)))": "the ring is not closed",
		"s_within(g, BBOX(0,1,2))":                   "a box has 4 or 6 numbers",
		"s_within(g, BBOX(0,5,2,1))":                 "south north of its north",
		"s_within(g, LINESTRING(0 0, 1 1 1))":        "as many in each",
		"s_within(g, GEOMETRYCOLLECTION(5))":         "a geometry is expected",
		"a = 1e999":                                  "too large",
		"a = \x00":                                   "is not UTF-8",
		"a = '\xff'":                                 "is not UTF-8",
		strings.Repeat("(", 100) + "a":               "nested deeper",
		strings.Repeat("not ", 100) + "a = 1":        "nested deeper",
		"a in (" + strings.Repeat("1,", 2000) + "1)": "more than 1000 values",
		"a = '" + strings.Repeat("x", 70_000) + "'":  "more than 65536 bytes",
		strings.Repeat("-", 100) + "1 = 1":           "nested deeper",
		"f(" + strings.Repeat("f(", 100):             "nested deeper",
	} {
		_, err := cql2.Parse(written)
		if err == nil || !strings.Contains(err.Error(), where) || !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%.60q: %v, want %s", written, err, where)
		}
	}
}

func TestWrongJSONSaysWhere(t *testing.T) {
	t.Parallel()
	for encoded, where := range map[string]string{
		``:                                      "at byte 0: is not well-formed JSON",
		`{"op":`:                                "is not well-formed JSON",
		`{"op":"=","args":[1,2]} x`:             "more follows",
		`5`:                                     "a condition is expected",
		`{"op":"=","args":[1]}`:                 "= needs 2 operands and has 1",
		`{"op":"=","args":5}`:                   "args: must be the list",
		`{"op":5}`:                              "op: must be the name",
		`{"x":5}`:                               `must have op, property`,
		`{"op":"=","args":[{"property":""},1]}`: "args[0].property: must be a text",
		`{"op":"=","args":[null,1]}`:            "args[0]: null is no value",
		`{"op":"<","args":[{"date":"x"},1]}`:    "args[0].date: must be a date",
		`{"op":"not","args":[{"op":"+","args":[1,2]}]}`:                                      "operand 1 of not must not be the result of +",
		`{"op":"s_within","args":[{"property":"g"},{"type":"Pt","coordinates":[1,2]}]}`:      "args[1].type: there is no geometry",
		`{"op":"s_within","args":[{"property":"g"},{"type":"Point","coordinates":["1",2]}]}`: "must be a list of numbers",
		`{"op":"s_within","args":[{"property":"g"},{"bbox":[1,2,3,4,5]}]}`:                   "a box has 4 or 6",
		`{"op":"t_after","args":[{"property":"g"},{"interval":[1,2]}]}`:                      "args[1].interval[0]: an end",
		`{"op":"=","args":[1e400,2]}`:                                                        "too large",
		strings.Repeat(`{"op":"not","args":[`, 80) + `true` + strings.Repeat(`]}`, 80):       "nested deeper",
		`{"op":"in","args":[1,[` + strings.Repeat("1,", 2000) + `1]]}`:                       "more than 1000 values",
	} {
		_, err := cql2.ParseJSON([]byte(encoded))
		if err == nil || !strings.Contains(err.Error(), where) || !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%.80s: %v, want %s", encoded, err, where)
		}
	}
}

func TestBox(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"s_intersects(g, BBOX(1,2,3,4))":                                         "1 2 3 4",
		"a = 1 and s_within(g, BBOX(1,2,3,4)) and s_intersects(BBOX(2,0,9,3),g)": "2 2 3 3",
		"s_within(g, POINT(1 2)) or s_within(g, POINT(3 1))":                     "1 1 3 2",
		"s_within(g, POINT(1 2)) or a = 1":                                       "none",
		"not s_within(g, POINT(1 2))":                                            "none",
		"s_disjoint(g, POINT(1 2))":                                              "none",
		"s_within(h, POINT(1 2))":                                                "none",
		"s_intersects(g, BBOX(170,2,-170,4))":                                    "-180 2 180 4",
	} {
		e, err := cql2.Parse(written)
		if err != nil {
			t.Fatal(err)
		}
		got := "none"
		if box, ok := e.Box("g"); ok {
			got = fmt.Sprint(box.Min[0], box.Min[1], box.Max[0], box.Max[1])
		}
		if got != want {
			t.Errorf("%s: %s, want %s", written, got, want)
		}
	}
	e, err := cql2.Parse("s_within(g, LINESTRING(48 2, 49 3))")
	if err != nil {
		t.Fatal(err)
	}
	if box, ok := e.InCRS(4326, true).Box("g"); !ok || box != (orb.Bound{Min: orb.Point{2, 48}, Max: orb.Point{3, 49}}) {
		t.Errorf("latitude first: %v %v", box, ok)
	}
	if _, ok := e.InCRS(2154, false).Box("g"); ok {
		t.Error("a box in metres is taken for degrees")
	}
	if diff := cmp.Diff([]string{"g"}, e.Properties()); diff != "" {
		t.Error(diff)
	}
}

// FuzzParse checks that reading ends, that errors have a place, and that what is printed reads as the same.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"a = 1 AND NOT (b LIKE 'x%' OR c IN (1,2))", "S_INTERSECTS(g, POLYGON((0 0,1 1,0 1,0 0)))",
		"T_DURING(t, INTERVAL('..', DATE('2024-01-01')))", `"a""b" <> 'it''s \' x'`, "A_CONTAINS(x, ('a'))", "-(-a) ^ 2 div .5e-3 > 1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, written string) {
		e, err := cql2.Parse(written)
		if err != nil {
			var wrong *cql2.Error
			if !errors.As(err, &wrong) {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		same(t, e)
	})
}

// FuzzParseJSON is FuzzParse for the JSON encoding.
func FuzzParseJSON(f *testing.F) {
	f.Add([]byte(`{"op":"and","args":[{"op":"=","args":[{"property":"a"},1]},{"op":"s_within","args":[{"property":"g"},{"bbox":[1,2,3,4]}]}]}`))
	f.Add([]byte(`{"op":"t_after","args":[{"interval":["..",{"property":"x"}]},{"timestamp":"2024-01-01T00:00:00Z"}]}`))
	f.Fuzz(func(t *testing.T, encoded []byte) {
		if e, err := cql2.ParseJSON(encoded); err == nil {
			same(t, e)
		}
	})
}

func same(t *testing.T, e cql2.Expr) {
	t.Helper()
	again, err := cql2.ParseJSON(e.JSON())
	if err != nil {
		t.Fatalf("%s: %v", e.JSON(), err)
	}
	if string(again.JSON()) != string(e.JSON()) {
		t.Fatalf("%s comes back as %s", e.JSON(), again.JSON())
	}
	if printed := e.Text(); !strings.Contains(printed, `\'`) { // a text that ends with a backslash cannot be written
		again, err := cql2.Parse(printed)
		if err != nil {
			if strings.Contains(err.Error(), "nested deeper") || strings.Contains(err.Error(), "more than") {
				return // the other encoding counts its levels and words differently
			}
			t.Fatalf("%s: %v", printed, err)
		}
		if again.Text() != printed {
			t.Fatalf("%s comes back as %s", printed, again.Text())
		}
	}
}
