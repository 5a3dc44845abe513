package geoengine

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/ewkb"
)

// AreaBatch is a batch of areas.
type AreaBatch struct {
	ingest   *Ingest
	areas    []Area
	prints   []uint64
	outcomes []Outcome
	write    []int32
	mended   int64
}

// Settled returns one outcome for each area, in their order; final after Write or Compare.
func (b *AreaBatch) Settled() []Outcome { return b.outcomes }

// Mended is how many polygons Write had to mend: rings that crossed themselves or one another.
func (b *AreaBatch) Mended() int64 { return b.mended }

// PrepareAreas computes fingerprints and settles repeated paths. Call it in reading order; passed is as for
// PrepareEvents.
func (g *Ingest) PrepareAreas(_ context.Context, areas []Area, passed []bool) (*AreaBatch, error) {
	b := &AreaBatch{ingest: g, areas: areas, prints: make([]uint64, len(areas)), outcomes: make([]Outcome, len(areas))}
	for i := range areas {
		b.prints[i] = areas[i].fingerprint()
		seen, before := g.seen.first(xxhash.Sum64String(areas[i].Path), b.prints[i])
		switch {
		case before && seen != b.prints[i] && len(areas[i].Geometry) > 0:
			b.outcomes[i] = Contradicted
		case !before && (passed == nil || !passed[i]):
			b.write = append(b.write, int32(i))
		}
	}
	return b, nil
}

const (
	findAreas = `select path, fingerprint from area where path = any($1)`
	stageArea = `
		create temp table ingest_area (n int not null, path text not null, parent text not null, level text not null,
			code text not null, name text not null, fingerprint bigint not null, geom geometry(MultiPolygon, 4326), had boolean not null)
		on commit drop`
	copyAreas = `copy ingest_area (n, path, parent, level, code, name, fingerprint, geom, had) from stdin (format binary)`
	mendAreas = `
		update ingest_area set geom = st_multi(st_collectionextract(st_makevalid(geom), 3))
		where had and not st_isvalid(geom)`
	lostAreas   = `delete from ingest_area where had and st_isempty(geom) returning n`
	upsertAreas = `
		insert into area (id, path, parent, level, code, name, source, fingerprint, geom)
		select (select coalesce(max(id), 0) from area) + row_number() over (order by n), path, parent, level, code, name,
			$1, fingerprint, geom
		from ingest_area
		on conflict (path) do update set parent = excluded.parent, level = excluded.level, code = excluded.code,
			name = excluded.name, source = excluded.source, fingerprint = excluded.fingerprint, geom = excluded.geom`
	insertParents = `
		insert into area (id, path, parent, level, code, name, source, fingerprint)
		select (select coalesce(max(id), 0) from area) + row_number() over (order by n), path, parent, level, code,
			upper(code), $1, 0
		from unnest($2::text[], $3::text[], $4::text[], $5::text[]) with ordinality as t(path, parent, level, code, n)
		where not exists (select from area a where a.path = t.path)`
	deleteParts = `
		delete from area_part where area in (select a.id from area a join ingest_area s on s.path = a.path)`
	insertParts = `
		insert into area_part (area, geom)
		select id, part from (
			select a.id, (st_dump(st_subdivide(a.geom, 64))).geom as part
			from area a join ingest_area s on s.path = a.path
			where a.geom is not null) pieces
		where geometrytype(part) = 'POLYGON'`
	notifyAreas = `notify vigie_areas`
)

// Compare settles the outcomes without writing. A geometry beyond repair is not found out.
func (b *AreaBatch) Compare(ctx context.Context) error {
	_, err := b.classify(ctx, b.ingest.store.Pool)
	return err
}

// classify compares with the store. A parent that was known by its code only counts as new when it comes; an area
// without geometry never replaces another one.
func (b *AreaBatch) classify(ctx context.Context, db querier) (write []int32, err error) {
	paths := make([]string, len(b.write))
	for i, w := range b.write {
		paths[i] = b.areas[w].Path
	}
	stored, err := fingerprints(ctx, db, findAreas, paths)
	if err != nil {
		return nil, fmt.Errorf("find the stored areas: %w", err)
	}
	for _, i := range b.write {
		switch old, known := stored[b.areas[i].Path]; {
		case !known || old == 0:
			b.outcomes[i] = New
		case old == b.prints[i] || len(b.areas[i].Geometry) == 0:
			b.outcomes[i] = Unchanged
			continue
		default:
			b.outcomes[i] = Changed
		}
		write = append(write, i)
	}
	return write, nil
}

// Write stores what is new or changed with its pieces and settles the outcomes: broken polygons are mended, and Unusable
// if nothing is left of them. It may be repeated after a transaction that failed.
func (b *AreaBatch) Write(ctx context.Context, tx pgx.Tx) error {
	write, err := b.classify(ctx, tx)
	if err != nil || len(write) == 0 {
		return err
	}
	if _, err := tx.Exec(ctx, lockNumbers); err != nil {
		return fmt.Errorf("write areas: %w", err)
	}
	if _, err := tx.Exec(ctx, stageArea); err != nil {
		return fmt.Errorf("stage areas: %w", err)
	}
	rows, err := b.encode(write)
	if err != nil {
		return err
	}
	if err := copyRows(ctx, tx, copyAreas, rows); err != nil {
		return fmt.Errorf("stage areas: %w", err)
	}
	mended, err := tx.Exec(ctx, mendAreas)
	if err != nil {
		return fmt.Errorf("mend areas: %w", err)
	}
	b.mended = mended.RowsAffected()
	if err := b.dropLost(ctx, tx); err != nil {
		return err
	}
	return b.store(ctx, tx, write)
}

func (b *AreaBatch) dropLost(ctx context.Context, tx pgx.Tx) error {
	lost, err := tx.Query(ctx, lostAreas)
	if err != nil {
		return fmt.Errorf("mend areas: %w", err)
	}
	var n int32
	_, err = pgx.ForEachRow(lost, []any{&n}, func() error { b.outcomes[n] = Unusable; return nil })
	if err != nil {
		return fmt.Errorf("mend areas: %w", err)
	}
	return nil
}

func (b *AreaBatch) store(ctx context.Context, tx pgx.Tx, write []int32) error {
	if _, err := tx.Exec(ctx, upsertAreas, b.ingest.source); err != nil {
		return fmt.Errorf("write areas: %w", err)
	}
	paths, parents, levels, codes := b.parents(write)
	if _, err := tx.Exec(ctx, insertParents, b.ingest.source, paths, parents, levels, codes); err != nil {
		return fmt.Errorf("write the parents of areas: %w", err)
	}
	for _, sql := range []string{deleteParts, insertParts, notifyAreas} {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return fmt.Errorf("cut areas into pieces: %w", err)
		}
	}
	return nil
}

// areaLevels are the levels by depth of a parent of which nothing but the code is known.
var areaLevels = [...]string{"country", "region", "departement", "commune"}

// parents lists the ancestors of the areas, sorted by path.
func (b *AreaBatch) parents(write []int32) (paths, parents, levels, codes []string) {
	for _, i := range write {
		path := b.areas[i].Path
		for at := strings.LastIndexByte(path, '.'); at >= 0; at = strings.LastIndexByte(path, '.') {
			path = path[:at]
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	paths = slices.Compact(paths)
	for _, path := range paths {
		parent, code := splitPath(path)
		parents, codes = append(parents, parent), append(codes, code)
		levels = append(levels, areaLevels[min(strings.Count(path, "."), len(areaLevels)-1)])
	}
	return paths, parents, levels, codes
}

func splitPath(path string) (parent, code string) {
	at := strings.LastIndexByte(path, '.')
	if at < 0 {
		return "", path
	}
	return path[:at], path[at+1:]
}

func (b *AreaBatch) encode(write []int32) ([]byte, error) {
	slices.SortFunc(write, func(x, y int32) int { return cmp.Compare(b.areas[x].Path, b.areas[y].Path) })
	c := copyBuffer{append([]byte{}, copyHeader...)}
	for _, i := range write {
		a := &b.areas[i]
		parent, _ := splitPath(a.Path)
		c.row(9)
		c.int32(i)
		c.text(a.Path)
		c.text(parent)
		c.text(a.Level)
		c.text(a.Code)
		c.text(a.Name)
		c.int64(int64(b.prints[i]))
		had := byte(0)
		if polygons := closed(a.Geometry); len(a.Geometry) == 0 {
			c.null()
		} else {
			wkb, err := ewkb.Marshal(polygons, 4326)
			if err != nil {
				return nil, fmt.Errorf("area %s: %w", a.Path, err)
			}
			c.text(string(wkb))
			had = 1
		}
		c.b = append(c.b, 0, 0, 0, 1, had)
	}
	return append(c.b, copyTrailer...), nil
}

// closed returns the polygons with every ring closed, without rings that enclose nothing: PostGIS takes no other.
func closed(polygons orb.MultiPolygon) orb.MultiPolygon {
	whole := make(orb.MultiPolygon, 0, len(polygons))
	for _, polygon := range polygons {
		var rings orb.Polygon
		for i, ring := range polygon {
			if len(ring) > 0 && ring[0] != ring[len(ring)-1] {
				ring = append(slices.Clone(ring), ring[0])
			}
			if len(ring) >= 4 {
				rings = append(rings, ring)
			} else if i == 0 {
				break // without its outer ring a polygon is nothing
			}
		}
		if len(rings) > 0 {
			whole = append(whole, rings)
		}
	}
	return whole
}

// fingerprint is the xxhash64 of everything that the source says about the area; never 0, which marks a parent
// known by its code only.
func (a *Area) fingerprint() uint64 {
	hash := xxhash.New()
	b := appendField(appendField(appendField(nil, a.Level), a.Code), a.Name)
	for _, polygon := range a.Geometry {
		b = binary.AppendUvarint(b, uint64(len(polygon)))
		for _, ring := range polygon {
			b = binary.AppendUvarint(b, uint64(len(ring)))
			for _, p := range ring {
				b = binary.LittleEndian.AppendUint64(b, math.Float64bits(p[0]))
				b = binary.LittleEndian.AppendUint64(b, math.Float64bits(p[1]))
			}
			_, _ = hash.Write(b) // never fails
			b = b[:0]
		}
	}
	_, _ = hash.Write(b)
	return max(hash.Sum64(), 1)
}
