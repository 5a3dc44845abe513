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

// TestImportsTwice imports two vintages into a real store; the second import changes nothing.
func TestImportsTwice(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	want := data.Report{Source: "baac", Read: 62838, New: 62838, WithoutPosition: 38452, Rejected: map[string]int64{}}
	in := data.Input{Files: append(folder(t, "accidents/baac_2019_extract"), folder(t, "accidents/baac_2013")...)}
	for range 2 {
		got, err := data.Import(context.Background(), store, baac.Source(), in, data.ImportOptions{})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%.1f s", got.Seconds)
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(data.Report{}, "Run", "Input", "Seconds")); diff != "" {
			t.Error(diff)
		}
		want.New, want.Unchanged = 0, want.Read
	}
}
