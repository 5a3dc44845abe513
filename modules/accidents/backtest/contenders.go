package backtest

import (
	"context"

	"vigie/predict"
	"vigie/predict/roadrisk"
)

// The names of the contenders that others name.
const (
	contenderModel  = "model"
	contenderCounts = "counts"
	contenderSpread = "counts × hours"
	contenderAll    = "counts with damage × hours"
	contenderBound  = "all-knowing"
)

// contender is one way to rank segment-hours.
type contender struct {
	name, about string
	ours        bool
	score       scoring
}

// variants are the models that are tried, the one in use first.
func variants() []roadrisk.Model {
	return []roadrisk.Model{{}, {NoNeighbours: true}, {NoCentrality: true}, {NoBayes: true}, {NoOwnDamage: true}, {OneProfile: true}}
}

// contenders are all, ours first. Weighted ranks by severity, else by accidents.
func (s *split) contenders(ctx context.Context, weighted, all bool) ([]contender, error) {
	list, err := s.ours(ctx, weighted, all)
	if err != nil {
		return nil, err
	}
	list = append(list, s.others(weighted)...)
	if len(s.train.Damage) > 0 {
		list = append(list, s.withDamage())
	}
	return append(list, s.bound(weighted)), nil
}

// ours are the model and, if asked for, its variants.
func (s *split) ours(ctx context.Context, weighted, all bool) ([]contender, error) {
	models := variants()
	if !all {
		models = models[:1]
	}
	var list []contender
	for i, model := range models {
		model.Counts = !weighted
		surface, err := s.build(ctx, s.raw, model)
		if err != nil {
			return nil, err
		}
		one := contender{name: contenderModel, about: "expected accidents by our model", ours: true, score: surfaceScore(surface)}
		if i > 0 {
			one.name, one.about = "model "+parts(model), "the model without a part of it"
		}
		list = append(list, one)
	}
	return list, nil
}

func parts(m roadrisk.Model) string {
	m.Counts = false
	return m.String()[len(roadrisk.ModelName)+1:]
}

func surfaceScore(s *roadrisk.Surface) scoring {
	return func(place int, into []float64) {
		for h, share := range s.Profiles[s.Profile[place]] {
			into[h] = s.Expected[place] * share
		}
	}
}

// last is a tie-break, beside one accident: where nothing has happened the hour still tells.
const last = 1e-6

// others are the counts of the past that the model must beat.
func (s *split) others(weighted bool) []contender {
	value := func(a *roadrisk.Placed) float64 {
		if weighted {
			return a.Weight
		}
		return 1
	}
	total, cells, hours := make([]float64, s.all), map[int]float64{}, make([]float64, roadrisk.HoursOfWeek)
	for i := range s.train.Accidents {
		a := &s.train.Accidents[i]
		total[a.Lixel] += value(a)
		if a.Hour >= 0 {
			cells[a.Lixel*roadrisk.HoursOfWeek+a.Hour] += value(a)
			hours[a.Hour] += value(a)
		}
	}
	shares := hours
	if week, err := predict.WeekProfiles([][]float64{hours}); err == nil {
		shares = week.All
	}
	return []contender{
		{name: contenderCounts, about: "accidents of the past in the same segment-hour; equal ones by those of the segment, then of the hour", score: func(place int, into []float64) {
			for h := range into {
				into[h] = cells[place*roadrisk.HoursOfWeek+h] + last*total[place] + last*last*shares[h]
			}
		}},
		{name: contenderSpread, about: "accidents of the past on the segment, spread over the hours of the week as those of all segments", score: func(place int, into []float64) {
			for h := range into {
				into[h] = (total[place] + last) * shares[h]
			}
		}},
	}
}

// withDamage counts accidents with damage only too: where they are known there are many more of them.
func (s *split) withDamage() contender {
	total, hours := make([]float64, s.all), make([]float64, roadrisk.HoursOfWeek)
	for _, list := range [][]roadrisk.Placed{s.train.Accidents, s.train.Damage} {
		for i := range list {
			total[list[i].Lixel]++
			if list[i].Hour >= 0 {
				hours[list[i].Hour]++
			}
		}
	}
	return contender{
		name: contenderAll, about: "accidents of the past on the segment, those with damage only too, spread over the hours of the week as all of them",
		score: func(place int, into []float64) {
			for h := range into {
				into[h] = (total[place] + last) * hours[h]
			}
		},
	}
}

// bound is who knew the year beforehand.
func (s *split) bound(weighted bool) contender {
	truth := map[int]float64{}
	for _, t := range s.spots {
		w := 1.0
		if weighted {
			w = t.weight
		}
		truth[s.active[t.place]*roadrisk.HoursOfWeek+t.hour] += w
	}
	return contender{name: contenderBound, about: "who knew the year beforehand", score: func(place int, into []float64) {
		for h := range into {
			into[h] = truth[place*roadrisk.HoursOfWeek+h]
		}
	}}
}
