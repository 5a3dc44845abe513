package checkpoints

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"vigie/api/door"
	"vigie/api/problem"
	"vigie/geoengine"
	"vigie/geoengine/jobs"
	"vigie/modules/checkpoints/plan"
)

// processID names the process that makes plans.
const processID = "checkpoint-plan"

// Limits of a request for a plan.
const (
	maxAreas     = 20
	maxTeams     = 200
	maxForbidden = 20_000
	maxForced    = 2_000
	longestTitle = 200
	longestID    = 200 // of units and sites
)

// checkRequest refuses what no plan can be made of, before anything is looked up. What the world makes impossible is said
// by plan.Build.
func checkRequest(r *plan.Request) error {
	if err := line("title", r.Title, 0, longestTitle, false); err != nil {
		return err
	}
	if err := line("reference", r.Reference, 0, longestTitle, false); err != nil {
		return err
	}
	if n := len(r.Areas); n == 0 || n > maxAreas {
		return wrong("areas", fmt.Sprintf("Choisissez de 1 à %d territoires.", maxAreas), fmt.Sprintf("Choose 1 to %d areas.", maxAreas))
	}
	if err := checkAreas("areas", r.Areas); err != nil {
		return err
	}
	if len(r.Teams) == 0 {
		return wrong("teams", "Ajoutez au moins une équipe.", "Add at least one team.")
	}
	for field, day := range map[string]string{"from": r.From, "to": r.To} {
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			return wrong(field, "Donnez un jour (2026-12-04).", "Give a day (2026-12-04).")
		}
	}
	if len(r.Teams) > maxTeams {
		return wrong("teams", fmt.Sprintf("Donnez au plus %d lignes d'équipes.", maxTeams), fmt.Sprintf("Give at most %d lines of teams.", maxTeams))
	}
	if len(r.Forbidden) > maxForbidden || len(r.Forced) > maxForced {
		return wrong("forbidden", "Trop de sites exclus ou imposés.", "Too many sites are forbidden or forced.")
	}
	ids := slices.Clone(r.Forbidden)
	for i := range r.Teams {
		ids = append(ids, r.Teams[i].Unit)
	}
	for i := range r.Forced {
		ids = append(ids, r.Forced[i].Unit, r.Forced[i].Site)
	}
	for _, id := range ids {
		if line("", id, 1, longestID, false) != nil {
			return wrong("teams", "Un identifiant d'unité ou de site n'en est pas un.", "An id of a unit or of a site is none.")
		}
	}
	const longestSeed = 64
	if _, err := hex.DecodeString(r.Seed); err != nil || len(r.Seed) > longestSeed {
		return wrong("seed", "La graine est un nombre hexadécimal de 64 chiffres au plus.", "The seed is a hexadecimal number of at most 64 digits.")
	}
	return nil
}

type makeInput struct {
	Spoken
	Prefer string       `header:"Prefer" maxLength:"200" doc:"respond-async answers 202 with the job at once."`
	Body   plan.Request `doc:"What is asked for; what is left out has a standard."`
}

// made is a plan, or the job that makes it.
type made struct {
	Status int
	Body   any
}

// jobRef names the job that makes a plan. The plan has the job's id.
type jobRef struct {
	Job string `json:"job"`
}

// make asks for a new plan. It is answered when the plan is ready, or with the job that makes it.
func (d *desk) make(ctx context.Context, pass door.Pass, in *makeInput) (*made, error) {
	if err := checkRequest(&in.Body); err != nil {
		return nil, err
	}
	if !geoengine.Covers(pass.Scope(), in.Body.Areas) {
		return nil, missing("areas")
	}
	if err := d.shop.check(ctx, pass.Rights(), &in.Body); err != nil {
		return nil, err
	}
	request, err := json.Marshal(&in.Body)
	if err != nil {
		return nil, err
	}
	return d.run(ctx, pass, map[string]json.RawMessage{"request": request}, in.language(), in.Prefer, http.StatusCreated, nil)
}

type proposalInput struct {
	PlanInput
	Prefer string `header:"Prefer" maxLength:"200" doc:"respond-async answers 202 with the job at once."`
	Body   struct {
		Base int `json:"base" minimum:"1" doc:"The last revision."`
	}
}

// propose draws a draft anew around its locked posts and without its forbidden sites.
func (d *desk) propose(ctx context.Context, pass door.Pass, in *proposalInput) (*made, error) {
	f, err := d.draft(ctx, pass, in.ID, in.Body.Base)
	if err != nil {
		return nil, err
	}
	base, _ := json.Marshal(in.Body.Base) // a number
	id, _ := json.Marshal(f.ID.String())  // a text
	return d.run(ctx, pass, map[string]json.RawMessage{"plan": id, "base": base}, in.language(), in.Prefer, http.StatusOK, &f.ID)
}

// waitFor is how long a request waits for its plan.
const waitFor = 25 * time.Second

// run submits a job and waits for it, unless the caller would rather not. of is the plan that it works on; nil is a new
// one, which gets the job's id.
func (d *desk) run(ctx context.Context, pass door.Pass, inputs map[string]json.RawMessage, lang, prefer string, status int, of *jobs.ID) (*made, error) {
	process, err := d.queue.Processes().Find(processID)
	if err != nil {
		return nil, err
	}
	inputs["language"] = json.RawMessage(`"` + lang + `"`)
	owner := jobs.Owner{Name: pass.Caller().Name, Machine: pass.Caller().Machine}
	j, err := d.queue.Submit(ctx, jobs.Order{
		Process: process, Owner: owner, Granted: jobs.NewGranted(pass.Rights(), pass.Policy()),
		Asked: jobs.Asked{Inputs: inputs, Wanted: map[string]string{"result": jobs.MediaJSON}, ByRef: map[string]bool{}, Response: jobs.Raw},
	})
	if err != nil {
		return nil, err
	}
	pass.Concerns("job:" + j.ID.String())
	if !strings.Contains(prefer, "respond-async") {
		j, err = d.queue.Await(ctx, j.ID, &owner, waitFor)
	}
	switch {
	case err != nil:
		return nil, err
	case j.Status.Open():
		return &made{http.StatusAccepted, jobRef{j.ID.String()}}, nil
	case j.Status != jobs.Successful:
		return nil, d.failure(&j)
	}
	id := j.ID
	if of != nil {
		id = *of
	}
	f, err := d.store.find(ctx, see(pass), id, 0)
	if err != nil {
		return nil, err
	}
	concerns(pass, &f)
	out, err := d.answer(ctx, pass, &f)
	if err != nil {
		return nil, err
	}
	return &made{status, out.Body}, nil
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

// failure is why a job gave no plan.
func (d *desk) failure(j *jobs.Job) error {
	d.mu.Lock()
	err, here := d.refused[j.ID]
	delete(d.refused, j.ID)
	d.mu.Unlock()
	switch {
	case here:
		return err
	case j.Failure == jobs.FailedDenied:
		return fmt.Errorf("plan: %w", geoengine.ErrDenied)
	case j.Failure == jobs.FailedInvalid:
		return problem.New(http.StatusUnprocessableEntity, problem.CodeInvalid, j.Message)
	case j.Status == jobs.Dismissed:
		return conflict("job", "Le calcul a été abandonné.", "The computation was dismissed.")
	}
	return fmt.Errorf("job %s: %s: %s: %w", j.ID, j.Failure, j.Message, geoengine.ErrBusy)
}

// process is the process that makes plans and draws them anew.
func (d *desk) process() jobs.Process {
	roles := make([]string, 0, 1)
	for _, role := range deciders() {
		roles = append(roles, string(role))
	}
	return jobs.Process{
		ID: processID, Title: "Plan of road checkpoints", Version: "1.0.0", Keywords: []string{"checkpoints", "optimisation"}, Roles: roles,
		Description: "Makes a plan: posts with times, their worth with a proven bound, drawn at random among the best. The result names the plan, " +
			"which has the job's id: GET /api/checkpoints/plans/{id}. With plan and base instead of request, it draws a draft anew around its locked posts.",
		Inputs: []jobs.Input{
			{ID: "request", Title: "What is asked for, as for POST /api/checkpoints/plans", Optional: true, Schema: jobs.Schema{Type: "object"}},
			{ID: "plan", Title: "A draft to be drawn anew", Optional: true, Schema: jobs.Schema{Type: "string", MaxLength: 36}},
			{ID: "base", Title: "Its last revision", Optional: true, Schema: jobs.Number("integer", 1, 1e6)},
			{ID: "language", Title: "Of messages", Optional: true, Schema: jobs.Schema{Type: "string", Enum: []string{"fr", "en"}}},
		},
		Outputs: []jobs.Output{{ID: "result", Title: "Id and revision of the plan", Schema: jobs.Schema{Type: "object"}}},
		Run:     d.work,
	}
}

// errand is a call of the process.
type errand struct {
	Request *plan.Request
	Plan    string
	Base    int
	lang    string
}

func readErrand(call *jobs.Call) (errand, error) {
	o := errand{lang: "fr"}
	if err := errors.Join(call.Decode("language", &o.lang), call.Decode("plan", &o.Plan), call.Decode("base", &o.Base)); err != nil {
		return o, err
	}
	raw, given := call.Inputs["request"]
	if given == (o.Plan != "") {
		return o, wrong("request", "Donnez soit une demande, soit un plan à tirer de nouveau.", "Give either a request, or a plan to be drawn anew.")
	}
	if !given {
		return o, nil
	}
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.DisallowUnknownFields()
	o.Request = &plan.Request{}
	if err := decoder.Decode(o.Request); err != nil {
		return o, wrong("request", "La demande ne se lit pas : voyez le schéma de POST /api/checkpoints/plans.",
			"The request cannot be read: see the schema of POST /api/checkpoints/plans.")
	}
	return o, checkRequest(o.Request)
}

// work runs the process: once or more often for a job, with one plan as the result.
func (d *desk) work(ctx context.Context, call jobs.Call) error {
	o, err := readErrand(&call)
	if err == nil && !geoengine.Covers(call.Rights.Open, []string{accidents}) {
		err = fmt.Errorf("plans tell of accidents: %w", geoengine.ErrDenied)
	}
	var id jobs.ID
	number := 1
	if err == nil {
		if o.Request != nil {
			id, err = d.newPlan(ctx, &call, &o)
		} else {
			id, number, err = d.redraw(ctx, &call, &o)
		}
	}
	var known *problem.Problem
	if err = told(err); errors.As(err, &known) && known.FR != "" {
		d.failed(call.Job, err)
		return fmt.Errorf("%s: %w", text{FR: known.FR, EN: known.EN}.In(o.lang), geoengine.ErrInvalid)
	}
	if err != nil {
		return err
	}
	return call.WriteJSON("result", struct {
		Plan     string `json:"plan"`
		Revision int    `json:"revision"`
	}{id.String(), number})
}

// sightOf is what a call may see: its rights are those of a commander.
func sightOf(call *jobs.Call) sight { return sight{call.Rights, call.Rights.Scope} }

// teller tells how far a call has come, in its language.
func teller(call *jobs.Call, lang string) telling {
	return func(percent int, words text) { call.Progress(percent, words.In(lang)) }
}

// newPlan makes a plan. Its id is the job's; outside the queue it is a random one.
func (d *desk) newPlan(ctx context.Context, call *jobs.Call, o *errand) (jobs.ID, error) {
	if !geoengine.Covers(call.Rights.Scope, o.Request.Areas) {
		return jobs.ID{}, missing("areas")
	}
	id, queued, err := d.idOf(call)
	if err != nil {
		return id, err
	}
	if queued {
		switch _, err := d.store.find(ctx, sightOf(call), id, 0); {
		case err == nil:
			return id, nil // an earlier run of this job has made it
		case !errors.Is(err, geoengine.ErrMissing):
			return id, err
		}
	}
	if o.Request.Seed == "" {
		if o.Request.Seed, err = d.seed(); err != nil {
			return id, err
		}
	}
	tell := teller(call, o.lang)
	work, err := d.shop.build(ctx, call.Rights, *o.Request, id, tell)
	if err != nil {
		return id, err
	}
	made, err := work.propose(ctx, tell)
	if err != nil {
		return id, err
	}
	p := made.plan
	start, end, err := d.period(&p.Request)
	if err != nil {
		return id, err
	}
	r := record{ID: id, Areas: o.Request.Areas, Title: strings.TrimSpace(p.Request.Title), Kind: string(p.Request.Kind), Start: start, End: end}
	return id, d.store.create(ctx, r, revision{
		At: d.now(), Author: author{call.Owner.Name, call.Owner.Machine}, Act: ActProposed, State: Draft, Plan: p, Posts: len(p.Posts), Share: p.Price.Share,
		Certificate: made.certificate, Draws: made.draws,
	}, queued)
}

// redraw proposes a draft anew.
func (d *desk) redraw(ctx context.Context, call *jobs.Call, o *errand) (jobs.ID, int, error) {
	id, err := jobs.ParseID(o.Plan)
	if err != nil {
		return id, 0, err
	}
	f, err := d.store.find(ctx, sightOf(call), id, 0)
	if err != nil {
		return id, 0, err
	}
	job, queued, err := d.idOf(call)
	if err != nil {
		return id, 0, err
	}
	if queued {
		if number, err := d.store.madeBy(ctx, id, job); err != nil || number > 0 {
			return id, number, err // an earlier run of this job has added it
		}
	}
	if err := inState(f.State, Draft); err != nil {
		return id, 0, err
	}
	if f.Last != o.Base {
		return id, 0, stale()
	}
	request := plan.Again(f.Shown.Plan)
	if request.Seed, err = d.seed(); err != nil {
		return id, 0, err
	}
	tell := teller(call, o.lang)
	work, err := d.shop.build(ctx, call.Rights, request, id, tell)
	if err != nil {
		return id, 0, err
	}
	made, err := work.propose(ctx, tell)
	if err != nil {
		return id, 0, err
	}
	p := made.plan
	one := step{base: o.Base, revision: revision{
		At: d.now(), Author: author{call.Owner.Name, call.Owner.Machine}, Act: ActRedrawn, State: Draft, Before: f.Shown.Origin, Plan: p,
		Posts: len(p.Posts), Share: p.Price.Share, Certificate: made.certificate, Draws: made.draws,
	}}
	if queued {
		one.job = &job
	}
	number, err := d.store.add(ctx, &f.record, one)
	return id, number, err
}

// idOf is the id of the call's job, or a random one outside the queue.
func (d *desk) idOf(call *jobs.Call) (id jobs.ID, queued bool, err error) {
	if call.Job != "" {
		id, err = jobs.ParseID(call.Job)
		return id, true, err
	}
	if _, err := io.ReadFull(d.random, id[:]); err != nil {
		return id, false, fmt.Errorf("name a plan: %w", err)
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // a version 4 UUID
	return id, false, nil
}

// seed draws a seed: 128 bits, so that nobody guesses the draw.
func (d *desk) seed() (string, error) {
	var raw [16]byte
	if _, err := io.ReadFull(d.random, raw[:]); err != nil {
		return "", fmt.Errorf("draw a seed: %w", err)
	}
	return hex.EncodeToString(raw[:]), nil
}

// period is the time of a plan: whole local days.
func (d *desk) period(r *plan.Request) (start, end time.Time, err error) {
	if start, err = time.ParseInLocation(time.DateOnly, r.From, d.zone); err == nil {
		end, err = time.ParseInLocation(time.DateOnly, r.To, d.zone)
	}
	if err != nil {
		return start, end, wrong("from", "Donnez des jours (2026-12-04).", "Give days (2026-12-04).")
	}
	return start, end.AddDate(0, 0, 1), nil
}
