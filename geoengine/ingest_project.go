package geoengine

import (
	"context"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
)

const (
	knownSystem   = `select exists (select from spatial_ref_sys where srid = $1)`
	projectPoints = `
		select coalesce(st_x(g), 'NaN'), coalesce(st_y(g), 'NaN')
		from (select n, st_transform(st_setsrid(st_makepoint(x, y), $1), 4326) as g
			from unnest($2::float8[], $3::float8[]) with ordinality as t(x, y, n)) points
		order by n`
)

// Project turns coordinates of the reference system epsg (x easting, y northing) into WGS 84 longitude, latitude, in
// place. A point outside the system's domain becomes NaN, NaN. An unknown system is ErrInvalid.
func (s *Store) Project(ctx context.Context, epsg int, points []orb.Point) error {
	if epsg == 0 || epsg == 4326 || len(points) == 0 {
		return nil
	}
	var known bool
	if err := s.Pool.QueryRow(ctx, knownSystem, epsg).Scan(&known); err != nil {
		return fmt.Errorf("project from EPSG:%d: %w", epsg, err)
	}
	if !known {
		return fmt.Errorf("EPSG:%d: no such reference system: %w", epsg, ErrInvalid)
	}
	const chunk = 20_000
	for ; len(points) > chunk; points = points[chunk:] {
		if err := s.project(ctx, epsg, points[:chunk]); err != nil {
			return err
		}
	}
	return s.project(ctx, epsg, points)
}

// project halves the points until those that the database refuses stand alone.
func (s *Store) project(ctx context.Context, epsg int, points []orb.Point) error {
	xs, ys := make([]float64, len(points)), make([]float64, len(points))
	for i, p := range points {
		xs[i], ys[i] = p[0], p[1]
	}
	rows, err := s.Pool.Query(ctx, projectPoints, epsg, xs, ys)
	if err != nil {
		return fmt.Errorf("project from EPSG:%d: %w", epsg, err)
	}
	i := 0
	var x, y float64
	_, err = pgx.ForEachRow(rows, []any{&x, &y}, func() error {
		xs[i], ys[i] = x, y
		i++
		return nil
	})
	switch {
	case err == nil:
		for i := range points {
			points[i] = orb.Point{xs[i], ys[i]}
		}
		return nil
	case !refusedByProjection(err):
		return fmt.Errorf("project from EPSG:%d: %w", epsg, err)
	case len(points) == 1:
		points[0] = orb.Point{math.NaN(), math.NaN()}
		return nil
	}
	half := len(points) / 2
	if err := s.project(ctx, epsg, points[:half]); err != nil {
		return err
	}
	return s.project(ctx, epsg, points[half:])
}
