package csv_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigie/data"
	"vigie/data/sources/csv"
	"vigie/geoengine"
)

// with is the small mapping with further text, and with other texts replaced, in pairs.
func with(t testing.TB, more string, replace ...string) *csv.Mapping {
	t.Helper()
	m, err := csv.Parse("test.yaml", []byte(strings.NewReplacer(replace...).Replace(small)+more))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// line writes an event in one line.
func line(e *geoengine.Event) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s", e.Ref, e.Category, e.Start.Format("2006-01-02T15:04Z07:00"))
	if length := e.End.Sub(e.Start); length > 0 {
		fmt.Fprintf(&b, "+%s", length)
	}
	if !e.Reported.Equal(e.End) {
		fmt.Fprintf(&b, " reported %s", e.Reported.Format("2006-01-02T15:04Z07:00"))
	}
	if e.HasPosition {
		fmt.Fprintf(&b, " at %g %g", e.Position.Lon(), e.Position.Lat())
	}
	if e.Severity != geoengine.SeverityUnknown || e.Weight != 0 {
		fmt.Fprintf(&b, " %s %g", e.Severity, e.Weight)
	}
	for _, a := range e.Attributes {
		fmt.Fprintf(&b, " %s=%s", a.Key, a.Value)
	}
	return b.String()
}

func lines(t *testing.T, m *csv.Mapping, files ...data.File) []string {
	t.Helper()
	events, rejects, err := read(t, m, files...)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range events {
		got = append(got, line(e))
	}
	for _, r := range rejects {
		got = append(got, fmt.Sprintf("%d %s", r.At.Line, r.Reason))
	}
	return got
}

func TestMapping(t *testing.T) {
	t.Parallel()
	const plain = "a road.accident 2020-01-31T00:00+01:00+24h0m0s"
	tests := []struct {
		name    string
		mapping *csv.Mapping
		file    string
		want    []string
	}{
		{"plain", with(t, ""), "id,date,lon,lat\na,2020-01-31,2.5,48.5\n", []string{plain + " at 2.5 48.5"}},
		{"no position", with(t, ""), "id,date,lon,lat\na,2020-01-31,,48.5\nb,2020-01-31,0,0\n",
			[]string{plain, "b" + plain[1:]}},
		{"Latin-1, semicolons, decimal commas", with(t, "attributes: {place: {column: lieu}}", "lat: lat}", "lat: lat, decimal_comma: true}"),
			"id;date;lon;lat;lieu\na;2020-01-31;2,5;48,5;Orl\xe9ans\n", []string{plain + " at 2.5 48.5 place=Orléans"}},
		{"no header", with(t, "file: {header: absent, columns: [id, lat, lon, date]}"), "a,48.5,2.5,2020-01-31\n", []string{plain + " at 2.5 48.5"}},
		{"perhaps a header", with(t, "file: {header: maybe, columns: [id, lat, lon, date]}"), "ID,lat,lon,date\na,48.5,2.5,2020-01-31\n", []string{plain + " at 2.5 48.5"}},
		{"lines before the header", with(t, "file: {skip_lines: 2}"), "Town\n;;\nid,date,lon,lat\nx,2020-99-31,2.5,48.5\n", []string{"4 bad_date"}},
		{"short rows", with(t, "file: {short_rows: true}"), "id,date,lon,lat\na,2020-01-31\n", []string{plain}},
		{"an optional column", with(t, "file: {optional: [lit]}\nattributes: {light: {column: lit}}"), "id,date,lon,lat\na,2020-01-31,,\n", []string{plain}},
		{"either column", with(t, "", "[id]", "[number|id]"), "id,date,lon,lat\na,2020-01-31,,\n", []string{plain}},
		{"the file's name", with(t, "", "[id]", "[$file, id]"), "id,date,lon,lat\na,2020-01-31,,\n", []string{"town.csv-" + plain}},
		{"refs of several columns", with(t, "", "[id]", "[id, lon], separator: /"), "id,date,lon,lat\na,2020-01-31,2,\n,2020-01-31,2,\n",
			[]string{"a/2" + plain[1:], "3 missing_ref"}},
		{"filters", with(t, "keep:\n - {column: id, in: [a, B, 1]}\n - {column: id, not: [b]}\n - {column: date, like: '^2020', unlike: '-02-'}\n - {column: lon, empty: true}\n - {column: n, min: 1, max: 2.5}"),
			"id,date,lon,lat,n\na,2020-01-31,,,2\nb,2020-01-31,,,2\n1.0,2020-01-31,,,\"2,5\"\na,2020-02-01,,,2\na,2020-01-31,3,,2\na,2020-01-31,,,3\nc,2020-01-31,,,2\na,2020-01-31,,,\n",
			[]string{plain, "1.0" + plain[1:]}},
		{"a point as text", with(t, "", "{lon: lon, lat: lat}", "{point: p}"),
			"id,date,p\na,2020-01-31,POINT (2.5 48.5)\na,2020-01-31,\"2.5,48.5\"\na,2020-01-31,SRID=4326;POINT Z(2.5 48.5 10)\na,2020-01-31,2.5;48.5\na,2020-01-31,2.5 48.5\na,2020-01-31,here\n",
			[]string{plain + " at 2.5 48.5", plain + " at 2.5 48.5", plain + " at 2.5 48.5", plain + " at 2.5 48.5", plain + " at 2.5 48.5", "7 bad_position"}},
		{"latitude first", with(t, "", "{lon: lon, lat: lat}", "{point: p, order: lat_lon}"),
			"id,date,p\na,2020-01-31,\"(48.5, 2.5)\"\n", []string{plain + " at 2.5 48.5"}},
		{"scales and mirrors", with(t, "", "lat: lat}", "lat: lat, scales: [{when: [{column: id, equals: b}], scale: 0.1}, {larger_than: 180, scale: 0.00001}], mirrors: [{from: [60, 10, 70, 20], lon: true}]}"),
			"id,date,lon,lat\na,2020-01-31,250000,4850000\nb,2020-01-31,25,485\na,2020-01-31,61,16\n",
			[]string{plain + " at 2.5 48.5", "b" + plain[1:] + " at 2.5 48.5", plain + " at -61 16"}},
		{"coordinates of another system", with(t, "", "lat: lat}", "lat: lat, epsg: 2154, precision: 5}"), "id,date,lon,lat\na,2020-01-31,652000,6862000\n",
			[]string{plain + " at 652000 6.862e+06"}},
		{"points between thousands", with(t, "", "lat: lat}", "lat: lat, epsg: 25830, decimal_comma: true}"), "id;date;lon;lat\na;2020-01-31;443.359,226;4.472.082,25\n",
			[]string{plain + " at 443359.226 4.47208225e+06"}},
		{"outside without position", with(t, "", "lat: lat}", "lat: lat, within: [[2, 48, 3, 49], [7, 43, 8, 44]], outside: no_position}"),
			"id,date,lon,lat\na,2020-01-31,48.5,2.5\na,2020-01-31,7.5,43.5\n", []string{plain, plain + " at 7.5 43.5"}},
		{"values that mean no position", with(t, "", "lat: lat}", "lat: lat, absent: [-1, n/a]}"),
			"id,date,lon,lat\na,2020-01-31,-1,-1.0\na,2020-01-31,N/A,N/A\n", []string{plain, plain}},
		{"values", with(t, `
severity: {column: s, table: {"1": fatal, hurt: injury}, default: unknown}
weight: {sum: {k: 1, h: 0.5}, decimal_comma: true}
attributes:
  light: {column: l, table: {"1": day}, match: [{like: "(?i)night", gives: night}], slug: true, empty: ["-1"]}
  code: {column: l, table: {"1": day}}
  note: {column: l, extract: "(\\d+) km", prefix: "km_"}
  tag: {column: l, split: "|", slug: true}
  speed: {column: v, number: {factor: 1.609344, decimals: 0, min: 10, max: 200, decimal_comma: true}}
  kind: [{column: k, match: [{like: "^[1-9]", gives: killed}]}, {constant: any}]
`), "id,date,lon,lat,s,k,h,l,v\na,2020-01-31,,,1.0,2,1,1.0,\"30,5\"\na,2020-01-31,,,HURT,0,,At Night|Été 3 km,900\na,2020-01-31,,,,,,-1,\n",
			[]string{plain + " fatal 2.5 code=day kind=any kind=killed light=day speed=49 tag=1_0",
				plain + " injury 0 kind=any light=night note=km_3 tag=at_night tag=ete_3_km",
				plain + " kind=any tag=1"}},
		{"codes with zeros", with(t, "keep: [{column: s, not: [\"07\"]}]\nattributes: {k: {column: s, table: {\"01\": one, 2: two, \"010\": ten, \"0\": none}}}"),
			"id,date,lon,lat,s\na,2020-01-31,,,01\na,2020-01-31,,,2.0\na,2020-01-31,,,10\na,2020-01-31,,,00\na,2020-01-31,,,7\na,2020-01-31,,,1.5\n",
			[]string{plain + " k=one", plain + " k=two", plain + " k=ten", plain + " k=none", plain}},
		{"category by column", with(t, "", "{constant: road.accident}", "{column: c, table: {x: vehicle.theft}, slug: true, prefix: rescue.}"),
			"id,date,lon,lat,c\na,2020-01-31,,,x\na,2020-01-31,,,Fire Alarm!\na,2020-01-31,,,\na,2020-01-31,,,!\n",
			[]string{"a rescue.vehicle.theft 2020-01-31T00:00+01:00+24h0m0s", "a rescue.fire_alarm 2020-01-31T00:00+01:00+24h0m0s", "4 unknown_value", "5 unknown_value"}},
		{"severity unknown to the table", with(t, "severity: {column: s, table: {a: fatal}}"), "id,date,lon,lat,s\na,2020-01-31,,,b\na,2020-01-31,,,\n",
			[]string{plain, "2 unknown_value"}},
		{"severity by numbers of victims", with(t, "severity: [{constant: fatal, when: [{column: k, min: 1}]}, {constant: injury, when: [{column: h, min: 1}]}, {constant: damage}]"),
			"id,date,lon,lat,k,h\na,2020-01-31,,,1,2\na,2020-01-31,,,0,2\na,2020-01-31,,,,\n",
			[]string{plain + " fatal 1", plain + " injury 0.005", plain + " damage 0"}},
		{"category by conditions", with(t, "", "{constant: road.accident}", "[{constant: vehicle.theft, when: [{column: c, like: car}]}, {constant: other}]"),
			"id,date,lon,lat,c\na,2020-01-31,,,stolen car\na,2020-01-31,,,\n",
			[]string{"a vehicle.theft 2020-01-31T00:00+01:00+24h0m0s", "a other 2020-01-31T00:00+01:00+24h0m0s"}},
		{"an interval, and when it was reported", with(t, "", "formats: [YYYY-MM-DD]}", "formats: ['YYYY-MM-DD HH:mm']}\n  end: {columns: [e], formats: ['YYYY-MM-DD HH:mm', YYYY-MM-DD]}\n  reported: {columns: [r], formats: [YYYY-MM-DD]}"),
			"id,date,lon,lat,e,r\na,2020-01-31 10:00,,,2020-01-31 12:00,2020-02-01\na,2020-01-31 10:00,,,2020-01-31,\na,2020-01-31 10:00,,,2020-01-30,\na,2020-01-31 10:00,,,,2020-01-30\n",
			[]string{"a road.accident 2020-01-31T10:00+01:00+2h0m0s reported 2020-02-02T00:00+01:00",
				"a road.accident 2020-01-31T10:00+01:00+14h0m0s", "4 bad_date", "5 bad_date"}},
		{"zones by place", with(t, "", "  zone: Europe/Paris", "  zone: Europe/Paris\n  zones: [{within: [-63, 14, -60, 18], zone: America/Martinique}, {when: [{column: id, equals: r}], zone: Indian/Reunion}]"),
			"id,date,lon,lat\na,2020-01-31,-61,15\nr,2020-01-31,,\n",
			[]string{"a road.accident 2020-01-31T00:00-04:00+24h0m0s at -61 15", "r road.accident 2020-01-31T00:00+04:00+24h0m0s"}},
		{"the time inside a text", with(t, "", "columns: [date], formats: [YYYY-MM-DD]", "columns: [d, h], extract: '\\d.*\\d', formats: [D.M.YYYY Hmm, D.M.YYYY]"),
			"id,d,h,lon,lat\na,on 31.1.2020,845 h,,\na,31.1.2020,,,\na,,,,\n",
			[]string{"a road.accident 2020-01-31T08:45+01:00", plain, "4 bad_date"}},
		{"groups", with(t, "severity: {column: s, table: {k: fatal, h: serious}}\nattributes: {vehicle: {column: v}}\ngroup: {rows: users, counts: {killed: [{column: s, equals: k}], none: [{column: s, equals: z}]}}"),
			"id,date,lon,lat,s,v\na,2020-01-31,,,h,car\nb,2020-01-31,,,h,car\na,2020-01-31,2.5,48.5,k,bus\na,bad,,,k,x\na,2020-01-31,,,k,bus\n",
			[]string{plain + " at 2.5 48.5 fatal 2.125 killed=2 users=3 vehicle=bus vehicle=car", "b" + plain[1:] + " serious 0.125 users=1 vehicle=car", "5 bad_date"}},
		{"adjacent groups", with(t, "group: {adjacent: true, rows: n}"), "id,date,lon,lat\na,2020-01-31,,\na,2020-01-31,,\nb,2020-01-31,,\n",
			[]string{plain + " n=2", "b" + plain[1:] + " n=1"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, lines(t, test.mapping, text("a.zip!folder/town.csv.gz", test.file))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMissingColumnsAreNamed(t *testing.T) {
	t.Parallel()
	m := with(t, "attributes: {light: {column: lum}}\nkeep: [{column: lum, empty: false}]")
	_, _, err := read(t, m, text("town.csv", "id,date,lon,latitude\na,2020-01-31,,\n"))
	if !errors.Is(err, geoengine.ErrInvalid) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{"town.csv", "lat", "lum", "latitude"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v: does not name %s", err, want)
		}
	}
	if _, _, err := read(t, m, text("town.csv", "id;date;lon;lat;lum\na;2020-01-31;;;1\n")); err != nil {
		t.Errorf("the separator was not found: %v", err)
	}
}

// TestHashRefs says that equal rows of one file are several events, and the same rows of another file the same events.
func TestHashRefs(t *testing.T) {
	t.Parallel()
	m := with(t, "", "{columns: [id]}", "{hash: true}")
	const file = "date,lon,lat\n2020-01-31,2,48\n2020-01-31,2,48\n2020-01-31,2,49\n"
	events, _, err := read(t, m, text("one.csv", file), text("two.csv", file))
	if err != nil {
		t.Fatal(err)
	}
	refs := map[string]int{}
	for _, e := range events {
		refs[e.Ref]++
	}
	if len(events) != 6 || len(refs) != 3 {
		t.Errorf("%d events, refs %v", len(events), refs)
	}
}

func TestHostileRows(t *testing.T) {
	t.Parallel()
	m := with(t, "attributes: {note: {column: note}}\nseverity: {column: note, table: {x: fatal}, default: unknown}", "lat: lat}", "lat: lat, within: [[-10, 40, 10, 55]]}")
	sql := `'); drop table event; --`
	tests := []struct{ name, row, want string }{
		{"NaN", "a,2020-01-31,NaN,48,", "2 bad_position"},
		{"infinite", "a,2020-01-31,2,-Inf,", "2 bad_position"},
		{"huge number", "a,2020-01-31,1e308,1e999,", "2 bad_position"},
		{"swapped", "a,2020-01-31,48,2,", "2 bad_position"},
		{"year 0", "a,0000-01-31,2,48,", "2 bad_date"},
		{"year 1", "a,0001-01-31,2,48,", "2 bad_date"},
		{"year 9999", "a,9999-12-31,2,48,", "2 bad_date"},
		{"SQL as id", fmt.Sprintf("%q,2020-01-31,2,48,", sql), sql + " road.accident 2020-01-31T00:00+01:00+24h0m0s at 2 48"},
		{"SQL as date", fmt.Sprintf("a,%q,2,48,", sql), "2 bad_date"},
		{"SQL as coordinate", fmt.Sprintf("a,2020-01-31,%q,48,", sql), "2 bad_position"},
		{"SQL as value", fmt.Sprintf("a,2020-01-31,2,48,%q", sql), "a road.accident 2020-01-31T00:00+01:00+24h0m0s at 2 48 note=" + sql},
		{"a long id", strings.Repeat("a", 201) + ",2020-01-31,2,48,", "2 missing_ref"},
		{"too many fields", "a,2020-01-31,2,48,,,x", "2 wrong_fields"},
		{"control characters", "a,2020-01-31,2,48,x\x01y", "a road.accident 2020-01-31T00:00+01:00+24h0m0s at 2 48 note=x y"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := lines(t, m, text("town.csv", "id,date,lon,lat,note\n"+test.row+"\n"))
			if diff := cmp.Diff([]string{test.want}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadStops(t *testing.T) {
	t.Parallel()
	m := with(t, "group: {rows: n}")
	file := text("town.csv", "id,date,lon,lat\na,2020-01-31,,\nb,2020-01-31,,\n")
	n := 0
	for range m.Read(context.Background(), []data.File{file}) {
		n++
		break
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, err := range m.Read(ctx, []data.File{file}) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
	if n != 1 {
		t.Errorf("%d records after break", n)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(small)
	for _, name := range csv.Ready() {
		mapping, err := csv.ReadyText(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(mapping))
	}
	f.Fuzz(func(t *testing.T, mapping string) {
		if _, err := csv.Parse("fuzz", []byte(mapping)); err != nil && !errors.Is(err, geoengine.ErrInvalid) {
			t.Fatalf("not ErrInvalid: %v", err)
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add("id,date,lon,lat,s\na,2020-01-31,2.5,48.5,k\n")
	f.Add("s;id;date;lon;lat\n\"k;\";;;;\n1;2;3;4;5\n")
	f.Fuzz(func(t *testing.T, file string) {
		for _, more := range []string{"attributes: {a: {column: s, slug: true}, b: {column: s, split: ' ', number: {}}}", "group: {rows: n}", "file: {header: maybe, columns: [id, date, lon, lat, s], skip_lines: 1, short_rows: true}"} {
			events, _, err := read(t, with(t, more), text("fuzz.csv", file))
			if err != nil && !errors.Is(err, geoengine.ErrInvalid) {
				t.Fatalf("not ErrInvalid: %v", err)
			}
			for _, e := range events {
				if e.Start.Location() == time.UTC {
					t.Fatal("an event lost its zone")
				}
			}
		}
	})
}
