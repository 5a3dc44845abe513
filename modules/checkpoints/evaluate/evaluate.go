// Package evaluate says what executed plans have changed, in two ways that lean on different things, and says so plainly
// when the data cannot tell.
//
// Before and after by Empirical Bayes (beforeafter.go) compares the accidents around the posts with what was to be expected
// there without them; places are chosen because much happened there, and regression to the mean is taken out. The estimate
// that uses the randomisation (randomised.go) leans on nothing but the draw: where the posts stood was drawn from a known
// mixed strategy, so places and days that were drawn are compared with those that could have been.
//
// The package is pure: read Input, then Evaluate. Layout (layout.go) makes a Trial from posts and accidents.
package evaluate

import (
	"context"
	"fmt"

	"vigie/geoengine"
)

// ErkeEffect is the share of accidents that drink-driving checkpoints prevent, after correction for publication bias
// (Erke, Goldenbeld & Vaa, Accident Analysis & Prevention 41, 2009). Power is stated for it.
const ErkeEffect = 0.14

// Input is what is known about executed plans. Groups and Trials may each be empty: that part of the result is then nil.
type Input struct {
	Level  float64 // of the intervals; 0.95 if zero
	Groups []Group // for before and after: one for each plan
	Trials []Trial // for the randomisation: one for each plan
}

// Group is the places around the posts of a plan, with places like them that had no posts, before and after it began.
type Group struct {
	Plan        string
	Places      []Place
	Comparison  Comparison
	BeforeYears float64 // length of the period before
	AfterYears  float64 // length of the period after: the days of the plan and the week that a post is felt after it
}

// Place is a stretch of road around a post.
type Place struct {
	Before float64 // accidents that happened in the period before
	Model  float64 // accidents that the safety performance function expects in the period before, from the kind of road alone
	Phi    float64 // shape of its gamma mixture (predict.Fit.Phi); +Inf for Poisson
	After  float64 // accidents in the period after
}

// Comparison is the accidents of comparable places without posts in the same two periods: it carries the trend, the season
// and the lengths of the periods. Fewer than five in either means there is none: then only the lengths are used, the result
// warns, and the verdict is that there are not enough data.
type Comparison struct {
	Before, After float64
}

// Trial is one plan as an experiment: cells of place and day, those that its posts reached, and those that other plans
// drawn from the same mixed strategy would have reached.
type Trial struct {
	Plan  string
	Cells []Cell
	// Reached are the cells that the plan reaches as it was approved, whether its posts were held or not: leaving those
	// out that were not held would undo the randomisation. Ascending indices of Cells.
	Reached []int32
	// Drawn are the cells that each of many plans drawn anew would have reached, with the posts that people fixed
	// (forced, moved, added) as they are in every one of them: a cell that is always reached, or never, tells nothing.
	Drawn [][]int32
	Held  float64 // share of the planned hours that were held, 0 to 1; a low one dilutes the effect and is warned about
}

// Cell is one stretch of road in one day.
type Cell struct {
	Expected float64 // accidents to be expected in it without posts, from what was known before the plan
	Count    float64 // accidents that happened in it
}

// Result is what could be found out.
type Result struct {
	Level       float64      `json:"level"`
	Plans       int          `json:"plans"`
	Verdict     Verdict      `json:"verdict"` // of the randomisation if there was one, else of before and after
	BeforeAfter *BeforeAfter `json:"before_after,omitempty"`
	Randomised  *Randomised  `json:"randomised,omitempty"`
	Warnings    []Verdict    `json:"warnings"`
}

// Verdict is a finding in one sentence. Code is for programs; verdicts are fewer, more, none_shown and not_enough_data,
// warnings are no_comparison, not_imported, few_draws, no_chance and not_held.
type Verdict struct {
	Code string `json:"code"`
	FR   string `json:"fr"`
	EN   string `json:"en"`
}

// Estimate is a number with its interval of Result.Level.
type Estimate struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"` // ratios are cut at 20: twenty times as many, or more
}

// Power is what the data could have shown, whatever they have shown.
type Power struct {
	Effect float64 `json:"effect"` // the share of accidents prevented for which At is stated: ErkeEffect
	At     float64 `json:"at"`     // probability of an interval below 1 if posts prevent Effect
	// Detectable is the least share of accidents prevented that would be shown with a probability of 80 %; 1 if not even
	// preventing every accident would.
	Detectable float64 `json:"detectable"`
	// Needed is how many times as many data it takes to show Effect with a probability of 80 %.
	Needed float64 `json:"needed"`
}

// BeforeAfter is the comparison of before and after by Empirical Bayes.
type BeforeAfter struct {
	Places   int     `json:"places"`
	Before   float64 `json:"before"`   // accidents in the period before
	After    float64 `json:"after"`    // accidents in the period after
	Expected float64 `json:"expected"` // accidents to be expected after, without posts, by Empirical Bayes
	Naive    float64 `json:"naive"`    // the same from what happened before alone: too high where places were chosen for it
	// Trend is the accidents after over those before in the comparison group, or the lengths of the periods without one.
	Trend float64 `json:"trend"`
	// Ratio is the accidents that happened over those to be expected; NaiveRatio is the same without Empirical Bayes. Nil
	// where nothing was to be expected.
	Ratio      *Estimate `json:"ratio"`
	NaiveRatio float64   `json:"naive_ratio"`
	Avoided    Estimate  `json:"avoided"` // accidents
	Power      Power     `json:"power"`
	Verdict    Verdict   `json:"verdict"`
}

// Randomised is the estimate that uses the randomisation.
type Randomised struct {
	Trials   int     `json:"trials"`
	Draws    int     `json:"draws"`    // plans drawn anew for each trial
	Cells    int     `json:"cells"`    // of place and day that could have been reached or not
	Certain  int     `json:"certain"`  // cells left out because they are (almost) always reached, or never
	Reached  int     `json:"reached"`  // of Cells
	Inside   float64 `json:"inside"`   // accidents in cells that were reached
	Outside  float64 `json:"outside"`  // accidents in the others
	Weighted float64 `json:"weighted"` // those of the others, weighted to stand for the reached: Σ y·p/(1−p)
	// Avoided is the Horvitz–Thompson difference Weighted − Inside: accidents avoided by a plan drawn like these.
	Avoided Estimate `json:"avoided"`
	// Ratio is accidents where posts reach over accidents where they could have; nil where there are none to divide by.
	Ratio *Estimate `json:"ratio"`
	// P is Fisher's randomisation p-value of no effect anywhere, two-sided; Fewer is one-sided for fewer accidents.
	P       float64 `json:"p"`
	Fewer   float64 `json:"fewer"`
	Power   Power   `json:"power"`
	Verdict Verdict `json:"verdict"`
}

// Evaluate computes both estimates. It wraps geoengine.ErrInvalid when the input contradicts itself; too little data is no
// error but a verdict.
func Evaluate(ctx context.Context, in Input) (Result, error) {
	if in.Level == 0 {
		in.Level = 0.95
	}
	if !(in.Level >= 0.5 && in.Level < 1) {
		return Result{}, fmt.Errorf("evaluate: a level of %v; give one from 0.5 to below 1: %w", in.Level, geoengine.ErrInvalid)
	}
	out := Result{Level: in.Level, Plans: max(len(in.Groups), len(in.Trials)), Warnings: []Verdict{}}
	if err := beforeAfter(in, &out); err != nil {
		return Result{}, err
	}
	if err := randomised(ctx, in, &out); err != nil {
		return Result{}, err
	}
	switch {
	case out.Randomised != nil:
		out.Verdict = out.Randomised.Verdict
	case out.BeforeAfter != nil:
		out.Verdict = out.BeforeAfter.Verdict
	default:
		out.Verdict = notEnough(Power{})
	}
	return out, nil
}
