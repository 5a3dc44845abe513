package cube

import (
	"context"

	"vigie/geoengine"
	"vigie/progress"
)

type dictionaries struct{}
type feedPosition struct{}
type snapshot struct{ version uint64 }

// Load rebuilds the cube from the store.
func (c *Cube) Load(ctx context.Context, p progress.Func) error { return nil }

// Follow applies commits until ctx ends.
func (c *Cube) Follow(ctx context.Context, changed func(version uint64)) error { return nil }

// Cells counts by cell at resolution res.
func (c *Cube) Cells(q geoengine.Query, res int) ([]Count, error) { return nil, c.busy() }

// CellsIn counts the given cells at resolution res.
func (c *Cube) CellsIn(q geoengine.Query, cells []uint64, res int) ([]Count, error) {
	return nil, c.busy()
}

// Total counts everything.
func (c *Cube) Total(q geoengine.Query) (Count, error) { return Count{}, c.busy() }

// CellBins counts by cell and time bin.
func (c *Cube) CellBins(q geoengine.Query, cells []uint64, res int, b Bins) ([]BinCount, error) {
	return nil, c.busy()
}

// Histogram counts by time bin.
func (c *Cube) Histogram(q geoengine.Query, b Bins) ([]uint32, error) { return nil, c.busy() }

// HourGrid counts by local hour of the week.
func (c *Cube) HourGrid(q geoengine.Query) (grid [176]uint32, err error) { return grid, c.busy() }

// Facets counts by value of every filterable column.
func (c *Cube) Facets(q geoengine.Query) (map[string][]FacetValue, error) { return nil, c.busy() }

// Profile describes one cell.
func (c *Cube) Profile(q geoengine.Query, cell uint64) (Profile, error) { return Profile{}, c.busy() }

// Extent bounds the events.
func (c *Cube) Extent(q geoengine.Query) (Extent, error) { return Extent{}, c.busy() }

// Areas counts by area path.
func (c *Cube) Areas(q geoengine.Query) (map[string]Count, error) { return nil, c.busy() }

func (c *Cube) busy() error { _, err := c.snapshot(); return err }
