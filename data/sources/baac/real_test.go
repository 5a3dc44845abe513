package baac_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigie/data"
	"vigie/data/sources/baac"
	"vigie/geoengine"
	"vigie/geoengine/geotest"
)

// tally is what a test counts of a reading.
type tally struct {
	Events, Positioned, WithHour int
	Severities                   map[string]int
	Rejected                     map[string]int
	Notes                        map[string]int
}

// read reads files to the end, checks every event as the store would, and returns the events.
func read(t testing.TB, files ...data.File) ([]*geoengine.Event, []*data.Reject, error) {
	t.Helper()
	var events []*geoengine.Event
	var rejects []*data.Reject
	for record, err := range baac.Read(context.Background(), data.Input{Files: files}) {
		var bad *data.Reject
		switch {
		case errors.As(err, &bad):
			rejects = append(rejects, bad)
		case err != nil:
			return events, rejects, err
		default:
			if err := record.Event.Check(); err != nil {
				t.Fatalf("%s: %v", record.At, err)
			}
			events = append(events, record.Event)
		}
	}
	return events, rejects, nil
}

func count(events []*geoengine.Event, rejects []*data.Reject) tally {
	c := tally{Severities: map[string]int{}, Rejected: map[string]int{}, Notes: map[string]int{}}
	for _, e := range events {
		c.Events++
		if e.HasPosition {
			c.Positioned++
		}
		if e.End.Equal(e.Start) {
			c.WithHour++
		}
		c.Severities[e.Severity.String()]++
		for _, a := range e.Attributes {
			if a.Key == "position_note" {
				c.Notes[a.Value]++
			}
		}
	}
	for _, r := range rejects {
		c.Rejected[r.Reason]++
	}
	return c
}

// folder opens the files of a folder of the shared data.
func folder(t testing.TB, rel string) []data.File {
	t.Helper()
	dir := geotest.Shared(t, rel)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var files []data.File
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		files = append(files, data.File{Name: entry.Name(), Open: func() (io.ReadCloser, error) {
			f, err := os.Open(path)
			if err != nil || !strings.HasSuffix(path, ".gz") {
				return f, err
			}
			return gzip.NewReader(f)
		}})
	}
	return files
}

func TestVintage2013(t *testing.T) {
	t.Parallel()
	events, rejects, err := read(t, folder(t, "accidents/baac_2013")...)
	if err != nil {
		t.Fatal(err)
	}
	want := tally{
		Events: 58397, Positioned: 19946, WithHour: 58397,
		Severities: map[string]int{"unknown": 58397},
		Rejected:   map[string]int{},
		Notes:      map[string]int{"contradicts_departement": 99},
	}
	if diff := cmp.Diff(want, count(events, rejects)); diff != "" {
		t.Error(diff)
	}
}

func TestExtractOf2019(t *testing.T) {
	t.Parallel()
	events, rejects, err := read(t, folder(t, "accidents/baac_2019_extract")...)
	if err != nil {
		t.Fatal(err)
	}
	want := tally{
		Events: 4441, Positioned: 4440, WithHour: 4441,
		Severities: map[string]int{"fatal": 267, "serious": 1343, "slight": 2831},
		Rejected:   map[string]int{},
		Notes:      map[string]int{"contradicts_departement": 1},
	}
	if diff := cmp.Diff(want, count(events, rejects)); diff != "" {
		t.Error(diff)
	}
	sums := map[string]int{}
	for _, e := range events {
		for _, a := range e.Attributes {
			switch a.Key {
			case "vehicles", "killed", "hospitalised", "slight", "unhurt":
				n := 0
				for _, digit := range a.Value {
					n = n*10 + int(digit-'0')
				}
				sums[a.Key] += n
			}
		}
	}
	wantSums := map[string]int{"vehicles": 7528, "killed": 281, "hospitalised": 1537, "slight": 3984, "unhurt": 4193}
	if diff := cmp.Diff(wantSums, sums); diff != "" {
		t.Error(diff)
	}
}
