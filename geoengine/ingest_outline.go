package geoengine

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vigie/progress"
)

const (
	// findUndrawn lists the areas without a polygon of their own that have descendants with one, the deepest first.
	findUndrawn = `
		select path from area p
		where geom is null and exists (select from area c where c.parent = p.path)
		order by length(path) - length(replace(path, '.', '')) desc, path`
	drawOutline = `
		update area p set outline = (
			select st_multi(st_union(coalesce(c.geom, c.outline))) from area c where c.parent = p.path)
		where path = $1`
	dropOutlines = `update area set outline = null where geom is not null and outline is not null`
)

// Outline draws the areas that no file gave a polygon, as the union of their children, so that a map of communes has its
// départements and régions too. Call it after areas have changed; it may be repeated.
func (s *Store) Outline(ctx context.Context, tell progress.Func) error {
	if _, err := s.Pool.Exec(ctx, dropOutlines); err != nil {
		return fmt.Errorf("drop outlines: %w", err)
	}
	rows, err := s.Pool.Query(ctx, findUndrawn)
	if err != nil {
		return fmt.Errorf("find areas without an outline: %w", err)
	}
	paths, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("find areas without an outline: %w", err)
	}
	update := progress.Update{Task: "outlines of the larger areas", Unit: "areas", Total: int64(len(paths))}
	for _, path := range paths {
		if _, err := s.Pool.Exec(ctx, drawOutline, path); err != nil {
			return fmt.Errorf("draw the outline of %s: %w", path, err)
		}
		update.Done++
		update.Finished = update.Done == update.Total
		tell.Report(update)
	}
	if _, err := s.Pool.Exec(ctx, notifyAreas); err != nil {
		return fmt.Errorf("draw outlines: %w", err)
	}
	return nil
}
