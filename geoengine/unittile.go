package geoengine

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// unitTileSQL draws the units of a tile. Cells find them, because the operators of PostGIS are not leakproof: under
// row-level security PostgreSQL would not ask an index with them.
const unitTileSQL = `
		with r as materialized (
			select z.zone, r.first, r.last
			from unnest($4::bigint[], $5::bigint[], $6::bigint[]) r(parent, first, last)
			join zone z on z.cell = r.parent),
		found as materialized (
			select st_asmvtgeom(st_transform(u.geom, 3857), st_tileenvelope($1, $2, $3), 4096, 64, true) geom,
			       s.name source, u.ref, u.kind, u.name, u.area
			from r
			join unit u on u.zone = r.zone and u.cell between r.first and r.last
			join source s on s.id = u.source
			where ($7::text[] is null or u.area = any($7) or u.area like any($8::text[])))
		select coalesce(st_asmvt(found.*, 'units', 4096, 'geom'), '')
		from (select * from found where geom is not null order by source, ref) found`

// UnitTile draws the units whose cell is in one of the ranges, which must not overlap, as a Mapbox vector tile with
// the layer "units" of points in the tile z/x/y.
func (s *Store) UnitTile(ctx context.Context, rights Rights, cells []CellRange, z, x, y int) (tile []byte, err error) {
	args := append(append([]any{z, x, y}, cellArgs(cells)...), rights.Scope, below(rights.Scope))
	err = s.Read(ctx, rights, func(tx pgx.Tx) error { return tx.QueryRow(ctx, unitTileSQL, args...).Scan(&tile) })
	if err != nil {
		return nil, fmt.Errorf("draw units of tile %d/%d/%d: %w", z, x, y, err)
	}
	return tile, nil
}
