package hotspot

import "vigie/predict/judge"

// Report is what a back-test says. All of it is out of sample: no model, choice or calibration knew anything that was
// reported on its origin or later.
type Report struct {
	Events     int       `json:"events"`  // on the grid
	Outside    int       `json:"outside"` // in no place of it, but counted among what happened
	Stray      int       `json:"stray"`   // left out: dated more than a year before or after all others
	First      string    `json:"first"`   // day of the first event
	Last       string    `json:"last"`
	Resolution int       `json:"resolution"` // of H3
	Places     int       `json:"places"`
	WholeKm2   float64   `json:"whole_km2"`
	Open       bool      `json:"open"` // no boundary was given: cells seen before the first origin and Rings rings around them
	Refit      int       `json:"refit_days"`
	Models     []Variant `json:"models"`
	Columns    []string  `json:"columns"` // what regression, trees and mixture see
	Horizons   []Horizon `json:"horizons"`
	Squares    *Squares  `json:"squares,omitempty"`
	Usable     bool      `json:"usable"` // of the headline budget over 30 days
	Verdict    string    `json:"verdict"`
}

// Variant is a model that took part.
type Variant struct {
	Name     string `json:"name"`
	About    string `json:"about"`
	Baseline bool   `json:"baseline"`
}

// Horizon is the back-test of forecasts over some days.
type Horizon struct {
	Days    int            `json:"days"`
	Origins int            `json:"origins"`
	From    string         `json:"from"` // first and last origin
	To      string         `json:"to"`
	Thefts  float64        `json:"thefts"` // over all origins; periods overlap
	Budgets []BudgetResult `json:"budgets"`
	// Deciles are classes of as many places each, Masses of as many expected thefts each, of the nested choice of the
	// headline budget.
	Deciles  []Decile `json:"deciles"`
	Masses   []Decile `json:"masses"`
	Expected float64  `json:"expected"`
	Cover80  float64  `json:"cover80"` // shares of places × origins, and of those that expected the most thefts (last mass class)
	Cover95  float64  `json:"cover95"`
	Hot80    float64  `json:"cover80_hot"`
	Hot95    float64  `json:"cover95_hot"`
}

// Decile compares what was expected of a class with what happened.
type Decile struct {
	Forecast float64 `json:"forecast"` // mean per place
	Observed float64 `json:"observed"`
	Ratio    float64 `json:"ratio"` // observed over forecast; 0 where nothing was forecast
	N        int     `json:"n"`
}

// BudgetResult is how all did with one budget of area.
type BudgetResult struct {
	Budget string  `json:"budget"`
	Km2    float64 `json:"km2"`
	Rows   []Score `json:"rows"` // first the nested choice, then all models
	// Picked is how often each model was the nested choice.
	Picked map[string]int `json:"picked"`
}

// Score is how one model did. Differences are of the mean share of thefts, against the count of all history.
type Score struct {
	Model string  `json:"model"`
	Hits  float64 `json:"hits"`
	Share float64 `json:"share"` // hits over thefts, n/N
	Used  float64 `json:"used"`  // mean share of the area that was spent
	PAI   float64 `json:"pai"`   // Share over Used
	PEI   float64 `json:"pei"`
	Diff  float64 `json:"difference"`
	Low   float64 `json:"low"` // 95 %, moving blocks of origins
	High  float64 `json:"high"`
	P     float64 `json:"p"` // after Holm: over the budgets for the nested choice, over all models and budgets for the rest; −1 for the count itself
}

// Chosen is the name of the nested choice in a report.
const Chosen = "nested choice"

func deciles(bins []judge.Bin) []Decile {
	out := make([]Decile, len(bins))
	for i, b := range bins {
		out[i] = Decile{Forecast: b.Forecast, Observed: b.Observed, N: b.N}
		if b.Forecast > 0 {
			out[i].Ratio = b.Observed / b.Forecast
		}
	}
	return out
}
