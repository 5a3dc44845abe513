package bench

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"vigie/geoengine"
	"vigie/geoengine/road"
)

const (
	roadsPlaces = 1000 // rows and columns of the matrix that the goal is about
	roadsShared = 300  // rows and columns of the matrix that a peer is asked for as well
	roadsRoutes = 40   // routes that a peer is asked for
)

// Roads measures travel times on road networks: a matrix of 1,000 × 1,000 by the hierarchy beside plain Dijkstra, pgRouting on the
// same graph and Routino on the same file, with the number of pairs that differ, what a search settles, and memory. The networks are the files of options,
// else the two city extracts of ../shared/data/roads. A peer that is not installed is left out, and the log says so.
func Roads(ctx context.Context, store *geoengine.Store, options Options) ([]Result, error) {
	files := options.Files
	if len(files) == 0 {
		files = []string{"../shared/data/roads/poa_osm.pbf", "../shared/data/roads/columbus_otp.osm.pbf"}
	}
	var results []Result
	for _, path := range files {
		network, err := readRoads(ctx, path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("bench roads: %w: name the road files to measure on with --file", err)
		} else if err != nil {
			return nil, fmt.Errorf("bench roads: %w", err)
		}
		b := roadsBench{store: store, options: options, path: path, name: filepath.Base(path), random: rand.New(rand.NewPCG(options.Seed, 17))}
		if err := b.run(ctx, network); err != nil {
			return nil, fmt.Errorf("bench roads: %s: %w", b.name, err)
		}
		results = append(results, b.results...)
	}
	return results, nil
}

// roadsBench is the benchmark of one network.
type roadsBench struct {
	store      *geoengine.Store
	options    Options
	path, name string
	random     *rand.Rand
	graph      *road.Graph
	results    []Result
}

func (b *roadsBench) run(ctx context.Context, network roadsFile) error {
	if err := b.load(network); err != nil {
		return err
	}
	if b.graph.Edges() == 0 {
		return fmt.Errorf("it holds no road: %w", geoengine.ErrInvalid)
	}
	from, to := b.places(roadsPlaces), b.places(roadsPlaces)
	if err := b.matrix(ctx, from, to); err != nil {
		return err
	}
	for _, peer := range []func(context.Context) error{b.pgRouting, b.routino} {
		err := peer(ctx)
		if errors.Is(err, errNoPeer) {
			b.options.Log.Warn("bench roads goes on without a peer", "network", b.name, "reason", err.Error())
		} else if err != nil {
			return err
		}
	}
	return nil
}

// add adds a row, with the network's name.
func (b *roadsBench) add(r Result) {
	r.Name = b.name + ": " + r.Name
	b.results = append(b.results, r)
}

// load makes the graph and tells its size in memory.
func (b *roadsBench) load(network roadsFile) error {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	began := time.Now()
	g, err := road.New(network.sections, network.turns, network.sites)
	if err != nil {
		return err
	}
	took := time.Since(began).Seconds()
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.graph = g
	b.add(Result{Name: fmt.Sprintf("build the graph of %d junctions, %d edges, %d restrictions", g.Nodes(), g.Edges(), len(network.turns)), Unit: "s", Ours: took, Met: true})
	b.add(Result{Name: "memory of the graph an edge, names and lines of its sections aside", Unit: "bytes",
		Ours: float64(after.HeapAlloc-before.HeapAlloc) / float64(max(g.Edges(), 1)), Met: true})
	return nil
}

// places are random places on the roads of the largest part.
func (b *roadsBench) places(n int) []road.Spot {
	spots := make([]road.Spot, 0, n)
	for len(spots) < n {
		e := road.Edge(b.random.IntN(b.graph.Edges()))
		if from, _ := b.graph.Ends(e); b.graph.Component(from) == 0 {
			spots = append(spots, b.graph.SpotAt(e, b.random.Float64()*b.graph.Metres(e)))
		}
	}
	return spots
}

// matrix measures the matrix of the goal beside plain searches, in turns, and compares every pair.
func (b *roadsBench) matrix(ctx context.Context, from, to []road.Spot) error {
	began := time.Now()
	if err := b.graph.Prepare(ctx, b.options.Progress); err != nil {
		return err
	}
	prepared := time.Since(began).Seconds()
	var ours, plain []float64
	var fast, slow [][]float32
	settled, reached := 0, 0
	for range 3 {
		began = time.Now()
		times, err := b.graph.Matrix(ctx, from, to)
		if err != nil {
			return err
		}
		ours = append(ours, time.Since(began).Seconds())
		began = time.Now()
		if slow, settled, err = b.graph.Plain(ctx, from, to); err != nil {
			return err
		}
		plain = append(plain, time.Since(began).Seconds())
		fast = times
	}
	differ := 0
	for i := range fast {
		reached += b.graph.Settled(from[i])
		for j := range fast[i] {
			if fast[i][j] != slow[i][j] {
				differ++
			}
		}
	}
	quick, dijkstra := median(ours), median(plain)
	b.add(Below("travel times 1,000 × 1,000, hierarchy at hand", "s", quick, 1))
	b.add(Faster("travel times 1,000 × 1,000", "s", quick, dijkstra, "plain Dijkstra, one a row", 0))
	b.add(Faster("the same, with making the hierarchy", "s", quick+prepared, dijkstra, "plain Dijkstra, one a row", 0))
	b.add(Faster("states settled a row", "states", float64(reached)/float64(len(from)), float64(settled)/float64(len(from)), "plain Dijkstra", 0))
	b.add(Result{Name: "pairs of 1,000,000 that differ from plain Dijkstra", Unit: "pairs", Ours: float64(differ), Met: differ == 0})
	return nil
}

// route measures single routes.
func (b *roadsBench) route(from, to []road.Spot) float64 {
	var took []float64
	for i := range from {
		began := time.Now()
		b.graph.Route(from[i], to[i])
		took = append(took, time.Since(began).Seconds()*1000)
	}
	return median(took)
}

// workspace is a folder for a peer's files.
func workspace() (dir string, remove func(), err error) {
	dir, err = os.MkdirTemp("", "vigie-bench-roads-")
	return dir, func() { _ = os.RemoveAll(dir) }, err
}
