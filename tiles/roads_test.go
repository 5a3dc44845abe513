package tiles_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"

	"vigie/data"
	"vigie/data/sources/roads"
	"vigie/geoengine"
	"vigie/geoengine/geotest"
	"vigie/tiles"
)

// importLines imports roads given as "class number lon,lat lon,lat …".
func importLines(t *testing.T, store *geoengine.Store, lines ...string) {
	t.Helper()
	var text strings.Builder
	for i, line := range lines {
		fields := strings.Fields(line)
		var positions []string
		for _, p := range fields[2:] {
			positions = append(positions, "["+p+"]")
		}
		fmt.Fprintf(&text, `{"type":"Feature","properties":{"id":%d,"highway":%q,"ref":%q},"geometry":{"type":"LineString","coordinates":[%s]}}`+"\n",
			i, fields[0], strings.Trim(fields[1], "-"), strings.Join(positions, ","))
	}
	files := []data.File{{Name: "roads.geojsonl", Open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(text.String())), nil
	}}}
	if _, err := data.Import(t.Context(), store, roads.Source(), data.Input{Files: files}, data.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
}

// drawnRoads lists the roads of a tile as "class number positions".
func drawnRoads(t *testing.T, store *geoengine.Store, at orb.Point, zoom int) []string {
	t.Helper()
	tile := maptile.At(at, maptile.Zoom(zoom))
	body, err := tiles.NewRoads(store).MVT(t.Context(), tiles.Tile{Z: zoom, X: int(tile.X), Y: int(tile.Y)})
	if err != nil {
		t.Fatal(err)
	}
	layers, err := mvt.Unmarshal(body)
	if err != nil {
		t.Fatal(err)
	}
	found := []string{}
	for _, layer := range layers {
		for _, f := range layer.Features {
			line, _ := f.Geometry.(orb.LineString)
			found = append(found, fmt.Sprintf("%s %s %v %d", layer.Name, f.Properties["class"], f.Properties["number"], len(line)))
		}
	}
	return found
}

func TestRoadTiles(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	at := orb.Point{1.44, 43.6}
	if got := drawnRoads(t, store, at, 14); len(got) != 0 {
		t.Errorf("without roads: %v", got)
	}
	importLines(t, store,
		"motorway A61 1.43,43.6 1.44,43.6", "motorway A61 1.44,43.6 1.445,43.6001 1.45,43.6", "primary D113 1.44,43.59 1.44,43.6 1.44,43.61",
		"residential - 1.441,43.601 1.442,43.601", "service - 1.442,43.601 1.4425,43.6015", "motorway_link - 1.44,43.6 1.4405,43.6001")
	for zoom, want := range map[int][]string{
		5:  {"roads motorway A61 2"}, // two sections joined into one line, simplified
		9:  {"roads primary D113 2", "roads motorway A61 2"},
		11: {"roads primary D113 2", "roads motorway  2", "roads motorway A61 2"},
		12: {"roads primary D113 2", "roads primary D113 2", "roads motorway  2", "roads motorway A61 2", "roads motorway A61 3"},
		13: {"roads residential  2", "roads primary D113 2", "roads primary D113 2", "roads motorway  2", "roads motorway A61 2", "roads motorway A61 3"},
		14: {"roads service  2", "roads residential  2", "roads primary D113 2", "roads primary D113 2", "roads motorway  2", "roads motorway A61 2", "roads motorway A61 3"},
	} {
		got := drawnRoads(t, store, at, zoom)
		if last := got[len(got)-1]; !strings.HasPrefix(last, "roads motorway") {
			t.Errorf("zoom %d: %s is drawn over motorways", zoom, last)
		}
		if diff := cmp.Diff(want, got, cmpopts.SortSlices(strings.Compare)); diff != "" {
			t.Errorf("zoom %d (-want +got):\n%s", zoom, diff)
		}
	}
	importLines(t, store, "primary D1 1.44,43.59 1.44,43.61") // the network is replaced as a whole
	if diff := cmp.Diff([]string{"roads primary D1 2"}, drawnRoads(t, store, at, 14)); diff != "" {
		t.Errorf("after another import (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"roads primary D1 2"}, drawnRoads(t, store, at, 9)); diff != "" {
		t.Errorf("after another import (-want +got):\n%s", diff)
	}
	layer := tiles.NewRoads(store)
	if _, err := layer.MVT(t.Context(), tiles.Tile{Z: 4}); err == nil {
		t.Error("zoom 4 is drawn")
	}
	text, err := layer.Attribution(t.Context())
	if err != nil || !strings.Contains(text, "Réseau routier") {
		t.Errorf("%q %v", text, err)
	}
}
