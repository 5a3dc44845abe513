package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/progress"
	"vigie/tiles"
)

const (
	drawnZoom       = 10
	tileConnections = 4
	tilesCompared   = 12
)

// Tiles measures hexagon tiles of zoom 10 under random filters, which no cache can know: ours over HTTP with gzip,
// beside SQL that groups, joins the ready hexagons and draws with ST_AsMVT, prepared and without HTTP, both on four
// connections; then the encoding alone beside orb, and the compact form's size beside the vector tile's. It fills the
// store, which must be empty.
func Tiles(ctx context.Context, store *geoengine.Store, options Options) ([]Result, error) {
	if err := Load(ctx, store, options.Events, options.Seed, options.Progress); err != nil {
		return nil, fmt.Errorf("bench tiles: %w", err)
	}
	log := options.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	c := cube.New(store, log)
	if err := c.Load(ctx, options.Progress); err != nil {
		return nil, fmt.Errorf("bench tiles: %w", err)
	}
	layer := tiles.NewHexagons(c)
	served, err := tileServing(ctx, store, c, layer, options)
	if err != nil {
		return nil, fmt.Errorf("bench tiles: %w", err)
	}
	encoding, err := tileEncoding(ctx, c, layer)
	if err != nil {
		return nil, fmt.Errorf("bench tiles: %w", err)
	}
	size, err := tileSizes(ctx, layer)
	if err != nil {
		return nil, fmt.Errorf("bench tiles: %w", err)
	}
	return []Result{served, encoding, size}, nil
}

// asked is a tile under a filter.
type asked struct {
	tile     tiles.Tile
	category int // index in LoadCategories
	from, to time.Time
}

func (a asked) query() geoengine.Query {
	return geoengine.Query{Categories: LoadCategories[a.category : a.category+1], From: a.from, To: a.to}
}

// randomTile asks for any tile of the territory, one of the five common categories, and one to twelve months.
func randomTile(random *rand.Rand) asked {
	first, last := loadTiles()
	from := LoadStart.Add(time.Duration(random.Int64N(int64(loadYear))))
	return asked{
		tile: tiles.Tile{
			Z: drawnZoom, X: first.X + random.IntN(last.X-first.X+1), Y: first.Y + random.IntN(last.Y-first.Y+1),
		},
		category: random.IntN(5), from: from, to: from.Add(time.Duration(1+random.IntN(12)) * 30 * 24 * time.Hour),
	}
}

// loadTiles are the tiles at the corners of the territory.
func loadTiles() (first, last tiles.Tile) {
	return tiles.TileAt(LoadBox.LeftTop(), drawnZoom), tiles.TileAt(LoadBox.RightBottom(), drawnZoom)
}

func tileServing(ctx context.Context, store *geoengine.Store, c *cube.Cube, layer *tiles.Hexagons, options Options) (Result, error) {
	peer, err := newTilePeer(ctx, store)
	if err != nil {
		return Result{}, err
	}
	defer peer.close()
	if err := peer.agrees(ctx, c, options.Seed); err != nil {
		return Result{}, err
	}
	address, stop, err := serveTiles(ctx, layer)
	if err != nil {
		return Result{}, err
	}
	defer stop()
	if err := warm(ctx, layer); err != nil {
		return Result{}, err
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: tileConnections, DisableCompression: true}}
	ours, err := throughput(ctx, "our tiles", options, func(ctx context.Context, a asked) error { return fetch(ctx, client, address, a) })
	if err != nil {
		return Result{}, err
	}
	theirs, name, err := peer.best(ctx, options)
	if err != nil {
		return Result{}, err
	}
	return Higher(fmt.Sprintf("filtered z%d tiles of %d events through HTTP, %d connections", drawnZoom, options.Events, tileConnections),
		"tiles/s", ours, theirs, name, 20), nil
}

// warm encodes the geometry of the territory's tiles, as on a server that has been up for a while.
func warm(ctx context.Context, layer *tiles.Hexagons) error {
	first, last := loadTiles()
	for x := first.X; x <= last.X; x++ {
		for y := first.Y; y <= last.Y; y++ {
			if _, err := layer.MVT(ctx, tiles.Tile{Z: drawnZoom, X: x, Y: y}, geoengine.Query{Scope: []string{}}); err != nil {
				return err
			}
		}
	}
	return nil
}

// tileTime is how long each side is measured; tests with few events are shorter.
func tileTime(events int) time.Duration {
	if events < 100_000 {
		return time.Second / 2
	}
	return 4 * time.Second
}

// throughput asks for random tiles on every connection for some seconds and returns how many were answered a second.
func throughput(ctx context.Context, task string, options Options, ask func(context.Context, asked) error) (float64, error) {
	limit, cancel := context.WithTimeout(ctx, tileTime(options.Events))
	defer cancel()
	type done struct {
		tiles int
		err   error
	}
	began, finished := time.Now(), make(chan done)
	for connection := range tileConnections {
		go func() {
			random := rand.New(rand.NewPCG(options.Seed, uint64(connection)))
			var d done
			for limit.Err() == nil {
				if d.err = ask(limit, randomTile(random)); d.err != nil {
					break
				}
				d.tiles++
			}
			finished <- d
		}()
	}
	total := 0
	var failure error
	for range tileConnections {
		d := <-finished
		total += d.tiles
		if d.err != nil && limit.Err() == nil {
			failure = errors.Join(failure, d.err)
		}
	}
	if failure == nil {
		failure = ctx.Err()
	}
	options.Progress.Report(progress.Update{Task: task, Unit: "tiles", Done: int64(total), Finished: true})
	return float64(total) / time.Since(began).Seconds(), failure
}

// serveTiles serves the layer on the loopback.
func serveTiles(ctx context.Context, layer *tiles.Hexagons) (address string, stop func(), err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: tileHandler(layer), ReadHeaderTimeout: time.Second}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_ = server.Serve(listener) // ends with ErrServerClosed
	}()
	return "http://" + listener.Addr().String(), func() { _ = server.Close(); <-closed }, nil
}
