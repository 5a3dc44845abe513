package forecasting

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"vigie/api/door"
	"vigie/api/identity"
	"vigie/geoengine"
	"vigie/geoengine/forecast"
)

// Limits of a decision.
const (
	longestNote = 1000 // characters
	maxPlaces   = 500
)

type decideInput struct {
	RunInput
	Body struct {
		Decision string   `json:"decision" enum:"followed,partly,not_followed"`
		Note     string   `json:"note,omitempty" maxLength:"4000"`
		Places   []string `json:"places,omitempty" maxItems:"500" nullable:"false" doc:"Ids of places that it is about; none is all."`
	}
}

type decisionsOutput struct {
	Body struct {
		Decisions []forecast.Decision `json:"decisions" nullable:"false"`
	}
}

// decisions lists what was done with a run, where the caller may see the areas that it is about.
func (d *desk) decisions(ctx context.Context, pass door.Pass, in *RunInput) (*decisionsOutput, error) {
	r, err := d.run(ctx, pass, in.ID)
	if err != nil {
		return nil, err
	}
	out := &decisionsOutput{}
	out.Body.Decisions, err = d.store.Decisions(ctx, pass.Rights(), r.ID, maxDecisions)
	return out, err
}

// decide keeps what a person did with a run.
func (d *desk) decide(ctx context.Context, pass door.Pass, in *decideInput) (*decisionsOutput, error) {
	if pass.Caller().Machine {
		return nil, fmt.Errorf("a decision is a person's, not a client's: %w", geoengine.ErrDenied)
	}
	if err := note("note", in.Body.Note, longestNote); err != nil {
		return nil, err
	}
	const longestID = 300
	if len(in.Body.Places) > maxPlaces || slices.ContainsFunc(in.Body.Places, func(id string) bool {
		return len(id) > longestID || id == "" || strings.ContainsRune(id, 0) || note("", id, longestID) != nil
	}) {
		return nil, wrong("places", "Un identifiant de lieu n'en est pas un.", "An id of a place is none.")
	}
	r, err := d.run(ctx, pass, in.ID)
	if err != nil {
		return nil, err
	}
	areas := geoengine.Common(pass.Caller().Reach(identity.Commander), r.Head.Spec.Areas)
	if len(r.Head.Spec.Areas) == 0 {
		areas = pass.Caller().Reach(identity.Commander)
	}
	if areas == nil {
		areas = []string{}
	}
	places := in.Body.Places
	if places == nil {
		places = []string{}
	}
	if err := d.store.Decide(ctx, r.ID, &forecast.Decision{
		At: d.now(), Person: pass.Caller().Name, Decision: in.Body.Decision, Note: strings.TrimSpace(in.Body.Note), Places: places, Areas: areas,
	}); err != nil {
		return nil, err
	}
	return d.decisions(ctx, pass, &in.RunInput)
}
