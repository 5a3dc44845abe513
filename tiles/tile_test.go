package tiles_test

import (
	"errors"
	"testing"

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
