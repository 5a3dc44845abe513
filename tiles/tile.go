package tiles

import (
	"fmt"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"

	"vigie/geoengine"
)

// Extent is the width and height of a tile in its own units (Mapbox Vector Tile 2.1).
const Extent = 4096

// MaxZoom is the deepest zoom that is served.
const MaxZoom = 20

// Tile is a square of the Web Mercator pyramid in XYZ numbering: x to the east, y to the south.
type Tile struct{ Z, X, Y int }

// Check returns ErrInvalid for numbers outside the pyramid.
func (t Tile) Check() error {
	if t.Z < 0 || t.Z > MaxZoom || t.X < 0 || t.Y < 0 || t.X >= 1<<t.Z || t.Y >= 1<<t.Z {
		return fmt.Errorf("tile %d/%d/%d: not in the pyramid of zooms 0 to %d: %w", t.Z, t.X, t.Y, MaxZoom, geoengine.ErrInvalid)
	}
	return nil
}

// Bound returns the tile's box, longitude and latitude in degrees, widened by buffer tile widths on each side.
func (t Tile) Bound(buffer float64) orb.Bound {
	return maptile.New(uint32(t.X), uint32(t.Y), maptile.Zoom(t.Z)).Bound(buffer)
}

// ResolutionForZoom returns the H3 resolution whose hexagons are drawn at a zoom: at most about 15,000 of them on a
// screen of 1920 × 1080 pixels with tiles of 512, and none narrower than about 8 pixels.
func ResolutionForZoom(zoom int) int {
	byZoom := [...]int{3, 3, 3, 3, 4, 4, 5, 5, 6, 7, 8, 8, 9, 10, 10, 11}
	return byZoom[min(max(zoom, 0), len(byZoom)-1)]
}
