package cartheft

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
	"vigie/geoengine/jobs"
)

// store keeps suggestions and decisions. What is read for a caller goes through Store.Read, under row-level security; what
// is written goes through the owner of the tables, after the door has asked for the same territory.
type store struct{ db *geoengine.Store }

// record is a suggestion as it is kept.
type record struct {
	ID          jobs.ID
	Run         jobs.ID
	Areas       []string
	At          time.Time
	Author      string
	Machine     bool
	Hours       int
	Exploration float64
	Seed        string
	Body        content
	Hash        [sha256.Size]byte // of the body
	Decisions   []decision
}

// decision is what a person decided on a suggestion.
type decision struct {
	Decision string    `json:"decision" enum:"followed,partly,not_followed"`
	Note     string    `json:"note"`
	At       time.Time `json:"at"`
	Person   string    `json:"person"`
}

const (
	selectNeeds = `
		select coalesce(array_agg(c.id order by c.id), '{}') from category c
		where exists (select from unnest($1::text[]) f where c.slug = f or starts_with(c.slug, f || '.'))`
	insertSuggestion = `
		insert into cartheft_suggestion (id, run, areas, needs, at, author, machine, hours, exploration, seed, body, hash)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
	insertDecision = `
		insert into cartheft_decision (suggestion, areas, needs, hash, at, person, decision, note)
		select id, areas, needs, hash, $2, $3, $4, $5 from cartheft_suggestion where id = $1`
	columns           = `id, run, areas, at, author, machine, hours, exploration, seed, body, hash`
	selectSuggestion  = `select ` + columns + ` from cartheft_suggestion where id = $1`
	selectSuggestions = `
		select ` + columns + ` from cartheft_suggestion
		where ($1::uuid is null or run = $1) and ($2::timestamptz is null or (at, id) < ($2, $3::uuid))
		order by at desc, id desc
		limit $4`
	selectDecisions = `select decision, note, at, person from cartheft_decision where suggestion = $1 order by seq limit $2`
)

// maxDecisions is how many decisions a suggestion shows.
const maxDecisions = 100

// keep writes a new suggestion.
func (s *store) keep(ctx context.Context, r *record) error {
	body, err := json.Marshal(&r.Body)
	if err != nil {
		return fmt.Errorf("write a suggestion: %w", err)
	}
	r.Hash = sha256.Sum256(body)
	err = pgx.BeginFunc(ctx, s.db.Pool, func(tx pgx.Tx) error {
		var needs []int32
		if err := tx.QueryRow(ctx, selectNeeds, Categories()).Scan(&needs); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, insertSuggestion, r.ID, r.Run, r.Areas, needs, r.At, r.Author, r.Machine, r.Hours, r.Exploration, r.Seed, body, r.Hash[:])
		return err
	})
	if err != nil {
		return fmt.Errorf("keep suggestion %s: %w", r.ID, err)
	}
	return nil
}

// decide writes a decision. The caller has seen the suggestion.
func (s *store) decide(ctx context.Context, id jobs.ID, d decision) error {
	tag, err := s.db.Pool.Exec(ctx, insertDecision, id, d.At, d.Person, d.Decision, d.Note)
	if err == nil && tag.RowsAffected() == 0 {
		err = geoengine.ErrMissing
	}
	if err != nil {
		return fmt.Errorf("decide on suggestion %s: %w", id, err)
	}
	return nil
}

// find reads a suggestion with its decisions. ErrMissing if there is none, or not for the rights.
func (s *store) find(ctx context.Context, rights geoengine.Rights, id jobs.ID) (r record, err error) {
	err = s.db.Read(ctx, rights, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectSuggestion, id)
		if err != nil {
			return err
		}
		if r, err = pgx.CollectExactlyOneRow(rows, scan); err != nil {
			return err
		}
		decided, err := tx.Query(ctx, selectDecisions, id, maxDecisions)
		if err != nil {
			return err
		}
		r.Decisions, err = pgx.CollectRows(decided, pgx.RowToStructByPos[decision])
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		err = geoengine.ErrMissing
	}
	if err != nil {
		return record{}, fmt.Errorf("suggestion %s: %w", id, err)
	}
	return r, nil
}

// listing chooses suggestions, the newest first.
type listing struct {
	run       *jobs.ID // nil is of every run
	afterTime *time.Time
	afterID   jobs.ID
	limit     int
}

func (s *store) list(ctx context.Context, rights geoengine.Rights, l listing) (list []record, err error) {
	err = s.db.Read(ctx, rights, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectSuggestions, l.run, l.afterTime, l.afterID, l.limit)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, scan)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list suggestions: %w", err)
	}
	return list, nil
}

func scan(row pgx.CollectableRow) (r record, err error) {
	var id, run [16]byte
	var body, hash []byte
	if err := row.Scan(&id, &run, &r.Areas, &r.At, &r.Author, &r.Machine, &r.Hours, &r.Exploration, &r.Seed, &body, &hash); err != nil {
		return r, err
	}
	r.ID, r.Run = id, run
	copy(r.Hash[:], hash)
	if err := json.Unmarshal(body, &r.Body); err != nil {
		return r, fmt.Errorf("read suggestion %s: %w", r.ID, err)
	}
	return r, nil
}
