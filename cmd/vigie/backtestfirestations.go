package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"vigie/data"
	"vigie/geoengine"
	"vigie/predict/judge"
	"vigie/predict/series"
)

// backtestFirestationsCommand judges forecasts of calls by weeks that they have not seen.
type backtestFirestationsCommand struct {
	File      []string `predictor:"file" help:"Files of calls."`
	Essonne   []string `predictor:"file" help:"Instead: files of the yearly operations per commune and of the coverage shares of the Essonne; the last year is held out." placeholder:"FILE"`
	Source    string   `default:"montgomery911" help:"How to read them: montgomery911, or csv with --mapping."`
	Mapping   string   `help:"Mapping of the calls: a file or a ready name (csv)."`
	Station   string   `default:"station" help:"Attribute that names the station of a call."`
	Otherwise string   `default:"township" help:"Attribute that names the place of a call without a station."`
	Zone      string   `default:"America/New_York" help:"Time zone of the days."`
	Holiday   []string `help:"Public holidays, as 2016-07-04; with none, holidays are days like others." placeholder:"DAY"`
	Weeks     int      `default:"8" help:"Weeks held out, each forecast from the midnight before it."`
	Until     string   `help:"Only what was reported before this local midnight, as 2016-05-21." placeholder:"DAY"`
	Variants  bool     `help:"Also the variants of the model: regression only, smoothing only, nothing tamed, nothing pooled."`
	Service   float64  `default:"0.95" help:"Share of calls that shall find a crew free, for the suggestion of crews."`
	Busy      int      `default:"1" help:"Whole hours that a call keeps its crew; the calls do not say it."`
	Draws     int      `default:"2000" help:"Draws of the bootstrap."`
	Seed      uint64   `default:"1" help:"Seed of chance, in the bootstrap only."`
}

// Help shows examples.
func (c *backtestFirestationsCommand) Help() string {
	return `Calls count in the hour in which they were reported, so nothing is known before it could be. The last weeks are held out; each is
forecast from everything before it, for all places together, each kind, and each station (or place, where no station is named), by hours,
days and the week. Baselines: the same day (or hour) a week ago with the quantiles of its past errors, and the quantiles of the same weekday.

Examples:
  vigie backtest firestations --file montgomery_911_to_2016-07-15.csv.gz
  vigie backtest firestations --file montgomery_911_to_2016-07-15.csv.gz --weeks 12 --variants --json
  vigie backtest firestations --essonne nombreParCom.js.gz,repartitionZonesCommunes.js.gz`
}

// firestationsReport is what is printed.
type firestationsReport struct {
	Calls    int              `json:"calls"`
	Left     int              `json:"left_out"`  // before the first whole day or after the last
	Delay    string           `json:"delay"`     // between a call and its report, in the middle
	Headline string           `json:"headline"`  // which series the goals are judged by
	Goals    []stationGoal    `json:"goals"`     // of the first report
	Reports  []*series.Report `json:"backtests"` // the model, then its variants
	Variants []string         `json:"variants"`  // names of the reports
	Crews    []stationCrews   `json:"crews"`     // of stations, most calls first
}

// stationGoal is one figure that was asked for.
type stationGoal struct {
	Goal string  `json:"goal"`
	Of   string  `json:"of"`
	Got  float64 `json:"got"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	Met  bool    `json:"met"`
}

// Run prints how the weeks held out were forecast.
func (c *backtestFirestationsCommand) Run(ctx context.Context, a *app) error {
	if (len(c.File) > 0) == (len(c.Essonne) > 0) {
		return usagef("backtest: name --file, or --essonne")
	}
	if len(c.Essonne) > 0 {
		return c.essonne(ctx, a)
	}
	calendar, err := c.calendar()
	if err != nil {
		return err
	}
	report := &firestationsReport{Headline: "MASE: days of all calls together; intervals: days of each station; pinball: days, mean over stations, against the seasonal naive with the quantiles of its own errors"}
	all, err := c.read(ctx, a, calendar.Zone, report)
	if err != nil {
		return err
	}
	variants := []struct {
		name string
		fit  series.Options
	}{
		{"the model", series.Options{}},
		{"regression only", series.Options{Model: series.Regression}},
		{"smoothing only", series.Options{Model: series.Smoothing}},
		{"nothing tamed", series.Options{Tame: -1}},
		{"weekdays and hours not pooled", series.Options{Apart: true}},
		{"8 weeks of calibration, not faded", series.Options{Calibrate: 8, Fade: -1}},
		{"calibration not faded", series.Options{Fade: -1}},
		{"calibration faded by half in 4 weeks", series.Options{Fade: 4}},
		{"calibration faded by half in 16 weeks", series.Options{Fade: 16}},
	}
	if !c.Variants {
		variants = variants[:1]
	}
	for _, v := range variants {
		r, err := series.Backtest(ctx, all, calendar, series.BacktestOptions{
			Fit: v.fit, Weeks: c.Weeks, Group: stationGroups, Draws: c.Draws, Seed: c.Seed, Progress: a.progress,
		})
		if err != nil {
			return err
		}
		report.Reports, report.Variants = append(report.Reports, r), append(report.Variants, v.name)
	}
	report.Goals = stationGoals(report.Reports[0])
	if report.Crews, err = c.crews(ctx, all, calendar); err != nil {
		return err
	}
	a.display.Close()
	a.print(report, func(w io.Writer) { printFirestations(w, report) })
	return nil
}

// calendar of the flags.
func (c *backtestFirestationsCommand) calendar() (series.Calendar, error) {
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return series.Calendar{}, usagef("backtest: --zone: %v", err)
	}
	calendar := series.Calendar{Zone: zone}
	for _, day := range c.Holiday {
		t, err := time.Parse(time.DateOnly, day)
		if err != nil {
			return series.Calendar{}, usagef("backtest: --holiday %s is not a day like 2016-07-04", day)
		}
		calendar.Holidays = append(calendar.Holidays, judge.DayOf(t))
	}
	return calendar, nil
}

// The two sorts of places.
const (
	stationPrefix = "station "
	placePrefix   = "place "
)

// stationGroups keeps stations apart from other places, and stations with a call a day or more apart again.
func stationGroups(place string, perDay float64) []string {
	if !strings.HasPrefix(place, stationPrefix) {
		return []string{"place without a station"}
	}
	if perDay >= 1 {
		return []string{"station", "station, a call a day or more"}
	}
	return []string{"station", "station, less than a call a day"}
}

// read counts the calls of each place, kind and hour between the first midnight and the last.
func (c *backtestFirestationsCommand) read(ctx context.Context, a *app, zone *time.Location, report *firestationsReport) ([]series.Series, error) {
	type call struct {
		place, kind string
		at          time.Time
	}
	var calls []call
	var delays []float64
	err := readRecords(ctx, a, c.Source, c.File, data.Options{Mapping: c.Mapping}, func(r *data.Record) error {
		if r.Event == nil || !geoengine.Within(r.Event.Category, []string{"rescue.call"}) {
			return nil
		}
		e := r.Event
		place := stationPrefix + attribute(e, c.Station)
		if place == stationPrefix {
			place = placePrefix + cmp.Or(attribute(e, c.Otherwise), "unknown")
		}
		at := e.Reported
		if at.IsZero() {
			at = e.Start
		}
		kind := strings.TrimPrefix(strings.TrimPrefix(e.Category, "rescue.call"), ".")
		calls, delays = append(calls, call{place, kind, at}), append(delays, at.Sub(e.Start).Minutes())
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(calls) == 0 {
		return nil, fmt.Errorf("backtest: no event of category rescue.call in the files: %w", geoengine.ErrInvalid)
	}
	_, middle, _ := judge.Quartiles(delays)
	report.Delay = fmt.Sprintf("%.0f min", middle)
	slices.SortFunc(calls, func(x, y call) int { return x.at.Compare(y.at) })
	first, last := calls[0].at.In(zone), calls[len(calls)-1].at.In(zone)
	start := time.Date(first.Year(), first.Month(), first.Day()+1, 0, 0, 0, 0, zone) // the first day may be cut
	end := time.Date(last.Year(), last.Month(), last.Day()+1, 0, 0, 0, 0, zone)
	if c.Until != "" {
		day, err := time.ParseInLocation(time.DateOnly, c.Until, zone)
		if err != nil {
			return nil, usagef("backtest: --until %s is not a day like 2016-05-21", c.Until)
		}
		if day.Before(end) {
			end = day
		}
	}
	table := series.NewTable(start, max(0, int(end.Sub(start).Hours())))
	for _, x := range calls {
		if table.Add(x.place, x.kind, x.at, 1) {
			report.Calls++
		} else {
			report.Left++
		}
	}
	return table.Series(), nil
}

// attribute is the value of a key; "" without it.
func attribute(e *geoengine.Event, key string) string {
	for _, a := range e.Attributes {
		if a.Key == key {
			return a.Value
		}
	}
	return ""
}

// stationGoals are the goals that were set, each judged by the series that the headline names.
func stationGoals(r *series.Report) []stationGoal {
	find := func(group string) (out series.Result) {
		for _, x := range r.Results {
			if x.Group == group && x.Step == series.Daily {
				out = x
			}
		}
		return out
	}
	total, station := find("total"), find("station")
	within := func(name, of string, got, low, high float64) stationGoal {
		return stationGoal{Goal: name, Of: of, Got: got, Low: low, High: high, Met: low <= got && got <= high}
	}
	return []stationGoal{
		within("MASE at most 0.68", "total, days", total.MASE, 0, 0.68),
		within("80 % intervals cover 78–82 %", "stations, days", station.Cover80, 0.78, 0.82),
		within("95 % intervals cover 94–96 %", "stations, days", station.Cover95, 0.94, 0.96),
		within("pinball at least 10 % under the seasonal naive", "stations, days", station.GainPerSeries, 0.1, 1),
	}
}

// printFirestations prints goals and figures for people.
func printFirestations(w io.Writer, r *firestationsReport) {
	first := r.Reports[0]
	fmt.Fprintf(w, "%d calls (%d outside whole days; %s from call to report), %d places; learnt from %d days and more, judged by %s to %s (%d calls)\n\n",
		r.Calls, r.Left, r.Delay, first.Places, first.Days, first.First, first.Last, first.Calls)
	rows := [][]string{{"GOAL", "OF", "GOT", ""}}
	for _, g := range r.Goals {
		rows = append(rows, []string{g.Goal, g.Of, fmt.Sprintf("%.3f", g.Got), map[bool]string{true: "met", false: "missed"}[g.Met]})
	}
	table(w, rows)
	printCrews(w, r.Crews)
	for i, report := range r.Reports {
		fmt.Fprintf(w, "\n%s\n", r.Variants[i])
		rows := [][]string{{"SERIES", "STEP", "N", "CALLS", "FORECAST", "MASE", "POOLED", "NAIVE", "WEEKDAY", "80 %", "95 %", "WHOLE 80", "WHOLE 95", "PINBALL", "UNDER NAIVE", "PER SERIES", "BETTER", "UNDER WEEKDAY"}}
		for _, x := range report.Results {
			rows = append(rows, []string{
				fmt.Sprintf("%s (%d)", x.Group, x.Series), x.Step, fmt.Sprint(x.N), fmt.Sprintf("%.2f", x.Calls), fmt.Sprintf("%.2f", x.Mean),
				fmt.Sprintf("%.3f", x.MASE), fmt.Sprintf("%.3f", x.Pooled), fmt.Sprintf("%.3f", x.NaiveM), fmt.Sprintf("%.3f", x.Usual),
				share(x.Cover80), share(x.Cover95), share(x.Whole80), share(x.Whole95),
				fmt.Sprintf("%.4f", x.Pinball), share(x.Gain), share(x.GainPerSeries), share(x.Better), share(x.GainUsual),
			})
		}
		table(w, rows)
		for _, note := range report.Notes {
			fmt.Fprintln(w, note)
		}
	}
}

// share is a part of one in percent.
func share(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) }
