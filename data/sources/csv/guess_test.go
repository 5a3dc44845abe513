package csv_test

import (
	"errors"
	"strings"
	"testing"

	"vigie/data"
	"vigie/data/sources/csv"
	"vigie/geoengine"
)

// TestGuessOnTheRealFiles says that a draft reads nearly every row of files that it was not made for.
func TestGuessOnTheRealFiles(t *testing.T) {
	t.Parallel()
	tests := []struct {
		file string
		want []string
		rows int
	}{
		{"thefts/portland_vehicle_2012_2017-02.csv.gz", []string{"hash: true", `columns: ["occ_date"]`, `lon: "lon"`}, 9037},
		{"accidents/porto_alegre_2011_2013-2015.csv.gz", []string{`ref: {columns: ["id"]}`, `formats: ["YYYY-MM-DDTHH:mm"]`, `column: "severity"`}, 80753},
		{"accidents/edinburgh_2010_2012.csv.gz", []string{`columns: ["acc_ref"]`, `lon: "long"`, `"Fatal": fatal`}, 3519},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			t.Parallel()
			draft, err := csv.Guess(shared(t, test.file))
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range test.want {
				if !strings.Contains(draft, want) {
					t.Errorf("no %q in\n%s", want, draft)
				}
			}
			m, err := csv.Parse("draft", []byte(draft))
			if err != nil {
				t.Fatal(err)
			}
			events, rejects, err := read(t, m, shared(t, test.file))
			if err != nil {
				t.Fatal(err)
			}
			if len(events)+len(rejects) != test.rows || 100*len(events) < 99*test.rows {
				t.Errorf("%d events, %d rejects such as %v", len(events), len(rejects), rejects[:min(3, len(rejects))])
			}
		})
	}
}

func TestGuessTheManualsFile(t *testing.T) {
	t.Parallel()
	draft, err := csv.Guess(text("collisions.csv", block(t, manual(t), "csv")))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"name: collisions", `"Crash Date", "Crash Time"`, `"M/D/YYYY h:mm A"`, `point: "Location"`, `ref: {columns: ["Collision ID"]}`} {
		if !strings.Contains(draft, want) {
			t.Errorf("no %q in\n%s", want, draft)
		}
	}
}

func TestGuessGivesUp(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{"empty": "", "header only": "a,b\n", "no date": "a,b\n1,x\n2,y\n"} {
		if _, err := csv.Guess(text("x.csv", content)); !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func FuzzGuess(f *testing.F) {
	f.Add("x.csv", "id,date,lon,lat,s\na,2020-01-31,2.5,48.5,k\nb,2020-01-31,2.5,48.5,l\n")
	f.Add("baac.csv", "\"a\"\"b\",d\n\\,1/2/2020\n#,1/3/2020\n")
	f.Fuzz(func(t *testing.T, name, content string) {
		file := text(name, content)
		draft, err := csv.Guess(data.File{Name: name, Open: file.Open})
		if err != nil {
			if !errors.Is(err, geoengine.ErrInvalid) {
				t.Fatalf("not ErrInvalid: %v", err)
			}
			if strings.Contains(err.Error(), "mapping draft:") {
				t.Fatalf("the draft is no mapping: %v", err)
			}
			return
		}
		m, err := csv.Parse("draft", []byte(draft))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := read(t, m, file); err != nil && !errors.Is(err, geoengine.ErrInvalid) {
			t.Fatal(err)
		}
	})
}
