package geoengine

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
)

// AreaName is an area without its polygon.
type AreaName struct {
	Path, Name, Level, Code string
	Bounds                  *orb.Bound // of its polygon; nil where it has none
}

// ValidAreaPath tells whether s has the form of an area's path: parts of a–z, 0–9, _ and - joined by dots, at most
// 200 bytes.
func ValidAreaPath(s string) bool {
	if s == "" || len(s) > 200 {
		return false
	}
	for part := range strings.SplitSeq(s, ".") {
		if part == "" || strings.Trim(part, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
			return false
		}
	}
	return true
}

const (
	areaNamesSQL = `
		select path, name, level, code, st_xmin(geom), st_ymin(geom), st_xmax(geom), st_ymax(geom) from area`
	areasAtSQL = `
		select p.i, a.path
		from unnest($1::float8[], $2::float8[]) with ordinality p(lon, lat, i)
		join area_part part on st_intersects(part.geom, st_setsrid(st_makepoint(p.lon, p.lat), 4326))
		join area a on a.id = part.area
		order by p.i, length(a.path) - length(replace(a.path, '.', '')), a.path`
)

// AreaNames lists every area: what a Gazetteer is built from.
func (s *Store) AreaNames(ctx context.Context) ([]AreaName, error) {
	rows, err := s.Pool.Query(ctx, areaNamesSQL)
	if err != nil {
		return nil, fmt.Errorf("read area names: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a AreaName, err error) {
		var edges [4]*float64
		err = row.Scan(&a.Path, &a.Name, &a.Level, &a.Code, &edges[0], &edges[1], &edges[2], &edges[3])
		if edges[0] != nil {
			a.Bounds = &orb.Bound{Min: orb.Point{*edges[0], *edges[1]}, Max: orb.Point{*edges[2], *edges[3]}}
		}
		return a, err
	})
	if err != nil {
		return nil, fmt.Errorf("read area names: %w", err)
	}
	return found, nil
}

// AreasAt returns the path of the deepest area that contains each point (longitude, latitude), "" where none does.
func (s *Store) AreasAt(ctx context.Context, points []orb.Point) ([]string, error) {
	lons, lats := make([]float64, len(points)), make([]float64, len(points))
	for i, p := range points {
		lons[i], lats[i] = p.Lon(), p.Lat()
	}
	rows, err := s.Pool.Query(ctx, areasAtSQL, lons, lats)
	if err != nil {
		return nil, fmt.Errorf("find areas of points: %w", err)
	}
	paths := make([]string, len(points))
	var (
		i    int
		path string
	)
	_, err = pgx.ForEachRow(rows, []any{&i, &path}, func() error {
		paths[i-1] = path // the deepest comes last
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find areas of points: %w", err)
	}
	return paths, nil
}
