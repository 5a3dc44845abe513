package bench_test

import (
	"testing"

	"vigie/bench"
	"vigie/geoengine/geotest"
)

func TestCube(t *testing.T) {
	t.Parallel()
	results, err := bench.Cube(t.Context(), geotest.New(t), bench.Options{Events: 20_000, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Name == "" || r.Unit == "" || !(r.Ours > 0) || !(r.Ratio > 0) {
			t.Errorf("result %+v is not whole", r)
		}
		t.Logf("%-50s %10.4f %10.4f %8.1f %v", r.Name, r.Ours, r.Peer, r.Ratio, r.Met)
	}
}

func TestFresh(t *testing.T) {
	t.Parallel()
	results, err := bench.Fresh(t.Context(), geotest.New(t), bench.Options{Events: 5_000, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Name == "" || r.Unit != "ms" || !(r.Ours > 0) {
			t.Errorf("result %+v is not whole", r)
		}
		t.Logf("%-60s %10.4f %8.1f %v", r.Name, r.Ours, r.Ratio, r.Met)
	}
}
