package cartheft

import (
	"fmt"
	"math"
	"strings"

	"vigie/geoengine/forecast"
	"vigie/predict/hotspot"
	"vigie/predict/judge"
)

// The band in which calibration must stay: a fifth off, or what chance alone explains once in a hundred periods.
const (
	bandOff    = 0.8
	bandTail   = 0.005
	cover80Low = 0.75
	cover95Low = 0.92
)

// card says what the run was made of, how models like it did, and whether it may be used.
func (in *input) card(f *fit, fits []fit, h *hours, values []forecast.Value, flagged []bool) (forecast.Card, error) {
	c := forecast.Card{
		Title: forecast.Text{FR: "Vols de véhicules", EN: "Vehicle thefts"}, Unit: forecast.Text{FR: "vols", EN: "thefts"},
		Usable: f.Usable, Verdict: verdict(f),
		ToBeat: forecast.Text{FR: "le décompte de tous les vols passés, par cellule", EN: "the count of all past thefts, by cell"},
		Chosen: chosen(f, fits), Backtest: rows(f), Reliability: bins(f.Reliability), Band: band(values), Limits: limits(h),
		Inputs: forecast.Inputs{
			Categories: Categories(), Events: f.Events, Places: len(f.Grid.IDs), First: judge.DateOf(f.First), Last: judge.DateOf(f.Last), Optional: optional(h),
		},
		Refused: in.Refused.list(),
	}
	if f.imprecise > 0 {
		c.Refused = append(c.Refused, forecast.Count{N: f.imprecise, Reason: forecast.Text{
			FR: fmt.Sprintf("Position connue moins bien que la taille d'une cellule (résolution %d)", f.resolution),
			EN: fmt.Sprintf("Position known worse than the size of a cell (resolution %d)", f.resolution),
		}})
	}
	if f.Outside > 0 {
		c.Refused = append(c.Refused, forecast.Count{N: f.Outside, Reason: forecast.Text{FR: "Hors des cellules du territoire", EN: "Outside the cells of the territory"}})
	}
	names := map[string]string{}
	for _, line := range in.Borders {
		names[line.Path] = line.Name
	}
	var err error
	c.Equity, err = equity(values, flagged, in.byArea(), names)
	return c, err
}

// headline is the choice for the budget that ranks go by; nil if the territory is too small for it or the past too short.
func headline(f *hotspot.Fitted) *hotspot.Choice {
	for i := range f.Choices {
		if c := &f.Choices[i]; c.Budget == hotspot.Headline && c.Origins > 0 {
			return c
		}
	}
	return nil
}

func verdict(f *fit) forecast.Text {
	c := headline(f.Fitted)
	if c == nil {
		return forecast.Text{
			FR: "Pas de signal utilisable : le passé est trop court pour éprouver une prévision. Les valeurs sont le décompte du passé.",
			EN: "No usable signal: the past is too short to put a forecast to the test. The values are the count of the past.",
		}
	}
	if !f.Usable {
		return forecast.Text{
			FR: fmt.Sprintf("Pas de signal utilisable : aucun modèle ne bat le décompte du passé, dont 5 %% de la surface tenaient %s des vols sur %d périodes de 30 jours. Les valeurs sont ce décompte.", percentFR(c.Count), c.Origins),
			EN: fmt.Sprintf("No usable signal: no model beats the count of the past, whose 5 %% of the area held %s of the thefts over %d periods of 30 days. The values are that count.", percent(c.Count), c.Origins),
		}
	}
	return forecast.Text{
		FR: fmt.Sprintf("5 %% de la surface tenaient %s des vols sur %d périodes de 30 jours, contre %s pour le décompte du passé.", percentFR(c.Share), c.Origins, percentFR(c.Count)),
		EN: fmt.Sprintf("5 %% of the area held %s of the thefts over %d periods of 30 days, against %s for the count of the past.", percent(c.Share), c.Origins, percent(c.Count)),
	}
}

func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

func percentFR(share float64) string { return strings.Replace(percent(share), ".", ",", 1) }

// chosen tells the resolution with those that lost, and the model of each budget.
func chosen(f *fit, fits []fit) []forecast.Text {
	var fr, en []string
	for _, one := range fits {
		if one.share < 0 {
			fr, en = append(fr, fmt.Sprintf("%d : pas éprouvée", one.resolution)), append(en, fmt.Sprintf("%d: not tested", one.resolution))
			continue
		}
		fr, en = append(fr, fmt.Sprintf("%d : %s", one.resolution, percentFR(one.share))), append(en, fmt.Sprintf("%d: %s", one.resolution, percent(one.share)))
	}
	list := []forecast.Text{{
		FR: fmt.Sprintf("Cellules H3 de résolution %d, par la part des vols que tient la même surface (%s)", f.resolution, strings.Join(fr, " ; ")),
		EN: fmt.Sprintf("H3 cells of resolution %d, by the share of thefts that the same area holds (%s)", f.resolution, strings.Join(en, "; ")),
	}}
	for _, c := range f.Choices {
		list = append(list, forecast.Text{
			FR: fmt.Sprintf("Surface de %s : modèle « %s »", strings.Replace(c.Budget, ".", ",", 1), c.Model),
			EN: fmt.Sprintf("Area of %s: model “%s”", c.Budget, c.Model),
		})
	}
	return append(list, forecast.Text{
		FR: fmt.Sprintf("Modèles mis en concurrence : %d", len(hotspot.Contenders())), EN: fmt.Sprintf("Models that competed: %d", len(hotspot.Contenders())),
	})
}

// rows are the rehearsals, budget by budget: share of thefts held, and PAI, which is that share over the share of the area.
func rows(f *fit) []forecast.Row {
	var list []forecast.Row
	whole := f.Grid.Whole()
	for _, c := range f.Choices {
		if c.Origins == 0 {
			continue
		}
		row := forecast.Row{Metric: "hit_rate", At: c.Budget, Model: c.Share, Baseline: c.Count, Name: hotspot.Count, Low: c.Low, High: c.High, P: c.P, Origins: c.Origins}
		pai := row
		times := whole / c.Area
		pai.Metric, pai.Model, pai.Baseline, pai.Low, pai.High = "pai", times*c.Share, times*c.Count, times*c.Low, times*c.High
		list = append(list, row, pai)
	}
	return list
}

func bins(from []judge.Bin) []forecast.Bin {
	list := make([]forecast.Bin, len(from))
	for i, b := range from {
		list[i] = forecast.Bin{Forecast: b.Forecast, Observed: b.Observed, N: b.N}
	}
	return list
}

// band widens with what chance does to a total so small.
func band(values []forecast.Value) forecast.Band {
	total := 0.0
	for i := range values {
		total += values[i].Expected
	}
	b := forecast.Band{RatioLow: bandOff, RatioHigh: 1 / bandOff, Cover80Low: cover80Low, Cover95Low: cover95Low}
	if total > 0 {
		b.RatioLow = min(b.RatioLow, float64(hotspot.Quantile(total, math.Inf(1), bandTail))/total)
		b.RatioHigh = max(b.RatioHigh, float64(hotspot.Quantile(total, math.Inf(1), 1-bandTail))/total)
	}
	return b
}

func optional(h *hours) []forecast.Text {
	if len(h.profiles) == 0 {
		return []forecast.Text{{
			FR: fmt.Sprintf("Heures : inconnues (%d vols seulement disent une heure)", h.timed), EN: fmt.Sprintf("Hours: not known (only %d thefts tell one)", h.timed),
		}}
	}
	return []forecast.Text{{
		FR: fmt.Sprintf("Heures : %d vols, chacun réparti sur l'intervalle où il a pu avoir lieu", h.timed), EN: fmt.Sprintf("Hours: %d thefts, each spread over the interval in which it may have happened", h.timed),
	}}
}

func limits(h *hours) []forecast.Text {
	list := []forecast.Text{
		{FR: "Seuls les vols déclarés sont connus : là où l'on déclare moins, on prévoit moins", EN: "Only reported thefts are known: where less is reported, less is forecast"},
		{FR: "Des lieux, jamais des personnes : rien de ce qui décrit une personne n'entre dans le modèle", EN: "Places, never persons: nothing that describes a person enters the model"},
		{FR: "Les fourchettes ignorent un changement soudain du niveau général", EN: "The intervals know nothing of a sudden change of the general level"},
	}
	if len(h.profiles) > 0 {
		list = append(list, forecast.Text{
			FR: "Les heures viennent de plages d'incertitude : les pics y sont plus plats qu'en réalité", EN: "The hours come from intervals: peaks are flatter there than in truth",
		})
	}
	return list
}
