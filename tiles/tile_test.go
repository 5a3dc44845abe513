package tiles_test

import (
	"errors"
	"testing"

	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/tiles"
)

func TestTileCheck(t *testing.T) {
	t.Parallel()
	tests := []struct {
		tile tiles.Tile
		good bool
	}{
		{tiles.Tile{Z: 0, X: 0, Y: 0}, true},
		{tiles.Tile{Z: 20, X: 1<<20 - 1, Y: 1<<20 - 1}, true},
		{tiles.Tile{Z: 21, X: 0, Y: 0}, false},
		{tiles.Tile{Z: -1, X: 0, Y: 0}, false},
		{tiles.Tile{Z: 3, X: 8, Y: 0}, false},
		{tiles.Tile{Z: 3, X: 0, Y: -1}, false},
		{tiles.Tile{Z: 64, X: 0, Y: 0}, false},
	}
	for _, test := range tests {
		if err := test.tile.Check(); errors.Is(err, geoengine.ErrInvalid) == test.good {
			t.Errorf("%v: got %v", test.tile, err)
		}
	}
}

func TestResolutionForZoomNeverCoarsens(t *testing.T) {
	t.Parallel()
	for zoom := -1; zoom < 30; zoom++ {
		res, next := tiles.ResolutionForZoom(zoom), tiles.ResolutionForZoom(zoom+1)
		if next < res || next > res+1 || res < 3 || next > geoengine.CellResolution {
			t.Errorf("zoom %d: %d then %d", zoom, res, next)
		}
	}
}

func TestTileAt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		at   orb.Point
		z    int
		want tiles.Tile
	}{
		{orb.Point{0, 0}, 0, tiles.Tile{}},
		{orb.Point{-180, 90}, 4, tiles.Tile{Z: 4, X: 0, Y: 0}},
		{orb.Point{180, -90}, 4, tiles.Tile{Z: 4, X: 0, Y: 15}},
		{orb.Point{2.3488, 48.8534}, 10, tiles.Tile{Z: 10, X: 518, Y: 352}},
	}
	for _, test := range tests {
		if got := tiles.TileAt(test.at, test.z); got != test.want {
			t.Errorf("%v at %d: got %v, want %v", test.at, test.z, got, test.want)
		}
	}
}

func FuzzTile(f *testing.F) {
	f.Add(10, 518, 352)
	f.Add(0, 0, 0)
	f.Add(20, 1<<20-1, 1<<20-1)
	f.Add(64, -1, 1<<62)
	f.Fuzz(func(t *testing.T, z, x, y int) {
		tile := tiles.Tile{Z: z, X: x, Y: y}
		if err := tile.Check(); err != nil {
			if !errors.Is(err, geoengine.ErrInvalid) {
				t.Fatal(err)
			}
			return
		}
		if back := tiles.TileAt(tile.Bound(0).Center(), z); back != tile {
			t.Fatalf("the centre of %v is in %v", tile, back)
		}
	})
}
