package backtest

import (
	"context"

	"vigie/predict/judge"
)

// Report is what a back-test found.
type Report struct {
	Name        string      `json:"name"`
	Train       []int       `json:"train"`
	Test        int         `json:"test"`
	Lixels      int         `json:"lixels"`
	RoadKM      float64     `json:"road_km"`
	Budgets     []int       `json:"budgets"` // posts of two hours in a week
	SeparationM float64     `json:"separation_m"`
	Yardsticks  []Yardstick `json:"yardsticks"`
	Seed        uint64      `json:"seed"`
	Draws       int         `json:"draws"`
	Kernel      Kernels     `json:"kernel"` // chosen on the inner year
	Goals       []Goal      `json:"goals"`
	Outcome     *Outcome    `json:"outcome"`
	Inner       *Outcome    `json:"inner,omitempty"` // judged by the last year to learn from, learning from those before
}

// Outcome is what everybody covered of one year.
type Outcome struct {
	Train    []int   `json:"train"`
	Test     int     `json:"test"`
	Data     Data    `json:"data"`
	Entrants []Entry `json:"entrants"`
	Scores   []Score `json:"scores"`
	// Bound is the share of severity that no posts at our sites can exceed with the greatest budget, whatever they know, by
	// the first yardstick from lixel to lixel.
	Bound float64 `json:"bound"`
}

// Data counts the accidents.
type Data struct {
	Train         int     `json:"train"`          // with somebody hurt, on the network
	TrainDamage   int     `json:"train_damage"`   // with damage only
	TrainUnplaced int     `json:"train_unplaced"` // of both: no position, or no road near
	Test          int     `json:"test"`           // with somebody hurt and an hour, on the network
	TestHourless  int     `json:"test_hourless"`  // not judged by
	TestUnplaced  int     `json:"test_unplaced"`
	TestSeverity  float64 `json:"test_severity"` // sum of official weights
	TestFatal     int     `json:"test_fatal"`
}

// Entry is who took part.
type Entry struct {
	Name    string `json:"name"`
	About   string `json:"about"`
	Variant bool   `json:"variant,omitempty"`
}

// Score is what one covered with one budget, by one yardstick and measure, and the ratio of the plan to it.
type Score struct {
	Name      string         `json:"name"`
	Budget    int            `json:"budget"`
	Yardstick string         `json:"yardstick"`
	Measure   string         `json:"measure"` // severity: official weights of victims; accidents: with somebody hurt
	Share     judge.Interval `json:"share"`
	Ratio     judge.Interval `json:"ratio"` // what the plan covered, over what this one covered
}

// Goal is a goal of the project, and what came of it. The goals name zones and density as they are used; against their
// forms with hours and with our distance between posts there is no goal, and the same figures.
type Goal struct {
	Against string         `json:"against"`
	Want    float64        `json:"want,omitempty"`
	Budget  int            `json:"budget"`
	Got     judge.Interval `json:"got"`
	Met     bool           `json:"met"`
}

// contest lets everybody choose and judges them.
func (s *split) contest(ctx context.Context, choice Kernels, variants bool) (*Outcome, error) {
	all, err := s.contenders(ctx, choice, variants)
	if err != nil {
		return nil, err
	}
	out := &Outcome{Train: s.years, Test: s.year, Data: s.data(), Bound: s.bound}
	for _, c := range all {
		out.Entrants = append(out.Entrants, Entry{c.Name, c.About, c.Variant})
	}
	for _, budget := range s.options.Budgets {
		for _, y := range yardsticks() {
			cover := make([][]float64, len(all))
			for c := range all {
				cover[c] = s.mean(all[c], budget, y)
			}
			for _, measure := range []string{bySeverity, byAccident} {
				if err := ctx.Err(); err != nil {
					return nil, err
				}
				shares, ratios := judge.Ratios(cover, s.judge.weights(measure), s.options.Draws, s.options.Seed)
				for c := range all {
					out.Scores = append(out.Scores, Score{all[c].Name, budget, y.Name, measure, shares[c], ratios[c]})
				}
			}
		}
	}
	return out, nil
}

// mean is what a contender covers of each accident with a budget, over its choices.
func (s *split) mean(c contender, budget int, y Yardstick) []float64 {
	mean := make([]float64, len(s.judge.accidents))
	for _, posts := range c.choices {
		for i, v := range s.judge.covered(posts[:min(budget, len(posts))], y) {
			mean[i] += v / float64(len(c.choices))
		}
	}
	return mean
}

func (s *split) data() Data {
	d := Data{
		Train: len(s.train.Accidents), TrainDamage: len(s.train.Damage), TrainUnplaced: s.train.Unplaced,
		Test: len(s.judge.accidents), TestHourless: s.judge.hourless, TestUnplaced: s.test.Unplaced,
	}
	for i := range s.judge.accidents {
		d.TestSeverity += s.judge.accidents[i].Weight
		if s.judge.accidents[i].Weight >= 1 {
			d.TestFatal++
		}
	}
	return d
}

// conclude compares the headline with the goals.
func (r *Report) conclude() {
	budget := r.Budgets[len(r.Budgets)-1]
	for _, b := range r.Budgets {
		if b == Headline {
			budget = b
		}
	}
	for _, goal := range []Goal{{Against: "zaac", Want: 1.5}, {Against: "zaac-hours"}, {Against: "kernel", Want: 1.2}, {Against: "kernel-apart"}} {
		goal.Budget = budget
		for _, s := range r.Outcome.Scores {
			if s.Name == goal.Against && s.Budget == budget && s.Yardstick == r.Yardsticks[0].Name && s.Measure == bySeverity {
				goal.Got, goal.Met = s.Ratio, s.Ratio.Value >= max(goal.Want, 1)
			}
		}
		r.Goals = append(r.Goals, goal)
	}
}
