package forecast

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
	"vigie/geoengine/jobs"
)

func errorIsNone(err error) bool { return errors.Is(err, pgx.ErrNoRows) }

const (
	insertScores = `
		insert into forecast_score (run, areas, needs, at, body)
		select r.id, r.areas, r.needs, $2, b::json from forecast_run r, unnest($3::text[]) b
		where r.id = $1 and not exists (select from forecast_score s where s.run = r.id and s.at = $2)`
	// selectLast reads the last scores of each combination of areas, horizon and options.
	selectLast = `
		select distinct on (r.areas, r.horizon, r.options) r.id, r.areas, r.horizon, r.options, r.until, s.body
		from forecast_run r join forecast_score s on s.run = r.id
		where r.name = $1
		order by r.areas, r.horizon, r.options, r.ends desc, r.made desc, s.at desc, s.seq
		limit $2`
	selectScores = `select body from forecast_score where run = $1 order by at, seq`
	// selectSeries reads the last scores of the runs like one: each as it was scored last, the latest period first.
	selectSeries = `
		select s.body, r.id from forecast_run r
		join lateral (select at from forecast_score where run = r.id order by at desc limit 1) last on true
		join forecast_score s on s.run = r.id and s.at = last.at
		where r.name = $1 and r.areas = $2 and r.horizon = $3 and r.options = $4 and r.version = $5
		  and r.id in (
			select distinct on (ends) id from forecast_run one
			where name = $1 and areas = $2 and horizon = $3 and options = $4 and version = $5
			  and exists (select from forecast_score where run = one.id)
			order by ends desc, made, id limit $6)
		order by r.ends desc, s.seq`
	// selectDue finds runs to be scored: n is how often they have been.
	selectDue = `
		select r.id from forecast_run r
		cross join lateral (select count(distinct at) n from forecast_score where run = r.id) s
		where r.name = $1 and (s.n = 0 and r.ends < $2 or s.n = 1 and r.ends < $3) and r.ends > $4
		order by r.ends, r.id limit $5`
)

// AddScores keeps how a run did, as it is known at a time; scores of that time that are there already stay as they are.
func (s *Store) AddScores(ctx context.Context, run jobs.ID, at time.Time, scores []Score) error {
	at = at.UTC().Truncate(time.Microsecond)
	bodies := make([]string, len(scores))
	for i := range scores {
		scores[i].At = at
		body, err := json.Marshal(&scores[i])
		if err != nil {
			return fmt.Errorf("score run %s: %w", run, err)
		}
		bodies[i] = string(body)
	}
	if _, err := s.db.Pool.Exec(ctx, insertScores, run, at, bodies); err != nil {
		return fmt.Errorf("score run %s: %w", run, err)
	}
	return nil
}

// Scores reads how a run did, oldest first: nothing for who may not see all areas of the run.
func (s *Store) Scores(ctx context.Context, rights geoengine.Rights, run jobs.ID) (list []Score, err error) {
	err = s.db.Read(ctx, rights, func(tx pgx.Tx) error {
		found, err := tx.Query(ctx, selectScores, run)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(found, scanScore)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("scores of run %s: %w", run, err)
	}
	return list, nil
}

func scanScore(row pgx.CollectableRow) (one Score, err error) {
	var body []byte
	if err := row.Scan(&body); err != nil {
		return one, err
	}
	return one, json.Unmarshal(body, &one)
}

// Last is the last score of the runs of one combination of areas, horizon and options.
type Last struct {
	Run     jobs.ID
	Areas   []string
	Horizon string
	Options string
	Until   time.Time
	Score   Score // the first one of its run
}

// Last lists how the runs of a forecast did last, where the rights cover all areas of the run.
func (s *Store) Last(ctx context.Context, rights geoengine.Rights, name string, limit int) (list []Last, err error) {
	err = s.db.Read(ctx, rights, func(tx pgx.Tx) error {
		found, err := tx.Query(ctx, selectLast, name, limit)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(found, func(row pgx.CollectableRow) (one Last, err error) {
			var id [16]byte
			var body []byte
			if err := row.Scan(&id, &one.Areas, &one.Horizon, &one.Options, &one.Until, &body); err != nil {
				return one, err
			}
			one.Run, one.Until = id, one.Until.UTC()
			return one, json.Unmarshal(body, &one.Score)
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("scores of %s: %w", name, err)
	}
	return list, nil
}

// Scored is a run with how it did last.
type Scored struct {
	Run    jobs.ID
	Scores []Score
}

// Series reads how the last runs like one did, at most one for each end of a period, the latest first: runs of the same
// forecast, areas, horizon, options and version.
func (s *Store) Series(ctx context.Context, rights geoengine.Rights, like *Result, limit int) ([]Scored, error) {
	var list []Scored
	err := s.db.Read(ctx, rights, func(tx pgx.Tx) error {
		spec := &like.Spec
		found, err := tx.Query(ctx, selectSeries, spec.Name, spec.Areas, spec.Horizon, spec.OptionsText(), like.Version, limit)
		if err != nil {
			return err
		}
		var body []byte
		var id [16]byte
		_, err = pgx.ForEachRow(found, []any{&body, &id}, func() error {
			var one Score
			if err := json.Unmarshal(body, &one); err != nil {
				return err
			}
			if len(list) == 0 || list[len(list)-1].Run != id {
				list = append(list, Scored{Run: id})
			}
			list[len(list)-1].Scores = append(list[len(list)-1].Scores, one)
			return nil
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("scores of %s: %w", like.Spec.Name, err)
	}
	return list, nil
}

// Due lists runs of a forecast that are to be scored: for the first time, if their period ended before first; once more,
// if it ended before again. Runs whose period ended before since are left alone.
func (s *Store) Due(ctx context.Context, name string, first, again, since time.Time, limit int) ([]jobs.ID, error) {
	found, err := s.db.Pool.Query(ctx, selectDue, name, first, again, since, limit)
	if err != nil {
		return nil, fmt.Errorf("runs to be scored: %w", err)
	}
	list, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (jobs.ID, error) {
		var id [16]byte
		err := row.Scan(&id)
		return id, err
	})
	if err != nil {
		return nil, fmt.Errorf("runs to be scored: %w", err)
	}
	return list, nil
}

// Decision is what a person did with a run.
type Decision struct {
	At       time.Time `json:"at"`
	Person   string    `json:"person"`
	Decision string    `json:"decision" enum:"followed,partly,not_followed"`
	Note     string    `json:"note"`
	Places   []string  `json:"places" nullable:"false"`
	Areas    []string  `json:"areas" nullable:"false" doc:"Those of the run that the person answers for."`
}

const (
	insertDecision = `
		insert into forecast_decision (run, areas, needs, at, person, decision, note, places)
		select id, $2, needs, $3, $4, $5, $6, $7 from forecast_run where id = $1`
	selectDecisions = `select at, person, decision, note, places, areas from forecast_decision where run = $1 order by seq limit $2`
)

// Decide keeps a decision.
func (s *Store) Decide(ctx context.Context, run jobs.ID, d *Decision) error {
	if _, err := s.db.Pool.Exec(ctx, insertDecision, run, d.Areas, d.At, d.Person, d.Decision, d.Note, d.Places); err != nil {
		return fmt.Errorf("decide on run %s: %w", run, err)
	}
	return nil
}

// Decisions reads the decisions on a run, oldest first: those whose areas the rights cover.
func (s *Store) Decisions(ctx context.Context, rights geoengine.Rights, run jobs.ID, limit int) (list []Decision, err error) {
	err = s.db.Read(ctx, rights, func(tx pgx.Tx) error {
		found, err := tx.Query(ctx, selectDecisions, run, limit)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(found, pgx.RowToStructByPos[Decision])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("decisions on run %s: %w", run, err)
	}
	for i := range list {
		list[i].At = list[i].At.UTC()
	}
	return list, nil
}
