package bench

import (
	"context"
	"fmt"

	"vigie/geoengine"
)

// How much the benchmark does: origins four weeks apart of thefts, a week apart of calls.
const (
	theftOrigins   = 6
	stationOrigins = 4
)

// Predict measures the forecasts of packages predict/hotspot and predict/series beside those of others, speed and quality
// in one run: the same made-up data (or a file's), places, days and measures for all. The data are made by a known law, so
// the best that anybody could do is in the table too. It needs no store.
func Predict(ctx context.Context, _ *geoengine.Store, options Options) ([]Result, error) {
	if len(options.Files) > 0 {
		return predictFiles(ctx, options)
	}
	small, err := theftCaseOf("10,000 thefts", newTheftTown(options.Seed, 10_000, 20_000, 5*365), 10, theftOrigins)
	if err != nil {
		return nil, fmt.Errorf("bench predict: %w", err)
	}
	steps := []func() ([]Result, error){
		func() ([]Result, error) { return small.speed(ctx, 5, 1, options) },
		func() ([]Result, error) { return million(ctx, options) },
		func() ([]Result, error) { return small.beside(ctx, options) },
		func() ([]Result, error) { return twinstim(ctx, options) },
		func() ([]Result, error) {
			calls := callCity(options.Seed, 6, 2*365+7*stationOrigins, 40)
			return predictStations(ctx, options, "calls made up", calls)
		},
	}
	var results []Result
	for _, step := range steps {
		rows, err := step()
		if err != nil {
			return nil, fmt.Errorf("bench predict: %w", err)
		}
		results = append(results, rows...)
	}
	return results, nil
}

// million is the speed with options.Events thefts, a million by default, in a city of 40 km × 40 km.
func million(ctx context.Context, options Options) ([]Result, error) {
	c, err := theftCaseOf(fmt.Sprintf("%d thefts", options.Events), newTheftTown(options.Seed+1, options.Events, 40_000, 5*365), 10, 1)
	if err != nil {
		return nil, err
	}
	return c.speed(ctx, 1, 60, options)
}
