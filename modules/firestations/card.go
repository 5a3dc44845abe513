package firestations

import (
	"context"
	"fmt"
	"slices"

	"vigie/geoengine/forecast"
	"vigie/modules/firestations/calendar"
	"vigie/predict/judge"
	"vigie/predict/series"
)

// heldOut is how many weeks the back-test holds out, where the history allows it.
const heldOut = 8

// judge runs the back-test on the weeks before the run; nil where the history is too short for one.
func (in *input) judge(ctx context.Context, options series.Options) (*series.Report, error) {
	weeks := min(heldOut, (int(in.end.Sub(in.start).Hours())/24-in.gap-series.LeastDays)/7)
	if weeks < 1 {
		return nil, nil //nolint:nilnil // no verdict
	}
	const draws = 500
	report, err := series.Backtest(ctx, in.series, in.calendar(), series.BacktestOptions{Fit: options, Weeks: weeks, Draws: draws, Seed: 1, Workers: 1})
	if err != nil {
		return nil, refused(err)
	}
	return report, nil
}

// find is the result of a group at a step.
func find(r *series.Report, group, step string) (out series.Result, ok bool) {
	if r == nil {
		return out, false
	}
	for i := range r.Results {
		if r.Results[i].Group == group && r.Results[i].Step == step {
			return r.Results[i], true
		}
	}
	return out, false
}

// perPlace is the group of all single places in a report.
const perPlace = "place"

// card says what the run is made of and how well it did before.
func (in *input) card(f *series.Fitted, report *series.Report) forecast.Card {
	c := forecast.Card{
		Title: forecast.Text(title()), Unit: forecast.Text(unit()),
		ToBeat: forecast.Text{FR: "le même jour (ou la même heure) de la semaine d'avant, avec les quantiles de ses erreurs passées", EN: "the same day (or hour) of the week before, with the quantiles of its past errors"},
		Band:   forecast.Band{RatioLow: 0.9, RatioHigh: 1.1, Cover80Low: 0.76, Cover95Low: 0.92},
		Inputs: forecast.Inputs{Categories: []string{Category}, Events: in.calls, Places: len(in.places), First: in.start, Last: in.last, Optional: in.days.optional},
		Chosen: []forecast.Text{{
			FR: "Moyenne d'une régression des comptages (jour, fériés, saison) et d'un lissage exponentiel, partagée entre les centres ; intervalles conformes", EN: "Average of a regression of counts (day, holidays, season) and exponential smoothing, shared between the stations; conformal intervals",
		}},
		Refused: in.refused,
		Limits:  in.limits(f),
	}
	c.Usable, c.Verdict = verdict(report)
	for _, step := range []string{series.Hourly, series.Daily, series.Weekly} {
		if x, ok := find(report, perPlace, step); ok {
			c.Backtest = append(c.Backtest, rows(&x, report.Weeks)...)
		}
	}
	if x, ok := find(report, "total", series.Daily); ok {
		c.Backtest = append(c.Backtest, forecast.Row{Metric: "mase", At: "P1D total", Model: x.MASE, Baseline: x.NaiveM, Name: naive, P: -1, Origins: report.Weeks})
	}
	if x, ok := find(report, perPlace, series.Daily); ok {
		for _, b := range x.Bins {
			c.Reliability = append(c.Reliability, forecast.Bin(b))
		}
	}
	return c
}

// naive is the name of the baseline in rows.
const naive = "seasonal naive"

// rows are the results of one step.
func rows(x *series.Result, weeks int) []forecast.Row {
	return []forecast.Row{
		{Metric: "pinball", At: x.Step, Model: x.Pinball, Baseline: x.PinballNaive, Name: naive, Low: x.Difference.Low, High: x.Difference.High, P: x.Difference.P, Origins: weeks},
		{Metric: "mase", At: x.Step, Model: x.MASE, Baseline: x.NaiveM, Name: naive, P: -1, Origins: weeks},
		{Metric: "coverage80", At: x.Step, Model: x.Cover80, Baseline: 0.8, Name: "nominal", P: -1, Origins: weeks},
		{Metric: "coverage95", At: x.Step, Model: x.Cover95, Baseline: 0.95, Name: "nominal", P: -1, Origins: weeks},
	}
}

// sure is below which a p-value tells.
const sure = 0.05

// verdict says whether the run may be used: only where the days of single places were forecast better than by the count
// of the past, beyond chance.
func verdict(report *series.Report) (usable bool, words forecast.Text) {
	x, ok := find(report, perPlace, series.Daily)
	switch {
	case !ok:
		return false, forecast.Text{
			FR: "Pas encore jugée : l'historique est trop court pour mettre des semaines de côté.", EN: "Not judged yet: the history is too short to hold weeks out.",
		}
	case !(x.Pinball < x.PinballNaive && x.Difference.High < 0 && x.Difference.P < sure):
		return false, forecast.Text{
			FR: fmt.Sprintf("Aucun signal utilisable : sur %d semaines mises de côté, la semaine d'avant fait aussi bien.", report.Weeks),
			EN: fmt.Sprintf("No usable signal: over %d weeks held out, the week before does as well.", report.Weeks),
		}
	}
	gain := 100 * x.Gain
	return true, forecast.Text{
		FR: fmt.Sprintf("Sur %d semaines mises de côté, %.0f %% de perte en moins que la semaine d'avant, par centre et par jour ; l'intervalle à 80 %% a contenu %.0f %% des jours.", report.Weeks, gain, 100*x.Cover80),
		EN: fmt.Sprintf("Over %d weeks held out, %.0f %% less loss than the week before, per station and day; the 80 %% interval held %.0f %% of the days.", report.Weeks, gain, 100*x.Cover80),
	}
}

// limits say what the run does not know.
func (in *input) limits(f *series.Fitted) []forecast.Text {
	list := []forecast.Text{
		{FR: "Un événement rare (tempête, incendie de forêt, grand rassemblement) n'est pas prévu.", EN: "Rare events (a storm, a forest fire, a big gathering) are not foreseen."},
		{FR: "Un appel n'est pas un équipage : la durée des interventions n'est pas connue.", EN: "A call is not a crew: how long operations last is not known."},
	}
	if in.gap > 0 {
		list = append(list, forecast.Text{
			FR: fmt.Sprintf("%d jours sans aucun appel sont tenus pour des données manquantes.", in.gap), EN: fmt.Sprintf("%d days without any call are held for missing data.", in.gap),
		})
	}
	if years := float64(judge.DayOf(in.end)-judge.DayOf(in.start)) / 365; years < 1 {
		list = append(list, forecast.Text{FR: "Moins d'un an d'historique : la saison n'est pas connue.", EN: "Less than a year of history: the season is not known."})
	}
	for _, c := range in.days.weather {
		if !slices.Contains(f.Columns, c.Name) {
			list = append(list, forecast.Text{
				FR: fmt.Sprintf("Météo (%s) écartée : pas connue chaque jour de l'historique et jusqu'à la fin de la période, ou toujours la même.", measureFR(c.Name)),
				EN: fmt.Sprintf("Weather (%s) is left out: it is not known on every day of the history and up to the end of the period, or always the same.", c.Name),
			})
		}
	}
	return list
}

// measureFR is a measure of the weather in French.
func measureFR(name string) string {
	switch calendar.Measure(name) {
	case calendar.Temperature:
		return "température"
	case calendar.Rain:
		return "pluie"
	case calendar.Wind:
		return "vent"
	}
	return name
}
