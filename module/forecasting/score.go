package forecasting

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/geoengine/jobs"
	"vigie/geoengine/journal"
)

const (
	secondLook   = 4                   // times Settle: when a run is scored once more
	scoredWithin = 90 * 24 * time.Hour // beyond that: older runs, of replays and back-tests, are left alone
	scoredAtOnce = 200
	driftRuns    = 8 // of which the calibration is judged together
	bestShare    = 0.05
	fewPlaces    = 20 // below it there is no best 5 %
	strikingly   = 3  // standard errors that chance is given
)

// scoreDue scores the runs whose period has passed, and had its reports come in.
func (d *desk) scoreDue(ctx context.Context, f *Forecaster, log *journal.Journal) error {
	now := d.now()
	due, err := d.store.Due(ctx, f.Name, now.Add(-f.Settle), now.Add(-secondLook*f.Settle), now.Add(-secondLook*f.Settle-scoredWithin), scoredAtOnce)
	if err != nil {
		return err
	}
	for _, id := range due {
		if err := d.score(ctx, f, id, now, log); err != nil {
			if ctx.Err() != nil {
				return nil //nolint:nilerr // it fails because it is told to stop
			}
			d.log.Warn("a forecast could not be scored", "forecast", f.Name, "run", id.String(), "error", err)
		}
	}
	return nil
}

// score scores one run.
func (d *desk) score(ctx context.Context, f *Forecaster, id jobs.ID, now time.Time, log *journal.Journal) error {
	r, err := d.store.Result(ctx, id)
	if err != nil {
		return err
	}
	actual, err := f.Actual(ctx, d.db, r)
	if err != nil {
		return fmt.Errorf("count what happened: %w", err)
	}
	scores, err := Judge(f, r, actual)
	if err != nil || len(scores) == 0 {
		return err
	}
	before, err := d.store.Series(ctx, geoengine.AllRights(), r, 2*driftRuns*maxOverlap)
	if err != nil {
		return err
	}
	scores[0].Drift = drift(&scores[0], before, id, r.Card.Band)
	if alarm(scores[0].Drift, before, id) {
		if err := log.Append(ctx, journal.Entry{
			Account: "vigie", Operation: "forecast-alert", Class: "security", Act: "consultation", Reference: "forecast:" + r.Spec.Name + " run:" + id.String(), Outcome: "done",
		}); err != nil {
			return err
		}
		d.log.Warn("the calibration of a forecast has left its band", "forecast", r.Spec.Name, "areas", r.Spec.Areas, "horizon", r.Spec.Horizon, "run", id.String())
	}
	return d.store.AddScores(ctx, id, now, scores)
}

// maxOverlap bounds how many runs may begin within the period of one: daily runs of three months.
const maxOverlap = 100

// Judge says how a run did, for each kind and step of its values: the longest step of all kinds together first. actual
// is what happened, in the order of the values; -1 where it is not known.
func Judge(f *Forecaster, r *forecast.Result, actual []float64) ([]forecast.Score, error) {
	if len(actual) != len(r.Values) {
		return nil, fmt.Errorf("%d counts of what happened for %d values: %w", len(actual), len(r.Values), geoengine.ErrInvalid)
	}
	type group struct {
		kind, step string
	}
	groups, order := map[group][]int{}, []group{}
	for i := range r.Values {
		v := &r.Values[i]
		if math.IsNaN(actual[i]) || math.IsInf(actual[i], 0) {
			return nil, fmt.Errorf("what happened at value %d is %v: %w", i+1, actual[i], geoengine.ErrInvalid)
		}
		if actual[i] < 0 {
			continue
		}
		g := group{kind: v.Kind, step: r.StepOf(v)}
		if _, there := groups[g]; !there {
			order = append(order, g)
		}
		groups[g] = append(groups[g], i)
	}
	longest := map[group]time.Duration{}
	for g, list := range groups {
		for _, i := range list {
			longest[g] = max(longest[g], r.Values[i].To.Sub(r.Values[i].From))
		}
	}
	slices.SortFunc(order, func(a, b group) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(longest[b], longest[a]), cmp.Compare(a.step, b.step))
	})
	scores := make([]forecast.Score, 0, len(order))
	for _, g := range order {
		one := rate(f, r, groups[g], actual)
		one.Kind, one.Step = g.kind, g.step
		one.InBand = inBand(r.Card.Band, one.Observed, one.Expected, one.Cover80, one.Cover95, one.Values)
		scores = append(scores, one)
	}
	return scores, nil
}

// rate scores some values of a run.
func rate(f *Forecaster, r *forecast.Result, list []int, actual []float64) (one forecast.Score) {
	covered := f.Covered
	if covered == nil {
		covered = func(low, high, observed float64) float64 {
			if low <= observed && observed <= high {
				return 1
			}
			return 0
		}
	}
	one.From, one.To, one.Values = r.Values[list[0]].From, r.Values[list[0]].To, len(list)
	for _, i := range list {
		v, y := &r.Values[i], actual[i]
		one.From, one.To = earliest(one.From, v.From), latest(one.To, v.To)
		one.Observed += y
		one.Expected += v.Expected
		one.Cover80 += covered(v.Low80, v.High80, y)
		one.Cover95 += covered(v.Low95, v.High95, y)
		one.Pinball += pinball(v, y)
	}
	n := float64(len(list))
	one.Cover80, one.Cover95, one.Pinball = one.Cover80/n, one.Cover95/n, one.Pinball/n
	one.Hits = caught(r, list, actual, one.Observed, func(v *forecast.Value) float64 { return v.Expected })
	one.Baseline = caught(r, list, actual, one.Observed, func(v *forecast.Value) float64 { return v.Count })
	return one
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// pinball is the mean loss of the five quantiles of a value (Koenker and Bassett 1978).
func pinball(v *forecast.Value, y float64) float64 {
	sum := 0.0
	quantiles := [...]struct{ level, q float64 }{{0.025, v.Low95}, {0.1, v.Low80}, {0.5, v.Median}, {0.9, v.High80}, {0.975, v.High95}}
	for _, one := range quantiles {
		sum += max(one.level*(y-one.q), (one.level-1)*(y-one.q))
	}
	return sum / float64(len(quantiles))
}

// caught is the share of what happened that was in the best 5 % of places by a forecast; 0 where there are too few places,
// or nothing happened. Equal forecasts are in the order of places.
func caught(r *forecast.Result, list []int, actual []float64, total float64, by func(*forecast.Value) float64) float64 {
	type place struct{ forecast, actual float64 }
	var places []place
	for at, i := range list { // values of one place follow one another
		v := &r.Values[i]
		if at == 0 || v.Cell != r.Values[list[at-1]].Cell || v.Place != r.Values[list[at-1]].Place {
			places = append(places, place{})
		}
		last := &places[len(places)-1]
		last.forecast += by(v)
		last.actual += actual[i]
	}
	if len(places) < fewPlaces || total == 0 {
		return 0
	}
	slices.SortStableFunc(places, func(a, b place) int { return cmp.Compare(b.forecast, a.forecast) })
	hits := 0.0
	for _, p := range places[:int(math.Ceil(bestShare*float64(len(places))))] {
		hits += p.actual
	}
	return hits / total
}

// inBand tells whether calibration is within its band, or beyond it by no more than chance explains: three standard errors
// of a Poisson count for the ratio, of a binomial share for what intervals hold. A band of zeros asks for nothing.
func inBand(band forecast.Band, observed, expected, cover80, cover95 float64, values int) bool {
	if band.RatioHigh > 0 && math.Abs(observed-expected) > strikingly*math.Sqrt(max(expected, 1)) &&
		(observed > band.RatioHigh*expected || observed < band.RatioLow*expected) {
		return false
	}
	short := func(share, least float64) bool {
		return share < least-strikingly*math.Sqrt(least*(1-least)/float64(max(values, 1)))
	}
	return !short(cover80, band.Cover80Low) && !short(cover95, band.Cover95Low)
}

// drift judges the last runs alike together, this one among them: those whose periods do not overlap, from the latest
// back.
func drift(one *forecast.Score, before []forecast.Scored, id jobs.ID, band forecast.Band) *forecast.Drift {
	all := []forecast.Score{*one}
	for i := range before {
		if before[i].Run != id && len(before[i].Scores) > 0 {
			all = append(all, before[i].Scores[0])
		}
	}
	slices.SortStableFunc(all, func(a, b forecast.Score) int { return b.To.Compare(a.To) })
	d := &forecast.Drift{}
	for i := range all {
		s := &all[i]
		if s.Kind != one.Kind || s.Step != one.Step || d.Runs == driftRuns || d.Runs > 0 && s.To.After(d.From) {
			continue
		}
		if d.Runs == 0 {
			d.To = s.To
		}
		d.Runs, d.From = d.Runs+1, s.From
		d.Observed, d.Expected = d.Observed+s.Observed, d.Expected+s.Expected
		d.Cover80, d.Cover95 = d.Cover80+s.Cover80*float64(s.Values), d.Cover95+s.Cover95*float64(s.Values)
		d.Values += s.Values
	}
	d.Cover80, d.Cover95 = d.Cover80/float64(d.Values), d.Cover95/float64(d.Values)
	d.InBand = inBand(band, d.Observed, d.Expected, d.Cover80, d.Cover95, d.Values)
	return d
}

// alarm tells whether a drift is news: the last score of the runs alike was within the band.
func alarm(now *forecast.Drift, before []forecast.Scored, id jobs.ID) bool {
	if now.InBand {
		return false
	}
	for i := range before {
		if before[i].Run != id && len(before[i].Scores) > 0 && before[i].Scores[0].Drift != nil {
			return before[i].Scores[0].Drift.InBand
		}
	}
	return true
}
