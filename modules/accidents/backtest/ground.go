package backtest

import (
	"context"
	"fmt"
	"time"

	"vigie/geoengine"
	"vigie/geoengine/hex"
	"vigie/predict/roadrisk"
)

// ground is the places of a back-test: lixels of a network, or cells.
type ground struct {
	kind   string    // lixels or cells
	all    int       // places, those outside the territory included
	active []int     // the places of the territory
	sizes  []float64 // of these: km of road, or km²
	place  func(accidents []roadrisk.Accident, periods []roadrisk.Period) *roadrisk.Placement
	build  func(ctx context.Context, accidents []roadrisk.Accident, model roadrisk.Model) (*roadrisk.Surface, error)
}

func newGround(in *Input, o Options) (*ground, error) {
	switch {
	case in.Network != nil:
		g := &ground{kind: "lixels"}
		g.take(in.Network.Lixels.Len(), in.Inside, func(i int) float64 { return in.Network.Lixels.List[i].Metres / 1000 })
		g.place = func(accidents []roadrisk.Accident, periods []roadrisk.Period) *roadrisk.Placement {
			return in.Network.Place(accidents, periods, o.SnapM)
		}
		g.build = func(ctx context.Context, accidents []roadrisk.Accident, model roadrisk.Model) (*roadrisk.Surface, error) {
			surfaces, err := in.Network.Build(ctx, accidents, roadrisk.Options{Periods: in.Train, SnapM: o.SnapM, Kinds: []roadrisk.Kind{roadrisk.AnyKind}, Model: model, Inside: in.Inside})
			return surfaces[roadrisk.AnyKind], err
		}
		return g, nil
	case in.Cells != nil:
		g := &ground{kind: "cells", place: in.Cells.Place}
		g.take(in.Cells.Len(), nil, func(i int) float64 { return hex.AreaM2(in.Cells.List[i]) / 1e6 })
		g.build = func(ctx context.Context, accidents []roadrisk.Accident, model roadrisk.Model) (*roadrisk.Surface, error) {
			return in.Cells.Build(ctx, accidents, roadrisk.Options{Periods: in.Train, Model: model})
		}
		return g, nil
	}
	return nil, fmt.Errorf("backtest: neither roads nor cells: %w", geoengine.ErrInvalid)
}

// take lists the places inside.
func (g *ground) take(places int, inside []bool, size func(i int) float64) {
	g.all = places
	for i := range places {
		if inside == nil || inside[i] {
			g.active, g.sizes = append(g.active, i), append(g.sizes, size(i))
		}
	}
}

// split is the accidents of some periods to learn from and of one to be judged by.
type split struct {
	*ground
	raw   []roadrisk.Accident // to learn from, not placed
	train *roadrisk.Placement
	test  *roadrisk.Placement
	spots []spot
	years float64 // to learn from
	hours int     // accidents of the test without an hour, which no segment-hour holds
}

func newSplit(in *Input, o Options) (*split, error) {
	g, err := newGround(in, o)
	if err != nil {
		return nil, err
	}
	s := &split{ground: g, raw: within(in.Accidents, in.Train)}
	s.train = g.place(s.raw, in.Train)
	s.test = g.place(within(in.Accidents, []roadrisk.Period{in.Test}), []roadrisk.Period{in.Test})
	for _, p := range in.Train {
		s.years += p.To.Sub(p.From).Hours() / 24 / 365.25
	}
	number := make(map[int]int, len(g.active))
	for n, place := range g.active {
		number[place] = n
	}
	for i := range s.test.Accidents {
		a := &s.test.Accidents[i]
		place, inside := number[a.Lixel]
		if !inside {
			continue
		}
		if a.Hour < 0 {
			s.hours++
			continue
		}
		week := int(a.Start.Sub(in.Test.From) / (7 * 24 * time.Hour))
		s.spots = append(s.spots, spot{place: place, hour: a.Hour, week: min(max(week, 0), weeks-1), weight: a.Weight})
	}
	if len(s.train.Accidents) == 0 || len(s.spots) == 0 {
		return nil, fmt.Errorf("backtest: %d accidents to learn from and %d with an hour from %s to %s lie on the %s; both need some: "+
			"other periods, or import accidents of the place: %w", len(s.train.Accidents), len(s.spots), day(in.Test.From), day(in.Test.To), g.kind, geoengine.ErrInvalid)
	}
	return s, nil
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
