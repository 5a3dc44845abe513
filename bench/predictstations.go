package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"vigie/predict/judge"
	"vigie/predict/series"
	"vigie/progress"
)

// stationWeek is what a forecast of a week says: by station and day the mean and the bounds of 50, 80 and 95 %.
type stationWeek [][][7]float64

// stationPeer is the answer of bench/peers/predictstations.py.
type stationPeer struct {
	Name    string        `json:"name"`
	Folds   []stationWeek `json:"folds"`
	Seconds float64       `json:"seconds"`
}

// predictStations forecasts the calls of stations a week ahead, beside statsforecast on the same series, origins and
// measures.
func predictStations(ctx context.Context, options Options, name string, all []series.Series) ([]Result, error) {
	total := len(all[0].Counts) / 24
	var origins []int
	for w := range stationOrigins {
		origins = append(origins, total-7*(stationOrigins-w))
	}
	ours, clock := stationPeer{Name: "vigie"}, 0.
	for k, origin := range origins {
		options.Progress.Report(progress.Update{Task: "stations", Unit: "origins", Done: int64(k), Total: int64(len(origins))})
		begun, used := time.Now(), processor()
		week, err := stationForecast(ctx, all, origin)
		if err != nil {
			return nil, err
		}
		ours.Seconds += processor() - used
		clock += time.Since(begun).Seconds()
		ours.Folds = append(ours.Folds, week)
	}
	days := make([][]float64, len(all))
	for i, s := range all {
		days[i] = daily(s.Counts)
	}
	task := map[string]any{"series": days, "origins": origins, "horizon": 7}
	var peers []stationPeer
	if err := runPeer(ctx, "predictstations.py", task, &peers); errors.Is(err, errNoPeer) {
		options.Log.Warn("predict without statsforecast", "error", err)
	} else if err != nil {
		return nil, err
	}
	name = fmt.Sprintf("%s, %d stations × %d origins", name, len(all), len(origins))
	mine := stationMarks(days, origins, ours.Folds)
	results := []Result{
		Below(name+": learn and forecast, each origin", "s", clock/float64(len(origins)), 1),
		Below(name+": daily MASE", "MASE", mine.mase, 0.68),
		within(name+": 80 % interval holds", mine.cover80, 0.78, 0.82),
		within(name+": 95 % interval holds", mine.cover95, 0.94, 0.96),
	}
	for _, p := range peers {
		theirs := stationMarks(days, origins, p.Folds)
		options.Log.Info("stations", "model", p.Name, "mase", theirs.mase, "pinball", theirs.pinball, "cover80", theirs.cover80, "cover95", theirs.cover95,
			"seconds", p.Seconds, "ours_mase", mine.mase, "ours_pinball", mine.pinball, "ours_cover80", mine.cover80, "ours_cover95", mine.cover95)
		goal := 1.
		if slices.Contains([]string{"SeasonalNaive"}, lastWord(p.Name)) {
			goal = 1 / 0.9 // ten percent under the seasonal naive
		}
		results = append(results,
			Faster(name+": learn and forecast, all origins, processor time", "s", ours.Seconds, p.Seconds, p.Name, 1),
			Faster(name+": daily MASE", "MASE", mine.mase, theirs.mase, p.Name, 1),
			Faster(name+": pinball loss", "calls", mine.pinball, theirs.pinball, p.Name, goal))
	}
	return results, nil
}

// within makes the row of a share that must lie between two bounds; its ratio is to the nearer one.
func within(name string, ours, low, high float64) Result {
	r := Result{Name: fmt.Sprintf("%s (goal %g to %g)", name, low, high), Unit: "share", Ours: ours, Goal: high, Met: ours >= low && ours <= high}
	if ours > 0 {
		r.Ratio = high / ours
	}
	return r
}

func lastWord(text string) string {
	for i := len(text) - 1; i >= 0; i-- {
		if text[i] == ' ' {
			return text[i+1:]
		}
	}
	return text
}

// stationForecast learns from the days before an origin and forecasts the week after it.
func stationForecast(ctx context.Context, all []series.Series, origin int) (stationWeek, error) {
	known := make([]series.Series, len(all))
	row := map[string]int{}
	for i, s := range all {
		known[i] = s
		known[i].Counts = s.Counts[:24*origin]
		row[s.Place] = i
	}
	fitted, err := series.Fit(ctx, known, series.Calendar{}, series.Options{})
	if err != nil {
		return nil, err
	}
	forecasts, err := fitted.Forecast(7 * 24)
	if err != nil {
		return nil, err
	}
	week := make(stationWeek, len(all))
	for i := range week {
		week[i] = make([][7]float64, 7)
	}
	start := known[0].Start.AddDate(0, 0, origin)
	for _, f := range forecasts {
		i, is := row[f.Place]
		if day := int(f.From.Sub(start).Hours()) / 24; is && f.Step == series.Daily && f.Kind == "" && day < 7 {
			week[i][day] = [7]float64{f.Median, f.Low50, f.High50, f.Low80, f.High80, f.Low95, f.High95}
		}
	}
	return week, nil
}

// stationMark is how well weeks were forecast: the mean over stations of the MASE, the mean pinball loss at the levels of
// the bounds and the middle, and the shares that intervals held.
type stationMark struct{ mase, pinball, cover80, cover95 float64 }

// stationMarks judges all alike. Counts are spread over half a count to each side for the shares of intervals
// (series.Covered), which is fair to intervals of whole numbers and of others.
func stationMarks(days [][]float64, origins []int, folds []stationWeek) stationMark {
	levels := [7]float64{0.5, 0.25, 0.75, 0.1, 0.9, 0.025, 0.975}
	var m stationMark
	n, scaled := 0., 0.
	for i := range days {
		var actual, middle []float64
		for k, origin := range origins {
			for d, f := range folds[k][i] {
				y := days[i][origin+d]
				actual, middle = append(actual, y), append(middle, f[0])
				for l, level := range levels {
					m.pinball += judge.Pinball(level, y, f[l]) / float64(len(levels))
				}
				m.cover80 += series.Covered(int(y), f[3], f[4])
				m.cover95 += series.Covered(int(y), f[5], f[6])
				n++
			}
		}
		if mase, ok := judge.MASE(actual, middle, days[i][:origins[0]], 7); ok {
			m.mase += mase
			scaled++
		}
	}
	m.mase, m.pinball, m.cover80, m.cover95 = m.mase/max(scaled, 1), m.pinball/max(n, 1), m.cover80/max(n, 1), m.cover95/max(n, 1)
	return m
}
