package sources_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigie/geoengine"
	"vigie/geoengine/geotest"
)

// A file that cannot be read to its end says where and why, and leaves the network as it was.
func TestBrokenRoadFiles(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	importRoads(t, store, "osm", geotest.Shared(t, "roads/monaco_graphhopper.osm.gz"))
	importRoads(t, store, "roads", grid(t, 5, 0))
	before := append(lines(t, store, activeRoads), lines(t, store, allRoads)...)
	part := func(name, suffix string, keep float64) string {
		t.Helper()
		content, err := os.ReadFile(geotest.Shared(t, "roads/"+name))
		if err != nil {
			t.Fatal(err)
		}
		return file(t, "part"+suffix, content[:int(float64(len(content))*keep)])
	}
	var bomb bytes.Buffer
	w := gzip.NewWriter(&bomb)
	_, _ = w.Write([]byte("<osm>")) // to memory
	_, _ = w.Write(bytes.Repeat([]byte("<node id='1' lat='1' lon='1'/>\n"), 64<<20/31))
	_ = w.Close()
	for _, c := range []struct{ source, file, says string }{
		{"osm", part("poa_osm.pbf", ".pbf", .8), "ends in the middle"},
		{"osm", part("andorra_graphhopper.osm.pbf", ".pbf", .02), "blob 2"},
		{"osm", part("monaco_graphhopper.osm.gz", ".osm.gz", .5), "part.osm.gz"},
		{"osm", geotest.Shared(t, "roads/edinburgh_openroads_6km_wgs84.geojsonl.gz"), "vigie import roads"},
		{"osm", geotest.Shared(t, "admin/radars_2018.csv.gz"), "neither OSM PBF nor OSM XML"},
		{"osm", geotest.Shared(t, "traffic/france_events.xml"), "not with <osm>"},
		{"osm", file(t, "bomb.osm.gz", bomb.Bytes()), "times as many"},
		{"roads", geotest.Shared(t, "roads/monaco_graphhopper.osm.gz"), "not with a GeoJSON object"},
		{"roads", geotest.Shared(t, "roads/poa_osm.pbf"), "not with a GeoJSON object"},
		{"roads", part("edinburgh_openroads_6km_wgs84.geojsonl.gz", ".gz", .5), "part.gz"},
	} {
		_, err := tryRoads(t.Context(), store, c.source, c.file)
		if !errors.Is(err, geoengine.ErrInvalid) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s %s: %v, want an invalid file that says %q", c.source, filepath.Base(c.file), err, c.says)
		}
		after := append(lines(t, store, activeRoads), lines(t, store, allRoads)...)
		if diff := cmp.Diff(before, after); diff != "" {
			t.Fatalf("%s %s leaves (-want +got):\n%s", c.source, c.file, diff)
		}
	}
}

func file(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
