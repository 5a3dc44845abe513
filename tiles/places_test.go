package tiles_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"

	"vigie/geoengine"
	"vigie/geoengine/geotest"
	"vigie/geoengine/hex"
	"vigie/tiles"
)

// square is a commune and its région of one degree, south-west corner at lon, lat.
const insertArea = `insert into area (id, path, parent, level, code, name, source, fingerprint, geom)
	values ($1, $2, '', $3, '1', 'Saint-''Ouen"', 1, 0, st_multi(st_makeenvelope($4::float8, $5::float8, $4::float8 + 1, $5::float8 + 1, 4326)))`

func namesIn(t *testing.T, body []byte, layer, property string) []string {
	t.Helper()
	layers, err := mvt.Unmarshal(body)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, l := range layers {
		if l.Name != layer {
			continue
		}
		for _, feature := range l.Features {
			names = append(names, feature.Properties.MustString(property))
		}
	}
	slices.Sort(names)
	return names
}

func TestAreaTiles(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	for i, area := range []struct {
		path, level string
		lon         float64
	}{{"fr.76", "region", 1}, {"fr.76.31", "departement", 1}, {"fr.76.31.1", "commune", 1}, {"fr.75", "region", 5}} {
		if _, err := store.Pool.Exec(t.Context(), insertArea, i+1, area.path, area.level, area.lon, 43.0); err != nil {
			t.Fatal(err)
		}
	}
	layer := tiles.NewAreas(store)
	at := func(z int, lon, lat float64) tiles.Tile {
		tile := maptile.At(orb.Point{lon, lat}, maptile.Zoom(z))
		return tiles.Tile{Z: z, X: int(tile.X), Y: int(tile.Y)}
	}
	tests := []struct {
		name   string
		tile   tiles.Tile
		areas  []string
		labels []string
	}{
		{"the world shows régions", tiles.Tile{}, []string{"fr.75", "fr.76"}, []string{"fr.75", "fr.76"}},
		{"a tile at the edge of the world", tiles.Tile{Z: 1, X: 1, Y: 0}, []string{"fr.75", "fr.76"}, []string{"fr.75", "fr.76"}},
		{"départements from zoom 5", at(6, 1.5, 43.5), []string{"fr.75", "fr.76", "fr.76.31"}, []string{"fr.75", "fr.76", "fr.76.31"}},
		{"communes from zoom 9", at(9, 1.5, 43.5), []string{"fr.76", "fr.76.31", "fr.76.31.1"}, []string{"fr.76", "fr.76.31", "fr.76.31.1"}},
		{"no label in a corner", at(9, 1.02, 43.02), []string{"fr.76", "fr.76.31", "fr.76.31.1"}, []string{}},
		{"empty sea", at(9, -30, 20), []string{}, []string{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			body, err := layer.MVT(t.Context(), test.tile)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.areas, namesIn(t, body, "areas", "path")); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.labels, namesIn(t, body, "area_labels", "path")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

const (
	insertUnit = `insert into unit (zone, source, ref, kind, name, geom, precision_m, cell, area, attributes, fingerprint)
		values (1, 1, $1, 'fire.station', $1, st_setsrid(st_makepoint($2, 43.5), 4326), 0, $4, $3, '{}', 0)`
	insertSource = `insert into source values (1, 'test', 'Essai', '', '', '', true)`
)

func TestUnitTilesKeepToTheScope(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	if _, err := store.Pool.Exec(t.Context(), insertSource); err != nil {
		t.Fatal(err)
	}
	cell := hex.Cell(1.5, 43.5, geoengine.CellResolution)
	if _, err := store.Pool.Exec(t.Context(), insertZone, int64(hex.Parent(cell, geoengine.ZoneResolution))); err != nil {
		t.Fatal(err)
	}
	for ref, area := range map[string]string{"a": "fr.76.31", "b": "fr.760", "c": ""} {
		if _, err := store.Pool.Exec(t.Context(), insertUnit, ref, 1.5, area, int64(cell)); err != nil {
			t.Fatal(err)
		}
	}
	tile := maptile.At(orb.Point{1.5, 43.5}, 10)
	tests := []struct {
		name  string
		scope []string
		want  []string
	}{
		{"everything", nil, []string{"a", "b", "c"}},
		{"nothing", []string{}, []string{}},
		{"one région", []string{"fr.76"}, []string{"a"}},
		{"itself", []string{"fr.760"}, []string{"b"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			body, err := tiles.NewUnits(store).MVT(t.Context(), tiles.Tile{Z: 10, X: int(tile.X), Y: int(tile.Y)}, test.scope)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, namesIn(t, body, "units", "ref")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

const (
	insertCategory = `insert into category values (1, 'road.accident')`
	insertZone     = `insert into zone values (1, $1)`
	insertEvent    = `insert into event values (1, 1, $1, 1, 5, '2024-03-31 00:30Z', '2024-03-31 00:30Z', '2024-03-31 00:30Z', 3600,
		st_setsrid(st_makepoint($2, $3), 4326), 5, 1, $4, $5, '{"light": "night"}', 0, 1)`
)

func TestEventTiles(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	at := orb.Point{1.5, 43.5}
	cell := hex.Cell(at.Lon(), at.Lat(), geoengine.CellResolution)
	for sql, args := range map[string][]any{insertSource: nil, insertCategory: nil, insertZone: {int64(hex.Parent(cell, geoengine.ZoneResolution))}} {
		if _, err := store.Pool.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	for ref, area := range map[string]string{"a": "fr.76", "b": "fr.75"} {
		if _, err := store.Pool.Exec(t.Context(), insertEvent, ref, at.Lon(), at.Lat(), int64(cell), area); err != nil {
			t.Fatal(err)
		}
	}
	layer := tiles.NewEvents(store)
	tile := maptile.At(at, 15)
	here := tiles.Tile{Z: 15, X: int(tile.X), Y: int(tile.Y)}
	for want, query := range map[string]geoengine.Query{
		"a b": {},
		"a":   {Scope: []string{"fr.76"}},
		"b":   {Areas: []string{"fr.75"}, Severities: []geoengine.Severity{geoengine.SeverityFatal}},
		"":    {Scope: []string{}},
	} {
		body, truncated, err := layer.MVT(t.Context(), here, query)
		if err != nil || truncated {
			t.Fatal(truncated, err)
		}
		if got := strings.Join(namesIn(t, body, "events", "ref"), " "); got != want {
			t.Errorf("%+v: got %q, want %q", query, got, want)
		}
		if want == "a" {
			if diff := cmp.Diff([]string{"2024-03-31T01:30:00"}, namesIn(t, body, "events", "start")); diff != "" {
				t.Error(diff)
			}
		}
	}
	if _, _, err := layer.MVT(t.Context(), tiles.Tile{Z: 12}, geoengine.Query{}); !errors.Is(err, geoengine.ErrInvalid) {
		t.Errorf("zoom 12: %v", err)
	}
	if body, _, err := layer.MVT(t.Context(), tiles.Tile{Z: 15, X: 1, Y: 1}, geoengine.Query{}); err != nil || len(namesIn(t, body, "events", "ref")) != 0 {
		t.Errorf("elsewhere: %v", err)
	}
}

func TestLayersAreDescribed(t *testing.T) {
	t.Parallel()
	for _, layer := range tiles.Layers() {
		described := layer.Describe("https://vigie.example", "?category=a", orb.Bound{Min: orb.Point{-5, 41}, Max: orb.Point{10, 51}}, "© essai")
		if described.Tiles[0] != "https://vigie.example/tiles/"+layer.ID+"/{z}/{x}/{y}.mvt?category=a" || len(described.VectorLayers) == 0 {
			t.Errorf("%+v", described)
		}
		if diff := cmp.Diff([4]float64{-5, 41, 10, 51}, described.Bounds); diff != "" {
			t.Error(diff)
		}
	}
	for _, night := range []bool{false, true} {
		style, err := tiles.Style("", night)
		if err != nil || !json.Valid(style) {
			t.Errorf("style: %v", err)
		}
	}
}
