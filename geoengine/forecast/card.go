package forecast

import "time"

// Text is said in French and in English.
type Text struct {
	FR string `json:"fr"`
	EN string `json:"en"`
}

// Card is what a run says of itself: what it was made of, how well models like it did before, and whether it may be
// used. What is in Inputs counts events: it is shown to those only who may see all areas of the run.
type Card struct {
	Title    Text   `json:"title"`
	Unit     Text   `json:"unit"`    // of values: vols, sorties, accidents pondérés par an
	Usable   bool   `json:"usable"`  // false: no usable signal, the count of the past is not beaten
	Verdict  Text   `json:"verdict"` // in one sentence
	ToBeat   Text   `json:"to_beat"` // the count of the past that it must beat
	Chosen   []Text `json:"chosen"`  // what was chosen by the back-test, and against what
	Backtest []Row  `json:"backtest"`
	// Reliability compares what was forecast with what happened, by classes of equal forecasts, over the back-test.
	Reliability []Bin    `json:"reliability"`
	Band        Band     `json:"band"` // in which calibration must stay
	Inputs      Inputs   `json:"inputs"`
	Refused     []Count  `json:"refused,omitempty"` // events that may not feed it, by reason
	Limits      []Text   `json:"limits"`            // what it does not know
	Equity      []Equity `json:"equity,omitempty"`
}

// Row is one result of the back-test, model beside baseline.
type Row struct {
	Metric   string  `json:"metric"` // pai, pei, hit_rate, mase, pinball, coverage80, coverage95, capture
	At       string  `json:"at"`     // budget, horizon or step: "0.25 mi²", "5 %", "P1D"
	Model    float64 `json:"model"`
	Baseline float64 `json:"baseline"`
	Name     string  `json:"name"` // of the baseline
	Low      float64 `json:"low"`  // 95 % interval of the difference
	High     float64 `json:"high"`
	P        float64 `json:"p"` // after Holm; −1 where it is not tested
	Origins  int     `json:"origins"`
}

// Bin is one class of the reliability diagram.
type Bin struct {
	Forecast float64 `json:"forecast"` // mean of the class
	Observed float64 `json:"observed"`
	N        int     `json:"n"` // places × periods
}

// Band is where observed over forecast, and the shares within intervals, must stay.
type Band struct {
	RatioLow   float64 `json:"ratio_low"`
	RatioHigh  float64 `json:"ratio_high"`
	Cover80Low float64 `json:"cover80_low"`
	Cover95Low float64 `json:"cover95_low"`
}

// Inputs say what the run has learnt from.
type Inputs struct {
	Categories []string  `json:"categories"`
	Events     int       `json:"events"`
	Places     int       `json:"places"`
	First      time.Time `json:"first"`
	Last       time.Time `json:"last"`
	Optional   []Text    `json:"optional,omitempty"` // holidays, weather: used or not, and why
}

// Count is a number of events and a reason.
type Count struct {
	N      int  `json:"n"`
	Reason Text `json:"reason"`
}

// Equity compares, in one area, its share of the places pointed out with its share of reported events.
type Equity struct {
	Area    string  `json:"area"`
	Name    string  `json:"name"`
	Flagged float64 `json:"flagged"` // share of the places pointed out
	Events  float64 `json:"events"`  // share of the reported events
	Surface float64 `json:"surface"` // share of the surface
	Ratio   float64 `json:"ratio"`   // Flagged over Events; 0 without events
	Low     float64 `json:"low"`     // of the interval of Ratio, 95 % for all areas together
	High    float64 `json:"high"`    // −1: no limit
	Alarm   string  `json:"alarm"`   // over or under: out of proportion beyond chance (predict/patrol); else empty
}

// Score is how a run did once its period had passed.
type Score struct {
	At       time.Time `json:"at"`
	From     time.Time `json:"from"` // the part of the period that was scored
	To       time.Time `json:"to"`
	Kind     string    `json:"kind,omitempty"`
	Step     string    `json:"step"` // of the values: ISO 8601 duration
	Observed float64   `json:"observed"`
	Expected float64   `json:"expected"`
	Cover80  float64   `json:"cover80"` // shares of values whose interval held what happened
	Cover95  float64   `json:"cover95"`
	Hits     float64   `json:"hits"` // share of events in the best 5 % of places
	Baseline float64   `json:"baseline_hits"`
	Pinball  float64   `json:"pinball"`
	Values   int       `json:"values"`
	InBand   bool      `json:"in_band"`
	// Drift is what the last runs like this one say together; on the first score of a run only.
	Drift *Drift `json:"drift,omitempty"`
}

// Drift is the calibration over the last runs alike whose periods do not overlap.
type Drift struct {
	Runs     int       `json:"runs"`
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Observed float64   `json:"observed"`
	Expected float64   `json:"expected"`
	Cover80  float64   `json:"cover80"`
	Cover95  float64   `json:"cover95"`
	Values   int       `json:"values"`
	InBand   bool      `json:"in_band"`
}
