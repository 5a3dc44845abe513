package bench

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// sides are two ways to do the same pieces of work, measured in turns, so that a loaded machine does not decide.
type sides [2]func(ctx context.Context, piece int) error

// taken is what one side took.
type taken struct {
	seconds float64
	each    []time.Duration // sorted
}

// rate is pieces a second.
func (t taken) rate() float64 { return float64(len(t.each)) / t.seconds }

// p99 is the 99th percentile in milliseconds.
func (t taken) p99() float64 {
	return float64(t.each[len(t.each)*99/100].Microseconds()) / 1000
}

// measure does the pieces on both sides, on so many connections, some on one side and then the same on the other; who
// begins changes with every turn.
func (s sides) measure(ctx context.Context, pieces, turn, connections int) (first, second taken, err error) {
	both := [2]taken{}
	for from, k := 0, 0; from < pieces; from, k = from+turn, k+1 {
		for i := range 2 {
			side := (i + k) % 2
			began := time.Now()
			each, err := spread(ctx, from, min(from+turn, pieces), connections, s[side])
			if err != nil {
				return both[0], both[1], err
			}
			both[side].seconds += time.Since(began).Seconds()
			both[side].each = append(both[side].each, each...)
		}
	}
	for i := range both {
		slices.Sort(both[i].each)
	}
	return both[0], both[1], nil
}

// spread does the pieces from one number to before another on so many goroutines, and returns how long each took.
func spread(ctx context.Context, from, to, connections int, do func(context.Context, int) error) ([]time.Duration, error) {
	each, errs := make([]time.Duration, to-from), make([]error, connections)
	var group sync.WaitGroup
	for c := range connections {
		group.Go(func() {
			for piece := from + c; piece < to; piece += connections {
				began := time.Now()
				if errs[c] = do(ctx, piece); errs[c] != nil {
					return
				}
				each[piece-from] = time.Since(began)
			}
		})
	}
	group.Wait()
	return each, errors.Join(errs...)
}
