package bench_test

import (
	"testing"

	"vigie/bench"
	"vigie/geoengine/geotest"
)

func TestIngest(t *testing.T) {
	t.Parallel()
	rows, err := bench.Ingest(t.Context(), geotest.New(t), bench.Options{Events: 2000, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r.Ours <= 0 || r.Peer <= 0 || r.Ratio != r.Ours/r.Peer {
			t.Errorf("got %+v", r)
		}
	}
}
