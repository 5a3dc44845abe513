package bench

import (
	"context"
	"math/rand/v2"
	"testing"
)

// A small run of the benchmark, without its peer: the rows are there and the false discovery rate is no accident.
func TestZones(t *testing.T) {
	t.Setenv("VIGIE_PEERS", "/nonexistent/python")
	results, err := zones(context.Background(), Options{Seed: 1}, zoneRun{side: 20, permuted: 30, planted: 6, peers: 2, permutations: 49_999})
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != 3 || results[0].Ours > 0.2 || results[2].Ours < 0.1 {
		t.Errorf("results %+v", results)
	}
}

// Neighbours share a junction, and being neighbours is mutual.
func TestZoneTown(t *testing.T) {
	t.Parallel()
	town := newZoneTown(rand.New(rand.NewPCG(1, 1)), 9)
	beside := make(map[[2]int32]bool)
	for i := range town.lixels {
		if n := len(town.around(i)); n > 6 {
			t.Errorf("lixel %d has %d neighbours, between two crossings there are six at most", i, n)
		}
		for _, j := range town.around(i) {
			beside[[2]int32{int32(i), j}] = true
		}
	}
	for pair := range beside {
		if !beside[[2]int32{pair[1], pair[0]}] {
			t.Errorf("%v is not mutual", pair)
		}
	}
}
