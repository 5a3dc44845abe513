package firestations

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"vigie/api/door"
	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/predict/series"
)

// period is a forecast of one period, for people: its median and bounds are whole numbers of calls. The bounds are those
// of the smallest range that holds the interval, so that they hold more often than they say, the more so the fewer the calls.
type period struct {
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Expected float64   `json:"expected"`
	Median   int       `json:"median"`
	Low50    int       `json:"low50"`
	High50   int       `json:"high50"`
	Low80    int       `json:"low80"`
	High80   int       `json:"high80"`
	Low95    int       `json:"low95"`
	High95   int       `json:"high95"`
	LastYear float64   `json:"last_year" doc:"Calls in the same period 364 days before; -1 where that is not known."`
	Count    float64   `json:"count" doc:"Calls in the same period of the last week that is known: what is to be beaten."`
}

func shownPeriod(v *forecast.Value) period {
	p := period{From: v.From, To: v.To, Expected: rounded(v.Expected), Median: int(math.Floor(v.Median + 0.5)), LastYear: v.LastYear, Count: v.Count}
	p.Low50, p.High50 = series.Whole(v.Low50, v.High50)
	p.Low80, p.High80 = series.Whole(v.Low80, v.High80)
	p.Low95, p.High95 = series.Whole(v.Low95, v.High95)
	return p
}

// rounded keeps a hundredth of a call.
func rounded(v float64) float64 { return math.Round(v*100) / 100 }

// StationInput names a station. It is exported for huma to see it.
type StationInput struct {
	Spoken
	ID string `path:"id" maxLength:"300" doc:"source/ref, the slash escaped (%2F), or the path of a commune."`
}

type pageOutput struct {
	Body page
}

// page is a station page.
type page struct {
	Station   station        `json:"station"`
	Run       runShown       `json:"run"`
	Card      *forecast.Card `json:"card,omitempty" doc:"Where the caller may see all areas of the run."`
	Partial   bool           `json:"partial" doc:"The caller sees a part of the run's areas."`
	Next48h   []period       `json:"next48h" nullable:"false"`
	Next14d   []period       `json:"next14d" nullable:"false"`
	Weeks     []period       `json:"weeks" nullable:"false"`
	Kinds     []kindShown    `json:"kinds" nullable:"false"`
	Yesterday *dayBefore     `json:"yesterday,omitempty" doc:"Absent where no earlier run had forecast it, or it is not known what happened."`
	Years     []yearShown    `json:"years,omitempty" doc:"Operations a year, as the service publishes them, by its coverage shares."`
}

type kindShown struct {
	Kind    string   `json:"kind"`
	Next14d []period `json:"next14d" nullable:"false"`
}

// dayBefore is the last whole day before a run, as an earlier run had forecast it.
type dayBefore struct {
	From          time.Time `json:"from"`
	To            time.Time `json:"to"`
	Run           runShown  `json:"run"`
	Retrospective bool      `json:"retrospective" doc:"That run was made when the day was over, from what had been known before it."`
	Day           period    `json:"day"`
	Observed      int       `json:"observed"`
	Hours         []outcome `json:"hours" nullable:"false"`
}

type yearShown struct {
	Year       int     `json:"year"`
	Operations float64 `json:"operations"`
}

// latest finds the latest run that has values of a place, with the runs before it.
func (d *desk) latest(ctx context.Context, pass door.Pass, place string) (runs []forecast.Run, values []forecast.Located, err error) {
	if runs, err = d.runs(ctx, pass, ""); err != nil {
		return nil, nil, err
	}
	for ; len(runs) > 0; runs = runs[1:] {
		values, err = d.forecasts.Values(ctx, pass.Rights(), runs[0].ID, forecast.Ask{Place: place, Limit: 5000})
		if err != nil || len(values) > 0 {
			pass.Concerns(fmt.Sprintf("forecast:%s run:%s station:%s", Name, runs[0].ID, place))
			return runs, values, err
		}
	}
	return nil, nil, fmt.Errorf("station: %w", geoengine.ErrMissing)
}

// station is the page of a station.
func (d *desk) station(ctx context.Context, pass door.Pass, in *StationInput) (*pageOutput, error) {
	runs, values, err := d.latest(ctx, pass, in.ID)
	if err != nil {
		return nil, err
	}
	run, p := &runs[0], page{Next48h: []period{}, Next14d: []period{}, Weeks: []period{}, Kinds: []kindShown{}}
	p.Run = shown(run)
	p.Station = station{ID: in.ID, Label: values[0].Label, Area: values[0].Area, Run: p.Run.ID}
	if c := values[0].Center; c != nil {
		p.Station.Lon, p.Station.Lat = &c[0], &c[1]
	}
	names, err := d.names(ctx, []string{p.Station.Area})
	if err != nil {
		return nil, err
	}
	p.Station.AreaName = names[p.Station.Area]
	if p.Partial = !run.Whole(pass.Scope()); !p.Partial {
		p.Card = &run.Head.Card
	}
	p.fill(values)
	if p.Yesterday, err = d.dayBefore(ctx, pass, runs, in.ID); err != nil {
		return nil, err
	}
	p.Years, err = d.years(ctx, in.ID)
	return &pageOutput{p}, err
}

// fill sorts values into the lists of the page.
func (p *page) fill(values []forecast.Located) {
	slices.SortStableFunc(values, func(a, b forecast.Located) int { return a.From.Compare(b.From) })
	for i := range values {
		v := &values[i]
		one := shownPeriod(&v.Value)
		length := v.To.Sub(v.From)
		const day, slack = 24 * time.Hour, time.Hour // days have 23 to 25 hours
		switch {
		case v.Kind == "" && length == time.Hour:
			p.Next48h = append(p.Next48h, one)
		case v.Kind == "" && length <= day+slack:
			p.Next14d = append(p.Next14d, one)
		case v.Kind == "":
			p.Weeks = append(p.Weeks, one)
		case length > time.Hour && length <= day+slack:
			at := slices.IndexFunc(p.Kinds, func(k kindShown) bool { return k.Kind == v.Kind })
			if at < 0 {
				at, p.Kinds = len(p.Kinds), append(p.Kinds, kindShown{Kind: v.Kind})
			}
			p.Kinds[at].Next14d = append(p.Kinds[at].Next14d, one)
		}
	}
	slices.SortStableFunc(p.Kinds, func(a, b kindShown) int { return strings.Compare(a.Kind, b.Kind) })
}

// dayBefore says what an earlier run had forecast for the last whole day, and what happened. Nothing is computed anew: the
// numbers are those that the earlier run has kept.
func (d *desk) dayBefore(ctx context.Context, pass door.Pass, runs []forecast.Run, place string) (*dayBefore, error) {
	before, values, err := d.yesterday(ctx, pass, runs, "", place)
	if err != nil || before == nil {
		return nil, err
	}
	v := &values[0].Value
	hours, err := d.forecasts.Values(ctx, pass.Rights(), before.ID, forecast.Ask{Place: place, Kind: all(), Step: series.Hourly, From: v.From, To: v.To, Limit: 30})
	if err != nil {
		return nil, err
	}
	counts, err := d.observed(ctx, before, v.From, v.To, values)
	if err != nil {
		return nil, err
	}
	n := counts.of(v)
	if n < 0 {
		return nil, nil //nolint:nilnil // it is not known what happened
	}
	out := &dayBefore{
		From: v.From, To: v.To, Run: shown(before), Retrospective: !before.Made.Before(v.To), Day: shownPeriod(v), Observed: int(n), Hours: []outcome{},
	}
	slices.SortStableFunc(hours, func(a, b forecast.Located) int { return a.From.Compare(b.From) })
	for i := range hours {
		h := &hours[i].Value
		out.Hours = append(out.Hours, outcome{shownPeriod(h), int(max(counts.of(h), 0))})
	}
	return out, nil
}

const selectYears = `
	select o.year, sum(o.n * s.share)
	from firestations_share s join firestations_operations o on o.source = s.source and o.commune = s.commune
	where s.source || '/' || s.station = $1
	group by o.year order by o.year`

// years are the yearly operations of a station: those of each commune, by the station's share of them.
func (d *desk) years(ctx context.Context, id string) ([]yearShown, error) {
	rows, err := d.db.Pool.Query(ctx, selectYears, id)
	if err != nil {
		return nil, fmt.Errorf("operations of %s: %w", id, err)
	}
	defer rows.Close()
	var list []yearShown
	for rows.Next() {
		var one yearShown
		if err := rows.Scan(&one.Year, &one.Operations); err != nil {
			return nil, fmt.Errorf("operations of %s: %w", id, err)
		}
		one.Operations = math.Round(one.Operations)
		list = append(list, one)
	}
	return list, rows.Err()
}
