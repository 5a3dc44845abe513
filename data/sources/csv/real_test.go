package csv_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigie/data"
	"vigie/data/sources/csv"
	"vigie/geoengine"
	"vigie/geoengine/geotest"
)

// shared opens a file of the shared data, unpacked.
func shared(t testing.TB, rel string) data.File {
	t.Helper()
	path := geotest.Shared(t, rel)
	return data.File{Name: filepath.Base(path), Open: func() (io.ReadCloser, error) {
		f, err := os.Open(path)
		if err != nil || !strings.HasSuffix(path, ".gz") {
			return f, err
		}
		return gzip.NewReader(f)
	}}
}

// text is a file that holds s.
func text(name, s string) data.File {
	return data.File{Name: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(s)), nil }}
}

// read reads files by a mapping to the end and checks every event as the store would.
func read(t testing.TB, m *csv.Mapping, files ...data.File) (events []*geoengine.Event, rejects []*data.Reject, err error) {
	t.Helper()
	for record, err := range m.Read(context.Background(), files) {
		var bad *data.Reject
		switch {
		case errors.As(err, &bad):
			rejects = append(rejects, bad)
		case err != nil:
			return events, rejects, err
		default:
			if err := record.Event.Check(); err != nil && record.EPSG == 0 {
				t.Fatalf("%s: %v", record.At, err)
			}
			if record.Event.Reported.Before(record.Event.Start) {
				t.Fatalf("%s: reported %s before the start %s", record.At, record.Event.Reported, record.Event.Start)
			}
			events = append(events, record.Event)
		}
	}
	return events, rejects, nil
}

type tally struct {
	Events, Positioned, Refs, Instants int
	First, Last                        string
	Categories, Severities, Rejected   map[string]int
}

func count(events []*geoengine.Event, rejects []*data.Reject) tally {
	c := tally{Categories: map[string]int{}, Severities: map[string]int{}, Rejected: map[string]int{}}
	refs := map[string]bool{}
	var first, last time.Time
	for _, e := range events {
		refs[e.Ref] = true
		if e.HasPosition {
			c.Positioned++
		}
		if e.End.Equal(e.Start) {
			c.Instants++
		}
		if first.IsZero() || e.Start.Before(first) {
			first = e.Start
		}
		if e.Start.After(last) {
			last = e.Start
		}
		c.Categories[e.Category]++
		c.Severities[e.Severity.String()]++
	}
	for _, r := range rejects {
		c.Rejected[r.Reason]++
	}
	c.Events, c.Refs, c.First, c.Last = len(events), len(refs), first.Format(time.RFC3339), last.Format(time.RFC3339)
	return c
}

func TestReadyMappingsOnTheRealFiles(t *testing.T) {
	t.Parallel()
	tests := []struct {
		mapping, file string
		want          tally
	}{
		{"portland_thefts", "thefts/portland_vehicle_2012_2017-02.csv.gz", tally{
			Events: 9037, Positioned: 9037, Refs: 9037, Instants: 0, First: "2012-03-01T00:00:00-08:00", Last: "2017-02-28T00:00:00-08:00",
			Categories: map[string]int{"vehicle.theft": 9037},
			Severities: map[string]int{"unknown": 9037},
			Rejected:   map[string]int{},
		}},
		{"porto_alegre_accidents", "accidents/porto_alegre_2011_2013-2015.csv.gz", tally{
			Events: 80752, Positioned: 80637, Refs: 80752, Instants: 80752, First: "2011-01-01T03:25:00-02:00", Last: "2015-12-31T21:00:00-02:00",
			Categories: map[string]int{"road.accident": 80752},
			Severities: map[string]int{"damage": 56248, "fatal": 475, "injury": 24029},
			Rejected:   map[string]int{"bad_date": 1},
		}},
		{"edinburgh_accidents", "accidents/edinburgh_2010_2012.csv.gz", tally{
			Events: 3519, Positioned: 3519, Refs: 3519, Instants: 3519, First: "2010-01-02T14:04:00Z", Last: "2012-12-31T20:40:00Z",
			Categories: map[string]int{"road.accident": 3519},
			Severities: map[string]int{"fatal": 26, "serious": 461, "slight": 3032},
			Rejected:   map[string]int{},
		}},
		{"velo_edpm", "accidents/velo_edpm_2017_2020.csv.gz", tally{
			Events: 21095, Positioned: 20562, Refs: 21095, Instants: 21022, First: "2017-01-01T02:55:00+01:00", Last: "2020-12-31T14:05:00+01:00",
			Categories: map[string]int{"road.accident": 21095},
			Severities: map[string]int{"fatal": 796, "serious": 6183, "slight": 14116},
			Rejected:   map[string]int{},
		}},
		{"montgomery_911", "rescue/montgomery_911_to_2016-07-15.csv.gz", tally{
			Events: 83920, Positioned: 83906, Refs: 83920, Instants: 83920, First: "2015-12-10T17:40:00-05:00", Last: "2016-07-15T23:56:00-04:00",
			Categories: map[string]int{"rescue.call.fire": 12400, "rescue.call.medical": 41201, "rescue.call.traffic": 30319},
			Severities: map[string]int{"unknown": 83920},
			Rejected:   map[string]int{},
		}},
	}
	for _, test := range tests {
		t.Run(test.mapping, func(t *testing.T) {
			t.Parallel()
			m, err := csv.Load(test.mapping)
			if err != nil {
				t.Fatal(err)
			}
			events, rejects, err := read(t, m, shared(t, test.file))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, count(events, rejects)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestFilesWithAndWithoutHeader reads two yearly files of which one has no header.
func TestFilesWithAndWithoutHeader(t *testing.T) {
	t.Parallel()
	m, err := csv.Load("france_accidents_no_place")
	if err != nil {
		t.Fatal(err)
	}
	var files []data.File
	for year := 2010; year <= 2011; year++ {
		file := shared(t, fmt.Sprintf("accidents/france_2010_2017_no_position/caracteristiques_%dmysql.csv.gz", year))
		files = append(files, head(t, file, 10000))
	}
	events, rejects, err := read(t, m, files...)
	if err != nil {
		t.Fatal(err)
	}
	departements := map[string]int{}
	for _, e := range events {
		for _, a := range e.Attributes {
			if a.Key == "departement" {
				departements[a.Value]++
			}
		}
	}
	want := tally{
		Events: 19999, Refs: 19999, First: "2010-01-01T00:00:00+01:00", Last: "2011-12-31T00:00:00+01:00",
		Categories: map[string]int{"road.accident": 19999},
		Severities: map[string]int{"unknown": 19999},
		Rejected:   map[string]int{},
	}
	if diff := cmp.Diff(want, count(events, rejects)); diff != "" {
		t.Error(diff)
	}
	for code := range departements {
		if len(code) != 2 {
			t.Errorf("département %q", code)
		}
	}
}

// head is the first lines of a file.
func head(t *testing.T, file data.File, lines int) data.File {
	t.Helper()
	in, err := file.Open()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	scanner := bufio.NewScanner(in)
	for n := 0; n < lines && scanner.Scan(); n++ {
		b.WriteString(scanner.Text() + "\n")
	}
	return text(file.Name, b.String())
}

// TestRawFilesOfACity reads the publisher's own files, of which one has a separator too many on every line, by a mapping
// written from the manual.
func TestRawFilesOfACity(t *testing.T) {
	t.Parallel()
	m, err := csv.Parse("poa.yaml", []byte(`
name: poa
title: Porto Alegre
publisher: EPTC
licence: unknown
ref: {columns: [DATA_HORA, LOG1, LATITUDE, LONGITUDE], separator: /}
time: {zone: America/Sao_Paulo, start: {columns: [DATA_HORA], formats: ["YYYY-MM-DDTHH:mm:ss"]}}
position:
  lon: LONGITUDE
  lat: LATITUDE
  within: [[-51.4, -30.4, -50.9, -29.8]]
  scales: [{larger_than: 180, scale: 0.001, each: true}] # some have lost their decimal point
category: {constant: road.accident}
severity:
  - {constant: fatal, when: [{column: FATAIS, min: 1}]}
  - {constant: injury, when: [{column: FERIDOS, min: 1}]}
  - {constant: damage}
`))
	if err != nil {
		t.Fatal(err)
	}
	events, rejects, err := read(t, m, shared(t, "accidents/porto_alegre_raw/acidentes-2011.csv.gz"), shared(t, "accidents/porto_alegre_raw/acidentes-2013.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	want := tally{
		Events: 44329, Positioned: 44329, Refs: 44279, Instants: 44329,
		First: "2011-01-01T03:25:00-02:00", Last: "2013-12-31T22:20:00-02:00",
		Categories: map[string]int{"road.accident": 44329},
		Severities: map[string]int{"damage": 31016, "fatal": 252, "injury": 13061},
		Rejected:   map[string]int{"bad_date": 1, "bad_position": 33, "missing_ref": 1, "wrong_fields": 2},
	}
	if diff := cmp.Diff(want, count(events, rejects)); diff != "" {
		t.Error(diff)
	}
}
