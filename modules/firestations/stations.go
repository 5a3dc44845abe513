package firestations

import (
	"context"
	"slices"
	"strings"
	"time"

	"vigie/api/door"
	"vigie/geoengine/forecast"
)

// stationsInput asks for the stations of an area.
type stationsInput struct {
	Spoken
	Area string `query:"area" maxLength:"80" doc:"Path of an area; all that the caller may see if empty."`
}

type stationsOutput struct {
	Body stationsBody
}

type stationsBody struct {
	Run      *runShown `json:"run,omitempty" doc:"The latest run; absent if there is none."`
	Until    time.Time `json:"until,omitzero" doc:"What was reported before it was known."`
	Stations []station `json:"stations" nullable:"false"`
}

// station is a line of the list.
type station struct {
	ID        string   `json:"id" doc:"source/ref of the unit, or path of the commune."`
	Label     string   `json:"label"`
	Area      string   `json:"area"`
	AreaName  string   `json:"area_name,omitempty"`
	Lon       *float64 `json:"lon,omitempty"`
	Lat       *float64 `json:"lat,omitempty"`
	Run       string   `json:"run"`
	Today     *period  `json:"today,omitempty" doc:"The first whole day forecast."`
	Yesterday *outcome `json:"yesterday,omitempty" doc:"What an earlier run had forecast, and what happened."`
}

// outcome is a forecast with what happened.
type outcome struct {
	period
	Observed int `json:"observed"`
}

// stations lists the stations of an area in the latest run.
func (d *desk) stations(ctx context.Context, pass door.Pass, in *stationsInput) (*stationsOutput, error) {
	if err := covered(pass, in.Area); err != nil {
		return nil, err
	}
	out := &stationsOutput{Body: stationsBody{Stations: []station{}}}
	runs, err := d.runs(ctx, pass, in.Area)
	if err != nil {
		return nil, err
	}
	for len(runs) > 0 && len(out.Body.Stations) == 0 {
		pass.Concerns("forecast:" + Name + " run:" + runs[0].ID.String())
		if err := d.list(ctx, pass, runs, in.Area, &out.Body); err != nil {
			return nil, err
		}
		runs = runs[1:]
	}
	return out, nil
}

func (d *desk) list(ctx context.Context, pass door.Pass, runs []forecast.Run, area string, body *stationsBody) error {
	run := &runs[0]
	today, err := d.daysOf(ctx, pass, run, area, "", run.Head.From, run.Head.From.Add(25*time.Hour))
	if err != nil || len(today) == 0 {
		return err
	}
	first := today[0].From
	today = slices.DeleteFunc(today, func(v forecast.Located) bool { return !v.From.Equal(first) })
	head := shown(run)
	body.Run, body.Until = &head, head.Until
	var paths []string
	for i := range today {
		paths = append(paths, today[i].Area)
	}
	names, err := d.names(ctx, paths)
	if err != nil {
		return err
	}
	for i := range today {
		v := &today[i]
		day := shownPeriod(&v.Value)
		one := station{ID: v.Place, Label: v.Label, Area: v.Area, AreaName: names[v.Area], Run: head.ID, Today: &day}
		if v.Center != nil {
			one.Lon, one.Lat = &v.Center[0], &v.Center[1]
		}
		body.Stations = append(body.Stations, one)
	}
	slices.SortStableFunc(body.Stations, func(a, b station) int { return strings.Compare(a.ID, b.ID) })
	return d.against(ctx, pass, runs, area, body.Stations)
}

// against adds yesterday's forecast and what happened to the stations.
func (d *desk) against(ctx context.Context, pass door.Pass, runs []forecast.Run, area string, list []station) error {
	before, values, err := d.yesterday(ctx, pass, runs, area, "")
	if err != nil || before == nil {
		return err
	}
	counts, err := d.observed(ctx, before, values[0].From, values[0].To, values)
	if err != nil {
		return err
	}
	for i := range values {
		v := &values[i].Value
		at := slices.IndexFunc(list, func(s station) bool { return s.ID == v.Place })
		if n := counts.of(v); at >= 0 && n >= 0 {
			list[at].Yesterday = &outcome{shownPeriod(v), int(n)}
		}
	}
	return nil
}
