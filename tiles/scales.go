package tiles

import (
	"fmt"
	"sync"
	"time"

	"vigie/geoengine"
	"vigie/geoengine/cube"
)

// Scales chooses the colour classes of the hexagons of each resolution from the whole of the data that a caller sees,
// and keeps them: a legend that moved with every event would tell nothing. Methods may be called at the same time.
type Scales struct {
	cube  *cube.Cube
	clock func() time.Time

	mu   sync.Mutex
	kept map[string]keptScale
}

type keptScale struct {
	scale   Scale
	version uint64
	chosen  time.Time
}

const (
	scaleLasts = 10 * time.Minute // as long as the data changes
	maxScales  = 2000             // rights × resolutions
)

// NewScales returns the scales of a cube.
func NewScales(c *cube.Cube, clock func() time.Time) *Scales {
	return &Scales{cube: c, clock: clock, kept: map[string]keptScale{}}
}

// Of returns the classes of a resolution, 0 to 11; rights is a query that holds the caller's rights and nothing else.
func (s *Scales) Of(rights geoengine.Query, resolution int) (Scale, error) {
	key := fmt.Sprintf("%d %s", resolution, rights.Key())
	version, now := s.cube.Version(), s.clock()
	s.mu.Lock()
	found, ok := s.kept[key]
	s.mu.Unlock()
	if ok && (found.version == version || now.Sub(found.chosen) < scaleLasts) {
		return found.scale, nil
	}
	cells, err := s.cube.Cells(rights, resolution)
	if err != nil {
		return Scale{}, fmt.Errorf("choose the colour classes of resolution %d: %w", resolution, err)
	}
	counts := make([]uint32, len(cells))
	for i := range cells {
		counts[i] = cells[i].Count
	}
	chosen := keptScale{NewScale(counts), version, now}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.kept) >= maxScales {
		clear(s.kept)
	}
	s.kept[key] = chosen
	return chosen.scale, nil
}
