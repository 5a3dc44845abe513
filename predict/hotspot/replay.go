package hotspot

import (
	"context"
	"fmt"
	"math"

	"github.com/paulmach/orb"

	"vigie/predict/judge"
)

// ReplayOptions say what the challenge is replayed on.
type ReplayOptions struct {
	Options
	Territory orb.MultiPolygon // must be given
	Plane     Plane            // on which squares are laid; LocalPlane of the territory if zero
	Whole     float64          // A of PAI, m²; the area of the territory if 0
	Until     judge.Day        // last day that may be known; the forecast begins on the next
}

// Replayed is the challenge of the National Institute of Justice (2017) played again: cells and budgets by its rules,
// hits n of N, PAI and PEI for each of its horizons.
type Replayed struct {
	Until    string      `json:"until"`
	Known    int         `json:"known"`     // events learnt from
	WholeMi2 float64     `json:"whole_mi2"` // A of PAI
	Rows     []ReplayRow `json:"rows"`
}

// ReplayRow is one forecast over one horizon.
type ReplayRow struct {
	Cells   string  `json:"cells"`  // "squares of 250 ft", "H3 r10"
	Budget  string  `json:"budget"` // what was asked for
	Mi2     float64 `json:"mi2"`    // what was spent
	Flagged int     `json:"flagged"`
	Model   string  `json:"model"`
	Horizon string  `json:"horizon"` // 1 week, 2 weeks, 1 month, 2 months, 3 months
	From    string  `json:"from"`
	To      string  `json:"to"`    // last day
	Known   bool    `json:"known"` // the file reaches to the last day; otherwise all that follows is 0
	Hits    float64 `json:"n"`
	Total   float64 `json:"N"`
	Best    float64 `json:"n_best"`
	PAI     float64 `json:"pai"`
	PEI     float64 `json:"pei"`
}

// Replay forecasts from the day after o.Until: on squares of 250 feet and on H3 cells of resolution 10, both with 0.25 and
// 0.75 mi², by the model that the past chose and by the count of all history.
func Replay(ctx context.Context, events []Event, o ReplayOptions) (*Replayed, error) {
	if len(o.Territory) == 0 {
		return nil, fmt.Errorf("%w: the challenge needs the boundary of the scored area", ErrInvalid)
	}
	if o.Plane == (Plane{}) {
		o.Plane = LocalPlane(o.Territory.Bound().Center())
	}
	square := ChallengeSide * ChallengeSide
	squares, err := NewRectangles(Rectangle{Width: ChallengeSide, Height: ChallengeSide}, o.Plane, o.Territory, nil)
	if err != nil {
		return nil, err
	}
	hexagons, err := NewHex(10, o.Territory, nil)
	if err != nil {
		return nil, err
	}
	origin := o.Until + 1
	r := &Replayed{Until: date(o.Until), WholeMi2: o.Whole / SquareMile}
	if o.Whole == 0 {
		r.WholeMi2 = squares.Whole() / SquareMile
	}
	for _, kind := range []struct {
		name string
		grid *Grid
		one  float64 // area of a cell
	}{{"squares of 250 ft", squares, square}, {"H3 r10", hexagons, hexagons.side * hexagons.side}} {
		o.Budgets = []Budget{ // at least 0.25 and at most 0.75 mi², in whole cells
			{Name: "0.25 mi²", Area: math.Ceil(.25*SquareMile/kind.one-1e-9) * kind.one * (1 + 1e-6)},
			{Name: "0.75 mi²", Area: .75 * SquareMile},
		}
		f, err := Fit(ctx, events, kind.grid, origin, o.Options)
		if err != nil {
			return nil, err
		}
		r.Known = f.Events + f.Outside
		for _, c := range f.Choices {
			for _, model := range []string{c.Model, Count} {
				rows := replayRows(events, f, c, model, r.WholeMi2)
				for i := range rows {
					rows[i].Cells = kind.name
				}
				r.Rows = append(r.Rows, rows...)
				if c.Model == Count {
					break
				}
			}
		}
	}
	return r, nil
}

func replayRows(events []Event, f *Fitted, c Choice, model string, wholeMi2 float64) []ReplayRow {
	grid, origin := f.Grid, f.Until
	last := origin - 1
	for _, e := range events {
		last = max(last, e.Day)
	}
	c.Model = model
	flagged := f.Flagged(c)
	used := 0.
	for _, i := range flagged {
		used += grid.Areas[i]
	}
	var out []ReplayRow
	for _, h := range []struct {
		name string
		end  judge.Day
	}{
		{"1 week", origin + 7}, {"2 weeks", origin + 14}, {"1 month", judge.AddMonths(origin, 1)},
		{"2 months", judge.AddMonths(origin, 2)}, {"3 months", judge.AddMonths(origin, 3)},
	} {
		row := ReplayRow{Budget: c.Budget, Mi2: used / SquareMile, Flagged: len(flagged), Model: model, Horizon: h.name, From: date(origin), To: date(h.end - 1)}
		if row.Known = last >= h.end-1; row.Known {
			observed := make([]float64, len(grid.IDs))
			for _, e := range events {
				if e.Day < origin || e.Day >= h.end {
					continue
				}
				row.Total++
				if i := grid.Locate(e.Point); i >= 0 {
					observed[i]++
				}
			}
			for _, i := range flagged {
				row.Hits += observed[i]
			}
			row.Best = judge.Best(grid.Areas, observed, used)
			row.PAI = judge.PAI(row.Hits, row.Total, row.Mi2, wholeMi2)
			row.PEI = judge.PEI(row.Hits, row.Best)
		}
		out = append(out, row)
	}
	return out
}
