package road

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"vigie/geoengine"
)

// Matrix are the times in seconds from each place to each other, +Inf where there is no way: rows as from, columns as to. They
// are those of Route. An error of ctx, or one that wraps geoengine.ErrInvalid for a spot that is not on this graph.
func (g *Graph) Matrix(ctx context.Context, from, to []Spot) ([][]float32, error) {
	for _, list := range [2][]Spot{from, to} {
		for i := range list {
			if !g.on(list[i]) {
				return nil, fmt.Errorf("travel times: place %d is on no edge of this network (edge %d of %d): %w",
					i, list[i].Edge, g.Edges(), geoengine.ErrInvalid)
			}
		}
	}
	goals := make([][]goal, len(to))
	for j := range to {
		goals[j] = g.goals(to[j])
	}
	rows := make([][]float32, len(from))
	err := parallel(ctx, len(from), func(i int) {
		rows[i] = make([]float32, len(to))
		g.row(rows[i], from[i], to, goals)
	})
	if err != nil {
		return nil, fmt.Errorf("travel times: %w", err)
	}
	return rows, nil
}

// row fills the times from one place by Dijkstra's method.
func (g *Graph) row(row []float32, from Spot, to []Spot, goals [][]goal) {
	w, done := g.searching()
	defer done()
	g.start(w, from)
	for {
		state, time, ok := w.pop()
		if !ok {
			break
		}
		g.settle(w, state, time)
	}
	for j := range to {
		best := g.along(from, to[j])
		for _, goal := range goals[j] {
			best = min(best, add(w.at(goal.state), goal.time))
		}
		row[j] = seconds(best)
	}
}

// seconds turns milliseconds into seconds, never into +Inf.
func seconds(millis uint32) float32 {
	if millis == never {
		return float32(math.Inf(1))
	}
	return float32(float64(millis) / 1000)
}

// parallel does n things on all cores until ctx ends.
func parallel(ctx context.Context, n int, do func(i int)) error {
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		group.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				do(i)
			}
		})
	}
	group.Wait()
	return ctx.Err()
}
