package checkpoints

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"vigie/api/door"
	"vigie/geoengine/jobs"
	"vigie/modules/checkpoints/plan"
)

// postReport says what a post brought: counts, never persons.
type postReport struct {
	Held      bool      `json:"held" doc:"The post was held, if only for a part of its time."`
	From      time.Time `json:"from" doc:"When it was held; as planned, where it was not."`
	To        time.Time `json:"to"`
	Checks    int       `json:"checks" minimum:"0" maximum:"100000" doc:"Vehicles checked."`
	Positives positives `json:"positives"`
	Offences  offences  `json:"offences"`
	Note      string    `json:"note" maxLength:"500" doc:"Of the place and the conditions. Nothing about a person: registration plates are refused."`
}

type positives struct {
	Alcohol int `json:"alcohol" minimum:"0" maximum:"100000"`
	Drugs   int `json:"drugs" minimum:"0" maximum:"100000"`
}

type offences struct {
	Speed  int `json:"speed" minimum:"0" maximum:"100000"`
	Phone  int `json:"phone" minimum:"0" maximum:"100000"`
	Belt   int `json:"belt" minimum:"0" maximum:"100000"`
	Heavy  int `json:"heavy" minimum:"0" maximum:"100000"`
	Papers int `json:"papers" minimum:"0" maximum:"100000"`
	Other  int `json:"other" minimum:"0" maximum:"100000"`
}

// reportBody is a report with who wrote it.
type reportBody struct {
	Post   string    `json:"post"`
	At     time.Time `json:"at"`
	Author string    `json:"author"`
	postReport
}

// plate finds registration plates of the form AA-123-AA, and of that before 2009.
func plate(note string) bool {
	found, err := regexp.MatchString(`(?i)\b([a-z]{2}[ -]?[0-9]{3}[ -]?[a-z]{2}|[0-9]{1,4}[ -]?[a-z]{2,3}[ -]?(2[ab]|[0-9]{2}))\b`, note)
	return found || err != nil
}

// earlyOrLate is how far from its plan a post may have been held.
const earlyOrLate = 12 * time.Hour

// check refuses a report that cannot be of the post.
func (r *postReport) check(post *plan.Post) error {
	if err := line("note", r.Note, 0, longestNote, true); err != nil {
		return err
	}
	if plate(r.Note) {
		return wrong("note", "La note semble porter une immatriculation : le compte rendu ne nomme ni personne ni véhicule.",
			"The note seems to hold a registration plate: a report names no person and no vehicle.")
	}
	if !r.Held {
		if r.Checks != 0 || r.Positives != (positives{}) || r.Offences != (offences{}) {
			return wrong("held", "Un poste qui n'a pas été tenu n'a rien contrôlé : mettez les nombres à zéro.",
				"A post that was not held has checked nothing: set the numbers to zero.")
		}
		return nil
	}
	if !r.To.After(r.From) || r.From.Before(post.Arrive.Add(-earlyOrLate)) || r.To.After(post.Leave.Add(earlyOrLate)) {
		return wrong("from", "Les heures ne sont pas celles de ce poste : le début précède la fin, à moins de 12 h de ce qui était prévu.",
			"The hours are not those of this post: it begins before it ends, within 12 h of what was planned.")
	}
	if r.Positives.Alcohol > r.Checks || r.Positives.Drugs > r.Checks {
		return wrong("positives", "Il y a plus de résultats positifs que de contrôles.", "There are more positives than checks.")
	}
	return nil
}

type reportInput struct {
	PlanInput
	Post string `path:"post" maxLength:"40"`
	Body postReport
}

type reportOutput struct{ Body reportBody }

const insertReport = `insert into checkpoints_report (plan, post, areas, at, author, body) values ($1, $2, $3, $4, $5, $6)`

// report keeps what a post brought. A later report of the same post takes its place; both stay.
func (d *desk) report(ctx context.Context, pass door.Pass, in *reportInput) (*reportOutput, error) {
	f, err := d.plan(ctx, pass, in.ID, 0)
	if err != nil {
		return nil, err
	}
	pass.Concerns("post:" + in.Post)
	posts := f.Shown.Plan.Posts
	i := slices.IndexFunc(posts, func(p plan.Post) bool { return p.ID == in.Post })
	if i < 0 {
		return nil, missing("post")
	}
	if err := inState(f.State, Approved, Executed); err != nil {
		return nil, err
	}
	if err := in.Body.check(&posts[i]); err != nil {
		return nil, err
	}
	body, err := json.Marshal(&in.Body)
	if err != nil {
		return nil, err
	}
	out := &reportOutput{reportBody{Post: in.Post, At: d.now(), Author: pass.Caller().Name, postReport: in.Body}}
	if _, err := d.db.Pool.Exec(ctx, insertReport, f.ID, in.Post, f.Areas, out.Body.At, out.Body.Author, body); err != nil {
		return nil, fmt.Errorf("keep a report of plan %s: %w", f.ID, err)
	}
	return out, nil
}

const selectReports = `
	select distinct on (post) post, at, author, body from checkpoints_report where plan = $1 order by post, seq desc`

// reports reads the last report of each post.
func (s *store) reports(ctx context.Context, see sight, id jobs.ID) ([]reportBody, error) {
	var list []reportBody
	err := s.db.Read(ctx, see.rights, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectReports, id)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r reportBody, err error) {
			var body []byte
			if err := row.Scan(&r.Post, &r.At, &r.Author, &body); err != nil {
				return r, err
			}
			return r, json.Unmarshal(body, &r.postReport)
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reports of plan %s: %w", id, err)
	}
	return list, nil
}

type reportsOutput struct {
	Body struct {
		Reports []reportBody `json:"reports" nullable:"false"`
		Totals  reportTotals `json:"totals"`
	}
}

// reportTotals sums the reports of a plan.
type reportTotals struct {
	Held      int       `json:"held" doc:"Posts that were held."`
	NotHeld   int       `json:"not_held"`
	Missing   int       `json:"missing" doc:"Posts without a report."`
	Hours     float64   `json:"hours" doc:"Held."`
	Checks    int       `json:"checks"`
	Positives positives `json:"positives"`
	Offences  offences  `json:"offences"`
}

func sum(list []reportBody, posts int) reportTotals {
	t := reportTotals{Missing: posts - len(list)}
	for _, r := range list {
		if !r.Held {
			t.NotHeld++
			continue
		}
		t.Held++
		t.Hours += r.To.Sub(r.From).Hours()
		t.Checks += r.Checks
		t.Positives.Alcohol += r.Positives.Alcohol
		t.Positives.Drugs += r.Positives.Drugs
		t.Offences.Speed += r.Offences.Speed
		t.Offences.Phone += r.Offences.Phone
		t.Offences.Belt += r.Offences.Belt
		t.Offences.Heavy += r.Offences.Heavy
		t.Offences.Papers += r.Offences.Papers
		t.Offences.Other += r.Offences.Other
	}
	return t
}

// reportsOf lists the reports of a plan.
func (d *desk) reportsOf(ctx context.Context, pass door.Pass, in *PlanInput) (*reportsOutput, error) {
	f, err := d.plan(ctx, pass, in.ID, 0)
	if err != nil {
		return nil, err
	}
	out := &reportsOutput{}
	if out.Body.Reports, err = d.store.reports(ctx, see(pass), f.ID); err != nil {
		return nil, err
	}
	out.Body.Totals = sum(out.Body.Reports, len(f.Shown.Plan.Posts))
	return out, nil
}
