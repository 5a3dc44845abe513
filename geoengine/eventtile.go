package geoengine

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
)

// eventTileSQL draws the events that a tile's box holds. The rows are materialised first: under Citus st_asmvt must
// not run on the shards.
const eventTileSQL = `with ` + withCells + `,
		found as materialized (
			select st_asmvtgeom(st_transform(e.geom, 3857), st_tileenvelope($25, $26, $27), 4096, 64, true) geom,
			       s.name source, e.ref, c.slug category, e.severity, e.weight, s.synthetic,
			       to_char((e.starts at time zone 'UTC') + make_interval(secs => e.utc_offset), 'YYYY-MM-DD"T"HH24:MI:SS') start` +
	fromEventCells + joinEvents + wherePeriodInCells + whereEvents + `
			order by e.starts desc, e.source, e.ref
			limit $28)
		select (select st_asmvt(found.*, 'events', 4096, 'geom') from (select * from found limit $28 - 1) found),
		       (select count(*) from found)`

// EventTile draws the single events of list.Cells, the ranges of cells that may touch the tile z/x/y, as a Mapbox vector
// tile with one layer "events" of at most limit points; truncated tells that there are more. Times are local wall time.
// list.Limit and list.Cursor are not used.
func (s *Store) EventTile(ctx context.Context, list EventList, z, x, y, limit int) (tile []byte, truncated bool, err error) {
	if err := list.Query.Check(); err != nil {
		return nil, false, err
	}
	args, err := list.args()
	if err != nil {
		return nil, false, err
	}
	args = append(append(args, cellArgs(list.Cells)...), z, x, y, limit+1)
	var count int
	err = s.Read(ctx, list.Rights(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, eventTileSQL, slices.Insert(args, 0, any(pgx.QueryExecModeCacheDescribe))...).Scan(&tile, &count)
	})
	if err != nil {
		return nil, false, fmt.Errorf("draw events of tile %d/%d/%d: %w", z, x, y, err)
	}
	return tile, count > limit, nil
}
