package checkpoints

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"vigie/geoengine"
	"vigie/geoengine/road"
	"vigie/modules/checkpoints/order"
	"vigie/predict/roadrisk"
	"vigie/progress"
)

// land is the road network of a territory in memory. It does not change.
type land struct {
	graph   *road.Graph
	info    road.Info
	lixels  *road.Lixels
	network *roadrisk.Network
	locate  *geoengine.Locator
	lines   func() *rtree.RTreeG[road.Edge] // made when first asked for
}

// Lixels are 250 to 500 m long (reference: ZAAC counts on 500 m).
const (
	shortestLixel = 250
	longestLixel  = 500
)

// marginM is how far around the areas roads are loaded: units may stand there, and ways lead through.
const marginM = 15_000

// roads are the lines that meet a box, to draw maps with.
func (l *land) roads(box orb.Bound) []order.Line {
	var found []order.Line
	l.lines().Search(box.Min, box.Max, func(_, _ [2]float64, e road.Edge) bool {
		s := l.graph.Section(e)
		name := s.Number
		if name == "" {
			name = s.Name
		}
		found = append(found, order.Line{Points: s.Line, Class: s.Class, Name: name})
		return true
	})
	return found
}

// index finds sections by boxes.
func index(g *road.Graph) *rtree.RTreeG[road.Edge] {
	tree := &rtree.RTreeG[road.Edge]{}
	for e := range road.Edge(g.Edges()) {
		if twin := g.Twin(e); twin != road.NoEdge && twin < e {
			continue // one line for both directions
		}
		box := g.Section(e).Line.Bound()
		tree.Insert(box.Min, box.Max, e)
	}
	return tree
}

// lands keeps the networks that were asked for last.
type lands struct {
	kept   *cache[string, *land]
	places *cache[struct{}, *geoengine.Locator] // one, of all areas
	load   func(ctx context.Context, areas []string, tell telling) (*land, error)
}

// maxLands bounds the networks in memory. That of a département takes some hundred megabytes.
const maxLands = 4

func newLands(db *geoengine.Store) *lands {
	l := &lands{kept: newCache[string, *land](maxLands), places: newCache[struct{}, *geoengine.Locator](1)}
	l.load = func(ctx context.Context, areas []string, tell telling) (*land, error) {
		loaded, err := loadLand(ctx, db, areas, tell)
		if err != nil {
			return nil, err
		}
		loaded.locate, err = l.places.get(ctx, struct{}{}, db.LoadLocator)
		return loaded, err
	}
	return l
}

// of returns the network of areas.
func (l *lands) of(ctx context.Context, areas []string, tell telling) (*land, error) {
	sorted := slices.Compact(slices.Sorted(slices.Values(areas)))
	return l.kept.get(ctx, strings.Join(sorted, " "), func(ctx context.Context) (*land, error) { return l.load(ctx, sorted, tell) })
}

func (l *lands) forget() {
	l.kept.forget()
	l.places.forget()
}

// errNoRoads says that no roads are imported for an area.
var errNoRoads = errors.New("no roads")

func loadLand(ctx context.Context, db *geoengine.Store, areas []string, tell telling) (*land, error) {
	tell.say(2, "lecture du réseau routier", "reading the road network")
	graph, info, err := road.Load(ctx, db, areas, marginM, func(u progress.Update) {
		if u.Total > 0 {
			tell.say(2+int(13*u.Done/u.Total), "lecture du réseau routier", "reading the road network")
		}
	})
	if errors.Is(err, geoengine.ErrMissing) {
		return nil, fmt.Errorf("%w: %w", errNoRoads, wrong("areas", "Aucune route n'est importée pour ce territoire : un administrateur importe un réseau par « vigie import osm ».",
			"No roads are imported for this area: an administrator imports a network with “vigie import osm”."))
	}
	if err != nil {
		return nil, fmt.Errorf("roads of %v: %w", areas, err)
	}
	tell.say(15, "découpage des routes", "cutting the roads into pieces")
	l := &land{graph: graph, info: info, lixels: graph.Lixels(shortestLixel, longestLixel)}
	l.lines = sync.OnceValue(func() *rtree.RTreeG[road.Edge] { return index(graph) })
	tell.say(20, "analyse du réseau", "studying the network")
	if l.network, err = roadrisk.Prepare(ctx, graph, l.lixels, nil); err != nil {
		return nil, err
	}
	return l, nil
}

// cache keeps the values that were used last. A value that several ask for at once is made once, and goes on being made
// when the one who asked first has gone.
type cache[K comparable, V any] struct {
	most int

	mu      sync.Mutex
	order   *list.List
	entries map[K]*list.Element
}

type entry[K comparable, V any] struct {
	key   K
	done  chan struct{}
	value V
	err   error
}

// makeWithin bounds the making of a value, which its callers do not end.
const makeWithin = 10 * time.Minute

func newCache[K comparable, V any](most int) *cache[K, V] {
	return &cache[K, V]{most: most, order: list.New(), entries: map[K]*list.Element{}}
}

// get returns the value of a key, which make makes if it is not kept.
func (c *cache[K, V]) get(ctx context.Context, key K, make func(context.Context) (V, error)) (V, error) {
	c.mu.Lock()
	element, there := c.entries[key]
	if there {
		c.order.MoveToFront(element)
	} else {
		element = c.order.PushFront(&entry[K, V]{key: key, done: chanOf()})
		c.entries[key] = element
		for c.order.Len() > c.most {
			c.drop(c.order.Back())
		}
		go c.fill(context.WithoutCancel(ctx), element, make)
	}
	c.mu.Unlock()
	e, _ := element.Value.(*entry[K, V])
	select {
	case <-e.done:
		return e.value, e.err
	case <-ctx.Done():
		var none V
		return none, ctx.Err()
	}
}

func chanOf() chan struct{} { return make(chan struct{}) }

// fill makes a value. One that failed is not kept.
func (c *cache[K, V]) fill(ctx context.Context, element *list.Element, make func(context.Context) (V, error)) {
	ctx, cancel := context.WithTimeout(ctx, makeWithin)
	defer cancel()
	e, _ := element.Value.(*entry[K, V])
	defer close(e.done)
	defer func() {
		if reason := recover(); reason != nil {
			e.err = fmt.Errorf("panic: %v", reason)
		}
		if e.err != nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.drop(element)
		}
	}()
	e.value, e.err = make(ctx)
}

// put keeps a value that was made elsewhere.
func (c *cache[K, V]) put(key K, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if element, there := c.entries[key]; there {
		c.drop(element)
	}
	done := chanOf()
	close(done)
	c.entries[key] = c.order.PushFront(&entry[K, V]{key: key, done: done, value: value})
	for c.order.Len() > c.most {
		c.drop(c.order.Back())
	}
}

// drop forgets an entry; the lock is held.
func (c *cache[K, V]) drop(element *list.Element) {
	e, _ := element.Value.(*entry[K, V])
	if c.entries[e.key] == element {
		delete(c.entries, e.key)
		c.order.Remove(element)
	}
}

// forget drops everything.
func (c *cache[K, V]) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.order.Init()
	clear(c.entries)
}
