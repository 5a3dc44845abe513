package forecasting

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"vigie/api/door"
	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/module"
)

// maxLatest bounds how many last runs of a forecast are listed.
const maxLatest = 200

// LineBody is a run in a list.
type LineBody struct {
	Run     string            `json:"run"`
	Areas   []string          `json:"areas" nullable:"false" doc:"Empty: everything."`
	Until   time.Time         `json:"until" doc:"Only what was reported before it was known."`
	Horizon string            `json:"horizon"`
	Options map[string]string `json:"options,omitempty"`
	Seed    uint64            `json:"seed"`
	From    time.Time         `json:"from"`
	To      time.Time         `json:"to"`
	Made    time.Time         `json:"made"`
	Usable  bool              `json:"usable"`
	Verdict forecast.Text     `json:"verdict"`
}

func line(r *forecast.Run) LineBody {
	head := &r.Head
	return LineBody{
		Run: r.ID.String(), Areas: head.Spec.Areas, Until: head.Spec.Until, Horizon: head.Spec.Horizon, Options: head.Spec.Options, Seed: head.Spec.Seed, From: head.From, To: head.To,
		Made: r.Made, Usable: head.Card.Usable, Verdict: head.Card.Verdict,
	}
}

type optionBody struct {
	Name   string      `json:"name"`
	Title  module.Text `json:"title"`
	Values []string    `json:"values" nullable:"false" doc:"The first one is the standard."`
}

// forecastBody is a forecast that there is.
type forecastBody struct {
	Name       string             `json:"name"`
	Title      module.Text        `json:"title"`
	Unit       module.Text        `json:"unit"`
	Place      forecast.PlaceKind `json:"place" enum:"cell,lixel,unit,area"`
	Model      string             `json:"model"`
	Version    string             `json:"version"`
	Categories []string           `json:"categories" nullable:"false" doc:"That may feed it."`
	Horizons   []string           `json:"horizons" nullable:"false"`
	Options    []optionBody       `json:"options" nullable:"false"`
	Every      string             `json:"every" doc:"Between two scheduled runs, ISO 8601."`
	Settle     string             `json:"settle" doc:"How long reports take to come in: a run is scored then, and once more after four times as long. ISO 8601."`
	Closed     bool               `json:"closed,omitempty" doc:"Made of events that the caller may not read one by one: no runs are shown."`
	Latest     []LineBody         `json:"latest" nullable:"false" doc:"The last run of each combination of areas, horizon and options."`
	Alert      *alertBody         `json:"alert,omitempty"`
}

type listInput struct{ Spoken }

type listOutput struct {
	Body struct {
		Forecasts []forecastBody `json:"forecasts" nullable:"false"`
	}
}

// list lists the forecasts of the server.
func (d *desk) list(ctx context.Context, pass door.Pass, _ *listInput) (*listOutput, error) {
	out := &listOutput{}
	out.Body.Forecasts = []forecastBody{}
	for _, f := range d.all() {
		body := describe(f)
		if body.Closed = !openTo(pass.Rights(), f); !body.Closed {
			runs, err := d.store.Latest(ctx, pass.Rights(), f.Name, maxLatest)
			if err != nil {
				return nil, err
			}
			slices.SortStableFunc(runs, func(a, b forecast.Run) int { return b.Head.Spec.Until.Compare(a.Head.Spec.Until) })
			for i := range runs {
				body.Latest = append(body.Latest, line(&runs[i]))
			}
			alerts, err := d.alertsOf(ctx, pass.Rights(), f)
			if err != nil {
				return nil, err
			}
			if len(alerts) > 0 {
				body.Alert = &alerts[0]
			}
		}
		out.Body.Forecasts = append(out.Body.Forecasts, body)
	}
	return out, nil
}

func describe(f *Forecaster) forecastBody {
	body := forecastBody{
		Name: f.Name, Title: f.Title, Unit: f.Unit, Place: f.Place, Model: f.Model, Version: f.Version, Categories: f.Categories, Horizons: []string{}, Options: []optionBody{},
		Every: iso(f.Every), Settle: iso(f.Settle), Latest: []LineBody{},
	}
	for _, h := range f.Horizons {
		body.Horizons = append(body.Horizons, h.Name)
	}
	for _, o := range f.Options {
		body.Options = append(body.Options, optionBody(o))
	}
	return body
}

// iso writes a duration of whole hours or days in ISO 8601.
func iso(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d%day == 0:
		return "P" + strconv.Itoa(int(d/day)) + "D"
	case d%time.Hour == 0:
		return "PT" + strconv.Itoa(int(d/time.Hour)) + "H"
	}
	return "PT" + strconv.Itoa(int(d/time.Minute)) + "M"
}

// alertBody says that the calibration of a forecast has left its band.
type alertBody struct {
	Forecast string            `json:"forecast"`
	Run      string            `json:"run" doc:"The last one that was scored."`
	Areas    []string          `json:"areas" nullable:"false"`
	Horizon  string            `json:"horizon"`
	Options  map[string]string `json:"options,omitempty"`
	At       time.Time         `json:"at" doc:"When it was last scored."`
	Text     forecast.Text     `json:"text"`
	Drift    forecast.Drift    `json:"drift"`
}

type alertsOutput struct {
	Body struct {
		Alerts []alertBody `json:"alerts" nullable:"false"`
	}
}

// alerts lists the forecasts whose calibration has left its band, where the caller may see all their areas.
func (d *desk) alerts(ctx context.Context, pass door.Pass, _ *listInput) (*alertsOutput, error) {
	out := &alertsOutput{}
	out.Body.Alerts = []alertBody{}
	for _, f := range d.all() {
		if !openTo(pass.Rights(), f) {
			continue
		}
		list, err := d.alertsOf(ctx, pass.Rights(), f)
		if err != nil {
			return nil, err
		}
		out.Body.Alerts = append(out.Body.Alerts, list...)
	}
	return out, nil
}

func (d *desk) alertsOf(ctx context.Context, rights geoengine.Rights, f *Forecaster) ([]alertBody, error) {
	list := []alertBody{}
	last, err := d.store.Last(ctx, rights, f.Name, maxLatest)
	if err != nil {
		return nil, err
	}
	for i := range last {
		one := &last[i]
		if one.Score.Drift == nil || one.Score.Drift.InBand {
			continue
		}
		alert := alertBody{
			Forecast: f.Name, Run: one.Run.String(), Areas: one.Areas, Horizon: one.Horizon, At: one.Score.At, Drift: *one.Score.Drift, Text: drifted(one.Score.Drift),
		}
		if err := json.Unmarshal([]byte(one.Options), &alert.Options); err != nil {
			return nil, fmt.Errorf("options of run %s: %w", one.Run, err)
		}
		list = append(list, alert)
	}
	return list, nil
}

// drifted says what has left the band.
func drifted(drift *forecast.Drift) forecast.Text {
	const percent = 100
	return forecast.Text{
		FR: fmt.Sprintf("Sur les %d dernières périodes : %.0f observés pour %.0f attendus ; l'intervalle à 80 %% en a tenu %.0f %%. Ne vous y fiez plus sans vérifier.",
			drift.Runs, drift.Observed, drift.Expected, percent*drift.Cover80),
		EN: fmt.Sprintf("Over the last %d periods: %.0f observed where %.0f were expected; the 80 %% interval held %.0f %%. Do not rely on it without a check.",
			drift.Runs, drift.Observed, drift.Expected, percent*drift.Cover80),
	}
}
