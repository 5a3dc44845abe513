package checkpoints

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"vigie/api/door"
	"vigie/api/identity"
	"vigie/api/problem"
	"vigie/geoengine"
	"vigie/geoengine/jobs"
	"vigie/modules/checkpoints/plan"
)

// planBody is a plan as the API shows it.
type planBody struct {
	ID        string              `json:"id"`
	Revision  int                 `json:"revision" doc:"The one that is shown: base of changes, if it is the last."`
	Last      int                 `json:"last" doc:"The last revision."`
	State     State               `json:"state" enum:"draft,approved,refused,executed,evaluated"`
	Title     string              `json:"title"`
	Areas     []string            `json:"areas" nullable:"false"`
	Created   time.Time           `json:"created"`
	Author    string              `json:"author"`
	Changed   time.Time           `json:"changed"`
	ChangedBy string              `json:"changed_by"`
	Hash      string              `json:"hash" doc:"SHA-256 of the revision's content."`
	Plan      plan.Plan           `json:"plan"`
	May       []string            `json:"may" nullable:"false" doc:"What the caller may do with it now: change, undo, propose, approve, refuse, report, close, evaluate."`
	Preview   bool                `json:"preview,omitempty" doc:"Nothing of this is kept."`
	Units     map[string]unitBody `json:"units" nullable:"false" doc:"Units of the plan, by source/ref."`
	Names     map[string]string   `json:"names" nullable:"false" doc:"Names of areas, by path."`
	Approval  *approvalBody       `json:"approval,omitempty"`
	Refusal   *refusalBody        `json:"refusal,omitempty"`
}

// unitBody is a unit as people know it.
type unitBody struct {
	Name     string    `json:"name"`
	Kind     string    `json:"kind"`
	Position orb.Point `json:"position" doc:"Longitude, latitude."`
}

type approvalBody struct {
	Revision     int       `json:"revision" doc:"That was approved."`
	At           time.Time `json:"at"`
	By           string    `json:"by"`
	Reference    string    `json:"reference"`
	Authority    string    `json:"authority"`
	Purpose      string    `json:"purpose"`
	Instructions string    `json:"instructions"`
}

type refusalBody struct {
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
}

// What a caller may do with a plan.
const (
	mayChange   = "change"
	mayUndo     = "undo"
	mayPropose  = "propose"
	mayApprove  = "approve"
	mayRefuse   = "refuse"
	mayReport   = "report"
	mayClose    = "close"
	mayEvaluate = "evaluate"
)

// may lists what a caller may do with a plan.
func may(caller identity.Caller, f *found) []string {
	list := []string{}
	commands := geoengine.Covers(reach(caller, deciders()...), f.Areas)
	reports := geoengine.Covers(reach(caller, reporters()...), f.Areas)
	last := f.Shown.Number == f.Last
	switch {
	case f.State == Draft && commands && last:
		list = append(list, mayChange)
		if f.Shown.Before > 0 {
			list = append(list, mayUndo)
		}
		list = append(list, mayPropose)
		if !caller.Machine {
			list = append(list, mayApprove, mayRefuse)
		}
	case f.State == Approved && last:
		if reports {
			list = append(list, mayReport)
		}
		if commands && !caller.Machine {
			list = append(list, mayClose)
		}
	case f.State == Executed && last:
		if reports {
			list = append(list, mayReport)
		}
		if commands {
			list = append(list, mayEvaluate)
		}
	case f.State == Evaluated && last && commands:
		list = append(list, mayEvaluate)
	}
	return list
}

// planOutput is the answer of operations on one plan.
type planOutput struct{ Body planBody }

// answer describes a plan to the caller.
func (d *desk) answer(ctx context.Context, pass door.Pass, f *found) (*planOutput, error) {
	body := planBody{
		ID: f.ID.String(), Revision: f.Shown.Number, Last: f.Last, State: f.State, Title: f.Title, Areas: f.Areas, Created: f.Created, Author: f.Author.name,
		Changed: f.Changed, ChangedBy: f.ChangedBy, Hash: f.hash(), Plan: f.Shown.Plan, May: may(pass.Caller(), f),
	}
	var err error
	if body.Units, err = d.unitsOf(ctx, pass.Rights(), &f.Shown.Plan); err != nil {
		return nil, err
	}
	if body.Names, err = d.namesOf(ctx, f); err != nil {
		return nil, err
	}
	switch c := f.Decision; {
	case c == nil:
	case c.Approved:
		body.Approval = &approvalBody{c.Revision, c.At, c.Person, c.Reference, c.Authority, c.Purpose, c.Instructions}
	default:
		body.Refusal = &refusalBody{c.At, c.Person, c.Reason}
	}
	return &planOutput{body}, nil
}

// PlanInput is embedded in inputs: the plan that the path names.
type PlanInput struct {
	Spoken
	ID string `path:"id" maxLength:"36"`
}

type readInput struct {
	PlanInput
	Revision int `query:"revision" minimum:"0" maximum:"1000000" doc:"Number of a revision; the last one if 0."`
}

// get answers with a plan.
func (d *desk) get(ctx context.Context, pass door.Pass, in *readInput) (*planOutput, error) {
	f, err := d.plan(ctx, pass, in.ID, in.Revision)
	if err != nil {
		return nil, err
	}
	return d.answer(ctx, pass, &f)
}

type historyOutput struct {
	Body struct {
		Revisions []historyLine `json:"revisions" nullable:"false"`
	}
}

// historyOf lists the revisions of a plan.
func (d *desk) historyOf(ctx context.Context, pass door.Pass, in *PlanInput) (*historyOutput, error) {
	f, err := d.plan(ctx, pass, in.ID, 0)
	if err != nil {
		return nil, err
	}
	out := &historyOutput{}
	out.Body.Revisions, err = d.store.history(ctx, see(pass), f.ID)
	return out, err
}

type listInput struct {
	Spoken
	Area   []string `query:"area,explode" maxItems:"50" doc:"Plans with an area within one of these paths."`
	State  []string `query:"state,explode" maxItems:"10" enum:"draft,approved,refused,executed,evaluated"`
	Limit  int      `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor string   `query:"cursor" maxLength:"200" doc:"next of the page before."`
}

// planLine is a plan in the list of plans.
type planLine struct {
	ID       string    `json:"id"`
	Revision int       `json:"revision"`
	State    State     `json:"state" enum:"draft,approved,refused,executed,evaluated"`
	Title    string    `json:"title"`
	Areas    []string  `json:"areas" nullable:"false"`
	Kind     string    `json:"kind"`
	From     string    `json:"from" doc:"First local day."`
	To       string    `json:"to" doc:"Last local day."`
	Posts    int       `json:"posts"`
	Share    float64   `json:"share" doc:"Of the certified optimum."`
	Author   string    `json:"author"`
	Created  time.Time `json:"created"`
	Changed  time.Time `json:"changed"`
}

type listOutput struct {
	Body struct {
		Plans []planLine `json:"plans" nullable:"false" doc:"Newest first."`
		Next  string     `json:"next" doc:"Cursor of the next page; empty at the end."`
	}
}

// list lists the plans that the caller may see.
func (d *desk) list(ctx context.Context, pass door.Pass, in *listInput) (*listOutput, error) {
	l := listing{limit: in.Limit + 1}
	if len(in.State) > 0 {
		l.states = in.State
	}
	if len(in.Area) > 0 {
		if err := checkAreas("query.area", in.Area); err != nil {
			return nil, err
		}
		l.within = in.Area
	}
	if in.Cursor != "" {
		var err error
		if l.afterCreated, l.afterID, err = parseCursor(in.Cursor); err != nil {
			return nil, err
		}
	}
	records, err := d.store.list(ctx, see(pass), l)
	if err != nil {
		return nil, err
	}
	out := &listOutput{}
	out.Body.Plans = []planLine{}
	if len(records) > in.Limit {
		records = records[:in.Limit]
		last := records[in.Limit-1]
		out.Body.Next = base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(last.Created.UnixMicro(), 36) + "." + last.ID.String()))
	}
	for i := range records {
		r := &records[i]
		out.Body.Plans = append(out.Body.Plans, planLine{
			ID: r.ID.String(), Revision: r.Last, State: r.State, Title: r.Title, Areas: r.Areas, Kind: r.Kind, From: r.Start.In(d.zone).Format(time.DateOnly),
			To: r.End.Add(-time.Second).In(d.zone).Format(time.DateOnly), Posts: r.Posts, Share: r.Share, Author: r.Author.name, Created: r.Created, Changed: r.Changed,
		})
	}
	pass.Concerns("plans")
	return out, nil
}

func parseCursor(given string) (time.Time, jobs.ID, error) {
	raw, err := base64.RawURLEncoding.DecodeString(given)
	micro, name, _ := strings.Cut(string(raw), ".")
	n, errN := strconv.ParseInt(micro, 36, 64)
	id, errID := jobs.ParseID(name)
	if err != nil || errN != nil || errID != nil || n < 0 || n > geoengine.Latest.UnixMicro() {
		return time.Time{}, jobs.ID{}, problem.Fields{{Location: "query.cursor", Message: "is not one of this list"}}
	}
	return time.UnixMicro(n), id, nil
}

// checkAreas refuses what is no area's path.
func checkAreas(field string, paths []string) error {
	for _, path := range paths {
		if !geoengine.ValidAreaPath(path) {
			return wrong(field, "Donnez des chemins de territoires (fr.11.77).", "Give paths of areas (fr.11.77).")
		}
	}
	return nil
}
