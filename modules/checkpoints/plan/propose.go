package plan

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"

	"vigie/geoengine/road"
	"vigie/modules/checkpoints/draw"
	"vigie/modules/checkpoints/solve"
	"vigie/modules/checkpoints/verify"
	"vigie/progress"
)

// Solved is how a proposal came about.
type Solved struct {
	Solution *solve.Solution
	Strategy *draw.Strategy
	problem  *Problem
}

// Search limits of a proposal: a plan is useful long before its last thousandth is proven. Work, not time, so that a seed
// gives the same plan on every machine.
const (
	searchWork = 400_000_000
	searchGap  = 1e-4
)

// Propose solves the problem, has the proof checked, and draws a plan from the mixed strategy.
func (p *Problem) Propose(ctx context.Context, report progress.Func) (*Plan, *Solved, error) {
	report.Report(progress.Update{Task: "plan", Unit: "steps", Done: 0, Total: 3})
	solution, err := solve.Solve(ctx, p.instance, solve.Options{Work: searchWork, Gap: searchGap, Seed: number(p.Request.Seed)})
	if err != nil {
		return nil, nil, fmt.Errorf("choose posts: %w", err)
	}
	report.Report(progress.Update{Task: "plan", Unit: "steps", Done: 1, Total: 3})
	value, bound, err := verify.Check(p.instance.Problem(), solution.Chosen, solution.Certificate)
	if err != nil {
		return nil, nil, fmt.Errorf("check the proof of the plan: %w", err)
	}
	solution.Value, solution.Bound = value, bound
	strategy, err := draw.Mix(ctx, p.instance, solution, draw.Options{Share: p.Request.Share, Seed: p.Request.Seed, Effort: p.world.Effort})
	if err != nil {
		return nil, nil, fmt.Errorf("draw a plan: %w", err)
	}
	report.Report(progress.Update{Task: "plan", Unit: "steps", Done: 2, Total: 3})
	solved := &Solved{Solution: solution, Strategy: strategy, problem: p}
	plan, err := p.propose(solved)
	report.Report(progress.Update{Task: "plan", Unit: "steps", Done: 3, Total: 3, Finished: true})
	return plan, solved, err
}

// number is a number made of a text.
func number(text string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(text))
	return h.Sum64()
}

// propose draws a plan and lays it out. Of some drawn it takes the first in which every post is held for
// MinHoldMinutes even on the way from the post before; the way from home, which counts in its worth, is enough in all.
func (p *Problem) propose(solved *Solved) (*Plan, error) {
	var best *Plan
	shortest := math.MaxInt
	for attempt := range 8 {
		sample := solved.Strategy.Sample(fmt.Sprintf("plan %d", attempt))
		plan, err := p.plan(solved, sample)
		if err != nil {
			return nil, err
		}
		short := 0
		for i := range plan.Posts {
			if plan.Posts[i].HeldMinutes < MinHoldMinutes {
				short++
			}
		}
		if short < shortest {
			best, shortest = plan, short
		}
		if short == 0 {
			break
		}
	}
	return best, nil
}

// plan lays a sample out.
func (p *Problem) plan(solved *Solved, sample draw.Sample) (*Plan, error) {
	solution, strategy := solved.Solution, solved.Strategy
	stands, err := p.seat(sample)
	if err != nil {
		return nil, err
	}
	plan := Plan{Request: p.Request}
	forced := make(map[int32]bool)
	for _, o := range p.instance.Forced {
		forced[o] = true
	}
	totals := p.expectedPosts(strategy)
	for _, s := range stands {
		g := p.groupOf(p.dutyOf(s.squad, s.slot), s.slot, s.middle)
		o := p.optionOf(g, s.site)
		sq := &p.squads[s.squad]
		post := Post{Unit: sq.Unit, Team: sq.before + s.team + 1, Slot: p.slots[s.slot].start, Shift: p.slots[s.start].start, Site: p.sites[s.site].ID,
			Origin: originProposed, Bits: strategy.Bits[g], Chance: strategy.Marginals()[o] / max(totals[g], 1)}
		if forced[o] {
			post.Origin, post.Locked = originForced, true
		}
		plan.Posts = append(plan.Posts, post)
	}
	sortPosts(plan.Posts)
	for i := range plan.Posts {
		plan.Posts[i].ID = fmt.Sprintf("p%d", i+1)
	}
	optimum := float64(solution.Value)
	plan.Price = Price{Optimum: optimum * Unit, Bound: float64(solution.Bound) * Unit, Gap: solution.Gap(),
		Certificate: solution.Certificate.Digest, Options: p.instance.Options()}
	plan.Draw = Draw{Seed: p.Request.Seed, Top: strategy.Top, Plans: strategy.Plans}
	if optimum > 0 {
		plan.Draw.Expected = strategy.Value / optimum
	}
	// The value of the plan as proposed is the same by Price.
	priced, err := p.Price(plan)
	if err != nil {
		return nil, fmt.Errorf("the plan drawn breaks a rule: %w", err)
	}
	priced.Price.Proposed = priced.Price.Value
	priced.Price.Cost = 0
	return &priced, nil
}

// expectedPosts are those of each group under the strategy.
func (p *Problem) expectedPosts(strategy *draw.Strategy) []float64 {
	totals := make([]float64, len(p.groups))
	for o, m := range strategy.Marginals() {
		totals[p.options[o].group] += m
	}
	return totals
}

// seat gives the options of a sample to the teams of each duty so that the ways between posts are short.
func (p *Problem) seat(sample draw.Sample) ([]stand, error) {
	var stands []stand
	wanted := make(map[[2]int32]bool)
	for d, teams := range sample.Teams {
		duty := &p.duties[d]
		for team, row := range teams {
			for _, o := range row {
				if o < 0 {
					continue
				}
				g := &p.groups[p.options[o].group]
				at, _ := p.placeOf(duty.squad, p.options[o].site)
				stands = append(stands, stand{squad: duty.squad, day: duty.day, team: team, slot: g.slot, start: duty.starts[sample.Shifts[d][team]],
					site: at.site, seconds: at.seconds, middle: g.middle})
			}
		}
	}
	wantLegs(wanted, stands)
	if err := p.learnLegs(wanted); err != nil {
		return nil, err
	}
	p.shorten(stands)
	byTeam(stands)
	return stands, nil
}

// matrix are travel times; plans are priced without a context, for it takes milliseconds.
func (p *Problem) matrix(from, to []road.Spot) ([][]float32, error) {
	seconds, err := p.world.Graph.Matrix(context.Background(), from, to)
	if err != nil {
		return nil, fmt.Errorf("ways between posts: %w", err)
	}
	return seconds, nil
}
