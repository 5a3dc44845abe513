package tiles

import (
	"context"
	"fmt"

	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/geoengine/hex"
)

// Areas draws the tree of areas: the base map that needs no Internet.
type Areas struct{ store *geoengine.Store }

// NewAreas returns the layers "areas" (polygons) and "area_labels" (points).
func NewAreas(store *geoengine.Store) *Areas { return &Areas{store} }

// Levels of area by zoom: the coarse ones are drawn at every zoom, the fine ones once they are wide enough to tell apart.
const (
	departementsFrom = 5
	communesFrom     = 9
)

// areaTileSQL simplifies to half a pixel of a 512-pixel tile. One label per area stands in exactly one tile.
const areaTileSQL = `
		with tile as (
			select st_tileenvelope($1, $2, $3) env,
			       st_transform(st_intersection(st_tileenvelope($1, $2, $3, margin => 0.016), st_tileenvelope(0, 0, 0)), 4326) box,
			       40075016.7 / (1 << $1) / 1024 pixel),
		found as materialized (
			select a.id, a.path, a.level, a.code, a.name, a.geom
			from area a, tile where a.geom && tile.box and ($4 or a.level = any($5))),
		shapes as materialized (
			select f.id, f.path, f.level, f.code, f.name,
			       st_asmvtgeom(st_simplify(st_transform(f.geom, 3857), tile.pixel, true), tile.env, 4096, 64, true) geom
			from found f, tile),
		labels as materialized (
			select l.id, l.path, l.level, l.code, l.name, st_asmvtgeom(st_transform(l.at, 3857), tile.env, 4096, 0, true) geom
			from (select f.*, st_pointonsurface(f.geom) at from found f) l, tile
			where st_within(st_transform(l.at, 3857), tile.env))
		select coalesce((select st_asmvt(shapes.*, 'areas', 4096, 'geom', 'id') from shapes where geom is not null), '') ||
		       coalesce((select st_asmvt(labels.*, 'area_labels', 4096, 'geom', 'id') from labels where geom is not null), '')`

// MVT draws the areas that touch the tile.
func (a *Areas) MVT(ctx context.Context, t Tile) ([]byte, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	levels := []string{"country", "region"}
	if t.Z >= departementsFrom {
		levels = append(levels, "departement")
	}
	var body []byte
	row := a.store.Pool.QueryRow(ctx, areaTileSQL, t.Z, t.X, t.Y, t.Z >= communesFrom, levels)
	if err := row.Scan(&body); err != nil {
		return nil, fmt.Errorf("draw areas of tile %d/%d/%d: %w", t.Z, t.X, t.Y, err)
	}
	return body, nil
}

// UnitsMinZoom is the first zoom at which units are drawn.
const UnitsMinZoom = 6

// Units draws brigades, stations, speed cameras and signs.
type Units struct{ store *geoengine.Store }

// NewUnits returns the layer "units".
func NewUnits(store *geoengine.Store) *Units { return &Units{store} }

// MVT draws the units of the scope in the tile; scope is as in geoengine.Query.
func (u *Units) MVT(ctx context.Context, t Tile, scope []string) ([]byte, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	if t.Z < UnitsMinZoom {
		return nil, fmt.Errorf("units: zoom %d: units start at zoom %d: %w", t.Z, UnitsMinZoom, geoengine.ErrInvalid)
	}
	const buffer = 64.0 / Extent
	rights := geoengine.Rights{Scope: scope, Open: []string{}} // units are of no category
	return u.store.UnitTile(ctx, rights, rangesOf(t.Bound(buffer), max(ResolutionForZoom(t.Z)-2, geoengine.ZoneResolution)), t.Z, t.X, t.Y)
}

// rangesOf are the ranges of the cells of resolution res that may hold a position in the box.
func rangesOf(box orb.Bound, res int) []geoengine.CellRange {
	ranges := []geoengine.CellRange{}
	for _, cell := range hex.Holders(box, res) {
		first, last := hex.Range(cell, geoengine.CellResolution)
		ranges = append(ranges, geoengine.CellRange{First: first, Last: last})
	}
	return ranges
}
