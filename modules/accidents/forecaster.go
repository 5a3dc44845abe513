package accidents

import (
	"context"
	"fmt"
	"slices"
	"time"

	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/module"
	"vigie/module/forecasting"
	"vigie/predict/roadrisk"
	"vigie/progress"
)

// The options of a run.
const (
	optionMeasure    = "measure"
	bySeverity       = "severity"
	byAccidents      = "accidents"
	optionGround     = "ground"
	onWhatThereIs    = "auto"
	onRoads          = "roads"
	onCells          = "cells"
	optionResolution = "resolution"
)

// version changes with every change here that may change a value; those of the surfaces have names of their own.
const version = "1 " + roadrisk.ModelName + " " + roadrisk.CellModelName

// yearsBack is how long the records are that a run learns from.
const yearsBack = 5

// Forecaster is the forecast of accidents, as package forecasting runs it.
func Forecaster() (forecasting.Forecaster, error) {
	zone, err := localZone()
	if err != nil {
		return forecasting.Forecaster{}, err
	}
	return forecasting.Forecaster{
		Name: Name, Title: title(), Model: "roadrisk", Version: version, Categories: []string{category}, Place: forecast.Lixels,
		Horizons: []forecasting.Horizon{{Name: "P1Y", End: forecasting.Months(zone, 12)}, {Name: "P1M", End: forecasting.Months(zone, 1)}, {Name: "P3M", End: forecasting.Months(zone, 3)}},
		Options: []forecasting.Option{
			{Name: optionMeasure, Title: module.Text{FR: "Ce qui est prévu", EN: "What is forecast"}, Values: []string{bySeverity, byAccidents}},
			{Name: optionGround, Title: module.Text{FR: "Lieux", EN: "Places"}, Values: []string{onWhatThereIs, onRoads, onCells}},
			{Name: optionResolution, Title: module.Text{FR: "Finesse des cellules, sans réseau", EN: "Resolution of the cells, without roads"}, Values: []string{"8", "7", "9"}},
		},
		Every: 30 * 24 * time.Hour,
		Read: func(ctx context.Context, db *geoengine.Store, spec forecast.Spec, report progress.Func) (forecasting.Input, error) {
			return read(ctx, db, spec, zone, report)
		},
		Make: func(ctx context.Context, in forecasting.Input, spec forecast.Spec, report progress.Func) (*forecast.Result, error) {
			known, ok := in.(*input)
			if !ok {
				return nil, fmt.Errorf("make a forecast of accidents from %T: %w", in, geoengine.ErrInvalid)
			}
			end := forecasting.Months(zone, horizonMonths(spec.Horizon))(spec.Until)
			return known.forecast(ctx, spec, end, report)
		},
		Actual: actual,
	}, nil
}

// horizonMonths is the length of a horizon.
func horizonMonths(name string) int {
	switch name {
	case "P1M":
		return 1
	case "P3M":
		return 3
	}
	return 12
}

// localZone is where days and hours are counted.
func localZone() (*time.Location, error) {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return nil, fmt.Errorf("accidents: %w", err)
	}
	return zone, nil
}

// chosen is the value of an option of a run, the first of the list if it names none.
func chosen(spec *forecast.Spec, name string, values ...string) (string, error) {
	v, there := spec.Options[name]
	if !there {
		return values[0], nil
	}
	if !slices.Contains(values, v) {
		return "", fmt.Errorf("forecast accidents: %s %q must be one of %v: %w", name, v, values, geoengine.ErrInvalid)
	}
	return v, nil
}
