package forecast

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
)

// Scheduled is a run that is made again and again by itself.
type Scheduled struct {
	Name    string            `json:"name"`
	Area    string            `json:"area"` // "" is everything
	Horizon string            `json:"horizon"`
	Options map[string]string `json:"options,omitempty"`
	Author  string            `json:"author"`
	At      time.Time         `json:"at"`
}

// Spec is that of a run of the schedule.
func (s *Scheduled) Spec(until time.Time) Spec {
	spec := Spec{Name: s.Name, Until: until, Horizon: s.Horizon, Options: s.Options}
	if s.Area != "" {
		spec.Areas = []string{s.Area}
	}
	return spec.Canonical()
}

const (
	upsertSchedule = `
		insert into forecast_schedule (name, area, horizon, options, author, at) values ($1, $2, $3, $4, $5, $6)
		on conflict (name, area, horizon, options) do update set author = excluded.author, at = excluded.at`
	deleteSchedule  = `delete from forecast_schedule where name = $1 and area = $2 and horizon = $3 and options = $4`
	selectSchedules = `select name, area, horizon, options, author, at from forecast_schedule where $1 = '' or name = $1 order by name, area, horizon, options`
)

// Plan puts a run into the schedule.
func (s *Store) Plan(ctx context.Context, one Scheduled) error {
	spec := one.Spec(time.Time{})
	if _, err := s.db.Pool.Exec(ctx, upsertSchedule, one.Name, one.Area, one.Horizon, spec.OptionsText(), one.Author, one.At); err != nil {
		return fmt.Errorf("schedule %s: %w", one.Name, err)
	}
	return nil
}

// Unplan takes a run out of the schedule. ErrMissing if it is not in it.
func (s *Store) Unplan(ctx context.Context, one Scheduled) error {
	spec := one.Spec(time.Time{})
	tag, err := s.db.Pool.Exec(ctx, deleteSchedule, one.Name, one.Area, one.Horizon, spec.OptionsText())
	if err == nil && tag.RowsAffected() == 0 {
		err = geoengine.ErrMissing
	}
	if err != nil {
		return fmt.Errorf("schedule of %s for %q, %s: %w", one.Name, one.Area, one.Horizon, err)
	}
	return nil
}

// Planned lists the schedule of a forecast; of all for "".
func (s *Store) Planned(ctx context.Context, name string) ([]Scheduled, error) {
	found, err := s.db.Pool.Query(ctx, selectSchedules, name)
	if err != nil {
		return nil, fmt.Errorf("read the schedule: %w", err)
	}
	list, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (one Scheduled, err error) {
		var options []byte
		if err := row.Scan(&one.Name, &one.Area, &one.Horizon, &options, &one.Author, &one.At); err != nil {
			return one, err
		}
		one.At = one.At.UTC()
		return one, json.Unmarshal(options, &one.Options)
	})
	if err != nil {
		return nil, fmt.Errorf("read the schedule: %w", err)
	}
	return list, nil
}

const selectSame = `
	select exists (select from forecast_run where name = $1 and areas = $2 and until = $3 and horizon = $4 and options = $5)`

// Made tells whether there is a run of a spec, whatever its seed.
func (s *Store) Made(ctx context.Context, spec Spec) (there bool, err error) {
	spec = spec.Canonical()
	if err := s.db.Pool.QueryRow(ctx, selectSame, spec.Name, spec.Areas, spec.Until, spec.Horizon, spec.OptionsText()).Scan(&there); err != nil {
		return false, fmt.Errorf("runs of %s: %w", spec.Name, err)
	}
	return there, nil
}

// lockSchedule lets one server at a time look after the forecasts; it ends with the transaction.
const lockSchedule = `select pg_try_advisory_xact_lock(hashtextextended('vigie forecasts ' || $1, 0))`

// Alone runs do, unless another server is at the same task: then it does nothing. The lock is freed also when the server
// dies.
func (s *Store) Alone(ctx context.Context, task string, do func(context.Context) error) error {
	tx, err := s.db.Pool.Begin(ctx)
	if err != nil {
		return fmt.Errorf("look after forecasts: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // it holds nothing but the lock
	var mine bool
	if err := tx.QueryRow(ctx, lockSchedule, task).Scan(&mine); err != nil {
		return fmt.Errorf("look after forecasts: %w", err)
	}
	if !mine {
		return nil
	}
	return do(ctx)
}
