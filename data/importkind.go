package data

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"vigie/geoengine"
)

// written is a batch on its way to the store.
type written interface {
	Settled() []geoengine.Outcome
	Compare(ctx context.Context) error
	Write(ctx context.Context, tx pgx.Tx) error
}

// kindOf is what differs between events, areas, units and roads.
type kindOf struct {
	batch   int // records in a transaction
	writers int
	check   func(b *batch, i int, source string) fault
	placed  func(b *batch, i int) bool // has a position, or needs none
	visit   func(b *batch, i int, each func(*orb.Point))
	empty   func(records int) *batch // with room for so many
	keep    func(b *batch, kept []int)
	prepare func(ctx context.Context, g *geoengine.Ingest, b *batch) (written, error)
}

func (m *importer) kindFor(holds string) (kindOf, error) {
	switch holds {
	case HoldsEvents:
		return eventKind(), nil
	case HoldsAreas:
		return areaKind(), nil
	case HoldsUnits:
		return unitKind(), nil
	case HoldsRoads:
		return m.roadKind(), nil
	}
	return kindOf{}, fmt.Errorf("the source holds %q: must be events, areas, units or roads: %w", holds, geoengine.ErrInvalid)
}

func eventKind() kindOf {
	return kindOf{
		batch: 50_000, writers: 2,
		check:  func(b *batch, i int, source string) fault { return checkEvent(&b.events[i], source) },
		placed: func(b *batch, i int) bool { return b.events[i].HasPosition },
		visit: func(b *batch, i int, each func(*orb.Point)) {
			if b.events[i].HasPosition {
				each(&b.events[i].Position)
			}
		},
		empty: func(records int) *batch {
			return &batch{items: make([]item, 0, records), events: make([]geoengine.Event, 0, records)}
		},
		keep: func(b *batch, kept []int) { b.events = pick(b.events, kept) },
		prepare: func(ctx context.Context, g *geoengine.Ingest, b *batch) (written, error) {
			return g.PrepareEvents(ctx, b.events, b.passed)
		},
	}
}

func unitKind() kindOf {
	return kindOf{
		batch: 50_000, writers: 1,
		check:  func(b *batch, i int, source string) fault { return checkUnit(&b.units[i], source) },
		placed: func(b *batch, i int) bool { return b.units[i].HasPosition },
		visit: func(b *batch, i int, each func(*orb.Point)) {
			if b.units[i].HasPosition {
				each(&b.units[i].Position)
			}
		},
		empty: func(records int) *batch {
			return &batch{items: make([]item, 0, records), units: make([]geoengine.Unit, 0, records)}
		},
		keep: func(b *batch, kept []int) { b.units = pick(b.units, kept) },
		prepare: func(ctx context.Context, g *geoengine.Ingest, b *batch) (written, error) {
			return g.PrepareUnits(ctx, b.units, b.passed)
		},
	}
}

func areaKind() kindOf {
	return kindOf{
		batch: 2_000, writers: 1,
		check:  func(b *batch, i int, source string) fault { return checkArea(&b.areas[i], source) },
		placed: func(b *batch, i int) bool { return len(b.areas[i].Geometry) > 0 },
		visit: func(b *batch, i int, each func(*orb.Point)) {
			for _, polygon := range b.areas[i].Geometry {
				for _, ring := range polygon {
					for j := range ring {
						each(&ring[j])
					}
				}
			}
		},
		empty: func(records int) *batch {
			return &batch{items: make([]item, 0, records), areas: make([]geoengine.Area, 0, records)}
		},
		keep: func(b *batch, kept []int) { b.areas = pick(b.areas, kept) },
		prepare: func(ctx context.Context, g *geoengine.Ingest, b *batch) (written, error) {
			return g.PrepareAreas(ctx, b.areas, b.passed)
		},
	}
}

// pick keeps the chosen elements, in place.
func pick[T any](all []T, kept []int) []T {
	for to, from := range kept {
		all[to] = all[from]
	}
	return all[:len(kept)]
}
