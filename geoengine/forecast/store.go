package forecast

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/geoengine/jobs"
)

// Store keeps forecasts in the database. What is read for a caller goes through geoengine.Store.Read, under row-level
// security; what is written goes through the owner of the tables, after the door has asked for the same territory.
type Store struct{ db *geoengine.Store }

// New returns the forecasts of a store.
func New(db *geoengine.Store) *Store { return &Store{db} }

// Run is a run as it is kept. What hangs on events beyond a caller's territory is in Head.Card, Kinds, Places and Bounds:
// Whole says whether they may be shown.
type Run struct {
	ID      jobs.ID
	Head    Result // without its values
	Feeds   []string
	Hash    string // SHA-256 of the whole result's JSON, hexadecimal
	Author  string
	Machine bool // the author is a client
	Made    time.Time
	Values  int
	Places  int
	Kinds   []string
	Bounds  *orb.Bound // of the middles of places; nil where they are not known
	Step    string     // of the longest values
	First   time.Time  // where the first of those begins
	reach   float64
}

// Whole tells whether whoever holds the scope may see all that the run was made of.
func (r *Run) Whole(scope []string) bool {
	if len(r.Head.Spec.Areas) == 0 {
		return scope == nil
	}
	return geoengine.Covers(scope, r.Head.Spec.Areas)
}

// Origin says who asked for a run, and in which job.
type Origin struct {
	ID      jobs.ID // of the run: that of the job
	Queued  bool    // the job must still run: ErrGone if it was dismissed
	Author  string
	Machine bool
	At      time.Time
	Feeds   []string // categories that may feed it, each with its descendants
}

// ErrGone says that the job was dismissed, or taken over by another run.
var ErrGone = errors.New("the job does not run any more")

// NewID draws an id for a run outside the queue: a version 4 UUID.
func NewID(random io.Reader) (id jobs.ID, err error) {
	if random == nil {
		random = rand.Reader
	}
	if _, err := io.ReadFull(random, id[:]); err != nil {
		return id, fmt.Errorf("name a run: %w", err)
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id, nil
}

const (
	lockRun    = `select 1 from job where id = $1 and status = 'running' for share`
	selectOpen = `
		select coalesce(array_agg(c.id order by c.id), '{}')::int[] from category c
		where exists (select from unnest($1::text[]) f where c.slug = f or starts_with(c.slug, f || '.'))`
	insertRun = `
		insert into forecast_run (id, name, areas, feeds, needs, until, horizon, options, begins, ends, place, usable, model, version, input_hash, hash,
			author, machine, made, values_count, places, kinds, box, step, first, reach, head)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)
		on conflict (id) do nothing`
)

// Save keeps a result in one transaction: whole, or not at all. A run of that id that is there already is left as it is,
// because a job may run more than once. The result is put into canonical form. ErrInvalid for one that Check refuses.
func (s *Store) Save(ctx context.Context, r *Result, from Origin) error {
	hash, err := r.Hash()
	if err != nil {
		return err
	}
	if err := r.Check(); err != nil {
		return err
	}
	full(&from.Feeds)
	head := *r
	head.Values = nil
	body, err := json.Marshal(&head)
	if err != nil {
		return fmt.Errorf("write a forecast: %w", err)
	}
	err = pgx.BeginFunc(ctx, s.db.Pool, func(tx pgx.Tx) error {
		if err := stillRuns(ctx, tx, &from); err != nil {
			return err
		}
		var needs []int32
		if err := tx.QueryRow(ctx, selectOpen, from.Feeds).Scan(&needs); err != nil {
			return err
		}
		pattern := openPattern(needs)
		rows, err := s.rows(ctx, tx, r, pattern)
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, insertRun, from.ID, r.Spec.Name, r.Spec.Areas, from.Feeds, pattern, r.Spec.Until, r.Spec.Horizon, r.Spec.OptionsText(), r.From, r.To,
			r.Place, r.Card.Usable, r.Model, r.Version, r.InputHash, hash[:], from.Author, from.Machine, from.At.UTC().Truncate(time.Microsecond),
			len(r.Values), rows.places, rows.kinds, rows.box(), rows.step, rows.first, rows.reach, body)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return rows.copy(ctx, tx, from.ID)
	})
	if err != nil {
		return fmt.Errorf("keep forecast %s of %s: %w", from.ID, r.Spec.Name, err)
	}
	return nil
}

// openPattern is a LIKE pattern that the setting vigie.open matches where all categories of these ascending numbers are
// open. One comparison for each row is all that a policy can afford.
func openPattern(needs []int32) string {
	pattern, at := []byte{}, int32(1)
	for _, n := range needs {
		for ; at < n; at++ {
			pattern = append(pattern, '_')
		}
		pattern = append(pattern, '1')
		at++
	}
	if len(pattern) == 0 {
		pattern = append(pattern, '_')
	}
	return string(append(pattern, '%'))
}

func stillRuns(ctx context.Context, tx pgx.Tx, from *Origin) error {
	if !from.Queued {
		return nil
	}
	var one int
	err := tx.QueryRow(ctx, lockRun, from.ID).Scan(&one)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrGone
	}
	return err
}

const runColumns = `id, feeds, encode(hash, 'hex'), author, machine, made, values_count, places, kinds, box, step, first, reach, head`

func scanRun(row pgx.CollectableRow) (Run, error) {
	var (
		r    Run
		id   [16]byte
		box  []float64
		head []byte
	)
	if err := row.Scan(&id, &r.Feeds, &r.Hash, &r.Author, &r.Machine, &r.Made, &r.Values, &r.Places, &r.Kinds, &box, &r.Step, &r.First, &r.reach, &head); err != nil {
		return r, err
	}
	r.ID, r.Made, r.First = id, r.Made.UTC(), r.First.UTC()
	if len(box) == 4 {
		r.Bounds = &orb.Bound{Min: orb.Point{box[0], box[1]}, Max: orb.Point{box[2], box[3]}}
	}
	if err := json.Unmarshal(head, &r.Head); err != nil {
		return r, fmt.Errorf("read run %s: %w", r.ID, err)
	}
	return r, nil
}
