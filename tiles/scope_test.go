package tiles_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/protoscan"

	"vigie/bench"
	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/geotest"
	"vigie/tiles"
)

// total reads the sum of counts of a vector tile.
func total(t *testing.T, body []byte) (sum float64) {
	t.Helper()
	layers, err := mvt.Unmarshal(body)
	if err != nil {
		t.Fatal(err)
	}
	for _, layer := range layers {
		for _, feature := range layer.Features {
			sum += feature.Properties.MustFloat64("count")
		}
	}
	return sum
}

// synthetic is the store of the benchmarks, and its cube.
func synthetic(t *testing.T, n int) (*geoengine.Store, *cube.Cube) {
	t.Helper()
	store := geotest.New(t)
	if err := bench.Load(t.Context(), store, n, 1, nil); err != nil {
		t.Fatal(err)
	}
	c := cube.New(store, slog.New(slog.DiscardHandler))
	if err := c.Load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return store, c
}

const countQuery = `select count(*) from event where ($1::text is null or area like $1) and ($2::text is null or attributes->>'light' = $2)`

// TestHexagonsKeepToScopeAndFilters asks through one cache, as the server does, so that a leak from one scope to
// another would show.
func TestHexagonsKeepToScopeAndFilters(t *testing.T) {
	t.Parallel()
	store, c := synthetic(t, 4000)
	layer, cache := tiles.NewHexagons(c), tiles.NewCache(1<<24)
	whole := tiles.Tile{} // zoom 0 shows every hexagon
	south, night := "bench.r0.%", "night_lit"
	tests := []struct {
		name        string
		query       geoengine.Query
		area, light *string
		none        bool
	}{
		{name: "everything"},
		{name: "nothing", query: geoengine.Query{Scope: []string{}}, none: true},
		{name: "one territory", query: geoengine.Query{Scope: []string{"bench.r0"}}, area: &south},
		{name: "its name is no prefix", query: geoengine.Query{Scope: []string{"bench.r"}}, none: true},
		{name: "an attribute", query: geoengine.Query{Attributes: map[string][]string{"light": {night}}}, light: &night},
		{name: "both", query: geoengine.Query{Scope: []string{"bench.r0"}, Attributes: map[string][]string{"light": {night}}}, area: &south, light: &night},
	}
	for range 2 { // made, then from the cache
		for _, test := range tests {
			body, err := cache.Get(t.Context(), "hexagons "+whole.String()+" "+test.query.Key(), func(ctx context.Context) (*tiles.Body, error) {
				plain, err := layer.MVT(ctx, whole, test.query)
				return tiles.NewBody(plain, false), err
			})
			if err != nil {
				t.Fatal(test.name, err)
			}
			var want float64
			if !test.none {
				if err := store.Pool.QueryRow(t.Context(), countQuery, test.area, test.light).Scan(&want); err != nil {
					t.Fatal(err)
				}
			}
			if got := total(t, body.Plain); got != want {
				t.Errorf("%s: got %v, want %v", test.name, got, want)
			}
		}
	}
	if _, err := layer.MVT(t.Context(), whole, geoengine.Query{Attributes: map[string][]string{"colour": {"red"}}}); !errors.Is(err, geoengine.ErrInvalid) {
		t.Errorf("an unknown attribute: %v", err)
	}
}

func TestHexagonsRefuse(t *testing.T) {
	t.Parallel()
	layer := tiles.NewHexagons(cube.New(nil, slog.New(slog.DiscardHandler)))
	day := cube.Bins{From: time.Unix(0, 0), To: time.Unix(86400, 0), N: 24}
	if _, err := layer.MVT(t.Context(), tiles.Tile{Z: 3, X: 8}, geoengine.Query{}); !errors.Is(err, geoengine.ErrInvalid) {
		t.Errorf("no such tile: %v", err)
	}
	if _, err := layer.MVT(t.Context(), tiles.Tile{Z: 3}, geoengine.Query{}); !errors.Is(err, geoengine.ErrBusy) {
		t.Errorf("not loaded: %v", err)
	}
	if _, err := layer.Compact(t.Context(), tiles.Tile{Z: 3}, geoengine.Query{}, day); !errors.Is(err, geoengine.ErrBusy) {
		t.Errorf("not loaded: %v", err)
	}
	for _, bins := range []cube.Bins{{}, {From: day.To, To: day.From, N: 1}, {From: day.From, To: day.To, N: tiles.MaxBins + 1}} {
		if _, err := layer.Compact(t.Context(), tiles.Tile{Z: 3}, geoengine.Query{}, bins); !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%+v: %v", bins, err)
		}
	}
}

// TestDrawLeavesOutOtherTiles gives Draw numbers of the whole territory.
func TestDrawLeavesOutOtherTiles(t *testing.T) {
	t.Parallel()
	_, c := synthetic(t, 4000)
	layer := tiles.NewHexagons(c)
	tile := tiles.TileAt(orb.Point{1.3, 46.9}, 10)
	counts, err := c.Cells(geoengine.Query{}, tiles.ResolutionForZoom(tile.Z))
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := layer.Draw(t.Context(), tile, counts)
	if err != nil {
		t.Fatal(err)
	}
	want, err := layer.MVT(t.Context(), tile, geoengine.Query{})
	if err != nil {
		t.Fatal(err)
	}
	if string(drawn) != string(want) || total(t, want) == 0 {
		t.Errorf("Draw makes %d bytes, MVT %d", len(drawn), len(want))
	}
	if empty, err := layer.Draw(t.Context(), tile, nil); err != nil || len(empty) != 0 {
		t.Errorf("no numbers: %d bytes, %v", len(empty), err)
	}
}

// TestVectorTileIsPlainProtobuf walks the message field by field, as a second reader.
func TestVectorTileIsPlainProtobuf(t *testing.T) {
	t.Parallel()
	_, c := synthetic(t, 4000)
	body, err := tiles.NewHexagons(c).MVT(t.Context(), tiles.Tile{Z: 5, X: 16, Y: 11}, geoengine.Query{})
	if err != nil {
		t.Fatal(err)
	}
	tile := protoscan.New(body)
	if !tile.Next() || tile.FieldNumber() != 3 {
		t.Fatal("no layer")
	}
	layer, err := tile.MessageData()
	if err != nil {
		t.Fatal(err)
	}
	numbers := map[int]int{}
	fields := protoscan.New(layer)
	for fields.Next() {
		numbers[fields.FieldNumber()]++
		if fields.FieldNumber() == 15 {
			if version, err := fields.Uint32(); err != nil || version != 2 {
				t.Errorf("version %d, %v", version, err)
			}
			continue
		}
		fields.Skip()
	}
	if fields.Err() != nil || tile.Next() || tile.Err() != nil {
		t.Errorf("%v, %v", fields.Err(), tile.Err())
	}
	if numbers[1] != 1 || numbers[2] == 0 || numbers[3] != 3 || numbers[4] < numbers[2] || numbers[5] != 1 || numbers[15] != 1 || len(numbers) != 6 {
		t.Errorf("fields %v", numbers)
	}
}
