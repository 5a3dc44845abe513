package checkpoints

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
	"vigie/geoengine/jobs"
)

// columns are those of a plan.
const columns = `p.id, p.areas, p.title, p.kind, p.starts, p.ends, p.state, p.revision, p.posts, p.share, p.author, p.machine, p.created,
	p.changed_by, p.changed`

const (
	selectPlan = `
		select ` + columns + `, r.revision, r.at, r.author, r.machine, r.act, r.note, r.state, r.origin, r.before, r.posts, r.share, r.body, r.hash,
		       r.seed, d.revision, d.approved, d.at, d.person, d.reference, d.authority, d.purpose, d.instructions, d.reason
		from checkpoints_plan p
		join checkpoints_revision r on r.plan = p.id and r.revision = case when $2::int = 0 then p.revision else $2 end
		left join checkpoints_decision d on d.plan = p.id
		where p.id = $1 and (r.state not in ('draft', 'refused') or $3 or checkpoints_within(p.areas, $4))`
	selectPlans = `
		select ` + columns + `
		from checkpoints_plan p
		where (p.state not in ('draft', 'refused') or $1 or checkpoints_within(p.areas, $2))
		  and ($3::text[] is null or p.state = any($3))
		  and ($4::text[] is null or exists (select from unnest(p.areas) a where a || '.' like any($4)))
		  and ($5::timestamptz is null or (p.created, p.id) < ($5, $6::uuid))
		  and ($7::timestamptz is null or p.ends > $7) and ($8::timestamptz is null or p.starts < $8)
		order by p.created desc, p.id desc
		limit $9`
	selectHistory = `
		select r.revision, r.at, r.author, r.act, r.note, r.posts, r.share, r.state, encode(r.hash, 'hex')
		from checkpoints_revision r
		where r.plan = $1 and (r.state not in ('draft', 'refused') or $2 or checkpoints_within(r.areas, $3))
		order by r.revision`
)

// decision is what a person decided on a plan.
type decision struct {
	Revision     int // that was decided on
	Approved     bool
	At           time.Time
	Person       string
	Reference    string
	Authority    string
	Purpose      string
	Instructions string
	Reason       string
}

// found is a plan as it is read: with one revision and the decision, if there is one.
type found struct {
	record
	Shown    revision
	Decision *decision
}

// hash is the hash of the revision, for people and the journal.
func (f *found) hash() string { return fmt.Sprintf("%x", f.Shown.Hash) }

// into are the places of columns.
func (r *record) into(id *[16]byte) []any {
	return []any{id, &r.Areas, &r.Title, &r.Kind, &r.Start, &r.End, &r.State, &r.Last, &r.Posts, &r.Share, &r.Author.name, &r.Author.machine,
		&r.Created, &r.ChangedBy, &r.Changed}
}

// find reads a plan with the revision of that number, or its last one for 0. ErrMissing if there is none, or the caller
// may not see it.
func (s *store) find(ctx context.Context, see sight, id jobs.ID, number int) (found, error) {
	everything, like := see.args()
	var f found
	err := s.db.Read(ctx, see.rights, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectPlan, id, number, everything, like)
		if err != nil {
			return err
		}
		f, err = pgx.CollectExactlyOneRow(rows, scanFound)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		err = geoengine.ErrMissing
	}
	if err != nil {
		return found{}, fmt.Errorf("plan %s: %w", id, err)
	}
	return f, nil
}

func scanFound(row pgx.CollectableRow) (found, error) {
	var (
		f                                             found
		id                                            [16]byte
		body, hash                                    []byte
		decidedOn                                     *int
		seed                                          string
		approved                                      *bool
		at                                            *time.Time
		person, reference, authority, purpose, advice *string
		reason                                        *string
	)
	shown := &f.Shown
	err := row.Scan(append(f.into(&id), &shown.Number, &shown.At, &shown.Author.name, &shown.Author.machine, &shown.Act, &shown.Note, &shown.State,
		&shown.Origin, &shown.Before, &shown.Posts, &shown.Share, &body, &hash, &seed,
		&decidedOn, &approved, &at, &person, &reference, &authority, &purpose, &advice, &reason)...)
	if err != nil {
		return f, err
	}
	f.ID = id
	copy(shown.Hash[:], hash)
	if approved != nil {
		f.Decision = &decision{*decidedOn, *approved, *at, *person, *reference, *authority, *purpose, *advice, *reason}
	}
	shown.Plan, err = unseal(body, seed)
	return f, err
}

// listing chooses plans, newest first.
type listing struct {
	states       []string  // nil is every one
	within       []string  // plans with an area in one of these; nil does not restrict
	from, to     time.Time // plans whose period meets this one; zero does not restrict
	afterCreated time.Time // of the last plan of the page before, with
	afterID      jobs.ID
	limit        int
}

// list lists plans.
func (s *store) list(ctx context.Context, see sight, l listing) ([]record, error) {
	everything, like := see.args()
	var within []string
	if l.within != nil {
		within = patterns(l.within)
	}
	var list []record
	err := s.db.Read(ctx, see.rights, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectPlans, everything, like, l.states, within, orNull(l.afterCreated), l.afterID, orNull(l.from), orNull(l.to), l.limit)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r record, err error) {
			var id [16]byte
			err = row.Scan(r.into(&id)...)
			r.ID = id
			return r, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list plans: %w", err)
	}
	return list, nil
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// historyLine is a revision in the history of a plan.
type historyLine struct {
	Revision int       `json:"revision"`
	At       time.Time `json:"at"`
	Author   string    `json:"author"`
	Act      Act       `json:"act" enum:"proposed,changed,undone,redrawn,approved,refused,closed,evaluated"`
	Note     string    `json:"note"`
	Posts    int       `json:"posts"`
	Share    float64   `json:"share" doc:"Of the certified optimum."`
	State    State     `json:"state"`
	Hash     string    `json:"hash" doc:"SHA-256 of the revision's content."`
}

// history lists the revisions of a plan, oldest first.
func (s *store) history(ctx context.Context, see sight, id jobs.ID) ([]historyLine, error) {
	everything, like := see.args()
	var list []historyLine
	err := s.db.Read(ctx, see.rights, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectHistory, id, everything, like)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[historyLine])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("history of plan %s: %w", id, err)
	}
	return list, nil
}
