package road

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Channel is where the database tells that another network is active; the payload is its generation.
const Channel = "vigie_roads"

// overview is one of the simplified forms of a network for small scales.
type overview struct {
	detail   int     // last zoom that it is drawn at
	lowest   Class   // last class in it
	degrees  float64 // tolerance: about a quarter of a pixel of a 512-pixel tile
	links    bool    // whether slip roads are in it
	withName bool    // whether roads of another name are apart
}

func overviews() []overview {
	return []overview{
		{7, Trunk, 0.0014, false, false},
		{9, Primary, 0.00035, false, false},
		{11, Tertiary, 0.00008, true, true},
	}
}

// OverviewFor is the detail of the overview to draw at a zoom, a value of the column of that name; 0 where single
// sections are drawn.
func OverviewFor(zoom int) int {
	for _, o := range overviews() {
		if zoom <= o.detail {
			return o.detail
		}
	}
	return 0
}

// The roads of one class and number within a zone, joined and simplified. Short lines stay: their neighbours would gape.
const insertOverview = `
	with joined as materialized (
		select zone, class, link, case when $6 then name else '' end name, number, st_linemerge(st_collect(geom)) geom
		from road_section
		where generation = $1 and class <= $3 and (not link or $5)
		group by 1, 2, 3, 4, 5),
	pieces as materialized (
		select zone, class, link, name, number, (st_dump(geom)).geom geom from joined)
	insert into road_overview (zone, generation, seq, detail, class, link, name, number, geom)
	select zone, $1, $2 * 10000000 + row_number() over (), $2, class, link, name, number, geom
	from (select zone, class, link, name, number, st_simplify(geom, $4, true) geom from pieces) simple
	where st_npoints(geom) >= 2`

// drawOverviews writes the simplified forms of a network.
func drawOverviews(ctx context.Context, tx pgx.Tx, generation int64) error {
	for _, o := range overviews() {
		_, err := tx.Exec(ctx, insertOverview, generation, o.detail, int16(o.lowest), o.degrees, o.links, o.withName)
		if err != nil {
			return fmt.Errorf("simplify the roads for zoom %d: %w", o.detail, err)
		}
	}
	return nil
}
