package tiles

import (
	"context"
	"fmt"

	"github.com/paulmach/orb"

	"vigie/geoengine"
)

const (
	// EventsMinZoom is the first zoom at which single events are drawn; hexagons below.
	EventsMinZoom = 13
	// MaxTileEvents bounds the events of one tile; the tile says so when there are more.
	MaxTileEvents = 20_000
)

// Events draws single events from the database.
type Events struct{ store *geoengine.Store }

// NewEvents returns the layer of single events.
func NewEvents(store *geoengine.Store) *Events { return &Events{store} }

// MVT draws the events of q in the tile, as a vector tile with the layer "events". truncated tells that the tile holds
// more than MaxTileEvents. ErrInvalid for a zoom below EventsMinZoom.
func (e *Events) MVT(ctx context.Context, t Tile, q geoengine.Query) (body []byte, truncated bool, err error) {
	if err := t.Check(); err != nil {
		return nil, false, err
	}
	if t.Z < EventsMinZoom {
		return nil, false, fmt.Errorf("events: zoom %d: single events start at zoom %d: %w", t.Z, EventsMinZoom, geoengine.ErrInvalid)
	}
	const buffer = 64.0 / Extent
	wanted := orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}} // the buffer of the outermost tiles lies beyond
	if q.Box != nil {
		wanted = *q.Box
	}
	box := t.Bound(buffer)
	box = orb.Bound{
		Min: orb.Point{max(box.Min[0], wanted.Min[0]), max(box.Min[1], wanted.Min[1])},
		Max: orb.Point{min(box.Max[0], wanted.Max[0]), min(box.Max[1], wanted.Max[1])},
	}
	if box.IsEmpty() {
		return nil, false, nil
	}
	q.Box = &box
	list := geoengine.EventList{Query: q, Cells: rangesOf(box, ResolutionForZoom(t.Z)-2)}
	return e.store.EventTile(ctx, list, t.Z, t.X, t.Y, MaxTileEvents)
}
