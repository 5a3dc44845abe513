package tiles_test

import (
	"encoding/binary"
	"log/slog"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/uber/h3-go/v4"

	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/geotest"
	"vigie/geoengine/hex"
	"vigie/tiles"
)

const (
	insertThing = `insert into event
		select coalesce((select zone from zone where cell = r3), 0), 1, i::text, 1 + i % 2, i % 6, '2024-01-01 00:00Z'::timestamptz + i * interval '1 hour',
		       '2024-01-01 00:00Z'::timestamptz + i * interval '1 hour', '2024-01-01 00:00Z'::timestamptz + i * interval '1 hour', 0,
		       st_setsrid(st_makepoint(lon, lat), 4326), 0, (i % 4)::real / 8, cell, 'w', '{}', i, pg_current_xact_id()::text::bigint
		from unnest($1::float8[], $2::float8[], $3::bigint[], $4::bigint[]) with ordinality t(lon, lat, cell, r3, i)`
	insertZones      = `insert into zone select row_number() over (), cell from (select distinct cell from unnest($1::bigint[]) cell) c`
	insertCategories = `insert into category values (1, 'a.one'), (2, 'a.two')`
	countByCell      = `select cell, count(*), sum(weight) from event where ($1::text is null or category = (select id from category where slug = $1))
		and starts >= $2 and starts < $3 group by cell`
)

// world is a store with events everywhere and many around the antimeridian, the poles and one town, and its cube.
func world(t *testing.T, n int) (*geoengine.Store, *cube.Cube) {
	t.Helper()
	store := geotest.New(t)
	r := rand.New(rand.NewPCG(3, 3))
	var lons, lats []float64
	var cells, zones []int64
	for i := range n {
		p := orb.Point{r.Float64()*360 - 180, math.Asin(r.Float64()*2-1) * 180 / math.Pi}
		switch i % 5 {
		case 0:
			p[0] = math.Copysign(180-r.Float64()*.5, p[0])
		case 1:
			p[1] = math.Copysign(84+6*r.Float64(), p[1])
		case 2:
			p = orb.Point{2.3 + .1*r.NormFloat64(), 48.8 + .1*r.NormFloat64()}
		}
		cell := hex.Cell(p[0], p[1], geoengine.CellResolution)
		lons, lats, cells = append(lons, p[0]), append(lats, p[1]), append(cells, int64(cell))
		zones = append(zones, int64(hex.Parent(cell, geoengine.ZoneResolution)))
	}
	for _, step := range []struct {
		sql  string
		args []any
	}{{insertSource, nil}, {insertCategories, nil}, {insertZones, []any{zones}}, {insertThing, []any{lons, lats, cells, zones}}} {
		if _, err := store.Pool.Exec(t.Context(), step.sql, step.args...); err != nil {
			t.Fatal(err)
		}
	}
	c := cube.New(store, slog.New(slog.DiscardHandler))
	if err := c.Load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return store, c
}

type number struct {
	Count  uint32
	Weight float64
}

// brute counts by SQL and rolls up by parent.
func brute(t *testing.T, store *geoengine.Store, category *string, from, to time.Time, res int) map[uint64]number {
	t.Helper()
	rows, err := store.Pool.Query(t.Context(), countByCell, category, from, to)
	if err != nil {
		t.Fatal(err)
	}
	sums := map[uint64]number{}
	for rows.Next() {
		var cell, count int64
		var weight float64
		if err := rows.Scan(&cell, &count, &weight); err != nil {
			t.Fatal(err)
		}
		parent := hex.Parent(uint64(cell), res)
		sum := sums[parent]
		sums[parent] = number{sum.Count + uint32(count), sum.Weight + weight}
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return sums
}

// corners projects the C library's boundary to the tile: in units of the extent, unwrapped around the cell's centre.
func corners(t *testing.T, cell uint64, tile tiles.Tile) [][2]float64 {
	t.Helper()
	boundary, err := h3.CellToBoundary(h3.Cell(cell))
	if err != nil {
		t.Fatal(err)
	}
	center, err := h3.CellToLatLng(h3.Cell(cell))
	if err != nil {
		t.Fatal(err)
	}
	size := math.Exp2(float64(tile.Z))
	var ring [][2]float64
	for _, p := range boundary {
		lon := p.Lng
		if lon-center.Lng > 180 {
			lon -= 360
		}
		if lon-center.Lng < -180 {
			lon += 360
		}
		lat := max(-89, min(89, p.Lat)) * math.Pi / 180
		x := (lon + 180) / 360 * size
		y := (1 - math.Log(math.Tan(lat)+1/math.Cos(lat))/math.Pi) / 2 * size
		ring = append(ring, [2]float64{(x - float64(tile.X)) * tiles.Extent, (y - float64(tile.Y)) * tiles.Extent})
	}
	return ring
}

// within moves an outline in tile 0/0 of a zoom to the units of another tile.
func within(outline [][2]float64, tile tiles.Tile) [][2]float64 {
	moved := make([][2]float64, len(outline))
	for i, p := range outline {
		moved[i] = [2]float64{p[0] - float64(tile.X)*tiles.Extent, p[1] - float64(tile.Y)*tiles.Extent}
	}
	return moved
}

// touches tells whether the convex ring, moved around the globe, clearly meets the tile: no line along a side of either
// has one on each of its sides.
func touches(ring [][2]float64, z int) bool {
	globe := math.Exp2(float64(z)) * tiles.Extent
	for _, shift := range []float64{-globe, 0, globe} {
		apart := separates([2]float64{1, 0}, ring, shift) || separates([2]float64{0, 1}, ring, shift)
		for i, from := range ring {
			to := ring[(i+1)%len(ring)]
			apart = apart || separates([2]float64{to[1] - from[1], from[0] - to[0]}, ring, shift)
		}
		if !apart {
			return true
		}
	}
	return false
}

func separates(normal [2]float64, ring [][2]float64, shift float64) bool {
	const edge = 1 // what touches by less than a unit may be rounded away
	span := func(points [][2]float64, shift float64) (low, high float64) {
		low, high = math.Inf(1), math.Inf(-1)
		for _, p := range points {
			along := ((p[0]+shift)*normal[0] + p[1]*normal[1]) / math.Hypot(normal[0], normal[1])
			low, high = min(low, along), max(high, along)
		}
		return low, high
	}
	low, high := span(ring, shift)
	tileLow, tileHigh := span([][2]float64{{0, 0}, {tiles.Extent, 0}, {0, tiles.Extent}, {tiles.Extent, tiles.Extent}}, 0)
	return low > tileHigh-edge || high < tileLow+edge
}

// tilesOver returns all tiles of low zooms, and those around the town of deep ones.
func tilesOver(z int) []tiles.Tile {
	var list []tiles.Tile
	if z <= 3 {
		for x := range 1 << z {
			for y := range 1 << z {
				list = append(list, tiles.Tile{Z: z, X: x, Y: y})
			}
		}
		return list
	}
	middle := tiles.TileAt(orb.Point{2.3, 48.8}, z)
	edge := tiles.TileAt(orb.Point{179.9, 10}, z)
	for dx := -2; dx <= 2; dx++ {
		for dy := -2; dy <= 2; dy++ {
			list = append(list, tiles.Tile{Z: z, X: middle.X + dx, Y: middle.Y + dy})
		}
	}
	return append(list, edge, tiles.Tile{Z: z, X: 0, Y: edge.Y}, tiles.Tile{Z: z, X: 5, Y: 0}, tiles.Tile{Z: z, X: 3, Y: 1<<z - 1})
}

func TestVectorTilesEqualTheDatabase(t *testing.T) {
	t.Parallel()
	store, c := world(t, 3000)
	layer := tiles.NewHexagons(c)
	one := "a.one"
	from, to := time.Date(2024, 1, 20, 0, 0, 0, 0, time.UTC), time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		name     string
		zooms    []int
		query    geoengine.Query
		category *string
		from, to time.Time
	}{
		{"all", []int{0, 1, 3, 5, 10, 12, 17}, geoengine.Query{}, nil, geoengine.Earliest, geoengine.Latest},
		{"one category", []int{2, 7, 13}, geoengine.Query{Categories: []string{"a.one"}}, &one, geoengine.Earliest, geoengine.Latest},
		{"a period", []int{1, 4, 9, 15}, geoengine.Query{From: from, To: to}, nil, from, to},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, z := range test.zooms {
				want := brute(t, store, test.category, test.from, test.to, tiles.ResolutionForZoom(z))
				outlines := map[uint64][][2]float64{}
				for cell := range want {
					outlines[cell] = corners(t, cell, tiles.Tile{Z: z})
				}
				for _, tile := range tilesOver(z) {
					body, err := layer.MVT(t.Context(), tile, test.query)
					if err != nil {
						t.Fatal(err)
					}
					checkVectorTile(t, tile, body, want, outlines)
				}
			}
		})
	}
}

func checkVectorTile(t *testing.T, tile tiles.Tile, body []byte, want map[uint64]number, outlines map[uint64][][2]float64) {
	t.Helper()
	layers, err := mvt.Unmarshal(body)
	if err != nil {
		t.Fatal(tile, err)
	}
	found := map[uint64]number{}
	for _, layer := range layers {
		if layer.Name != "hexagons" || layer.Version != 2 || layer.Extent != tiles.Extent {
			t.Fatalf("%v: layer %q version %d extent %d", tile, layer.Name, layer.Version, layer.Extent)
		}
		for _, feature := range layer.Features {
			cell, err := hex.Parse(feature.Properties.MustString("h3"))
			if err != nil {
				t.Fatal(tile, err)
			}
			id, ok := feature.ID.(float64)
			if !ok || id >= 1<<53 || uint64(id) != hex.FeatureID(cell) {
				t.Fatalf("%v: id %v of %x", tile, feature.ID, cell)
			}
			if _, twice := found[cell]; twice {
				t.Fatalf("%v: %x twice", tile, cell)
			}
			found[cell] = number{uint32(feature.Properties.MustFloat64("count")), feature.Properties.MustFloat64("weight")}
			checkGeometry(t, tile, cell, feature.Geometry, within(outlines[cell], tile))
		}
	}
	poles := map[uint64]bool{}
	for _, lat := range []float64{90, -90} {
		poles[hex.Cell(0, lat, tiles.ResolutionForZoom(tile.Z))] = true
	}
	for cell, sum := range want {
		if _, ok := found[cell]; !ok && !poles[cell] && touches(within(outlines[cell], tile), tile.Z) {
			t.Errorf("%v: %x with %+v is lost", tile, cell, sum)
		}
	}
	for cell, sum := range found {
		if sum.Count != want[cell].Count || math.Abs(sum.Weight-want[cell].Weight) > 1e-3 {
			t.Errorf("%v: %x has %+v, want %+v", tile, cell, sum, want[cell])
		}
	}
}

// checkGeometry compares every piece with the C library's corners, in the order that makes an exterior ring.
func checkGeometry(t *testing.T, tile tiles.Tile, cell uint64, geometry orb.Geometry, want [][2]float64) {
	t.Helper()
	var polygons orb.MultiPolygon
	switch g := geometry.(type) {
	case orb.Polygon:
		polygons = orb.MultiPolygon{g}
	case orb.MultiPolygon:
		polygons = g
	default:
		t.Fatalf("%v: %x is a %s", tile, cell, geometry.GeoJSONType())
	}
	globe := math.Exp2(float64(tile.Z)) * tiles.Extent
	for _, polygon := range polygons {
		if len(polygon) != 1 {
			t.Fatalf("%v: %x has %d rings", tile, cell, len(polygon))
		}
		ring, area := polygon[0], 0.0
		for i := range len(ring) - 1 {
			area += ring[i][0]*ring[i+1][1] - ring[i+1][0]*ring[i][1]
		}
		if area <= 0 {
			t.Errorf("%v: %x has area %v", tile, cell, area/2)
		}
		shift := globe * math.Round((ring[0][0]-want[0][0])/globe)
		for _, at := range ring {
			near := false
			for _, corner := range want {
				near = near || (math.Abs(at[0]-shift-corner[0]) <= 1 && math.Abs(at[1]-corner[1]) <= 1)
			}
			if !near {
				t.Errorf("%v: %x has corner %v, the C library says %v", tile, cell, at, want)
				return
			}
		}
	}
}

type decoded struct {
	resolution int
	bins       int
	from, to   int64
	cells      []uint64
	corners    [][][2]int64
	entries    map[uint64]map[int]number
}

// decodeCompact reads the form of compact.go.
func decodeCompact(t *testing.T, body []byte) decoded {
	t.Helper()
	if len(body) < 48 || string(body[:4]) != "VHX1" || body[5] != 0 || binary.LittleEndian.Uint32(body[20:]) != 0 {
		t.Fatalf("header %x", body[:min(len(body), 48)])
	}
	d := decoded{
		resolution: int(body[4]), bins: int(binary.LittleEndian.Uint16(body[6:])),
		from: int64(binary.LittleEndian.Uint64(body[24:])), to: int64(binary.LittleEndian.Uint64(body[32:])),
		entries: map[uint64]map[int]number{},
	}
	cells, entries, vertices := binary.LittleEndian.Uint32(body[8:]), binary.LittleEndian.Uint32(body[12:]), binary.LittleEndian.Uint32(body[16:])
	rest := body[48:]
	unsigned := func() uint64 {
		v, n := binary.Uvarint(rest)
		if n <= 0 {
			t.Fatal("cut short")
		}
		rest = rest[n:]
		return v
	}
	signed := func() int64 {
		v := unsigned()
		return int64(v>>1) ^ -int64(v&1)
	}
	id := uint64(0)
	for range cells {
		id += unsigned()
		d.cells = append(d.cells, hex.FromFeatureID(id, d.resolution))
	}
	numbers := rest[:cells]
	rest = rest[cells:]
	var first [2]int64
	for _, n := range numbers {
		first[0], first[1] = first[0]+signed(), first[1]+signed()
		ring, at := [][2]int64{first}, first
		for range n - 1 {
			at[0], at[1] = at[0]+signed(), at[1]+signed()
			ring = append(ring, at)
		}
		d.corners, vertices = append(d.corners, ring), vertices-uint32(n)
	}
	for _, cell := range d.cells {
		d.entries[cell] = map[int]number{}
		bin := 0
		for range unsigned() {
			bin += int(unsigned())
			d.entries[cell][bin] = number{uint32(unsigned()), float64(unsigned()) / 1000}
			entries--
		}
	}
	if len(rest) != 0 || entries != 0 || vertices != 0 {
		t.Fatalf("%d bytes, %d entries, %d corners too many", len(rest), entries, vertices)
	}
	return d
}

func TestCompactTilesEqualTheDatabase(t *testing.T) {
	t.Parallel()
	store, c := world(t, 2500)
	layer := tiles.NewHexagons(c)
	from := time.Date(2024, 1, 10, 0, 0, 0, 0, time.UTC)
	bins := cube.Bins{From: from, To: from.Add(4 * 20 * 24 * time.Hour), N: 4}
	for _, z := range []int{0, 2, 3, 10, 13} {
		var want [4]map[uint64]number
		for i := range want {
			width := bins.To.Sub(bins.From) / 4
			start := from.Add(time.Duration(i) * width)
			want[i] = brute(t, store, nil, start, start.Add(width), tiles.ResolutionForZoom(z))
		}
		seen := map[uint64]tiles.Tile{}
		for _, tile := range tilesOver(z) {
			body, err := layer.Compact(t.Context(), tile, geoengine.Query{}, bins)
			if err != nil {
				t.Fatal(err)
			}
			d := decodeCompact(t, body)
			if d.resolution != tiles.ResolutionForZoom(z) || d.bins != 4 || d.from != bins.From.Unix() || d.to != bins.To.Unix() {
				t.Fatalf("%v: header %+v", tile, d)
			}
			for i, cell := range d.cells {
				if other, twice := seen[cell]; twice {
					t.Fatalf("%x in %v and %v", cell, tile, other)
				}
				seen[cell] = tile
				checkCompactCell(t, tile, cell, d.corners[i], d.entries[cell], want)
			}
		}
		checkNoneLost(t, z, seen, want[:])
	}
}

func checkCompactCell(t *testing.T, tile tiles.Tile, cell uint64, ring [][2]int64, entries map[int]number, want [4]map[uint64]number) {
	t.Helper()
	expected := map[int]number{}
	for bin := range want {
		if sum, ok := want[bin][cell]; ok {
			expected[bin] = number{sum.Count, math.Round(sum.Weight*1000) / 1000}
		}
	}
	if diff := cmp.Diff(expected, entries); diff != "" {
		t.Errorf("%v: %x: %s", tile, cell, diff)
	}
	boundary := corners(t, cell, tile)
	if len(boundary) != len(ring) {
		t.Fatalf("%v: %x has %d corners, want %d", tile, cell, len(ring), len(boundary))
	}
	globe := math.Exp2(float64(tile.Z)) * tiles.Extent
	for i, corner := range boundary {
		at := ring[len(ring)-1-i] // clockwise on the map
		x, y := float64(at[0])/4, float64(at[1])/4
		if turns := (x - corner[0]) / globe; math.Abs(turns-math.Round(turns))*globe > .5 || math.Abs(y-corner[1]) > .5 {
			t.Fatalf("%v: %x has corner %v, want %v", tile, cell, at, corner)
		}
	}
}

// checkNoneLost wants every cell of the world at the low zooms.
func checkNoneLost(t *testing.T, z int, seen map[uint64]tiles.Tile, want []map[uint64]number) {
	t.Helper()
	if z > 3 {
		return
	}
	for _, bin := range want {
		for cell := range bin {
			if _, ok := seen[cell]; !ok {
				t.Errorf("zoom %d: %x is in no tile", z, cell)
			}
		}
	}
}
