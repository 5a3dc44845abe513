package bench

import (
	"log/slog"

	"vigie/progress"
)

// Options are what every benchmark takes from the command line.
type Options struct {
	Events   int      // how many events to measure with
	Seed     uint64   // of the generated data: same seed, same data
	Check    int      // random instances to check instead of measuring (placement)
	Files    []string // roads (roads; empty: the shared city extracts), thefts or calls (predict; empty: made-up data)
	Progress progress.Func
	Log      *slog.Logger
}
