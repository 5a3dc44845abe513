package checkpoints

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
	"vigie/geoengine/jobs"
	"vigie/modules/checkpoints/plan"
)

// store keeps the plans. What is read for a caller goes through Store.Read, under row-level security; what is written
// goes through the owner of the tables, after the door has asked for the same territory.
type store struct{ db *geoengine.Store }

// author is who did something.
type author struct {
	name    string
	machine bool
}

// sight is what a caller may see of plans: those whose areas all lie in the territory of the rights, and of those, drafts
// and refused ones only where all lie in drafts too.
type sight struct {
	rights geoengine.Rights
	drafts []string // area paths; nil is everything
}

// args are the parameters "everything, patterns" of drafts.
func (s sight) args() (everything bool, like []string) {
	return s.drafts == nil, patterns(s.drafts)
}

// patterns are LIKE patterns of areas with their descendants, as checkpoints_within takes them.
func patterns(scope []string) []string {
	escape := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
	list := make([]string, len(scope))
	for i, path := range scope {
		list[i] = escape.Replace(path) + ".%"
	}
	return list
}

// record is a plan as it is kept.
type record struct {
	ID         jobs.ID
	Areas      []string
	Title      string
	Kind       string
	Start, End time.Time
	State      State
	Last       int // number of the last revision
	Posts      int
	Share      float64
	Author     author
	Created    time.Time
	ChangedBy  string
	Changed    time.Time
}

// revision is one state of a plan's content. Revisions are never changed.
type revision struct {
	Number      int
	At          time.Time
	Author      author
	Act         Act
	Note        string
	State       State
	Origin      int // the revision whose content this is
	Before      int // the origin that undo goes back to; 0 is none
	Posts       int
	Share       float64
	Plan        plan.Plan
	Hash        [sha256.Size]byte
	Certificate json.RawMessage // of a proposal; it is only written, as Draws
	Draws       json.RawMessage // other plans of the same draw
}

// commitment begins what stands in the place of a seed in a body.
const commitment = "sha256:"

// seal writes a plan as it is kept: without its seed, which is apart, but with the seed's SHA-256.
func seal(p *plan.Plan) (body []byte, hash [sha256.Size]byte, seed string, err error) {
	sealed := *p
	if seed = p.Request.Seed; strings.HasPrefix(seed, commitment) {
		seed = "" // erased before
	} else if seed != "" {
		sum := sha256.Sum256([]byte(seed))
		sealed.Request.Seed = commitment + hex.EncodeToString(sum[:])
	}
	sealed.Draw.Seed = sealed.Request.Seed
	if body, err = json.Marshal(&sealed); err != nil {
		return nil, hash, "", fmt.Errorf("write a plan: %w", err)
	}
	return body, sha256.Sum256(body), seed, nil
}

// unseal is the reverse of seal.
func unseal(body []byte, seed string) (plan.Plan, error) {
	var p plan.Plan
	if err := json.Unmarshal(body, &p); err != nil {
		return p, fmt.Errorf("read a plan: %w", err)
	}
	if seed != "" {
		p.Request.Seed, p.Draw.Seed = seed, seed
	}
	return p, nil
}

const (
	lockRun = `select 1 from job where id = $1 and status = 'running' for share`

	insertPlan = `
		insert into checkpoints_plan (id, areas, title, kind, starts, ends, state, revision, posts, share, author, machine, created, changed_by, changed)
		values ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9, $10, $11, $12, $10, $12)
		on conflict (id) do nothing`
	insertRevision = `
		insert into checkpoints_revision (plan, revision, areas, at, author, machine, act, note, state, origin, before, posts, share, job, body, hash, seed, certificate, draws)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`
	movePlan = `
		update checkpoints_plan set revision = revision + 1, state = $3, posts = $4, share = $5, changed_by = $6, changed = $7
		where id = $1 and revision = $2`
	selectJobRevision = `select revision from checkpoints_revision where plan = $1 and job = $2`
)

// create keeps a new plan with its first revision. A plan of that id that is there already is left as it is: the job that
// makes a plan may run more than once. Where queued, the job must still run: errGone if it was dismissed.
func (s *store) create(ctx context.Context, r record, first revision, queued bool) error {
	body, hash, seed, err := seal(&first.Plan)
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, s.db.Pool, func(tx pgx.Tx) error {
		if err := stillRuns(ctx, tx, r.ID, queued); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, insertPlan, r.ID, r.Areas, r.Title, r.Kind, r.Start, r.End, first.State, first.Posts, first.Share,
			first.Author.name, first.Author.machine, first.At)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		_, err = tx.Exec(ctx, insertRevision, r.ID, 1, r.Areas, first.At, first.Author.name, first.Author.machine, first.Act, first.Note,
			first.State, 1, 0, first.Posts, first.Share, r.ID, body, hash[:], seed, nullIfNone(first.Certificate), nullIfNone(first.Draws))
		return err
	})
	if err != nil {
		return fmt.Errorf("keep plan %s: %w", r.ID, err)
	}
	return nil
}

// errGone says that the job was dismissed, or taken over by another run.
var errGone = errors.New("the job does not run any more")

func stillRuns(ctx context.Context, tx pgx.Tx, job jobs.ID, queued bool) error {
	if !queued {
		return nil
	}
	var one int
	err := tx.QueryRow(ctx, lockRun, job).Scan(&one)
	if errors.Is(err, pgx.ErrNoRows) {
		return errGone
	}
	return err
}

func nullIfNone(raw json.RawMessage) []byte {
	if len(raw) == 0 {
		return nil
	}
	return raw
}

// step is a revision to be added, on top of the one numbered base.
type step struct {
	base int
	revision
	job  *jobs.ID                                   // that makes it; nil is none
	more func(ctx context.Context, tx pgx.Tx) error // what belongs to it; may be nil
}

// add adds a revision. stale() if base is not the last one; a job's revision that is there already is left as it is.
func (s *store) add(ctx context.Context, r *record, one step) (number int, err error) {
	body, hash, seed, err := seal(&one.Plan)
	if err != nil {
		return 0, err
	}
	number = one.base + 1
	if one.Origin == 0 {
		one.Origin = number
	}
	err = pgx.BeginFunc(ctx, s.db.Pool, func(tx pgx.Tx) error {
		if one.job != nil {
			if err := stillRuns(ctx, tx, *one.job, true); err != nil {
				return err
			}
			err := tx.QueryRow(ctx, selectJobRevision, r.ID, *one.job).Scan(&number)
			if !errors.Is(err, pgx.ErrNoRows) {
				return err
			}
		}
		tag, err := tx.Exec(ctx, movePlan, r.ID, one.base, one.State, one.Posts, one.Share, one.Author.name, one.At)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return stale()
		}
		if _, err := tx.Exec(ctx, insertRevision, r.ID, number, r.Areas, one.At, one.Author.name, one.Author.machine, one.Act, one.Note,
			one.State, one.Origin, one.Before, one.Posts, one.Share, one.job, body, hash[:], seed, nullIfNone(one.Certificate), nullIfNone(one.Draws)); err != nil {
			return err
		}
		if one.more != nil {
			return one.more(ctx, tx)
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("change plan %s: %w", r.ID, err)
	}
	return number, nil
}

// madeBy is the number of the revision that a job has added to a plan; 0 if it has added none.
func (s *store) madeBy(ctx context.Context, id, job jobs.ID) (number int, err error) {
	err = s.db.Pool.QueryRow(ctx, selectJobRevision, id, job).Scan(&number)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("plan %s: %w", id, err)
	}
	return number, nil
}
