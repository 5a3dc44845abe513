package checkpoints

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"vigie/api/door"
	"vigie/modules/checkpoints/plan"
)

type changeInput struct {
	PlanInput
	Body struct {
		Base    int           `json:"base" minimum:"1" doc:"The revision that is changed: the last one."`
		Changes []plan.Change `json:"changes" minItems:"1" maxItems:"500" nullable:"false"`
		Preview bool          `json:"preview,omitempty" doc:"Price the changes and keep nothing."`
		Note    string        `json:"note,omitempty" maxLength:"500"`
	}
}

// change changes a draft and prices it anew.
func (d *desk) change(ctx context.Context, pass door.Pass, in *changeInput) (*planOutput, error) {
	if err := line("note", in.Body.Note, 0, longestNote, false); err != nil {
		return nil, err
	}
	f, err := d.draft(ctx, pass, in.ID, in.Body.Base)
	if err != nil {
		return nil, err
	}
	work, err := d.shop.kept(ctx, pass.Rights(), f.Shown.Plan.Request, f.ID)
	if err != nil {
		return nil, err
	}
	changed, err := work.change(f.Shown.Plan, in.Body.Changes)
	if err != nil {
		return nil, told(err)
	}
	if in.Body.Preview {
		f.Shown.Plan = changed
		out, err := d.answer(ctx, pass, &f)
		if err == nil {
			out.Body.Preview = true
		}
		return out, err
	}
	return d.step(ctx, pass, &f, step{base: f.Last, revision: revision{
		Act: ActChanged, Note: in.Body.Note, State: Draft, Before: f.Shown.Origin, Plan: changed,
	}})
}

// longestNote is the most that people may say of a change, in characters.
const longestNote = 500

// step adds a revision by the caller and answers with the plan.
func (d *desk) step(ctx context.Context, pass door.Pass, f *found, one step) (*planOutput, error) {
	one.At, one.Author = d.now(), who(pass)
	one.Posts, one.Share = len(one.Plan.Posts), one.Plan.Price.Share
	if _, err := d.store.add(ctx, &f.record, one); err != nil {
		return nil, err
	}
	now, err := d.store.find(ctx, see(pass), f.ID, 0)
	if err != nil {
		return nil, err
	}
	concerns(pass, &now)
	return d.answer(ctx, pass, &now)
}

// now is the time as the database keeps it.
func (d *desk) now() time.Time { return d.clock().UTC().Truncate(time.Microsecond) }

type baseInput struct {
	PlanInput
	Body struct {
		Base int `json:"base" minimum:"1" doc:"The last revision."`
	}
}

// undo takes the last change back: the plan is again as before it, as a new revision.
func (d *desk) undo(ctx context.Context, pass door.Pass, in *baseInput) (*planOutput, error) {
	f, err := d.draft(ctx, pass, in.ID, in.Body.Base)
	if err != nil {
		return nil, err
	}
	if f.Shown.Before == 0 {
		return nil, conflict("base", "Rien n'a été changé depuis la proposition : il n'y a rien à annuler.", "Nothing was changed since the proposal: there is nothing to undo.")
	}
	before, err := d.store.find(ctx, see(pass), f.ID, f.Shown.Before)
	if err != nil {
		return nil, err
	}
	return d.step(ctx, pass, &f, step{base: f.Last, revision: revision{
		Act: ActUndone, State: Draft, Origin: before.Shown.Origin, Before: before.Shown.Before, Plan: before.Shown.Plan,
	}})
}

type approvalInput struct {
	PlanInput
	Body struct {
		Base         int    `json:"base" minimum:"1" doc:"The last revision: what is signed."`
		Reference    string `json:"reference" maxLength:"200" doc:"Of the order, or of the requisition of the procureur."`
		Authority    string `json:"authority" maxLength:"200" doc:"Who orders: name and quality."`
		Purpose      string `json:"purpose,omitempty" maxLength:"1000" doc:"That of the kind of control if empty."`
		Instructions string `json:"instructions,omitempty" maxLength:"5000" doc:"Beyond the standing safety instructions."`
	}
}

const insertDecision = `
	insert into checkpoints_decision (plan, areas, revision, hash, approved, at, person, reference, authority, purpose, instructions, reason)
	values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`

// approve makes a draft the order that a person signs. The journal names the hash of what was signed.
func (d *desk) approve(ctx context.Context, pass door.Pass, in *approvalInput) (*planOutput, error) {
	if err := person(pass); err != nil {
		return nil, err
	}
	b := &in.Body
	for _, check := range []error{
		line("reference", b.Reference, 1, 200, false), line("authority", b.Authority, 1, 200, false),
		line("purpose", b.Purpose, 0, 1000, true), line("instructions", b.Instructions, 0, 5000, true),
	} {
		if check != nil {
			return nil, check
		}
	}
	f, err := d.draft(ctx, pass, in.ID, b.Base)
	if err != nil {
		return nil, err
	}
	if err := signable(&f.Shown.Plan); err != nil {
		return nil, err
	}
	return d.decide(ctx, pass, &f, Approved, ActApproved, decision{
		Approved: true, Reference: b.Reference, Authority: b.Authority, Purpose: b.Purpose, Instructions: b.Instructions,
	})
}

// signable refuses plans that nobody may sign.
func signable(p *plan.Plan) error {
	if len(p.Posts) == 0 {
		return wrong("plan", "Ce plan n'a aucun poste : ajoutez-en un.", "This plan has no post: add one.")
	}
	for i := range p.Sites {
		if p.Sites[i].Status == plan.Unsafe {
			return wrong("plan", "Le site « "+p.Sites[i].Name+" » est signalé dangereux : déplacez ses postes.",
				"The site “"+p.Sites[i].Name+"” is reported unsafe: move its posts.")
		}
	}
	return nil
}

type refusalInput struct {
	PlanInput
	Body struct {
		Base   int    `json:"base" minimum:"1"`
		Reason string `json:"reason" maxLength:"1000"`
	}
}

// refuse ends a draft.
func (d *desk) refuse(ctx context.Context, pass door.Pass, in *refusalInput) (*planOutput, error) {
	if err := person(pass); err != nil {
		return nil, err
	}
	if err := line("reason", in.Body.Reason, 3, 1000, true); err != nil {
		return nil, err
	}
	f, err := d.draft(ctx, pass, in.ID, in.Body.Base)
	if err != nil {
		return nil, err
	}
	return d.decide(ctx, pass, &f, Refused, ActRefused, decision{Reason: in.Body.Reason})
}

// decide keeps what a person decided on the last revision of a plan.
func (d *desk) decide(ctx context.Context, pass door.Pass, f *found, state State, act Act, c decision) (*planOutput, error) {
	at := d.now()
	pass.Concerns("sha256:" + f.hash())
	one := f.again(state, act)
	one.more = func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, insertDecision, f.ID, f.Areas, f.Shown.Number, f.Shown.Hash[:], c.Approved, at, pass.Caller().Name,
			c.Reference, c.Authority, c.Purpose, c.Instructions, c.Reason)
		return err
	}
	return d.step(ctx, pass, f, one)
}

// again is a step to another state with the same content.
func (f *found) again(state State, act Act) step {
	return step{base: f.Last, revision: revision{
		Act: act, State: state, Origin: f.Shown.Origin, Before: f.Shown.Before, Plan: f.Shown.Plan,
	}}
}

// close says that a plan was carried out.
func (d *desk) close(ctx context.Context, pass door.Pass, in *baseInput) (*planOutput, error) {
	if err := person(pass); err != nil {
		return nil, err
	}
	f, err := d.atBase(ctx, pass, in.ID, in.Body.Base, Approved)
	if err != nil {
		return nil, err
	}
	return d.step(ctx, pass, &f, f.again(Executed, ActClosed))
}
