package plan

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/geoengine/road"
)

// proposed is a small problem and its proposal.
func proposed(t *testing.T) (*Problem, Plan, *Solved) {
	t.Helper()
	w := lattice(t, 14, 900, 2)
	w.Effort = 0.1
	r := week(2, 3, 2)
	r.SeparationM = 1500
	p, err := Build(context.Background(), w, r)
	if err != nil {
		t.Fatal(err)
	}
	plan, solved, err := p.Propose(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return p, *plan, solved
}

// chosen are the options of a plan's posts.
func chosen(t *testing.T, p *Problem, plan Plan) []int32 {
	t.Helper()
	stands, err := p.resolve(plan.Posts)
	if err != nil {
		t.Fatal(err)
	}
	var list []int32
	for _, s := range stands {
		list = append(list, p.optionOf(p.groupOf(p.dutyOf(s.squad, s.slot), s.slot, s.middle), s.site))
	}
	slices.Sort(list)
	return list
}

// TestPriceIsTheInstances compares prices with what the instance says of the same options, and what a post adds with the
// price of the plan without it.
func TestPriceIsTheInstances(t *testing.T) {
	t.Parallel()
	p, plan, _ := proposed(t)
	options := chosen(t, p, plan)
	if err := p.instance.Feasible(options); err != nil {
		t.Fatal(err)
	}
	value := p.instance.Value(options)
	if got := math.Round(plan.Price.Value / Unit); got != float64(value) {
		t.Errorf("priced at %.0f, the instance says %d", got, value)
	}
	for i, post := range plan.Posts {
		without := plan
		without.Posts = slices.Delete(slices.Clone(plan.Posts), i, i+1)
		less, err := p.Price(without)
		if err != nil {
			t.Fatal(err)
		}
		if diff := plan.Price.Value - less.Price.Value; math.Abs(diff-post.Adds) > 1e-12 {
			t.Errorf("%s adds %g, without it the plan is worth %g less", post.ID, post.Adds, diff)
		}
	}
}

func TestSameSeedSamePlan(t *testing.T) {
	t.Parallel()
	_, first, _ := proposed(t)
	_, second, _ := proposed(t)
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("two proposals of one seed:\n%s", diff)
	}
}

// TestAlternatives compares the price of each alternative with that of the plan after the move.
func TestAlternatives(t *testing.T) {
	t.Parallel()
	p, plan, _ := proposed(t)
	post := plan.Posts[len(plan.Posts)/2]
	list, err := p.Alternatives(plan, post.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 5 || !slices.ContainsFunc(list, func(a Alternative) bool { return a.Site.ID == post.Site }) {
		t.Fatalf("%d alternatives, the post's own site must be one", len(list))
	}
	for _, a := range list[:5] {
		moved, err := p.Change(plan, []Change{{Op: "move", Post: post.ID, Site: a.Site.ID}})
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(moved.Price.Value-a.Value) > 1e-12 {
			t.Errorf("%s: %g as an alternative, %g after the move", a.Site.ID, a.Value, moved.Price.Value)
		}
		if want := (plan.Price.Value - a.Value) / plan.Price.Optimum; math.Abs(moved.Price.Cost-want) > 1e-12 {
			t.Errorf("%s costs %g, want %g", a.Site.ID, moved.Price.Cost, want)
		}
	}
	// A drag takes the allowed site nearest to where it ends.
	at := list[3].Site.Position
	dragged, err := p.Change(plan, []Change{{Op: "move", Post: post.ID, At: &at}})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(dragged.Posts, func(x Post) bool { return x.ID == post.ID })
	if got := dragged.Posts[i]; got.Site != list[3].Site.ID || !got.Locked || got.Origin != "moved" || got.Bits != 0 {
		t.Errorf("dragged to %+v, want %s, locked", got, list[3].Site.ID)
	}
	if dragged.Draw.Overridden != 1 || dragged.Draw.Bits >= plan.Draw.Bits {
		t.Errorf("one override: %+v, before %+v", dragged.Draw, plan.Draw)
	}
}

// TestAgainKeepsLocked draws anew around a locked post and a forbidden site.
func TestAgainKeepsLocked(t *testing.T) {
	t.Parallel()
	p, plan, _ := proposed(t)
	kept := plan.Posts[0]
	gone := plan.Posts[slices.IndexFunc(plan.Posts, func(x Post) bool { return x.Site != kept.Site })]
	plan, err := p.Change(plan, []Change{{Op: "lock", Post: kept.ID}, {Op: "forbid", Site: gone.Site}})
	if err != nil {
		t.Fatal(err)
	}
	again := Again(plan)
	again.Seed = "2"
	fresh, err := Build(context.Background(), p.world, again)
	if err != nil {
		t.Fatal(err)
	}
	next, _, err := fresh.Propose(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	held := false
	for _, post := range next.Posts {
		held = held || post.Unit == kept.Unit && post.Site == kept.Site && post.Slot.Equal(kept.Slot) && post.Locked
		if post.Site == gone.Site {
			t.Errorf("%s stands at a forbidden site", post.ID)
		}
	}
	if !held {
		t.Error("the locked post is gone")
	}
}

// TestInclusions checks that the probabilities of sites and slots sum to the expected posts of the plans drawn.
func TestInclusions(t *testing.T) {
	t.Parallel()
	_, plan, solved := proposed(t)
	sum := 0.0
	for _, i := range solved.Inclusions() {
		sum += i.Probability
	}
	if math.Abs(sum-float64(len(plan.Posts))) > 0.01 {
		t.Errorf("the probabilities sum to %.3f, the plan has %d posts", sum, len(plan.Posts))
	}
	drawn := solved.Redraws(20)
	for i, stands := range drawn {
		if len(stands) != len(plan.Posts) {
			t.Errorf("redraw %d has %d posts, want %d", i, len(stands), len(plan.Posts))
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	base := lattice(t, 10, 900, 2)
	spot, _ := base.Graph.Snap(base.Units[0].Position, road.SnapOptions{WithinM: 500})
	site := Site{ID: "t/node/1", Name: "Aire", Position: spot.Position, Spot: spot, Area: "fr.1.a", Status: Safe, Lit: "yes"}
	base.Sites = []Site{site}
	for _, tt := range []struct {
		code, field string
		change      func(w *World, r *Request)
	}{
		{"unknown_unit", "teams.0.unit", func(_ *World, r *Request) { r.Teams[0].Unit = "t/x" }},
		{"unit_off_network", "teams.1.unit", func(w *World, _ *Request) { w.Units[1].Position = orb.Point{5, 45} }},
		{"empty_period", "to", func(_ *World, r *Request) { r.To = "2026-12-01" }},
		{"no_accidents", "since", func(w *World, _ *Request) { w.Surface.Report.Accidents = 0 }},
		{"no_hours", "since", func(w *World, _ *Request) { w.Surface.Report.WithoutHour = 5000 }},
		{"no_demand", "areas", func(_ *World, r *Request) { r.Areas = []string{"fr.2"} }},
		{"no_roads", "areas", func(w *World, _ *Request) { w.Lixels = nil }},
		{"more_teams_than_sites", "teams.0.teams", func(_ *World, r *Request) { r.OnlyKnownSites, r.Teams[0].Teams = true, 2 }},
		{"contradiction", "forced.0.site", func(_ *World, r *Request) {
			r.Forced, r.Forbidden = []Forced{{Unit: "t/0", Site: site.ID}}, []string{site.ID}
		}},
		{"forced_site", "forced.0.site", func(_ *World, r *Request) { r.Forced = []Forced{{Unit: "t/0", Site: "t/node/9"}} }},
		{"forced_team", "forced.1.unit", func(_ *World, r *Request) {
			r.Forced = []Forced{{Unit: "t/0", Site: site.ID}, {Unit: "t/0", Site: site.ID}}
		}},
		{"too_far", "max_travel_minutes", func(_ *World, r *Request) { r.MaxTravelMinutes, r.OnlyKnownSites = 1, true }},
		{"basis_hours", "to", func(_ *World, r *Request) { r.Basis = A7822 }},
		{"no_duty", "teams", func(_ *World, r *Request) { r.Teams[0].Days, r.Teams[1].Days = []int{1}, []int{1} }},
		{"hours", "teams.0.earliest", func(_ *World, r *Request) { r.Teams[0].Earliest = 17 }},
		{"seed", "seed", func(_ *World, r *Request) { r.Seed = "zz" }},
	} {
		t.Run(tt.code, func(t *testing.T) {
			w, r := base, week(2, 2, 3)
			w.Units = slices.Clone(base.Units)
			surface := *base.Surface
			w.Surface = &surface
			tt.change(&w, &r)
			for i := range r.Forced {
				first, _ := r.when(w.Zone)
				r.Forced[i].Slot = clock(first.first, 18, w.Zone)
			}
			_, err := Build(context.Background(), w, r)
			var refusal *Refusal
			if !errors.As(err, &refusal) || !errors.Is(err, geoengine.ErrInvalid) {
				t.Fatalf("got %v, want a refusal", err)
			}
			if refusal.Code != tt.code || refusal.Field != tt.field || refusal.FR == "" || refusal.EN == "" {
				t.Errorf("got %+v, want %s at %s", refusal, tt.code, tt.field)
			}
		})
	}
}

func BenchmarkPrice(b *testing.B) {
	w := lattice(b, 60, 700, 6)
	w.Effort = 0.05
	p, err := Build(context.Background(), w, week(6, 10, 3))
	if err != nil {
		b.Fatal(err)
	}
	plan, _, err := p.Propose(context.Background(), nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for b.Loop() {
		if _, err := p.Price(*plan); err != nil {
			b.Fatal(err)
		}
	}
}
