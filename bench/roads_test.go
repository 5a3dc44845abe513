package bench

import (
	"math/rand/v2"
	"slices"
	"testing"

	"vigie/geoengine/geotest"
	"vigie/geoengine/road"
)

// TestMatrixOnRealNetworks holds the hierarchy to plain searches, pair by pair, on networks as they are mapped, with their
// turn restrictions.
func TestMatrixOnRealNetworks(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"andorra_graphhopper.osm.pbf", "monaco_graphhopper.osm.gz", "paris_bss_valhalla.osm.pbf", "edinburgh_openroads_6km_wgs84.geojsonl.gz"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			network, err := readRoads(t.Context(), geotest.Shared(t, "roads/"+file))
			if err != nil {
				t.Fatal(err)
			}
			g, err := road.New(network.sections, network.turns, network.sites)
			if err != nil {
				t.Fatal(err)
			}
			if g.Edges() < 500 {
				t.Fatalf("only %d edges", g.Edges())
			}
			random := rand.New(rand.NewPCG(1, 3))
			var from, to []road.Spot
			for range 80 {
				a, b := road.Edge(random.IntN(g.Edges())), road.Edge(random.IntN(g.Edges()))
				from, to = append(from, g.SpotAt(a, random.Float64()*g.Metres(a))), append(to, g.SpotAt(b, random.Float64()*g.Metres(b)))
			}
			if err := g.Prepare(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			ours, err := g.Matrix(t.Context(), from, to)
			if err != nil {
				t.Fatal(err)
			}
			plain, _, err := g.Plain(t.Context(), from, to)
			if err != nil {
				t.Fatal(err)
			}
			for i := range ours {
				if !slices.Equal(ours[i], plain[i]) {
					t.Errorf("row %d differs from a plain search", i)
				}
			}
		})
	}
}
