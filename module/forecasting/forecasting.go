// Package forecasting is what all modules that forecast share: durable runs, replay, the schedule, scores once a period has
// passed, alerts where calibration leaves its band, the routes, and the process of OGC. A module says what it forecasts
// (Forecaster); it is stored by geoengine/forecast.
package forecasting

import (
	"context"
	"time"

	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/module"
	"vigie/progress"
)

// Forecaster is one forecast that a module offers. Name, Title, Model, Version, Categories, Place, Horizons, Read, Make
// and Actual must be set. Read, Make and Actual may be called at the same time for different runs.
type Forecaster struct {
	Name    string // also of its process ("forecast-NAME") and of its schedule
	Title   module.Text
	Model   string
	Version string // changes with every change that may change a value
	// Categories may feed it, each with its descendants: a closed list. Nothing else reaches Make.
	Categories []string
	Place      forecast.PlaceKind // that of results that do not say another
	Horizons   []Horizon
	Options    []Option
	Unit       module.Text   // of values; the card of a run says it too
	Every      time.Duration // between two scheduled runs of one area; a day if zero
	// Settle is how long reports take to come in once a period has passed: a run is scored then, and once more after four
	// times as long, with what came late. 14 days if zero.
	Settle time.Duration
	// Check refuses a spec before anything is read, with what to change; it sees the options as they are given. May be nil.
	Check func(spec forecast.Spec) error
	// Covered is the share of what happened that an interval holds; nil is 1 within it, its ends included, and 0 outside.
	Covered func(low, high, observed float64) float64
	// Read gets from the store what a run needs: only what was reported before spec.Until.
	Read func(ctx context.Context, store *geoengine.Store, spec forecast.Spec, report progress.Func) (Input, error)
	// Make is the run: a pure function of input and spec. It fills all of the result but Spec, Model, Version and InputHash.
	Make func(ctx context.Context, input Input, spec forecast.Spec, report progress.Func) (*forecast.Result, error)
	// Actual counts what happened in the places and periods of the values, in their order; −1 where it cannot be known.
	// It sees what is reported by now.
	Actual func(ctx context.Context, store *geoengine.Store, result *forecast.Result) ([]float64, error)
}

// Input is what a run learns from.
type Input interface {
	// Hash is the SHA-256 of everything that is in it, in canonical order, hexadecimal.
	Hash() string
}

// Horizon is how far a forecast reaches.
type Horizon struct {
	Name string // ISO 8601 duration: P7D, P14D, P1M
	// End is the end of a period of the horizon that begins at an instant, in local days.
	End func(from time.Time) time.Time
}

// Days is the end of a horizon of n local days.
func Days(zone *time.Location, n int) func(time.Time) time.Time {
	return func(from time.Time) time.Time { return from.In(zone).AddDate(0, 0, n) }
}

// Months is the end of a horizon of n calendar months: from the last days of a long month to the last day of a shorter one.
func Months(zone *time.Location, n int) func(time.Time) time.Time {
	return func(from time.Time) time.Time {
		local := from.In(zone)
		end := local.AddDate(0, n, 0)
		if end.Day() != local.Day() {
			end = end.AddDate(0, 0, -end.Day())
		}
		return end
	}
}

// Option is something that a caller may choose. What is chosen must be one of Values.
type Option struct {
	Name   string
	Title  module.Text
	Values []string // the first one is the standard
}
