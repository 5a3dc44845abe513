package sources_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vigie/data"
	"vigie/data/sources"
	"vigie/geoengine"
	"vigie/geoengine/geotest"
	"vigie/geoengine/road"
)

func importRoads(t *testing.T, store *geoengine.Store, source string, files ...string) data.Report {
	t.Helper()
	report, err := tryRoads(t.Context(), store, source, files...)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func tryRoads(ctx context.Context, store *geoengine.Store, source string, names ...string) (data.Report, error) {
	src, err := sources.Find(source)
	if err != nil {
		return data.Report{}, err
	}
	files, cleanup, err := data.OpenInput(ctx, names, data.Limits{})
	if err != nil {
		return data.Report{}, err
	}
	defer cleanup()
	return data.Import(ctx, store, src, data.Input{Files: files}, data.ImportOptions{})
}

// Every road file of the shared data is imported, and a second time changes nothing.
func TestRoadFiles(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	for _, c := range []struct {
		source, file           string
		sections, turns, sites int64
		rejected               map[string]int64
	}{
		{"osm", "andorra_graphhopper.osm.pbf", 2299, 0, 105, nil},
		{"osm", "columbus_otp.osm.pbf", 30256, 9, 206, nil},
		{"osm", "monaco_graphhopper.osm.gz", 734, 0, 25, nil},
		{"osm", "paris_bss_valhalla.osm.pbf", 888, 0, 1, map[string]int64{"missing_nodes": 95}},
		{"osm", "poa_osm.pbf", 20404, 0, 7, nil},
		{"osm", "portland-central-filtered_otp.osm.pbf", 9479, 407, 3, nil},
		{"roads", "edinburgh_openroads_6km_wgs84.geojsonl.gz", 12230, 0, 0, nil},
	} {
		file := geotest.Shared(t, "roads/"+c.file)
		first := importRoads(t, store, c.source, file)
		want := c.sections + c.turns + c.sites
		var rejected int64
		for _, n := range c.rejected {
			rejected += n
		}
		if first.New+first.Changed != want || first.Read != want+rejected {
			t.Errorf("%s: %d new and %d changed of %d read, want %d of %d", c.file, first.New, first.Changed, first.Read, want, want+rejected)
		}
		if diff := cmp.Diff(c.rejected, first.Rejected, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: rejects (-want +got):\n%s", c.file, diff)
		}
		again := importRoads(t, store, c.source, file)
		if again.New != 0 || again.Changed != 0 || again.Removed != 0 || again.Unchanged != want {
			t.Errorf("%s again: %d new, %d changed, %d removed, %d unchanged; want only %d unchanged",
				c.file, again.New, again.Changed, again.Removed, again.Unchanged, want)
		}
		graph, info, err := road.Load(t.Context(), store, nil, 0, nil)
		if err != nil {
			t.Fatalf("%s: %v", c.file, err)
		}
		t.Logf("%s: %d nodes, %d edges, %v", c.file, graph.Nodes(), graph.Edges(), info)
	}
}
