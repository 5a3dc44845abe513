package tiles_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"

	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/geoengine/geotest"
	"vigie/geoengine/hex"
	"vigie/tiles"
)

func TestUncertaintyClass(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		expected, low, high float64
		want                int
	}{{10, 7, 13, 0}, {10, 5, 15, 1}, {1, 0, 2, 1}, {1, 0, 3, 2}, {0.1, 0, 0.9, 2}, {0.1, 0, 1, 3}, {0, 0, 0, 3}, {0, 0, 1, 3}} {
		if got := tiles.UncertaintyClass(&forecast.Value{Expected: c.expected, Low80: c.low, High80: c.high}); got != c.want {
			t.Errorf("%v in [%v, %v]: %d, not %d", c.expected, c.low, c.high, got, c.want)
		}
	}
}

// TestForecastShapes tests that each kind of place is drawn as what it is, where it is.
func TestForecastShapes(t *testing.T) {
	t.Parallel()
	db := geotest.New(t)
	for _, sql := range []string{
		`insert into source values (1, 'test', 'Test', 'us', 'none', '', true)`,
		`insert into area (id, path, parent, level, code, name, source, fingerprint, geom) values
			(1, 'fr.31', 'fr', 'commune', '31', 'Toulouse', 1, 0, st_multi(st_makeenvelope(1.4, 43.5, 1.5, 43.7, 4326)))`,
		`insert into unit (zone, source, ref, kind, name, geom, precision_m, cell, area, attributes, fingerprint) values
			(1, 1, 'b1', 'fire.station', 'CS', st_setsrid(st_makepoint(1.44, 43.6), 4326), 10, 1, 'fr.31', '{}', 0)`,
	} {
		if _, err := db.Pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	at := tiles.TileAt(orb.Point{1.44, 43.6}, 12)
	for kind, want := range map[forecast.PlaceKind]string{forecast.Cells: "Polygon", forecast.Lixels: "LineString", forecast.Units: "Point", forecast.Areas: "Polygon"} {
		from := geoengine.Earliest
		v := forecast.Value{Area: "fr.31", From: from, To: from.AddDate(0, 0, 7), Expected: 2.34567, Median: 2, Low80: 1, High80: 4, Low95: 0, High95: 5, LastYear: -1, Count: 2, Rank: 1, Profile: -1}
		switch kind {
		case forecast.Cells:
			v.Cell = hex.Cell(1.44, 43.6, 9)
		case forecast.Lixels:
			v.Place, v.Geometry = "lixel/1", orb.LineString{{1.44, 43.6}, {1.445, 43.6}}
		case forecast.Units:
			v.Place = "test/b1"
		case forecast.Areas:
			v.Place = "fr.31"
		}
		store := forecast.New(db)
		id, err := forecast.NewID(nil)
		if err != nil {
			t.Fatal(err)
		}
		r := &forecast.Result{Spec: forecast.Spec{Name: "x", Areas: []string{"fr.31"}, Until: from, Horizon: "P7D"}, Model: "m", Version: "1", InputHash: "0", Place: kind, From: v.From, To: v.To, Values: []forecast.Value{v}}
		if err := store.Save(t.Context(), r, forecast.Origin{ID: id, At: from}); err != nil {
			t.Fatal(kind, err)
		}
		run, err := store.Find(t.Context(), geoengine.AllRights(), id)
		if err != nil {
			t.Fatal(err)
		}
		body, more, err := tiles.NewForecasts(db).MVT(t.Context(), geoengine.Rights{Scope: []string{"fr"}}, &run, forecast.Window{}, at)
		if err != nil || more {
			t.Fatal(kind, err)
		}
		layers, err := mvt.Unmarshal(body)
		if err != nil || len(layers) != 1 || len(layers[0].Features) != 1 {
			t.Fatalf("%s: %v %+v", kind, err, layers)
		}
		got := layers[0].Features[0]
		if diff := cmp.Diff([]any{want, 2.346, 1.0, 1.0}, []any{got.Geometry.GeoJSONType(), got.Properties["expected"], got.Properties["rank"], got.Properties["share"]}); diff != "" {
			t.Errorf("%s: %s", kind, diff)
		}
		none, _, err := tiles.NewForecasts(db).MVT(t.Context(), geoengine.Rights{Scope: []string{"de"}}, &run, forecast.Window{}, at)
		if layers, _ := mvt.Unmarshal(none); err != nil || len(layers) > 0 && len(layers[0].Features) > 0 {
			t.Errorf("%s is drawn for another territory: %v", kind, err)
		}
	}
}
