package bench_test

import (
	"testing"

	"vigie/bench"
	"vigie/geoengine/geotest"
)

func TestAPI(t *testing.T) {
	t.Parallel()
	rows, err := bench.API(t.Context(), geotest.New(t), bench.Options{Events: 20_000, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		t.Logf("%+v", r)
		if r.Ours <= 0 || r.Peer <= 0 {
			t.Errorf("got %+v", r)
		}
	}
	if len(rows) != 10 {
		t.Errorf("%d rows", len(rows))
	}
}
