package baac_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigie/data"
	"vigie/geoengine"
)

// describe writes an event as one paragraph of a golden file.
func describe(e *geoengine.Event) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", e.Ref, e.Start.Format(time.RFC3339))
	if length := e.End.Sub(e.Start); length > 0 {
		fmt.Fprintf(&b, " for %s", length)
	}
	if e.HasPosition {
		fmt.Fprintf(&b, " at %.5f %.5f", e.Position.Lon(), e.Position.Lat())
	}
	fmt.Fprintf(&b, " %s %.3f\n", e.Severity, e.Weight)
	for _, a := range e.Attributes {
		fmt.Fprintf(&b, "  %s=%s\n", a.Key, a.Value)
	}
	return b.String()
}

// TestVintages reads hand-written tables in the shape of each vintage and compares with what a person has checked.
// VIGIE_BLESS=1 writes the golden files anew.
func TestVintages(t *testing.T) {
	t.Parallel()
	for _, year := range []string{"2005", "2009", "2016", "2019", "2022", "2024"} {
		t.Run(year, func(t *testing.T) {
			t.Parallel()
			got := render(t, vintage(t, year))
			golden := filepath.Join("testdata", year+".golden")
			if os.Getenv("VIGIE_BLESS") != "" {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func render(t *testing.T, files []data.File) string {
	events, rejects, err := read(t, files...)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, e := range events {
		b.WriteString(describe(e))
	}
	for _, r := range rejects {
		fmt.Fprintf(&b, "reject %s\n", r)
	}
	return b.String()
}

// vintage opens the files of a folder of testdata.
func vintage(t testing.TB, year string) []data.File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", year, "*"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("testdata/%s: %v", year, err)
	}
	files := make([]data.File, len(paths))
	for i, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[i] = text(filepath.Base(path), string(content))
	}
	return files
}
