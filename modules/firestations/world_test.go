package firestations

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"vigie/data"
	"vigie/data/sources"
	"vigie/data/sources/demo"
	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/geoengine/geotest"
	"vigie/module/forecasting"
	"vigie/module/moduletest"
)

// open makes a store with the tables of the module.
func open(t *testing.T) *geoengine.Store {
	t.Helper()
	store := geotest.New(t)
	moduletest.Migrate(t, store, Module())
	return store
}

func bring(t *testing.T, store *geoengine.Store, name string, in data.Input) data.Report {
	t.Helper()
	source, err := sources.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	report, err := data.Import(context.Background(), store, source, in, data.ImportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// territory imports the demonstration, without its roads.
func territory(t *testing.T, store *geoengine.Store, scale float64) {
	t.Helper()
	for _, name := range []string{demo.NameAreas, demo.NameUnits, demo.NameEvents} {
		bring(t, store, name, data.Input{Options: data.Options{Scale: scale}})
	}
}

func memory(name, content string) data.Input {
	return data.Input{Files: []data.File{{Name: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }}}}
}

func paris(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// run makes a run, as forecasting.Make does it.
func run(t *testing.T, store *geoengine.Store, spec forecast.Spec) (*forecast.Result, error) {
	t.Helper()
	f, err := Forecaster()
	if err != nil {
		t.Fatal(err)
	}
	spec, err = forecasting.Prepare(&f, spec, time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		return nil, err
	}
	return forecasting.Make(context.Background(), &f, store, spec, nil)
}
