package firestations

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"vigie/api/door"
	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/predict/series"
)

// crewsInput asks how many crews a station needs.
type crewsInput struct {
	StationInput
	Service float64 `query:"service" minimum:"0.5" maximum:"0.999" default:"0.95" doc:"Share of the calls that shall find a crew free."`
	Kind    string  `query:"kind" maxLength:"40" doc:"Kind of operation; all together if empty."`
	Busy    int     `query:"busy" minimum:"1" maximum:"24" default:"1" doc:"Whole hours that a call keeps its crew: calls do not tell."`
	Shifts  string  `query:"shifts" maxLength:"30" pattern:"^[0-9]{1,2}(,[0-9]{1,2}){0,5}$" default:"7,19" doc:"Local hours at which shifts begin."`
}

type crewsOutput struct {
	Body crewsBody
}

type crewsBody struct {
	Service  float64     `json:"service"`
	Kind     string      `json:"kind"`
	Busy     int         `json:"busy_hours"`
	Run      runShown    `json:"run"`
	Changed  bool        `json:"changed" doc:"What was known before the run has changed since: the numbers are of what is known now."`
	Crews    []crewShift `json:"crews" nullable:"false"`
	Cost     crewCost    `json:"cost" doc:"Of the same suggestions made week by week over the last year, or what there is of it, each from what was known before it."`
	Missed   crewMissed  `json:"missed"`
	Year     span        `json:"year"`
	Baseline crewFixed   `json:"baseline" doc:"The cheapest unchanging numbers that reach the service level, chosen afterwards."`
}

type crewShift struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Crews  int       `json:"crews"`
	Calls  float64   `json:"calls" doc:"Expected."`
	Most   int       `json:"calls_most" doc:"Calls that are not exceeded with the probability of the service level."`
	Served float64   `json:"served" doc:"Expected share of the calls that find a crew free."`
}

type crewCost struct {
	CrewHours int `json:"crew_hours"`
	Shifts    int `json:"shifts"`
}

type crewMissed struct {
	Calls int     `json:"calls" doc:"That would have found no crew free."`
	Hours int     `json:"hours" doc:"In which that would have happened."`
	Share float64 `json:"share"`
	Of    int     `json:"of" doc:"Calls of the period."`
}

type span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

type crewFixed struct {
	Crews  []int      `json:"crews" nullable:"false" doc:"By shift of the day."`
	Cost   crewCost   `json:"cost"`
	Missed crewMissed `json:"missed"`
}

func costOf(r *series.Roster) (crewCost, crewMissed) {
	m := crewMissed{Calls: r.Missed, Hours: r.Hours, Of: r.Calls}
	if r.Calls > 0 {
		m.Share = float64(r.Missed) / float64(r.Calls)
	}
	return crewCost{r.CrewHours, r.Shifts}, m
}

// crews suggests crews for a station.
func (d *desk) crews(ctx context.Context, pass door.Pass, in *crewsInput) (*crewsOutput, error) {
	shifts, err := shiftHours(in.Shifts)
	if err != nil {
		return nil, err
	}
	runs, values, err := d.latest(ctx, pass, in.ID)
	if err != nil {
		return nil, err
	}
	run := &runs[0]
	if !slices.ContainsFunc(values, func(v forecast.Located) bool { return v.Kind == in.Kind }) {
		return nil, wrong("kind", "Ce centre n'a pas ce genre d'intervention.", "This station has no such kind of operation.")
	}
	fit, err := d.fits.of(ctx, d.db, run)
	if err != nil {
		return nil, err
	}
	c, err := fit.fitted.Crews(in.ID, in.Kind, int(run.Head.To.Sub(fit.end).Hours()), series.CrewOptions{Service: in.Service, Busy: in.Busy, Shifts: shifts})
	if err != nil {
		return nil, refused(err)
	}
	body := crewsBody{Service: c.Service, Kind: c.Kind, Busy: c.Busy, Run: shown(run), Changed: fit.hash != run.Head.InputHash, Crews: []crewShift{}, Year: span{c.Past.From, c.Past.To}}
	for _, s := range c.Shifts {
		body.Crews = append(body.Crews, crewShift{s.From, s.To, s.Crews, rounded(s.Calls), s.Most, s.Served})
	}
	body.Cost, body.Missed = costOf(&c.Past)
	body.Baseline.Crews = append([]int{}, c.Fixed.Crews...)
	body.Baseline.Cost, body.Baseline.Missed = costOf(&c.Fixed)
	return &crewsOutput{body}, nil
}

// shiftHours reads the hours at which shifts begin.
func shiftHours(list string) ([]int, error) {
	var hours []int
	for text := range strings.SplitSeq(list, ",") {
		hour, err := strconv.Atoi(text)
		if err != nil || hour > 23 || len(hours) > 0 && hour <= hours[len(hours)-1] {
			return nil, wrong("shifts", "Donnez des heures croissantes de 0 à 23, comme 7,19.", "Give ascending hours from 0 to 23, like 7,19.")
		}
		hours = append(hours, hour)
	}
	return hours, nil
}

// fit is the model of a run, fitted again with a year of its own past forecasts.
type fit struct {
	fitted *series.Fitted
	hash   string // of what it was fitted to
	end    time.Time
}

// fits keeps the models that were asked for last. Who asks for one that is being fitted waits for it.
type fits struct {
	mu    sync.Mutex
	order []string // the last used last
	made  map[string]fit
}

// maxFits bounds the models in memory; that of a département takes some tens of megabytes.
const maxFits = 3

func newFits() *fits { return &fits{made: map[string]fit{}} }

// learnt are the weeks of past forecasts that crews are judged by: a year, after four weeks to begin with.
const learnt = 52 + 4

// of fits the model of a run. One is fitted at a time: the machine has other work.
func (f *fits) of(ctx context.Context, db *geoengine.Store, run *forecast.Run) (fit, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := run.ID.String()
	if one, there := f.made[id]; there {
		f.order = append(slices.DeleteFunc(f.order, func(other string) bool { return other == id }), id)
		return one, nil
	}
	given, err := read(ctx, db, run.Head.Spec, nil)
	if err != nil {
		return fit{}, fmt.Errorf("read what run %s was made of: %w", id, err)
	}
	in, ok := given.(*input)
	if !ok {
		return fit{}, fmt.Errorf("an input of %T is not of fire stations", given)
	}
	fitted, err := series.Fit(ctx, in.series, in.calendar(), series.Options{Ahead: in.ahead(run.Head.To), Calibrate: learnt})
	if err != nil {
		return fit{}, refused(err)
	}
	if len(f.order) == maxFits {
		delete(f.made, f.order[0])
		f.order = f.order[1:]
	}
	one := fit{fitted, in.Hash(), in.end}
	f.made[id], f.order = one, append(f.order, id)
	return one, nil
}
