package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"vigie/data"
	"vigie/data/sources/emergency"
	"vigie/predict/series"
)

// stationCrews is what suggestions of crews would have cost and missed at one station.
type stationCrews struct {
	Station string        `json:"station"`
	Service float64       `json:"service"`
	Busy    int           `json:"busy_hours"`
	Past    series.Roster `json:"suggested"`
	Fixed   series.Roster `json:"fixed"`
}

// crews replays the suggestions of the weeks of calibration at every station with a call a day or more.
func (c *backtestFirestationsCommand) crews(ctx context.Context, all []series.Series, calendar series.Calendar) ([]stationCrews, error) {
	f, err := series.Fit(ctx, all, calendar, series.Options{})
	if err != nil {
		return nil, err
	}
	var out []stationCrews
	for _, place := range f.Places {
		if !strings.HasPrefix(place, stationPrefix) {
			continue
		}
		suggested, err := f.Crews(place, "", 48, series.CrewOptions{Service: c.Service, Busy: c.Busy})
		if err != nil {
			return nil, err
		}
		if suggested.Past.Calls*2 < suggested.Past.Shifts { // shifts are half days
			continue
		}
		out = append(out, stationCrews{place, suggested.Service, suggested.Busy, suggested.Past, suggested.Fixed})
	}
	slices.SortFunc(out, func(x, y stationCrews) int { return cmp.Compare(y.Past.Calls, x.Past.Calls) })
	return out, nil
}

// printCrews prints the largest stations and the sum.
func printCrews(w io.Writer, all []stationCrews) {
	if len(all) == 0 {
		return
	}
	var sum stationCrews
	rows := [][]string{{"STATION", "CALLS", "SUGGESTED: CREW HOURS", "MISSED", "SERVED", "FIXED, CHOSEN AFTERWARDS: CREW HOURS", "MISSED", "SERVED"}}
	row := func(name string, x stationCrews) []string {
		return []string{
			name, fmt.Sprint(x.Past.Calls), fmt.Sprint(x.Past.CrewHours), fmt.Sprint(x.Past.Missed), share(x.Past.Served),
			fmt.Sprintf("%d %v", x.Fixed.CrewHours, x.Fixed.Crews), fmt.Sprint(x.Fixed.Missed), share(x.Fixed.Served),
		}
	}
	for i, x := range all {
		if i < 10 {
			rows = append(rows, row(x.Station, x))
		}
		for _, pair := range [][2]*series.Roster{{&sum.Past, &x.Past}, {&sum.Fixed, &x.Fixed}} {
			pair[0].Calls += pair[1].Calls
			pair[0].CrewHours += pair[1].CrewHours
			pair[0].Missed += pair[1].Missed
			pair[0].Served = 1 - float64(pair[0].Missed)/float64(max(pair[0].Calls, 1))
		}
	}
	fmt.Fprintf(w, "\ncrews for %.0f %% of calls at once, a call keeping its crew %d h, shifts from 7 h and 19 h, %s to %s\n",
		100*all[0].Service, all[0].Busy, all[0].Past.From.Format("2006-01-02"), all[0].Past.To.Format("2006-01-02"))
	table(w, append(rows, row(fmt.Sprintf("all %d", len(all)), sum)))
}

// essonneReport is what is printed of yearly counts.
type essonneReport struct {
	Stations *series.YearReport    `json:"stations"` // communes shared out by the published shares
	Communes *series.YearReport    `json:"communes"`
	Next     []series.YearForecast `json:"next"` // of stations, after the last year
	Left     int                   `json:"left_out"`
}

// essonne holds the last year of the yearly counts out.
func (c *backtestFirestationsCommand) essonne(ctx context.Context, a *app) error {
	files, cleanup, err := data.OpenInput(ctx, c.Essonne, data.Limits{Progress: a.progress})
	if err != nil {
		return err
	}
	defer cleanup()
	tables, err := emergency.Essonne(ctx, data.Input{Files: files})
	if err != nil {
		return fmt.Errorf("backtest: %w", err)
	}
	report := &essonneReport{}
	var stations, communes []series.Annual
	stations, communes, report.Left = yearly(tables)
	if report.Stations, err = series.BacktestYearly(stations); err != nil {
		return fmt.Errorf("stations: %w", err)
	}
	if report.Communes, err = series.BacktestYearly(communes); err != nil {
		return fmt.Errorf("communes: %w", err)
	}
	if report.Next, err = series.Yearly(stations); err != nil {
		return err
	}
	a.display.Close()
	a.print(report, func(w io.Writer) { printEssonne(w, report) })
	return nil
}

// yearly gives the operations of each commune to its stations by the shares, which are the same for all years: they are
// published for all years together. Communes without shares count for no station; left is how many operations that are.
// A commune without a row in a year had none.
func yearly(t *emergency.Tables) (stations, communes []series.Annual, left int) {
	if len(t.Operations) == 0 {
		return nil, nil, 0
	}
	first, last := t.Operations[0].Year, t.Operations[0].Year
	for _, o := range t.Operations {
		first, last = min(first, o.Year), max(last, o.Year)
	}
	add := func(list *[]series.Annual, place string, year int, n float64) {
		at := slices.IndexFunc(*list, func(a series.Annual) bool { return a.Place == place })
		if at < 0 {
			at = len(*list)
			*list = append(*list, series.Annual{Place: place, First: first, Counts: make([]float64, last-first+1)})
		}
		(*list)[at].Counts[year-first] += n
	}
	shares := make(map[string][]emergency.Share, len(t.Coverage))
	for _, c := range t.Coverage {
		shares[c.Commune] = c.Shares
	}
	for _, o := range t.Operations {
		add(&communes, o.Commune, o.Year, float64(o.N))
		for _, s := range shares[o.Commune] {
			add(&stations, s.Station, o.Year, s.Share*float64(o.N))
		}
		if len(shares[o.Commune]) == 0 {
			left += o.N
		}
	}
	return stations, communes, left
}

// printEssonne prints the year held out, and the next.
func printEssonne(w io.Writer, r *essonneReport) {
	rows := [][]string{{"YEAR HELD OUT", "PLACES", "OBSERVED", "FORECAST", "MEAN ERROR", "LAST YEAR", "MEAN OF YEARS", "OWN TREND", "80 %", "95 %"}}
	for _, x := range []struct {
		name string
		of   *series.YearReport
	}{{"stations", r.Stations}, {"communes", r.Communes}} {
		rows = append(rows, []string{
			fmt.Sprint(x.of.Year), fmt.Sprintf("%d %s", x.of.Places, x.name), fmt.Sprintf("%.0f", x.of.Observed), fmt.Sprintf("%.0f", x.of.Expected),
			fmt.Sprintf("%.1f", x.of.MAE), fmt.Sprintf("%.1f", x.of.Last), fmt.Sprintf("%.1f", x.of.Mean), fmt.Sprintf("%.1f", x.of.Trend),
			share(x.of.Cover80), share(x.of.Cover95),
		})
	}
	table(w, rows)
	fmt.Fprintf(w, "\n%d operations are in communes without shares\n\n", r.Left)
	rows = [][]string{{"STATION", "YEAR", "FORECAST", "80 %", "95 %", "LAST YEAR"}}
	for _, f := range r.Next {
		rows = append(rows, []string{
			f.Place, fmt.Sprint(f.Year), fmt.Sprintf("%.0f", f.Mean), fmt.Sprintf("%.0f–%.0f", f.Low80, f.High80),
			fmt.Sprintf("%.0f–%.0f", f.Low95, f.High95), fmt.Sprintf("%.0f", f.Last),
		})
	}
	table(w, rows)
}
