package areas

import (
	"compress/gzip"
	"context"
	"io"
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
