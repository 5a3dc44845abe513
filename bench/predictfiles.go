package bench

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigie/data"
	"vigie/data/sources/emergency"
	"vigie/geoengine"
	"vigie/predict/hotspot"
	"vigie/predict/judge"
	"vigie/predict/series"
)

// predictFiles measures on real data: thefts (columns occ_date, lon, lat) or 911 calls (columns desc, timeStamp).
func predictFiles(ctx context.Context, options Options) ([]Result, error) {
	files, cleanup, err := data.OpenInput(ctx, options.Files, data.Limits{})
	if err != nil {
		return nil, err
	}
	defer cleanup()
	var results []Result
	for _, file := range files {
		header, err := firstLine(file)
		if err != nil {
			return nil, err
		}
		measure := map[bool]func(context.Context, data.File, Options) ([]Result, error){true: theftFile, false: callFile}[strings.Contains(header, "occ_date")]
		if !strings.Contains(header, "occ_date") && !strings.Contains(header, "timeStamp") {
			return nil, fmt.Errorf("bench predict: %s has neither thefts (occ_date, lon, lat) nor 911 calls (desc, timeStamp): %w", file.Name, geoengine.ErrInvalid)
		}
		rows, err := measure(ctx, file, options)
		if err != nil {
			return nil, fmt.Errorf("bench predict, %s: %w", file.Name, err)
		}
		results = append(results, rows...)
	}
	return results, nil
}

func firstLine(file data.File) (string, error) {
	in, err := file.Open()
	if err != nil {
		return "", fmt.Errorf("open %s: %w", file.Name, err)
	}
	defer func() { _ = in.Close() }() // it was only read
	scanner := bufio.NewScanner(in)
	scanner.Scan()
	return scanner.Text(), scanner.Err()
}

// theftFile compares forecasts of thefts of a file, on H3 cells of resolution 10 around those before the first origin.
func theftFile(ctx context.Context, file data.File, options Options) ([]Result, error) {
	var events []hotspot.Event
	columns := data.CSVOptions{Encoding: "auto", Required: []string{"occ_date", "lon", "lat"}}
	for _, err := range data.Rows(ctx, data.Input{Files: []data.File{file}}, columns, func(row data.Row) (data.Record, error) {
		at, err := time.Parse(time.DateOnly, row.Get("occ_date"))
		lon, err1 := strconv.ParseFloat(row.Get("lon"), 64)
		lat, err2 := strconv.ParseFloat(row.Get("lat"), 64)
		if fault := cmp.Or(err, err1, err2); fault != nil {
			return data.Record{}, fmt.Errorf("line %d: %w: %w", row.At.Line, fault, geoengine.ErrInvalid)
		}
		e := hotspot.Event{Day: judge.DayOf(at), Reported: judge.DayOf(at)}
		e.Point[0], e.Point[1] = lon, lat
		events = append(events, e)
		return data.Record{}, nil
	}) {
		if err != nil {
			return nil, err
		}
	}
	if len(events) == 0 {
		return nil, fmt.Errorf("no thefts: %w", geoengine.ErrInvalid)
	}
	slices.SortStableFunc(events, func(a, b hotspot.Event) int { return cmp.Compare(a.Day, b.Day) })
	last := events[len(events)-1].Day + 1
	origins := judge.Origins(events[0].Day+365, last-theftDays, theftDays, theftOrigins)
	if len(origins) == 0 {
		return nil, fmt.Errorf("thefts of %d days; 400 are needed: %w", last-events[0].Day, geoengine.ErrInvalid)
	}
	grid, err := hotspot.NewHex(10, nil, hotspot.Positions(events, origins[0]))
	if err != nil {
		return nil, err
	}
	c := &theftCase{fmt.Sprintf("%d thefts of a file", len(events)), grid, events, last, nil, origins}
	speed, err := c.speed(ctx, 3, math.Max(1, 60*float64(len(events))/1e6), options)
	if err != nil {
		return nil, err
	}
	results, err := c.beside(ctx, options)
	return append(speed, results...), err
}

// callFile compares forecasts of the twenty stations with most calls, by days of the local clock.
func callFile(ctx context.Context, file data.File, options Options) ([]Result, error) {
	type taken struct {
		station string
		hour    int64 // of the local clock, from 1970
	}
	var calls []taken
	for call, err := range emergency.Calls(ctx, data.Input{Files: []data.File{file}}) {
		if _, rejected := err.(*data.Reject); rejected || err == nil && call.Station == "" { //nolint:errorlint // Calls yields rejects bare
			continue
		}
		if err != nil {
			return nil, err
		}
		_, offset := call.Taken.Zone()
		calls = append(calls, taken{call.Station, (call.Taken.Unix() + int64(offset)) / 3600})
	}
	if len(calls) == 0 {
		return nil, fmt.Errorf("no calls that name a station: %w", geoengine.ErrInvalid)
	}
	slices.SortStableFunc(calls, func(a, b taken) int { return cmp.Compare(a.hour, b.hour) })
	first, end := calls[0].hour/24+1, calls[len(calls)-1].hour/24 // whole days
	table := series.NewTable(time.Unix(first*86400, 0).UTC(), int(end-first)*24)
	for _, c := range calls {
		table.Add(c.station, "", time.Unix(c.hour*3600, 0).UTC(), 1)
	}
	all := table.Series()
	held := stationOrigins * 7 * 24
	if int(end-first)*24-held < series.LeastDays*24 {
		return nil, fmt.Errorf("calls of %d days; %d are needed: %w", end-first, series.LeastDays+held/24, geoengine.ErrInvalid)
	}
	size := func(s series.Series) (sum int) {
		for _, n := range s.Counts[:len(s.Counts)-held] {
			sum += int(n)
		}
		return sum
	}
	slices.SortStableFunc(all, func(a, b series.Series) int { return cmp.Compare(size(b), size(a)) })
	return predictStations(ctx, options, "calls of a file", all[:min(20, len(all))])
}
