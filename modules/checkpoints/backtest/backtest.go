// Package backtest asks what a plan made from earlier years would have covered of the year after, beside what others
// would have covered with as many hours: historic zones, kernel density, a coarse grid, chance, and somebody who knew
// the year beforehand.
//
// Everybody is judged by the same yardsticks, on accidents that nobody has seen. Read backtest.go (the question),
// week.go (posts and what they cover), contenders.go (who takes part), judge.go (the answer).
package backtest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"vigie/geoengine"
	"vigie/geoengine/road"
	"vigie/predict/roadrisk"
	"vigie/progress"
)

// Input is what a back-test is made from.
type Input struct {
	Name      string // of the place, for the report
	Graph     *road.Graph
	Lixels    *road.Lixels
	Accidents []roadrisk.Accident // of all years; those of other years are left out
	Train     []int               // years to learn from, all before Test
	Test      int                 // year to be judged by
}

// Options of Run. Zero fields are the defaults.
type Options struct {
	Budgets  []int  // posts of two hours in a week; 21, 42, 84 and 168: 3 to 24 a day
	Draws    int    // of the bootstrap; 2,000
	Seed     uint64 // of chance; 1
	SnapM    float64
	Progress progress.Func
}

// Headline is the budget that the goals are told for: twelve posts a day.
const Headline = 84

// most is the greatest budget.
func (o Options) most() int { return o.Budgets[len(o.Budgets)-1] }

func (o Options) orDefaults() Options {
	if len(o.Budgets) == 0 {
		o.Budgets = []int{21, 42, Headline, 168}
	}
	o.Budgets = slices.Clone(o.Budgets)
	slices.Sort(o.Budgets)
	if o.Draws == 0 {
		o.Draws = 2000
	}
	if o.Seed == 0 {
		o.Seed = 1
	}
	return o
}

// check refuses what would not be a test.
func (in *Input) check(o Options) error {
	switch {
	case len(in.Train) == 0:
		return fmt.Errorf("backtest: no year to learn from: %w", geoengine.ErrInvalid)
	case slices.Max(in.Train) >= in.Test:
		return fmt.Errorf("backtest: the plan would learn from %d, which is not before the test year %d: %w", slices.Max(in.Train), in.Test, geoengine.ErrInvalid)
	case o.Budgets[0] < 1 || o.Budgets[len(o.Budgets)-1] > 10_000:
		return fmt.Errorf("backtest: budgets %v: posts a week must be 1 to 10,000: %w", o.Budgets, geoengine.ErrInvalid)
	}
	return nil
}

// Run learns from the years of Train and judges on Test. Where there are several years to learn from, the same is done
// once before with the last of them as the year to be judged by: choices (the kernel's width) are made there, and there
// the variants of the model are compared. ErrInvalid says what is missing.
func Run(ctx context.Context, in Input, o Options) (*Report, error) {
	o = o.orDefaults()
	if err := in.check(o); err != nil {
		return nil, err
	}
	network, err := roadrisk.Prepare(ctx, in.Graph, in.Lixels, o.Progress)
	if err != nil {
		return nil, err
	}
	week, err := newWeek(ctx, network, o.Progress)
	if err != nil {
		return nil, err
	}
	report := &Report{Name: in.Name, Train: in.Train, Test: in.Test, Lixels: in.Lixels.Len(), Budgets: o.Budgets, Seed: o.Seed,
		Draws: o.Draws, Yardsticks: yardsticks(), SeparationM: separationM}
	for i := range in.Lixels.List {
		report.RoadKM += in.Lixels.List[i].Metres / 1000
	}
	choice := Kernels{Plain: KernelChoice{Metres: 500}, Apart: KernelChoice{Metres: 500}}
	if len(in.Train) > 1 {
		last := slices.Max(in.Train)
		inner := Input{Name: in.Name, Accidents: in.Accidents, Train: slices.DeleteFunc(slices.Clone(in.Train), func(y int) bool { return y == last }), Test: last}
		split, err := newSplit(network, week, inner, o)
		if err != nil {
			return nil, fmt.Errorf("inner year %d: %w", last, err)
		}
		if choice, err = split.chooseKernels(); err != nil {
			return nil, err
		}
		if report.Inner, err = split.contest(ctx, choice, true); err != nil {
			return nil, fmt.Errorf("inner year %d: %w", last, err)
		}
	}
	report.Kernel = choice
	split, err := newSplit(network, week, in, o)
	if err != nil {
		return nil, err
	}
	if report.Outcome, err = split.contest(ctx, choice, report.Inner == nil); err != nil {
		return nil, err
	}
	report.conclude()
	return report, nil
}

// split is the accidents of some years to learn from and of one to be judged by.
type split struct {
	network *roadrisk.Network
	week    *week
	options Options
	train   *roadrisk.Placement
	test    *roadrisk.Placement
	raw     []roadrisk.Accident // of the years to learn from, not placed
	periods []roadrisk.Period
	years   []int
	year    int
	judge   *jury
	bound   float64 // see Outcome.Bound
}

func newSplit(network *roadrisk.Network, w *week, in Input, o Options) (*split, error) {
	zone := time.UTC
	if len(in.Accidents) > 0 {
		zone = in.Accidents[0].Start.Location()
	}
	s := &split{network: network, week: w, options: o, years: in.Train, year: in.Test}
	for _, y := range in.Train {
		s.periods = append(s.periods, wholeYear(y, zone))
	}
	test := []roadrisk.Period{wholeYear(in.Test, zone)}
	s.raw = within(in.Accidents, s.periods)
	s.train = network.Place(s.raw, s.periods, o.SnapM)
	s.test = network.Place(within(in.Accidents, test), test, o.SnapM)
	for _, y := range in.Train {
		if n := countYear(s.train, y); n == 0 {
			return nil, fmt.Errorf("backtest: no injury accident of %d on the network: leave the year out of --train, or import it: %w", y, geoengine.ErrInvalid)
		}
	}
	var err error
	s.judge, err = newJury(network, s.test.Accidents)
	if err != nil {
		return nil, fmt.Errorf("backtest: %d: %w", in.Test, err)
	}
	return s, nil
}

func wholeYear(y int, zone *time.Location) roadrisk.Period {
	return roadrisk.Period{From: time.Date(y, 1, 1, 0, 0, 0, 0, zone), To: time.Date(y+1, 1, 1, 0, 0, 0, 0, zone)}
}

func within(accidents []roadrisk.Accident, periods []roadrisk.Period) []roadrisk.Accident {
	var kept []roadrisk.Accident
	for i := range accidents {
		for _, p := range periods {
			if at := accidents[i].Start; !at.Before(p.From) && at.Before(p.To) {
				kept = append(kept, accidents[i])
			}
		}
	}
	return kept
}

func countYear(p *roadrisk.Placement, year int) (n int) {
	for i := range p.Accidents {
		if p.Accidents[i].Start.Year() == year {
			n++
		}
	}
	return n
}
