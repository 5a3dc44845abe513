package api

import (
	"context"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/singleflight"

	"vigie/geoengine"
)

// gazetteer keeps the areas in memory; the database tells when they change.
type gazetteer struct {
	store   *geoengine.Store
	reading singleflight.Group
	mu      sync.Mutex
	epoch   uint64
	known   *geoengine.Gazetteer // nil when not read
}

func newGazetteer(store *geoengine.Store) *gazetteer { return &gazetteer{store: store} }

// read returns the areas as of the last change told.
func (g *gazetteer) read(ctx context.Context) (*geoengine.Gazetteer, error) {
	g.mu.Lock()
	known, epoch := g.known, g.epoch
	g.mu.Unlock()
	if known != nil {
		return known, nil
	}
	read, err, _ := g.reading.Do(strconv.FormatUint(epoch, 10), func() (any, error) {
		areas, err := g.store.AreaNames(context.WithoutCancel(ctx))
		if err != nil {
			return nil, err
		}
		built := geoengine.NewGazetteer(areas)
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.epoch == epoch {
			g.known = built
		}
		return built, nil
	})
	if err != nil {
		return nil, err
	}
	return read.(*geoengine.Gazetteer), nil
}

// forget makes the next question read the database again.
func (g *gazetteer) forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.epoch++
	g.known = nil
}

// placeName is an area as other answers name it.
type placeName struct {
	Path string `json:"path"`
	Name string `json:"name"`
}

// nameOf is the name of a path; nil for none. A path that is no longer an area goes by its last part.
func nameOf(areas *geoengine.Gazetteer, path string) *placeName {
	if path == "" {
		return nil
	}
	if a, ok := areas.Name(path); ok {
		return &placeName{path, a.Name}
	}
	return &placeName{path, path[strings.LastIndexByte(path, '.')+1:]}
}
