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
	// Bounds is the box of the area, or of its descendants where it has no polygon of its own; nil if unknown, and
	// always nil where the text of a function says so.
	Bounds *orb.Bound
}

// MaxAreas is the longest list that SearchAreas and AreaChildren return.
const MaxAreas = 500

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

// foldStart and foldEnd enclose a text that is compared without regard to case, accents, hyphens and apostrophes.
const (
	foldStart = `replace(replace(translate(lower(`
	foldEnd   = `), 'àâäáãåçéèêëíìîïñóòôöõúùûüýÿ''’-', 'aaaaaaceeeeiiiinooooouuuuyy   '), 'œ', 'oe'), 'æ', 'ae')`
)

const (
	selectAreas = `
		with found as materialized (
			select a.path, a.name, a.level, a.code, a.geom, a.rank from (`
	areaBounds = `) a)
		select f.path, f.name, f.level, f.code, st_xmin(b.box), st_ymin(b.box), st_xmax(b.box), st_ymax(b.box)
		from (select found.*, case when st_isempty(coalesce(geom, 'point empty'::geometry)) then
		             (select st_extent(d.geom) from area d where starts_with(d.path, found.path || '.'))
		           else box2d(geom) end box
		      from found) f, lateral (select f.box) b
		order by f.rank, length(f.path) - length(replace(f.path, '.', '')), f.name, f.path`
	inScope = ` and ($1::text[] is null or path = any($1) or path like any($2::text[]))`

	areaSearchSQL = selectAreas + `
			select *, case when fold = q then 0 when fold like p || '%' then 1 when lower(code) = q then 1 else 2 end rank
			from (select *, ` + foldStart + `name` + foldEnd + ` fold, ` + foldStart + `$3::text` + foldEnd + ` q,
			             ` + foldStart + `$4::text` + foldEnd + ` p from area) n
			where (fold like p || '%' or fold like '% ' || p || '%' or lower(code) = q)` + inScope + `
			order by rank, length(path) - length(replace(path, '.', '')), length(name), path limit $5` + areaBounds
	areaSQL         = selectAreas + `select *, 0 rank from area where path = $3` + inScope + areaBounds
	areaChildrenSQL = selectAreas + `select *, 0 rank from area where parent = $3` + inScope + `
			order by name, path limit $4` + areaBounds
	areaScopeSQL = selectAreas + `select *, 0 rank from area where path = any($1) order by path limit $2` + areaBounds
	areaNamesSQL = `select path, name, level, code from area`

	areasAtSQL = `
		select p.i, a.path
		from unnest($1::float8[], $2::float8[]) with ordinality p(lon, lat, i)
		join area_part part on st_intersects(part.geom, st_setsrid(st_makepoint(p.lon, p.lat), 4326))
		join area a on a.id = part.area
		order by p.i, length(a.path) - length(replace(a.path, '.', '')), a.path`
)

// SearchAreas finds at most limit areas whose name has words that begin with the text, or whose code it is: exact
// names first, larger areas before smaller ones. Case and accents do not matter. scope is as in Query.Scope.
func (s *Store) SearchAreas(ctx context.Context, text string, scope []string, limit int) ([]AreaName, error) {
	escaped := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
	return s.areas(ctx, "search areas", areaSearchSQL, scope, below(scope), text, escaped, min(limit, MaxAreas))
}

// Area returns the area with that path; ErrMissing if there is none within scope, which is as in Query.Scope.
func (s *Store) Area(ctx context.Context, path string, scope []string) (AreaName, error) {
	found, err := s.areas(ctx, "read area", areaSQL, scope, below(scope), path)
	if err != nil {
		return AreaName{}, err
	}
	if len(found) == 0 {
		return AreaName{}, fmt.Errorf("area %.80q: %w", path, ErrMissing)
	}
	return found[0], nil
}

// AreaChildren lists at most MaxAreas direct children of the area parent within scope (as in Query.Scope). The
// children of "" are the roots, or the areas of the scope where there is one.
func (s *Store) AreaChildren(ctx context.Context, parent string, scope []string) ([]AreaName, error) {
	if parent == "" && scope != nil {
		return s.areas(ctx, "list areas", areaScopeSQL, scope, MaxAreas)
	}
	return s.areas(ctx, "list areas", areaChildrenSQL, scope, below(scope), parent, MaxAreas)
}

func (s *Store) areas(ctx context.Context, what, query string, args ...any) ([]AreaName, error) {
	rows, err := s.Pool.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
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
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return found, nil
}

// AreaNames lists every area, without bounds.
func (s *Store) AreaNames(ctx context.Context) ([]AreaName, error) {
	rows, err := s.Pool.Query(ctx, areaNamesSQL)
	if err != nil {
		return nil, fmt.Errorf("read area names: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a AreaName, err error) {
		err = row.Scan(&a.Path, &a.Name, &a.Level, &a.Code)
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
