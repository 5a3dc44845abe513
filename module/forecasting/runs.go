package forecasting

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vigie/api/door"
	"vigie/api/problem"
	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/geoengine/jobs"
)

type makeInput struct {
	Spoken
	Prefer string `header:"Prefer" maxLength:"200" doc:"respond-async answers 202 with the job at once."`
	Body   struct {
		Areas   []string          `json:"areas,omitempty" maxItems:"50" nullable:"false" doc:"Paths; none is everything."`
		Until   time.Time         `json:"until,omitempty" doc:"What was reported before it may be known; the local day's begin if not given."`
		Horizon string            `json:"horizon" maxLength:"20"`
		Seed    *uint64           `json:"seed,omitempty" maximum:"9007199254740991" doc:"Of chance; 1 if not given."`
		Options map[string]string `json:"options,omitempty"`
	}
}

// made is a run, or the job that makes it.
type made struct {
	Status int
	Body   struct {
		Run string `json:"run,omitempty"`
		Job string `json:"job,omitempty" doc:"That makes the run: GET /ogc/jobs/{job}."`
	}
}

// make asks for a run. It is answered when the run is ready, or with the job that makes it.
func (d *desk) make(f *Forecaster) func(ctx context.Context, pass door.Pass, in *makeInput) (*made, error) {
	return func(ctx context.Context, pass door.Pass, in *makeInput) (*made, error) {
		spec := forecast.Spec{Areas: in.Body.Areas, Until: in.Body.Until, Horizon: in.Body.Horizon, Seed: 1, Options: in.Body.Options}
		if spec.Until.IsZero() {
			spec.Until = d.today()
		}
		if in.Body.Seed != nil {
			spec.Seed = *in.Body.Seed
		}
		spec, err := Prepare(f, spec, d.clock())
		if err != nil {
			return nil, err
		}
		if err := d.allowed(ctx, f, pass.Rights(), spec); err != nil {
			return nil, err
		}
		inputs, err := specInputs(spec, in.language())
		if err != nil {
			return nil, err
		}
		return d.submit(ctx, pass, f, inputs, in.Prefer)
	}
}

// waitFor is how long a request waits for its run.
const waitFor = 20 * time.Second

// submit enters a job and waits for it, unless the caller would rather not.
func (d *desk) submit(ctx context.Context, pass door.Pass, f *Forecaster, inputs map[string]json.RawMessage, prefer string) (*made, error) {
	process, err := d.queue.Processes().Find(processID(f.Name))
	if err != nil {
		return nil, err
	}
	owner := jobs.Owner{Name: pass.Caller().Name, Machine: pass.Caller().Machine}
	j, err := d.queue.Submit(ctx, order(process, owner, jobs.NewGranted(pass.Rights(), pass.Policy()), inputs))
	if err != nil {
		return nil, err
	}
	pass.Concerns("job:" + j.ID.String())
	out := &made{Status: http.StatusAccepted}
	out.Body.Job = j.ID.String()
	if strings.Contains(prefer, "respond-async") {
		return out, nil
	}
	switch j, err = d.queue.Await(ctx, j.ID, &owner, waitFor); {
	case err != nil:
		return nil, err
	case j.Status.Open():
		return out, nil
	case j.Status != jobs.Successful:
		return nil, d.failure(&j)
	}
	out.Status, out.Body.Run, out.Body.Job = http.StatusCreated, j.ID.String(), ""
	return out, nil
}

// failure is why a job gave no run.
func (d *desk) failure(j *jobs.Job) error {
	d.mu.Lock()
	err, here := d.refused[j.ID]
	delete(d.refused, j.ID)
	d.mu.Unlock()
	switch {
	case here:
		return err
	case j.Failure == jobs.FailedDenied:
		return fmt.Errorf("run: %w", geoengine.ErrDenied)
	case j.Failure == jobs.FailedInvalid, j.Failure == jobs.FailedTimeout, j.Failure == jobs.FailedTooLarge:
		return problem.New(http.StatusUnprocessableEntity, problem.CodeInvalid, j.Message)
	case j.Status == jobs.Dismissed:
		return refuse(http.StatusConflict, problem.CodeConflict, "job", "Le calcul a été abandonné.", "The computation was dismissed.")
	}
	return problem.New(http.StatusInternalServerError, problem.CodeInternal, "the run failed: the server has logged why, under job "+j.ID.String())
}

type runsInput struct {
	Spoken
	Area    string `query:"area" maxLength:"200" doc:"Runs that meet this area."`
	Horizon string `query:"horizon" maxLength:"20"`
	Limit   int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor  string `query:"cursor" maxLength:"40" doc:"next of the page before."`
}

type runsOutput struct {
	Body struct {
		Runs []LineBody `json:"runs" nullable:"false"`
		Next string     `json:"next,omitempty"`
	}
}

// runs lists the runs of a forecaster that the caller may see.
func (d *desk) runs(f *Forecaster) func(ctx context.Context, pass door.Pass, in *runsInput) (*runsOutput, error) {
	return func(ctx context.Context, pass door.Pass, in *runsInput) (*runsOutput, error) {
		if !openTo(pass.Rights(), f) {
			return nil, closed()
		}
		if in.Area != "" && !geoengine.ValidAreaPath(in.Area) {
			return nil, wrong("query.area", "Un territoire n'en est pas un.", "An area's path is none.")
		}
		l := forecast.Listing{Name: f.Name, Area: in.Area, Horizon: in.Horizon, Limit: in.Limit + 1}
		if in.Cursor != "" {
			after, err := d.after(ctx, pass, f, in.Cursor)
			if err != nil {
				return nil, err
			}
			l.After = &after
		}
		list, err := d.store.List(ctx, pass.Rights(), l)
		if err != nil {
			return nil, err
		}
		out := &runsOutput{}
		out.Body.Runs = []LineBody{}
		if len(list) > in.Limit {
			list = list[:in.Limit]
			out.Body.Next = list[in.Limit-1].ID.String()
		}
		for i := range list {
			out.Body.Runs = append(out.Body.Runs, line(&list[i]))
		}
		return out, nil
	}
}

// after is the run that a cursor names.
func (d *desk) after(ctx context.Context, pass door.Pass, f *Forecaster, cursor string) (forecast.Run, error) {
	id, err := jobs.ParseID(cursor)
	if err == nil {
		var r forecast.Run
		if r, err = d.store.Find(ctx, pass.Rights(), id); err == nil && r.Head.Spec.Name == f.Name {
			return r, nil
		}
	}
	return forecast.Run{}, wrong("query.cursor", "Cette page n'existe plus : recommencez à la première.", "That page is no more: begin at the first one.")
}

// RunInput is embedded in inputs that name a run.
type RunInput struct {
	Spoken
	ID string `path:"id" maxLength:"40"`
}

// periodBody is a period of values.
type periodBody struct {
	Step string    `json:"step"`
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// runBody is a run as the API shows it.
type runBody struct {
	LineBody
	ID        string              `json:"id"`
	Name      string              `json:"name"`
	Title     forecast.Text       `json:"title"`
	Unit      forecast.Text       `json:"unit"`
	Place     forecast.PlaceKind  `json:"place" enum:"cell,lixel,unit,area"`
	AreaNames map[string]string   `json:"area_names" nullable:"false"`
	Created   time.Time           `json:"created"`
	Author    string              `json:"author" doc:"Empty for the schedule."`
	Model     string              `json:"model"`
	Version   string              `json:"version"`
	InputHash string              `json:"input_hash,omitempty"`
	Hash      string              `json:"hash,omitempty" doc:"SHA-256 of the whole result: a replay gives the same."`
	Partial   bool                `json:"partial,omitempty" doc:"The caller sees a part of the run's areas: what is counted over all of them is left out."`
	Card      forecast.Card       `json:"card"`
	Profiles  [][]float64         `json:"profiles,omitempty"`
	Kinds     []string            `json:"kinds" nullable:"false"`
	Periods   []periodBody        `json:"periods" nullable:"false" doc:"Of the values that the caller may see: the longest first, at most 400."`
	Steps     []time.Time         `json:"steps" nullable:"false" doc:"Where the periods of the longest step begin."`
	Bounds    []float64           `json:"bounds,omitempty" doc:"West, south, east, north of the places' middles."`
	Places    int                 `json:"places"`
	Values    int                 `json:"values"`
	Scores    []forecast.Score    `json:"scores" nullable:"false" doc:"How it did, once its period had passed; later scores know more."`
	Alert     *alertBody          `json:"alert,omitempty"`
	Decisions []forecast.Decision `json:"decisions" nullable:"false"`
}

type runOutput struct{ Body runBody }

// Limits of what is shown of a run at once.
const (
	maxPeriods   = 400
	maxDecisions = 500
)

// get shows a run.
func (d *desk) get(ctx context.Context, pass door.Pass, in *RunInput) (*runOutput, error) {
	r, err := d.run(ctx, pass, in.ID)
	if err != nil {
		return nil, err
	}
	head := &r.Head
	body := runBody{
		LineBody: line(&r), ID: r.ID.String(), Name: head.Spec.Name, Title: head.Card.Title, Unit: head.Card.Unit, Place: head.Place, Created: r.Made, Author: r.Author,
		Model: head.Model, Version: head.Version, InputHash: head.InputHash, Hash: r.Hash, Card: head.Card, Profiles: head.Profiles, Kinds: r.Kinds, Places: r.Places, Values: r.Values,
		Periods: []periodBody{}, Steps: []time.Time{}, Scores: []forecast.Score{},
	}
	bounds := r.Bounds
	if !r.Whole(pass.Scope()) {
		seen, err := d.store.Seen(ctx, pass.Rights(), r.ID)
		if err != nil {
			return nil, err
		}
		body.Partial, body.Card = true, part(head.Card)
		body.InputHash, body.Hash, body.Profiles, body.Kinds, body.Places, body.Values, bounds = "", "", nil, seen.Kinds, seen.Places, seen.Values, seen.Bounds
	}
	if bounds != nil {
		body.Bounds = []float64{bounds.Min[0], bounds.Min[1], bounds.Max[0], bounds.Max[1]}
	}
	if err := d.around(ctx, pass, &r, &body); err != nil {
		return nil, err
	}
	return &runOutput{body}, nil
}

// part is what of a card is for who sees a part of its run's areas: nothing that is counted over all of them.
func part(card forecast.Card) forecast.Card {
	return forecast.Card{
		Title: card.Title, Unit: card.Unit, Usable: card.Usable, Verdict: card.Verdict, ToBeat: card.ToBeat, Chosen: card.Chosen, Band: card.Band, Limits: card.Limits,
		Backtest: []forecast.Row{}, Reliability: []forecast.Bin{}, Inputs: forecast.Inputs{Categories: card.Inputs.Categories},
	}
}

// around adds to a run what was written after it.
func (d *desk) around(ctx context.Context, pass door.Pass, r *forecast.Run, body *runBody) error {
	periods, err := d.store.Periods(ctx, pass.Rights(), r.ID, maxPeriods)
	if err != nil {
		return err
	}
	for _, p := range periods {
		body.Periods = append(body.Periods, periodBody(p))
		if p.Step == r.Step {
			body.Steps = append(body.Steps, p.From)
		}
	}
	if body.AreaNames, err = d.names(ctx, r.Head.Spec.Areas); err != nil {
		return err
	}
	if scores, err := d.store.Scores(ctx, pass.Rights(), r.ID); err != nil {
		return err
	} else if scores != nil {
		body.Scores = scores
	}
	if body.Decisions, err = d.store.Decisions(ctx, pass.Rights(), r.ID, maxDecisions); err != nil {
		return err
	}
	if f, err := Find(d.queue.Processes().All(), r.Head.Spec.Name); err == nil {
		alerts, err := d.alertsOf(ctx, pass.Rights(), f)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(alerts, func(a alertBody) bool {
			return slices.Equal(a.Areas, r.Head.Spec.Areas) && a.Horizon == r.Head.Spec.Horizon
		}); i >= 0 {
			body.Alert = &alerts[i]
		}
	}
	return nil
}

const selectNames = `select path, name from area where path = any($1)`

// names are the names of areas, by path: open geography.
func (d *desk) names(ctx context.Context, paths []string) (map[string]string, error) {
	rows, err := d.db.Pool.Query(ctx, selectNames, paths)
	if err != nil {
		return nil, fmt.Errorf("names of areas: %w", err)
	}
	names := map[string]string{}
	var path, name string
	if _, err := pgx.ForEachRow(rows, []any{&path, &name}, func() error {
		names[path] = name
		return nil
	}); err != nil {
		return nil, fmt.Errorf("names of areas: %w", err)
	}
	return names, nil
}
