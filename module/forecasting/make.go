package forecasting

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"vigie/api/problem"
	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/geoengine/jobs"
	"vigie/progress"
)

// Limits of a spec.
const (
	maxAreas = 50
	maxSeed  = 1<<53 - 1 // JSON of browsers has no larger whole numbers
)

// Prepare checks a spec and puts it into its one form, with the standard values of the options that it leaves out. The
// clock tells what is in the future.
func Prepare(f *Forecaster, spec forecast.Spec, now time.Time) (forecast.Spec, error) {
	spec.Name = f.Name
	spec = spec.Canonical()
	if len(spec.Areas) > maxAreas {
		return spec, wrong("areas", fmt.Sprintf("Choisissez au plus %d territoires.", maxAreas), fmt.Sprintf("Choose at most %d areas.", maxAreas))
	}
	for _, path := range spec.Areas {
		if !geoengine.ValidAreaPath(path) {
			return spec, wrong("areas", "Un territoire n'en est pas un.", "An area's path is none.")
		}
	}
	for _, path := range spec.Areas { // an area within another adds nothing
		others := slices.DeleteFunc(slices.Clone(spec.Areas), func(other string) bool { return other == path })
		if geoengine.Within(path, others) {
			spec.Areas = slices.DeleteFunc(spec.Areas, func(one string) bool { return one == path })
		}
	}
	if f.horizon(spec.Horizon) == nil {
		names := make([]string, len(f.Horizons))
		for i, h := range f.Horizons {
			names[i] = h.Name
		}
		return spec, wrong("horizon", "Choisissez un horizon parmi "+strings.Join(names, ", ")+".", "Choose a horizon among "+strings.Join(names, ", ")+".")
	}
	if spec.Until.Before(geoengine.Earliest) || spec.Until.After(now) {
		return spec, wrong("until", "Une prévision sait ce qui a été signalé avant une date : choisissez-la dans le passé.", "A forecast knows what was reported before a time: choose one in the past.")
	}
	if spec.Seed > maxSeed {
		return spec, wrong("seed", "La graine est un nombre entier inférieur à 2^53.", "The seed is a whole number below 2^53.")
	}
	if f.Check != nil { // before the options, so that it says why one is not offered
		if err := f.Check(spec); err != nil {
			return spec, err
		}
	}
	options, err := f.options(spec.Options)
	spec.Options = options
	return spec, err
}

// options are those given with the standard ones for the others.
func (f *Forecaster) options(given map[string]string) (map[string]string, error) {
	chosen := map[string]string{}
	for _, o := range f.Options {
		chosen[o.Name] = o.Values[0]
		value, there := given[o.Name]
		if !there {
			continue
		}
		if !slices.Contains(o.Values, value) {
			return nil, wrong("options."+o.Name, "Choisissez parmi "+strings.Join(o.Values, ", ")+".", "Choose among "+strings.Join(o.Values, ", ")+".")
		}
		chosen[o.Name] = value
	}
	for name := range given {
		if _, known := chosen[name]; !known {
			return nil, wrong("options", "Une option n'existe pas.", "There is no such option.")
		}
	}
	if len(chosen) == 0 {
		return nil, nil //nolint:nilnil // no options
	}
	return chosen, nil
}

// Make makes a run of a spec that Prepare has put into form, and keeps nothing. The same spec on the same data gives the
// same bytes of Result.JSON.
func Make(ctx context.Context, f *Forecaster, store *geoengine.Store, spec forecast.Spec, report progress.Func) (*forecast.Result, error) {
	input, err := f.Read(ctx, store, spec, report)
	if err != nil {
		return nil, fmt.Errorf("read the input of %s: %w", f.Name, err)
	}
	r, err := f.Make(ctx, input, spec, report)
	if err != nil {
		return nil, fmt.Errorf("forecast %s: %w", f.Name, err)
	}
	r.Spec, r.Model, r.Version, r.InputHash = spec, f.Model, f.Version, input.Hash()
	if r.Place == "" {
		r.Place = f.Place
	}
	r.Canonical()
	if err := r.Check(); err != nil {
		return nil, fmt.Errorf("forecast %s gives what must not be kept: %s", f.Name, err.Error()) // no ErrInvalid: it is not what the caller asked that is wrong
	}
	return r, nil
}

// processID names the process of a forecaster.
func processID(name string) string { return "forecast-" + name }

// process is the process that makes runs.
func (d *desk) process(f *Forecaster) jobs.Process {
	roles := []string{}
	for _, role := range makers() {
		roles = append(roles, string(role))
	}
	horizons := []string{}
	for _, h := range f.Horizons {
		horizons = append(horizons, h.Name)
	}
	return jobs.Process{
		ID: processID(f.Name), Title: f.Title.EN, Version: "1.0.0", Keywords: []string{"forecast", f.Name, f.Model}, Roles: roles, Maker: maker{d, f},
		Description: "Makes a forecast from what was reported before a time. The result names the run, which has the job's id: " +
			"GET /api/forecasts/runs/{id} and its values. No areas are everything.",
		Inputs: []jobs.Input{
			{ID: "areas", Title: "Paths of areas", Optional: true, Max: maxAreas, Schema: jobs.Schema{Type: "string", MaxLength: 200}},
			{ID: "until", Title: "What was reported before it may be known (RFC 3339); the local day's begin if not given", Optional: true, Schema: jobs.Schema{Type: "string", MaxLength: 40}},
			{ID: "horizon", Title: "How far it reaches", Schema: jobs.Schema{Type: "string", Enum: horizons}},
			{ID: "seed", Title: "Seed of chance; 1 if not given", Optional: true, Schema: jobs.Number("integer", 0, maxSeed)},
			{ID: "options", Title: "Options of the forecast: values by name", Optional: true, Schema: jobs.Schema{Type: "object"}},
			{ID: "language", Title: "Of messages", Optional: true, Schema: jobs.Schema{Type: "string", Enum: []string{"fr", "en"}}},
		},
		Outputs: []jobs.Output{{ID: "result", Title: "The run, and whether it may be used", Schema: jobs.Schema{Type: "object"}}},
		Run:     func(ctx context.Context, call jobs.Call) error { return d.serve(ctx, f, call) },
	}
}

// errand reads a call: the spec that is asked for.
func (d *desk) errand(f *Forecaster, call *jobs.Call) (spec forecast.Spec, language string, err error) {
	language = "fr"
	spec.Seed, spec.Until = 1, d.today()
	until := ""
	err = errors.Join(call.Decode("language", &language), call.Decode("areas", &spec.Areas), call.Decode("until", &until), call.Decode("horizon", &spec.Horizon),
		call.Decode("seed", &spec.Seed), call.Decode("options", &spec.Options))
	if err != nil {
		return spec, language, err
	}
	if until != "" {
		if spec.Until, err = time.Parse(time.RFC3339, until); err != nil {
			return spec, language, wrong("until", "Donnez une date et une heure (2026-11-02T00:00:00+01:00).", "Give a date and time (2026-11-02T00:00:00+01:00).")
		}
	}
	spec, err = Prepare(f, spec, d.clock())
	return spec, language, err
}

// serve runs the process: once or more often for a job, with one run as the result.
func (d *desk) serve(ctx context.Context, f *Forecaster, call jobs.Call) error {
	spec, language, err := d.errand(f, &call)
	if err == nil {
		err = d.allowed(ctx, f, call.Rights, spec)
	}
	if err == nil {
		err = d.keep(ctx, f, &call, spec)
	}
	var known *problem.Problem
	if errors.As(err, &known) && known.FR != "" {
		d.failed(call.Job, err)
		told := say(language, err).Error()
		if known.Code == problem.CodeDenied {
			return fmt.Errorf("%s: %w", told, geoengine.ErrDenied)
		}
		return fmt.Errorf("%s: %w", told, geoengine.ErrInvalid)
	}
	if errors.Is(err, forecast.ErrGone) {
		return nil // whoever has the job now, or nobody, keeps the run
	}
	if err != nil {
		if p, expected := problem.Of(err); !expected && p.Code == problem.CodeBusy { // the database went away: the job runs again
			return fmt.Errorf("%w: %w", err, geoengine.ErrBusy)
		}
	}
	return err
}

const countAreas = `select count(*) from area where path = any($1)`

// allowed refuses a spec that reaches beyond the rights, or names areas that there are not.
func (d *desk) allowed(ctx context.Context, f *Forecaster, rights geoengine.Rights, spec forecast.Spec) error {
	if !openTo(rights, f) {
		return closed()
	}
	if len(spec.Areas) == 0 {
		if rights.Scope != nil {
			return wrong("areas", "Choisissez un territoire.", "Choose an area.")
		}
		return nil
	}
	there := 0
	if geoengine.Covers(rights.Scope, spec.Areas) {
		if err := d.db.Pool.QueryRow(ctx, countAreas, spec.Areas).Scan(&there); err != nil {
			return fmt.Errorf("find areas: %w", err)
		}
	}
	if there < len(spec.Areas) {
		return fmt.Errorf("areas: %w", geoengine.ErrMissing)
	}
	return nil
}

// done is the result of the process.
type done struct {
	Run     string        `json:"run"`
	Usable  bool          `json:"usable"`
	Verdict forecast.Text `json:"verdict"`
}

// keep makes a run and keeps it. The run has the job's id; outside the queue it is a random one.
func (d *desk) keep(ctx context.Context, f *Forecaster, call *jobs.Call, spec forecast.Spec) error {
	from := forecast.Origin{Queued: call.Job != "", Author: call.Owner.Name, Machine: call.Owner.Machine, Feeds: f.Categories}
	var err error
	if from.Queued {
		if from.ID, err = jobs.ParseID(call.Job); err != nil {
			return err
		}
		switch run, err := d.store.Find(ctx, geoengine.AllRights(), from.ID); {
		case err == nil: // an earlier run of this job has made it
			return call.WriteJSON("result", done{from.ID.String(), run.Head.Card.Usable, run.Head.Card.Verdict})
		case !errors.Is(err, geoengine.ErrMissing):
			return err
		}
	} else if from.ID, err = forecast.NewID(d.random); err != nil {
		return err
	}
	r, err := Make(ctx, f, d.db, spec, teller(call))
	if err != nil {
		return err
	}
	from.At = d.now()
	if err := d.store.Save(ctx, r, from); err != nil {
		return err
	}
	return call.WriteJSON("result", done{from.ID.String(), r.Card.Usable, r.Card.Verdict})
}

// teller tells a call how far the run has come: the task that is under way, and its share done.
func teller(call *jobs.Call) progress.Func {
	return func(u progress.Update) {
		const unknown, most = 50, 99
		percent := unknown
		if u.Total > 0 {
			percent = int(min(max(100*u.Done/u.Total, 0), most))
		}
		call.Progress(percent, u.Task)
	}
}

// maxRefused bounds how many errors of jobs are kept for who waits for them.
const maxRefused = 200

// failed keeps why a job failed, in both languages, for who waits for it on this server.
func (d *desk) failed(job string, err error) {
	id, parsed := jobs.ParseID(job)
	if parsed != nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.refused) >= maxRefused {
		clear(d.refused)
	}
	d.refused[id] = err
}

// specInputs are the inputs of the process for a spec.
func specInputs(spec forecast.Spec, language string) (map[string]json.RawMessage, error) {
	inputs := map[string]json.RawMessage{}
	for name, value := range map[string]any{
		"areas": spec.Areas, "until": spec.Until.Format(time.RFC3339), "horizon": spec.Horizon, "seed": spec.Seed, "options": spec.Options, "language": language,
	} {
		raw, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("ask for %s: %w", spec.Name, err)
		}
		if string(raw) != "null" {
			inputs[name] = raw
		}
	}
	return inputs, nil
}
