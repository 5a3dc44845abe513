package series

import "vigie/predict/judge"

// Levels are the probabilities at which the pinball loss is taken.
func Levels() []float64 { return []float64{0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975} }

// Report says how forecasts of weeks held out did.
type Report struct {
	Model   string   `json:"model"`
	Weeks   int      `json:"weeks"`
	Days    int      `json:"days_before"` // learnt from at the first origin
	First   string   `json:"first"`       // local day held out first
	Last    string   `json:"last"`
	Calls   int64    `json:"calls"` // held out
	Places  int      `json:"places"`
	Results []Result `json:"results"`
	Notes   []string `json:"notes,omitempty"`
}

// Result is of one group of series at one step. Everything is forecast at most a week ahead.
type Result struct {
	Group  string  `json:"group"` // total, kind NAME, or the group of places
	Step   string  `json:"step"`
	Series int     `json:"series"`
	N      int     `json:"n"`       // forecasts judged
	Calls  float64 `json:"calls"`   // that came, per forecast
	Mean   float64 `json:"mean"`    // forecast; its ratio to Calls is the bias
	MASE   float64 `json:"mase"`    // mean over series of the error of the median over that of the seasonal naive before the first origin; 0: none has one
	Pooled float64 `json:"pooled"`  // the same of all errors together over all scales together
	NaiveM float64 `json:"naive"`   // MASE of the seasonal naive in the weeks held out
	Usual  float64 `json:"weekday"` // MASE of the median of the same weekday (and hour) so far

	Cover80 float64 `json:"cover80"` // mean of Covered
	Cover95 float64 `json:"cover95"`
	Whole80 float64 `json:"whole80"` // share within the smallest ranges of whole numbers that hold the intervals
	Whole95 float64 `json:"whole95"`
	Width80 float64 `json:"width80"` // mean width of intervals
	Width95 float64 `json:"width95"`

	Pinball       float64          `json:"pinball"`         // mean loss at Levels
	PinballNaive  float64          `json:"pinball_naive"`   // of the seasonal naive with the quantiles of its own past errors
	PinballPoint  float64          `json:"pinball_point"`   // of the seasonal naive for every level
	PinballUsual  float64          `json:"pinball_weekday"` // of the quantiles of the same weekday (and hour) so far
	Gain          float64          `json:"gain"`            // 1 − Pinball/PinballNaive, all series together
	GainPerSeries float64          `json:"gain_per_series"` // mean over series of 1 − Pinball/PinballNaive
	Better        float64          `json:"better"`          // share of series with less loss than the naive
	GainUsual     float64          `json:"gain_weekday"`    // 1 − Pinball/PinballUsual
	Difference    judge.Difference `json:"difference"`      // of the losses per week held out, model less naive
	Bins          []Bin            `json:"bins,omitempty"`  // forecast and observed by tenths of equal forecasts
}

// Bin is one class of equal forecasts, convertible to judge.Bin.
type Bin struct {
	Forecast float64 `json:"forecast"` // mean of the class
	Observed float64 `json:"observed"`
	N        int     `json:"n"`
}
