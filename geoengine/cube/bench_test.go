package cube_test

import (
	"context"
	"log/slog"
	"testing"

	"vigie/bench"
	"vigie/geoengine/cube"
)

// BenchmarkLoad measures the loading of 200,000 events at start.
func BenchmarkLoad(b *testing.B) {
	store := newEmptyStore(b)
	const events = 200_000
	if err := bench.Load(context.Background(), store, events, 1, nil); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		c := cube.New(store, slog.New(slog.DiscardHandler))
		if err := c.Load(context.Background(), nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/events, "ns/event")
}
