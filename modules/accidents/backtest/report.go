package backtest

import (
	"context"
	"time"

	"vigie/predict/judge"
)

// Report is what a back-test says.
type Report struct {
	Name    string    `json:"name,omitempty"`
	Budgets []float64 `json:"budgets"` // shares of all segment-hours
	Draws   int       `json:"draws"`
	Seed    uint64    `json:"seed"`
	Damage  bool      `json:"damage"` // accidents with damage only count too
	Goals   []Goal    `json:"goals"`
	Outcome *Outcome  `json:"outcome"`
	Inner   *Outcome  `json:"inner,omitempty"` // where variants were compared
}

// Goal is a target with what came out.
type Goal struct {
	Name string         `json:"name"`
	Want float64        `json:"want"`
	Got  judge.Interval `json:"got"`
	Met  bool           `json:"met"`
}

// Outcome is one year judged.
type Outcome struct {
	From      time.Time `json:"from"` // of the period judged by
	To        time.Time `json:"to"`
	Years     float64   `json:"years"`  // learnt from
	Ground    string    `json:"ground"` // lixels or cells
	Places    int       `json:"places"`
	Size      float64   `json:"size"`  // km of road, or km²
	Train     int       `json:"train"` // accidents learnt from
	Test      int       `json:"test"`  // accidents with an hour judged by
	NoHour    int       `json:"no_hour"`
	NoPlace   int       `json:"no_place"` // of the period judged by: without a position, or far from every place
	Accidents []Curve   `json:"accidents"`
	Severity  []Curve   `json:"severity"`
}

// Curve is the capture curve of one contender.
type Curve struct {
	Name   string  `json:"name"`
	About  string  `json:"about"`
	Ours   bool    `json:"ours"`
	Points []Point `json:"points"`
	// Expects is, of the model in use, what it would capture in each budget if it were the truth.
	Expects []float64 `json:"expects,omitempty"`
}

// Point is what a budget captures: the share of accidents (or severity) in it.
type Point struct {
	Budget float64        `json:"budget"`
	Share  judge.Interval `json:"share"`
	Ratio  judge.Interval `json:"ratio"` // of the model in use to this one
	// Difference is the share of the model in use less this one's, by moving blocks of four weeks.
	Difference judge.Difference `json:"difference"`
	BySize     float64          `json:"by_size,omitempty"` // the same share where the budget is counted in km (or km²) × hours
}

// blockWeeks is how many weeks are drawn together.
const blockWeeks = 4

// contest judges one period.
func contest(ctx context.Context, in *Input, o Options, all bool) (*Outcome, error) {
	s, err := newSplit(in, o)
	if err != nil {
		return nil, err
	}
	out := &Outcome{From: in.Test.From, To: in.Test.To, Years: s.years, Ground: s.kind, Places: len(s.sizes), Train: len(s.train.Accidents),
		Test: len(s.spots), NoHour: s.hours, NoPlace: s.test.Unplaced}
	for _, size := range s.sizes {
		out.Size += size
	}
	if out.Accidents, err = s.curves(ctx, o, all, false); err != nil {
		return nil, err
	}
	if out.Severity, err = s.curves(ctx, o, false, true); err != nil {
		return nil, err
	}
	return out, nil
}

// curves are the capture curves of all contenders.
func (s *split) curves(ctx context.Context, o Options, all, weighted bool) ([]Curve, error) {
	list, err := s.contenders(ctx, weighted, all)
	if err != nil {
		return nil, err
	}
	curves := make([]Curve, len(list))
	spans, bySize, best := make([][]span, len(list)), make([][]span, len(list)), 0
	for i, c := range list {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		curves[i] = Curve{Name: c.name, About: c.about, Ours: c.ours}
		spans[i] = spansOf(s.active, nil, c.score, s.spots)
		if c.name == contenderModel {
			best = i
			for _, budget := range o.Budgets {
				curves[i].Expects = append(curves[i].Expects, expects(s.active, c.score, budget))
			}
		}
		if !c.ours || c.name == contenderModel {
			bySize[i] = spansOf(s.active, s.sizes, s.perSize(c.score), s.spots)
		}
	}
	weights := make([]float64, len(s.spots))
	for i, t := range s.spots {
		if weights[i] = 1; weighted {
			weights[i] = t.weight
		}
	}
	for _, budget := range o.Budgets {
		s.points(curves, spans, bySize, best, budget, weights, weighted, o)
	}
	return curves, nil
}

// perSize ranks by what stands on a km, or km².
func (s *split) perSize(score scoring) scoring {
	const least = 0.001
	size := make([]float64, s.all)
	for n, place := range s.active {
		size[place] = max(s.sizes[n], least)
	}
	return func(place int, into []float64) {
		score(place, into)
		for h := range into {
			into[h] /= size[place]
		}
	}
}

// points adds the point of one budget to all curves.
func (s *split) points(curves []Curve, spans, bySize [][]span, best int, budget float64, weights []float64, weighted bool, o Options) {
	captured := make([][]float64, len(curves)+1)
	captured[0] = chances(spans[best], budget)
	for i := range curves {
		captured[i+1] = chances(spans[i], budget)
	}
	shares, ratios := judge.Ratios(captured, weights, o.Draws, o.Seed)
	ours, _ := byWeek(spans[best], s.spots, budget, weighted)
	for i := range curves {
		theirs, all := byWeek(spans[i], s.spots, budget, weighted)
		p := Point{Budget: budget, Share: shares[i+1], Ratio: ratios[i+1]}
		if i != best {
			p.Difference = judge.PairedShare(ours, theirs, all, blockWeeks, o.Draws, o.Seed)
		}
		if bySize[i] != nil {
			hits, all := byWeek(bySize[i], s.spots, budget, weighted)
			if total := sum(all); total > 0 {
				p.BySize = sum(hits) / total
			}
		}
		curves[i].Points = append(curves[i].Points, p)
	}
}

func chances(spans []span, budget float64) []float64 {
	list := make([]float64, len(spans))
	for i, s := range spans {
		list[i] = s.within(budget)
	}
	return list
}

func sum(values []float64) (total float64) {
	for _, v := range values {
		total += v
	}
	return total
}

// at is the point of a budget on the curve of a name.
func at(curves []Curve, name string, budget float64) (Point, bool) {
	for _, c := range curves {
		for _, p := range c.Points {
			if c.Name == name && p.Budget == budget {
				return p, true
			}
		}
	}
	return Point{}, false
}

// headline is the budget nearest to the one that the goal is told for.
func headline(budgets []float64) float64 {
	best := budgets[0]
	for _, b := range budgets {
		if (b-Headline)*(b-Headline) < (best-Headline)*(best-Headline) {
			best = b
		}
	}
	return best
}

// The goals of the issue.
const (
	wantShare = 0.85
	wantRatio = 1.10
)

// conclude states the goals.
func (r *Report) conclude() {
	budget := headline(r.Budgets)
	if p, ok := at(r.Outcome.Accidents, contenderModel, budget); ok {
		r.Goals = append(r.Goals, Goal{Name: "share of accidents at the headline budget", Want: wantShare, Got: p.Share, Met: p.Share.Value >= wantShare})
	}
	for _, name := range Rivals() {
		if p, ok := at(r.Outcome.Accidents, name, budget); ok {
			r.Goals = append(r.Goals, Goal{Name: "accidents over " + name, Want: wantRatio, Got: p.Ratio, Met: p.Ratio.Value >= wantRatio})
		}
	}
}
