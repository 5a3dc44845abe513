package tiles

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
	"vigie/geoengine/road"
)

// The zooms of roads. Motorways come first, and service roads and tracks last.
const (
	RoadsMinZoom = 5
	RoadsMaxZoom = 14
)

// Roads draws the road networks: open geography, the same for everybody.
type Roads struct{ store *geoengine.Store }

// NewRoads returns the layer "roads".
func NewRoads(store *geoengine.Store) *Roads { return &Roads{store} }

// lowestClass is the last class drawn at a zoom: with the next ones a tile would hold more than it shows.
func lowestClass(zoom int) road.Class {
	switch {
	case zoom <= 7:
		return road.Trunk
	case zoom <= 9:
		return road.Primary
	case zoom == 10:
		return road.Secondary
	case zoom == 11:
		return road.Tertiary
	case zoom == 12:
		return road.Unclassified
	case zoom == 13:
		return road.LivingStreet
	}
	return road.Track
}

// The tiles are simplified to half a pixel of a 512-pixel tile.
const (
	roadBox = `
		with tile as (
			select st_tileenvelope($1, $2, $3) env,
			       st_transform(st_intersection(st_tileenvelope($1, $2, $3, margin => 0.016), st_tileenvelope(0, 0, 0)), 4326) box,
			       40075016.7 / (1 << $1) / 1024 pixel),`
	roadShapes = `
		shapes as materialized (
			select c.name class, f.name, f.number, f.link, f.tunnel,
			       st_asmvtgeom(st_simplify(st_transform(f.geom, 3857), tile.pixel, true), tile.env, 4096, 64, true) geom
			from found f join unnest($5::text[]) with ordinality c(name, rank) on c.rank = f.class + 1, tile
			order by f.class desc, f.name, f.number)
		select coalesce((select st_asmvt(shapes.*, 'roads', 4096, 'geom') from shapes where geom is not null), '')`
	roadTileSQL = roadBox + `
		found as materialized (
			select s.class, s.name, s.number, s.link, s.tunnel, s.geom from road_section s, tile
			where s.generation in (select generation from road_network where state = 'active')
			  and s.class <= $4 and s.geom && tile.box),` + roadShapes
	overviewTileSQL = roadBox + `
		found as materialized (
			select o.class, o.name, o.number, o.link, false tunnel, o.geom from road_overview o, tile
			where o.generation in (select generation from road_network where state = 'active')
			  and o.detail = $6 and o.class <= $4 and o.geom && tile.box),` + roadShapes
	roadSources = `
		select s.title, s.publisher, s.licence from road_network n join source s on s.id = n.source where n.state = 'active' order by s.name`
)

// MVT draws the roads that touch the tile, as lines of the vector layer "roads", the highest classes last. ErrInvalid for
// a tile that is none, or of a zoom below RoadsMinZoom.
func (r *Roads) MVT(ctx context.Context, t Tile) (body []byte, err error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	if t.Z < RoadsMinZoom {
		return nil, fmt.Errorf("roads: zoom %d: roads start at zoom %d: %w", t.Z, RoadsMinZoom, geoengine.ErrInvalid)
	}
	args := []any{t.Z, t.X, t.Y, int16(lowestClass(t.Z)), road.ClassNames[:]}
	sql := roadTileSQL
	if detail := road.OverviewFor(t.Z); detail != 0 {
		sql, args = overviewTileSQL, append(args, detail)
	}
	if err := r.store.Pool.QueryRow(ctx, sql, args...).Scan(&body); err != nil {
		return nil, fmt.Errorf("draw roads of tile %d/%d/%d: %w", t.Z, t.X, t.Y, err)
	}
	return body, nil
}

// Attribution names who published the roads and under which licence; "" without roads.
func (r *Roads) Attribution(ctx context.Context) (string, error) {
	rows, err := r.store.Pool.Query(ctx, roadSources)
	if err != nil {
		return "", fmt.Errorf("read the sources of the roads: %w", err)
	}
	var names []string
	var title, publisher, licence string
	_, err = pgx.ForEachRow(rows, []any{&title, &publisher, &licence}, func() error {
		names = append(names, fmt.Sprintf("%s : © %s (%s)", title, publisher, licence))
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("read the sources of the roads: %w", err)
	}
	return strings.Join(names, " · "), nil
}
