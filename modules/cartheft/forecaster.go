package cartheft

import (
	"context"
	"fmt"
	"slices"
	"time"

	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/module"
	"vigie/module/forecasting"
	"vigie/progress"
)

// Options of a run.
const (
	optionResolution = "resolution"
	optionCategory   = "category"
	automatic        = "auto"
)

// resolutions of H3 that a run may have: 10 and 11 in towns, 8 and 9 in the country.
func resolutions() []string { return []string{automatic, "8", "9", "10", "11"} }

// version changes with every change that may change a value, here or in predict/hotspot.
const version = "1"

// Forecaster is the forecast of thefts, as package forecasting runs it.
func Forecaster() (forecasting.Forecaster, error) {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return forecasting.Forecaster{}, fmt.Errorf("cartheft: %w", err)
	}
	return forecasting.Forecaster{
		Name: Name, Title: title(), Model: "hotspot", Version: version, Categories: Categories(), Place: forecast.Cells,
		Horizons: []forecasting.Horizon{
			{Name: "P7D", End: forecasting.Days(zone, 7)}, {Name: "P14D", End: forecasting.Days(zone, 14)},
			{Name: "P1M", End: forecasting.Months(zone, 1)}, {Name: "P2M", End: forecasting.Months(zone, 2)}, {Name: "P3M", End: forecasting.Months(zone, 3)},
		},
		Options: []forecasting.Option{
			{Name: optionResolution, Title: module.Text{FR: "Finesse des cellules", EN: "Resolution of the cells"}, Values: resolutions()},
			{Name: optionCategory, Title: module.Text{FR: "Catégorie d'événements", EN: "Category of events"}, Values: Categories()},
		},
		Every: 7 * 24 * time.Hour,
		Check: check,
		Read: func(ctx context.Context, db *geoengine.Store, spec forecast.Spec, report progress.Func) (forecasting.Input, error) {
			return read(ctx, db, spec, report)
		},
		Make: func(ctx context.Context, in forecasting.Input, spec forecast.Spec, report progress.Func) (*forecast.Result, error) {
			thefts, ok := in.(*input)
			if !ok {
				return nil, fmt.Errorf("make a forecast of thefts from %T: %w", in, geoengine.ErrInvalid)
			}
			return makeRun(ctx, thefts, spec, report)
		},
		Actual: actual,
	}, nil
}

// check refuses what must not be forecast, before anything is read.
func check(spec forecast.Spec) error {
	if asked, there := spec.Options[optionCategory]; there {
		if refusal := admitCategory(asked); refusal != nil {
			return wrong("options."+optionCategory, refusal.FR, refusal.EN)
		}
	}
	if asked, there := spec.Options[optionResolution]; there && !slices.Contains(resolutions(), asked) {
		return wrong("options."+optionResolution, "La finesse est auto, 8, 9, 10 ou 11.", "The resolution is auto, 8, 9, 10 or 11.")
	}
	return nil
}
