package bench

import (
	"context"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/maptile"

	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/hex"
	"vigie/tiles"
)

// busiest is the tile in the middle of the territory.
func busiest() tiles.Tile { return tiles.TileAt(LoadBox.Center(), drawnZoom) }

// tileEncoding measures numbers by cell → vector tile, in nanoseconds a hexagon, beside orb.
func tileEncoding(ctx context.Context, c *cube.Cube, layer *tiles.Hexagons) (Result, error) {
	t := busiest()
	counts, err := c.CellsIn(geoengine.Query{}, hex.Cover(t.Bound(0), tiles.ResolutionForZoom(drawnZoom)), tiles.ResolutionForZoom(drawnZoom))
	if err != nil {
		return Result{}, err
	}
	corners := make([]orb.Ring, len(counts)) // given to orb for nothing
	for i, count := range counts {
		ring := orb.Ring(hex.Boundary(nil, count.Cell))
		corners[i] = append(ring, ring[0])
	}
	ours, err := each(len(counts), func() error { _, err := layer.Draw(ctx, t, counts); return err })
	if err != nil {
		return Result{}, err
	}
	theirs, err := each(len(counts), func() error { _, err := drawByOrb(t, counts, corners); return err })
	if err != nil {
		return Result{}, err
	}
	return Faster("encode a hexagon into a vector tile", "ns", ours, theirs, "orb features, project, clip, marshal", 50), nil
}

// each returns the nanoseconds that do takes for each of n things, the median of many runs.
func each(n int, do func() error) (float64, error) {
	const rounds = 51
	var times []float64
	for range rounds {
		began := time.Now()
		if err := do(); err != nil {
			return 0, err
		}
		times = append(times, float64(time.Since(began))/float64(max(n, 1)))
	}
	return median(times), nil
}

// drawByOrb is the usual way in Go.
func drawByOrb(t tiles.Tile, counts []cube.Count, corners []orb.Ring) ([]byte, error) {
	features := geojson.NewFeatureCollection()
	for i, count := range counts {
		feature := geojson.NewFeature(orb.Polygon{corners[i].Clone()})
		feature.ID = hex.FeatureID(count.Cell)
		feature.Properties = geojson.Properties{"h3": hex.String(count.Cell), "count": count.Count, "weight": count.Weight}
		features.Append(feature)
	}
	layer := mvt.NewLayer("hexagons", features)
	layer.ProjectToTile(maptile.New(uint32(t.X), uint32(t.Y), maptile.Zoom(t.Z)))
	layer.Clip(mvt.MapboxGLDefaultExtentBound)
	return mvt.Marshal(mvt.Layers{layer})
}

// tileSizes compares what a time slider of twelve months needs for one tile, gzipped: the compact form with twelve bins,
// beside a vector tile for each month.
func tileSizes(ctx context.Context, layer *tiles.Hexagons) (Result, error) {
	const months = 12
	t := busiest()
	compact, err := layer.Compact(ctx, t, geoengine.Query{}, cube.Bins{From: LoadStart, To: LoadStart.Add(loadYear), N: months})
	if err != nil {
		return Result{}, err
	}
	ours, _ := tiles.NewBody(compact, false).Encoded("gzip")
	theirs := 0
	for from, end := LoadStart, LoadStart.Add(loadYear); from.Before(end); from = from.Add(loadYear / months) {
		vector, err := layer.MVT(ctx, t, geoengine.Query{From: from, To: from.Add(loadYear / months)})
		if err != nil {
			return Result{}, err
		}
		body, _ := tiles.NewBody(vector, false).Encoded("gzip")
		theirs += len(body)
	}
	return Faster("a tile with twelve months in the compact form", "bytes gzip", float64(len(ours)), float64(theirs),
		"our vector tiles, one a month", 10), nil
}
