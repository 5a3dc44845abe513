// Package cube answers counts over all events from memory: by cell, by time, by hour of the week, by facet.
//
// PostGIS is the truth. A Cube is loaded from it, then follows its commits. It holds immutable segments of
// columns, swapped atomically, so that readers never wait; read segment.go for the columns, filter.go for
// how a query meets them, follow.go for how commits arrive.
package cube

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/paulmach/orb"

	"vigie/geoengine"
)

// Cube is the events of a store, in memory. Its methods may be called at the same time.
type Cube struct {
	store *geoengine.Store
	log   *slog.Logger

	inlineMerge, fullMerge, largeDelta int

	current atomic.Pointer[snapshot] // nil until loaded

	mu      sync.Mutex // guards every change of current, and below
	dicts   *dictionaries
	feed    feed
	busy    map[*segment]bool // being merged in the background
	merging bool
	merges  sync.WaitGroup
	broken  bool // a retraction had no equal: only a new load helps
}

// Count is a number of events and the sum of their weights; Cell is 0 where no cell is meant.
type Count struct {
	Cell   uint64
	Count  uint32
	Weight float64
}

// Bins are N time bins of equal width over [From, To).
type Bins struct {
	From, To time.Time
	N        int
}

// BinCount is the number and weight of the events of a cell in a time bin.
type BinCount struct {
	Cell   uint64
	Bin    uint16
	Count  uint32
	Weight float32
}

// FacetValue is a value of a facet and its number of events.
type FacetValue struct {
	Value string
	Count uint32
}

// Profile is what is known of the events of one cell. Hours, Weekdays (0 is Monday) and HourGrid are local time
// and hold the events whose hour or weekday is known; Months (0 is January) and First, Last are UTC.
type Profile struct {
	Total       Count
	Hours       [24]uint32
	Weekdays    [7]uint32
	Months      [12]uint32
	HourGrid    [176]uint32 // by geoengine.LocalHour
	First, Last time.Time   // starts; zero without events
}

// Extent is what a query covers. From and To are the first and last start; Box holds the centres of the cells.
type Extent struct {
	From, To           time.Time
	Box                orb.Bound // empty (Min over Max) without positions
	Events, Positioned int
	Synthetic          bool // some event comes from a synthetic source
}

// New returns an empty cube over store. Load it, then Follow.
func New(store *geoengine.Store, log *slog.Logger) *Cube {
	return &Cube{
		store: store, log: log, busy: map[*segment]bool{},
		inlineMerge: inlineMerge, fullMerge: fullMerge, largeDelta: largeDelta,
	}
}

// Ready tells whether the cube has been loaded.
func (c *Cube) Ready() bool { return c.current.Load() != nil }

// Version grows with every applied change, also over restarts of the program; 0 until the cube is ready.
func (c *Cube) Version() uint64 {
	if s := c.current.Load(); s != nil {
		return s.version
	}
	return 0
}

func (c *Cube) snapshot() (*snapshot, error) {
	s := c.current.Load()
	if s == nil {
		return nil, fmt.Errorf("the events are still being loaded: %w", geoengine.ErrBusy)
	}
	return s, nil
}
