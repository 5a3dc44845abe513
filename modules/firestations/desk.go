package firestations

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"vigie/api"
	"vigie/api/door"
	"vigie/api/identity"
	"vigie/api/ogc"
	"vigie/api/problem"
	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/geoengine/jobs"
	"vigie/module"
)

// desk answers the operations.
type desk struct {
	db        *geoengine.Store
	forecasts *forecast.Store
	fits      *fits
}

func newDesk(host module.Host) *desk {
	return &desk{db: host.Store, forecasts: forecast.New(host.Store), fits: newFits()}
}

// extend adds the operations of the module to what all forecasts share.
func (d *desk) extend(shared api.Extension) api.Extension {
	before := shared.Operations
	shared.Operations = func(queue *jobs.Queue) []api.Operation {
		var all []api.Operation
		if before != nil {
			all = before(queue)
		}
		return append(all, d.operations()...)
	}
	return shared
}

// tag is the tag of the operations, and the scope that a machine's key must hold.
const tag = "Fire stations"

const (
	base     = "/api/firestations"
	patience = 60 * time.Second // the first question about crews fits the model anew
)

func (d *desk) operations() []api.Operation {
	read := func(id, path, summary string, limit door.Limit) door.Operation {
		return door.Operation{
			ID: "firestations-" + id, Method: http.MethodGet, Path: base + path, Tag: tag, Summary: summary, Limit: limit, Timeout: patience,
			Roles: []identity.Role{identity.Commander, identity.Analyst, identity.Operator, identity.Admin}, Audit: door.AuditRead, Act: door.ActConsultation,
		}
	}
	normally, heavily := door.Limit{PerSecond: 20, Burst: 100}, door.Limit{PerSecond: 2, Burst: 20}
	station := read("station", "/stations/{id}", "A station: the next days with intervals, and yesterday's forecast against what happened", normally)
	station.Description = "The id is source/ref, its slash escaped (%2F); or the path of a commune, where calls name no stations."
	crews := read("crews", "/stations/{id}/crews", "How many crews a service level needs, and what that would have cost and missed last year", heavily)
	crews.Description = "A proposal: a person decides. What was decided is kept by POST /api/forecasts/runs/{id}/decisions."
	return []api.Operation{
		{Operation: read("stations", "/stations", "The stations of an area: today's forecast, and yesterday's against what happened", normally), Handler: handle(d.stations)},
		{Operation: station, Handler: handle(d.station)},
		{Operation: crews, Handler: handle(d.crews)},
	}
}

// Spoken is embedded in inputs: the language of who asks. It is exported for huma to see it.
type Spoken struct {
	Accept string `header:"Accept-Language" maxLength:"200" doc:"en for English; else errors are explained in French."`
}

func (s *Spoken) language() string {
	return ogc.Language(&http.Request{Header: http.Header{"Accept-Language": {s.Accept}}})
}

// said is an error in both languages.
func said(status int, code, field, fr, en string) error {
	p := problem.New(status, code, en)
	p.Field, p.FR, p.EN = field, fr, en
	return p
}

// wrong is a field of a spec or a request that is wrong, with what to change: ErrInvalid, in both languages.
func wrong(field, fr, en string) error {
	return fmt.Errorf("%w: %w", said(http.StatusUnprocessableEntity, problem.CodeInvalid, field, fr, en), geoengine.ErrInvalid)
}

// handle is a JSON operation for callers who may read single calls: a forecast of few calls nearly tells their number.
func handle[I any, P interface {
	*I
	language() string
}, O any](run func(ctx context.Context, pass door.Pass, in *I) (*O, error)) door.Handler {
	return door.JSON(func(ctx context.Context, pass door.Pass, in *I) (*O, error) {
		var out *O
		var err error
		if geoengine.Covers(pass.Rights().Open, []string{Category}) {
			out, err = run(ctx, pass, in)
		} else {
			err = said(http.StatusForbidden, problem.CodeDenied, "", "Cette page est faite d'appels que vous ne pouvez pas lire un par un : ses valeurs en diraient presque le nombre.",
				"This page is made of calls that you may not read one by one: its values would nearly tell their number.")
		}
		var known *problem.Problem
		if errors.As(err, &known) && known.FR != "" {
			told := *known
			told.Detail = ogc.Text{FR: known.FR, EN: known.EN}.In(P(in).language())
			return nil, &told
		}
		return out, err
	})
}

// runShown is a run as pages name it.
type runShown struct {
	ID      string        `json:"id"`
	Until   time.Time     `json:"until" doc:"What was reported before it was known."`
	From    time.Time     `json:"from"`
	To      time.Time     `json:"to"`
	Made    time.Time     `json:"made"`
	Model   string        `json:"model"`
	Version string        `json:"version"`
	Usable  bool          `json:"usable"`
	Verdict forecast.Text `json:"verdict"`
}

func shown(r *forecast.Run) runShown {
	h := &r.Head
	return runShown{r.ID.String(), h.Spec.Until, h.From, h.To, r.Made, h.Model, h.Version, h.Card.Usable, h.Card.Verdict}
}

// maxRuns is how many of the latest runs are looked at for a page.
const maxRuns = 40

// runs lists the latest runs that meet an area, the latest first.
func (d *desk) runs(ctx context.Context, pass door.Pass, area string) ([]forecast.Run, error) {
	return d.forecasts.List(ctx, pass.Rights(), forecast.Listing{Name: Name, Area: area, Limit: maxRuns})
}

// all is the kind of all operations together.
func all() *string { return new(string) }

// daysOf are the forecasts of all kinds by day in a run, of one place or of an area.
func (d *desk) daysOf(ctx context.Context, pass door.Pass, run *forecast.Run, area, place string, from, to time.Time) ([]forecast.Located, error) {
	list, err := d.forecasts.Values(ctx, pass.Rights(), run.ID, forecast.Ask{Area: area, Kind: all(), Place: place, Step: "P1D", From: from, To: to, Limit: maxPlaces * 15})
	slices.SortStableFunc(list, func(a, b forecast.Located) int { return a.From.Compare(b.From) })
	return list, err
}

// yesterday finds what an earlier run said of the last whole day before a run: the latest run that knew nothing of that
// day. Nil if no run did.
func (d *desk) yesterday(ctx context.Context, pass door.Pass, runs []forecast.Run, area, place string) (*forecast.Run, []forecast.Located, error) {
	until := runs[0].Head.Spec.Until
	const longestDay = 25 * time.Hour
	for i := 1; i < len(runs); i++ {
		r := &runs[i]
		if !r.Head.Spec.Until.Before(until) || r.Head.To.Before(until.Add(-longestDay)) || r.Head.Spec.OptionsText() != runs[0].Head.Spec.OptionsText() {
			continue
		}
		list, err := d.daysOf(ctx, pass, r, area, place, until.Add(-2*longestDay), until)
		if err != nil {
			return nil, nil, err
		}
		list = slices.DeleteFunc(list, func(v forecast.Located) bool { return v.To.After(until) })
		if len(list) == 0 {
			continue
		}
		last := list[len(list)-1].From
		return r, slices.DeleteFunc(list, func(v forecast.Located) bool { return !v.From.Equal(last) }), nil
	}
	return nil, nil, nil
}

// observed counts what happened in a period at the places of a run.
func (d *desk) observed(ctx context.Context, run *forecast.Run, from, to time.Time, values []forecast.Located) (*tally, error) {
	r := forecast.Result{Spec: run.Head.Spec, From: from, To: to}
	for i := range values {
		r.Values = append(r.Values, values[i].Value)
	}
	return count(ctx, d.db, &r)
}

const selectAreaNames = `select path, name from area where path = any($1)`

// names are the names of areas by path.
func (d *desk) names(ctx context.Context, paths []string) (map[string]string, error) {
	names := map[string]string{}
	rows, err := d.db.Pool.Query(ctx, selectAreaNames, paths)
	if err != nil {
		return nil, fmt.Errorf("names of areas: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var path, name string
		if err := rows.Scan(&path, &name); err != nil {
			return nil, fmt.Errorf("names of areas: %w", err)
		}
		names[path] = name
	}
	return names, rows.Err()
}

// covered refuses an area beyond the caller's territory.
func covered(pass door.Pass, area string) error {
	switch {
	case area == "":
		return nil
	case !geoengine.ValidAreaPath(area):
		return wrong("area", "Ce territoire n'en est pas un.", "This area's path is none.")
	case !geoengine.Covers(pass.Scope(), []string{area}):
		return fmt.Errorf("area: %w", geoengine.ErrMissing)
	}
	return nil
}
