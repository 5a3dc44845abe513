package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/ewkb"
	"github.com/paulmach/orb/encoding/mvt"

	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/hex"
	"vigie/tiles"
)

// The peer has every hexagon of the territory ready in Web Mercator with a GiST index, and the points of the events
// under another.
const (
	peerHexagons = `create table bench_hexagon (cell bigint primary key, zone int not null, first bigint not null,
		last bigint not null, geom geometry(Polygon, 3857) not null)`
	peerInsert = `insert into bench_hexagon select cell, (select zone from zone z where z.cell = t.zone), first, last, st_transform(st_geomfromewkb(geom), 3857)
		from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[]) t(cell, zone, first, last, geom)`
	peerGrid    = `create index on bench_hexagon using gist (geom)`
	peerPoints  = `create index on event using gist (geom)`
	peerAnalyze = `vacuum analyze bench_hexagon, event`

	// peerDraw ends both forms of the query; $1 to $3 are the tile, $4 category, $5 and $6 the period.
	peerDraw = `, drawn as materialized (
			select to_hex(h.cell) as h3, c.count, c.weight,
			       st_asmvtgeom(h.geom, st_tileenvelope($1, $2, $3), 4096, 64, true) as geom
			from counted c join bench_hexagon h using (cell)
		)
		select st_asmvt(drawn, 'hexagons', 4096, 'geom') from drawn`
	// peerByCell counts by the ranges of the hexagons that touch the tile, over the B-tree of the product.
	peerByCell = `with counted as materialized (
			select h.cell, count(*) as count, sum(e.weight)::float8 as weight
			from bench_hexagon h join event e on e.zone = h.zone and e.cell between h.first and h.last
			where h.geom && st_tileenvelope($1, $2, $3)
			  and e.category = (select id from category where slug = $4) and e.starts >= $5 and e.starts < $6
			group by h.cell
		)` + peerDraw
	// peerByPoint counts the points in and around the tile, wide enough for whole hexagons, by the bits of their cell.
	peerByPoint = `with counted as materialized (
			select e.cell & ~((15::bigint << 52) | 511) | (8::bigint << 52) | 511 as cell, count(*) as count, sum(e.weight)::float8 as weight
			from event e
			where e.geom && st_transform(st_tileenvelope($1, $2, $3, margin => 0.06), 4326)
			  and e.category = (select id from category where slug = $4) and e.starts >= $5 and e.starts < $6
			group by 1
		)` + peerDraw
)

// tilePeer draws hexagon tiles in the database over connections of its own.
type tilePeer struct{ pool *pgxpool.Pool }

func newTilePeer(ctx context.Context, store *geoengine.Store) (*tilePeer, error) {
	config := store.Pool.Config()
	config.MaxConns = tileConnections
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	p := &tilePeer{pool}
	if err := p.prepare(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	return p, nil
}

func (p *tilePeer) close() { p.pool.Close() }

func (p *tilePeer) prepare(ctx context.Context) error {
	var cells, zones, firsts, lasts []int64
	var shapes [][]byte
	for _, cell := range hex.Cover(LoadBox, tiles.ResolutionForZoom(drawnZoom)) {
		ring := orb.Ring(hex.Boundary(nil, cell))
		shape, err := ewkb.Marshal(orb.Polygon{append(ring, ring[0])}, 4326)
		if err != nil {
			return err
		}
		first, last := hex.Range(cell, geoengine.CellResolution)
		cells, zones = append(cells, int64(cell)), append(zones, int64(hex.Parent(cell, geoengine.ZoneResolution)))
		firsts, lasts, shapes = append(firsts, int64(first)), append(lasts, int64(last)), append(shapes, shape)
	}
	if _, err := p.pool.Exec(ctx, peerHexagons); err != nil {
		return err
	}
	const batch = 5000
	for from := 0; from < len(cells); from += batch {
		to := min(from+batch, len(cells))
		if _, err := p.pool.Exec(ctx, peerInsert, cells[from:to], zones[from:to], firsts[from:to], lasts[from:to], shapes[from:to]); err != nil {
			return err
		}
	}
	for _, sql := range []string{peerGrid, peerPoints, peerAnalyze} {
		if _, err := p.pool.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// draw runs one of the two queries, which pgx prepares once for each connection.
func (p *tilePeer) draw(ctx context.Context, sql string, a asked) ([]byte, error) {
	var body []byte
	err := p.pool.QueryRow(ctx, sql, a.tile.Z, a.tile.X, a.tile.Y, LoadCategories[a.category], a.from, a.to).Scan(&body)
	return body, err
}

// best returns the throughput of the faster query and its name.
func (p *tilePeer) best(ctx context.Context, options Options) (float64, string, error) {
	var best float64
	var name string
	for _, form := range []struct{ sql, name string }{
		{peerByPoint, "prepared ST_AsMVT, GiST on points"}, {peerByCell, "prepared ST_AsMVT, B-tree on cells"},
	} {
		rate, err := throughput(ctx, form.name, options, func(ctx context.Context, a asked) error {
			_, err := p.draw(ctx, form.sql, a)
			return err
		})
		if err != nil {
			return 0, "", err
		}
		if rate > best {
			best, name = rate, form.name
		}
	}
	return best, name, nil
}

// agrees checks that the peer counts what the cube counts, so that both do the same work.
func (p *tilePeer) agrees(ctx context.Context, c *cube.Cube, seed uint64) error {
	random := rand.New(rand.NewPCG(seed, 99))
	layer := tiles.NewHexagons(c)
	for range tilesCompared {
		a := randomTile(random)
		ours, err := layer.MVT(ctx, a.tile, a.query())
		if err != nil {
			return err
		}
		theirs, err := p.draw(ctx, peerByCell, a)
		if err != nil {
			return err
		}
		own, err := countsOf(ours)
		if err != nil {
			return err
		}
		other, err := countsOf(theirs)
		if err != nil {
			return err
		}
		for cell, count := range other {
			if own[cell] != count {
				return fmt.Errorf("tile %s: cell %s has %v, PostgreSQL says %v", a.tile, cell, own[cell], count)
			}
		}
		if len(other) == 0 && len(own) > 0 {
			return errors.New("tile " + a.tile.String() + ": PostgreSQL has no hexagons")
		}
	}
	return nil
}

// countsOf reads the counts of a vector tile.
func countsOf(body []byte) (map[string]float64, error) {
	layers, err := mvt.Unmarshal(body)
	if err != nil {
		return nil, err
	}
	counts := map[string]float64{}
	for _, layer := range layers {
		for _, feature := range layer.Features {
			counts[feature.Properties.MustString("h3")] = feature.Properties.MustFloat64("count")
		}
	}
	return counts, nil
}
