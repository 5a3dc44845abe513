package geoengine_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCallersReadThroughRead looks for statements of the packages that answer callers which go round Store.Read. Those
// that do, and may, are listed with why.
func TestCallersReadThroughRead(t *testing.T) {
	t.Parallel()
	allowed := map[string]string{
		"api/work.go":                 "tells of imports; limited callers hear the name of the source and the state only",
		"api/freshness.go":            "keeps the last report of each category and area, and tells each caller theirs",
		"api/health.go":               "the state of the pool",
		"geoengine/feature/reader.go": "the outline of a box in another coordinate system: no table",
		"tiles/places.go":             "the areas, which are no secret",
		"tiles/roads.go":              "the roads, which are no secret",
	}
	for _, folder := range []string{"api", "tiles", "geoengine/feature", "geoengine/cql2"} {
		err := filepath.WalkDir(filepath.Join("..", folder), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path) // #nosec G304 -- our own sources
			if err != nil {
				return err
			}
			name := filepath.ToSlash(strings.TrimPrefix(path, ".."+string(filepath.Separator)))
			uses := strings.Contains(string(text), ".Pool.") || strings.Contains(string(text), ".Pool)") || strings.Contains(string(text), ".Pool,")
			if uses && allowed[name] == "" {
				t.Errorf("%s reads past Store.Read: is that meant?", name)
			}
			if uses {
				delete(allowed, name)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name := range allowed {
		t.Errorf("%s is listed and reads nothing past Store.Read", name)
	}
}
