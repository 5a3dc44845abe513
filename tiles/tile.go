package tiles

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"

	"vigie/geoengine"
)

// Extent is the width of a tile in its own coordinate units.
const Extent = 4096

// MaxZoom is the deepest zoom drawn; clients enlarge it beyond.
const MaxZoom = 20

// ResolutionForZoom returns the H3 resolution whose hexagons are drawn at a zoom: at most about 15,000 of them on a
// screen of 1920 × 1080 pixels with tiles of 512, and none narrower than about 8 pixels.
func ResolutionForZoom(z int) int {
	table := [...]int{3, 3, 3, 3, 4, 4, 5, 5, 6, 7, 8, 8, 9, 10, 10, 11}
	return table[min(max(z, 0), len(table)-1)]
}

// Tile is a square of the Web Mercator map: zoom, column from the west, row from the north.
type Tile struct{ Z, X, Y int }

// Check returns ErrInvalid for a tile that does not exist or is deeper than MaxZoom.
func (t Tile) Check() error {
	if t.Z < 0 || t.Z > MaxZoom {
		return fmt.Errorf("tile zoom %d: must be 0 to %d: %w", t.Z, MaxZoom, geoengine.ErrInvalid)
	}
	if size := 1 << t.Z; t.X < 0 || t.X >= size || t.Y < 0 || t.Y >= size {
		return fmt.Errorf("tile %s: zoom %d has columns and rows 0 to %d: %w", t, t.Z, size-1, geoengine.ErrInvalid)
	}
	return nil
}

// String returns z/x/y.
func (t Tile) String() string { return fmt.Sprintf("%d/%d/%d", t.Z, t.X, t.Y) }

// Bound returns the tile's box, longitude and latitude in degrees, widened by buffer tile widths on each side.
func (t Tile) Bound(buffer float64) orb.Bound {
	return maptile.New(uint32(t.X), uint32(t.Y), maptile.Zoom(t.Z)).Bound(buffer)
}

// TileAt returns the one tile of a zoom that holds the position. Latitudes beyond the map count to its first or last
// row, longitude 180 to the first column.
func TileAt(p orb.Point, z int) Tile {
	size := 1 << z
	x, y := world(p, z)
	return Tile{z, (int(math.Floor(x))%size + size) % size, min(max(int(math.Floor(y)), 0), size-1)}
}

// world returns the position in tiles of zoom z from the north-west corner of the map; latitudes are held within ±89.
func world(p orb.Point, z int) (x, y float64) {
	size := float64(int(1) << z)
	lat := min(max(p.Lat(), -89), 89) * math.Pi / 180
	return (p.Lon() + 180) / 360 * size, (1 - math.Asinh(math.Tan(lat))/math.Pi) / 2 * size
}
