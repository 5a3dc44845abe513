package csv_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vigie/data"
	"vigie/data/sources/csv"
	"vigie/geoengine/geotest"
)

// TestImportsTwice imports real files into a real store: the second import changes nothing, projected coordinates land
// where the publisher's own longitude and latitude are.
func TestImportsTwice(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	tests := []struct {
		mapping string
		file    data.File
		want    data.Report
	}{
		{"portland_thefts", shared(t, "thefts/portland_vehicle_2012_2017-02.csv.gz"), data.Report{Source: "portland_thefts", Read: 9037, New: 9037}},
		{"velo_edpm", shared(t, "accidents/velo_edpm_2017_2020.csv.gz"), data.Report{Source: "velo_edpm", Read: 21095, New: 21095, WithoutPosition: 533}},
	}
	for _, test := range tests {
		in := data.Input{Files: []data.File{test.file}, Options: data.Options{Mapping: test.mapping}}
		want := test.want
		for range 2 {
			got, err := data.Import(context.Background(), store, csv.Source(), in, data.ImportOptions{})
			if err != nil {
				t.Fatal(err)
			}
			ignored := cmpopts.IgnoreFields(data.Report{}, "Run", "Input", "Seconds", "Rejected")
			if diff := cmp.Diff(want, got, ignored); diff != "" {
				t.Errorf("%s: %s", test.mapping, diff)
			}
			want.New, want.Unchanged = 0, want.Read
		}
	}
}

// TestProjects imports the same accidents once by their eastings and northings.
func TestProjects(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	const mapping = `
name: grid
title: By grid
publisher: x
licence: x
ref: {columns: [acc_ref]}
time: {zone: Europe/London, start: {columns: [a_date], formats: [YYYY-MM-DD]}}
position: {lon: easting, lat: northing, epsg: 27700, within: [[300000, 650000, 340000, 690000]]}
category: {constant: road.accident}
attributes: {lon: {column: long}, lat: {column: lat}}
`
	path := filepath.Join(t.TempDir(), "grid.yaml")
	if err := os.WriteFile(path, []byte(mapping), 0o600); err != nil {
		t.Fatal(err)
	}
	in := data.Input{
		Files:   []data.File{shared(t, "accidents/edinburgh_2010_2012.csv.gz")},
		Options: data.Options{Mapping: path},
	}
	report, err := data.Import(context.Background(), store, csv.Source(), in, data.ImportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var far int
	if err := store.Pool.QueryRow(context.Background(), `
		select count(*) from event
		where not coalesce(st_distance(geom::geography, st_setsrid(st_makepoint(
			(attributes ->> 'lon')::float8, (attributes ->> 'lat')::float8), 4326)::geography) < 20, false)`).Scan(&far); err != nil {
		t.Fatal(err)
	}
	if report.New != 3519 || far != 0 {
		t.Errorf("%d new, %d of them further than 20 m from the publisher's own longitude and latitude", report.New, far)
	}
}
