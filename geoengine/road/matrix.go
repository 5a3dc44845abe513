package road

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"vigie/geoengine"
	"vigie/progress"
)

// worthSearches is how many plain searches over the whole network cost about as much as the hierarchy: 400 on the network of
// Porto Alegre, 1,000 on that of Columbus (vigie bench roads).
const worthSearches = 600

// Matrix are the times in seconds from each place to each other, +Inf where there is no way: rows as from, columns as to. They
// are those of Route, to the millisecond. Few rows or columns are answered by plain searches; for more than 600 of both, a hierarchy
// is made once and kept (see Prepare). An error of ctx, or one that wraps geoengine.ErrInvalid for a spot
// that is not on this graph.
func (g *Graph) Matrix(ctx context.Context, from, to []Spot) ([][]float32, error) {
	for _, list := range [2][]Spot{from, to} {
		for i := range list {
			if !g.on(list[i]) {
				return nil, fmt.Errorf("travel times: place %d is on no edge of this network (edge %d of %d): %w",
					i, list[i].Edge, g.Edges(), geoengine.ErrInvalid)
			}
		}
	}
	times := make([][]float32, len(from))
	for i := range times {
		times[i] = make([]float32, len(to))
	}
	put := func(i int, millis []uint32) {
		for j, m := range millis {
			times[i][j] = seconds(m)
		}
	}
	h := g.high.Load()
	if h == nil && min(len(from), len(to)) >= worthSearches {
		var err error
		if h, err = g.prepare(ctx, nil); err != nil {
			return nil, fmt.Errorf("travel times: %w", err)
		}
	}
	var err error
	switch {
	case h != nil:
		err = h.fill(ctx, g, from, to, put)
	case len(to) < len(from):
		err = g.columns(ctx, from, to, func(i, j int, millis uint32) { times[i][j] = seconds(millis) })
	default:
		err = g.rows(ctx, from, to, put)
	}
	if err != nil {
		return nil, fmt.Errorf("travel times: %w", err)
	}
	return times, nil
}

// Plain are the times of Matrix in the plain way: Dijkstra's method from each place of from, over the whole network. It is
// what Matrix is measured and checked against. It returns as well how many states were settled.
func (g *Graph) Plain(ctx context.Context, from, to []Spot) (times [][]float32, settled int, err error) {
	times = make([][]float32, len(from))
	var count atomic.Int64
	for i := range from {
		if !g.on(from[i]) {
			return nil, 0, fmt.Errorf("travel times: place %d is on no edge of this network: %w", i, geoengine.ErrInvalid)
		}
	}
	err = parallel(ctx, len(from), func(i int) {
		w, done := g.searching()
		defer done()
		g.flood(w, from[i])
		count.Add(int64(w.settled))
		times[i] = make([]float32, len(to))
		for j := range to {
			times[i][j] = seconds(g.reached(w, from[i], to[j], g.goals(to[j])))
		}
	})
	return times, int(count.Load()), err
}

// Prepare makes the hierarchy that quick travel times need, unless it is there. It takes about as long as 400 to 1,000 plain searches
// over the whole network, and the graph keeps it. The error is that of ctx.
func (g *Graph) Prepare(ctx context.Context, report progress.Func) error {
	_, err := g.prepare(ctx, report)
	return err
}

func (g *Graph) prepare(ctx context.Context, report progress.Func) (*hierarchy, error) {
	g.making.Lock()
	defer g.making.Unlock()
	if h := g.high.Load(); h != nil {
		return h, nil
	}
	h, err := newHierarchy(ctx, g, func(done, total int) {
		report.Report(progress.Update{Task: "prepare travel times", Unit: "edges", Done: int64(done), Total: int64(total), Finished: done == total})
	})
	if err != nil {
		return nil, err
	}
	g.high.Store(h)
	return h, nil
}

// Settled is how many states a search of Matrix by the hierarchy settles from a place: the measure of its work that no machine
// changes. 0 before Prepare.
func (g *Graph) Settled(from Spot) int {
	h := g.high.Load()
	if h == nil || !g.on(from) {
		return 0
	}
	w, done := g.searching()
	defer done()
	for _, s := range g.starts(from) {
		w.reach(h.number[s.state], s.time, 0)
	}
	before := w.settled
	h.climb(w, &h.up, &h.down, nil)
	return w.settled - before
}

// flood settles all states from a place.
func (g *Graph) flood(w *search, from Spot) {
	w.settled = 0
	for _, s := range g.starts(from) {
		w.reach(s.state, s.time, -1)
	}
	for {
		state, time, ok := w.pop()
		if !ok {
			return
		}
		g.settle(w, state, time)
	}
}

// reached is the time to a place after a flood.
func (g *Graph) reached(w *search, from, to Spot, goals []goal) uint32 {
	best := g.along(from, to)
	for _, goal := range goals {
		best = min(best, add(w.at(goal.state), goal.time))
	}
	return best
}

// rows fills a matrix by plain searches forward.
func (g *Graph) rows(ctx context.Context, from, to []Spot, row func(i int, times []uint32)) error {
	goals := make([][]goal, len(to))
	for j := range to {
		goals[j] = g.goals(to[j])
	}
	return parallel(ctx, len(from), func(i int) {
		w, done := g.searching()
		defer done()
		g.flood(w, from[i])
		times := make([]uint32, len(to))
		for j := range to {
			times[j] = g.reached(w, from[i], to[j], goals[j])
		}
		row(i, times)
	})
}

// columns fills a matrix by plain searches backward.
func (g *Graph) columns(ctx context.Context, from, to []Spot, put func(i, j int, time uint32)) error {
	starts := make([][]goal, len(from))
	for i := range from {
		starts[i] = g.starts(from[i])
	}
	return parallel(ctx, len(to), func(j int) {
		w, done := g.searching()
		defer done()
		for _, goal := range g.goals(to[j]) {
			w.reach(goal.state, goal.time, -1)
		}
		for {
			state, time, ok := w.pop()
			if !ok {
				break
			}
			for _, s := range g.turns.ahead(state) {
				w.reach(s, add(time, g.millis[g.turns.edge(s)]), state)
			}
		}
		for i := range from {
			put(i, j, g.reached(w, from[i], to[j], starts[i]))
		}
	})
}

// seconds turns milliseconds into seconds, those beyond the horizon into +Inf.
func seconds(millis uint32) float32 {
	if millis >= horizon {
		return float32(math.Inf(1))
	}
	return float32(float64(millis) / 1000)
}

// parallel does n things on all cores until ctx ends.
func parallel(ctx context.Context, n int, do func(i int)) error {
	return blocks(ctx, n, 1, func(from, to int) {
		for i := from; i < to; i++ {
			do(i)
		}
	})
}

// blocks does n things on all cores, some at a time, until ctx ends.
func blocks(ctx context.Context, n, size int, do func(from, to int)) error {
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		group.Go(func() {
			for ctx.Err() == nil {
				from := int(next.Add(int64(size))) - size
				if from >= n {
					return
				}
				do(from, min(from+size, n))
			}
		})
	}
	group.Wait()
	return ctx.Err()
}
