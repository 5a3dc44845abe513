package road

import (
	"slices"
	"unsafe"
)

// turns say from which edge one may go on to which. Searches run over states: a state is an edge about to be driven, together
// with as much of the way before it as some restriction still depends on. State e < edges is edge e with nothing to
// remember; the states beyond are edges in the midst of a restriction by way of sections. It is the automaton of Aho and
// Corasick (1975) over the forbidden sequences of edges.
//
// One may turn round into the other direction of the same section only where no other turn is allowed.
type turns struct {
	edges  int
	beyond []Edge // edges of the states beyond
	also   map[Edge][]int32
	first  []int32 // the states after state s are next[first[s]:first[s+1]]
	next   []int32
	before []int32 // the states before state s are prior[before[s]:before[s+1]]
	prior  []int32
}

// states is how many states there are.
func (t *turns) states() int { return t.edges + len(t.beyond) }

// edge is the edge of a state.
func (t *turns) edge(state int32) Edge {
	if int(state) < t.edges {
		return Edge(state)
	}
	return t.beyond[int(state)-t.edges]
}

// after are the states that may follow a state.
func (t *turns) after(state int32) []int32 { return t.next[t.first[state]:t.first[state+1]] }

// ahead are the states that a state may follow.
func (t *turns) ahead(state int32) []int32 { return t.prior[t.before[state]:t.before[state+1]] }

// of visits all states of an edge.
func (t *turns) of(e Edge, visit func(state int32)) {
	visit(int32(e))
	for _, s := range t.also[e] {
		visit(s)
	}
}

// word is a sequence of edges as a key.
type word string

func wordOf(path []Edge) word {
	if len(path) == 0 {
		return ""
	}
	// The bytes of the numbers, in the order of this machine: the key never leaves it.
	return word(unsafe.Slice((*byte)(unsafe.Pointer(&path[0])), len(path)*4))
}

// rules are the restrictions as sequences of edges.
type rules struct {
	g       *Graph
	banned  map[word]struct{}
	states  map[word]int32 // of proper beginnings with two edges or more
	begins  map[Edge]struct{}
	beyond  []Edge
	history [][]Edge // of the states beyond
}

func newTurns(g *Graph, restrictions []Restriction) turns {
	r := &rules{g: g, banned: map[word]struct{}{}, states: map[word]int32{}, begins: map[Edge]struct{}{}}
	r.read(restrictions)
	edges := g.Edges()
	t := turns{edges: edges, beyond: r.beyond, also: map[Edge][]int32{}}
	for i, e := range r.beyond {
		t.also[e] = append(t.also[e], int32(edges+i))
	}
	t.first = make([]int32, t.states()+1)
	t.next = make([]int32, 0, 2*edges)
	for s := range t.states() {
		switch {
		case s >= edges:
			t.next = r.follow(t.next, r.history[s-edges])
		case r.bound(Edge(s)):
			t.next = r.follow(t.next, []Edge{Edge(s)})
		default:
			t.next = g.follow(t.next, Edge(s))
		}
		t.first[s+1] = int32(len(t.next))
	}
	t.next = slices.Clip(t.next)
	t.before, t.prior = transpose(t.states(), t.first, t.next)
	return t
}

// transpose turns compressed rows round.
func transpose(n int, first, next []int32) (start, from []int32) {
	start = make([]int32, n+1)
	for _, s := range next {
		start[s+1]++
	}
	for s := range n {
		start[s+1] += start[s]
	}
	from = make([]int32, len(next))
	at := slices.Clone(start[:n])
	for s := range n {
		for _, to := range next[first[s]:first[s+1]] {
			from[at[to]] = int32(s)
			at[to]++
		}
	}
	return start, from
}

// follow appends the edges that may follow an edge that no restriction begins with.
func (g *Graph) follow(out []int32, e Edge) []int32 {
	n := len(out)
	for f := g.first[g.to[e]]; f < g.first[g.to[e]+1]; f++ {
		if f != g.twin[e] {
			out = append(out, int32(f))
		}
	}
	if len(out) == n && g.twin[e] != NoEdge {
		out = append(out, int32(g.twin[e]))
	}
	return out
}

func (r *rules) bound(e Edge) bool {
	_, ok := r.begins[e]
	return ok
}

// follow appends the states that may follow a way.
func (r *rules) follow(out []int32, way []Edge) []int32 {
	n, e := len(out), way[len(way)-1]
	for f := r.g.first[r.g.to[e]]; f < r.g.first[r.g.to[e]+1]; f++ {
		if state, ok := r.step(way, f); ok && f != r.g.twin[e] {
			out = append(out, state)
		}
	}
	if len(out) == n && r.g.twin[e] != NoEdge {
		if state, ok := r.step(way, r.g.twin[e]); ok {
			out = append(out, state)
		}
	}
	return out
}

// step is the state after a way and one more edge, false if that is forbidden.
func (r *rules) step(way []Edge, f Edge) (state int32, ok bool) {
	longer := append(slices.Clip(way), f)
	for i := range way {
		if _, no := r.banned[wordOf(longer[i:])]; no {
			return 0, false
		}
	}
	for i := range way {
		if state, known := r.states[wordOf(longer[i:])]; known {
			return state, true
		}
	}
	return int32(f), true
}

// read turns restrictions into forbidden sequences of edges.
func (r *rules) read(restrictions []Restriction) {
	if len(restrictions) == 0 {
		return
	}
	type identity struct{ source, ref string }
	sections := make(map[identity]int32, len(r.g.sections))
	for i := range r.g.sections {
		sections[identity{r.g.sections[i].Source, r.g.sections[i].Ref}] = int32(i)
	}
	type mandate struct {
		way []Edge
		to  map[Edge]struct{}
	}
	mandates := map[word]*mandate{}
	var order []*mandate
	for i := range restrictions {
		t := &restrictions[i]
		r.resolve(t, func(ref string) (int32, bool) { s, ok := sections[identity{t.Source, ref}]; return s, ok }, func(way []Edge, to Edge) {
			if !t.Only {
				r.ban(append(slices.Clip(way), to))
				return
			}
			m := mandates[wordOf(way)]
			if m == nil {
				m = &mandate{slices.Clone(way), map[Edge]struct{}{}}
				mandates[wordOf(way)] = m
				order = append(order, m)
			}
			m.to[to] = struct{}{}
		})
	}
	for _, m := range order {
		end := r.g.to[m.way[len(m.way)-1]]
		for f := r.g.first[end]; f < r.g.first[end+1]; f++ {
			if _, allowed := m.to[f]; !allowed {
				r.ban(append(slices.Clip(m.way), f))
			}
		}
	}
}

// resolve finds the edges of a restriction: every way over its From and Via that reaches the To, and the edge after it. A
// mandate by way of sections binds those who have driven its From and all its Via.
func (r *rules) resolve(t *Restriction, find func(ref string) (int32, bool), found func(way []Edge, to Edge)) {
	from, ok := find(t.From)
	if !ok {
		return
	}
	var steps []int32
	for _, ref := range append(slices.Clip(t.Via), t.To) {
		s, ok := find(ref)
		if !ok {
			return
		}
		steps = append(steps, s)
	}
	var walk func(way []Edge, at int64, steps []int32)
	walk = func(way []Edge, at int64, steps []int32) {
		s := &r.g.sections[steps[0]]
		for back, begin := range [2]int64{s.From, s.To} {
			e := r.g.both[steps[0]][back]
			if e == NoEdge || begin != at {
				continue
			}
			if len(steps) == 1 {
				found(way, e)
			} else {
				walk(append(slices.Clip(way), e), [2]int64{s.To, s.From}[back], steps[1:])
			}
		}
	}
	s := &r.g.sections[from]
	for back, end := range [2]int64{s.To, s.From} {
		if e := r.g.both[from][back]; e != NoEdge && end == t.Junction {
			walk([]Edge{e}, t.Junction, steps)
		}
	}
}

// ban forbids a sequence of edges and makes the states that remember its beginnings.
func (r *rules) ban(way []Edge) {
	r.banned[wordOf(way)] = struct{}{}
	r.begins[way[0]] = struct{}{}
	for n := 2; n < len(way); n++ {
		if _, known := r.states[wordOf(way[:n])]; !known {
			r.states[wordOf(way[:n])] = int32(r.g.Edges() + len(r.beyond))
			r.beyond = append(r.beyond, way[n-1])
			r.history = append(r.history, slices.Clone(way[:n]))
		}
	}
}
