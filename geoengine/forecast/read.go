package forecast

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
	"vigie/geoengine/jobs"
)

const (
	selectRun = `select ` + runColumns + ` from forecast_run where id = $1`
	// The areas of a run meet one that is asked for, or have none: everything.
	selectRuns = `
		select ` + runColumns + ` from forecast_run
		where name = $1
		  and ($2 = '' or cardinality(areas) = 0 or exists (select from unnest(areas) a where starts_with(a || '.', $2 || '.') or starts_with($2 || '.', a || '.')))
		  and ($3 = '' or horizon = $3)
		  and ($4::timestamptz is null or (until, made, id) < ($4, $5, $6::uuid))
		  and ($8 = '' or options = $8)
		order by until desc, made desc, id desc
		limit $7`
	selectLatest = `
		select distinct on (areas, horizon, options) ` + runColumns + ` from forecast_run
		where name = $1
		order by areas, horizon, options, until desc, made desc, id desc
		limit $2`
)

// Find reads a run. ErrMissing if there is none, or it is not in the rights' territory; ErrDenied if a category that fed
// it is not open.
func (s *Store) Find(ctx context.Context, rights geoengine.Rights, id jobs.ID) (Run, error) {
	r, err := s.find(ctx, rights, id)
	if errors.Is(err, geoengine.ErrMissing) && rights.Open != nil {
		if _, there := s.find(ctx, geoengine.Rights{Scope: rights.Scope}, id); there == nil {
			return Run{}, fmt.Errorf("run %s: %w", id, geoengine.ErrDenied)
		}
	}
	if err == nil && !geoengine.Covers(rights.Open, r.Feeds) {
		return Run{}, fmt.Errorf("run %s: %w", id, geoengine.ErrDenied)
	}
	return r, err
}

func (s *Store) find(ctx context.Context, rights geoengine.Rights, id jobs.ID) (r Run, err error) {
	err = s.db.Read(ctx, rights, func(tx pgx.Tx) error {
		found, err := tx.Query(ctx, selectRun, id)
		if err != nil {
			return err
		}
		r, err = pgx.CollectExactlyOneRow(found, scanRun)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		err = geoengine.ErrMissing
	}
	if err != nil {
		return Run{}, fmt.Errorf("run %s: %w", id, err)
	}
	return r, nil
}

// Listing chooses runs of one forecast, the latest first: by the time until which they know, then by that at which they
// were made.
type Listing struct {
	Name    string
	Area    string // runs that meet this area; "" does not restrict
	Horizon string // "" is every one
	Options string // as Spec.OptionsText writes them; "" is any
	Limit   int
	After   *Run // the last one of the page before
}

// List lists runs.
func (s *Store) List(ctx context.Context, rights geoengine.Rights, l Listing) ([]Run, error) {
	var until, made *time.Time
	var id jobs.ID
	if l.After != nil {
		until, made, id = &l.After.Head.Spec.Until, &l.After.Made, l.After.ID
	}
	return s.list(ctx, rights, selectRuns, l.Name, l.Area, l.Horizon, until, made, id, l.Limit, l.Options)
}

// Latest lists the last run of each combination of areas, horizon and options.
func (s *Store) Latest(ctx context.Context, rights geoengine.Rights, name string, limit int) ([]Run, error) {
	return s.list(ctx, rights, selectLatest, name, limit)
}

func (s *Store) list(ctx context.Context, rights geoengine.Rights, sql string, args ...any) (list []Run, err error) {
	err = s.db.Read(ctx, rights, func(tx pgx.Tx) error {
		found, err := tx.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(found, scanRun)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list forecasts: %w", err)
	}
	return slices.DeleteFunc(list, func(r Run) bool { return !geoengine.Covers(rights.Open, r.Feeds) }), nil
}

// within is a LIKE pattern of an area with its descendants; "" for none.
func within(area string) string {
	if area == "" {
		return ""
	}
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(area) + ".%"
}
