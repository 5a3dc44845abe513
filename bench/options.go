package bench

import (
	"log/slog"

	"vigie/progress"
)

// Options are what every benchmark takes from the command line.
type Options struct {
	Events   int    // how many events to measure with
	Seed     uint64 // of the generated data: same seed, same data
	Progress progress.Func
	Log      *slog.Logger
}
