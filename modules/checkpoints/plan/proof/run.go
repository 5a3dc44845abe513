package proof

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"vigie/geoengine"
	"vigie/modules/checkpoints/plan"
)

// Outcome is what came of one random world.
type Outcome struct {
	Refused string // code of the refusal; "" where a plan was made
	Posts   int
	Changes int      // that were made
	Broken  []string // rules that a plan broke, or errors that are no refusals
}

// Run makes the world of a seed, has a plan proposed and changed, and checks what comes of it. The error is that of ctx.
func Run(ctx context.Context, seed uint64, zone *time.Location) (Outcome, error) {
	var out Outcome
	world, request, err := World(seed, zone)
	if err != nil {
		return out, err
	}
	problem, err := plan.Build(ctx, world, request)
	if err != nil {
		out.refused(err)
		return out, ctx.Err()
	}
	proposal, _, err := problem.Propose(ctx, nil)
	if err != nil {
		out.refused(err)
		return out, ctx.Err()
	}
	out.Posts = len(proposal.Posts)
	out.add("proposal", Check(world, request, proposal, false))
	out.change(world, request, problem, *proposal, rand.New(rand.NewPCG(seed, 5)))
	return out, ctx.Err()
}

// refused takes an error as a refusal that tells people what to change, or as a fault.
func (o *Outcome) refused(err error) {
	var r *plan.Refusal
	switch {
	case !errors.As(err, &r) || !errors.Is(err, geoengine.ErrInvalid):
		o.Broken = append(o.Broken, fmt.Sprintf("not a refusal: %v", err))
	case r.Code == "" || r.FR == "" || r.EN == "" || r.Field == "":
		o.Broken = append(o.Broken, fmt.Sprintf("refusal %+v leaves something unsaid", r))
	default:
		o.Refused = r.Code
	}
}

func (o *Outcome) add(what string, broken []string) {
	for _, b := range broken {
		o.Broken = append(o.Broken, what+": "+b)
	}
}

// change makes random changes, some of which must be refused.
func (o *Outcome) change(world plan.World, request plan.Request, problem *plan.Problem, p plan.Plan, rng *rand.Rand) {
	sites := problem.Sites()
	for range 6 {
		if len(p.Posts) == 0 {
			return
		}
		post := p.Posts[rng.IntN(len(p.Posts))]
		site := sites[rng.IntN(len(sites))]
		changes := []plan.Change{
			{Op: "move", Post: post.ID, Site: site.ID},
			{Op: "move", Post: post.ID, At: &site.Position},
			{Op: "lock", Post: post.ID},
			{Op: "forbid", Site: post.Site},
			{Op: "allow", Site: site.ID},
			{Op: "swap", Post: post.ID, With: p.Posts[rng.IntN(len(p.Posts))].ID},
			{Op: "remove", Post: post.ID},
			{Op: "add", Unit: post.Unit, Slot: &post.Slot, At: &site.Position},
			{Op: "unlock", Post: post.ID},
		}
		n := rng.IntN(len(changes))
		after, err := problem.Change(p, changes[n:n+1])
		if err != nil {
			was := o.Refused
			o.refused(err)
			o.Refused = was
			continue
		}
		o.Changes++
		o.add(changes[n].Op, Check(world, request, &after, true))
		p = after
	}
}
