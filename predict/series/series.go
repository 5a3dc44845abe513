// Package series forecasts how many calls fire stations will have: per station, kind of operation and hour, day or week,
// with the whole distribution of each count, so that intervals and numbers of crews follow from it.
//
// One kind of operation is forecast for all stations together, by a regression of counts (weekday, holidays, season where
// the history covers it, weather) averaged with exponential smoothing; stations get their share of it, pooled so that a
// small station leans on the others; hours get their share of the day. So places add up to all places and kinds to all
// kinds. The distributions are negative-binomial ones, bent until what was forecast week by week in the past lies in them
// as evenly as it should (distributional conformal prediction).
//
// Start with Fit and Fitted.Forecast; Backtest judges them, Crews turns them into people, Yearly is for yearly counts.
// Nothing here reads a clock or draws a random number: same input, same output.
package series

import (
	"fmt"
	"math"
	"time"

	"vigie/predict"
)

// Series is what one place had of one kind of operation, hour by hour.
type Series struct {
	Place  string    // id of a station, commune or sector; not empty
	Kind   string    // of operation; "" where kinds are not told apart
	Start  time.Time // of the first hour; a whole local hour, the same for all series
	Counts []int32   // calls of each hour that passed (a day has 23, 24 or 25); the same length for all series
}

// The steps of forecasts, as ISO 8601 durations.
const (
	Hourly = "PT1H"
	Daily  = "P1D"
	Weekly = "P7D"
)

// The models that can be asked for.
const (
	Average    = "average"    // regression and smoothing, half each
	Regression = "regression" // the level of the whole history
	Smoothing  = "smoothing"  // the level of late
)

// Options of a fit. The zero value is good.
type Options struct {
	Model     string  // Average by default
	Ahead     int     // days that can be forecast, 1 to 366; 28 by default. Weather is used only if it is known for all of them
	Calibrate int     // weeks before the end whose forecasts say how wide intervals must be; 56 by default, at least 4
	Fade      float64 // half-life, in weeks, of those forecasts' word; 8 by default, negative: all count the same
	Tame      float64 // a day this many standard deviations above its expectation counts as if it lay there, so that a storm does not raise the days after it; 2.5 by default, negative: never
	Apart     bool    // stations are not pooled: each has its own weekdays and hours (to show what pooling is worth)
}

// LeastDays is the shortest history that a fit takes: four weeks to learn from and four to see how far off it was.
const LeastDays = 56

func (o Options) filled() (Options, error) {
	if o.Model == "" {
		o.Model = Average
	}
	if o.Ahead == 0 {
		o.Ahead = 28
	}
	if o.Calibrate == 0 {
		o.Calibrate = 56
	}
	if o.Fade == 0 {
		o.Fade = 8
	}
	if o.Tame == 0 {
		o.Tame = 2.5
	}
	switch {
	case o.Model != Average && o.Model != Regression && o.Model != Smoothing:
		return o, fmt.Errorf("series: no model %q; there are %s, %s and %s: %w", o.Model, Average, Regression, Smoothing, predict.ErrShape)
	case o.Ahead < 1 || o.Ahead > 366:
		return o, fmt.Errorf("series: %d days ahead, can forecast 1 to 366: %w", o.Ahead, predict.ErrShape)
	case o.Calibrate < 4:
		return o, fmt.Errorf("series: %d weeks of calibration, need 4: %w", o.Calibrate, predict.ErrShape)
	case math.IsNaN(o.Tame+o.Fade) || math.IsInf(o.Tame+o.Fade, 0):
		return o, fmt.Errorf("series: tame is %v and fade %v: %w", o.Tame, o.Fade, predict.ErrShape)
	}
	return o, nil
}

// Covered is how much of a count lies in an interval of the scale on which this package gives intervals: a count y is
// spread evenly over [max(0, y−½), y+½]. So an interval can hold exactly 80 % of small counts, which one of whole numbers
// cannot; the mean of Covered over many forecasts is what an interval's level promises. It is the mean of the randomised
// coverage, without its chance.
func Covered(y int, low, high float64) float64 {
	from, to := cell(y)
	return max(0, min(high, to)-max(low, from)) / (to - from)
}

// Whole is the smallest range of whole counts that holds an interval; it covers more often than its level says, the more
// so the smaller the counts.
func Whole(low, high float64) (from, to int) {
	return int(math.Floor(low + 0.5)), max(0, int(math.Ceil(high-0.5)))
}

// cell is where a count is spread.
func cell(y int) (from, to float64) { return max(0, float64(y)-0.5), float64(y) + 0.5 }
