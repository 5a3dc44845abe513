package conformance

import "testing"

// TestTiles asks for tiles of the middle of the demonstration's territory.
func TestTiles(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	checks, err := Tiles(t.Context(), s.client(), TileInputs{
		Template: "/tiles/WebMercatorQuad/{tileMatrix}/{tileRow}/{tileCol}", Matrix: 8, MinRow: 90, MaxRow: 90, MinCol: 123, MaxCol: 123,
	})
	if err != nil {
		t.Fatal(err)
	}
	report(t, Run(t.Context(), checks))
}
