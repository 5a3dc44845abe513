package api

import (
	"context"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/singleflight"

	"vigie/geoengine"
)

// gazetteer keeps the names of the areas in memory; the database tells when they change.
type gazetteer struct {
	store   *geoengine.Store
	reading singleflight.Group
	mu      sync.Mutex
	epoch   uint64
	known   map[string]geoengine.AreaName // by path; nil when not read
}

func newGazetteer(store *geoengine.Store) *gazetteer { return &gazetteer{store: store} }

// names returns every area by path; the map must not be changed.
func (g *gazetteer) names(ctx context.Context) (map[string]geoengine.AreaName, error) {
	g.mu.Lock()
	known, epoch := g.known, g.epoch
	g.mu.Unlock()
	if known != nil {
		return known, nil
	}
	read, err, _ := g.reading.Do(strconv.FormatUint(epoch, 10), func() (any, error) { return g.read(context.WithoutCancel(ctx), epoch) })
	if err != nil {
		return nil, err
	}
	return read.(map[string]geoengine.AreaName), nil
}

func (g *gazetteer) read(ctx context.Context, epoch uint64) (map[string]geoengine.AreaName, error) {
	areas, err := g.store.AreaNames(ctx)
	if err != nil {
		return nil, err
	}
	read := make(map[string]geoengine.AreaName, len(areas))
	for _, a := range areas {
		read[a.Path] = a
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.epoch == epoch {
		g.known = read
	}
	return read, nil
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
func nameOf(names map[string]geoengine.AreaName, path string) *placeName {
	if path == "" {
		return nil
	}
	if a, ok := names[path]; ok {
		return &placeName{path, a.Name}
	}
	return &placeName{path, path[strings.LastIndexByte(path, '.')+1:]}
}
