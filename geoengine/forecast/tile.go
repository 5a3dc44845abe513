package forecast

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"vigie/geoengine"
	"vigie/geoengine/hex"
)

// Window chooses what a map shows of a run: one value for each place.
type Window struct {
	Box   orb.Bound // degrees; places that may reach into it
	Kind  string
	Step  string    // the run's longest if empty
	At    time.Time // within the value's period; the run's first if zero
	Limit int       // the highest expectations first
}

const (
	selectAllShown  = `select ` + valueColumns + `, st_asbinary(geom) from forecast_value v where run = $1` + shownWhere + shownOrder
	selectNearShown = `
		select ` + valueColumns + `, st_asbinary(geom)
		from unnest($6::bigint[], $7::bigint[]) r(first, last)
		cross join lateral (
			select * from forecast_value where run = $1 and spot between r.first and r.last` + shownWhere + `
			offset 0) v` + shownOrder  // which keeps the planner from reading the whole run for each range: right after a save it knows nothing of its size
	shownWhere = ` and kind = $2 and step = $3 and begins <= $4 and ends > $4`
	shownOrder = ` order by expected desc, seq limit $5`
)

// spotResolution bounds the number of cells by which places are looked for in a box.
func spotResolution(box orb.Bound) int {
	width := max(box.Max[0]-box.Min[0], box.Max[1]-box.Min[1])
	for i, least := range []float64{4, 1.6, 0.6, 0.25, 0.1, 0.04} {
		if width > least {
			return geoengine.ZoneResolution + i
		}
	}
	return geoengine.ZoneResolution + 6
}

// Shown reads the values of a window that the rights show, with shapes; more tells that there were more than the limit.
func (s *Store) Shown(ctx context.Context, rights geoengine.Rights, run *Run, w Window) (list []Located, more bool, err error) {
	if w.Step == "" {
		w.Step = run.Step
	}
	if w.At.IsZero() {
		w.At = run.First
	}
	sql, args := selectAllShown, []any{run.ID, w.Kind, w.Step, w.At, w.Limit + 1}
	if run.Head.Place != Areas { // areas are large and few
		w.Box.Min[0], w.Box.Min[1] = w.Box.Min[0]-run.reach, w.Box.Min[1]-run.reach
		w.Box.Max[0], w.Box.Max[1] = w.Box.Max[0]+run.reach, w.Box.Max[1]+run.reach
		var first, last []int64
		for _, cell := range hex.Holders(w.Box, spotResolution(w.Box)) {
			a, b := hex.Range(cell, geoengine.CellResolution)
			first, last = append(first, int64(a)), append(last, int64(b))
		}
		sql, args = selectNearShown, append(args, first, last)
	}
	err = s.db.Read(ctx, rights, func(tx pgx.Tx) error {
		found, err := tx.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(found, scanValue)
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("draw run %s: %w", run.ID, err)
	}
	if more = len(list) > w.Limit; more {
		list = list[:w.Limit]
	}
	return list, more, nil
}

const selectOutlines = `
	select path, st_asbinary(st_simplifypreservetopology(coalesce(geom, outline), $2)) from area
	where path = any($1) and coalesce(geom, outline) && st_makeenvelope($3, $4, $5, $6, 4326)`

// Outlines reads the outlines of areas that touch a box, simplified to a tolerance in degrees: open geography.
func (s *Store) Outlines(ctx context.Context, paths []string, box orb.Bound, tolerance float64) (map[string]orb.Geometry, error) {
	found, err := s.db.Pool.Query(ctx, selectOutlines, paths, tolerance, box.Min[0], box.Min[1], box.Max[0], box.Max[1])
	if err != nil {
		return nil, fmt.Errorf("outlines of areas: %w", err)
	}
	shapes := map[string]orb.Geometry{}
	var path string
	var body []byte
	_, err = pgx.ForEachRow(found, []any{&path, &body}, func() (err error) {
		shapes[path], err = wkb.Unmarshal(body)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("outlines of areas: %w", err)
	}
	return shapes, nil
}
