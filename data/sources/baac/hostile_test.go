package baac_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigie/data"
	"vigie/data/sources/baac"
	"vigie/geoengine"
)

// text is a file that holds s.
func text(name, s string) data.File {
	return data.File{Name: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(s)), nil }}
}

const header = "Num_Acc;jour;mois;an;hrmn;lum;dep;com;agg;int;atm;col;adr;lat;long\n"

func TestHostileRows(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, row string
		reject    string // reason, "" if the row is an event
		position  bool
		note      string
	}{
		{"good", "202300000001;1;2;2023;07:40;1;75;75101;2;1;1;6;;48,86;2,35", "", true, ""},
		{"NaN", "202300000001;1;2;2023;07:40;1;75;75101;2;1;1;6;;NaN;2,35", "", false, "unreadable"},
		{"infinite", "202300000001;1;2;2023;07:40;1;75;75101;2;1;1;6;;48,86;-Inf", "", false, "unreadable"},
		{"swapped", "202300000001;1;2;2023;07:40;1;75;75101;2;1;1;6;;2,35;48,86", "", false, "contradicts_departement"},
		{"another département", "202300000001;1;2;2023;07:40;1;13;13055;2;1;1;6;;48,86;2,35", "", false, "contradicts_departement"},
		{"département not given", "202300000001;1;2;2023;07:40;1;;;2;1;1;6;;48,86;2,35", "", true, ""},
		{"nowhere", "202300000001;1;2;2023;07:40;1;;;2;1;1;6;;10;10", "", false, "contradicts_departement"},
		{"zero", "202300000001;1;2;2023;07:40;1;75;75101;2;1;1;6;;0;0,0", "", false, ""},
		{"old scale in a new file", "202300000001;1;2;2023;07:40;1;75;75101;2;1;1;6;;4886000;235000", "", true, ""},
		{"year 0", "202300000001;1;2;0000;07:40;1;75;75101;2;1;1;6;;48,86;2,35", "bad_date", false, ""},
		{"year 3000", "202300000001;1;2;3000;07:40;1;75;75101;2;1;1;6;;48,86;2,35", "bad_date", false, ""},
		{"year 1066", "202300000001;1;2;1066;07:40;1;75;75101;2;1;1;6;;48,86;2,35", "bad_date", false, ""},
		{"29 February", "202300000001;29;2;2023;07:40;1;75;75101;2;1;1;6;;48,86;2,35", "bad_date", false, ""},
		{"month 13", "202300000001;1;13;2023;07:40;1;75;75101;2;1;1;6;;48,86;2,35", "bad_date", false, ""},
		{"no day", "202300000001;;2;2023;07:40;1;75;75101;2;1;1;6;;48,86;2,35", "bad_date", false, ""},
		{"no number", ";1;2;2023;07:40;1;75;75101;2;1;1;6;;48,86;2,35", "missing_ref", false, ""},
		{"a huge number", strings.Repeat("9", 5000) + ";1;2;2023;07:40;1;75;75101;2;1;1;6;;48,86;2,35", "missing_ref", false, ""},
		{"SQL as number", "'); drop table event;--;1;2;2023;07:40;1;75;75101;2;1;1;6;;48,86;2,35", "wrong_fields", false, ""},
		{"SQL in every other field", "202300000001;1;2;2023;' or 1=1;' or 1=1;' or 1=1;' or 1=1;' or 1=1;' or 1=1;' or 1=1;' or 1=1;' or 1=1;48,86;2,35", "", true, ""},
		{"codes out of range", "202300000001;1;2;2023;07:40;99;75;75101;-5;1e9;99999999999999999999;6;;48,86;2,35", "", true, ""},
		{"too few fields", "202300000001;1;2;2023", "wrong_fields", false, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			events, rejects, err := read(t, text("c.csv", header+"202300000000;1;2;2023;07:40;1;75;75101;2;1;1;6;;48,86;2,35\n"+test.row+"\n"))
			if err != nil {
				t.Fatal(err)
			}
			if test.reject != "" {
				if len(rejects) != 1 || rejects[0].Reason != test.reject || rejects[0].At.Line != 3 {
					t.Fatalf("got rejects %v, want one %s in line 3", rejects, test.reject)
				}
				return
			}
			if len(events) != 2 || len(rejects) != 0 {
				t.Fatalf("got %d events and %v", len(events), rejects)
			}
			e := events[1]
			note := ""
			for _, a := range e.Attributes {
				if a.Key == "position_note" {
					note = a.Value
				}
			}
			if e.HasPosition != test.position || note != test.note {
				t.Errorf("position %v %v, note %q", e.HasPosition, e.Position, note)
			}
		})
	}
}

func TestFilesThatAreNoTables(t *testing.T) {
	t.Parallel()
	good := text("anything.txt", header+"202300000001;1;2;2023;07:40;1;75;75101;2;1;1;6;;48,86;2,35\n")
	events, rejects, err := read(t, text("notice.csv", "a;b\n1;2\n"), text("empty.csv", ""), text("only_header.csv", header), good)
	if err != nil || len(events) != 1 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	var got []string
	for _, r := range rejects {
		got = append(got, r.At.File+" "+r.Reason)
	}
	want := []string{"notice.csv unknown_table", "empty.csv unknown_table", "only_header.csv unknown_table"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMissingCharacteristicsIsSaidClearly(t *testing.T) {
	t.Parallel()
	_, _, err := read(t, text("lieux-2023.csv", "Num_Acc;catr\n202300000001;3\n"))
	if !errors.Is(err, geoengine.ErrInvalid) || !strings.Contains(err.Error(), "caracteristiques is missing") || !strings.Contains(err.Error(), "lieux-2023.csv (lieux 2023)") {
		t.Errorf("got %v", err)
	}
	if _, _, err := read(t); !errors.Is(err, geoengine.ErrInvalid) {
		t.Errorf("no file: got %v", err)
	}
}

// TestFilesJoinAcrossYears says that tables of several years in one file are joined with those in one file a year, and
// that a second copy of a table does not count its users twice.
func TestFilesJoinAcrossYears(t *testing.T) {
	t.Parallel()
	both := text("all.csv", header+"202200000001;1;2;2022;07:40;1;75;75101;2;1;1;6;;48,86;2,35\n202300000001;1;2;2023;07:40;1;75;75101;2;1;1;6;;48,86;2,35\n")
	users := func(year int) data.File {
		return text(fmt.Sprintf("usagers-%d.csv", year), fmt.Sprintf("Num_Acc;catu;grav\n%d00000001;1;2\n%d00000001;3;4\n", year, year))
	}
	events, _, err := read(t, users(2023), both, users(2022), users(2023))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.Severity != geoengine.SeverityFatal || e.Weight != 1.005 {
			t.Errorf("%s: %s %v, want fatal 1.005", e.Ref, e.Severity, e.Weight)
		}
	}
	if len(events) != 2 {
		t.Errorf("%d events", len(events))
	}
}

// TestRecodedGravity says that a file whose gravity runs from slight to grave is found out by its shares.
func TestRecodedGravity(t *testing.T) {
	t.Parallel()
	var characteristics, users strings.Builder
	characteristics.WriteString(header)
	users.WriteString("Num_Acc;catu;grav\n")
	for i := range 120 {
		fmt.Fprintf(&characteristics, "2023%08d;1;2;2023;07:40;1;75;75101;2;1;1;6;;48,86;2,35\n", i)
		gravity := 2
		if i == 0 {
			gravity = 4
		}
		fmt.Fprintf(&users, "2023%08d;1;%d\n", i, gravity)
	}
	events, rejects, err := read(t, text("c.csv", characteristics.String()), text("u.csv", users.String()))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"fatal": 1, "slight": 119}
	if diff := cmp.Diff(want, count(events, rejects).Severities); diff != "" {
		t.Error(diff)
	}
}

func TestStopsWhenTheReceiverDoes(t *testing.T) {
	t.Parallel()
	n := 0
	for range baac.Read(context.Background(), data.Input{Files: vintage(t, "2005")}) {
		n++
		break
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var last error
	for _, err := range baac.Read(ctx, data.Input{Files: vintage(t, "2005")}) {
		last = err
	}
	if n != 1 || !errors.Is(last, context.Canceled) {
		t.Errorf("%d records; after the context ended: %v", n, last)
	}
}

func FuzzRead(f *testing.F) {
	for _, year := range []string{"2005", "2009", "2016", "2019", "2022", "2024"} {
		var tables [4]string
		for i, file := range vintage(f, year) {
			in, err := file.Open()
			if err != nil {
				f.Fatal(err)
			}
			content, err := io.ReadAll(in)
			if err != nil {
				f.Fatal(err)
			}
			tables[i] = string(content)
		}
		f.Add(tables[0], tables[1], tables[2], tables[3])
	}
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		events, rejects, err := read(t, text("a", a), text("b", b), text("c", c), text("d", d))
		if err != nil && !errors.Is(err, geoengine.ErrInvalid) {
			t.Fatalf("the error is not ErrInvalid: %v", err)
		}
		again, rejectsAgain, _ := read(t, text("a", a), text("b", b), text("c", c), text("d", d))
		if len(events) != len(again) || len(rejects) != len(rejectsAgain) {
			t.Fatal("a second reading differs")
		}
	})
}
