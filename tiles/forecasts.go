package tiles

import (
	"context"
	"fmt"
	"math"

	"github.com/cespare/xxhash/v2"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/maptile"

	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/geoengine/hex"
)

// A tile shows the highest expectations of a run, and fewer of them where a screen holds many tiles' worth of places.
const (
	forecastLimit    = 12_000
	forecastFew      = 3_000
	forecastFullZoom = 11 // from which on tiles tell all
)

// Forecasts draws runs of forecasts: cells as polygons, stretches of road as lines, stations as points, areas by their
// outline.
type Forecasts struct{ store *forecast.Store }

// NewForecasts returns the layer "forecast".
func NewForecasts(store *geoengine.Store) *Forecasts { return &Forecasts{forecast.New(store)} }

// UncertaintyClass tells how wide an 80 % interval is beside its expectation, for a palette that shows less difference
// where less is known: 0 is narrower than the expectation itself, 1 than three times it, 2 than ten times it, 3 wider.
func UncertaintyClass(v *forecast.Value) int {
	width := v.High80 - v.Low80
	for class, factor := range []float64{1, 3, 10} {
		if width < factor*v.Expected {
			return class
		}
	}
	const widest = 3
	return widest
}

// MVT draws what the rights show of a run in a tile, as the vector layer "forecast". Ranks and shares, which hang on all
// places of the run, are told where the rights cover them. Below zoom 11 tiles of cells and stretches of road tell only
// what their colours hang on. truncated tells that the tile holds the highest expectations
// only.
func (f *Forecasts) MVT(ctx context.Context, rights geoengine.Rights, run *forecast.Run, w forecast.Window, t Tile) (body []byte, truncated bool, err error) {
	if err := t.Check(); err != nil {
		return nil, false, err
	}
	const buffer = 64.0 / Extent
	if w.Box, w.Limit = t.Bound(buffer), forecastLimit; t.Z < forecastFullZoom {
		w.Limit = forecastFew
	}
	list, truncated, err := f.store.Shown(ctx, rights, run, w)
	if err != nil {
		return nil, false, err
	}
	shapes, err := f.shapes(ctx, list, w.Box, t)
	if err != nil {
		return nil, false, err
	}
	whole := run.Whole(rights.Scope)
	features := geojson.NewFeatureCollection()
	for i := len(list) - 1; i >= 0; i-- { // the highest on top
		if shape := shapes[i]; shape != nil {
			feature := geojson.NewFeature(shape)
			feature.ID, feature.Properties = drawn(&list[i])
			if t.Z >= forecastFullZoom || run.Head.Place == forecast.Units || run.Head.Place == forecast.Areas {
				tell(feature.Properties, &list[i], run, whole)
			}
			features.Append(feature)
		}
	}
	layer := mvt.NewLayer("forecast", features)
	layer.Version = mvtVersion
	layers := mvt.Layers{layer}
	layers.ProjectToTile(maptile.New(uint32(t.X), uint32(t.Y), maptile.Zoom(t.Z)))
	layers.Clip(mvt.MapboxGLDefaultExtentBound)
	layers.RemoveEmpty(0, 0)
	if body, err = mvt.Marshal(layers); err != nil {
		return nil, false, fmt.Errorf("draw run %s: %w", run.ID, err)
	}
	return body, truncated, nil
}

// drawn is the id of a value on the map, and what its colours hang on.
func drawn(v *forecast.Located) (id uint64, properties map[string]any) {
	const jsonSafe = 11 // bits that numbers of browsers have no room for
	id = xxhash.Sum64String(v.Place) >> jsonSafe
	if v.Cell != 0 {
		id = hex.FeatureID(v.Cell)
	}
	return id, map[string]any{
		"id": PlaceID(&v.Value), "expected": short(v.Expected), "width": UncertaintyClass(&v.Value), "last_year": v.LastYear, "count": short(v.Count), "profile": v.Profile,
	}
}

// tell adds the rest of what is known of a value.
func tell(properties map[string]any, v *forecast.Located, run *forecast.Run, whole bool) {
	properties["label"], properties["area"], properties["kind"] = v.Label, v.Area, v.Kind
	properties["median"], properties["low80"], properties["high80"] = short(v.Median), short(v.Low80), short(v.High80)
	if whole && v.Rank > 0 {
		properties["rank"], properties["share"] = v.Rank, short(float64(v.Rank)/float64(max(run.Places, 1)))
	}
}

// short keeps four significant digits: a map shows no more, and values that are alike are written once in a tile.
func short(v float64) float64 {
	if v == 0 {
		return 0
	}
	const digits = 3
	unit := math.Pow(10, digits-math.Floor(math.Log10(math.Abs(v))))
	return math.Round(v*unit) / unit
}

// PlaceID is the id of a value's place: the H3 cell in hexadecimal, or what names it.
func PlaceID(v *forecast.Value) string {
	if v.Cell != 0 {
		return hex.String(v.Cell)
	}
	return v.Place
}

// shapes are those of the values; nil where there is none.
func (f *Forecasts) shapes(ctx context.Context, list []forecast.Located, box orb.Bound, t Tile) ([]orb.Geometry, error) {
	shapes := make([]orb.Geometry, len(list))
	paths := []string{}
	for i := range list {
		switch v := &list[i]; {
		case v.Cell != 0:
			ring := orb.Ring(hex.Boundary(nil, v.Cell))
			shapes[i] = orb.Polygon{append(ring, ring[0])}
		case v.Geometry != nil:
			shapes[i] = v.Geometry
		case geoengine.ValidAreaPath(v.Place):
			paths = append(paths, v.Place)
		case v.Center != nil:
			shapes[i] = *v.Center
		}
	}
	if len(paths) == 0 {
		return shapes, nil
	}
	const pixel = 360.0 / 1024 // of a tile of 512 pixels at zoom 0, halved
	outlines, err := f.store.Outlines(ctx, paths, box, pixel/float64(int(1)<<t.Z))
	if err != nil {
		return nil, err
	}
	for i := range list {
		if shapes[i] == nil {
			shapes[i] = outlines[list[i].Place]
		}
	}
	return shapes, nil
}
