package bench_test

import (
	"testing"

	"vigie/bench"
	"vigie/geoengine/geotest"
)

const checkLoad = `select count(*), count(distinct zone), count(distinct category), min(zone),
	count(*) filter (where st_x(geom) between 0 and 2.6 and st_y(geom) between 46 and 47.8 and st_srid(geom) = 4326),
	count(*) filter (where cell >> 52 & 15 = 11),
	(select count(*) from pg_indexes where tablename = 'event') from event`

func TestLoad(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	const n = 5000
	if err := bench.Load(t.Context(), store, n, 7, nil); err != nil {
		t.Fatal(err)
	}
	var events, zones, categories, firstZone, inside, cells, indexes int
	row := store.Pool.QueryRow(t.Context(), checkLoad)
	if err := row.Scan(&events, &zones, &categories, &firstZone, &inside, &cells, &indexes); err != nil {
		t.Fatal(err)
	}
	if events != n || zones < 3 || categories != 12 || firstZone < 1 || inside != n || cells != n || indexes < 4 {
		t.Errorf("events %d, zones %d, categories %d, first zone %d, inside %d, cells %d, indexes %d",
			events, zones, categories, firstZone, inside, cells, indexes)
	}
}
