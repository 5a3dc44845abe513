package baac_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vigie/data"
	"vigie/data/sources/baac"
	"vigie/geoengine/geotest"
)

// TestImportsTwice imports a vintage into a real store; the second import changes nothing.
func TestImportsTwice(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	want := data.Report{Source: "baac", Read: 4441, New: 4441, WithoutPosition: 1, Rejected: map[string]int64{}}
	in := data.Input{Files: folder(t, "accidents/baac_2019_extract")}
	for range 2 {
		got, err := data.Import(context.Background(), store, baac.Source(), in, data.ImportOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(data.Report{}, "Run", "Input", "Seconds")); diff != "" {
			t.Error(diff)
		}
		want.New, want.Unchanged = 0, want.Read
	}
}
