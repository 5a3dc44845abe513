package checkpoints

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"vigie/api/door"
	"vigie/api/identity"
	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/jobs"
	"vigie/modules/checkpoints/plan"
	"vigie/predict/roadrisk"
)

// accidents is the category that plans are made of. Who may not read it, sees no plan.
const accidents = "road.accident"

// desk is the module at work: what is around a plan.
type desk struct {
	store  store
	db     *geoengine.Store
	cube   *cube.Cube
	log    *slog.Logger
	clock  func() time.Time
	random io.Reader
	zone   *time.Location
	public string // address that people use; "" if not configured
	shop   workshop
	lands  *lands
	risks  *cache[surfaceKey, map[roadrisk.Kind]*roadrisk.Surface]
	zones  *cache[zoneKey, *roadrisk.Zones]
	queue  *jobs.Queue

	mu      sync.Mutex
	refused map[jobs.ID]error // why jobs of this server failed, for who waits for them; bounded
}

// workshop makes problems out of the world: territories in practice, and hand-made plans in tests.
type workshop interface {
	// check refuses a request for what is quickly seen to be wrong.
	check(ctx context.Context, rights geoengine.Rights, request *plan.Request) error
	// build makes the problem of a request, and keeps it for the plan of that id.
	build(ctx context.Context, rights geoengine.Rights, request plan.Request, of jobs.ID, tell telling) (bench, error)
	// kept is the problem of a plan that is changed: kept since it was last asked for under these rights, or built.
	kept(ctx context.Context, rights geoengine.Rights, request plan.Request, of jobs.ID) (bench, error)
	// forget drops what is kept: the world has changed.
	forget()
}

// bench is a problem on which a plan is made and changed. Several may use it at once.
type bench interface {
	propose(ctx context.Context, tell telling) (proposal, error)
	change(p plan.Plan, changes []plan.Change) (plan.Plan, error)
	alternatives(p plan.Plan, post string) ([]alternative, error)
	sites() []plan.Site
}

// proposal is a plan with what proves it and what its evaluation needs.
type proposal struct {
	plan               plan.Plan
	certificate, draws json.RawMessage
}

// telling hears how far a work has come, 0 to 100, in words; it may be nil.
type telling func(percent int, words text)

func (t telling) say(percent int, fr, en string) {
	if t != nil {
		t(percent, text{FR: fr, EN: en})
	}
}

// alternative is a site where a post could stand, with what the plan would then be worth.
type alternative struct {
	Site      plan.Site
	Value     float64 // of the plan with the post there
	Adds      float64 // of that value, by the post
	Reachable bool
}

// readers are the roles that read plans.
func readers() []identity.Role {
	return []identity.Role{identity.Commander, identity.Operator, identity.Analyst, identity.Admin}
}

// deciders are the roles that make, change and decide on plans.
func deciders() []identity.Role { return []identity.Role{identity.Commander} }

// reporters are the roles that report on posts.
func reporters() []identity.Role { return []identity.Role{identity.Commander, identity.Operator} }

// reach is the territory for which a caller holds one of the roles.
func reach(caller identity.Caller, roles ...identity.Role) []string {
	union := []string{}
	for _, role := range roles {
		union = geoengine.Union(union, caller.Reach(role))
	}
	return union
}

// see is what the caller of a request may see of plans: operators see those that are approved.
func see(pass door.Pass) sight {
	return sight{rights: pass.Rights(), drafts: reach(pass.Caller(), identity.Commander, identity.Analyst, identity.Admin)}
}

// who is the caller as the author of what is kept.
func who(pass door.Pass) author { return author{pass.Caller().Name, pass.Caller().Machine} }

// allowed refuses callers who may not read accidents: plans tell of them.
func allowed(pass door.Pass) error {
	if !geoengine.Covers(pass.Rights().Open, []string{accidents}) {
		return fmt.Errorf("plans tell of accidents: %w", geoengine.ErrDenied)
	}
	return nil
}

// person refuses machines: a decision is always a person's.
func person(pass door.Pass) error {
	if pass.Caller().Machine {
		return fmt.Errorf("a decision is a person's, not a client's: %w", geoengine.ErrDenied)
	}
	return nil
}

// plan returns the plan that an id names, with the revision of that number or the last one, and names both in the
// journal.
func (d *desk) plan(ctx context.Context, pass door.Pass, id string, number int) (found, error) {
	key, err := jobs.ParseID(id)
	if err != nil {
		return found{}, missing("plan")
	}
	f, err := d.store.find(ctx, see(pass), key, number)
	if err == nil {
		concerns(pass, &f)
	}
	return f, err
}

func concerns(pass door.Pass, f *found) {
	pass.Concerns(fmt.Sprintf("plan:%s revision:%d", f.ID, f.Shown.Number))
}

// draft is plan for what changes it: it must be a draft, and base its last revision.
func (d *desk) draft(ctx context.Context, pass door.Pass, id string, base int) (found, error) {
	return d.atBase(ctx, pass, id, base, Draft)
}

// atBase is plan for what needs it in one of some states, and base to be its last revision.
func (d *desk) atBase(ctx context.Context, pass door.Pass, id string, base int, states ...State) (found, error) {
	f, err := d.plan(ctx, pass, id, 0)
	if err != nil {
		return f, err
	}
	if err := inState(f.State, states...); err != nil {
		return f, err
	}
	if f.Last != base {
		return f, stale()
	}
	return f, nil
}

// Spoken is embedded in inputs: the language of who asks. It is exported, as PlanInput and AreasInput, for huma to see it.
type Spoken struct {
	Accept string `header:"Accept-Language" maxLength:"200" doc:"en for English; else errors are explained in French."`
}

func (s *Spoken) language() string { return language(s.Accept) }

// handle is a JSON operation of the module: for callers who may know of accidents, with errors in their language.
func handle[I any, P interface {
	*I
	language() string
}, O any](run func(ctx context.Context, pass door.Pass, in *I) (*O, error)) door.Handler {
	return door.JSON(func(ctx context.Context, pass door.Pass, in *I) (*O, error) {
		if err := allowed(pass); err != nil {
			return nil, err
		}
		out, err := run(ctx, pass, in)
		if err != nil {
			return nil, say(P(in).language(), err)
		}
		return out, nil
	})
}
