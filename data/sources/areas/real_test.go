package areas

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"vigie/data"
	"vigie/geoengine/geotest"
)

func gz(t *testing.T, name string) data.File {
	t.Helper()
	return opened(geotest.Shared(t, "admin/"+name), func(r io.Reader) (io.ReadCloser, error) { return gzip.NewReader(r) })
}

// TestRealFiles reads the published files: every feature finds its place, and no two the same.
func TestRealFiles(t *testing.T) {
	t.Parallel()
	cases := []struct {
		file, level   string
		areas, depth  int
		some, parents string
	}{
		{"communes_2018.geojsonl.gz", "commune", 35357, 3, "fr.94.2a.2a004", "fr fr.76 fr.76.31"},
		{"departements-avec-outre-mer.geojson.gz", "departement", 101, 2, "fr.06.976", "fr fr.76"},
		{"departements-version-simplifiee.geojson.gz", "departement", 96, 2, "fr.94.2b", "fr fr.76"},
		{"regions-version-simplifiee.geojson.gz", "region", 13, 1, "fr.76", "fr"},
	}
	for _, c := range cases {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			paths := map[string]bool{}
			for r, err := range Read(context.Background(), data.Input{Files: []data.File{gz(t, c.file)}}) {
				if err != nil {
					t.Fatal(err)
				}
				if len(r.Area.Geometry) == 0 {
					if r.Area.Name == r.Area.Code {
						t.Errorf("parent %s has no name", r.Area.Path)
					}
					c.parents = strings.Replace(c.parents+" ", r.Area.Path+" ", "", 1)
					continue
				}
				if paths[r.Area.Path] || r.Area.Level != c.level || strings.Count(r.Area.Path, ".") != c.depth {
					t.Errorf("%s: %s is a %s, or twice", r.At, r.Area.Path, r.Area.Level)
				}
				paths[r.Area.Path] = true
			}
			if len(paths) != c.areas || !paths[c.some] || strings.TrimSpace(c.parents) != "" {
				t.Errorf("read %d areas, want %d; %s is there: %v; missing parents %q", len(paths), c.areas, c.some, paths[c.some], c.parents)
			}
		})
	}
}

// TestDownload fetches the three files of a year from a server of the same layout as the publisher's.
func TestDownload(t *testing.T) {
	t.Parallel()
	served := map[string]string{"regions": "regions-version-simplifiee", "departements": "departements-version-simplifiee"}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		level := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/2021/geojson/"), "-100m.geojson.gz")
		if served[level] == "" {
			http.NotFound(w, r)
			return
		}
		http.ServeFile(w, r, geotest.Shared(t, "admin/"+served[level]+".geojson.gz"))
	}))
	t.Cleanup(server.Close)
	addresses, err := Addresses(server.URL, 2021)
	if err != nil {
		t.Fatal(err)
	}
	files, cleanup, err := data.OpenInput(context.Background(), addresses[:2], data.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cleanup)
	levels := map[string]int{}
	for r, err := range Read(context.Background(), data.Input{Files: files}) {
		if err != nil {
			t.Fatal(err)
		}
		if !r.Implied {
			levels[r.Area.Level]++
		}
	}
	if levels[levelRegion] != 13 || levels[levelDepartement] != 96 {
		t.Errorf("read %v", levels)
	}
	if _, _, err := data.OpenInput(context.Background(), addresses[2:], data.Limits{}); err == nil {
		t.Error("a file that is not there was opened")
	}
}
