package road

import "math"

// Times are milliseconds in 32 bits: whole numbers add up the same way in every order, so that all methods agree to the
// last one.
const (
	// never is the time of what is not reached.
	never = math.MaxUint32
	// horizon is the time from which on places count as not reached: 24 days. Two times before it add up without overflow.
	horizon = 1 << 31
)

// search is the workspace of Dijkstra's method over states. A state's time is that until its edge begins.
type search struct {
	time    []uint32
	parent  []int32 // state before; −1 − n for the n-th beginning
	stamp   []uint32
	round   uint32
	heap    []uint64 // time << 32 | state, a heap of four children each
	settled int      // how many states were settled, since it was made
}

func newSearch(states int) *search {
	return &search{time: make([]uint32, states), parent: make([]int32, states), stamp: make([]uint32, states)}
}

// reset forgets the last search.
func (s *search) reset() {
	s.heap = s.heap[:0]
	s.round++
	if s.round == 0 {
		clear(s.stamp)
		s.round = 1
	}
}

// at is the time of a state, never if it has none.
func (s *search) at(state int32) uint32 {
	if s.stamp[state] != s.round {
		return never
	}
	return s.time[state]
}

// reach offers a time for a state.
func (s *search) reach(state int32, time uint32, parent int32) {
	if s.stamp[state] == s.round && s.time[state] <= time || time >= horizon {
		return
	}
	s.stamp[state], s.time[state], s.parent[state] = s.round, time, parent
	s.heap = push(s.heap, uint64(time)<<32|uint64(uint32(state)))
}

// pop settles the next state, false if there is none.
func (s *search) pop() (state int32, time uint32, ok bool) {
	for len(s.heap) > 0 {
		var top uint64
		top, s.heap = popped(s.heap)
		state, time = int32(uint32(top)), uint32(top>>32)
		if s.time[state] == time {
			s.settled++
			return state, time, true
		}
	}
	return 0, 0, false
}

// push adds to a heap of four children each.
func push(heap []uint64, v uint64) []uint64 {
	heap = append(heap, v)
	i := len(heap) - 1
	for i > 0 {
		up := (i - 1) / 4
		if heap[up] <= v {
			break
		}
		heap[i] = heap[up]
		i = up
	}
	heap[i] = v
	return heap
}

// popped takes the least from a heap of four children each.
func popped(heap []uint64) (uint64, []uint64) {
	top, last := heap[0], heap[len(heap)-1]
	heap = heap[:len(heap)-1]
	i := 0
	for {
		child := 4*i + 1
		if child >= len(heap) {
			break
		}
		least := child
		for c := child + 1; c < min(child+4, len(heap)); c++ {
			if heap[c] < heap[least] {
				least = c
			}
		}
		if heap[least] >= last {
			break
		}
		heap[i] = heap[least]
		i = least
	}
	if len(heap) > 0 {
		heap[i] = last
	}
	return top, heap
}

// add adds two times, never being more than all.
func add(a, b uint32) uint32 {
	if c := a + b; c >= a {
		return c
	}
	return never
}

// begin is a direction in which one can leave a place, or arrive at it.
type begin struct {
	edge   Edge
	alongM float64
}

// directions are those in which a place may be left or reached: both, where its road may be driven both ways.
func (g *Graph) directions(s Spot) []begin {
	list := []begin{{s.Edge, s.AlongM}}
	if twin := g.twin[s.Edge]; twin != NoEdge {
		list = append(list, begin{twin, g.Metres(s.Edge) - s.AlongM})
	}
	return list
}

// on reports whether a spot is a place on this graph.
func (g *Graph) on(s Spot) bool {
	return s.Edge >= 0 && int(s.Edge) < len(g.from) && !math.IsNaN(s.AlongM)
}

// starts are the states with which a search from a place begins, those after its edges, with the time until then.
func (g *Graph) starts(s Spot) []goal {
	var list []goal
	for _, d := range g.directions(s) {
		list = g.leave(list, d)
	}
	return list
}

// leave appends the states after the edge of a place in one direction.
func (g *Graph) leave(list []goal, d begin) []goal {
	rest := g.millis[d.edge] - g.partial(d.edge, d.alongM)
	for _, state := range g.turns.after(int32(d.edge)) {
		list = append(list, goal{state, rest})
	}
	return list
}

// settle goes on with the states after a settled one.
func (g *Graph) settle(w *search, state int32, time uint32) {
	time = add(time, g.millis[g.turns.edge(state)])
	for _, next := range g.turns.after(state) {
		w.reach(next, time, state)
	}
}

// along is the time from one place to another without leaving the edge, never if the other is not ahead on it.
func (g *Graph) along(from, to Spot) uint32 {
	best := uint32(never)
	for _, a := range g.directions(from) {
		for _, b := range g.directions(to) {
			if a.edge == b.edge && b.alongM >= a.alongM {
				best = min(best, g.partial(b.edge, b.alongM)-g.partial(a.edge, a.alongM))
			}
		}
	}
	return best
}

// goal is a state in which one arrives and the time from the beginning of its edge to the place; or one in which one
// begins, and the time until then.
type goal struct {
	state int32
	time  uint32
}

// goals are the states in which a place is reached.
func (g *Graph) goals(s Spot) []goal {
	var list []goal
	for _, d := range g.directions(s) {
		rest := g.partial(d.edge, d.alongM)
		g.turns.of(d.edge, func(state int32) { list = append(list, goal{state, rest}) })
	}
	return list
}

// searching lends a workspace, returned by done.
func (g *Graph) searching() (w *search, done func()) {
	w = g.work.Get().(*search)
	w.reset()
	return w, func() { g.work.Put(w) }
}
