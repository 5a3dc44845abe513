package accidents

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/modules/accidents/backtest"
	"vigie/predict/judge"
	"vigie/predict/roadrisk"
)

// drawsOfCard is how many draws the intervals of a card have.
const drawsOfCard = 500

// card says what the run was made of and how such a run did on the last year at hand, learnt from those before.
func (in *input) card(ctx context.Context, h *history, o *outlook, seed uint64) (forecast.Card, error) {
	r := &o.surface.Report
	card := forecast.Card{
		Title: forecast.Text(title()), Unit: unitOf(o.severity), ToBeat: toBeat(), Chosen: chosenWords(in.network != nil, r),
		Band: forecast.Band{RatioLow: 0.8, RatioHigh: 1.25, Cover80Low: 0.78, Cover95Low: 0.94},
		Inputs: forecast.Inputs{
			Categories: []string{category}, Events: r.Accidents + r.Damage, Places: o.places(), First: h.years[0].From, Last: h.end, Optional: optional(in),
		},
		Limits: limits(h, o, r.Damage),
	}
	for _, refused := range []struct {
		n      int
		fr, en string
	}{
		{r.Unplaced, "sans position, ou loin de tout lieu du territoire", "without a position, or far from every place of the territory"},
		{r.Outside, "hors des années apprises", "outside the years learnt from"},
	} {
		if refused.n > 0 {
			card.Refused = append(card.Refused, forecast.Count{N: refused.n, Reason: forecast.Text{FR: refused.fr, EN: refused.en}})
		}
	}
	if len(h.years) < 2 {
		card.Verdict = forecast.Text{
			FR: "Pas de signal établi : il faut deux années d'accidents pour juger la prévision sur une année qu'elle n'a pas vue.",
			EN: "No established signal: two years of accidents are needed to judge the forecast on one that it has not seen.",
		}
		return card, nil
	}
	err := in.judge(ctx, h, o.severity, seed, &card)
	if errors.Is(err, geoengine.ErrInvalid) { // nothing to learn from or to judge by
		card.Backtest, card.Reliability, card.Usable = nil, nil, false
		card.Verdict = forecast.Text{
			FR: "Pas de signal établi : l'année qui devait juger la prévision n'a pas assez d'accidents.",
			EN: "No established signal: the year that was to judge the forecast has too few accidents.",
		}
		return card, nil
	}
	return card, err
}

// judge holds the last year out.
func (in *input) judge(ctx context.Context, h *history, severity bool, seed uint64, card *forecast.Card) error {
	train, test := h.years[:len(h.years)-1], h.years[len(h.years)-1]
	curves, err := backtest.Holdout(ctx, backtest.Input{Network: in.network, Cells: in.cells, Inside: in.inside, Accidents: in.accidents, Train: train, Test: test},
		backtest.Options{Draws: drawsOfCard, Seed: max(seed, 1)}, severity)
	if err != nil {
		return err
	}
	rival := strongest(curves)
	var p []float64
	for _, budget := range budgets() {
		mine, _ := backtest.At(curves, backtest.Model, budget)
		theirs, _ := backtest.At(curves, rival, budget)
		card.Backtest = append(card.Backtest, forecast.Row{
			Metric: "capture", At: fmt.Sprintf("%.3g %%", 100*budget), Model: mine.Share.Value, Baseline: theirs.Share.Value, Name: rival,
			Low: theirs.Difference.Low, High: theirs.Difference.High, Origins: theirs.Difference.N,
		})
		p = append(p, theirs.Difference.P)
	}
	at := slices.Index(budgets(), backtest.Headline)
	headline := p[at] // the question that was fixed beforehand; the other budgets are corrected for how many they are
	others := judge.Holm(slices.Delete(p, at, at+1))
	for i, v := range slices.Insert(others, at, headline) {
		card.Backtest[i].P = v
	}
	best := card.Backtest[at]
	card.Usable = best.Low > 0
	card.Verdict = verdict(card.Usable, best)
	return in.calibrate(ctx, train, test, severity, card)
}

func budgets() []float64 { return []float64{0.01, 0.05, backtest.Headline, 0.20} }

// strongest is the count of the past that captures most at the headline budget.
func strongest(curves []backtest.Curve) string {
	name, most := backtest.Rivals()[0], -1.0
	for _, rival := range backtest.Rivals() {
		if p, ok := backtest.At(curves, rival, backtest.Headline); ok && p.Share.Value > most {
			name, most = rival, p.Share.Value
		}
	}
	return name
}

// calibrate compares the forecast of the year held out with what happened.
func (in *input) calibrate(ctx context.Context, train []roadrisk.Period, test roadrisk.Period, severity bool, card *forecast.Card) error {
	o, err := in.lookOut(ctx, train, test.From, test.To, severity)
	if err != nil {
		return err
	}
	values, numbers, err := o.values(ctx)
	if err != nil {
		return err
	}
	observed := in.observed(test, o.severity)
	var happened, expected, low80, high80, low95, high95 []float64
	for n := range values {
		v := &values[n]
		happened, expected = append(happened, observed[numbers[n]]), append(expected, v.Expected)
		low80, high80, low95, high95 = append(low80, v.Low80), append(high80, v.High80), append(low95, v.Low95), append(high95, v.High95)
	}
	const deciles = 10
	for _, bin := range judge.ReliabilityByMass(expected, happened, deciles) {
		card.Reliability = append(card.Reliability, forecast.Bin(bin))
	}
	for _, row := range []struct {
		metric    string
		low, high []float64
		want      float64
	}{{"coverage80", low80, high80, 0.80}, {"coverage95", low95, high95, 0.95}} {
		card.Backtest = append(card.Backtest, forecast.Row{Metric: row.metric, At: "P1Y", Model: judge.Coverage(row.low, row.high, happened), Baseline: row.want, Name: "nominal", P: -1, Origins: 1})
	}
	return nil
}

func (o *outlook) places() int {
	if o.in.inside == nil {
		return len(o.in.list)
	}
	n := 0
	for _, inside := range o.in.inside {
		if inside {
			n++
		}
	}
	return n
}

func verdict(usable bool, row forecast.Row) forecast.Text {
	mine, theirs := math.Round(1000*row.Model)/10, math.Round(1000*row.Baseline)/10
	mineFR, theirsFR := french(mine, 1), french(theirs, 1)
	if !usable {
		return forecast.Text{
			FR: fmt.Sprintf("Pas de signal établi : sur la dernière année, la prévision place %s\u00a0%% des accidents dans 13\u00a0%% des lieux et heures, le compte du passé %s\u00a0%% ; l'écart ne dépasse pas le hasard.", mineFR, theirsFR),
			EN: fmt.Sprintf("No established signal: on the last year the forecast has %.1f %% of accidents in 13 %% of places and hours, the count of the past %.1f %%; the difference is within chance.", mine, theirs),
		}
	}
	return forecast.Text{
		FR: fmt.Sprintf("Sur la dernière année, que la prévision n'avait pas vue, 13\u00a0%% des lieux et heures contiennent %s\u00a0%% des accidents, contre %s\u00a0%% par le compte du passé.", mineFR, theirsFR),
		EN: fmt.Sprintf("On the last year, which the forecast had not seen, 13 %% of places and hours hold %.1f %% of accidents, against %.1f %% by the count of the past.", mine, theirs),
	}
}
