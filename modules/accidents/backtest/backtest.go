// Package backtest asks how much of the next year's accidents lies in the segment-hours that a forecast ranks first,
// beside what counts of the past would have ranked first: the capture curve.
//
// A segment-hour is a place (a lixel of road, or an H3 cell where there is no network) in one of the 168 local hours of
// the week. Read backtest.go (the question), ground.go (places), contenders.go (who takes part), capture.go (the curve),
// report.go (the answer).
package backtest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"vigie/geoengine"
	"vigie/predict/roadrisk"
	"vigie/progress"
)

// Input is what a back-test is made from.
type Input struct {
	Name      string              // of the place, for the report
	Network   *roadrisk.Network   // roads; nil where there are none
	Cells     *roadrisk.Cells     // where there are no roads
	Inside    []bool              // of which places the accidents are at hand; nil is all
	Accidents []roadrisk.Accident // of all years; those of other periods are left out
	Train     []roadrisk.Period   // to learn from, all before Test
	Test      roadrisk.Period     // to be judged by; a year at most counts week by week
}

// Options of Run. Zero fields are the defaults.
type Options struct {
	Budgets  []float64 // shares of all segment-hours, ascending; 1, 5, 13 and 20 %
	Draws    int       // of the bootstrap; 2,000
	Seed     uint64    // of chance; 1
	SnapM    float64   // as in roadrisk.Options
	Damage   bool      // accidents with damage only count like the others
	Variants bool      // compare the variants of the model on the test too
	Quick    bool      // no inner year
	Progress progress.Func
}

// Headline is the budget that the goal is told for: 13 % of segment-hours.
const Headline = 0.13

func (o Options) orDefaults() Options {
	if len(o.Budgets) == 0 {
		o.Budgets = []float64{0.01, 0.05, Headline, 0.20}
	}
	if o.Draws == 0 {
		o.Draws = 2000
	}
	if o.Seed == 0 {
		o.Seed = 1
	}
	return o
}

// check refuses what would not be a test.
func (in *Input) check(o *Options) error {
	switch {
	case len(in.Train) == 0:
		return fmt.Errorf("backtest: no period to learn from: %w", geoengine.ErrInvalid)
	case !in.Test.From.Before(in.Test.To):
		return fmt.Errorf("backtest: the period to be judged by, from %s to %s, is empty: %w", day(in.Test.From), day(in.Test.To), geoengine.ErrInvalid)
	case o.Draws < 100 || o.Draws > 100_000:
		return fmt.Errorf("backtest: %d draws: must be 100 to 100,000: %w", o.Draws, geoengine.ErrInvalid)
	}
	for _, p := range in.Train {
		if p.To.After(in.Test.From) {
			return fmt.Errorf("backtest: it would learn from %s to %s, which is not before the test from %s on: %w",
				day(p.From), day(p.To), day(in.Test.From), geoengine.ErrInvalid)
		}
	}
	for i, b := range o.Budgets {
		if !(b > 0 && b < 1) || i > 0 && b <= o.Budgets[i-1] {
			return fmt.Errorf("backtest: budgets %v: must be shares between 0 and 1, ascending: %w", o.Budgets, geoengine.ErrInvalid)
		}
	}
	return nil
}

func day(t time.Time) string { return t.Format(time.DateOnly) }

// Run learns from the periods of Train and judges the model in use on Test. Where there are several periods to learn from,
// the same is done once before with the last of them as the one to be judged by: there the variants of the model are
// compared, so that who changes the model need not look at the test.
func Run(ctx context.Context, in Input, o Options) (*Report, error) {
	o = o.orDefaults()
	if err := in.check(&o); err != nil {
		return nil, err
	}
	in.Accidents = slices.Clone(in.Accidents)
	if o.Damage {
		for i := range in.Accidents {
			if in.Accidents[i].Severity == geoengine.SeverityDamage {
				in.Accidents[i].Severity = geoengine.SeverityUnknown
			}
		}
	}
	report := &Report{Name: in.Name, Budgets: o.Budgets, Seed: o.Seed, Draws: o.Draws, Damage: o.Damage}
	if len(in.Train) > 1 && !o.Quick {
		last := in.Train[len(in.Train)-1]
		inner := in
		inner.Train, inner.Test = in.Train[:len(in.Train)-1], last
		outcome, err := contest(ctx, &inner, o, true)
		if err != nil {
			return nil, fmt.Errorf("inner year %s: %w", day(last.From), err)
		}
		report.Inner = outcome
	}
	var err error
	if report.Outcome, err = contest(ctx, &in, o, o.Variants); err != nil {
		return nil, err
	}
	report.conclude()
	return report, nil
}

// Holdout judges the model in use on Test, by accidents or by severity: the curves of the model and of counts of the past.
func Holdout(ctx context.Context, in Input, o Options, weighted bool) ([]Curve, error) {
	o = o.orDefaults()
	if err := in.check(&o); err != nil {
		return nil, err
	}
	s, err := newSplit(&in, o)
	if err != nil {
		return nil, err
	}
	return s.curves(ctx, o, false, weighted)
}

// Rivals are the names of the counts of the past, the one of each segment-hour first. The last is there only where
// accidents with damage only are known.
func Rivals() []string { return []string{contenderCounts, contenderSpread, contenderAll} }

// At is the point of a budget on the curve of the model or of a rival.
func At(curves []Curve, name string, budget float64) (Point, bool) { return at(curves, name, budget) }

// Model is the name of the model in use among curves.
const Model = contenderModel
