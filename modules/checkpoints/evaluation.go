package checkpoints

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vigie/api"
	"vigie/api/door"
	"vigie/geoengine"
	"vigie/geoengine/hex"
	"vigie/geoengine/road"
	"vigie/modules/checkpoints/evaluate"
	"vigie/modules/checkpoints/plan"
	"vigie/predict/roadrisk"
)

// evaluating are the operations that say what executed plans have changed.
func (d *desk) evaluating() []api.Operation {
	one := write("evaluate", http.MethodPost, "/plans/{id}/evaluation", "Find out what an executed plan has changed", door.ActModification, heavily(), smallBody)
	all := read("evaluations", "/evaluation", "What the executed plans of areas have changed together", heavily())
	return []api.Operation{
		{Operation: one, Handler: handle(d.evaluate)},
		{Operation: read("evaluation", "/plans/{id}/evaluation", "What a plan has changed, as it was last evaluated", normally()), Handler: handle(d.evaluation)},
		{Operation: all, Handler: handle(d.evaluations)},
	}
}

const (
	// selectDraws finds the other plans of the draw that the content of a revision goes back to, with what was proposed.
	selectDraws = `
		select draws, body from checkpoints_revision
		where plan = $1 and revision <= $2 and draws is not null order by revision desc limit 1`
	upsertEvaluation = `
		insert into checkpoints_evaluation (plan, areas, at, author, body) values ($1, $2, $3, $4, $5)
		on conflict (plan) do update set at = excluded.at, author = excluded.author, body = excluded.body`
	selectEvaluation = `select body from checkpoints_evaluation where plan = $1`
)

type resultOutput struct{ Body evaluate.Result }

// evaluate finds out what an executed plan has changed, and keeps it. It may be done again, as more becomes known.
func (d *desk) evaluate(ctx context.Context, pass door.Pass, in *baseInput) (*planOutput, error) {
	f, err := d.atBase(ctx, pass, in.ID, in.Body.Base, Executed, Evaluated)
	if err != nil {
		return nil, err
	}
	var input evaluate.Input
	if err := d.experiment(ctx, see(pass), &f, &input); err != nil {
		return nil, err
	}
	result, err := evaluate.Evaluate(ctx, input)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(&result)
	if err != nil {
		return nil, fmt.Errorf("keep an evaluation: %w", err)
	}
	one := f.again(Evaluated, ActEvaluated)
	one.more = func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, upsertEvaluation, f.ID, f.Areas, d.now(), pass.Caller().Name, body)
		return err
	}
	return d.step(ctx, pass, &f, one)
}

// evaluation shows what was found out.
func (d *desk) evaluation(ctx context.Context, pass door.Pass, in *PlanInput) (*resultOutput, error) {
	f, err := d.plan(ctx, pass, in.ID, 0)
	if err != nil {
		return nil, err
	}
	var body []byte
	err = d.db.Read(ctx, pass.Rights(), func(tx pgx.Tx) error { return tx.QueryRow(ctx, selectEvaluation, f.ID).Scan(&body) })
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, missing("evaluation")
	}
	out := &resultOutput{}
	if err == nil {
		err = json.Unmarshal(body, &out.Body)
	}
	if err != nil {
		return nil, fmt.Errorf("read the evaluation of plan %s: %w", f.ID, err)
	}
	return out, nil
}

type evaluationsInput struct {
	AreasInput
	From string `query:"from" maxLength:"10" doc:"Plans whose period ends after this day begins; any if empty."`
	To   string `query:"to" maxLength:"10" doc:"Plans whose period begins before this day; any if empty."`
}

// maxTogether bounds the plans that are evaluated together.
const maxTogether = 60

// evaluations finds out what the executed plans of areas have changed together: many small plans tell more than each.
func (d *desk) evaluations(ctx context.Context, pass door.Pass, in *evaluationsInput) (*resultOutput, error) {
	if err := d.covered(pass, in.Area); err != nil {
		return nil, err
	}
	l := listing{states: []string{string(Executed), string(Evaluated)}, within: in.Area, limit: maxTogether}
	var err error
	for _, day := range []struct {
		field, given string
		into         *time.Time
	}{{"from", in.From, &l.from}, {"to", in.To, &l.to}} {
		if day.given == "" {
			continue
		}
		if *day.into, err = time.ParseInLocation(time.DateOnly, day.given, d.zone); err != nil {
			return nil, wrong(day.field, "Donnez un jour (2026-12-04).", "Give a day (2026-12-04).")
		}
	}
	for _, area := range in.Area {
		pass.Concerns("area:" + area)
	}
	records, err := d.store.list(ctx, see(pass), l)
	if err != nil {
		return nil, err
	}
	var input evaluate.Input
	for i := range records {
		f, err := d.store.find(ctx, see(pass), records[i].ID, 0)
		if err != nil {
			return nil, err
		}
		if err := d.experiment(ctx, see(pass), &f, &input); err != nil {
			return nil, err
		}
	}
	out := &resultOutput{}
	if out.Body, err = evaluate.Evaluate(ctx, input); err != nil {
		return nil, err
	}
	return out, nil
}

// experiment adds a plan to what is evaluated: the accidents around its posts before and since, and where its draw could
// have put them.
func (d *desk) experiment(ctx context.Context, see sight, f *found, input *evaluate.Input) error {
	request := f.Shown.Plan.Request
	since, until, err := d.span(&request)
	if err != nil {
		return err
	}
	l, err := d.lands.of(ctx, f.Areas, nil)
	if err != nil {
		return err
	}
	first := f.Start.In(d.zone)
	if until.After(first) { // nothing of the plan's own time may be in what it is compared with
		until = first
	}
	surfaces, err := d.surfaces(ctx, see.rights, l, f.Areas, since, until, nil)
	if err != nil {
		return err
	}
	all := surfaces[roadrisk.AnyKind]
	days := int(f.End.Sub(f.Start).Hours()/24 + 0.5)
	past, err := d.past(ctx, see.rights, l, all, f.Areas, since, until)
	if err != nil {
		return err
	}
	end := first.AddDate(0, 0, days+evaluate.HaloDays)
	recent, err := d.placed(ctx, see.rights, l, f.Areas, first, end)
	if err != nil {
		return err
	}
	drawn, err := d.drawn(ctx, see, f)
	if err != nil {
		return err
	}
	approved := make([]evaluate.Post, len(f.Shown.Plan.Posts))
	for i, p := range f.Shown.Plan.Posts {
		approved[i] = evaluate.Post{Site: p.Site, Slot: p.Slot.In(d.zone)}
	}
	layout := evaluate.Layout{First: first, Days: days, Reach: l.reach(approved, drawn), Expected: func(lixel int32, day time.Time) float64 {
		return perDay(all, int(lixel), day)
	}}
	group, err := layout.Group(f.ID.String(), approved, past, recent)
	if err != nil {
		return err
	}
	input.Groups = append(input.Groups, group)
	if len(drawn) == 0 {
		return nil
	}
	held, err := d.held(ctx, see, f)
	if err != nil {
		return err
	}
	trial, err := layout.Trial(f.ID.String(), approved, drawn, held, recent)
	if err != nil {
		return err
	}
	input.Trials = append(input.Trials, trial)
	return nil
}

// perDay is the number of accidents to be expected on a lixel on a day: a year's, by the share of the weekday.
func perDay(s *roadrisk.Surface, lixel int, day time.Time) float64 {
	const weeks = 365.25 / 7
	weekday, share := (int(day.Weekday())+6)%7, 0.0
	for hour := range 24 {
		share += s.Profiles[s.Profile[lixel]][24*weekday+hour]
	}
	return s.Counts[lixel] / weeks * share
}

// past is what is known of the time before a plan; s is the surface of all accidents of that time.
func (d *desk) past(ctx context.Context, rights geoengine.Rights, l *land, s *roadrisk.Surface, areas []string, since, until time.Time) (evaluate.Past, error) {
	found, err := d.accidents(ctx, accidentsOf(rights, areas, since, until), nil)
	if err != nil {
		return evaluate.Past{}, err
	}
	return evaluate.Past{
		Accidents: onLixels(l.network.Place(found, []roadrisk.Period{{From: since, To: until}}, 0), d.zone), Years: s.Report.Years, Phi: s.Report.Dispersion,
		Model: func(lixel int32) float64 { return s.Model[lixel] * s.Report.Years },
	}, nil
}

// placed are the accidents of a period on the network.
func (d *desk) placed(ctx context.Context, rights geoengine.Rights, l *land, areas []string, from, to time.Time) ([]evaluate.Accident, error) {
	found, err := d.accidents(ctx, accidentsOf(rights, areas, from, to), nil)
	if err != nil {
		return nil, err
	}
	return onLixels(l.network.Place(found, []roadrisk.Period{{From: from, To: to}}, 0), d.zone), nil
}

func onLixels(p *roadrisk.Placement, zone *time.Location) []evaluate.Accident {
	list := make([]evaluate.Accident, len(p.Accidents))
	for i := range p.Accidents {
		list[i] = evaluate.Accident{Lixel: int32(p.Accidents[i].Lixel), At: p.Accidents[i].Start.In(zone)}
	}
	return list
}

// held is the share of the planned hours that was held, as far as it was reported.
func (d *desk) held(ctx context.Context, see sight, f *found) (float64, error) {
	reports, err := d.store.reports(ctx, see, f.ID)
	if err != nil {
		return 0, err
	}
	planned, held := 0.0, 0.0
	for _, r := range reports {
		i := slices.IndexFunc(f.Shown.Plan.Posts, func(p plan.Post) bool { return p.ID == r.Post })
		if i < 0 {
			continue
		}
		hours := float64(f.Shown.Plan.Posts[i].HeldMinutes) / 60
		planned += hours
		if r.Held {
			held += min(hours, r.To.Sub(r.From).Hours())
		}
	}
	if planned == 0 {
		return 1, nil
	}
	return held / planned, nil
}

// drawn are the other plans of the draw with what people have fixed since, as in the plan itself; none if they are erased.
func (d *desk) drawn(ctx context.Context, see sight, f *found) ([][]evaluate.Post, error) {
	var raw, body []byte
	err := d.db.Read(ctx, see.rights, func(tx pgx.Tx) error { return tx.QueryRow(ctx, selectDraws, f.ID, f.Shown.Origin).Scan(&raw, &body) })
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the draw of plan %s: %w", f.ID, err)
	}
	others, err := unpack(raw)
	if err != nil {
		return nil, err
	}
	proposed, err := unseal(body, "")
	if err != nil {
		return nil, err
	}
	fixed, freed := fixings(&proposed, &f.Shown.Plan)
	list := make([][]evaluate.Post, len(others))
	for i, stands := range others {
		for _, stand := range fix(stands, fixed, freed) {
			list[i] = append(list[i], evaluate.Post{Site: stand.Site, Slot: stand.Slot.In(d.zone)})
		}
	}
	return list, nil
}

// fixings are the posts that people have fixed, and the stands that these and the posts taken away stood for.
func fixings(proposed, executed *plan.Plan) (fixed, freed []plan.Stand) {
	stays := map[string]*plan.Post{}
	for i := range executed.Posts {
		p := &executed.Posts[i]
		stays[p.ID] = p
		if p.Locked || p.Origin != "proposed" {
			fixed = append(fixed, plan.Stand{Unit: p.Unit, Team: p.Team, Site: p.Site, Slot: p.Slot})
		}
	}
	for i := range proposed.Posts {
		p := &proposed.Posts[i]
		if now := stays[p.ID]; now == nil || now.Locked || now.Origin != "proposed" {
			freed = append(freed, plan.Stand{Unit: p.Unit, Team: p.Team, Slot: p.Slot})
		}
	}
	return fixed, freed
}

// fix takes a stand of the same unit and slot, rather of the same team, out of a drawn plan for each that was freed, and
// puts in what people have fixed.
func fix(stands, fixed, freed []plan.Stand) []plan.Stand {
	left := slices.Clone(stands)
	for _, f := range freed {
		at := -1
		for i, s := range left {
			if s.Unit == f.Unit && s.Slot.Equal(f.Slot) && (at < 0 || s.Team == f.Team) {
				at = i
			}
		}
		if at >= 0 {
			left = slices.Delete(left, at, at+1)
		}
	}
	return append(left, fixed...)
}

// reach are the lixels at which posts at the sites of plans are felt.
func (l *land) reach(approved []evaluate.Post, drawn [][]evaluate.Post) map[string][]int32 {
	spots := map[string]road.Spot{}
	for _, s := range l.graph.Sites() {
		spots[s.Source+"/"+s.Ref] = s.Spot
	}
	reach := map[string][]int32{}
	add := func(posts []evaluate.Post) {
		for _, p := range posts {
			if _, there := reach[p.Site]; there {
				continue
			}
			reach[p.Site] = []int32{}
			spot, there := spots[p.Site]
			if name, is := strings.CutPrefix(p.Site, lixelPrefix); is {
				if cell, err := hex.Parse(name); err == nil {
					spot, there = l.graph.Snap(hex.Center(cell), road.SnapOptions{})
				}
			}
			if !there {
				continue
			}
			if lixel := l.lixels.Of(spot); lixel >= 0 {
				for _, near := range l.lixels.Within(lixel, evaluate.HaloM) {
					reach[p.Site] = append(reach[p.Site], near.Lixel)
				}
			}
		}
	}
	add(approved)
	for _, posts := range drawn {
		add(posts)
	}
	return reach
}
