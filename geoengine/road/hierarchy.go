package road

import (
	"context"
	"slices"
)

// hierarchy is a contraction hierarchy over the states of a graph. Its states have numbers of their own, by falling rank: arcs of
// both lists lead to lower numbers. A quickest way goes up along up, then down along the arcs of down, reversed.
type hierarchy struct {
	number   []int32 // of each state of the graph
	up, down rows
}

// rows are arcs in compressed rows.
type rows struct {
	first []int32
	to    []int32
	time  []uint32
}

// newHierarchy contracts a graph.
func newHierarchy(ctx context.Context, g *Graph, report func(done, total int)) (*hierarchy, error) {
	c := newContraction(g)
	if err := c.run(ctx, report); err != nil {
		return nil, err
	}
	n := len(c.rank)
	h := &hierarchy{number: make([]int32, n)}
	state := make([]int32, n)
	for s, rank := range c.rank {
		h.number[s] = int32(n-1) - rank
		state[h.number[s]] = int32(s)
	}
	h.up, h.down = h.rows(state, c.out), h.rows(state, c.in)
	return h, nil
}

// rows packs arcs in the order of the hierarchy's numbers.
func (h *hierarchy) rows(state []int32, lists [][]arc) rows {
	r := rows{first: make([]int32, len(state)+1)}
	for i, s := range state {
		for _, a := range lists[s] {
			r.to = append(r.to, h.number[a.state])
			r.time = append(r.time, a.time)
		}
		r.first[i+1] = int32(len(r.to))
	}
	r.to, r.time = slices.Clip(r.to), slices.Clip(r.time)
	return r
}

// label is a state of a hierarchy with a time.
type label struct {
	state int32
	time  uint32
}

// climb settles all states above the beginnings of a search, along one list of arcs, but those that the other list shows to be
// reached sooner from above (stall on demand), and appends them.
func (h *hierarchy) climb(w *search, along, other *rows, list []label) []label {
	for {
		state, time, ok := w.pop()
		if !ok {
			return list
		}
		stalled := false
		for i := other.first[state]; i < other.first[state+1] && !stalled; i++ {
			t := w.at(other.to[i])
			stalled = t != never && t+other.time[i] < time
		}
		if stalled {
			continue
		}
		list = append(list, label{state, time})
		for i := along.first[state]; i < along.first[state+1]; i++ {
			w.reach(along.to[i], add(time, along.time[i]), 0)
		}
	}
}

// bucket is what a place to reach leaves at a state: the time from there.
type bucket struct {
	place int32
	time  uint32
}

// fill gives the times in milliseconds of a matrix, row by row (Knopp, Sanders, Schultes, Schulz, Wagner 2007).
func (h *hierarchy) fill(ctx context.Context, g *Graph, from, to []Spot, row func(i int, times []uint32)) error {
	labels := make([][]label, len(to))
	err := parallel(ctx, len(to), func(j int) {
		w, done := g.searching()
		defer done()
		for _, goal := range g.goals(to[j]) {
			w.reach(h.number[goal.state], goal.time, 0)
		}
		labels[j] = h.climb(w, &h.down, &h.up, nil)
	})
	if err != nil {
		return err
	}
	first, buckets := sortBuckets(len(h.number), labels)
	return parallel(ctx, len(from), func(i int) {
		w, done := g.searching()
		defer done()
		for _, s := range g.starts(from[i]) {
			w.reach(h.number[s.state], s.time, 0)
		}
		times := make([]uint32, len(to))
		for j := range times {
			times[j] = g.along(from[i], to[j])
		}
		for _, l := range h.climb(w, &h.up, &h.down, nil) {
			for _, b := range buckets[first[l.state]:first[l.state+1]] {
				if t := l.time + b.time; t < times[b.place] {
					times[b.place] = t
				}
			}
		}
		row(i, times)
	})
}

// sortBuckets puts the labels of all places in the order of their states.
func sortBuckets(states int, labels [][]label) (first []int32, buckets []bucket) {
	first = make([]int32, states+1)
	total := 0
	for _, list := range labels {
		total += len(list)
		for _, l := range list {
			first[l.state+1]++
		}
	}
	for s := range states {
		first[s+1] += first[s]
	}
	buckets = make([]bucket, total)
	next := slices.Clone(first[:states])
	for j, list := range labels {
		for _, l := range list {
			buckets[next[l.state]] = bucket{int32(j), l.time}
			next[l.state]++
		}
	}
	return first, buckets
}
