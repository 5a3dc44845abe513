package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/progress"
	"vigie/tiles"
)

const (
	apiConnections = 4
	busy           = 16 // connections that keep every core at work, so that throughput shows the work and not the waiting
	featureLimit   = 1000
	loadRoot       = "bench" // area above all that Load writes
)

// API measures the server as people meet it, with log-ins, a territory, row-level security and the journal: pages of
// features beside the SQL that pg_featureserv sends, hexagon and event tiles beside the same drawing without any of
// these, and the journal beside single inserts. It fills the store, which must be empty.
func API(ctx context.Context, store *geoengine.Store, options Options) ([]Result, error) {
	results, err := measureAPI(ctx, store, options)
	if err != nil {
		return nil, fmt.Errorf("bench api: %w", err)
	}
	return results, nil
}

func measureAPI(ctx context.Context, store *geoengine.Store, options Options) ([]Result, error) {
	if err := Load(ctx, store, options.Events, options.Seed, options.Progress); err != nil {
		return nil, err
	}
	log := options.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	quiet := slog.New(slog.DiscardHandler) // a server logs to a file; this would go to the terminal
	c := cube.New(store, log)
	if err := c.Load(ctx, options.Progress); err != nil {
		return nil, err
	}
	s, err := serveAPI(ctx, store, c, quiet, loadRoot) // the whole synthetic territory, which is an area among others to the server
	if err != nil {
		return nil, err
	}
	defer s.stop()
	b := &apiBench{store: store, cube: c, site: s, options: options,
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: busy, DisableCompression: true}}}
	var results []Result
	for _, part := range []func(context.Context) ([]Result, error){b.features, b.hexagonTiles, b.eventTiles, b.journal} {
		rows, err := part(ctx)
		if err != nil {
			return nil, err
		}
		results = append(results, rows...)
	}
	return results, nil
}

type apiBench struct {
	store   *geoengine.Store
	cube    *cube.Cube
	site    *site
	client  *http.Client
	options Options
}

// pieces is how many requests a part makes on each side; tests with few events make fewer.
func (b *apiBench) pieces(full int) int {
	if b.options.Events < 100_000 {
		return full / 20
	}
	return full
}

func (b *apiBench) done(task string, n int) {
	b.options.Progress.Report(progress.Update{Task: task, Unit: "requests", Done: int64(n), Finished: true})
}

// ask sends a request and reads the answer, which must be 200.
func (b *apiBench) ask(request *http.Request) error {
	response, err := b.client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", request.URL.Path, response.Status)
	}
	return nil
}

// peerFeatures is the statement of pg_featureserv 1.3.1 (internal/data/db_sql.go): geometry by ST_AsGeoJSON, columns that
// are no numbers cast to text, bbox as literals through ST_Intersects on the GiST index, LIMIT and OFFSET; no rights.
const peerFeatures = `SELECT ST_AsGeoJSON( "geom"  ) AS _geojson , "zone","source","ref"::text,"category","severity","starts"::text,` +
	`"ends"::text,"reported"::text,"utc_offset","precision_m","weight","cell","area"::text,"attributes"::text,"fingerprint","xid" ` +
	`FROM "public"."event"  WHERE  ST_Intersects("geom", ST_MakeEnvelope(%v, %v, %v, %v, 4326))    LIMIT %d;`

const peerFeaturesName = "as pg_featureserv 1.3.1: its SQL on a GiST index, encoding/json, HTTP; no rights, no names of categories"

// features asks for pages of features in boxes of 2 to 20 km.
func (b *apiBench) features(ctx context.Context) ([]Result, error) {
	for _, sql := range []string{peerPoints, `vacuum analyze event`} {
		if _, err := b.store.Pool.Exec(ctx, sql); err != nil {
			return nil, err
		}
	}
	n := b.pieces(400)
	boxes, random := make([]orb.Bound, n), rand.New(rand.NewPCG(b.options.Seed, 3))
	for i := range boxes {
		boxes[i] = randomBox(random)
	}
	peerAddress, stop, err := serveHandler(ctx, b.peerHandler(boxes))
	if err != nil {
		return nil, err
	}
	defer stop()
	counts := [2][]int64{make([]int64, n), make([]int64, n)}
	ours, peer, err := sides{
		func(ctx context.Context, i int) error {
			target := fmt.Sprintf("/ogc/collections/events/items?f=json&limit=%d&bbox=%s", featureLimit, url.QueryEscape(commas(boxes[i])))
			request, err := b.site.request(ctx, target)
			if err != nil {
				return err
			}
			request.Header.Del("Accept-Encoding")
			counts[0][i], err = b.askFeatures(request)
			return err
		},
		func(ctx context.Context, i int) error {
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/?n=%d", peerAddress, i), nil)
			if err != nil {
				return err
			}
			counts[1][i], err = b.askFeatures(request)
			return err
		},
	}.measure(ctx, n, 50, apiConnections)
	if err != nil {
		return nil, err
	}
	var features [2]float64
	for i := range boxes {
		if counts[0][i] != counts[1][i] {
			return nil, fmt.Errorf("features in %s: ours %d, peer %d", commas(boxes[i]), counts[0][i], counts[1][i])
		}
		features[0], features[1] = features[0]+float64(counts[0][i]), features[1]+float64(counts[1][i])
	}
	b.done("pages of features", n)
	name := fmt.Sprintf("pages of up to %d features by bbox, %d events, %d connections", featureLimit, b.options.Events, apiConnections)
	return []Result{
		Higher(name, "features/s", features[0]/ours.seconds, features[1]/peer.seconds, peerFeaturesName, 1),
		Faster(name+", 99th percentile", "ms", ours.p99(), peer.p99(), peerFeaturesName, 1),
	}, nil
}

func commas(b orb.Bound) string {
	return fmt.Sprintf("%.6f,%.6f,%.6f,%.6f", b.Min[0], b.Min[1], b.Max[0], b.Max[1])
}

// randomBox is a box within the territory, 2 to 20 km wide.
func randomBox(random *rand.Rand) orb.Bound {
	width := .026 + .234*random.Float64()
	west := LoadBox.Min[0] + random.Float64()*(LoadBox.Max[0]-LoadBox.Min[0]-width)
	south := LoadBox.Min[1] + random.Float64()*(LoadBox.Max[1]-LoadBox.Min[1]-width*.7)
	micro := func(x float64) float64 { return math.Round(x*1e6) / 1e6 } // both sides are asked for the same box
	return orb.Bound{
		Min: orb.Point{micro(west), micro(south)}, Max: orb.Point{micro(west + width), micro(south + width*.7)},
	}
}

// askFeatures counts the features of an answer by what each begins with.
func (b *apiBench) askFeatures(request *http.Request) (int64, error) {
	response, err := b.client.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s %.200s", request.URL.Path, response.Status, body)
	}
	return int64(strings.Count(string(body), `"type":"Feature"`)), err
}

// peerHandler answers /?n=… with the page of that box, as pg_featureserv makes it: each row into a map, all of them into one
// text. The text of its statement differs with every box, so nothing is prepared.
func (b *apiBench) peerHandler(boxes []orb.Bound) http.Handler {
	type feature struct {
		Type       string          `json:"type"`
		Geometry   json.RawMessage `json:"geometry"`
		Properties map[string]any  `json:"properties"`
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(r.URL.Query().Get("n"))
		if err != nil || n < 0 || n >= len(boxes) {
			http.Error(w, "n", http.StatusNotFound)
			return
		}
		box := boxes[n]
		sql := fmt.Sprintf(peerFeatures, box.Min[0], box.Min[1], box.Max[0], box.Max[1], featureLimit)
		rows, err := b.store.Pool.Query(r.Context(), sql, pgx.QueryExecModeExec)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		features, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (feature, error) {
			values, err := row.Values()
			if err != nil {
				return feature{}, err
			}
			f := feature{"Feature", json.RawMessage(values[0].(string)), map[string]any{}} //nolint:forcetypeassert // it is text
			for i, column := range row.FieldDescriptions()[1:] {
				f.Properties[column.Name] = values[i+1]
			}
			return f, nil
		})
		var body []byte
		if err == nil {
			body, err = json.Marshal(map[string]any{"type": "FeatureCollection", "features": features, "numberReturned": len(features)})
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/geo+json")
		_, _ = w.Write(body) // the client may have left
	})
}

// hexagonTiles draws tiles that no cache can know, by the server and by the layer alone, both through HTTP with gzip.
func (b *apiBench) hexagonTiles(ctx context.Context) ([]Result, error) {
	layer := tiles.NewHexagons(b.cube)
	if err := warm(ctx, layer); err != nil {
		return nil, err
	}
	bare, stop, err := serveHandler(ctx, tileHandler(layer))
	if err != nil {
		return nil, err
	}
	defer stop()
	if err := b.warmServer(ctx); err != nil {
		return nil, err
	}
	n := b.pieces(6000)
	wanted, random := make([]asked, n), rand.New(rand.NewPCG(b.options.Seed, 4))
	for i := range wanted {
		wanted[i] = randomTile(random)
	}
	ours, peer, err := sides{
		func(ctx context.Context, i int) error { return b.tile(ctx, "hexagons", wanted[i]) },
		func(ctx context.Context, i int) error { return fetch(ctx, b.client, bare, wanted[i]) },
	}.measure(ctx, n, 400, busy)
	if err != nil {
		return nil, err
	}
	b.done("hexagon tiles", n)
	return []Result{Higher(fmt.Sprintf("filtered z%d hexagon tiles with log-in and territory, %d connections", drawnZoom, busy),
		"tiles/s", ours.rate(), peer.rate(), "the same layer behind a bare handler", .9)}, nil
}

// warmServer asks for every tile once, as on a server that has been up for a while.
func (b *apiBench) warmServer(ctx context.Context) error {
	first, last := loadTiles()
	for x := first.X; x <= last.X; x++ {
		for y := first.Y; y <= last.Y; y++ {
			a := asked{tile: tiles.Tile{Z: drawnZoom, X: x, Y: y}, from: LoadStart, to: LoadStart.Add(time.Second)}
			if err := b.tile(ctx, "hexagons", a); err != nil {
				return err
			}
		}
	}
	return nil
}

// tile asks the server for a tile.
func (b *apiBench) tile(ctx context.Context, layer string, a asked) error {
	values := url.Values{
		"category": {LoadCategories[a.category]}, "from": {a.from.UTC().Format(time.RFC3339)}, "to": {a.to.UTC().Format(time.RFC3339)},
	}
	request, err := b.site.request(ctx, "/tiles/"+layer+"/"+a.tile.String()+".mvt?"+values.Encode())
	if err != nil {
		return err
	}
	return b.ask(request)
}

// capture keeps the last statement that draws a tile, to run it again without rights.
type capture struct{ asked pgx.TraceQueryStartData }

// TraceQueryStart keeps what has parameters: the rest begins and ends transactions.
func (c *capture) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	if len(data.Args) > 0 {
		c.asked = data
	}
	return ctx
}

// TraceQueryEnd is not needed.
func (c *capture) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// eventTiles draws single events, by the server with row-level security and a line of the journal for each tile, and by
// the same statement as the owner of the table behind a bare handler.
func (b *apiBench) eventTiles(ctx context.Context) ([]Result, error) {
	n := b.pieces(1600)
	wanted, statements, err := b.eventStatements(ctx, n)
	if err != nil {
		return nil, err
	}
	bare, stop, err := serveHandler(ctx, b.bareEvents(statements))
	if err != nil {
		return nil, err
	}
	defer stop()
	ours, peer, err := sides{
		func(ctx context.Context, i int) error { return b.tile(ctx, "events", wanted[i]) },
		func(ctx context.Context, i int) error {
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/?n=%d", bare, i), nil)
			if err != nil {
				return err
			}
			request.Header.Set("Accept-Encoding", "gzip")
			return b.ask(request)
		},
	}.measure(ctx, n, 200, busy)
	if err != nil {
		return nil, err
	}
	b.done("event tiles", n)
	return []Result{Higher(fmt.Sprintf("filtered z%d event tiles with log-in, row security and journal, %d connections", eventZoom, busy),
		"tiles/s", ours.rate(), peer.rate(), "the same SQL as the table's owner behind a bare handler", .9)}, nil
}

const eventZoom = 13

// eventStatements are tiles around events, each with the statement that draws it.
func (b *apiBench) eventStatements(ctx context.Context, n int) ([]asked, []pgx.TraceQueryStartData, error) {
	watched := &capture{}
	config := b.store.Pool.Config()
	config.ConnConfig.Tracer, config.MaxConns = watched, 1
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, nil, err
	}
	defer pool.Close()
	layer := tiles.NewEvents(&geoengine.Store{Pool: pool})
	wanted, statements := make([]asked, n), make([]pgx.TraceQueryStartData, n)
	random := rand.New(rand.NewPCG(b.options.Seed, 5))
	places := newGenerator(b.options.Seed, n, nil, 0)
	for i := range wanted {
		a := randomTile(random)
		a.tile = tiles.TileAt(places.position(), eventZoom)
		if _, _, err := layer.MVT(ctx, a.tile, a.query()); err != nil {
			return nil, nil, err
		}
		wanted[i], statements[i] = a, watched.asked
	}
	return wanted, statements, nil
}

// bareEvents answers /?n=… with the tile of that statement.
func (b *apiBench) bareEvents(statements []pgx.TraceQueryStartData) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var n, count int
		var plain []byte
		if _, err := fmt.Sscan(r.URL.Query().Get("n"), &n); err != nil || n < 0 || n >= len(statements) {
			http.Error(w, "n", http.StatusNotFound)
			return
		}
		args := append([]any{pgx.QueryExecModeCacheDescribe}, statements[n].Args...)
		if err := b.store.Pool.QueryRow(r.Context(), statements[n].SQL, args...).Scan(&plain, &count); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		writeTile(w, r, plain)
	})
}
